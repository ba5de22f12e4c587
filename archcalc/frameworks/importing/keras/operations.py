"""What operations of `keras.ops` are here, by the name of their class.

Most are functions that torch has too; these go the way of `importing.functions`, with their
arguments and with the shape that comes out, which no run says here.  Keras' arguments count the
batch as axis 0, as torch's do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, get_args

from archcalc import layers as ac
from archcalc.frameworks.importing.functions import FUNCTIONS
from archcalc.frameworks.importing.graph import Call, Made, Ref
from archcalc.frameworks.importing.keras.old_operations import renamed
from archcalc.frameworks.importing.keras.shapes import (
    broadcast,
    einsum,
    joined,
    multiplied,
    reshaped,
    sections,
)
from archcalc.frameworks.importing.values import MixesSamplesError, NotLoweredError, Value
from archcalc.frameworks.importing.workbench import Workbench
from archcalc.layers.arithmetic import FunctionName
from archcalc.layers.functions import ActivationName
from archcalc.network.naming import snake_case

__all__ = ["LAYERS_AS_OPERATIONS", "OPERATIONS", "operate"]

Given: TypeAlias = Mapping[str, Any]
Dims: TypeAlias = tuple[int, ...]
Operation: TypeAlias = Callable[[Workbench, Given, Sequence[Any]], Any]
"""From the tensors, the operation's own arguments and those of its call to values."""

_OLD = ("TFOpLambda", "SlicingOpLambda")
LAYERS_AS_OPERATIONS = (*_OLD, "CustomScaleLayer")
"""What Keras saves as layers, without weights, and several layers say here."""

OPERATIONS: dict[str, Operation] = {}
"""By Keras' class."""


def operate(
    low: Workbench, kind: str, config: Given, args: Sequence[Any], kwargs: Given
) -> list[Value]:
    """What an operation gives.

    Raises:
        NotLoweredError: no layer says it, or not with these arguments.
    """
    old = kind in _OLD
    kind, config, args = renamed(kind, config, args, kwargs)
    operation = OPERATIONS.get(kind) or _of_one_number(kind)
    if operation is None:
        raise NotLoweredError("no layer says this operation")
    named = [] if old else [one for name, one in kwargs.items() if name not in config]
    made = operation(low, config, [*args, *named])
    return [made] if isinstance(made, Value) else list(made)


def _operation(*kinds: str) -> Callable[[Operation], Operation]:
    def register(operation: Operation) -> Operation:
        OPERATIONS.update(dict.fromkeys(kinds, operation))
        return operation

    return register


def _run(
    low: Workbench, name: str, args: Sequence[Any], shapes: Sequence[Dims] = (), **kwargs: Any
) -> Any:
    """A function that torch has too, with the shapes that come out."""
    first = len(low.graph.tensors)
    low.graph.tensors.extend(Made(tuple(shape), "made") for shape in shapes)
    numbers = tuple(range(first, first + len(shapes)))
    low.call = Call(name, tuple(args), kwargs, numbers)
    return FUNCTIONS[name](low, *args, **kwargs)


def _shape(low: Workbench, argument: Any) -> Dims:
    """The real shape of an argument; of a number, none."""
    return low.shape_of(argument) if isinstance(argument, Ref) else ()


# One tensor, number by number


def _of_one_number(kind: str) -> Operation | None:
    """A function of one number, by Keras' name for it."""
    name: Any = {"abs": "absolute"}.get(snake_case(kind), snake_case(kind))
    if name in get_args(ActivationName):
        return lambda low, config, args: low.on(low.tensor_of(args[0]), ac.Activation(name))
    if name in get_args(FunctionName):
        return lambda low, config, args: low.on(low.tensor_of(args[0]), ac.Function(name))
    return None


@_operation("StopGradient")
def _stopped(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    return low.on(low.tensor_of(args[0]), ac.StopGradient())


@_operation("Cast", "Copy", "NanToNum", "Snapshot", "CastDType", "Identity")
def _same(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    return low.tensor_of(args[0])


@_operation("Clip")
def _clip(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    return _run(low, "clip", [args[0], config.get("x_min"), config.get("x_max")])


def _along(name: str, default: int) -> Operation:
    def operation(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
        axis = config.get("axis", default)
        if not isinstance(axis, int):
            raise MixesSamplesError("it goes along everything, the batch too")
        return _run(low, name, [args[0], axis])

    return operation


OPERATIONS.update(
    {
        "Softmax": _along("softmax", -1), "LogSoftmax": _along("log_softmax", -1),
        "Cumsum": _along("cumsum", 0),
    }
)  # fmt: skip


@_operation("Normalize")
def _normalize(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    return _run(low, "normalize", [args[0], config.get("order", 2), config.get("axis", -1)])


@_operation("Glu")
def _glu(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    value = low.tensor_of(args[0])
    return low.on(value, ac.GLU(value.axis(config.get("axis", -1))))


# Several, number by number


def _elementwise(name: str) -> Operation:
    def operation(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
        shape = broadcast([_shape(low, argument) for argument in args])
        return _run(low, name, [_plain(argument) for argument in args], [shape])

    return operation


def _plain(argument: Any) -> Any:
    """A number of any library as Python's."""
    if isinstance(argument, Ref | bool | int | float) or argument is None:
        return argument
    return argument.item() if hasattr(argument, "item") else argument


OPERATIONS.update(
    {
        kind: _elementwise(name)
        for kind, name in {
            "Add": "add", "Subtract": "sub", "Multiply": "mul", "Divide": "div",
            "TrueDivide": "div", "DivideNoNan": "div", "FloorDivide": "floor_divide",
            "Mod": "remainder", "Power": "pow", "Maximum": "maximum", "Minimum": "minimum",
            "LogicalAnd": "logical_and", "LogicalOr": "logical_or", "Equal": "eq",
            "NotEqual": "ne", "Less": "lt", "LessEqual": "le", "Greater": "gt",
            "GreaterEqual": "ge",
        }.items()
    }
)  # fmt: skip


@_operation("Where")
def _where(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    condition, *choices = args
    tensors = [choice for choice in choices if isinstance(choice, Ref)]
    shape = broadcast([_shape(low, argument) for argument in args])
    if len(tensors) == 2:
        return _run(low, "where", args, [shape])
    if not tensors:  # a number where the condition holds, and another where it does not
        return low.tensor_of(condition)
    return _run(low, "masked_fill", [tensors[0]], [shape])


# Reductions


def _reduction(name: str, **more: Any) -> Operation:
    def operation(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
        axis = config.get("axis")
        if axis is None:
            raise MixesSamplesError("everything is reduced, the batch too")
        dim = axis if isinstance(axis, int) else tuple(axis)
        keep = bool(config.get("keepdims", False))
        if name == "norm":
            return _run(low, name, [args[0], config.get("ord") or 2, dim, keep])
        return _run(low, name, [args[0], dim, keep], **more)

    return operation


OPERATIONS.update(
    {
        "Mean": _reduction("mean"), "Sum": _reduction("sum"), "Prod": _reduction("prod"),
        "Max": _reduction("amax"), "Amax": _reduction("amax"), "Any": _reduction("amax"),
        "Min": _reduction("amin"), "Amin": _reduction("amin"), "All": _reduction("amin"),
        "Var": _reduction("var", correction=0), "Std": _reduction("std", correction=0),
        "Logsumexp": _reduction("logsumexp"), "Norm": _reduction("norm"),
        "Argmax": _reduction("argmax"), "Argmin": _reduction("argmin"),
    }
)  # fmt: skip


# Axes


@_operation("Reshape")
def _reshape(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    asked = config.get("newshape", args[1] if len(args) > 1 else None)
    target = (asked,) if isinstance(asked, int) else tuple(asked)
    shape = reshaped(_shape(low, args[0]), target)
    return _run(low, "reshape", [args[0], *target], [shape])


@_operation("Transpose")
def _transpose(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    rank = len(_shape(low, args[0]))
    return _run(low, "permute", [args[0], tuple(config.get("axes") or range(rank - 1, -1, -1))])


@_operation("Swapaxes")
def _swapaxes(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    return _run(low, "swapaxes", [args[0], config["axis1"], config["axis2"]])


@_operation("Moveaxis")
def _moveaxis(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    ends = (config["source"], config["destination"])
    return _run(low, "movedim", [args[0], *(e if isinstance(e, int) else tuple(e) for e in ends)])


@_operation("ExpandDims")
def _expand_dims(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    value, axes = low.tensor_of(args[0]), config["axis"]
    given = [axes] if isinstance(axes, int) else list(axes)
    rank = len(value.shape) + len(given)
    for axis in sorted(axis % rank for axis in given):
        shape = (*value.shape[:axis], 1, *value.shape[axis:])
        value = _run(low, "unsqueeze", [value, axis], [shape])
    return value


@_operation("Squeeze")
def _squeeze(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    axis = config.get("axis")
    return _run(low, "squeeze", [args[0], tuple(axis) if isinstance(axis, list) else axis])


@_operation("BroadcastTo")
def _broadcast_to(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    shape = broadcast([_shape(low, args[0]), tuple(config["shape"])])
    return _run(low, "broadcast_to", [args[0]], [shape])


@_operation("Tile")
def _tile(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    many = config["repeats"]
    return _run(low, "tile", [args[0], (many,) if isinstance(many, int) else tuple(many)])


@_operation("Repeat")
def _repeat(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    shape = list(_shape(low, args[0]))
    if isinstance(config.get("axis"), int) and isinstance(config["repeats"], int):
        shape[config["axis"]] *= config["repeats"]
    return _run(
        low, "repeat_interleave", [args[0], config["repeats"], config.get("axis")], [tuple(shape)]
    )


@_operation("Flip")
def _flip(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    axis = config.get("axis")
    if axis is None:
        raise MixesSamplesError("everything is turned, the batch too")
    return _run(low, "flip", [args[0], (axis,) if isinstance(axis, int) else tuple(axis)])


@_operation("Roll")
def _roll(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    return _run(low, "roll", [args[0], config["shift"], config.get("axis")])


@_operation("Pad")
def _pad(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    rank = len(_shape(low, args[0]))
    width = config["pad_width"]
    pairs = [_pair(one) for one in ([width] if isinstance(width, int) else width)]
    pairs = pairs * rank if len(pairs) == 1 else pairs
    shape = tuple(n + sum(pair) for n, pair in zip(_shape(low, args[0]), pairs, strict=True))
    backwards = [end for pair in reversed(pairs) for end in pair]
    return _run(low, "pad", [args[0], backwards, config.get("mode", "constant")], [shape])


def _pair(given: Any) -> tuple[int, int]:
    if isinstance(given, int):
        return given, given
    first, *rest = given
    return first, rest[0] if rest else first


# Parts


@_operation("GetItem")
def _getitem(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    index = args[1]
    if isinstance(index, Ref) and low.tensor_of(args[0]).at is None:
        shape = (*_shape(low, index), *_shape(low, args[0])[1:])
        return _run(low, "__getitem__", [args[0], index], [shape])
    return _run(low, "__getitem__", [args[0], index])


@_operation("Split")
def _split(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    asked, shape = config["indices_or_sections"], _shape(low, args[0])
    axis = config.get("axis", 0) % len(shape)
    lengths = sections(shape[axis], asked)
    shapes = [(*shape[:axis], length, *shape[axis + 1 :]) for length in lengths]
    return _run(low, "split", [args[0], asked], shapes, dim=axis)


@_operation("Unstack")
def _unstack(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    shape = _shape(low, args[0])
    axis = config.get("axis", 0) % len(shape)
    left = (*shape[:axis], *shape[axis + 1 :])
    return _run(low, "unbind", [args[0], axis], [left] * shape[axis])


@_operation("Concatenate")
def _concatenate(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    axis = config.get("axis", 0)
    if axis is None:
        raise MixesSamplesError("everything is flattened, the batch too")
    shapes = [_shape(low, one) for one in args[0]]
    return _run(low, "concatenate", [args[0], axis], [joined(shapes, axis)])


@_operation("Stack")
def _stack(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    shape, axis = _shape(low, args[0][0]), config.get("axis", 0)
    axis %= len(shape) + 1
    made = (*shape[:axis], len(args[0]), *shape[axis:])
    return _run(low, "stack", [args[0], axis], [made])


@_operation("Take")
def _take(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    x, index = args[0], args[1]
    shape, axis = _shape(low, x), config.get("axis")
    if axis is None:
        raise MixesSamplesError("everything is flattened, the batch too")
    axis %= len(shape)
    if isinstance(index, int):
        return _run(low, "select", [x, axis, index])
    made = (*shape[:axis], *_shape(low, index), *shape[axis + 1 :])
    return _run(low, "index_select", [x, axis, index], [made])


@_operation("TakeAlongAxis")
def _take_along(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    return _run(low, "gather", [args[0], config["axis"], args[1]], [_shape(low, args[1])])


# Products


@_operation("Matmul", "Dot")
def _matmul(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    first, second = _shape(low, args[0]), _shape(low, args[1])
    return _run(low, "matmul", args[:2], [multiplied(first, second)])


@_operation("Einsum")
def _einsum(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    shape = einsum(config["subscripts"], [_shape(low, one) for one in args])
    return _run(low, "einsum", [config["subscripts"], *args], [shape])


@_operation("DotProductAttention")
def _attention(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    """Keras has heads before the features: ``(batch, t, heads, d)``."""
    turned = [_run(low, "permute", [one, (0, 2, 1, 3)]) for one in args[:3]]
    query, _, value = (one.shape for one in turned)
    made = _run(
        low, "scaled_dot_product_attention", turned, [(*query[:-1], value[-1])],
        is_causal=bool(config.get("is_causal", False)),
    )  # fmt: skip
    return _run(low, "permute", [made, (0, 2, 1, 3)])


# Layers without weights, as functions


def _as_layer(kind: str) -> Operation:
    def operation(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
        from archcalc.frameworks.reading import keras_layer

        value = low.tensor_of(args[0])
        if not value.is_free or value.at is None or value.at.axis:
            raise NotLoweredError("the batch is not its first axis")
        name = kind.format(n=len(value.shape) - 2)
        return low.on(value, keras_layer(name, _told(config)))

    return operation


def _told(config: Given) -> dict[str, Any]:
    """The arguments of a layer, of which a function may leave some to the settings."""
    return {name: value for name, value in config.items() if value is not None and name != "name"}


OPERATIONS.update(
    {"MaxPool": _as_layer("MaxPooling{n}D"), "AveragePool": _as_layer("AveragePooling{n}D")}
)


@_operation("Resize")
def _resize(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    size = config["size"]
    return _as_layer("Resizing")(low, {"height": size[0], "width": size[1]}, args)


@_operation("OneHot")
def _one_hot(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    value = low.tensor_of(args[0])
    if config.get("axis", -1) != -1:
        raise NotLoweredError("it has its classes along another axis than the last")
    layer = ac.CategoryEncoding(config["num_classes"], output_mode="one_hot")
    shape = (*value.shape, config["num_classes"])
    return low.on(low.on(value, ac.ExpandDims(-1), value.at, (*value.shape, 1)), layer, value.at,
                  shape)  # fmt: skip


@_operation("CustomScaleLayer")
def _scaled_sum(low: Workbench, config: Given, args: Sequence[Any]) -> Any:
    """What is added with a factor, in the InceptionResNet of `keras.applications`."""
    first, second = map(low.tensor_of, args[0])
    scaled = low.on(second, ac.Rescaling(config["scale"]), second.at, second.shape)
    layer = ac.Add(name=config.get("name"))
    return low.on([first, scaled], layer, first.at, first.shape)
