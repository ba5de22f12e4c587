"""Recurrent layers: simple, LSTM and GRU, as a cell of one step and as a layer over time.

A layer is its cell, once a step: the same weights, the work as often as there are steps.

Where tools differ: Keras adds one bias in each gate; torch and cuDNN add two, one to the product
with the input and one to the product with the state (``recurrent_bias=True``).  A GRU has two
wherever its reset gate acts after the product with the state (``reset_after=True``, the default of
Keras, torch and cuDNN), and one where it acts before, as in the paper.

Sources: Hochreiter and Schmidhuber, *Long Short-Term Memory* (1997); Cho et al. (2014), equations 5
to 8, for the GRU; Sak et al. (2014) for the LSTM with a projection; torch's page of ``LSTM``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from archcalc.layers.base import Layer
from archcalc.layers.facts import (
    Arithmetic,
    Kept,
    Operand,
    Primitive,
    Saved,
    State,
    Unstated,
    Weight,
    Work,
)
from archcalc.layers.fields import OptionalSize, Size, hyper
from archcalc.layers.functions import ActivationName, gated, kept_by
from archcalc.layers.kept import CELL, EVERY, OVER_TIME, of_weights
from archcalc.layers.sight import Sights, all_of, channels, every_one_before
from archcalc.layers.states import TakesStates, check_states, in_layers, same_state
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "GRU",
    "LSTM",
    "GRUCell",
    "LSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
]

_IN_ONE = ("use_cudnn", "implementation")
"""How Keras may run the products of all gates together."""


class _Recurrent(TakesStates, Layer, abstract=True):
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


class _Cell(_Recurrent, abstract=True):
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


class _OverTime(_Recurrent, abstract=True):
    """A cell at each of `t` steps: ``(t, n_in)`` to ``(units,)``, or ``(t, units)``."""

    built_with: ClassVar[tuple[str, ...]] = (*_Recurrent.built_with, *OVER_TIME)
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


_TORCHS = ("tanh", "sigmoid")
"""The functions of torch's LSTM and GRU: of what is new, and of the gates."""

_IN_ONE_KERNEL = (
    "torch runs an LSTM as one kernel (oneDNN on the CPU, cuDNN on CUDA) that keeps a workspace of "
    "its own and does not say of what"
)
_GATED_FUNCTIONS = (
    "torch's GRU resets after the product, and has tanh, and sigmoid for its gates; what others "
    "keep is not stated"
)
_FUNCTIONS = "torch's has tanh, and sigmoid for its gates; what others keep is not stated"


class SimpleRNNCell(_Cell):
    """One step of a simple recurrent layer: ``h' = f(W·x + U·h + b)``.

    Args:
        units, activation, use_bias, recurrent_bias: as in `SimpleRNN`.

    >>> SimpleRNNCell(32).output_shape(Shape((16,)))
    (32,)
    """

    units: Size = hyper("u")
    activation: ActivationName | None = "tanh"
    use_bias: bool = True
    recurrent_bias: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/simple_rnn_cell/"

    def saves(self, x: Shape, *rest: Shape) -> Saved:
        """Both factors of its products, and what its function keeps."""
        *states, y = rest
        both = tuple(range(1 + len(states)))
        return kept_by(self.activation, y, Saved(for_weights=both, own=self.before(bool(states))))


class SimpleRNN(_OverTime):
    """A recurrent layer of one gate: ``(t, n_in)`` to ``(units,)``; torch's ``RNN``.

    Args:
        units: the size of the state, and of what comes out.
        activation: what is applied to the sum; it has no weights.
        use_bias: whether a bias is added.
        recurrent_bias: whether the product with the state has a bias of its own, as in torch and
            cuDNN; Keras adds one for both products.
        return_sequences: whether the output of every step comes out, or the last only.
        return_state: whether the last state comes out as well.
        go_backwards: whether the steps are taken from the last to the first.

    >>> SimpleRNN(32).output_shape(Shape((10, 16)))
    (32,)
    >>> sum(w.size for w in SimpleRNN(32).weights(Shape((10, 16))))
    1568
    """

    units: Size = hyper("u")
    activation: ActivationName | None = "tanh"
    use_bias: bool = True
    recurrent_bias: bool = Field(default=False, kw_only=True)
    return_sequences: bool = Field(default=False, kw_only=True)
    return_state: bool = Field(default=False, kw_only=True)
    go_backwards: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/simple_rnn/"

    def saves(self, x: Shape, *rest: Shape) -> Saved:
        """As torch's does it, step by step: every state, for the next product, is kept apart."""
        *given, _ = rest
        each = Shape((x[0], self.units))
        inside = kept_by(self.activation, each, Saved())
        states: tuple[Dim, ...] = (lower(plain(x[0]) * self.units - self.units),)
        if inside.output:
            states = tuple(each)
        own = (*self.before(bool(given)), Kept("states", Shape(states)), *inside.own)
        return Saved(for_weights=tuple(range(1 + len(given))), own=own)


class _LongShortTerm(_Recurrent, abstract=True):
    """Four gates, and a memory beside the state; the state may be a projection of it."""

    gates: ClassVar[int] = 4
    moves: ClassVar[Mapping[Primitive, int]] = MappingProxyType(
        {"multiplication": 3, "addition": 1}
    )

    def applies(self) -> tuple[tuple[str | None, int], ...]:
        """Three gates, the candidate, and the memory."""
        return ((self.recurrent_activation, 3), (self.activation, 2))

    def projected(self) -> Dim | None:
        """The size to which the state is projected, if it is."""
        return None

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        size, steps = self.projected(), self._steps(*inputs)
        out = self.units if size is None else size
        return (State("hidden", Shape((out,)), steps), State("cell", Shape((self.units,)), steps))

    def step_weights(self, n_in: Dim) -> tuple[Weight, ...]:
        flat, size = super().step_weights(n_in), self.projected()
        if size is None:
            return flat
        return (*flat, Weight("projection_kernel", Shape((self.units, size)), "kernel"))

    def step_work(self, n_in: Dim) -> tuple[Work, ...]:
        flat, size = super().step_work(n_in), self.projected()
        if size is None:
            return flat
        made = Operand((0,), ("kernel", "recurrent_kernel"))
        return (*flat, Work("matmul", (self.units, size), (), "projection_kernel", (made,)))


class LSTMCell(_LongShortTerm, _Cell):
    """One step of an LSTM: four gates, a state and a memory.

    Args:
        units, activation, recurrent_activation, use_bias, recurrent_bias: as in `LSTM`.

    >>> LSTMCell(128).output_shape(Shape((64,)))
    (128,)
    """

    units: Size = hyper("u")
    activation: ActivationName | None = "tanh"
    recurrent_activation: ActivationName | None = "sigmoid"
    use_bias: bool = True
    recurrent_bias: bool = Field(default=False, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (*_Cell.built_with, "unit_forget_bias")
    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/lstm_cell/"

    def saves(self, x: Shape, *rest: Shape) -> Saved | Unstated:
        """As torch's does it on the CPU: gates, the memory before, and what comes of it."""
        *states, _ = rest
        if (self.activation, self.recurrent_activation) != _TORCHS:
            return Unstated(_FUNCTIONS)
        made = (Kept("gates", Shape((4, self.units))), Kept("tanh(c)", Shape((self.units,))))
        own = (*self.before(bool(states)), *made)
        return Saved((2,) if states else (), (0, 1) if states else (0,), own=own)


class LSTM(_LongShortTerm, _OverTime):
    """A recurrent layer of four gates and a memory: ``(t, n_in)`` to ``(units,)``.

    Inputs: the sequence, and maybe a first state and a first memory.  Keras' count is
    ``4·((n_in + units + 1)·units)``; torch's and cuDNN's has ``4·units`` more, a second bias.

    Args:
        units: the size of the memory, and of what comes out.
        activation, recurrent_activation: what the memory and the gates go through.
        use_bias: whether biases are added.
        recurrent_bias: whether the product with the state has a bias of its own, as in torch and
            cuDNN; Keras adds one for both products.
        proj_size: the size to which the state is projected, as in torch; ``None`` leaves it alone.
        return_sequences: whether the output of every step comes out, or the last only.
        return_state: whether the last state and memory come out as well.
        go_backwards: whether the steps are taken from the last to the first.

    >>> LSTM(128).output_shape(Shape((10, 128)))
    (128,)
    >>> sum(w.size for w in LSTM(128).weights(Shape((10, 128))))
    131584
    >>> sum(w.size for w in LSTM(128, recurrent_bias=True).weights(Shape((10, 128))))
    132096
    """

    units: Size = hyper("u")
    activation: ActivationName | None = "tanh"
    recurrent_activation: ActivationName | None = "sigmoid"
    use_bias: bool = True
    recurrent_bias: bool = Field(default=False, kw_only=True)
    proj_size: OptionalSize = hyper("p", default=None, kw_only=True)
    return_sequences: bool = Field(default=False, kw_only=True)
    return_state: bool = Field(default=False, kw_only=True)
    go_backwards: bool = Field(default=False, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (*_OverTime.built_with, *_IN_ONE, "unit_forget_bias")
    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html"

    def saves(self, x: Shape, *rest: Shape) -> Saved | Unstated:
        """With a projection as torch does it step by step; else one kernel keeps what it needs."""
        *given, _ = rest
        if (self.activation, self.recurrent_activation) != _TORCHS:
            return Unstated(_FUNCTIONS)
        if self.proj_size is None:
            return Unstated(_IN_ONE_KERNEL)
        of_step = lower(7 * plain(self.units) + self.proj_size)
        every = plain(x[0]) * of_step
        if given:
            every = every - self.units - self.proj_size
        own = (Kept("gates, memories and states", Shape((lower(every),))),)
        return Saved((2,) if given else (), (0, 1) if given else (0,), own=own)

    def projected(self) -> Dim | None:
        return self.proj_size


class _Gated(_Recurrent, abstract=True):
    """Three gates; a reset after the product needs a bias of its own for the product."""

    gates: ClassVar[int] = 3
    moves: ClassVar[Mapping[Primitive, int]] = MappingProxyType(
        {"multiplication": 3, "addition": 2}
    )

    def applies(self) -> tuple[tuple[str | None, int], ...]:
        """Two gates, and the candidate."""
        return ((self.recurrent_activation, 2), (self.activation, 1))

    if TYPE_CHECKING:
        reset_after: bool

    def step_work(self, n_in: Dim) -> tuple[Work, ...]:
        """A reset before the product makes of the state what a part of the kernel multiplies."""
        moved, kept = super().step_work(n_in)
        if self.reset_after:
            return moved, kept
        made = Operand((0,), ("kernel", "recurrent_kernel"))
        gates = replace(kept, operand=(self.units, 2 * self.units))
        reset = Work("matmul", (self.units, self.units), (), kept.weight, (made,))
        return moved, gates, reset

    @property
    def is_torchs(self) -> bool:
        """Whether it resets the product and has the functions of torch's."""
        return self.reset_after and (self.activation, self.recurrent_activation) == _TORCHS

    def biases(self) -> tuple[Weight, ...]:
        rows = self.gates * self.units
        shape = Shape((2, rows)) if self.reset_after else Shape((rows,))
        return (Weight("bias", shape, "bias"),) if self.use_bias else ()


class GRUCell(_Gated, _Cell):
    """One step of a GRU.

    Args:
        units, activation, recurrent_activation, use_bias, reset_after: as in `GRU`.

    >>> GRUCell(32).output_shape(Shape((16,)))
    (32,)
    """

    units: Size = hyper("u")
    activation: ActivationName | None = "tanh"
    recurrent_activation: ActivationName | None = "sigmoid"
    use_bias: bool = True
    reset_after: bool = Field(default=True, kw_only=True)

    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/gru_cell/"

    def saves(self, x: Shape, *rest: Shape) -> Saved | Unstated:
        """As torch's does it on the CPU: the state before, and twice three gates."""
        *states, _ = rest
        if not self.is_torchs:
            return Unstated(_GATED_FUNCTIONS)
        own = (*self.before(bool(states)), Kept("gates", Shape((6, self.units))))
        return Saved((1,) if states else (), (0,), own=own)


class GRU(_Gated, _OverTime):
    """A recurrent layer of three gates: ``(t, n_in)`` to ``(units,)``.

    Args:
        units: the size of the state, and of what comes out.
        activation, recurrent_activation: what the new state and the gates go through.
        use_bias: whether biases are added.
        reset_after: whether the reset gate acts after the product with the state, as in torch,
            cuDNN and by default in Keras; then there are two biases.  Before it, as in the paper,
            there is one.
        return_sequences: whether the output of every step comes out, or the last only.
        return_state: whether the last state comes out as well.
        go_backwards: whether the steps are taken from the last to the first.

    >>> GRU(32).output_shape(Shape((10, 16)))
    (32,)
    >>> sum(w.size for w in GRU(32).weights(Shape((10, 16))))
    4800
    >>> sum(w.size for w in GRU(32, reset_after=False).weights(Shape((10, 16))))
    4704
    """

    units: Size = hyper("u")
    activation: ActivationName | None = "tanh"
    recurrent_activation: ActivationName | None = "sigmoid"
    use_bias: bool = True
    return_sequences: bool = Field(default=False, kw_only=True)
    return_state: bool = Field(default=False, kw_only=True)
    go_backwards: bool = Field(default=False, kw_only=True)
    reset_after: bool = Field(default=True, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (*_OverTime.built_with, *_IN_ONE)
    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/gru/"

    def saves(self, x: Shape, *rest: Shape) -> Saved | Unstated:
        """As torch's does it on the CPU, step by step: a state before, and twice three gates."""
        *given, _ = rest
        if not self.is_torchs:
            return Unstated(_GATED_FUNCTIONS)
        every = 7 * plain(x[0]) * self.units - self.units
        own = (*self.before(bool(given)), Kept("gates and states", Shape((lower(every),))))
        return Saved((1,) if given else (), (0,), own=own)
