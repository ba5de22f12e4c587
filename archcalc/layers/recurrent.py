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

from archcalc.layers.facts import (
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
from archcalc.layers.functions import ActivationName, kept_by
from archcalc.layers.recurrence import Cell, OverTime, Recurrent
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.ordered import plain
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


class SimpleRNNCell(Cell):
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


class SimpleRNN(OverTime):
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


class _LongShortTerm(Recurrent, abstract=True):
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
        done = Work("matmul", (self.units, size), (), "projection_kernel", (made,))
        return (
            *flat,
            replace(done, outputs=(0, 1), makes="hidden"),
        )  # the memory is apart


class LSTMCell(_LongShortTerm, Cell):
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

    built_with: ClassVar[tuple[str, ...]] = (*Cell.built_with, "unit_forget_bias")
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


class LSTM(_LongShortTerm, OverTime):
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

    built_with: ClassVar[tuple[str, ...]] = (*OverTime.built_with, *_IN_ONE, "unit_forget_bias")
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


class _Gated(Recurrent, abstract=True):
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


class GRUCell(_Gated, Cell):
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


class GRU(_Gated, OverTime):
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

    built_with: ClassVar[tuple[str, ...]] = (*OverTime.built_with, *_IN_ONE)
    source: ClassVar[str] = "https://keras.io/api/layers/recurrent_layers/gru/"

    def saves(self, x: Shape, *rest: Shape) -> Saved | Unstated:
        """As torch's does it on the CPU, step by step: a state before, and twice three gates."""
        *given, _ = rest
        if not self.is_torchs:
            return Unstated(_GATED_FUNCTIONS)
        every = 7 * plain(x[0]) * self.units - self.units
        own = (*self.before(bool(given)), Kept("gates and states", Shape((lower(every),))))
        return Saved((1,) if given else (), (0,), own=own)
