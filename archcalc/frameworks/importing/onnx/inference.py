"""Shapes by ONNX's own inference, for the whole and for one node with real sizes."""

from __future__ import annotations

import atexit
import base64
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from archcalc.frameworks.importing.onnx.tensors import Node

__all__ = ["Declared", "declared_by", "inferred"]

Declared = Mapping[str, tuple[int, tuple[int | str | None, ...] | None]]
"""Of tensors by name: the type, and the shape as the file has it: numbers, names, or open."""


def declared_by(model: Any) -> Declared:
    """What the file says of its tensors."""
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
    model = helper.make_model(graph, opset_imports=opsets)
    text = Worker.answer(model.SerializeToString())
    shapes = json.loads(text) if text else [None] * len(node.proto.output)
    found = dict(zip((name for name in node.proto.output if name), shapes, strict=False))
    return [None if found.get(name) is None else tuple(found[name]) for name in node.proto.output]


class Worker:
    """A process of its own in which ONNX infers: over a broken node its code may end the process.

    It is begun when the first shape is asked for, and ends with this process.
    """

    _process: ClassVar[Any] = None
    _lock: ClassVar[Any] = threading.Lock()

    @classmethod
    def answer(cls, model: bytes) -> str:
        """The shapes that come out of a model as JSON; empty where ONNX does not know."""
        with cls._lock:
            if cls._process is None or cls._process.poll() is not None:
                cls._process = cls._begun()
            process = cls._process
            if process is None:
                return ""
            stop = threading.Timer(_SECONDS, process.kill)
            stop.start()
            try:
                process.stdin.write(base64.b64encode(model) + b"\n")
                process.stdin.flush()
                return str(process.stdout.readline().decode()).strip()
            except (OSError, ValueError):
                return ""
            finally:
                stop.cancel()

    @staticmethod
    def _begun() -> Any:
        if not sys.executable:
            return None
        try:
            made = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError:
            return None
        atexit.register(_ended, made)
        return made


def _ended(process: Any) -> None:
    """End the worker, and wait until it has."""
    process.kill()
    process.communicate()


_SECONDS = 30
"""After which an inference that has not ended is given up."""

_PROGRAM = """
import base64, json, sys
import onnx
for line in sys.stdin.buffer:
    shapes = []
    try:
        model = onnx.ModelProto.FromString(base64.b64decode(line))
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        for one in model.graph.output:
            kind = one.type.tensor_type
            dims = [dim.dim_value for dim in kind.shape.dim if dim.HasField("dim_value")]
            whole = kind.HasField("shape") and len(dims) == len(kind.shape.dim)
            shapes.append(dims if whole else None)
    except Exception:
        shapes = []
    print(json.dumps(shapes), flush=True)
"""
