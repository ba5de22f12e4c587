"""What is done number by number, to one tensor or to several."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.functions.registry import FUNCTIONS, Lower, Lowered, lowers

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


# One tensor, the same shape


@lowers("contiguous", "to", "type", "float", "half", "bfloat16", "double", "clone", "detach", "cpu",
        "cuda", "type_as", "requires_grad", "alias", "int", "long", "bool", "fill", "zero",
        "masked_fill", "nan_to_num", "copy", "checkpoint")  # fmt: skip
def same(low: Workbench, x: Any, *args: Any, **kwargs: Any) -> Lowered:
    """The same numbers, in another place or kind, or replaced by constants where a mask says so."""
    return low.value(x)


def _activation(name: Any) -> Lower:
    def lower(low: Workbench, x: Any, *args: Any, **kwargs: Any) -> Lowered:
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
            "abs": "absolute", "neg": "negative", "__neg__": "negative", "negative": "negative",
            "__invert__": "logical_not", "bitwise_not": "logical_not",
        }.items()
    }
)  # fmt: skip


@lowers("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
def dropout(low: Workbench, x: Any, p: float = 0.5, *args: Any, **kwargs: Any) -> Lowered:
    return low.on(low.tensor_of(x), ac.Dropout(p))


@lowers("clamp", "clip", "clamp_min", "clamp_max")
def clamp(low: Workbench, x: Any, min: Any = None, max: Any = None, **kwargs: Any) -> Lowered:
    ends = [end if isinstance(end, int | float) else None for end in (min, max)]
    return low.on(low.tensor_of(x), ac.Clip(*ends))


def _along_axis(name: str) -> Lower:
    def lower(low: Workbench, x: Any, dim: int = -1, *args: Any, **kwargs: Any) -> Lowered:
        value = low.tensor_of(x)
        return low.on(value, _normalized_along(name, value.axis(dim)))

    return lower


def _normalized_along(name: Any, axis: int) -> Any:
    return ac.Softmax(axis=axis) if name == "softmax" else ac.Activation(name)


FUNCTIONS.update({name: _along_axis(name) for name in ("softmax", "log_softmax")})


@lowers("cumsum")
def cumsum(low: Workbench, x: Any, dim: int, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    return low.on(value, ac.CumulativeSum(value.axis(dim)))


@lowers("normalize")
def normalize(low: Workbench, x: Any, p: float = 2.0, dim: int = 1, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    return low.on(value, ac.UnitNormalization(value.axis(dim)))


# Several, element by element


def _merging(layer: Any, constant: Callable[[float], Any]) -> Lower:
    def lower(low: Workbench, a: Any, b: Any, *args: Any, **kwargs: Any) -> Lowered:
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
def where(low: Workbench, condition: Any, a: Any = None, b: Any = None) -> Lowered:
    return low.merged(ac.Where, [condition, a, b])


@lowers("addcmul")
def addcmul(low: Workbench, x: Any, a: Any, b: Any, *, value: float = 1) -> Lowered:
    return low.merged(ac.Add, [x, low.merged(ac.Multiply, [a, b])])


@lowers("lerp")
def lerp(low: Workbench, start: Any, end: Any, weight: Any) -> Lowered:
    return low.merged(ac.Add, [start, end])
