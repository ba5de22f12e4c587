"""What is done number by number, to one tensor or to several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.functions.registry import FUNCTIONS, Lower, Lowered, lowers
from archcalc.frameworks.importing.values import NotLoweredError, Value

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


# One tensor, the same shape


@lowers("contiguous", "to", "type", "float", "half", "bfloat16", "double", "clone", "cpu",
        "cuda", "type_as", "requires_grad", "alias", "int", "long", "bool", "nan_to_num", "data",
        "checkpoint", "lift_fresh", "conj", "resolve_conj", "real")  # fmt: skip
def same(low: Workbench, x: Any, *args: Any, **kwargs: Any) -> Lowered:
    """The same numbers, in another place or of another kind."""
    return low.value(x)


@lowers("detach")
def without_gradient(low: Workbench, x: Any) -> Lowered:
    """The same numbers; a tensor that nothing trains is as it was."""
    return low.on(low.value(x), ac.StopGradient())


@lowers("zero")
def zero(low: Workbench, x: Any) -> Lowered:
    return low.on(low.tensor_of(x), ac.Rescaling(0.0, 0.0))


@lowers("fill")
def fill(low: Workbench, x: Any, value: Any) -> Lowered:
    """One number everywhere."""
    if not isinstance(value, int | float):
        raise NotLoweredError("filled with a number that was computed")
    return low.on(low.tensor_of(x), ac.Rescaling(0.0, float(value)))


@lowers("copy")
def copy(low: Workbench, x: Any, source: Any, *args: Any, **kwargs: Any) -> Lowered:
    """What it is replaced by, in its own shape."""
    value, own = low.tensor_of(source), low.tensor_of(x)
    if value.shape != own.shape:
        raise NotLoweredError("replaced by what is stretched")
    return value


def _activation(name: Any, module: str) -> Lower:
    def lower(low: Workbench, x: Any, inplace: bool = False, **kwargs: Any) -> Lowered:
        value = low.tensor_of(x)
        if kwargs.get("approximate", "none") != "none":
            return low.module(module, {"approximate": kwargs["approximate"]}, value)
        if inplace:
            return low.module(module, {"inplace": True}, value)
        return low.on(value, ac.Activation(name))

    return lower


FUNCTIONS.update(
    {
        theirs: _activation(ours, module)
        for theirs, (ours, module) in {
            "relu": ("relu", "ReLU"), "relu6": ("relu6", "ReLU6"), "gelu": ("gelu", "GELU"),
            "silu": ("silu", "SiLU"), "swish": ("silu", "SiLU"), "mish": ("mish", "Mish"),
            "sigmoid": ("sigmoid", "Sigmoid"), "tanh": ("tanh", "Tanh"),
            "selu": ("selu", "SELU"), "softsign": ("softsign", "Softsign"),
            "hardswish": ("hard_swish", "Hardswish"), "logsigmoid": ("log_sigmoid", "LogSigmoid"),
            "hardsigmoid": ("hard_sigmoid", "Hardsigmoid"),
            "tanhshrink": ("tanh_shrink", "Tanhshrink"),
        }.items()
    }
)  # fmt: skip


def _function(name: Any) -> Lower:
    def lower(low: Workbench, x: Any, *args: Any, **kwargs: Any) -> Lowered:
        return low.on(low.tensor_of(x), ac.Function(name))

    return lower


FUNCTIONS.update(
    {
        theirs: _function(ours)
        for theirs, ours in {
            **{n: n for n in ("absolute", "ceil", "cos", "erf", "exp", "expm1", "floor", "log",
                              "log1p", "log2", "reciprocal", "round", "rsqrt", "sign", "sin",
                              "sqrt", "square", "tan", "logical_not")},
            "abs": "absolute", "__abs__": "absolute", "neg": "negative", "__neg__": "negative",
            "negative": "negative", "__invert__": "logical_not", "bitwise_not": "logical_not",
            "sgn": "sign",
        }.items()
    }
)  # fmt: skip


@lowers("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
def dropout(low: Workbench, x: Any, p: float = 0.5, *args: Any, **kwargs: Any) -> Lowered:
    return low.on(low.tensor_of(x), ac.Dropout(p))


@lowers("clamp", "clip")
def clamp(low: Workbench, x: Any, min: Any = None, max: Any = None) -> Lowered:
    """Between two ends, which are numbers, or tensors themselves."""
    value = low.tensor_of(x)
    numbers = [end if isinstance(end, int | float) else None for end in (min, max)]
    if numbers != [None, None]:
        value = low.on(value, ac.Clip(*numbers))
    for end, layer in ((min, ac.Maximum), (max, ac.Minimum)):
        if low.is_tensor(end):
            value = low.merged(layer, [value, end])
    return value


@lowers("clamp_min")
def clamp_min(low: Workbench, x: Any, min: Any) -> Lowered:
    return clamp(low, x, min, None)


@lowers("clamp_max")
def clamp_max(low: Workbench, x: Any, max: Any) -> Lowered:
    return clamp(low, x, None, max)


@lowers("softmax", "_softmax")
def softmax(low: Workbench, x: Any, dim: Any = -1, *args: Any, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    return low.on(value, ac.Softmax(axis=value.axis(-1 if dim is None else dim)))


@lowers("log_softmax", "_log_softmax")
def log_softmax(low: Workbench, x: Any, dim: Any = -1, *args: Any, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    axis = value.axis(-1 if dim is None else dim)
    return low.on(low.on(value, ac.Softmax(axis=axis)), ac.Function("log"))


@lowers("cumsum")
def cumsum(low: Workbench, x: Any, dim: int, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    return low.on(value, ac.CumulativeSum(value.axis(dim)))


@lowers("normalize")
def normalize(low: Workbench, x: Any, p: float = 2.0, dim: int = 1, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    if p != 2:
        raise NotLoweredError(f"divided by a norm of order {p}")
    return low.on(value, ac.UnitNormalization(value.axis(dim)))


# Several, element by element


@lowers("add", "__add__", "__radd__", "__iadd__")
def add(low: Workbench, a: Any, b: Any, *, alpha: float = 1) -> Lowered:
    if not low.is_tensor(b):
        return low.on(low.tensor_of(a), ac.Rescaling(1.0, alpha * _number(b)))
    if not low.is_tensor(a):
        return low.on(low.tensor_of(b), ac.Rescaling(float(alpha), _number(a)))
    return low.merged(ac.Add, [a, _times(low, b, alpha)])


@lowers("sub", "subtract", "__sub__", "__isub__")
def subtract(low: Workbench, a: Any, b: Any, *, alpha: float = 1) -> Lowered:
    if not low.is_tensor(b):
        return low.on(low.tensor_of(a), ac.Rescaling(1.0, -alpha * _number(b)))
    if not low.is_tensor(a):
        return low.on(low.tensor_of(b), ac.Rescaling(-float(alpha), _number(a)))
    return low.merged(ac.Subtract, [a, _times(low, b, alpha)])


@lowers("__rsub__", "rsub")
def subtract_from(low: Workbench, a: Any, b: Any, *, alpha: float = 1) -> Lowered:
    return subtract(low, b, a, alpha=alpha)


@lowers("mul", "multiply", "__mul__", "__rmul__", "__imul__")
def multiply(low: Workbench, a: Any, b: Any) -> Lowered:
    if not low.is_tensor(a):
        a, b = b, a
    if not low.is_tensor(b):
        return low.on(low.tensor_of(a), ac.Rescaling(_number(b), 0.0))
    return low.merged(ac.Multiply, [a, b])


@lowers("div", "divide", "true_divide", "__truediv__", "__div__", "__itruediv__")
def divide(low: Workbench, a: Any, b: Any, *, rounding_mode: Any = None) -> Lowered:
    if not low.is_tensor(a):
        made = low.on(low.tensor_of(b), ac.Function("reciprocal"))
        made = low.on(made, ac.Rescaling(_number(a), 0.0))
    elif not low.is_tensor(b):
        made = low.on(low.tensor_of(a), ac.Divide(_number(b)))
    else:
        made = low.merged(ac.Divide, [a, b])
    if rounding_mode is None:
        return made
    if rounding_mode != "floor":
        raise NotLoweredError("a quotient that is cut off towards 0")
    return low.on(made, ac.Function("floor"))


@lowers("__rtruediv__", "__rdiv__")
def divide_into(low: Workbench, a: Any, b: Any) -> Lowered:
    return divide(low, b, a)


@lowers("floor_divide", "__floordiv__", "__ifloordiv__")
def floor_divide(low: Workbench, a: Any, b: Any) -> Lowered:
    return divide(low, a, b, rounding_mode="floor")


@lowers("remainder", "__mod__", "__imod__")
def remainder(low: Workbench, a: Any, b: Any) -> Lowered:
    """What is left after whole multiples."""
    multiple = multiply(low, floor_divide(low, a, b), b)
    return low.merged(ac.Subtract, [a, multiple])


@lowers("pow", "__pow__", "__ipow__", "float_power")
def power(low: Workbench, a: Any, b: Any) -> Lowered:
    if not low.is_tensor(a):
        return power_of(low, b, a)
    if not low.is_tensor(b):
        return low.on(low.tensor_of(a), ac.Power(_number(b)))
    return low.merged(ac.Power, [a, b])


@lowers("__rpow__")
def power_of(low: Workbench, exponent: Any, base: Any) -> Lowered:
    """A number to the power of a tensor: the exponential of a multiple."""
    if not isinstance(base, int | float) or base <= 0:
        raise NotLoweredError("a power of a number that is not above 0")
    made = low.on(low.tensor_of(exponent), ac.Rescaling(log(base), 0.0))
    return low.on(made, ac.Function("exp"))


@lowers("exp2")
def power_of_two(low: Workbench, exponent: Any) -> Lowered:
    return power_of(low, exponent, 2)


def _joining(layer: Any) -> Lower:
    def lower(low: Workbench, a: Any, b: Any) -> Lowered:
        x, other = (a, b) if low.is_tensor(a) else (b, a)
        if low.is_tensor(other):
            return low.merged(layer, [a, b])
        ends = (_number(other), None) if layer is ac.Maximum else (None, _number(other))
        return low.on(low.tensor_of(x), ac.Clip(*ends))

    return lower


def _of_flags(layer: Any) -> Lower:
    """Of what is 0 or 1, as comparisons give it."""

    def lower(low: Workbench, a: Any, b: Any) -> Lowered:
        flags = [low.on(low.tensor_of(x), ac.Compare("not_equal", 0.0)) for x in (a, b)]
        return low.merged(layer, flags)

    return lower


FUNCTIONS.update(
    {
        "maximum": _joining(ac.Maximum), "fmax": _joining(ac.Maximum),
        "minimum": _joining(ac.Minimum), "fmin": _joining(ac.Minimum),
        **dict.fromkeys(("logical_or", "__or__", "__ior__", "bitwise_or"), _of_flags(ac.Maximum)),
        **dict.fromkeys(("logical_and", "__and__", "__iand__", "bitwise_and"),
                        _of_flags(ac.Minimum)),
    }
)  # fmt: skip


def _comparing(how: Any) -> Lower:
    def lower(low: Workbench, a: Any, b: Any) -> Lowered:
        if not low.is_tensor(b):
            return low.on(low.tensor_of(a), ac.Compare(how, _number(b)))
        return low.merged(lambda: ac.Compare(how), [a, b])

    return lower


_COMPARISONS: Mapping[Any, Sequence[str]] = {
    "equal": ("eq", "__eq__"), "not_equal": ("ne", "__ne__", "not_equal"),
    "less": ("lt", "__lt__", "less"), "less_equal": ("le", "__le__", "less_equal"),
    "greater": ("gt", "__gt__", "greater"), "greater_equal": ("ge", "__ge__", "greater_equal"),
}  # fmt: skip

FUNCTIONS.update({name: _comparing(how) for how, names in _COMPARISONS.items() for name in names})


@lowers("where")
def where(low: Workbench, condition: Any, a: Any, b: Any) -> Lowered:
    return low.merged(ac.Where, [condition, *(low.as_tensor(x) for x in (a, b))])


@lowers("masked_fill")
def masked_fill(low: Workbench, x: Any, mask: Any, value: Any) -> Lowered:
    """Another number where a mask is not 0."""
    return low.merged(ac.Where, [mask, low.as_tensor(value), x])


@lowers("addcmul")
def addcmul(low: Workbench, x: Any, a: Any, b: Any, *, value: float = 1) -> Lowered:
    product = low.merged(ac.Multiply, [a, b])
    return low.merged(ac.Add, [x, _times(low, product, value)])


@lowers("addcdiv")
def addcdiv(low: Workbench, x: Any, a: Any, b: Any, *, value: float = 1) -> Lowered:
    quotient = low.merged(ac.Divide, [a, b])
    return low.merged(ac.Add, [x, _times(low, quotient, value)])


@lowers("lerp")
def lerp(low: Workbench, start: Any, end: Any, weight: Any) -> Lowered:
    """``start + weight·(end − start)``."""
    way = low.merged(ac.Subtract, [end, start])
    return low.merged(ac.Add, [start, multiply(low, way, weight)])


def _times(low: Workbench, x: Any, factor: float) -> Value:
    value = low.tensor_of(x)
    return value if factor == 1 else low.on(value, ac.Rescaling(float(factor), 0.0))


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise NotLoweredError(f"{value!r} is no number")
    return float(value)
