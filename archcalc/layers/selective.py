"""A selective state space: what is kept of a sequence, and forgotten, as the sequence itself says.

Source: Gu and Dao, *Mamba: Linear-Time Sequence Modeling with Selective State Spaces* (2023),
equations 2 and 4, algorithm 2.
"""

from __future__ import annotations

from typing import ClassVar

from archcalc.layers.base import Layer
from archcalc.layers.facts import Arithmetic, Operand, Primitive, State, Unstated, Weight, Work
from archcalc.layers.fields import Size, hyper
from archcalc.layers.functions import elementwise
from archcalc.layers.requirements import same_length
from archcalc.layers.sight import Sights, channels, every_one_before, in_place
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["SelectiveScan"]


class SelectiveScan(Layer):
    """A state of each feature: ``h' = exp(Δ·A)·h + Δ·B·x`` at each place, and ``y = C·h + D·x``.

    The inputs are ``x`` and the sizes of steps ``Δ``, both ``(t, e)``, and ``B`` and ``C``, both
    ``(t, n)``, which all are made of the sequence; ``A`` and what is handed on, ``D·x``, are
    learned.  One product at each position is a matrix's: that of ``C`` with the state.

    Args:
        state_size: how many numbers are kept of each feature, ``n``.

    >>> scan, x, b = SelectiveScan(16), Shape((100, 1536)), Shape((100, 16))
    >>> scan.output_shape(x, x, b, b)
    (100, 1536)
    >>> [(w.name, w.shape) for w in scan.weights(x, x, b, b)]
    [('A_log', (1536, 16)), ('D', (1536,))]
    >>> scan.state(x, x, b, b)[0].size
    24576
    """

    state_size: Size = hyper("n")

    arity: ClassVar[tuple[int, int | None]] = (4, 4)
    axis_names: ClassVar[tuple[str, ...]] = ("t", "e")
    source: ClassVar[str] = "https://arxiv.org/abs/2312.00752 (algorithm 2)"

    def input_names(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return ("t", "e"), ("t", "e"), ("t", "n"), ("t", "n")

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (-1,)

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        features, kept = inputs[0][-1], self.state_size
        return (
            Weight("A_log", Shape((features, kept)), "free"),
            Weight("D", Shape((features,)), "scale"),
        )

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        x, _, b, _ = shapes[:4]
        state = Operand((0, 1, 2), ("A_log",))
        return (Work("matmul", b[-1:], tuple(x), activations=(state, Operand((3,)))),)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        x, _, b, _ = shapes[:4]
        each: dict[Primitive, int] = {"multiplication": 4, "addition": 1, "transcendental": 1}
        states = elementwise("recurrence", Shape((*x, b[-1])), each)
        return (*states, *elementwise("elementwise", x, {"multiplication": 1, "addition": 1}))

    def saves(self, *shapes: Shape) -> Unstated:
        return Unstated("torch has no kernel of a selective scan; each of Mamba's keeps its own")

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        x, _, b, _ = inputs
        return (State("state", Shape((x[-1], b[-1])), steps=x[0]),)

    def windows(self, *inputs: Shape) -> None:
        return None

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        """Itself and all before it, of every feature that comes in."""
        return tuple(in_place(x, {0: every_one_before(0, x[0]), 1: channels(x[1])}) for x in inputs)

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        x, steps, b, c = inputs
        pairs = (
            *((f"axis {i + 1} of Δ", steps[i], x[i]) for i in range(2)),
            ("the length of B", b[0], x[0]),
            ("the length of C", c[0], x[0]),
            ("the features of B", b[1], self.state_size),
            ("the features of C", c[1], self.state_size),
        )
        return tuple(same_length(what, got, asked) for what, got, asked in pairs if got != asked)
