"""ONNX models as networks: shapes as ONNX's own inference has them, weights and products by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from onnx import ModelProto, TensorProto, helper

import archcalc as ac
from archcalc.frameworks.from_onnx import from_onnx
from archcalc.layers.opaque import Opaque
from archcalc.symbolic.errors import CycleError, FrameworkError, SpecificationError
from tests.frameworks.onnx_models import floats, graph, inferred, ints, node

IMAGE = {"x": ("N", 4, 9, 10)}
SEQUENCE = {"x": ("N", 7, 12)}


def one_sample(model: ModelProto) -> list[tuple[int, ...]]:
    """What comes out for one sample: of the axis that grows with the batch, its part of it."""
    made = []
    for two, three in zip(inferred(model, 2), inferred(model, 3), strict=True):
        axes = [i for i, (a, b) in enumerate(zip(two, three, strict=True)) if a != b]
        assert len(axes) <= 1
        own = list(two)
        for axis in axes:
            own[axis] //= 2
            if own[axis] == 1:
                del own[axis]
        made.append(tuple(own))
    return made


def opaque(net: ac.Model) -> list[str]:
    return [f"{r.layer.what}: {r.layer.why}" for r in net.trace() if isinstance(r.layer, Opaque)]


OPERATORS: dict[str, tuple[Sequence[Any], dict[str, Any], dict[str, Any], int]] = {
    # name: nodes, inputs, initialisers, parameters
    "conv": ([node("Conv", "x w b", "y", pads=[1, 0, 2, 1], strides=[2, 1])], IMAGE,
             {"w": floats(6, 4, 3, 3), "b": floats(6)}, 6 * 4 * 9 + 6),
    "conv groups": ([node("Conv", "x w", "y", group=2, dilations=[2, 2])], IMAGE,
                    {"w": floats(6, 2, 3, 3)}, 108),
    "conv same": ([node("Conv", "x w", "y", auto_pad="SAME_UPPER", strides=[2, 2])], IMAGE,
                  {"w": floats(6, 4, 3, 3)}, 216),
    "conv 1d": ([node("Conv", "x w", "y", pads=[1, 1])], {"x": ("N", 4, 9)},
                {"w": floats(6, 4, 3)}, 72),
    "conv 3d": ([node("Conv", "x w", "y")], {"x": ("N", 2, 5, 6, 7)},
                {"w": floats(3, 2, 2, 2, 2)}, 48),
    "conv transpose": ([node("ConvTranspose", "x w b", "y", strides=[2, 2], pads=[1, 1, 1, 1],
                             output_padding=[1, 1])], IMAGE,
                       {"w": floats(4, 3, 3, 3), "b": floats(3)}, 108 + 3),
    "max pool": ([node("MaxPool", "x", "y", kernel_shape=[3, 2], strides=[2, 2],
                       pads=[1, 0, 1, 0])], IMAGE, {}, 0),
    "max pool ceil": ([node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2],
                            ceil_mode=1)], IMAGE, {}, 0),
    "average pool": ([node("AveragePool", "x", "y", kernel_shape=[3, 3], strides=[2, 2],
                           pads=[1, 1, 1, 1])], IMAGE, {}, 0),
    "global pool": ([node("GlobalAveragePool", "x", "y")], IMAGE, {}, 0),
    "global max": ([node("GlobalMaxPool", "x", "y")], IMAGE, {}, 0),
    "batch norm": ([node("BatchNormalization", "x s b m v", "y")], IMAGE,
                   {k: floats(4) for k in "sbmv"}, 8),
    "instance norm": ([node("InstanceNormalization", "x s b", "y")], IMAGE,
                      {k: floats(4) for k in "sb"}, 8),
    "layer norm": ([node("LayerNormalization", "x s b", "y")], SEQUENCE,
                   {k: floats(12) for k in "sb"}, 24),
    "layer norm two axes": ([node("LayerNormalization", "x s", "y", axis=1)], SEQUENCE,
                            {"s": floats(7, 12)}, 84),
    "lrn": ([node("LRN", "x", "y", size=3)], IMAGE, {}, 0),
    "gemm": ([node("Gemm", "x w b", "y", transB=1)], {"x": ("N", 12)},
             {"w": floats(5, 12), "b": floats(5)}, 65),
    "gemm plain": ([node("Gemm", "x w", "y")], {"x": ("N", 12)}, {"w": floats(12, 5)}, 60),
    "matmul weight": ([node("MatMul", "x w", "a"), node("Add", "b a", "y")], SEQUENCE,
                      {"w": floats(12, 5), "b": floats(5)}, 65),
    "matmul": ([node("Transpose", "x", "t", perm=[0, 2, 1]), node("MatMul", "x t", "y")],
               SEQUENCE, {}, 0),
    "softmax": ([node("Softmax", "x", "y", axis=2)], SEQUENCE, {}, 0),
    "log softmax": ([node("LogSoftmax", "x", "y")], SEQUENCE, {}, 0),
    "prelu": ([node("PRelu", "x s", "y")], IMAGE, {"s": floats(4, 1, 1)}, 4),
    "clip": ([node("Clip", "x a b", "y")], SEQUENCE,
             {"a": floats(1)[0] - 1, "b": floats(1)[0] * 6}, 0),
    "embedding": ([node("Gather", "w i", "y")], {"i": ("N", 7)}, {"w": floats(11, 3)}, 33),
    "gather one": ([node("Gather", "x i", "y", axis=1)], SEQUENCE, {"i": ints(2)[0]}, 0),
    "gather some": ([node("Gather", "x i", "y", axis=2)], SEQUENCE, {"i": ints(2, 0, 1)}, 0),
    "gather table": ([node("Gather", "x i", "y", axis=1)], SEQUENCE,
                     {"i": ints(2, 0, 1, 4).reshape(2, 2)}, 0),
    "gather elements": ([node("GatherElements", "x i", "y", axis=1)],
                        {"x": ("N", 7, 12), "i": ("N", 3, 12)}, {}, 0),
    "reshape": ([node("Reshape", "x s", "y")], SEQUENCE, {"s": ints(0, -1, 4)}, 0),
    "reshape folded": ([node("Reshape", "x s", "y")], SEQUENCE, {"s": ints(-1, 12)}, 0),
    "flatten": ([node("Flatten", "x", "y")], IMAGE, {}, 0),
    "transpose": ([node("Transpose", "x", "y", perm=[2, 0, 1])], SEQUENCE, {}, 0),
    "squeeze": ([node("Unsqueeze", "x a", "u"), node("Relu", "u", "v"),
                 node("Squeeze", "v a", "y")], SEQUENCE, {"a": ints(1)}, 0),
    "unsqueeze": ([node("Unsqueeze", "x a", "y")], SEQUENCE, {"a": ints(1, -1)}, 0),
    "expand": ([node("Expand", "x s", "y")], {"x": ("N", 1, 12)}, {"s": ints(1, 7, 12)}, 0),
    "tile": ([node("Tile", "x r", "y")], SEQUENCE, {"r": ints(1, 2, 3)}, 0),
    "concat": ([node("Relu", "x", "r"), node("Concat", "x r", "y", axis=1)], SEQUENCE, {}, 0),
    "concat weight": ([node("Shape", "x", "n", end=1), node("Concat", "n o", "s", axis=0),
                       node("Expand", "c s", "e"), node("Concat", "e x", "y", axis=1)], SEQUENCE,
                      {"c": floats(1, 1, 12), "o": ints(1, 12)}, 12),
    "split": ([node("Split", "x s", "y z", axis=2)], SEQUENCE, {"s": ints(5, 7)}, 0),
    "split equal": ([node("Split", "x", "y z", axis=2, num_outputs=2)], SEQUENCE, {}, 0),
    "slice": ([node("Slice", "x s e a t", "y")], SEQUENCE,
              {"s": ints(1, -5), "e": ints(6, 2**62), "a": ints(1, 2), "t": ints(2, 1)}, 0),
    "slice backwards": ([node("Slice", "x s e a t", "y")], SEQUENCE,
                        {"s": ints(-1), "e": ints(-(2**62)), "a": ints(1), "t": ints(-1)}, 0),
    "pad": ([node("Pad", "x p", "y")], IMAGE, {"p": ints(0, 0, 1, 2, 0, 0, 3, 0)}, 0),
    "resize scales": ([node("Resize", "x - s", "y", mode="nearest")], IMAGE,
                      {"s": floats(4).clip(1, 2)[[0, 0, 1, 1]]}, 0),
    "resize sizes": ([node("Shape", "x", "n", end=2), node("Concat", "n o", "s", axis=0),
                      node("Resize", "x - - s", "y", mode="linear")], IMAGE,
                     {"o": ints(5, 6)}, 0),
    "depth to space": ([node("DepthToSpace", "x", "y", blocksize=2)], IMAGE, {}, 0),
    "space to depth": ([node("SpaceToDepth", "x", "y", blocksize=3)], {"x": ("N", 2, 9, 6)}, {}, 0),
    "einsum": ([node("Einsum", "x x", "y", equation="bqd,bkd->bqk")], SEQUENCE, {}, 0),
    "einsum weight": ([node("Einsum", "x w", "y", equation="btd,de->bte")], SEQUENCE,
                      {"w": floats(12, 3)}, 36),
    "where": ([node("Greater", "x o", "c"), node("Where", "c x m", "y")], SEQUENCE,
              {"o": floats(1)[0], "m": floats(1)[0]}, 0),
    "arithmetic": ([node("Sub", "o x", "a"), node("Div", "a x", "b"), node("Pow", "b o", "c"),
                    node("Mul", "c w", "y")], SEQUENCE,
                   {"o": floats(1)[0] * 2, "w": floats(12)}, 12),
    "several": ([node("Max", "x w", "a"), node("Sum", "a x x", "b"), node("Mean", "b x", "y")],
                SEQUENCE, {"w": floats(12)}, 12),
    "reduce mean": ([node("ReduceMean", "x a", "y", keepdims=0)], SEQUENCE, {"a": ints(1)}, 0),
    "reduce keep": ([node("ReduceMax", "x a", "y")], SEQUENCE, {"a": ints(-1)}, 0),
    "reduce l2": ([node("ReduceL2", "x a", "y", keepdims=0)], SEQUENCE, {"a": ints(1, 2)}, 0),
    "reduce squares": ([node("ReduceSumSquare", "x a", "y")], SEQUENCE, {"a": ints(1)}, 0),
    "arg max": ([node("ArgMax", "x", "y", axis=2, keepdims=0)], SEQUENCE, {}, 0),
    "cumulative": ([node("CumSum", "x a", "y")], SEQUENCE, {"a": ints(1)[0]}, 0),
    "dropout": ([node("Dropout", "x", "y")], SEQUENCE, {}, 0),
    "cast": ([node("Cast", "x", "y", to=10)], SEQUENCE, {}, 0),
}  # fmt: skip
UNARY = (
    "Relu LeakyRelu Elu Selu Celu Sigmoid Tanh Softplus Softsign HardSigmoid HardSwish Mish Gelu Exp "
    "Log Sqrt Abs Neg Reciprocal Floor Ceil Round Erf Sin Cos Tan Sign Identity"
).split()
OPERATORS |= {op: ([node(op, "x", "y")], SEQUENCE, {}, 0) for op in UNARY}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_give_the_shapes_that_onnx_infers(name: str) -> None:
    nodes, inputs, weights, parameters = OPERATORS[name]
    outputs = nodes[-1].output
    model = graph(nodes, inputs, weights, outputs)
    net = from_onnx(model)
    assert opaque(net) == []
    trace = net.trace()
    assert [tuple(shape) for shape in trace.outputs] == one_sample(model)
    assert trace.parameters == parameters


FIXED = [name for name in OPERATORS if "folded" not in name]


@pytest.mark.parametrize("name", FIXED)
def test_a_batch_of_one_is_the_batch(name: str) -> None:
    nodes, inputs, weights, _ = OPERATORS[name]
    outputs = nodes[-1].output
    named = graph(nodes, inputs, weights, outputs)
    fixed = graph(nodes, {k: (1, *v[1:]) for k, v in inputs.items()}, weights, outputs)
    net = from_onnx(fixed)
    assert opaque(net) == []
    assert [tuple(s) for s in net.trace().outputs] == one_sample(named)
    assert net.trace().macs == from_onnx(named).trace().macs
