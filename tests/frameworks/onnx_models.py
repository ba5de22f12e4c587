"""ONNX graphs by hand: small ones for each operator, and what ONNX itself says comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, shape_inference

__all__ = ["floats", "graph", "inferred", "ints", "node"]

Weights = Mapping[str, Any]


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    """A node; inputs and outputs separated by spaces, ``-`` where one is left out."""
    given = ["" if name == "-" else name for name in inputs.split()]
    named = attributes.pop("called", None)
    return helper.make_node(op, given, outputs.split(), name=named, **attributes)


def floats(*shape: int) -> Any:
    """A weight, whose numbers are not all alike."""
    return np.arange(1, 1 + int(np.prod(shape)), dtype=np.float32).reshape(shape)


def ints(*values: int) -> Any:
    """Whole numbers."""
    return np.array(values, dtype=np.int64)


def graph(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Sequence[Any]],
    weights: Weights | None = None,
    outputs: Sequence[str] = ("y",),
    opset: int = 21,
    **others: Any,
) -> ModelProto:
    """A model; inputs whose name begins with ``i`` are whole numbers."""
    given = [
        helper.make_tensor_value_info(
            name, TensorProto.INT64 if name.startswith("i") else TensorProto.FLOAT, list(shape)
        )
        for name, shape in inputs.items()
    ]
    made = helper.make_graph(
        list(nodes),
        "graph",
        given,
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(w), name) for name, w in (weights or {}).items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], **others)


def inferred(model: ModelProto, batch: int) -> list[tuple[int, ...]]:
    """What ONNX's inference says comes out with so long a batch."""
    real = ModelProto()
    real.CopyFrom(model)
    for info in real.graph.input:
        for dim in info.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = batch
    made = shape_inference.infer_shapes(real, strict_mode=True, data_prop=True)
    return [
        tuple(dim.dim_value for dim in one.type.tensor_type.shape.dim) for one in made.graph.output
    ]
