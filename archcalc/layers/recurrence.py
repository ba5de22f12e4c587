"""What recurrent layers share: gates that see the input and the state, in a step or over time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from archcalc.layers.base import Layer
from archcalc.layers.facts import (
    Arithmetic,
    Kept,
    Operand,
    Primitive,
    State,
    Weight,
    Work,
)
from archcalc.layers.fields import Size
from archcalc.layers.functions import ActivationName, gated
from archcalc.layers.kept import CELL, EVERY, OVER_TIME, of_weights
from archcalc.layers.sight import Sights, all_of, channels, every_one_before
from archcalc.layers.states import TakesStates, check_states, in_layers, same_state
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Cell", "OverTime", "Recurrent"]


class Recurrent(TakesStates, Layer, abstract=True):
    """What a cell and its layer share: gates that each see the input and the state."""

    built_with: ClassVar[tuple[str, ...]] = (
        *EVERY,
        *of_weights("kernel", "recurrent", "bias"),
        *CELL,
    )
    gates: ClassVar[int] = 1
    moves: ClassVar[Mapping[Primitive, int]] = MappingProxyType({})
    """How many of each operation make the new state of the gates, for every unit."""

    def step_arithmetic(self) -> tuple[Arithmetic, ...]:
        """What one step does beside its products: their sum, gates, and the state moved on."""
        each = {**self.moves, "addition": self.moves.get("addition", 0) + self.gates}
        return gated(self.state()[-1].shape, each, self.applies())

    def applies(self) -> tuple[tuple[str | None, int], ...]:
        """The functions that it applies in a step, and to how many gates."""
        return ((self.activation, 1),)

    if TYPE_CHECKING:  # every subclass declares them, in Keras' order
        units: Size
        use_bias: bool

        @property
        def activation(self) -> ActivationName | None: ...
        @property
        def recurrent_activation(self) -> ActivationName | None: ...

        @property
        def recurrent_bias(self) -> bool:
            """Of those whose biases are the ones below."""

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        """What a step leaves to the next, the first as it comes out of it."""
        return (State("hidden", Shape((self.units,)), self._steps(*inputs)),)

    def _steps(self, *inputs: Shape) -> Dim | None:
        """How many steps it takes itself; ``None`` for a cell."""
        return None

    def given_out(self) -> Shape:
        """What comes out of a step, which is the first state."""
        return self.state()[0].shape

    def biases(self) -> tuple[Weight, ...]:
        """One bias for all gates, or two, or none."""
        rows = (self.gates * self.units,)
        names = ("bias", "recurrent_bias") if self.recurrent_bias else ("bias",)
        return tuple(Weight(name, Shape(rows), "bias") for name in names) if self.use_bias else ()

    def step_weights(self, n_in: Dim) -> tuple[Weight, ...]:
        """The weights of the step."""
        rows = self.gates * self.units
        return (
            Weight("kernel", Shape((n_in, rows)), "kernel"),
            Weight("recurrent_kernel", Shape((*self.given_out(), rows)), "recurrent kernel"),
            *self.biases(),
        )

    def step_work(self, n_in: Dim) -> tuple[Work, ...]:
        """The products of one step: a kernel is multiplied with one vector."""
        kernel, recurrent, *_ = self.step_weights(n_in)
        state = Operand((0,), ("kernel", "recurrent_kernel"), state="hidden", first=1)
        return (
            Work("matmul", kernel.shape, (), "kernel", bias="bias"),
            Work("matmul", recurrent.shape, (), "recurrent_kernel", (state,), "recurrent_bias"),
        )

    def before(self, given: bool) -> tuple[Kept, ...]:
        """The first state, zeros, which is made and kept where none is given."""
        return () if given else (Kept("first state", Shape((self.units,))),)

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        given = zip(inputs[1:], self._taken(in_layers(inputs[1:])), strict=False)
        return tuple(needed for state, kept in given for needed in same_state(state, kept))

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        check_states(self, inputs[1:], [self._taken(), self._taken(layers=True)])

    def _taken(self, layers: bool = False) -> list[Shape]:
        """The shapes of its states, as torch has them where it has several layers."""
        before = (1,) if layers else ()
        return [Shape((*before, *kept.shape)) for kept in self.state()]


class Cell(Recurrent, abstract=True):
    """One step: ``(n_in,)`` to ``(units,)``; states may be given, and are zeros where not."""

    axis_names: ClassVar[tuple[str, ...]] = ("n_in",)
    arity: ClassVar[tuple[int, int | None]] = (1, 2)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        check_states(self, inputs[1:], [self._taken()])

    def output_shape(self, x: Shape, *states: Shape) -> Shape:
        return self.given_out()

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return self.step_arithmetic()

    def weights(self, x: Shape, *states: Shape) -> tuple[Weight, ...]:
        return self.step_weights(x[-1])

    def work(self, x: Shape, *rest: Shape) -> tuple[Work, ...]:
        return self.step_work(x[-1])

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (0,)


class OverTime(Recurrent, abstract=True):
    """A cell at each of `t` steps: ``(t, n_in)`` to ``(units,)``, or ``(t, units)``."""

    built_with: ClassVar[tuple[str, ...]] = (*Recurrent.built_with, *OVER_TIME)
    axis_names: ClassVar[tuple[str, ...]] = ("t", "n_in")
    arity: ClassVar[tuple[int, int | None]] = (1, 2)

    if TYPE_CHECKING:
        return_sequences: bool
        return_state: bool
        go_backwards: bool

    def output_shape(self, x: Shape, *states: Shape) -> Shape:
        out = self.given_out()
        return Shape((x[0], *out)) if self.return_sequences else out

    def _steps(self, *inputs: Shape) -> Dim | None:
        return inputs[0][0] if inputs else None

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return tuple(done.at(shapes[0][0]) for done in self.step_arithmetic())

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        layers = in_layers(inputs[1:])
        kept = self._taken(layers) if self.return_state or layers else ()
        return (self.output_shape(*inputs), *kept)

    def weights(self, x: Shape, *states: Shape) -> tuple[Weight, ...]:
        return self.step_weights(x[-1])

    def work(self, x: Shape, *rest: Shape) -> tuple[Work, ...]:
        return tuple(w.in_steps(x[0]) for w in self.step_work(x[-1]))

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (1,)

    def sights(self, output: int, x: Shape, *states: Shape) -> tuple[Sights, ...]:
        """A step sees those before it; the last step sees every step."""
        steps = output == 0 and self.return_sequences
        time = every_one_before(0, x[0], self.go_backwards) if steps else all_of(x[0])
        first = {0: time, 1: channels(x[1])}
        return (first, *({i: channels(n) for i, n in enumerate(state)} for state in states))
