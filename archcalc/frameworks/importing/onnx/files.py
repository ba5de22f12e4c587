"""An ONNX model from a file: bounded, without its weights' numbers, functions inlined.

Nothing is executed, and files of external data are never opened: of a weight the shape is all that
is wanted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from archcalc.frameworks.importing.onnx.inlining import inline
from archcalc.symbolic.errors import (
    CycleError,
    FrameworkError,
    SpecificationError,
    quoted,
    shorten,
)
from archcalc.symbolic.limits import LIMITS

__all__ = ["import_onnx", "in_order", "model_of", "outside", "subgraphs", "taken_by"]

_KEPT = 65_536
"""Of tensors with at most so many elements the numbers are kept: indices, targets, scales."""


def import_onnx() -> Any:
    """onnx.

    Raises:
        FrameworkError: it is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise FrameworkError(
            "onnx is not installed", code="framework-missing", hint="pip install 'archcalc[onnx]'"
        ) from error
    return onnx


def model_of(source: Any) -> Any:
    """The model in a file, or the one that is given, without the numbers of its weights.

    Raises:
        SpecificationError: it is no ONNX model, or is broken or too large.
        CycleError: its functions call one another in a circle.
    """
    onnx = import_onnx()
    name = "the model"
    if isinstance(source, str | os.PathLike):
        name = shorten(os.fspath(source))
        source = _parsed(onnx, source, name)
    if not isinstance(source, onnx.ModelProto):
        raise FrameworkError(
            f"{quoted(source, 60)} is no ONNX model", code="not-read",
            hint="from_onnx takes the path of a file, or an onnx.ModelProto",
        )  # fmt: skip
    if not source.ByteSize():
        raise SpecificationError(
            "it is empty", code="not-onnx", path=name, hint="write it, or download it, anew"
        )
    if not source.graph.output:
        raise SpecificationError(
            "it is no ONNX model: its graph gives nothing", code="not-onnx", path=name,
            hint="was the file written whole, and by onnx.save or an exporter?",
        )  # fmt: skip
    _check_text(source, name)
    _check_functions(source, name)
    light = _without_numbers(onnx, source)
    if light.functions:
        inline(onnx, light)
    return light


def _parsed(onnx: Any, path: Any, name: str) -> Any:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(LIMITS.onnx_bytes + 1)
    except (OSError, ValueError) as error:
        raise SpecificationError(
            f"it cannot be read: {shorten(getattr(error, 'strerror', None) or str(error))}",
            code="unreadable", path=name, hint="give the path of an ONNX file",
        ) from None  # fmt: skip
    if len(data) > LIMITS.onnx_bytes:
        raise SpecificationError(
            f"it has more than {LIMITS.onnx_bytes:,} bytes", code="too-large", path=name,
            hint="save the model with its weights as external data, which is not opened",
        )  # fmt: skip
    try:
        return onnx.ModelProto.FromString(data)
    except Exception:  # of protobuf, whose module is not ours to import
        raise SpecificationError(
            "it is no ONNX model, or a part of one", code="not-onnx", path=name,
            hint="was the file written whole, and by onnx.save or an exporter?",
        ) from None  # fmt: skip


def subgraphs(node: Any) -> Iterator[Any]:
    """The graphs that a node has among its attributes."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _nodes(nodes: Iterable[Any]) -> Iterator[Any]:
    """Every node, those of subgraphs too."""
    for node in nodes:
        yield node
        for graph in subgraphs(node):
            yield from _nodes(graph.node)


def _check_functions(model: Any, name: str) -> None:
    """Functions come to an end, and inlined there are not too many nodes.

    Raises:
        CycleError: they call one another in a circle.
        SpecificationError: there are more nodes than are read.
    """
    called = {(one.domain, one.name): one for one in model.functions}
    sizes: dict[tuple[str, str], int] = {}
    for start in called:
        _sized(called, start, sizes, (), name)
    total = sum(sizes.get((n.domain, n.op_type), 1) for n in _nodes(model.graph.node))
    if total > LIMITS.onnx_nodes:
        raise SpecificationError(
            f"it has more than {LIMITS.onnx_nodes:,} nodes", code="too-large", path=name,
            values={"nodes": total if total < 10**12 else "more than 10^12"},
            hint="give a part of it: onnx.utils.extract_model",
        )  # fmt: skip


def _sized(
    called: Any, at: tuple[str, str], sizes: dict[Any, int], around: tuple[Any, ...], name: str
) -> int:
    """How many nodes a function is."""
    if at in around:
        raise CycleError(
            f"the function {quoted(at[1], 60)} calls itself", code="cycle", path=name,
            values={"functions": tuple(one[1] for one in around)},
            hint="ONNX has no recursion: a function may call those only that do not call it",
        )  # fmt: skip
    if len(around) > LIMITS.source_nesting:
        raise SpecificationError(
            f"more than {LIMITS.source_nesting} functions are inside one another",
            code="too-deep", path=name, hint="inline them: onnx.inliner.inline_local_functions",
        )  # fmt: skip
    if at not in sizes:
        inside = 0
        for node in _nodes(called[at].node):
            key = node.domain, node.op_type
            inside += _sized(called, key, sizes, (*around, at), name) if key in called else 1
        sizes[at] = inside
    return sizes[at]


def _check_text(model: Any, name: str) -> None:
    """Names are text.

    Raises:
        SpecificationError: one is not.
    """
    try:
        graphs = [model.graph, *model.functions]
        for graph in graphs:
            for node in _nodes(graph.node):
                _texts(node.name, node.op_type, node.domain, *node.input, *node.output)
                _texts(*(one.name for one in node.attribute))
                _texts(*(one.ref_attr_name for one in node.attribute))
                _texts(*(text for one in node.metadata_props for text in (one.key, one.value)))
                for inner in subgraphs(node):
                    _check_graph(inner)
        _check_graph(model.graph)
        for function in model.functions:
            _texts(function.name, function.domain, *function.input, *function.output)
        _texts(*(one.domain for one in model.opset_import))
    except (UnicodeDecodeError, TypeError):
        raise SpecificationError(
            "a name in it is not text in UTF-8", code="not-onnx", path=name,
            hint="was the file written whole, and by onnx.save or an exporter?",
        ) from None  # fmt: skip


def _check_graph(graph: Any) -> None:
    for one in (*graph.input, *graph.output, *graph.value_info):
        _texts(one.name, *(dim.dim_param for dim in one.type.tensor_type.shape.dim))
    _texts(*(one.name for one in graph.initializer))
    _texts(*(one.values.name for one in graph.sparse_initializer))


def _texts(*names: Any) -> None:
    for name in names:
        if not isinstance(name, str):
            raise TypeError(name)


def _without_numbers(onnx: Any, model: Any) -> Any:
    """The same model; of large tensors only the shape and the type."""
    light = onnx.ModelProto(ir_version=model.ir_version)
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    _copy_light(onnx, model.graph, light.graph)
    return light


def _copy_light(onnx: Any, graph: Any, light: Any) -> None:
    light.name = "graph"
    light.node.extend(graph.node)
    for field in ("input", "output", "value_info"):
        getattr(light, field).extend(getattr(graph, field))
    for tensor in graph.initializer:
        light.initializer.append(_light(onnx, tensor))
    for sparse in graph.sparse_initializer:
        made = onnx.TensorProto(name=sparse.values.name, data_type=sparse.values.data_type)
        made.dims.extend(sparse.dims)
        light.initializer.append(_located(onnx, made))


def _light(onnx: Any, tensor: Any) -> Any:
    count = 1
    for length in tensor.dims:
        count *= length
    if count <= _KEPT and tensor.data_location != onnx.TensorProto.EXTERNAL:
        return tensor
    made = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type)
    made.dims.extend(tensor.dims)
    return _located(onnx, made)


def _located(onnx: Any, tensor: Any) -> Any:
    """A tensor whose numbers are elsewhere, where nothing looks for them."""
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights")
    return tensor


def in_order(graph: Any, known: Iterable[str], name: str) -> list[Any]:
    """The nodes, each after those whose outputs it takes.

    Raises:
        CycleError: they feed one another in a circle.
        SpecificationError: something is taken that nothing makes, or made twice.
    """
    makers: dict[str, int] = {}
    for index, node in enumerate(graph.node):
        for output in filter(None, node.output):
            if output in makers:
                raise SpecificationError(
                    f"the tensor {quoted(output, 60)} is made twice", code="not-onnx", path=name,
                    hint="every tensor has one node that makes it",
                )  # fmt: skip
            makers[output] = index
    there = set(known)
    needed = [{makers[t] for t in taken_by(node) if t in makers} for node in graph.node]
    for node in graph.node:
        for tensor in taken_by(node):
            if tensor not in makers and tensor not in there:
                raise SpecificationError(
                    f"nothing makes the tensor {quoted(tensor, 60)}, which "
                    f"{quoted(node.name or node.op_type, 60)} takes", code="not-onnx", path=name,
                    hint="onnx.checker.check_model says more",
                )  # fmt: skip
    if all(other < index for index, some in enumerate(needed) for other in some):
        return list(graph.node)
    return _sorted(graph, needed, name)


def _sorted(graph: Any, needed: list[set[int]], name: str) -> list[Any]:
    takers: dict[int, list[int]] = {}
    for index, some in enumerate(needed):
        for other in some:
            takers.setdefault(other, []).append(index)
    waiting = [len(some) for some in needed]
    ready = [index for index, count in enumerate(waiting) if not count]
    order: list[Any] = []
    for index in ready:
        order.append(graph.node[index])
        for taker in takers.get(index, ()):
            waiting[taker] -= 1
            if not waiting[taker]:
                ready.append(taker)
    if len(order) < len(needed):
        stuck = [graph.node[i] for i, count in enumerate(waiting) if count]
        names = tuple(node.name or node.op_type for node in stuck[:5])
        raise CycleError(
            f"nodes feed one another in a circle: {', '.join(quoted(n, 40) for n in names)}",
            code="cycle", path=name, values={"nodes": names},
            hint="an ONNX graph has no circles: repeat with Loop or Scan",
        )  # fmt: skip
    return order


def taken_by(node: Any) -> set[str]:
    """What a node takes, its subgraphs' of the tensors around too."""
    taken = {one for one in node.input if one}
    for graph in subgraphs(node):
        taken |= outside(graph)
    return taken


def outside(graph: Any) -> set[str]:
    """The tensors of around that a subgraph takes."""
    own = {one.name for one in (*graph.input, *graph.initializer)}
    own |= {output for node in graph.node for output in node.output}
    taken = {one for node in graph.node for one in taken_by(node)}
    return (taken | {one.name for one in graph.output}) - own
