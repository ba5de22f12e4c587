"""Reductions along axes, and axes that move, come and go."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch, after_reshape
from archcalc.frameworks.importing.functions.registry import FUNCTIONS, Lower, Lowered, lowers
from archcalc.frameworks.importing.values import (
    MixesSamplesError,
    NotLoweredError,
    OfAllSamplesError,
    Value,
)

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


# Along axes


def _reduced(
    low: Workbench, x: Any, how: Any, dim: Any, keepdim: Any = False, correction: int = 0
) -> Value:
    value = low.tensor_of(x)
    if dim is None or dim == ():
        dim = tuple(range(len(value.shape)))
    axes = (dim,) if isinstance(dim, int) else tuple(dim)
    at = value.at if value.is_free else None
    if at is not None and any(axis % len(value.shape) == at.axis for axis in axes):
        raise OfAllSamplesError("the batch is reduced too")
    layer = ac.Reduce(how, tuple(value.axis(a) for a in axes), bool(keepdim), correction)
    shape = _left(value.shape, axes, bool(keepdim))
    return low.on(value, layer, low.after_removal(value, axes, bool(keepdim)), shape)


def _left(shape: Any, axes: Any, keepdim: bool) -> tuple[int, ...]:
    gone = {axis % len(shape) for axis in axes}
    if keepdim:
        return tuple(1 if axis in gone else n for axis, n in enumerate(shape))
    return tuple(n for axis, n in enumerate(shape) if axis not in gone)


def _reducing(how: Any) -> Lower:
    def lower(
        low: Workbench, x: Any, dim: Any = None, keepdim: bool = False, **kwargs: Any
    ) -> Lowered:
        return _reduced(low, x, how, dim, keepdim)

    return lower


FUNCTIONS.update(
    {
        "mean": _reducing("mean"), "sum": _reducing("sum"), "amax": _reducing("max"),
        "amin": _reducing("min"), "prod": _reducing("product"), "argmax": _reducing("argmax"),
        "argmin": _reducing("argmin"),
    }
)  # fmt: skip


def _spreading(how: Any, mean: bool) -> Lower:
    """The variance or its root, and maybe the mean beside it."""

    def lower(
        low: Workbench, x: Any, dim: Any = None, unbiased: Any = True, keepdim: bool = False,
        *, correction: Any = None,
    ) -> Lowered:  # fmt: skip
        less = int(unbiased) if correction is None else int(correction)
        spread = _reduced(low, x, how, dim, keepdim, less)
        return [spread, _reduced(low, x, "mean", dim, keepdim)] if mean else spread

    return lower


FUNCTIONS.update(
    {
        "var": _spreading("variance", False), "std": _spreading("deviation", False),
        "var_mean": _spreading("variance", True), "std_mean": _spreading("deviation", True),
    }
)  # fmt: skip


@lowers("any", "all")
def any_or_all(low: Workbench, x: Any, dim: Any = None, keepdim: bool = False) -> Lowered:
    """Whether one of them is not 0, or none is."""
    flags = low.on(low.tensor_of(x), ac.Compare("not_equal", 0.0))
    return _reduced(low, flags, "max" if low.call.what == "any" else "min", dim, keepdim)


@lowers("logsumexp")
def logsumexp(low: Workbench, x: Any, dim: Any = None, keepdim: bool = False) -> Lowered:
    """The logarithm of the sum of the exponentials."""
    powers = low.on(low.tensor_of(x), ac.Function("exp"))
    return low.on(_reduced(low, powers, "sum", dim, keepdim), ac.Function("log"))


@lowers("norm", "vector_norm", "linalg_norm", "linalg_vector_norm")
def norm(
    low: Workbench, x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, **kwargs: Any
) -> Lowered:
    p = kwargs.get("ord", p)
    if p in (2, "fro", None):
        return _reduced(low, x, "norm", dim, keepdim)
    if p not in (1, inf):
        raise NotLoweredError(f"a norm of order {p}")
    sizes = low.on(low.tensor_of(x), ac.Function("absolute"))
    return _reduced(low, sizes, "sum" if p == 1 else "max", dim, keepdim)


@lowers("max", "min")
def extreme(low: Workbench, x: Any, dim: Any = None, keepdim: bool = False) -> Lowered:
    """The largest along an axis, and where it is; or of two tensors."""
    name = low.call.what
    if low.is_tensor(dim):
        return low.merged(ac.Maximum if name == "max" else ac.Minimum, [x, dim])
    best = _reduced(low, x, name, dim, keepdim)
    if len(low.call.outputs) == 1:
        return best
    return [best, *([_reduced(low, x, f"arg{name}", dim, keepdim)] if low.is_used(1) else [])]


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


@lowers("T")
def turned_around(low: Workbench, x: Any) -> Lowered:
    """The axes from the last to the first."""
    value = low.tensor_of(x)
    return _permuted(low, value, tuple(reversed(range(len(value.shape)))))


@lowers("mT")
def matrix_transpose(low: Workbench, x: Any) -> Lowered:
    return transpose(low, x, -2, -1)


@lowers("transpose", "swapaxes", "swapdims", "t")
def transpose(low: Workbench, x: Any, dim0: int = 0, dim1: int = 1) -> Lowered:
    value = low.tensor_of(x)
    if len(value.shape) < 2:
        return value
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
def expand(low: Workbench, x: Any, *sizes: Any, **kwargs: Any) -> Lowered:
    """Axes of length 1 stretched; along the batch it is the same for every sample."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    fresh = len(shape) - len(value.shape)
    at = None if value.at is None else Batch(value.at.axis + fresh, value.at.inner)
    padded = (1,) * fresh + value.shape
    for axis, (before, after) in enumerate(zip(padded, shape, strict=True)):
        if at is None and int(before) == 1 and int(after) == value.batch:
            if axis >= fresh:  # the same for every sample
                value = low.on(value, ac.Squeeze(axis - len(shape)), None, value.shape)
            at = Batch(axis)
    made = Value(None, shape, at, value.batch)
    return low.stretched(value, made)


@lowers("repeat", "tile")
def repeat(low: Workbench, x: Any, *times: Any, **kwargs: Any) -> Lowered:
    """Every axis so many times over, those that are new too."""
    value = low.tensor_of(x)
    given = times or (kwargs.get("repeats") or kwargs.get("dims"),)
    many = given[0] if len(given) == 1 and isinstance(given[0], tuple) else given
    many = (1,) * (len(value.shape) - len(many)) + tuple(many)
    for _ in range(len(many) - len(value.shape)):
        value = _in_front(low, value)
    for axis, n in enumerate(many):
        if int(n) != 1 or type(n) is not int:
            value = _repeated(low, value, axis, n)
    return value


def _in_front(low: Workbench, value: Value) -> Value:
    at = None if value.at is None else Batch(value.at.axis + 1, value.at.inner)
    made = Value(None, (1, *value.shape), at, value.batch)
    return low.on(value, ac.ExpandDims(made.axis(0)), at, made.shape)


def _repeated(low: Workbench, value: Value, axis: int, n: int, each: bool = False) -> Value:
    """An axis several times over; samples are repeated as a new axis that is folded into theirs."""
    shape = tuple(d * n if i == axis else d for i, d in enumerate(value.shape))
    if value.at is None and int(n) == value.batch and int(value.shape[axis]) == 1:
        one = low.on(value, ac.Squeeze(axis - len(value.own)), None, value.shape)
        return Value(one.tensor, shape, Batch(axis), value.batch)
    if value.at is not None and axis == value.at.axis:
        if not value.is_free:
            raise NotLoweredError("samples that are repeated with what is folded into them")
        at = Batch(axis, int(n) if each else 1)
        one = low.on(value, ac.ExpandDims(axis + 1), at, shape)
        return low.on(one, ac.Tile(n, axis + 1), at, shape)
    return low.on(value, ac.Tile(n, value.axis(axis), each=each), value.at, shape)


@lowers("repeat_interleave")
def repeat_interleave(low: Workbench, x: Any, repeats: int, dim: Any = None, **_: Any) -> Lowered:
    value = low.tensor_of(x)
    if not isinstance(repeats, int) or dim is None:
        raise NotLoweredError("repetitions that differ")
    return _repeated(low, value, dim % len(value.shape), repeats, each=True)


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
    for n, axis in zip(by, axes, strict=True):
        if int(n) or type(n) is not int:
            value = low.on(value, ac.Roll(n, value.axis(axis)), value.at, value.shape)
    return value


@lowers("unfold_axis")
def unfold(low: Workbench, x: Any, dimension: int, size: int, step: int) -> Lowered:
    """Windows of an axis: what lies within them becomes the last axis."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    axis = dimension % len(value.shape)
    places = low.constant((shape[axis], size))
    between = (*value.shape[:axis], shape[axis], size, *value.shape[axis + 1 :])
    at = value.at
    if at is not None and at.axis > axis:
        at = Batch(at.axis + 1, at.inner)
    taken = low.on([value, places], ac.Take(value.axis(axis)), at, between)
    order = [i for i in range(len(between)) if i != axis + 1]
    return _permuted(low, taken, (*order, axis + 1))
