"""Reductions along axes, and axes that move, come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch, after_reshape
from archcalc.frameworks.importing.functions.registry import FUNCTIONS, Lower, Lowered, lowers
from archcalc.frameworks.importing.values import MixesSamplesError, NotLoweredError, Value

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


# Along axes


def _reducing(how: Any) -> Lower:
    def lower(
        low: Workbench, x: Any, dim: Any = None, keepdim: bool = False, **kwargs: Any
    ) -> Lowered:
        value = low.tensor_of(x)
        if dim is None or dim == ():
            raise MixesSamplesError("everything is reduced, the batch too")
        axes = (dim,) if isinstance(dim, int) else tuple(dim)
        correction = int(kwargs.get("correction", 1)) if how in ("variance", "deviation") else 0
        layer = ac.Reduce(how, tuple(value.axis(a) for a in axes), bool(keepdim), correction)
        return low.on(value, layer, low.after_removal(value, axes, keepdim))

    return lower


FUNCTIONS.update(
    {
        "mean": _reducing("mean"), "sum": _reducing("sum"), "amax": _reducing("max"),
        "amin": _reducing("min"), "var": _reducing("variance"), "std": _reducing("deviation"),
        "prod": _reducing("product"), "logsumexp": _reducing("sum"),
    }
)  # fmt: skip


@lowers("norm", "vector_norm", "linalg_norm", "linalg_vector_norm")
def norm(
    low: Workbench, x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, **kwargs: Any
) -> Lowered:
    made: Lowered = _reducing("norm")(low, x, dim, keepdim)
    return made


@lowers("max", "min")
def extreme(low: Workbench, x: Any, dim: Any = None, keepdim: bool = False) -> Lowered:
    """The largest along an axis, and where it is; or of two tensors."""
    name = low.call.what
    if not isinstance(dim, int):
        if dim is None:
            raise MixesSamplesError("everything is reduced, the batch too")
        return low.merged(ac.Maximum if name == "max" else ac.Minimum, [x, dim])
    best: Any = _reducing(name)(low, x, dim, keepdim)
    return [best, best]


@lowers("argmax", "argmin")
def where_it_is(low: Workbench, x: Any, dim: Any = None, keepdim: bool = False) -> Lowered:
    made: Lowered = _reducing("max")(low, x, dim, keepdim)
    return made


# Axes


@lowers("view", "reshape", "unflatten", "flatten", "view_as", "reshape_as", "_unsafe_view")
def reshape(low: Workbench, x: Any, *args: Any, **kwargs: Any) -> Lowered:
    """The same elements in another shape; an axis that is left open stays open."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    at = after_reshape(value.shape, value.at, shape, value.batch)
    if at is None and value.at is not None:
        raise NotLoweredError("the batch is torn apart")
    made = Value(None, shape, at, value.batch)
    if made.own == value.own:
        return Value(value.tensor, shape, at, value.batch)
    if low.call.what == "flatten":
        first, last = (args + (0, -1)[len(args) :])[:2]
        first, last = kwargs.get("start_dim", first), kwargs.get("end_dim", last)
        if value.is_free and first % len(value.shape) > (value.at or Batch()).axis:
            start, end = value.index(first) + 1, value.index(last) + 1
            return low.on(value, ac.Flatten(start, end if end < len(value.own) else -1), at, shape)
    return low.on(value, ac.Reshape(_open(made, args)), at, shape)


def _open(made: Value, args: Any) -> tuple[int, ...]:
    """The target, with −1 where the call has it and the batch is not in that axis."""
    sizes = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args
    target = list(made.own)
    if -1 in sizes and len(sizes) == len(made.shape):
        axis = sizes.index(-1)
        if made.at is None or axis != made.at.axis:
            target[made.index(axis)] = -1
    return tuple(target)


@lowers("permute")
def permute(low: Workbench, x: Any, *dims: Any, **kwargs: Any) -> Lowered:
    order = kwargs.get("dims") or (
        dims[0] if len(dims) == 1 and isinstance(dims[0], tuple) else dims
    )
    return _permuted(low, low.tensor_of(x), tuple(order))


@lowers("transpose", "swapaxes", "swapdims", "t", "T", "mT")
def transpose(low: Workbench, x: Any, dim0: int = 0, dim1: int = 1) -> Lowered:
    value = low.tensor_of(x)
    order = list(range(len(value.shape)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return _permuted(low, value, tuple(order))


@lowers("movedim", "moveaxis")
def movedim(low: Workbench, x: Any, source: Any, destination: Any) -> Lowered:
    value = low.tensor_of(x)
    rank = len(value.shape)
    ones = (source,) if isinstance(source, int) else source
    to = (destination,) if isinstance(destination, int) else destination
    placed = {d % rank: s % rank for s, d in zip(ones, to, strict=True)}
    rest = iter([axis for axis in range(rank) if axis not in placed.values()])
    return _permuted(
        low, value, tuple(placed[i] if i in placed else next(rest) for i in range(rank))
    )


def _permuted(low: Workbench, value: Value, order: tuple[int, ...]) -> Lowered:
    order = tuple(axis % len(value.shape) for axis in order)
    at = None if value.at is None else Batch(order.index(value.at.axis), value.at.inner)
    shape = tuple(value.shape[axis] for axis in order)
    free = value.at.axis if value.at is not None and value.is_free else None
    ours = [a - (free is not None and a > free) for a in order if a != free]
    if ours == sorted(ours):
        return Value(value.tensor, shape, at, value.batch)
    return low.on(value, ac.Permute(tuple(axis + 1 for axis in ours)), at, shape)


@lowers("unsqueeze")
def unsqueeze(low: Workbench, x: Any, dim: int) -> Lowered:
    value = low.tensor_of(x)
    place = dim % (len(value.shape) + 1)
    at = value.at
    if at is not None and place <= at.axis:
        at = Batch(at.axis + 1, at.inner)
    (shape,) = low.shapes()
    made = Value(None, shape, at, value.batch)
    return low.on(value, ac.ExpandDims(made.axis(place)), at, shape)


@lowers("squeeze")
def squeeze(low: Workbench, x: Any, dim: Any = None) -> Lowered:
    value = low.tensor_of(x)
    rank = len(value.shape)
    given = range(rank) if dim is None else [dim] if isinstance(dim, int) else dim
    axes = sorted({a % rank for a in given if value.shape[a] == 1}, reverse=True)
    for axis in axes:
        value = low.on(
            value, ac.Squeeze(value.axis(axis)), low.after_removal(value, (axis,), False),
            (*value.shape[:axis], *value.shape[axis + 1 :]),
        )  # fmt: skip
    return value


@lowers("expand", "expand_as", "broadcast_to")
def expand(low: Workbench, x: Any, *sizes: Any) -> Lowered:
    """Axes of length 1 stretched; along the batch it is the same for every sample."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    fresh = len(shape) - len(value.shape)
    at = None if value.at is None else Batch(value.at.axis + fresh, value.at.inner)
    padded = (1,) * fresh + value.shape
    for axis, (before, after) in enumerate(zip(padded, shape, strict=True)):
        if before == after or at is not None:
            continue
        if after % value.batch == 0 and after == value.batch:  # the same for every sample
            if axis >= fresh:
                value = low.on(value, ac.Squeeze(axis - fresh - len(value.own)), None)
            at = Batch(axis)
    made = Value(None, shape, at, value.batch)
    return low.stretched(value, made)


@lowers("repeat", "tile")
def repeat(low: Workbench, x: Any, *times: Any) -> Lowered:
    value = low.tensor_of(x)
    many = times[0] if len(times) == 1 and isinstance(times[0], tuple) else times
    fresh = len(many) - len(value.shape)
    if fresh == 0 and value.at is None and many and many[0] == value.batch and value.shape[0] == 1:
        value = low.on(value, ac.Squeeze(-len(value.own)), None)
        value = Value(value.tensor, (value.batch, *value.shape), Batch(0), value.batch)
        many = (1, *many[1:])
    if len(many) != len(value.shape):
        raise NotLoweredError("new axes by repetition")
    for axis, n in enumerate(many):
        if n != 1:
            shape = tuple(d * n if i == axis else d for i, d in enumerate(value.shape))
            value = low.on(value, ac.Tile(n, value.axis(axis)), value.at, shape)
    return value


@lowers("repeat_interleave")
def repeat_interleave(low: Workbench, x: Any, repeats: int, dim: Any = None, **_: Any) -> Lowered:
    value = low.tensor_of(x)
    if not isinstance(repeats, int) or dim is None:
        raise NotLoweredError("repetitions that differ")
    return low.on(value, ac.Tile(repeats, value.axis(dim), each=True))


@lowers("flip")
def flip(low: Workbench, x: Any, *dims: Any) -> Lowered:
    value = low.tensor_of(x)
    axes = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple) else dims
    for axis in axes:
        value = low.on(value, ac.Flip(value.axis(axis)))
    return value


@lowers("roll")
def roll(low: Workbench, x: Any, shifts: Any, dims: Any = None) -> Lowered:
    value = low.tensor_of(x)
    if dims is None:
        raise MixesSamplesError("everything is rolled, the batch too")
    by = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    axes = (dims,) if isinstance(dims, int) else tuple(dims)
    forward = tuple(n % value.shape[axis] for n, axis in zip(by, axes, strict=True))
    for n, axis in zip(forward, axes, strict=True):
        value = low.on(value, ac.Roll(n, value.axis(axis))) if n else value
    return value
