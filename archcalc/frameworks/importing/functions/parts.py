"""Parts of tensors, parts put together, and parts that are replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch
from archcalc.frameworks.importing.functions.registry import Lowered, lowers
from archcalc.frameworks.importing.values import MixesSamplesError, NotLoweredError, Value

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


@lowers("__getitem__")
def getitem(low: Workbench, x: Any, index: Any) -> Lowered:
    """Slices, positions, new axes and tensors of positions, one after the other."""
    value = low.tensor_of(x)
    steps = _steps(index, len(value.shape))
    if sum(_is_places(step) for step in steps) > 1:
        raise NotLoweredError("positions along several axes at once")
    axis = 0
    for step in steps:
        if step is None:
            value = _fresh(low, value, axis)
        elif isinstance(step, bool):
            raise NotLoweredError("an index that is a truth value")
        elif isinstance(step, int):
            value = _position(low, value, axis, step)
            continue
        elif isinstance(step, slice):
            value = _stretch(low, value, axis, step)
        else:
            value, many = _taken(low, value, axis, step)
            axis += many
            continue
        axis += 1
    return value


def _is_places(step: Any) -> bool:
    return not isinstance(step, int | slice) and step is not None


def _steps(index: Any, rank: int) -> list[Any]:
    """What is asked of every axis, with the axes that ``...`` stands for."""
    asked = list(index) if isinstance(index, tuple) else [index]
    taken = sum(one is not None and one is not Ellipsis for one in asked)
    place = next((i for i, one in enumerate(asked) if one is Ellipsis), len(asked))
    return [*asked[:place], *[slice(None)] * (rank - taken), *asked[place + 1 :]]


def _taken(low: Workbench, value: Value, axis: int, step: Any) -> tuple[Value, int]:
    """Positions of an axis that a tensor, or a list of numbers, names; how many axes that is."""
    places = low.constant((len(step),)) if isinstance(step, tuple) else low.tensor_of(step)
    many = len(places.shape)
    shape = (*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])
    if places.at is None:
        at = value.at
        if at is not None and at.axis == axis:
            raise MixesSamplesError("positions of the batch")
        if at is not None and at.axis > axis:
            at = Batch(at.axis + many - 1, at.inner)
        return low.on([value, places], ac.Take(value.axis(axis)), at, shape), many
    if value.at is not None:
        raise MixesSamplesError("positions that differ from sample to sample")
    at = Batch(axis + places.at.axis, places.at.inner)
    return low.on([value, places], ac.Take(value.axis(axis)), at, shape), many


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
    step = asked.step or 1
    if _is_all(asked, length):
        return value
    if step < 1:
        raise NotLoweredError("a slice that goes backwards")
    layer = ac.Slice(value.axis(axis), asked.start or 0, asked.stop, step)
    index = value.index(axis)
    shape = list(value.shape)
    shape[axis] = low.sized(layer.output_shape(value.tensor.shape)[index])
    return low.on(value, layer, value.at, tuple(shape))


def _is_all(asked: slice, length: int) -> bool:
    """Whether a slice leaves an axis as it is, whatever its symbols are."""
    if asked.start not in (None, 0) or asked.step not in (None, 1):
        return False
    plain = type(length) is int and type(asked.stop) is int
    return asked.stop is None or (plain and asked.stop >= length)


@lowers("narrow")
def narrow(low: Workbench, x: Any, dim: int, start: int, length: int) -> Lowered:
    value = low.tensor_of(x)
    return _stretch(low, value, dim % len(value.shape), slice(start, start + length))


@lowers("select")
def select(low: Workbench, x: Any, dim: int, index: int) -> Lowered:
    value = low.tensor_of(x)
    return _position(low, value, dim % len(value.shape), index)


@lowers("__setitem__")
def setitem(low: Workbench, x: Any, index: Any, given: Any) -> Lowered:
    """A part replaced: what lies before it, what it becomes, and what lies behind it."""
    value = low.tensor_of(x)
    steps = _steps(index, len(value.shape))
    if any(not isinstance(step, int | slice) or isinstance(step, bool) for step in steps):
        raise NotLoweredError("parts replaced at positions that a tensor names")
    part = getitem(low, x, tuple(steps))
    if low.is_tensor(given):
        new = low.tensor_of(given)
        if new.at is None and isinstance(part, Value) and part.at is not None:
            new = low.merged(ac.Add, [low.on(part, ac.Rescaling(0.0, 0.0)), new])
        target = part if isinstance(part, Value) else part[0]
        new = low.stretched(new, Value(None, target.shape, target.at, target.batch))
    else:
        new = low.on(part, ac.Rescaling(0.0, float(given)))
    for axis, step in enumerate(steps):
        if isinstance(step, int):
            new = _fresh(low, new, axis)
    return _replaced(low, value, steps, new, 0)


def _replaced(low: Workbench, value: Value, steps: list[Any], new: Value, axis: int) -> Value:
    """`value` with `new` where the steps say, from an axis on."""
    while axis < len(steps):
        length, step = value.shape[axis], steps[axis]
        asked = step if isinstance(step, slice) else slice(step, step + 1 or None)
        start, stop, stride = asked.indices(int(length))
        if (start, stop, stride) != (0, int(length), 1):
            break
        axis += 1
    else:
        return new
    if stride != 1:
        raise NotLoweredError("every second position replaced, or fewer")
    before = [_stretch(low, value, axis, slice(0, start))] if start else []
    behind = [_stretch(low, value, axis, slice(stop, None))] if stop < int(length) else []
    middle = _stretch(low, value, axis, slice(start, stop))
    inner = _replaced(low, middle, steps, new, axis + 1)
    parts = [*before, inner, *behind]
    return low.on(parts, ac.Concatenate(axis=value.axis(axis)), value.at, value.shape)


@lowers("chunk", "split", "tensor_split", "split_with_sizes", "unsafe_chunk", "unsafe_split")
def split(low: Workbench, x: Any, sections: Any = None, dim: int = 0, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    dim = kwargs.get("dim", dim) % len(value.shape)
    shapes = low.shapes()
    if value.at is not None and value.at.axis == dim:
        return _samples_apart(low, value, shapes)
    sizes = [shape[dim] for shape in shapes]
    equal = all(size is sizes[0] or size == sizes[0] for size in sizes)
    layer = ac.Split(len(sizes) if equal else tuple(sizes), value.axis(dim))
    return low.on_many(value, layer, [value.at] * len(shapes), shapes)


def _samples_apart(low: Workbench, value: Value, shapes: Sequence[Any]) -> Lowered:
    """Whole batches that were put in a row, as pairs of images are, one by one again."""
    at = value.at
    if at is None or at.inner != 1 or any(int(s[at.axis]) != value.batch for s in shapes):
        raise MixesSamplesError("a part of the batch")
    layer = ac.Unbind(len(shapes), value.own_axis())
    return low.on_many(value, layer, [Batch(at.axis)] * len(shapes), shapes)


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
    values = low.alike([low.tensor_of(x) for x in tensors if not low.is_empty(x)])
    if len(values) == 1:
        return values[0]
    (shape,) = low.shapes()
    first = next((v for v in values if v.at is not None), values[0])
    if first.at is not None and first.at.axis == dim % len(shape):
        return _batches_in_a_row(low, values, first.at, shape)
    layer = ac.Concatenate(axis=first.axis(dim))
    return low.on(values, layer, first.at, shape)


def _batches_in_a_row(
    low: Workbench, values: Sequence[Value], at: Batch, shape: Sequence[int]
) -> Lowered:
    """One batch after the other along its axis: a new axis that is folded into it."""
    if any(not v.is_free or v.at != at for v in values):
        raise MixesSamplesError("the batch beside something else along one axis")
    return low.on(values, ac.Stack(at.axis + 1), Batch(at.axis), shape)


@lowers("stack")
def stack(low: Workbench, tensors: Any, dim: int = 0) -> Lowered:
    values = [low.tensor_of(x) for x in tensors]
    (shape,) = low.shapes()
    place, at = dim % len(shape), values[0].at
    if at is not None and place <= at.axis:
        at = Batch(at.axis + 1, at.inner)
    made = Value(None, shape, at, values[0].batch)
    return low.on(values, ac.Stack(made.axis(place)), at, shape)
