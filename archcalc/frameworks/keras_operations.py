"""Operations as Keras has them: functions of ``keras.ops``, put together where it takes several.

A record names the function here as its `core`.  Axes count the batch as 0, as Keras counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from archcalc.layers.base import Layer

__all__ = ["FUNCTIONS", "Operation", "operation_named"]

Function: TypeAlias = Callable[..., Any]
"""From `keras.ops`, the layer and the tensors to what comes out."""

FUNCTIONS: dict[str, Function] = {}
"""By the name that records give."""


class Operation:
    """A layer of ours as functions of Keras, to be called like a layer of Keras.

    Args:
        function: of `FUNCTIONS`.
        ops: ``keras.ops``.
        layer: what it says.
        name: where it is in the network.
    """

    weights: Sequence[Any] = ()
    trainable = True

    def __init__(self, function: Function, ops: Any, layer: Layer, name: str) -> None:
        self.name = name
        self._function = function
        self._ops = ops
        self._layer = layer

    def __call__(self, *tensors: Any, **how: Any) -> Any:
        return self._function(self._ops, self._layer, *tensors)


def operation_named(name: str) -> Function:
    """The function that a record names.

    >>> operation_named("matmul").__name__
    'matmul'
    """
    return FUNCTIONS[name]


def _operation(function: Function) -> Function:
    FUNCTIONS[function.__name__] = function
    return function


@_operation
def stop_gradient(ops: Any, layer: Any, x: Any) -> Any:
    """The same, and no gradient."""
    return ops.stop_gradient(x)


# Along axes


@_operation
def reduce(ops: Any, layer: Any, x: Any) -> Any:
    """A mean, a sum, a largest, ….."""
    axes = list(range(1, len(x.shape))) if layer.axis is None else list(layer.axis)
    keep = layer.keepdims
    if layer.how == "norm":  # that of Keras is of a matrix where there are two axes
        return ops.sqrt(ops.sum(ops.square(x), axis=axes, keepdims=keep))
    if layer.how in ("argmax", "argmin"):
        return ops.cast(getattr(ops, layer.how)(x, axis=axes[0], keepdims=keep), x.dtype)
    if layer.how not in ("variance", "deviation"):
        return getattr(ops, _REDUCTIONS[layer.how])(x, axis=axes, keepdims=keep)
    found = ops.var(x, axis=axes, keepdims=keep)
    if layer.correction:
        many = 1
        for axis in axes:
            many *= x.shape[axis]
        found = found * (many / (many - layer.correction))
    return ops.sqrt(found) if layer.how == "deviation" else found


_REDUCTIONS: Mapping[str, str] = {
    "mean": "mean", "sum": "sum", "max": "max", "min": "min", "product": "prod",
}  # fmt: skip


@_operation
def cumulative_sum(ops: Any, layer: Any, x: Any) -> Any:
    """Every number with all before it."""
    return ops.cumsum(x, axis=layer.axis)


@_operation
def flip(ops: Any, layer: Any, x: Any) -> Any:
    """From the last position to the first."""
    return ops.flip(x, axis=layer.axis)


@_operation
def roll(ops: Any, layer: Any, x: Any) -> Any:
    """Positions moved in a circle."""
    return ops.roll(x, layer.shift, axis=layer.axis)


@_operation
def tile(ops: Any, layer: Any, x: Any) -> Any:
    """An axis several times over, as a whole or position by position."""
    if layer.each:
        return ops.repeat(x, layer.times, axis=layer.axis)
    return ops.concatenate([x] * layer.times, axis=layer.axis)


@_operation
def expand(ops: Any, layer: Any, x: Any) -> Any:
    """An axis of length 1 stretched."""
    return ops.repeat(x, layer.size, axis=layer.axis)


@_operation
def expand_dims(ops: Any, layer: Any, x: Any) -> Any:
    """A new axis of length 1."""
    return ops.expand_dims(x, axis=layer.axis)


@_operation
def squeeze(ops: Any, layer: Any, x: Any) -> Any:
    """An axis of length 1 taken away."""
    return ops.squeeze(x, axis=layer.axis)


@_operation
def transpose(ops: Any, layer: Any, x: Any) -> Any:
    """Two axes exchanged."""
    return ops.swapaxes(x, layer.axis1, layer.axis2)


# Parts


def _part(layer: Any, x: Any, which: Any) -> Any:
    return x[(*[slice(None)] * (layer.axis % len(x.shape)), which)]


@_operation
def cut(ops: Any, layer: Any, x: Any) -> Any:
    """A stretch of an axis."""
    return _part(layer, x, slice(layer.start, layer.stop, layer.step))


@_operation
def select(ops: Any, layer: Any, x: Any) -> Any:
    """One position of an axis."""
    return _part(layer, x, layer.index)


@_operation
def split(ops: Any, layer: Any, x: Any) -> Any:
    """An axis in parts."""
    length, sections = x.shape[layer.axis], layer.sections
    if isinstance(sections, int):  # the first parts are longer where it does not go
        each, more = divmod(length, sections)
        sections = [each + (number < more) for number in range(sections)]
    ends = [sum(sections[:number]) for number in range(1, len(sections))]
    return ops.split(x, ends, axis=layer.axis) if ends else [ops.copy(x)]


@_operation
def unbind(ops: Any, layer: Any, x: Any) -> Any:
    """Every position of an axis."""
    return ops.unstack(x, layer.count, axis=layer.axis)


@_operation
def stack(ops: Any, layer: Any, *inputs: Any) -> Any:
    """Tensors along a new axis."""
    return ops.stack(list(inputs), axis=layer.axis)


@_operation
def take_along_axis(ops: Any, layer: Any, x: Any, indices: Any) -> Any:
    """At every position what stands at an index."""
    return ops.take_along_axis(x, ops.cast(indices, "int32"), axis=layer.axis)


# Number by number


@_operation
def function(ops: Any, layer: Any, x: Any) -> Any:
    """A function of one number."""
    if layer.how == "logical_not":
        return ops.cast(ops.logical_not(ops.cast(x, "bool")), x.dtype)
    return getattr(ops, layer.how)(x)


@_operation
def clip(ops: Any, layer: Any, x: Any) -> Any:
    """Numbers held between two ends, of which one may be open."""
    x = ops.copy(x) if layer.low is None else ops.maximum(x, layer.low)
    return x if layer.high is None else ops.minimum(x, layer.high)


def _level(ops: Any, inputs: Sequence[Any]) -> list[Any]:
    """Tensors of as many axes: new ones stand after the batch."""
    rank = max(len(x.shape) for x in inputs)
    made = []
    for x in inputs:
        for _ in range(rank - len(x.shape)):
            x = ops.expand_dims(x, axis=1)
        made.append(x)
    return made


def _with_constant(ops: Any, name: str, layer: Any, inputs: Sequence[Any]) -> Any:
    if layer.value is not None:
        return getattr(ops, name)(inputs[0], layer.value)
    return getattr(ops, name)(*_level(ops, inputs))


@_operation
def divide(ops: Any, layer: Any, *inputs: Any) -> Any:
    """A quotient, of two tensors or by a number."""
    return _with_constant(ops, "divide", layer, inputs)


@_operation
def power(ops: Any, layer: Any, *inputs: Any) -> Any:
    """A power, of two tensors or with a number as exponent."""
    return _with_constant(ops, "power", layer, inputs)


@_operation
def compare(ops: Any, layer: Any, *inputs: Any) -> Any:
    """What holds of two tensors, or of one and a number: 1 or 0, in numbers of the first's kind."""
    return ops.cast(_with_constant(ops, layer.how, layer, inputs), inputs[0].dtype)


@_operation
def where(ops: Any, layer: Any, *inputs: Any) -> Any:
    """One or the other, as a condition says."""
    condition, first, second = _level(ops, inputs)
    return ops.where(ops.cast(condition, "bool"), first, second)


# Products


@_operation
def matmul(ops: Any, layer: Any, first: Any, second: Any) -> Any:
    """A product of matrices, either of them transposed before."""
    first = ops.swapaxes(first, -1, -2) if layer.transpose_first else first
    second = ops.swapaxes(second, -1, -2) if layer.transpose_second else second
    return ops.matmul(*_level(ops, [first, second]))


@_operation
def einsum(ops: Any, layer: Any, *inputs: Any) -> Any:
    """What an equation says."""
    return ops.einsum(layer.equation, *inputs)
