"""What type checkers accept: arguments by position in Keras' order, or by name; checked by mypy."""

from __future__ import annotations

from typing import assert_type

import sympy

import archcalc as ac
from archcalc.symbolic import Dim, Shape

k, f, n = ac.symbols("k f n")

conv = ac.Conv2D(32, 3)
ac.Conv2D(f, k, 2, "same")
ac.Conv2D("4*c", (3, 5), padding=((1, 2), (0, 0)), use_bias=False, name="stem", trainable=False)
ac.Dense(units=n, activation="relu")
ac.MaxPooling2D(2)
ac.PReLU([1, 2])
ac.Reshape((7, -1))

net = ac.Sequential([conv, ac.Flatten(), ac.Dense(n)], input_shape=(28, 28, 1))
ac.Repeat(net, "L")
ac.Residual([conv], shortcut=None)
ac.Parallel([[], conv, [ac.ReLU(), conv]], ac.Add())
assert_type(ac.families.resnet((3, "n", 6 * k, 3), "c", classes=10), ac.Sequential)
assert_type(ac.families.resnet50(classes="K"), ac.Network)
assert_type(ac.compare(net, net.trace()).difference, ac.Formula)
assert_type(ac.compare(net, net).verdict.smaller, str)

assert_type(conv.filters, Dim)
assert_type(conv.kernel_size, tuple[Dim, ...])
trace = net.trace()
assert_type(trace, ac.Trace)
assert_type(trace.parameters, ac.Formula)
assert_type(trace.output, Shape)
assert_type(trace.cost(ac.costs.Macs()), ac.Formula)
assert_type(trace.parameters.solve("n", at_most=10), int)
table = ac.sweep({"parameters": trace.parameters, "twice": "2*n"}, n=range(1, 9))
assert_type(table, ac.explore.Table)
assert_type(
    table.where("parameters <= 1_000").best("twice", largest=True), ac.explore.Configuration
)
assert_type(table.pareto("parameters", "twice", largest="twice")[2:5], ac.explore.Table)
assert_type(table[0], ac.explore.Configuration)
assert_type(table.to_csv(), str)
assert_type(ac.sweep(trace.parameters, chunks="auto", n=[1, 2, 3]), ac.explore.LazyTable)
assert_type(trace.parameters.compile("float64"), ac.formula.Compiled)
assert_type(ac.derive(trace), ac.explain.Derivation)
assert_type(trace.derivation().to_markdown(), str)
assert_type(ac.reconcile(net, total=3).difference, int | ac.Formula)
expression: sympy.Expr = trace.parameters.expr
