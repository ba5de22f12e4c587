"""What torch's functions are here: for each, from its arguments to the layers that say it.

A function of this module takes a `Lowering`, which has the tensors, and the arguments of the call as
torch names them; it gives values.  One that cannot say its call raises `NotLowered`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch, after_reshape
from archcalc.frameworks.importing.values import MixesSamples, NotLowered, Value

if TYPE_CHECKING:
    from archcalc.frameworks.importing.lowering import Lowering

__all__ = ["FUNCTIONS", "Lowered"]

Lowered: TypeAlias = Value | Sequence[Value]
Lower: TypeAlias = Callable[..., Lowered]

FUNCTIONS: dict[str, Lower] = {}
"""By torch's name."""


def lowers(*names: str) -> Callable[[Lower], Lower]:
    """Register a function under torch's names."""

    def register(function: Lower) -> Lower:
        FUNCTIONS.update(dict.fromkeys(names, function))
        return function

    return register


# One tensor, the same shape


@lowers("contiguous", "to", "type", "float", "half", "bfloat16", "double", "clone", "detach", "cpu",
        "cuda", "type_as", "requires_grad", "alias", "int", "long", "bool", "fill", "zero",
        "masked_fill", "nan_to_num", "copy", "checkpoint")  # fmt: skip
def same(low: Lowering, x: Any, *args: Any, **kwargs: Any) -> Lowered:
    """The same numbers, in another place or kind, or replaced by constants where a mask says so."""
    return low.value(x)


def _activation(name: str) -> Lower:
    def lower(low: Lowering, x: Any, *args: Any, **kwargs: Any) -> Lowered:
        return low.on(low.tensor_of(x), ac.Activation(name))

    return lower


FUNCTIONS.update(
    {
        theirs: _activation(ours)
        for theirs, ours in {
            **{n: n for n in ("relu", "relu6", "gelu", "silu", "sigmoid", "tanh", "softplus", "elu",
                              "selu", "celu", "mish", "softsign", "leaky_relu")},
            "hardswish": "hard_swish", "hardsigmoid": "hard_sigmoid", "hardtanh": "hard_tanh",
            "logsigmoid": "log_sigmoid", "softshrink": "soft_shrink", "tanhshrink": "tanh_shrink",
            "hardshrink": "hard_shrink", "swish": "silu",
        }.items()
    }
)  # fmt: skip


def _function(name: Any) -> Lower:
    def lower(low: Lowering, x: Any, *args: Any, **kwargs: Any) -> Lowered:
        return low.on(low.tensor_of(x), ac.Function(name))

    return lower


FUNCTIONS.update(
    {
        theirs: _function(ours)
        for theirs, ours in {
            **{n: n for n in ("absolute", "ceil", "cos", "erf", "exp", "expm1", "floor", "log",
                              "log1p", "log2", "reciprocal", "round", "rsqrt", "sign", "sin",
                              "sqrt", "square", "tan", "logical_not")},
            "abs": "absolute", "neg": "negative", "__neg__": "negative", "negative": "negative",
            "__invert__": "logical_not", "bitwise_not": "logical_not",
        }.items()
    }
)  # fmt: skip


@lowers("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
def dropout(low: Lowering, x: Any, p: float = 0.5, *args: Any, **kwargs: Any) -> Lowered:
    return low.on(low.tensor_of(x), ac.Dropout(p))


@lowers("clamp", "clip", "clamp_min", "clamp_max")
def clamp(low: Lowering, x: Any, min: Any = None, max: Any = None, **kwargs: Any) -> Lowered:  # noqa: A002
    ends = [end if isinstance(end, int | float) else None for end in (min, max)]
    return low.on(low.tensor_of(x), ac.Clip(*ends))


def _along_axis(name: str) -> Lower:
    def lower(low: Lowering, x: Any, dim: int = -1, *args: Any, **kwargs: Any) -> Lowered:
        value = low.tensor_of(x)
        return low.on(value, _normalized_along(name, value.axis(dim)))

    return lower


def _normalized_along(name: str, axis: int) -> Any:
    return ac.Softmax(axis=axis) if name == "softmax" else ac.Activation(name)


FUNCTIONS.update({name: _along_axis(name) for name in ("softmax", "log_softmax")})


@lowers("cumsum")
def cumsum(low: Lowering, x: Any, dim: int, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    return low.on(value, ac.CumulativeSum(value.axis(dim)))


@lowers("normalize")
def normalize(low: Lowering, x: Any, p: float = 2.0, dim: int = 1, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    return low.on(value, ac.UnitNormalization(value.axis(dim)))


# Several, element by element


def _merging(layer: Any, constant: Callable[[float], Any]) -> Lower:
    def lower(low: Lowering, a: Any, b: Any, *args: Any, **kwargs: Any) -> Lowered:
        return low.merged(layer, [a, b], constant)

    return lower


def _rescaled(scale: Callable[[float], float], offset: Callable[[float], float]) -> Any:
    return lambda value: ac.Rescaling(scale(value), offset(value))


def _one(value: float) -> float:
    return 1.0


def _zero(value: float) -> float:
    return 0.0


_ADD = _merging(ac.Add, _rescaled(_one, float))
_SUBTRACT = _merging(ac.Subtract, _rescaled(_one, lambda value: -float(value)))
_MULTIPLY = _merging(ac.Multiply, _rescaled(float, _zero))
_DIVIDE = _merging(ac.Divide, ac.Divide)
_POWER = _merging(ac.Power, ac.Power)

FUNCTIONS.update(
    {
        **dict.fromkeys(("add", "__add__", "__radd__", "__iadd__"), _ADD),
        **dict.fromkeys(("sub", "subtract", "__sub__", "__rsub__", "__isub__", "rsub"), _SUBTRACT),
        **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__", "__imul__"), _MULTIPLY),
        **dict.fromkeys(("div", "divide", "true_divide", "__truediv__", "__rtruediv__", "__div__",
                         "__itruediv__", "floor_divide", "__floordiv__", "remainder", "fmod",
                         "__mod__"), _DIVIDE),
        **dict.fromkeys(("pow", "__pow__", "__rpow__", "float_power"), _POWER),
        **dict.fromkeys(("maximum", "logical_or", "__or__"), _merging(ac.Maximum, ac.Clip)),
        **dict.fromkeys(("minimum", "logical_and", "__and__"), _merging(ac.Minimum, ac.Clip)),
    }
)  # fmt: skip


def _comparing(how: Any) -> Lower:
    return _merging(lambda: ac.Compare(how), lambda value: ac.Compare(how, float(value)))


FUNCTIONS.update(
    {
        name: _comparing(how)
        for how, names in {
            "equal": ("eq", "__eq__"), "not_equal": ("ne", "__ne__"), "less": ("lt", "__lt__"),
            "less_equal": ("le", "__le__"), "greater": ("gt", "__gt__"),
            "greater_equal": ("ge", "__ge__"),
        }.items()
        for name in names
    }
)  # fmt: skip


@lowers("where")
def where(low: Lowering, condition: Any, a: Any = None, b: Any = None) -> Lowered:
    return low.merged(ac.Where, [condition, a, b])


@lowers("addcmul")
def addcmul(low: Lowering, x: Any, a: Any, b: Any, *, value: float = 1) -> Lowered:
    return low.merged(ac.Add, [x, low.merged(ac.Multiply, [a, b])])


@lowers("lerp")
def lerp(low: Lowering, start: Any, end: Any, weight: Any) -> Lowered:
    return low.merged(ac.Add, [start, end])


# Along axes


def _reducing(how: Any) -> Lower:
    def lower(
        low: Lowering, x: Any, dim: Any = None, keepdim: bool = False, **kwargs: Any
    ) -> Lowered:
        value = low.tensor_of(x)
        if dim is None or dim == ():
            raise MixesSamples("everything is reduced, the batch too")
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
    low: Lowering, x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, **kwargs: Any
) -> Lowered:
    return _reducing("norm")(low, x, dim, keepdim)


@lowers("max", "min")
def extreme(low: Lowering, x: Any, dim: Any = None, keepdim: bool = False) -> Lowered:
    """The largest along an axis, and where it is; or of two tensors."""
    name = low.call.what
    if not isinstance(dim, int):
        if dim is None:
            raise MixesSamples("everything is reduced, the batch too")
        return low.merged(ac.Maximum if name == "max" else ac.Minimum, [x, dim])
    best = _reducing(name)(low, x, dim, keepdim)
    return [best, best]  # type: ignore[list-item]


@lowers("argmax", "argmin")
def where_it_is(low: Lowering, x: Any, dim: Any = None, keepdim: bool = False) -> Lowered:
    return _reducing("max")(low, x, dim, keepdim)


# Axes


@lowers("view", "reshape", "unflatten", "flatten", "view_as", "reshape_as", "_unsafe_view")
def reshape(low: Lowering, x: Any, *args: Any, **kwargs: Any) -> Lowered:
    """The same elements in another shape; an axis that is left open stays open."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    at = after_reshape(value.shape, value.at, shape, value.batch)
    if at is None and value.at is not None:
        raise NotLowered("the batch is torn apart")
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
def permute(low: Lowering, x: Any, *dims: Any, **kwargs: Any) -> Lowered:
    order = kwargs.get("dims") or (dims[0] if len(dims) == 1 and isinstance(dims[0], tuple) else dims)
    return _permuted(low, low.tensor_of(x), tuple(order))


@lowers("transpose", "swapaxes", "swapdims", "t", "T", "mT")
def transpose(low: Lowering, x: Any, dim0: int = 0, dim1: int = 1) -> Lowered:
    value = low.tensor_of(x)
    order = list(range(len(value.shape)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return _permuted(low, value, tuple(order))


@lowers("movedim", "moveaxis")
def movedim(low: Lowering, x: Any, source: Any, destination: Any) -> Lowered:
    value = low.tensor_of(x)
    rank = len(value.shape)
    ones = (source,) if isinstance(source, int) else source
    to = (destination,) if isinstance(destination, int) else destination
    placed = {d % rank: s % rank for s, d in zip(ones, to, strict=True)}
    rest = iter([axis for axis in range(rank) if axis not in placed.values()])
    return _permuted(low, value, tuple(placed[i] if i in placed else next(rest) for i in range(rank)))


def _permuted(low: Lowering, value: Value, order: tuple[int, ...]) -> Lowered:
    order = tuple(axis % len(value.shape) for axis in order)
    at = None if value.at is None else Batch(order.index(value.at.axis), value.at.inner)
    shape = tuple(value.shape[axis] for axis in order)
    free = value.at.axis if value.at is not None and value.is_free else None
    ours = [a - (free is not None and a > free) for a in order if a != free]
    if ours == sorted(ours):
        return Value(value.tensor, shape, at, value.batch)
    return low.on(value, ac.Permute(tuple(axis + 1 for axis in ours)), at, shape)


@lowers("unsqueeze")
def unsqueeze(low: Lowering, x: Any, dim: int) -> Lowered:
    value = low.tensor_of(x)
    place = dim % (len(value.shape) + 1)
    at = value.at
    if at is not None and place <= at.axis:
        at = Batch(at.axis + 1, at.inner)
    (shape,) = low.shapes()
    made = Value(None, shape, at, value.batch)
    return low.on(value, ac.ExpandDims(made.axis(place)), at, shape)


@lowers("squeeze")
def squeeze(low: Lowering, x: Any, dim: Any = None) -> Lowered:
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
def expand(low: Lowering, x: Any, *sizes: Any) -> Lowered:
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
def repeat(low: Lowering, x: Any, *times: Any) -> Lowered:
    value = low.tensor_of(x)
    many = times[0] if len(times) == 1 and isinstance(times[0], tuple) else times
    fresh = len(many) - len(value.shape)
    if fresh == 0 and value.at is None and many and many[0] == value.batch and value.shape[0] == 1:
        value = low.on(value, ac.Squeeze(-len(value.own)), None)
        value = Value(value.tensor, (value.batch, *value.shape), Batch(0), value.batch)
        many = (1, *many[1:])
    if len(many) != len(value.shape):
        raise NotLowered("new axes by repetition")
    for axis, n in enumerate(many):
        if n != 1:
            shape = tuple(d * n if i == axis else d for i, d in enumerate(value.shape))
            value = low.on(value, ac.Tile(n, value.axis(axis)), value.at, shape)
    return value


@lowers("repeat_interleave")
def repeat_interleave(low: Lowering, x: Any, repeats: int, dim: Any = None, **_: Any) -> Lowered:
    value = low.tensor_of(x)
    if not isinstance(repeats, int) or dim is None:
        raise NotLowered("repetitions that differ")
    return low.on(value, ac.Tile(repeats, value.axis(dim), each=True))


@lowers("flip")
def flip(low: Lowering, x: Any, *dims: Any) -> Lowered:
    value = low.tensor_of(x)
    axes = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple) else dims
    for axis in axes:
        value = low.on(value, ac.Flip(value.axis(axis)))
    return value


@lowers("roll")
def roll(low: Lowering, x: Any, shifts: Any, dims: Any = None) -> Lowered:
    value = low.tensor_of(x)
    if dims is None:
        raise MixesSamples("everything is rolled, the batch too")
    by = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    axes = (dims,) if isinstance(dims, int) else tuple(dims)
    forward = tuple(n % value.shape[axis] for n, axis in zip(by, axes, strict=True))
    for n, axis in zip(forward, axes, strict=True):
        value = low.on(value, ac.Roll(n, value.axis(axis))) if n else value
    return value


# Parts


@lowers("__getitem__")
def getitem(low: Lowering, x: Any, index: Any) -> Lowered:
    """Slices, positions and new axes, one after the other."""
    value = low.tensor_of(x)
    asked = index if isinstance(index, tuple) else (index,)
    if len(asked) == 1 and low.is_tensor(asked[0]) and value.at is None:
        (made,) = low.shapes()
        places = low.tensor_of(asked[0])
        return low.on([value, places], ac.Take(-len(value.own)), places.at, made)
    if any(not isinstance(one, int | slice) and one is not None and one is not Ellipsis for one in asked):
        raise NotLowered("an index that is a tensor")
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
            raise NotLowered("an index that is no number")
        axis += 1
    return value


def _fresh(low: Lowering, value: Value, axis: int) -> Value:
    shape = (*value.shape[:axis], 1, *value.shape[axis:])
    at = value.at
    if at is not None and axis <= at.axis:
        at = Batch(at.axis + 1, at.inner)
    made = Value(None, shape, at, value.batch)
    return low.on(value, ac.ExpandDims(made.axis(axis)), at, shape)


def _position(low: Lowering, value: Value, axis: int, index: int) -> Value:
    shape = (*value.shape[:axis], *value.shape[axis + 1 :])
    layer = ac.Select(value.axis(axis), index)
    return low.on(value, layer, low.after_removal(value, (axis,), False), shape)


def _stretch(low: Lowering, value: Value, axis: int, asked: slice) -> Value:
    length = value.shape[axis]
    start, stop, step = asked.indices(length)
    if (start, stop, step) == (0, length, 1):
        return value
    shape = list(value.shape)
    shape[axis] = len(range(start, stop, step))
    if step < 1:
        raise NotLowered("a slice that goes backwards")
    layer = ac.Slice(value.axis(axis), asked.start or 0, asked.stop, step)
    return low.on(value, layer, value.at, tuple(shape))


@lowers("narrow")
def narrow(low: Lowering, x: Any, dim: int, start: int, length: int) -> Lowered:
    value = low.tensor_of(x)
    return _stretch(low, value, dim % len(value.shape), slice(start, start + length))


@lowers("select")
def select(low: Lowering, x: Any, dim: int, index: int) -> Lowered:
    value = low.tensor_of(x)
    return _position(low, value, dim % len(value.shape), index)


@lowers("chunk", "split", "tensor_split", "split_with_sizes", "unsafe_chunk", "unsafe_split")
def split(low: Lowering, x: Any, sections: Any = None, dim: int = 0, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    dim = kwargs.get("dim", dim) % len(value.shape)
    shapes = low.shapes()
    sizes = [shape[dim] for shape in shapes]
    equal = len(set(sizes)) == 1
    layer = ac.Split(len(sizes) if equal else tuple(sizes), value.axis(dim))
    return low.on_many(value, layer, [value.at] * len(shapes), shapes)


@lowers("unbind", "__iter__")
def unbind(low: Lowering, x: Any, dim: int = 0) -> Lowered:
    value = low.tensor_of(x)
    shapes = low.shapes()
    at = low.after_removal(value, (dim,), False)
    layer = ac.Unbind(len(shapes), value.axis(dim))
    return low.on_many(value, layer, [at] * len(shapes), shapes)


@lowers("cat", "concat", "concatenate")
def concatenate(low: Lowering, tensors: Any, dim: int = 0, **kwargs: Any) -> Lowered:
    dim = kwargs.get("axis", dim)
    values = low.alike([low.tensor_of(x) for x in tensors], dim)
    if len(values) == 1:
        return values[0]
    (shape,) = low.shapes()
    layer = ac.Concatenate(axis=values[0].axis(dim))
    return low.on(values, layer, values[0].at, shape)


@lowers("stack")
def stack(low: Lowering, tensors: Any, dim: int = 0) -> Lowered:
    values = [low.tensor_of(x) for x in tensors]
    (shape,) = low.shapes()
    place, at = dim % len(shape), values[0].at
    if at is not None and place <= at.axis:
        at = Batch(at.axis + 1, at.inner)
    made = Value(None, shape, at, values[0].batch)
    return low.on(values, ac.Stack(made.axis(place)), at, shape)


# Products


@lowers("matmul", "__matmul__", "bmm", "mm", "mv")
def matmul(low: Lowering, a: Any, b: Any) -> Lowered:
    first, second = low.tensor_of(a), low.tensor_of(b)
    if min(len(first.shape), len(second.shape)) < 2:
        raise NotLowered("a product with a vector")
    (shape,) = low.shapes()
    at = _batch_of_product(first, second, shape)
    return low.on([first, second], ac.Matmul(), at, shape)


def _batch_of_product(first: Value, second: Value, shape: Sequence[int]) -> Batch | None:
    for value in (first, second):
        if value.at is not None:
            axis = value.at.axis + len(shape) - len(value.shape)
            if axis >= len(shape) - 1 - (value is first) + (value is second and 0):
                if value is first and axis == len(shape) - 2:
                    return Batch(axis, value.at.inner)
                raise MixesSamples("the batch is a factor of a product")
            return Batch(axis, value.at.inner)
    return None


@lowers("baddbmm")
def baddbmm(low: Lowering, x: Any, a: Any, b: Any, **kwargs: Any) -> Lowered:
    return low.merged(ac.Add, [x, matmul(low, a, b)])


@lowers("scaled_dot_product_attention")
def attention(
    low: Lowering, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Any = None, enable_gqa: bool = False,
) -> Lowered:  # fmt: skip
    given = [low.tensor_of(x) for x in (query, key, value)]
    (shape,) = low.shapes()
    layer = ac.ScaledDotProductAttention(bool(is_causal))
    return low.on(given, layer, given[0].at, shape)


@lowers("einsum")
def einsum(low: Lowering, equation: str, *operands: Any) -> Lowered:
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple) else operands
    values = [low.tensor_of(x) for x in tensors]
    (shape,) = low.shapes()
    text, at = _without_batch(equation.replace(" ", ""), values)
    return low.on(values, ac.Einsum(text), at, shape)


def _without_batch(equation: str, values: Sequence[Value]) -> tuple[str, Batch | None]:
    """The equation with the batch before every part, and where it was in the output.

    A part without the batch is the same for every sample; of an axis that the batch was folded into
    the letter stays as well.
    """
    equation = _spelled_out(equation, values)
    ins, _, out = equation.partition("->")
    parts = ins.split(",")
    letters = {
        part[value.at.axis] for part, value in zip(parts, values, strict=True) if value.at is not None
    }
    if len(letters) > 1 or not letters <= set(out):
        raise MixesSamples("the equation sums along the batch")
    letter = "".join(letters)
    first = next((v.at for v in values if v.at is not None), None)
    at = None if first is None else Batch(out.index(letter), first.inner)
    free = all(value.is_free for value in values if value.at is not None)
    own = [part.replace(letter, "") if letter and free else part for part in (*parts, out)]
    return f"{','.join(f'z{part}' for part in own[:-1])}->z{own[-1]}", at


def _spelled_out(equation: str, values: Sequence[Value]) -> str:
    """With letters for what ``...`` stands for.

    >>> from types import SimpleNamespace
    >>> _spelled_out("...id,...jd->...ij", [SimpleNamespace(shape=(8, 4, 5, 6))] * 2)
    'qrba,qrca->qrbc'
    """
    if "->" not in equation:
        raise NotLowered("an equation that leaves its output open")
    letters = sorted({one for one in equation if one.isalpha()})
    equation = "".join("abcdefghijklmnop"[letters.index(c)] if c.isalpha() else c for c in equation)
    ins, _, out = equation.partition("->")
    free = "qrstuvwxy"
    longest, parts = 0, []
    for part, value in zip(ins.split(","), values, strict=True):
        more = len(value.shape) - len(part.replace("...", ""))
        longest = max(longest, more)
        parts.append((part, more))
    every = free[:longest]
    made = [part.replace("...", every[longest - more :]) for part, more in parts]
    return f"{','.join(made)}->{out.replace('...', every)}"


@lowers("linear")
def linear(low: Lowering, x: Any, weight: Any, bias: Any = None) -> Lowered:
    """A Dense where the weights are the model's; products and sums where they were computed."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    if low.is_weight(weight) and (bias is None or low.is_weight(bias)):
        layer = low.held(ac.Dense(low.size(weight, 0), use_bias=bias is not None), weight, bias)
        return low.on(value, layer, value.at, shape)
    if low.is_weight(weight):
        plain = low.held(ac.Dense(low.size(weight, 0), use_bias=False), weight)
        made = low.on(value, plain, value.at, shape)
    else:
        both = [value, low.tensor_of(weight)]
        made = low.on(both, ac.Matmul(transpose_second=True), value.at, shape)
    return made if bias is None else low.merged(ac.Add, [made, bias])


def _convolution(rank: int) -> Lower:
    def lower(
        low: Lowering, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Lowered:  # fmt: skip
        value = low.tensor_of(x)
        kind = {1: ac.Conv1D, 2: ac.Conv2D, 3: ac.Conv3D}[rank]
        shape = low.shape_of(weight)
        layer = kind(
            shape[0], tuple(shape[2:]), strides=_each(stride, rank),
            padding=padding if isinstance(padding, str) else _each(padding, rank),
            data_format="channels_first", dilation_rate=_each(dilation, rank), groups=groups,
            use_bias=bias is not None,
        )  # fmt: skip
        (made,) = low.shapes()
        return low.on(value, low.held(layer, weight, bias), value.at, made)

    return lower


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value) * (rank // len(value))


FUNCTIONS.update({f"conv{rank}d": _convolution(rank) for rank in (1, 2, 3)})


# Modules as functions

AS_MODULES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "max_pool1d": ("MaxPool1d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "max_pool2d": ("MaxPool2d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "max_pool3d": ("MaxPool3d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "avg_pool1d": (
        "AvgPool1d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "avg_pool2d": (
        "AvgPool2d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "avg_pool3d": (
        "AvgPool3d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "adaptive_avg_pool1d": ("AdaptiveAvgPool1d", ("output_size",)),
    "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", ("output_size",)),
    "adaptive_avg_pool3d": ("AdaptiveAvgPool3d", ("output_size",)),
    "adaptive_max_pool1d": ("AdaptiveMaxPool1d", ("output_size",)),
    "adaptive_max_pool2d": ("AdaptiveMaxPool2d", ("output_size",)),
    "adaptive_max_pool3d": ("AdaptiveMaxPool3d", ("output_size",)),
    "pixel_shuffle": ("PixelShuffle", ("upscale_factor",)),
    "pixel_unshuffle": ("PixelUnshuffle", ("downscale_factor",)),
    "channel_shuffle": ("ChannelShuffle", ("groups",)),
    "unfold": ("Unfold", ("kernel_size", "dilation", "padding", "stride")),
    "fold": ("Fold", ("output_size", "kernel_size", "dilation", "padding", "stride")),
    "glu": ("GLU", ("dim",)),
    "interpolate": ("Upsample", ("size", "scale_factor", "mode", "align_corners")),
    "local_response_norm": ("LocalResponseNorm", ("size", "alpha", "beta", "k")),
}  # fmt: skip
"""Functions that are a module of torch's, whose record says the rest, and their arguments."""


def _as_module(module: str, names: tuple[str, ...]) -> Lower:
    def lower(low: Lowering, x: Any, *args: Any, **kwargs: Any) -> Lowered:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        known = {name: given[name] for name in names if given.get(name) is not None}
        return low.module(module, known, low.tensor_of(x))

    return lower


FUNCTIONS.update({name: _as_module(*what) for name, what in AS_MODULES.items()})


@lowers("pad")
def pad(
    low: Lowering, x: Any, pad: Any, mode: str = "constant", value: Any = None
) -> Lowered:
    """Amounts before and after, the last axis first."""
    tensor = low.tensor_of(x)
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    (made,) = low.shapes()
    for back, (before, after) in enumerate(pairs, start=1):
        axis = len(tensor.shape) - back
        if (before, after) != (0, 0):
            tensor = _padded(low, tensor, axis, before, after, mode)
    return Value(tensor.tensor, made, tensor.at, tensor.batch)


def _padded(
    low: Lowering, value: Value, axis: int, before: int, after: int, mode: str
) -> Value:
    """One axis padded: as the time of a sequence, with the others before and after it joined."""
    index, own = value.index(axis), value.own
    shape = tuple(d + (before + after) * (i == axis) for i, d in enumerate(value.shape))
    if min(before, after) < 0 and max(before, after) <= 0:
        stop = None if after == 0 else after
        return low.on(value, ac.Slice(value.axis(axis), -before, stop), value.at, shape)
    rank = len(own)
    place = {1: ac.ZeroPadding1D, 2: ac.ZeroPadding2D, 3: ac.ZeroPadding3D}
    if mode == "constant" and rank in (2, 3, 4):
        spatial = rank - 1
        first = index >= 1  # channels first, unless it is the first axis that is padded
        amounts = [(0, 0)] * spatial
        amounts[index - 1 if first else 0] = (before, after)
        layer = place[spatial](
            amounts[0] if spatial == 1 else tuple(amounts),
            data_format="channels_first" if first else "channels_last",
        )
        return low.on(value, layer, value.at, shape)
    raise NotLowered(f"padding by {mode}")


@lowers("batch_norm")
def batch_norm(
    low: Lowering, x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Lowered:  # fmt: skip
    weight, bias = low.parameter(weight), low.parameter(bias)
    value = low.tensor_of(x)
    kept = running_mean is not None
    layer = ac.BatchNormalization(
        axis=1, epsilon=eps, center=bias is not None, scale=weight is not None,
        track_running_stats=kept,
    )  # fmt: skip
    return low.on(value, low.held(layer, weight, bias, running_mean, running_var))


@lowers("layer_norm")
def layer_norm(
    low: Lowering, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None,
    eps: float = 1e-5,
) -> Lowered:  # fmt: skip
    weight, bias = low.parameter(weight), low.parameter(bias)
    value = low.tensor_of(x)
    axes = tuple(range(-len(normalized_shape), 0))
    layer = ac.LayerNormalization(
        axis=axes, epsilon=eps, center=bias is not None, scale=weight is not None
    )
    return low.on(value, low.held(layer, weight, bias))


@lowers("rms_norm")
def rms_norm(
    low: Lowering, x: Any, normalized_shape: Any, weight: Any = None, eps: Any = None
) -> Lowered:
    value = low.tensor_of(x)
    if weight is None:
        raise NotLowered("a norm without a scale")
    axes = tuple(range(-len(normalized_shape), 0))
    return low.on(value, low.held(ac.RMSNormalization(axis=axes), weight))


@lowers("group_norm")
def group_norm(
    low: Lowering, x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Lowered:
    weight, bias = low.parameter(weight), low.parameter(bias)
    value = low.tensor_of(x)
    layer = ac.GroupNormalization(
        num_groups, axis=1, epsilon=eps, center=bias is not None, scale=weight is not None
    )
    return low.on(value, low.held(layer, weight, bias))


@lowers("embedding")
def embedding(low: Lowering, x: Any, weight: Any, *args: Any, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    rows, width = low.shape_of(weight)
    (shape,) = low.shapes()
    return low.on(value, low.held(ac.Embedding(rows, width), weight), value.at, shape)


@lowers("index_select")
def index_select(low: Lowering, x: Any, dim: int, index: Any) -> Lowered:
    value, places = low.tensor_of(x), low.tensor_of(index)
    (shape,) = low.shapes()
    if places.at is not None:
        raise MixesSamples("which positions differ from sample to sample")
    return low.on([value, places], ac.Take(value.axis(dim)), value.at, shape)


@lowers("gather", "take_along_dim")
def gather(low: Lowering, x: Any, dim: Any, index: Any = None, **kwargs: Any) -> Lowered:
    value, places = low.tensor_of(x), low.tensor_of(index)
    (shape,) = low.shapes()
    return low.on([value, places], ac.TakeAlongAxis(value.axis(dim)), value.at, shape)
