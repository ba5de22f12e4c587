"""ONNX models as networks: shapes as ONNX itself infers them, weights and products by hand."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper

import archcalc as ac
from archcalc.cli import main
from archcalc.frameworks.importing.onnx import reader
from archcalc.frameworks.onnx_reading import from_onnx
from archcalc.layers.opaque import Opaque
from archcalc.symbolic.errors import ArchcalcError, CycleError, FrameworkError, SpecificationError
from archcalc.symbolic.limits import LIMITS
from tests.frameworks.onnx_models import floats, graph, inferred, ints, node
from tests.sampling import examples

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


WHOLE = [node("DynamicQuantizeLinear", "x", "q r o")]
SCALE = {"s": np.array(0.1, np.float32), "z": np.array(3, np.uint8)}
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
    "trilu": ([node("Trilu", "x", "y")], {"x": ("N", 7, 7)}, {}, 0),
    "cast": ([node("Cast", "x", "y", to=10)], SEQUENCE, {}, 0),
    "one hot": ([node("OneHot", "i d v", "y")], {"i": ("N", 7)},
                {"d": ints(5)[0], "v": np.array([0, 1], np.float32)}, 0),
    "one hot before": ([node("OneHot", "i d v", "y", axis=1)], {"i": ("N", 7)},
                       {"d": ints(5)[0], "v": np.array([-1, 2], np.float32)}, 0),
    "conv of whole numbers": ([*WHOLE, node("ConvInteger", "q w", "y", pads=[1, 1, 1, 1])],
                              IMAGE, {"w": floats(6, 4, 3, 3).astype("uint8")}, 216),
    "quantized conv": ([*WHOLE, node("QLinearConv", "q s z w s z s z b", "y", strides=[2, 2])],
                       IMAGE, {"w": floats(6, 4, 3, 3).astype("uint8"), **SCALE,
                               "b": floats(6).astype("int32")}, 216 + 6),
    "product of whole numbers": ([*WHOLE, node("MatMulInteger", "q w", "y")], SEQUENCE,
                                 {"w": floats(12, 5).astype("uint8")}, 60),
    "quantized product": ([*WHOLE, node("QLinearMatMul", "q s z w s z s z", "y")], SEQUENCE,
                          {"w": floats(12, 5).astype("uint8"), **SCALE}, 60),
}  # fmt: skip
UNARY = [
    "Relu",
    "LeakyRelu",
    "Elu",
    "Selu",
    "Celu",
    "Sigmoid",
    "Tanh",
    "Softplus",
    "Softsign",
    "HardSigmoid",
    "HardSwish",
    "Mish",
    "Gelu",
    "Exp",
    "Log",
    "Sqrt",
    "Abs",
    "Neg",
    "Reciprocal",
    "Floor",
    "Ceil",
    "Round",
    "Erf",
    "Sin",
    "Cos",
    "Tan",
    "Sign",
    "Identity",
]
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


# Recurrent layers


def recurrent(op: str, outputs: str, direction: str = "forward", **attributes: Any) -> ModelProto:
    gates, ways = {"LSTM": 4, "GRU": 3, "RNN": 1}[op], 1 + (direction == "bidirectional")
    weights = {
        "w": floats(ways, gates * 5, 12),
        "r": floats(ways, gates * 5, 5),
        "b": floats(ways, 2 * gates * 5),
    }
    nodes = [node(op, "x w r b", outputs, hidden_size=5, direction=direction, **attributes)]
    names = [name for name in outputs.split() if name]
    return graph(nodes, {"x": (7, "N", 12)}, weights, names)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_recurrent_operators(op: str, direction: str) -> None:
    gates, ways = {"LSTM": 4, "GRU": 3, "RNN": 1}[op], 1 + (direction == "bidirectional")
    model = recurrent(op, "y h", direction, **({"linear_before_reset": 1} if op == "GRU" else {}))
    net = from_onnx(model, batch_axis=1)
    trace = net.trace()
    assert opaque(net) == []
    assert trace.parameters == ways * gates * 5 * (12 + 5 + 2)
    assert trace.macs == ways * 7 * gates * 5 * (12 + 5)
    assert [tuple(s) for s in trace.outputs] == one_sample(model) == [(7, ways, 5), (ways, 5)]


def test_a_memory_comes_out_of_an_lstm() -> None:
    model = recurrent("LSTM", "y h c")
    net = from_onnx(model, batch_axis={"x": 1})
    assert opaque(net) == []
    assert [tuple(s) for s in net.trace().outputs] == one_sample(model)


# Weights


def test_an_initialiser_of_two_operators_is_one_weight() -> None:
    nodes = [
        node("Gather", "w i", "e"),
        node("Transpose", "w", "t", perm=[1, 0]),
        node("MatMul", "e t", "y"),
    ]
    net = from_onnx(graph(nodes, {"i": ("N", 7)}, {"w": floats(11, 3)}))
    assert opaque(net) == []
    assert net.trace().parameters == 33
    assert net.trace().macs == 7 * 3 * 11
    twice = [node("Conv", "x w", "a", pads=[1] * 4), node("Conv", "a w", "y", strides=[2, 2])]
    net = from_onnx(graph(twice, IMAGE, {"w": floats(4, 4, 3, 3)}))
    assert net.trace().parameters == 144
    assert net.trace().macs == 144 * (90 + 4 * 4)


def test_weights_that_reach_no_output_are_counted() -> None:
    nodes = [node("Relu", "x", "y"), node("MatMul", "x w", "z")]
    net = from_onnx(graph(nodes, SEQUENCE, {"w": floats(12, 5), "v": floats(3)}))
    assert net.trace().parameters == 63
    assert [row.path for row in net.trace() if isinstance(row.layer, Opaque)] == ["unused"]


def test_statistics_are_not_parameters() -> None:
    nodes, inputs, weights, _ = OPERATORS["batch norm"]
    assert from_onnx(graph(nodes, inputs, weights)).trace().statistics == 8


# Constants


def test_targets_that_are_computed_from_shapes_are_known() -> None:
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n"),
        node("Gather", "s one", "c"),
        node("Unsqueeze", "n axis", "n1"),
        node("Mul", "c two", "c2"),
        node("Unsqueeze", "c2 axis", "c1"),
        node("Slice", "s from to", "rest"),
        node("ReduceProd", "rest", "r", keepdims=1),
        node("Div", "r two1", "half"),
        node("Concat", "n1 c1 half", "target", axis=0),
        node("Reshape", "x target", "y"),
    ]
    weights = {
        "zero": ints(0)[0], "one": ints(1)[0], "axis": ints(0), "two": ints(2)[0], "two1": ints(2),
        "from": ints(2), "to": ints(4),
    }  # fmt: skip
    for batch in ("N", 1):
        net = from_onnx(graph(nodes, {"x": (batch, 4, 9, 10)}, weights))
        assert [tuple(s) for s in net.trace().outputs] == [(8, 45)]
        assert len(net.trace()) == 1
    net = from_onnx(graph(nodes, {"x": ("N", 4, "h", 10)}, weights))
    assert [str(dim) for dim in net.trace().outputs[0]] == ["8", "5*h"]


def test_a_branch_that_a_constant_decides_is_followed() -> None:
    def branch(op: str) -> Any:
        nodes = [node(op, "x w", "out")]
        return helper.make_graph(nodes, op, [], [helper.make_empty_tensor_value_info("out")])

    nodes = [
        node("Shape", "x", "s"),
        node("Size", "s", "rank"),
        node("Equal", "rank three", "c"),
        node("If", "c", "y", then_branch=branch("MatMul"), else_branch=branch("Add")),
    ]
    weights = {"three": ints(3)[0], "w": floats(12, 5)}
    net = from_onnx(graph(nodes, SEQUENCE, weights))
    assert opaque(net) == []
    assert net.trace().parameters == 60
    unknown = [node("ReduceMax", "x", "m", keepdims=0), node("Greater", "m o", "c"),
               node("If", "c", "y", then_branch=branch("Add"), else_branch=branch("Sub")),
    ]  # fmt: skip
    net = from_onnx(graph(unknown, SEQUENCE, {"o": floats(1)[0], "w": floats(12)}))
    assert any(one.startswith("If") for one in opaque(net))
    assert net.trace().parameters == 12
    assert [tuple(s) for s in net.trace().outputs] == [(7, 12)]


def test_a_loop_of_known_length_is_unrolled() -> None:
    body = helper.make_graph(
        [node("MatMul", "state w", "next"), node("Identity", "go", "on"),
         node("Identity", "next", "kept")],
        "body",
        [helper.make_tensor_value_info("turn", TensorProto.INT64, []),
         helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_empty_tensor_value_info("state")],
        [helper.make_empty_tensor_value_info(name) for name in ("on", "next", "kept")],
    )  # fmt: skip
    nodes = [node("Loop", "most - x", "y all", body=body)]
    weights = {"most": ints(3)[0], "w": floats(12, 12)}
    net = from_onnx(graph(nodes, {"x": ("N", 12)}, weights, ("y", "all")))
    assert opaque(net) == []
    assert net.trace().parameters == 144
    assert net.trace().macs == 3 * 144
    assert [tuple(s) for s in net.trace().outputs] == [(12,), (3, 12)]


def test_a_scan_goes_along_its_axis() -> None:
    body = helper.make_graph(
        [node("Add", "state part", "next"), node("Relu", "next", "kept")],
        "body",
        [helper.make_empty_tensor_value_info(name) for name in ("state", "part")],
        [helper.make_empty_tensor_value_info(name) for name in ("next", "kept")],
    )
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]),
        node("ReduceSum", "t a", "z", keepdims=0),
        node("Scan", "z t", "last y", body=body, num_scan_inputs=1),
    ]
    net = from_onnx(graph(nodes, SEQUENCE, {"a": ints(0)}, ("last", "y")))
    assert opaque(net) == []
    assert [tuple(s) for s in net.trace().outputs] == [(12,), (7, 12)]


# Functions


def function(name: str, *calls: str) -> Any:
    nodes = [helper.make_node(op, [f"t{i}"], [f"t{i + 1}"], domain="mine" if op[0] == "F" else "")
             for i, op in enumerate(calls)]  # fmt: skip
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("mine", 1)]
    return helper.make_function("mine", name, ["t0"], [f"t{len(calls)}"], nodes, opsets)


def with_functions(*functions: Any) -> ModelProto:
    model = graph([helper.make_node("F0", ["x"], ["y"], domain="mine")], SEQUENCE)
    model.opset_import.append(helper.make_opsetid("mine", 1))
    model.functions.extend(functions)
    return model


def test_functions_are_inlined() -> None:
    net = from_onnx(with_functions(function("F0", "F1", "Relu"), function("F1", "Tanh", "Exp")))
    assert [type(row.layer).__name__ for row in net.trace()] == [
        "Activation", "Function", "Activation",
    ]  # fmt: skip


def test_functions_that_call_one_another_in_a_circle_are_refused() -> None:
    with pytest.raises(CycleError, match="calls itself"):
        from_onnx(with_functions(function("F0", "F1"), function("F1", "F0")))


def test_functions_that_unfold_without_end_are_refused() -> None:
    some = [function(f"F{i}", f"F{i + 1}", f"F{i + 1}") for i in range(60)]
    with pytest.raises(SpecificationError, match="nodes"):
        from_onnx(with_functions(*some, function("F60", "Relu")))


# Inputs


def test_a_size_that_has_a_name_is_a_symbol() -> None:
    nodes = [node("Conv", "x w", "c", pads=[1] * 4, strides=[2, 2]),
             node("GlobalAveragePool", "c", "p"), node("Flatten", "p", "f"),
             node("Gemm", "f v", "y")]  # fmt: skip
    weights = {"w": floats(6, 4, 3, 3), "v": floats(6, 5)}
    net = from_onnx(graph(nodes, {"x": ("batch", 4, "height", "image width")}, weights))
    macs = net.trace().macs
    real = from_onnx(graph(nodes, {"x": ("batch", 4, 31, 40)}, weights)).trace().macs
    assert macs(height=31, image_width=40) == real == 216 * 16 * 20 + 30
    other = from_onnx(graph(nodes, {"x": (None, 4, None, None)}, weights), (4, 31, 40))
    assert other.trace().macs == real


def test_the_batch_is_where_it_is_said() -> None:
    model = graph([node("MatMul", "x w", "y")], {"x": (7, 3, 12)}, {"w": floats(12, 5)})
    assert from_onnx(model).trace().outputs == ((7, 3, 5),)
    assert from_onnx(model, batch_axis=0).trace().outputs == ((3, 5),)
    assert from_onnx(model, batch_axis={"x": 1}).trace().outputs == ((7, 5),)
    assert from_onnx(model, batch_axis={"x": 1}).trace().macs == 7 * 60
    named = graph([node("MatMul", "x w", "y")], {"x": ("n", 3, 12)}, {"w": floats(12, 5)})
    assert str(from_onnx(named, batch_axis=None).trace().macs) == "180·n"
    for wrong in (3, {"z": 0}, "all"):
        with pytest.raises(SpecificationError):
            from_onnx(model, batch_axis=wrong)


def test_an_initialiser_among_the_inputs_is_a_weight() -> None:
    model = graph(
        [node("MatMul", "x w", "y")], {"x": ("N", 12), "w": (12, 5)}, {"w": floats(12, 5)}
    )
    assert from_onnx(model).trace().parameters == 60


# Modules


@pytest.mark.parametrize("way", ["names", "scopes"])
def test_modules_are_networks(way: str) -> None:
    calls = [("layer1/layer1.0/conv1/Conv", "Conv", "x w1", "a"),
             ("layer1/layer1.0/act/Relu", "Relu", "a", "b"),
             ("layer1/layer1.1/conv1/Conv", "Conv", "b w2", "c"),
             ("layer1/layer1.1/Add", "Add", "c b", "d"),
             ("head/Conv", "Conv", "d w3", "y")]  # fmt: skip
    nodes = []
    for path, op, taken, out in calls:
        attributes = {} if op != "Conv" else {"pads": [1] * 4}
        called = f"/{path}" if way == "names" else f"node_{out}"
        made = node(op, taken, out, called=called, **attributes)
        if way == "scopes":
            *parts, _ = path.split("/")
            last = parts[-1] if len(parts) < 3 else f"{parts[1]}.{parts[2]}"
            text = str(["", *parts[:2], *([last] if len(parts) > 2 else []), out])
            entry = made.metadata_props.add()
            entry.key, entry.value = "pkg.torch.onnx.name_scopes", text
        nodes.append(made)
    weights = {f"w{i}": floats(4, 4, 3, 3) for i in (1, 2, 3)}
    net = from_onnx(graph(nodes, IMAGE, weights))
    paths = [row.path for row in net.trace()]
    assert paths[:3] == ["layer1/0/conv1", "layer1/0/act", "layer1/1/conv1"]
    assert paths[-1] == "head"
    assert paths[3].startswith("layer1/1/")


# What is not known


def test_an_operator_that_no_layer_says_is_opaque_with_real_shapes() -> None:
    nodes = [node("GridSample", "x g", "a"), node("Conv", "a w", "y")]
    inputs = {"x": ("N", 4, 9, 10), "g": ("N", 5, 6, 2)}
    model = graph(nodes, inputs, {"w": floats(6, 4, 3, 3)})
    net = from_onnx(model)
    assert [one.partition(":")[0] for one in opaque(net)] == ["GridSample"]
    assert [tuple(s) for s in net.trace().outputs] == one_sample(model)
    assert net.trace().parameters == 216


def test_an_operator_of_nobody_says_so() -> None:
    model = graph([helper.make_node("Magic", ["x"], ["y"], domain="mine")], SEQUENCE)
    model.opset_import.append(helper.make_opsetid("mine", 1))
    with pytest.raises(SpecificationError, match="Magic") as caught:
        from_onnx(model)
    assert caught.value.code == "not-known"
    info = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])
    model.graph.output[0].CopyFrom(info)
    assert from_onnx(model).trace().outputs == ((3,),)


# Files that are broken, or made to do harm


def saved(tmp_path: Path, model: ModelProto) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    nodes, inputs, weights, parameters = OPERATORS["conv"]
    path = saved(tmp_path, graph(nodes, inputs, weights))
    assert from_onnx(path).trace().parameters == parameters
    assert ac.from_onnx(str(path)).trace().parameters == parameters


def test_external_data_is_never_opened(tmp_path: Path) -> None:
    nodes, inputs, weights, parameters = OPERATORS["conv"]
    model = graph(nodes, inputs, weights)
    for tensor, place in zip(model.graph.initializer, ("../../etc/passwd", "gone"), strict=True):
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=place)
    path = saved(tmp_path, model)
    opened = []
    with _watching(opened):
        net = from_onnx(path)
    assert net.trace().parameters == parameters
    assert [Path(one).name for one in opened if not str(one).endswith((".py", ".pyc"))] in (
        ["model.onnx"], ["model.onnx"] * 2,
    )  # fmt: skip


_OPENED: list[list[Any]] = []


@contextmanager
def _watching(opened: list[Any]) -> Iterator[None]:
    """What is opened meanwhile; Python has no way to take an audit hook back."""
    if not _OPENED:
        sys.addaudithook(lambda event, args: event == "open" and _OPENED[-1].append(args[0]))
    _OPENED.append(opened)
    try:
        yield
    finally:
        _OPENED.append([])


@given(st.data())
@examples(nightly=5_000)
def test_a_broken_file_is_one_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["conv", "reshape", "matmul weight", "split", "resize sizes"]))
    nodes, inputs, weights, _ = OPERATORS[name]
    whole = bytearray(graph(nodes, inputs, weights, nodes[-1].output).SerializeToString())
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    for place in data.draw(st.lists(st.integers(0, max(len(whole) - 1, 0)), max_size=4)):
        if whole:
            whole[place % len(whole)] = data.draw(st.integers(0, 255))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(bytes(whole))
        with suppress(ArchcalcError):
            from_onnx(path).trace()


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04\x95cos\nsystem\n", b"PK\x03\x04", b"\x00" * 100, b"\xff" * 1000]
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(SpecificationError) as caught:
        from_onnx(path)
    assert caught.value.code == "not-onnx"
    assert "model.onnx" in str(caught.value)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="cannot be read"):
        from_onnx(tmp_path / "none.onnx")
    with pytest.raises(FrameworkError, match="no ONNX model"):
        from_onnx(3)


def test_a_circle_is_refused() -> None:
    nodes = [node("Add", "x c", "a"), node("Relu", "a", "b"), node("Relu", "b", "c"),
             node("Relu", "c", "y")]  # fmt: skip
    with pytest.raises(CycleError, match="circle"):
        from_onnx(graph(nodes, SEQUENCE))


def test_nodes_out_of_order_are_put_in_order() -> None:
    nodes = [node("Relu", "a", "y"), node("Tanh", "x", "a")]
    assert len(from_onnx(graph(nodes, SEQUENCE)).trace()) == 2


def test_a_tensor_that_nothing_makes_is_refused() -> None:
    with pytest.raises(SpecificationError, match="'z'"):
        from_onnx(graph([node("Add", "x z", "y")], SEQUENCE))
    with pytest.raises(SpecificationError, match="made twice"):
        from_onnx(graph([node("Relu", "x", "y"), node("Tanh", "x", "y")], SEQUENCE))
    with pytest.raises(SpecificationError, match="output"):
        from_onnx(graph([node("Relu", "x", "z")], SEQUENCE))


def test_constants_without_end_are_not_computed() -> None:
    nodes = [node("ConstantOfShape", "n", "c"), node("Expand", "c n", "d"),
             node("ReduceSum", "d", "e", keepdims=0), node("Add", "x e", "y")]  # fmt: skip
    model = graph(nodes, SEQUENCE, {"n": ints(10**6, 10**6, 10**6)})
    assert from_onnx(model).trace().outputs == ((7, 12),)


def test_a_loop_without_end_is_not_followed() -> None:
    body = helper.make_graph(
        [node("Relu", "state", "next"), node("Identity", "go", "on")], "body",
        [helper.make_tensor_value_info("turn", TensorProto.INT64, []),
         helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_tensor_value_info("state", TensorProto.FLOAT, [None, 12])],
        [helper.make_empty_tensor_value_info("on"),
         helper.make_tensor_value_info("next", TensorProto.FLOAT, ["N", 12])],
    )  # fmt: skip
    model = graph(
        [node("Loop", "most - x", "y", body=body)], {"x": ("N", 12)}, {"most": ints(2**40)[0]}
    )
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 12]))
    net = from_onnx(model)
    assert [one.partition(":")[0] for one in opaque(net)] == ["Loop"]
    assert net.trace().outputs == ((12,),)


def test_without_onnx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(FrameworkError, match=r"archcalc\[onnx\]") as caught:
        from_onnx("model.onnx")
    assert caught.value.code == "framework-missing"


# Models of torch, as its exporters write them

FOLDER = Path(__file__).parents[1] / "data" / "onnx"
FIGURES = json.loads((FOLDER / "figures.json").read_text("utf-8"))


def exported(name: str) -> ModelProto:
    return ModelProto.FromString(gzip.decompress((FOLDER / f"{name}.onnx.gz").read_bytes()))


@pytest.mark.parametrize("name", FIGURES)
def test_exports_have_torchs_figures(name: str) -> None:
    net, figures = from_onnx(exported(name)), FIGURES[name]
    trace = net.trace()
    assert opaque(net) == []
    assert trace.parameters == figures["parameters"]
    macs = trace.macs(h=224, w=224) if name.endswith("_open") else trace.macs
    assert macs == figures["macs"]
    assert [list(shape) for shape in trace.outputs] == [figures["output"]]


def test_exports_have_the_paths_of_the_modules() -> None:
    paths = [row.path for row in from_onnx(exported("resnet18")).trace()]
    assert {"conv1", "layer1/0/conv1", "layer4/1/bn2", "layer2/0/downsample/0", "fc"} <= set(paths)


def test_a_summary_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path, exported("resnet18"))
    assert main(["summary", str(path)]) == 0
    assert "11,689,512 parameters" in capsys.readouterr().out


def test_states_that_an_lstm_ends_in_have_the_batch_first() -> None:
    weights = {
        "w": floats(1, 20, 12), "r": floats(1, 20, 5), "b": floats(1, 40), "a": ints(0),
        "v": floats(5, 3),
    }  # fmt: skip
    nodes = [node("LSTM", "x w r b", "- h", hidden_size=5), node("Squeeze", "h a", "s"),
             node("MatMul", "s v", "y")]  # fmt: skip
    net = from_onnx(graph(nodes, {"x": (7, "N", 12)}, weights), batch_axis=1)
    assert opaque(net) == []
    assert net.trace().outputs == ((3,),)
    assert net.trace().parameters == 20 * 19 + 15


def test_an_lstm_with_the_batch_first() -> None:
    weights = {"w": floats(1, 20, 12), "r": floats(1, 20, 5), "b": floats(1, 40)}
    nodes = [node("LSTM", "x w r b", "y h", hidden_size=5, layout=1)]
    model = graph(nodes, SEQUENCE, weights, ("y", "h"))
    net = from_onnx(model)
    assert opaque(net) == []
    assert [tuple(s) for s in net.trace().outputs] == [(7, 1, 5), (1, 5)]


def test_a_length_that_is_a_symbol_stays_one_through_ranges_and_masks() -> None:
    nodes = [node("Gather", "w i", "e"), node("Shape", "i", "s"), node("Gather", "s one", "t"),
             node("Range", "zero t one", "r"), node("Gather", "p r", "places"),
             node("Add", "e places", "y")]  # fmt: skip
    weights = {"w": floats(11, 4), "p": floats(64, 4), "one": ints(1)[0], "zero": ints(0)[0]}
    net = from_onnx(graph(nodes, {"i": ("batch", "seq")}, weights))
    assert [str(dim) for dim in net.trace().outputs[0]] == ["seq", "4"]
    assert net.trace().parameters == 300


def test_attention_of_version_23() -> None:
    nodes = [node("Attention", "q k v", "y", q_num_heads=4, kv_num_heads=2)]
    inputs = {"q": ("N", 7, 16), "k": ("N", 9, 8), "v": ("N", 9, 8)}
    net = from_onnx(graph(nodes, inputs, opset=23))
    assert opaque(net) == []
    assert net.trace().outputs == ((7, 16),)
    assert net.trace().macs == 2 * 4 * 7 * 9 * 4


def test_weights_of_whole_numbers_are_weights_where_they_are_scaled() -> None:
    nodes = [node("DequantizeLinear", "wq scale zero", "w"), node("Conv", "x w", "y")]
    weights = {"wq": floats(4, 3, 3, 3).astype("int8"), "scale": floats(1)[0],
               "zero": floats(1)[0].astype("int8")}  # fmt: skip
    net = from_onnx(graph(nodes, {"x": ("N", 3, 9, 9)}, weights))
    assert net.trace().parameters == 108


def test_loops_in_loops_come_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LIMITS", replace(LIMITS, onnx_nodes=2_000))

    def body(inside: Any, turn: int) -> Any:
        infos = [helper.make_tensor_value_info(f"turn{turn}", TensorProto.INT64, []),
                 helper.make_tensor_value_info("go", TensorProto.BOOL, []),
                 helper.make_empty_tensor_value_info(f"s{turn}")]  # fmt: skip
        ends = [helper.make_empty_tensor_value_info(name) for name in ("on", f"n{turn}")]
        return helper.make_graph([inside, node("Identity", "go", "on")], "body", infos, ends)

    inner = node("Loop", "most - s1", "n1", body=body(node("Relu", "s0", "n0"), 0))
    outer = node("Loop", "most - x", "y", body=body(inner, 1))
    with pytest.raises(SpecificationError) as caught:
        from_onnx(graph([outer], {"x": ("N", 12)}, {"most": ints(900)[0]}))
    assert caught.value.code == "too-large"
