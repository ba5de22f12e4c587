"""The functions that layers apply to what comes of them, by Keras' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from archcalc.layers.facts import Arithmetic, ArithmeticKind, Kept, Primitive, Saved
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.shape import Shape

__all__ = [
    "FUNCTIONS",
    "TOGETHER",
    "ActivationName",
    "Function",
    "applied",
    "elementwise",
    "gated",
    "kept_by",
    "saved_by",
    "softmax_along",
]

ActivationName: TypeAlias = Literal[
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
]
"""Keras' names of activation functions that leave the shape alone; none of them has weights."""

TOGETHER = frozenset({"softmax", "log_softmax"})
"""Those of them in which every value of the last axis depends on all others."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one number: what it costs, and what its gradient needs.

    Attributes:
        each: how many of each primitive operation, as its definition is written.
        keeps: what is kept for the backward pass, as torch's kernels do it.
        more: how many tensors like its output it makes and keeps besides.
    """

    each: Mapping[Primitive, int]
    keeps: Literal["input", "output", "nothing"] = "input"
    more: int = 0


_SHORT: Mapping[str, Primitive] = MappingProxyType(
    {
        "add": "addition",
        "mul": "multiplication",
        "div": "division",
        "cmp": "comparison",
        "sqrt": "square root",
        "exp": "transcendental",
    }
)


def _function(
    each: str, keeps: Literal["input", "output", "nothing"] = "input", more: int = 0
) -> Function:
    """A function whose operations are counted in words: ``"2 exp 1 add"``."""
    words = each.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    counts = {_SHORT[name]: int(count) for count, name in pairs}
    return Function(MappingProxyType(counts), keeps, more)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "celu": _function("2 cmp 1 div 1 exp 2 add 1 mul"),
        "elu": _function("1 cmp 1 exp 1 add 1 mul"),
        "exponential": _function("1 exp", "output"),
        "gelu": _function("3 mul 1 add 1 exp"),
        "gelu by tanh": _function("6 mul 2 add 1 exp"),
        "hard_shrink": _function("2 cmp"),
        "hard_sigmoid": _function("1 add 2 cmp 1 div"),
        "hard_silu": _function("1 add 2 cmp 1 div 1 mul"),
        "hard_swish": _function("1 add 2 cmp 1 div 1 mul"),
        "hard_tanh": _function("2 cmp"),
        "leaky_relu": _function("1 cmp 1 mul"),
        "linear": _function("", "nothing"),
        "log_sigmoid": _function("2 exp 1 add", more=1),
        "mish": _function("3 exp 1 add 1 mul"),
        "relu": _function("1 cmp", "output"),
        "relu6": _function("2 cmp"),
        "selu": _function("1 cmp 1 exp 1 add 2 mul"),
        "sigmoid": _function("1 exp 1 add 1 div", "output"),
        "silu": _function("1 mul 1 exp 1 add 1 div"),
        "soft_shrink": _function("2 cmp 1 add"),
        "softplus": _function("2 exp 1 add"),
        "softsign": _function("1 cmp 1 add 1 div", more=1),
        "squareplus": _function("2 mul 2 add 1 sqrt"),
        "swish": _function("1 mul 1 exp 1 add 1 div"),
        "tanh": _function("1 exp", "output"),
        "tanh_shrink": _function("1 exp 1 add", "nothing", more=1),
        "threshold": _function("1 cmp"),
        # of Keras' operations, by their names there
        "absolute": _function("1 cmp"),
        "ceil": _function("1 cmp", "nothing"),
        "cos": _function("1 exp"),
        "erf": _function("1 exp"),
        "exp": _function("1 exp", "output"),
        "expm1": _function("1 exp 1 add", "output"),
        "floor": _function("1 cmp", "nothing"),
        "log": _function("1 exp"),
        "log1p": _function("1 exp 1 add"),
        "log2": _function("1 exp"),
        "logical_not": _function("1 cmp", "nothing"),
        "negative": _function("", "nothing"),
        "reciprocal": _function("1 div", "output"),
        "round": _function("1 cmp", "nothing"),
        "rsqrt": _function("1 sqrt 1 div", "output"),
        "sign": _function("2 cmp", "nothing"),
        "sin": _function("1 exp"),
        "sqrt": _function("1 sqrt", "output"),
        "square": _function("1 mul"),
        "tan": _function("1 exp", "output"),
    }
)
"""What each function costs at one number, from its definition on Keras' page of activations, and
what torch keeps of it (tools/autograd/derivatives.yaml).  Softmax is no function of one number."""


def elementwise(
    kind: ArithmeticKind, y: Shape, each: Mapping[Primitive, int], reads: Shape | None = None
) -> tuple[Arithmetic, ...]:
    """The same operations at every element of `y`; nothing where there are none.

    >>> elementwise("activation", Shape((28, 28)), {"comparison": 1})[0].count
    784
    """
    parts = tuple((name, (count, *y)) for name, count in each.items() if count)
    return (
        (Arithmetic(kind, parts, tuple(y if reads is None else reads), tuple(y)),) if parts else ()
    )


def softmax_along(
    name: str, y: Shape, axis: int = -1, before: tuple[Dim, ...] = ()
) -> tuple[Arithmetic, ...]:
    """Softmax along an axis: the largest is taken away, exponentials are added up and divided by.

    >>> softmax_along("softmax", Shape((10,)))[0].count
    48
    """
    n, others = y[axis], (*before, *(dim for i, dim in enumerate(y) if i != axis % len(y)))
    one_less = lower(plain(n) - 1)
    last: tuple[tuple[Primitive, tuple[Dim, ...]], ...] = (
        (("division", (*others, n)),)
        if name == "softmax"
        else (("transcendental", others), ("addition", (*others, n)))
    )
    parts: tuple[tuple[Primitive, tuple[Dim, ...]], ...] = (
        ("comparison", (*others, one_less)),
        ("addition", (*others, n)),
        ("transcendental", (*others, n)),
        ("addition", (*others, one_less)),
        *last,
    )
    whole = (*others, n)
    return (Arithmetic("softmax", parts, whole, whole),)


def applied(name: str | None, y: Shape) -> tuple[Arithmetic, ...]:
    """What a function that a layer applies to `y` does; softmax goes along the last axis.

    >>> applied("silu", Shape((10,)))[0].count, applied(None, Shape((10,)))
    (40, ())
    """
    if name in TOGETHER:
        return softmax_along(name, y) if y else ()
    return elementwise("activation", y, FUNCTIONS[name].each) if name else ()


def gated(
    y: Shape, each: Mapping[Primitive, int], functions: Iterable[tuple[str | None, int]]
) -> tuple[Arithmetic, ...]:
    """What a step of a recurrent layer does: operations at each unit, and functions of its gates.

    >>> gated(Shape((3,)), {"addition": 1}, [("tanh", 1)])[1].count
    3
    """
    gates = (
        replace(done.at(count), kind="recurrence")
        for name, count in functions
        for done in applied(name, y)
    )
    return (*elementwise("recurrence", y, each), *gates)


def kept_by(name: str | None, y: Shape, before: Saved) -> Saved:
    """What is kept where a layer that keeps `before` applies a function to its result."""
    if name is None or name == "linear":
        return before
    keeps, more = ("output", 0) if name in TOGETHER else _kept(name)
    own = [*(["result"] if keeps == "input" else []), *["inside"] * more]
    made = (*before.own, *(Kept(what, y) for what in own))
    output = before.output or keeps == "output"
    return Saved(before.inputs, before.for_weights, before.for_others, output, made)


def saved_by(name: str, y: Shape) -> Saved:
    """What a function keeps that is a layer of its own: its input or its output.

    >>> saved_by("silu", Shape((3,))), saved_by("relu", Shape((3,))).output
    (Saved(inputs=(0,), for_weights=(), for_others=(), output=False, own=()), True)
    """
    if name in TOGETHER:
        return Saved(output=True)
    keeps, more = _kept(name)
    own = tuple(Kept("inside", y) for _ in range(more))
    return Saved((0,) if keeps == "input" else (), output=keeps == "output", own=own)


def _kept(name: str) -> tuple[str, int]:
    return FUNCTIONS[name].keeps, FUNCTIONS[name].more
