"""Calls of a model's own functions replaced by what is in them.

This is done here and not by the package, whose own code may end the process over a broken file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["inline"]

Rename = Callable[[str], str]
Functions = Mapping[tuple[str, str], Any]


def inline(onnx: Any, model: Any) -> None:
    """Replace every call of a function in `model`, in place; they end, as was checked before."""
    functions = {(one.domain, one.name): one for one in model.functions}
    _inline_graph(onnx, model.graph, functions, _Numbers())
    del model.functions[:]


class _Numbers:
    """Numbers for calls, each once."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


def _inline_graph(onnx: Any, graph: Any, functions: Functions, numbers: _Numbers) -> None:
    nodes = list(_inlined(onnx, graph.node, functions, numbers))
    del graph.node[:]
    graph.node.extend(nodes)


def _inlined(
    onnx: Any, nodes: Iterable[Any], functions: Functions, numbers: _Numbers
) -> Iterator[Any]:
    for node in nodes:
        function = functions.get((node.domain, node.op_type))
        if function is None:
            for attribute in node.attribute:
                for graph in (*([attribute.g] if attribute.HasField("g") else []),
                              *attribute.graphs):  # fmt: skip
                    _inline_graph(onnx, graph, functions, numbers)
            yield node
        else:
            body = _body(onnx, node, function, numbers.next())
            yield from _inlined(onnx, body, functions, numbers)


def _body(onnx: Any, call: Any, function: Any, number: int) -> list[Any]:
    """The nodes of a function, with the names and attributes of a call."""
    inputs = [*call.input, *[""] * len(function.input)]
    known = dict(zip(function.input, inputs, strict=False))
    known |= {
        name: given for name, given in zip(function.output, call.output, strict=False) if given
    }
    known[""] = ""
    taken = set(function.input)

    def rename(name: str) -> str:
        return str(known.get(name, f"{call.name or call.op_type}:{number}:{name}"))

    attributes = {one.name: one for one in (*function.attribute_proto, *call.attribute)}
    made = [_renamed(onnx, node, rename, attributes, call.name) for node in function.node]
    for name, given in zip(function.output, call.output, strict=False):
        if given and name in taken:  # an output that is an input
            made.append(onnx.helper.make_node("Identity", [rename(name)], [given]))
    return made


def _renamed(
    onnx: Any, node: Any, rename: Rename, attributes: Mapping[str, Any], around: str
) -> Any:
    made = onnx.NodeProto()
    made.CopyFrom(node)
    if around:
        made.name = f"{around}/{node.name or node.op_type}" if "/" in around else around
    for field in ("input", "output"):
        names = [rename(name) for name in getattr(node, field)]
        del getattr(made, field)[:]
        getattr(made, field).extend(names)
    del made.attribute[:]
    for attribute in node.attribute:
        given = attributes.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
        if given is None:
            continue
        kept = made.attribute.add()
        kept.CopyFrom(given)
        kept.name = attribute.name
        if not attribute.ref_attr_name:
            for graph in (*([kept.g] if kept.HasField("g") else []), *kept.graphs):
                _rename_graph(onnx, graph, rename, attributes)
    return made


def _rename_graph(onnx: Any, graph: Any, rename: Rename, attributes: Mapping[str, Any]) -> None:
    for one in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        one.name = rename(one.name)
    nodes = [_renamed(onnx, node, rename, attributes, "") for node in graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
