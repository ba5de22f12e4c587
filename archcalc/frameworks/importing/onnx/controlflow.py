"""If, Loop and Scan: inlined where constants decide them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from archcalc.frameworks.importing.onnx.tensors import Node, array_of, one_number
from archcalc.frameworks.importing.values import NotLoweredError, Value

__all__ = ["CONTROL"]

_MOST_TURNS = 1_000
"""Of a loop that is unrolled."""


def _if(reader: Any, node: Node) -> list[Any]:
    """The branch that is taken, where a constant says which."""
    taken = bool(one_number(node.given[0]))
    made: list[Any] = reader.inlined(node.attributes["then_branch" if taken else "else_branch"], [])
    return made


def _loop(reader: Any, node: Node) -> list[Any]:
    """Turn by turn, where constants say how many there are."""
    most, goes_on = node.input(0), node.input(1)
    turns = None if most is None else int(one_number(most))
    go = goes_on is None or bool(one_number(goes_on))
    carried = list(node.given[2:])
    body = node.attributes["body"]
    scanned: list[list[Any]] = [[] for _ in range(len(body.output) - 1 - len(carried))]
    turn = 0
    while go and (turns is None or turn < turns):
        if turn >= _MOST_TURNS:
            raise NotLoweredError(f"a loop of more than {_MOST_TURNS} turns")
        made = reader.inlined(body, [np.array(turn), np.array(True), *carried])
        go = bool(one_number(array_of(made[0])))
        carried = made[1 : 1 + len(carried)]
        for kept, one in zip(scanned, made[1 + len(carried) :], strict=True):
            kept.append(one)
        turn += 1
    return [*carried, *(_stacked(reader, kept) for kept in scanned)]


def _scan(reader: Any, node: Node) -> list[Any]:
    """Step by step along the first axes of what is scanned."""
    count, body = int(node.get("num_scan_inputs")), node.attributes["body"]
    if any(any(node.get(name) or ()) for name in _TURNED):
        raise NotLoweredError("a scan along other axes, or backwards")
    states, along = list(node.given[:-count]), node.given[-count:]
    length = int(reader.bench.of(along[0]).shape[0])
    if length > _MOST_TURNS:
        raise NotLoweredError(f"a scan of more than {_MOST_TURNS} steps")
    scanned: list[list[Any]] = [[] for _ in range(len(body.output) - len(states))]
    for step in range(length):
        parts = [reader.bench.function("select", (reader.bench.of(x), 0, step), {}) for x in along]
        made = reader.inlined(body, [*states, *parts])
        states = made[: len(states)]
        for kept, one in zip(scanned, made[len(states) :], strict=True):
            kept.append(one)
    return [*states, *(_stacked(reader, kept) for kept in scanned)]


_TURNED = (
    "scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions",
)  # fmt: skip


def _stacked(reader: Any, parts: Sequence[Any]) -> Any:
    """What the turns gave, one after the other."""
    if not parts:
        raise NotLoweredError("a loop without turns, of which something is kept")
    if not any(isinstance(part, Value) for part in parts):
        return np.stack([array_of(part) for part in parts])
    return reader.bench.function("stack", (tuple(map(reader.bench.of, parts)), 0), {})


CONTROL: Mapping[str, Callable[[Any, Node], list[Any]]] = {"If": _if, "Loop": _loop, "Scan": _scan}
"""By operator: from the reader and the node to what comes out."""
