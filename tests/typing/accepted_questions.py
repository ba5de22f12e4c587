"""What type checkers know of formulas and of what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_type

import archcalc as ac

k, f, n = ac.symbols("k f n")
net = ac.Sequential([ac.Conv2D(f, k), ac.Flatten(), ac.Dense(n)], input_shape=(28, 28, 1))
parameters = net.trace().parameters
macs = net.trace().macs

# Values, and formulas where some are missing
assert_type(parameters.assume("n % 8 == 0", "k <= 7"), ac.Formula)
assert_type(parameters.equals("f*n"), bool | None)
assert_type(parameters.collect("n", f), ac.Formula)
assert_type(parameters.sensitivity(k=3, f=32, n=100), ac.formula.Sensitivity)
assert_type(f"{parameters:latex}", str)
assert_type(parameters + 1, ac.Formula)
assert_type(2 * parameters, ac.Formula)

# Solving
assert_type(parameters.solve("n", at_most=100_000, k=3, f=32), int)
assert_type(parameters.solve({"n": range(8, 33), "f": [1, 2]}, at_most=1_000, k=3), dict[str, int])
assert_type(parameters.invert("n"), ac.formula.Inverse)
crossing = ac.crossover(parameters, macs, "n", k=3, f=32)
assert_type(crossing, ac.formula.Crossover | ac.formula.SymbolicCrossover)
if isinstance(crossing, ac.formula.Crossover):
    assert_type(crossing.runs, tuple[ac.formula.Run, ...])
    assert_type(crossing.first_larger, int | None)

# Sweeping and searching
assert_type(parameters.compile(), ac.formula.Compiled)
table = ac.sweep({"parameters": parameters, "macs": macs}, k=[1, 3], f=range(8, 33), n=10)
assert_type(table, ac.explore.Table)
assert_type(table.where("parameters <= 1000"), ac.explore.Table)
assert_type(table.best("macs", largest=True), ac.explore.Configuration)
assert_type(table.top(3, "macs"), ac.explore.Table)
assert_type(table.sort("macs", "parameters", largest="macs"), ac.explore.Table)
assert_type(table.pareto("parameters", "macs", largest=["macs"]), ac.explore.Table)
assert_type(table.columns, tuple[str, ...])
assert_type(table.to_json(), str)
assert_type(len(table), int)
assert_type(ac.sweep(parameters, chunks=1000, k=3, f=range(1, 9), n=10), ac.explore.LazyTable)
best = ac.search(maximize=macs, subject_to=[parameters <= 1_000_000], k=[1, 3], f=range(8, 33), n=5)
assert_type(best, ac.explore.Optimum)
assert_type(ac.search(minimize="f*n", subject_to="f + n >= 10", f=[1], n=[2]), ac.explore.Optimum)
assert_type(parameters <= 10, ac.formula.Constraint)

rows: Sequence[Any] = list(table.tuples())
