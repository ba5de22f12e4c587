"""Convolutional LSTMs: the products of an LSTM are convolutions.

Source: Shi et al., *Convolutional LSTM Network* (2015), equation 3, without its peepholes, as in
Keras.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from archcalc.layers.base import AxisWindow
from archcalc.layers.facts import Arithmetic, Operand, Primitive, State, Weight, Work
from archcalc.layers.fields import Size, Sizes, hyper
from archcalc.layers.functions import ActivationName, gated
from archcalc.layers.kept import CELL, EVERY, of_weights
from archcalc.layers.registry import layer_class
from archcalc.layers.sight import (
    Sight,
    Sights,
    Stretch,
    all_of,
    channels,
    every_one_before,
    itself,
    sliding,
)
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.states import TakesStates, check_states, same_state
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]

_GATES = 4


def _further(seen: Sight, outer: Window, inner: Window, times: Dim) -> Sight:
    """What is seen after `outer` was taken over again, at the distance that `inner` moves."""
    (read,) = seen.stretches
    assert read is not None
    before, after = outer.pads(outer.kernel)
    start = read.start - times * before * inner.stride
    size = read.size + times * (before + after) * inner.stride
    return replace(seen, stretches=(Stretch(lower(start), lower(size)),))


class _ConvLSTM(TakesStates, Spatial, abstract=True):
    filters: Size = hyper("f")
    kernel_size: Sizes = hyper("k")
    strides: Sizes = hyper("s", default=(1,))
    padding: str = Field(default="valid", pattern="^(valid|same)$")
    data_format: DataFormat = "channels_last"
    dilation_rate: Sizes = hyper("r", default=(1,), neutral=1)
    activation: ActivationName | None = "tanh"
    recurrent_activation: ActivationName | None = "sigmoid"
    use_bias: bool = True
    return_sequences: bool = Field(default=False, kw_only=True)
    return_state: bool = Field(default=False, kw_only=True)
    go_backwards: bool = Field(default=False, kw_only=True)

    _spread = per_axis("kernel_size", "strides", "dilation_rate")

    built_with: ClassVar[tuple[str, ...]] = (
        *(*EVERY, *of_weights("kernel", "recurrent", "bias"), *CELL),
        *("stateful", "unit_forget_bias"),
    )
    over_time: ClassVar[bool] = True
    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    in_one: ClassVar[bool] = False
    source: ClassVar[str] = "https://arxiv.org/abs/1506.04214 (equation 3)"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        names = super().axis_names_for(x)
        return ("T", *names)

    def _convolution(self, **fields: Any) -> Any:
        """A convolution of one step, for all gates at once."""
        kind = layer_class(f"Conv{self.rank}D")
        return kind(_GATES * self.filters, self.kernel_size, data_format=self.data_format, **fields)

    def _of_input(self) -> Any:
        return self._convolution(
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            use_bias=self.use_bias,
        )

    def _of_state(self) -> Any:
        """It keeps the shape of the state, and the bias is the other's."""
        return self._convolution(padding="same", use_bias=False)

    def _state(self, x: Shape) -> Shape:
        gates: Shape = self._of_input().output_shape(Shape(x[1:]))
        return gates.replace(self.channel_axis(), self.filters)

    def state(self, x: Shape, *states: Shape) -> tuple[State, ...]:
        return tuple(State(name, self._state(x), x[0]) for name in ("hidden", "cell"))

    def output_shape(self, x: Shape, *states: Shape) -> Shape:
        state = self._state(x)
        return Shape((x[0], *state)) if self.return_sequences else state

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        """In each step the sum of two products, gates, and the memory moved on."""
        each: dict[Primitive, int] = {"addition": _GATES + 1, "multiplication": 3}
        functions = ((self.recurrent_activation, 3), (self.activation, 2))
        x = shapes[0]
        return tuple(done.at(x[0]) for done in gated(self._state(x), each, functions))

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        kept = tuple(s.shape for s in self.state(*inputs)) if self.return_state else ()
        return (self.output_shape(*inputs), *kept)

    def weights(self, x: Shape, *states: Shape) -> tuple[Weight, ...]:
        kernel, *bias = self._of_input().weights(Shape(x[1:]))
        (recurrent,) = self._of_state().weights(self._state(x))
        return (kernel, Weight("recurrent_kernel", recurrent.shape, "recurrent kernel"), *bias)

    def work(self, x: Shape, *rest: Shape) -> tuple[Work, ...]:
        y = rest[-1]
        state = Shape(y[1:]) if self.return_sequences else y
        (moved,) = self._of_state().work(state, state)
        kept = Operand((0,), ("kernel", "recurrent_kernel"), state="hidden", first=1)
        moved = replace(moved, weight="recurrent_kernel", activations=(kept,), bias="")
        step = (*self._of_input().work(Shape(x[1:]), state), moved)
        return tuple(done.in_steps(x[0]) for done in step)

    def windows(self, x: Shape, *states: Shape) -> tuple[AxisWindow, ...] | None:
        return None  # with every step the state sees more of its surroundings

    def sights(self, output: int, x: Shape, *states: Shape) -> tuple[Sights, ...]:
        """The last step sees the most: of the first step, as far as its state has come since."""
        steps = output == 0 and self.return_sequences
        time = every_one_before(0, x[0], self.go_backwards) if steps else all_of(x[0])
        of_input, of_state = self._of_input(), self._of_state()
        found: dict[int, Sight] = {
            0: time,
            1 + self.channel_axis(): channels(x[1 + self.channel_axis()]),
        }
        kept = {self.channel_axis(): channels(self.filters)}
        for axis, inner, outer in zip(
            self.spatial_axes(), of_input.spatial_windows(), of_state.spatial_windows(), strict=True
        ):
            n = x[1 + axis]
            seen = sliding(axis + steps, inner, n)
            found[1 + axis] = _further(seen, outer, inner, x[0] - 1)
            kept[axis] = _further(itself(axis + steps), outer, Window(1), x[0])
        return (found, *(kept for _ in states))

    def requirements(self, x: Shape, *states: Shape) -> tuple[Requirement, ...]:
        needs: tuple[Requirement, ...] = self._of_input().requirements(Shape(x[1:]))
        kept = self._state(x)
        return (*needs, *(needed for state in states for needed in same_state(state, kept)))

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        check_states(self, inputs[1:], [[s.shape for s in self.state(*inputs)]])

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (0, 1 + self.channel_axis())


class ConvLSTM1D(_ConvLSTM):
    """A convolutional LSTM over one axis: ``(T, t, c_in)`` to ``(t', filters)``.

    Args:
        filters: the channels of the state, and of what comes out.
        kernel_size: the length of the windows, over the input and over the state.
        strides, padding, dilation_rate: of the window over the input; that over the state keeps
            its shape, with stride 1, no dilation, and ``"same"`` padding.
        data_format: whether the channels are the last axis or the first after time.
        activation, recurrent_activation: what the memory and the gates go through.
        use_bias: whether a bias is added.
        return_sequences: whether the output of every step comes out, or the last only.
        return_state: whether the last state and memory come out as well.
        go_backwards: whether the steps are taken from the last to the first.

    >>> ConvLSTM1D(8, 3).output_shape(Shape((10, 32, 4)))
    (30, 8)
    """

    rank: ClassVar[int] = 1


class ConvLSTM2D(_ConvLSTM):
    """A convolutional LSTM over height and width: ``(T, h, w, c_in)`` to ``(h', w', filters)``.

    Arguments as in `ConvLSTM1D`, one value or one for each axis.

    >>> ConvLSTM2D(64, 3, padding="same").output_shape(Shape((10, 64, 64, 1)))
    (64, 64, 64)
    >>> sum(w.size for w in ConvLSTM2D(64, 3).weights(Shape((10, 64, 64, 1))))
    150016
    """

    rank: ClassVar[int] = 2


class ConvLSTM3D(_ConvLSTM):
    """A convolutional LSTM over three axes: ``(T, d, h, w, c_in)`` to ``(d', h', w', filters)``.

    Arguments as in `ConvLSTM1D`, one value or one for each axis.

    >>> ConvLSTM3D(8, 3).output_shape(Shape((5, 16, 16, 16, 1)))
    (14, 14, 14, 8)
    """

    rank: ClassVar[int] = 3
