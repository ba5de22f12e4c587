"""Parts of tensors, and parts put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch
from archcalc.frameworks.importing.functions.registry import Lowered, lowers
from archcalc.frameworks.importing.values import NotLoweredError, Value

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


@lowers("__getitem__")
def getitem(low: Workbench, x: Any, index: Any) -> Lowered:
    """Slices, positions and new axes, one after the other."""
    value = low.tensor_of(x)
    asked = index if isinstance(index, tuple) else (index,)
    if len(asked) == 1 and low.is_tensor(asked[0]) and value.at is None:
        (made,) = low.shapes()
        places = low.tensor_of(asked[0])
        return low.on([value, places], ac.Take(-len(value.own)), places.at, made)
    if any(
        not isinstance(one, int | slice) and one is not None and one is not Ellipsis
        for one in asked
    ):
        raise NotLoweredError("an index that is a tensor")
    taken = sum(isinstance(one, int | slice) for one in asked)
    place = asked.index(Ellipsis) if Ellipsis in asked else len(asked)
    whole = [slice(None)] * (len(value.shape) - taken)
    steps = [*asked[:place], *whole, *asked[place + 1 :]]
    axis = 0
    for step in steps:
        if step is None:
            value = _fresh(low, value, axis)
        elif isinstance(step, int) and not isinstance(step, bool):
            value = _position(low, value, axis, step)
            continue
        elif isinstance(step, slice):
            value = _stretch(low, value, axis, step)
        else:
            raise NotLoweredError("an index that is no number")
        axis += 1
    return value


def _fresh(low: Workbench, value: Value, axis: int) -> Value:
    shape = (*value.shape[:axis], 1, *value.shape[axis:])
    at = value.at
    if at is not None and axis <= at.axis:
        at = Batch(at.axis + 1, at.inner)
    made = Value(None, shape, at, value.batch)
    return low.on(value, ac.ExpandDims(made.axis(axis)), at, shape)


def _position(low: Workbench, value: Value, axis: int, index: int) -> Value:
    shape = (*value.shape[:axis], *value.shape[axis + 1 :])
    layer = ac.Select(value.axis(axis), index)
    return low.on(value, layer, low.after_removal(value, (axis,), False), shape)


def _stretch(low: Workbench, value: Value, axis: int, asked: slice) -> Value:
    length = value.shape[axis]
    start, stop, step = asked.indices(length)
    if (start, stop, step) == (0, length, 1):
        return value
    shape = list(value.shape)
    shape[axis] = len(range(start, stop, step))
    if step < 1:
        raise NotLoweredError("a slice that goes backwards")
    layer = ac.Slice(value.axis(axis), asked.start or 0, asked.stop, step)
    return low.on(value, layer, value.at, tuple(shape))


@lowers("narrow")
def narrow(low: Workbench, x: Any, dim: int, start: int, length: int) -> Lowered:
    value = low.tensor_of(x)
    return _stretch(low, value, dim % len(value.shape), slice(start, start + length))


@lowers("select")
def select(low: Workbench, x: Any, dim: int, index: int) -> Lowered:
    value = low.tensor_of(x)
    return _position(low, value, dim % len(value.shape), index)


@lowers("chunk", "split", "tensor_split", "split_with_sizes", "unsafe_chunk", "unsafe_split")
def split(low: Workbench, x: Any, sections: Any = None, dim: int = 0, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    dim = kwargs.get("dim", dim) % len(value.shape)
    shapes = low.shapes()
    sizes = [shape[dim] for shape in shapes]
    equal = len(set(sizes)) == 1
    layer = ac.Split(len(sizes) if equal else tuple(sizes), value.axis(dim))
    return low.on_many(value, layer, [value.at] * len(shapes), shapes)


@lowers("unbind", "__iter__")
def unbind(low: Workbench, x: Any, dim: int = 0) -> Lowered:
    value = low.tensor_of(x)
    shapes = low.shapes()
    at = low.after_removal(value, (dim,), False)
    layer = ac.Unbind(len(shapes), value.axis(dim))
    return low.on_many(value, layer, [at] * len(shapes), shapes)


@lowers("cat", "concat", "concatenate")
def concatenate(low: Workbench, tensors: Any, dim: int = 0, **kwargs: Any) -> Lowered:
    dim = kwargs.get("axis", dim)
    values = low.alike([low.tensor_of(x) for x in tensors], dim)
    if len(values) == 1:
        return values[0]
    (shape,) = low.shapes()
    layer = ac.Concatenate(axis=values[0].axis(dim))
    return low.on(values, layer, values[0].at, shape)


@lowers("stack")
def stack(low: Workbench, tensors: Any, dim: int = 0) -> Lowered:
    values = [low.tensor_of(x) for x in tensors]
    (shape,) = low.shapes()
    place, at = dim % len(shape), values[0].at
    if at is not None and place <= at.axis:
        at = Batch(at.axis + 1, at.inner)
    made = Value(None, shape, at, values[0].batch)
    return low.on(values, ac.Stack(made.axis(place)), at, shape)
