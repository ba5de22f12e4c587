"""Shapes by ONNX's own inference, for the whole and for one node with real sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from archcalc.frameworks.importing.onnx.tensors import Node

__all__ = ["Declared", "declared_by", "inferred"]

Declared = Mapping[str, tuple[int, tuple[int | str | None, ...] | None]]
"""Of tensors by name: the type, and the shape as the file has it: numbers, names, or open."""


def declared_by(onnx: Any, model: Any) -> Declared:
    """What the file says of its tensors, and what follows from that."""
    try:
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # a model that inference refuses has what it says itself
        pass
    graph = model.graph
    return {
        one.name: (one.type.tensor_type.elem_type, dims_of(one))
        for one in (*graph.value_info, *graph.output, *graph.input)
    }


def dims_of(info: Any) -> tuple[int | str | None, ...] | None:
    """The shape that a tensor is declared with, ``None`` where it has none."""
    kind = info.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return tuple(
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
        for dim in kind.shape.dim
    )


def inferred(
    onnx: Any, node: Node, given: Mapping[str, Any], types: Mapping[str, int], opsets: Any
) -> list[tuple[int, ...] | None]:
    """The shapes that come out of one node, ``None`` where ONNX does not know.

    Args:
        onnx: the package.
        node: the node.
        given: what goes into it and into its subgraphs, by name; constants are given to inference
            as they are, of others the shape.
        types: of what goes in, by name.
        opsets: the versions of the operators.
    """
    helper = onnx.helper
    inputs, constants = [], []
    for name, one in given.items():
        if isinstance(one, np.ndarray):
            plain = one.astype(np.int64) if one.dtype == object else one
            constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(plain), name))
        elif hasattr(one, "shape"):
            sizes = [int(n) for n in one.shape]
            inputs.append(helper.make_tensor_value_info(name, types.get(name, 1), sizes))
    outputs = [onnx.ValueInfoProto(name=name) for name in node.proto.output if name]
    graph = helper.make_graph([node.proto], "one", inputs, outputs, constants)
    try:
        made = onnx.shape_inference.infer_shapes(
            helper.make_model(graph, opset_imports=opsets), data_prop=True
        )
    except Exception:  # ONNX does not know the operator, or refuses its inputs
        return [None] * len(node.proto.output)
    found = {one.name: dims_of(one) for one in made.graph.output}
    shapes_out = (found.get(name) for name in node.proto.output)
    return [
        None if dims is None or not all(isinstance(d, int) for d in dims) else tuple(dims)  # type: ignore[arg-type]
        for dims in shapes_out
    ]
