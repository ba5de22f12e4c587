"""Operators that act number by number, and along axes without moving them."""

from __future__ import annotations

from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.folding import axes_of
from archcalc.frameworks.importing.onnx.operators.registry import OPERATORS, Operator, lowers
from archcalc.frameworks.importing.onnx.tensors import Node, Stored, array_of, is_number, one_number
from archcalc.frameworks.importing.values import NotLoweredError


def _unary(name: str) -> Operator:
    def lower(bench: OnnxBench, node: Node) -> Any:
        return bench.function(name, (bench.of(node.input(0)),), {})

    return lower


OPERATORS.update(
    {
        theirs: _unary(ours)
        for theirs, ours in {
            "Relu": "relu", "LeakyRelu": "leaky_relu", "Elu": "elu", "Selu": "selu", "Celu": "celu",
            "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign",
            "HardSigmoid": "hardsigmoid", "HardSwish": "hardswish", "Mish": "mish", "Gelu": "gelu",
            "Swish": "silu", "com.microsoft.Gelu": "gelu", "com.microsoft.QuickGelu": "silu",
            "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Abs": "abs", "Neg": "neg",
            "Reciprocal": "reciprocal", "Floor": "floor", "Ceil": "ceil", "Round": "round",
            "Erf": "erf", "Sin": "sin", "Cos": "cos", "Tan": "tan", "Sign": "sign",
            "Not": "logical_not", "BitwiseNot": "logical_not", "Shrink": "softshrink",
        }.items()
    }
)  # fmt: skip


@lowers("Identity", "Cast", "CastLike", "DequantizeLinear", "QuantizeLinear", "StringNormalizer")
def same(bench: OnnxBench, node: Node) -> Any:
    """The same numbers, as another kind; of a weight it is the weight."""
    given = node.input(0)
    if isinstance(given, Stored):
        weighs = given.is_weight or node.op == "DequantizeLinear"
        return Stored(given.name, given.shape, weighs, given.numbers)
    return bench.function("to", (bench.of(given),), {})


@lowers("Dropout")
def dropout(bench: OnnxBench, node: Node) -> Any:
    rate = one_number(node.input(1)) if is_number(node.input(1)) else node.get("ratio", 0.5)
    made = bench.function("dropout", (bench.of(node.input(0)), float(rate)), {})
    return [made, made]


@lowers("Clip")
def clip(bench: OnnxBench, node: Node) -> Any:
    value = bench.of(node.input(0))
    ends = [node.get("min"), node.get("max")]
    for index in (1, 2):
        if node.input(index) is not None:
            ends[index - 1] = one_number(node.input(index))
    if ends == [0, 6]:
        return bench.function("relu6", (value,), {})
    return bench.function("clamp", (value, *ends), {})


@lowers("ThresholdedRelu")
def thresholded(bench: OnnxBench, node: Node) -> Any:
    return bench.function("relu", (bench.of(node.input(0)),), {})


# Several, element by element


def _operand(bench: OnnxBench, given: Any) -> Any:
    """A number where it is one, so that it is a constant of the layer; a tensor otherwise."""
    return one_number(given) if is_number(given) else bench.of(given)


def _binary(name: str) -> Operator:
    def lower(bench: OnnxBench, node: Node) -> Any:
        first, second = (_operand(bench, given) for given in node.given[:2])
        if isinstance(first, int | float):
            return _number_first(bench, name, first, second)
        return bench.function(name, (first, second), {})

    return lower


def _number_first(bench: OnnxBench, name: str, number: Any, value: Any) -> Any:
    if name == "sub":
        return bench.layer(ac.Rescaling(-1.0, float(number)), [value])[0]
    if name == "div":
        upside_down = bench.function("reciprocal", (value,), {})
        return upside_down if number == 1 else bench.function("mul", (upside_down, number), {})
    if name in _TURNED:
        return bench.function(_TURNED[name], (value, number), {})
    return bench.function(name, (bench.constant(()), value), {})


_TURNED = {
    "add": "add", "mul": "mul", "eq": "eq", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le",
    "maximum": "maximum", "minimum": "minimum",
}  # fmt: skip
"""What an operation is with its operands the other way round."""

OPERATORS.update(
    {
        theirs: _binary(ours)
        for theirs, ours in {
            "Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Pow": "pow",
            "Mod": "remainder", "And": "logical_and", "Or": "logical_or", "Equal": "eq",
            "Less": "lt", "LessOrEqual": "le", "Greater": "gt", "GreaterOrEqual": "ge",
        }.items()
    }
)  # fmt: skip


@lowers("Max", "Min", "Sum", "Mean")
def folded(bench: OnnxBench, node: Node) -> Any:
    """Several, one after the other."""
    name = {"Max": "maximum", "Min": "minimum", "Sum": "add", "Mean": "add"}[node.op]
    made = bench.of(node.given[0])
    for given in node.given[1:]:
        made = bench.function(name, (made, _operand(bench, given)), {})
    if node.op == "Mean" and len(node.given) > 1:
        made = bench.function("div", (made, len(node.given)), {})
    return made


@lowers("Where")
def where(bench: OnnxBench, node: Node) -> Any:
    return bench.function("where", tuple(bench.of(given) for given in node.given[:3]), {})


@lowers("PRelu")
def prelu(bench: OnnxBench, node: Node) -> Any:
    from archcalc.torch import nn

    value, slope = bench.of(node.input(0)), node.input(1)
    if not isinstance(slope, Stored):
        return bench.function("leaky_relu", (value,), {})
    long = [length for length in slope.shape if length != 1]
    layer = nn.PReLU(long[0] if long else 1)
    if len(long) > 1:
        raise NotLoweredError("slopes along several axes")
    return bench.owned_by(layer, value, slope)


# Along axes


@lowers("Softmax", "LogSoftmax", "Hardmax")
def softmax(bench: OnnxBench, node: Node) -> Any:
    name = "log_softmax" if node.op == "LogSoftmax" else "softmax"
    axis = node.get("axis", -1 if node.version >= 13 else 1)
    return bench.function(name, (bench.of(node.input(0)), axis), {})


_REDUCING = {
    "ReduceMean": ("mean",), "ReduceSum": ("sum",), "ReduceMax": ("amax",), "ReduceMin": ("amin",),
    "ReduceProd": ("prod",), "ReduceL2": ("norm",), "ReduceLogSumExp": ("logsumexp",),
    "ReduceL1": ("abs", "sum"), "ReduceSumSquare": ("square", "sum"),
    "ReduceLogSum": ("sum", "log"),
}  # fmt: skip


@lowers(*_REDUCING)
def reduced(bench: OnnxBench, node: Node) -> Any:
    axes = axes_of(node, 1)
    value = bench.of(node.input(0))
    if not axes:
        if node.get("noop_with_empty_axes", 0):
            return value
        axes = list(range(len(value.shape)))
    keep = bool(node.get("keepdims", 1))
    for name in _REDUCING[node.op]:
        if name in ("abs", "square", "log"):
            value = bench.function(name, (value,), {})
        elif name == "norm":
            value = bench.function(name, (value, 2, tuple(axes), keep), {})
        else:
            value = bench.function(name, (value, tuple(axes), keep), {})
    return value


@lowers("ArgMax", "ArgMin")
def argmax(bench: OnnxBench, node: Node) -> Any:
    keep = bool(node.get("keepdims", 1))
    given = bench.of(node.input(0)), node.get("axis", 0), keep
    return bench.function(node.op.lower(), given, {})


@lowers("CumSum")
def cumsum(bench: OnnxBench, node: Node) -> Any:
    axis = int(one_number(array_of(node.input(1))))
    return bench.function("cumsum", (bench.of(node.input(0)), axis), {})


@lowers("LpNormalization")
def normalized(bench: OnnxBench, node: Node) -> Any:
    given = bench.of(node.input(0)), node.get("p", 2), node.get("axis", -1)
    return bench.function("normalize", given, {})
