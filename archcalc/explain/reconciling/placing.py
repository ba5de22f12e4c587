"""What the names in claims stand for: a layer, a block, one copy of a block that is repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archcalc.network import Network, Trace
from archcalc.network.base import one_by_one

__all__ = ["rows_of", "with_copies"]

_NUMBER = re.compile(r"/\d+(?=/|$)")


def with_copies(trace: Trace, names: Iterable[str]) -> Trace:
    """The trace; with the copies of repeated blocks one by one where one of them is named.

    Raises:
        ShapeError: a block is repeated a symbolic number of times.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Repeat, Sequential
    >>> net = Sequential([Repeat([Dense(8, name="d")], 3, name="blocks")], input_shape=8)
    >>> [row.path for row in with_copies(net.trace(), ["blocks/1"]).rows]
    ['blocks/0/d', 'blocks/1/d', 'blocks/2/d']
    """
    paths, network = {row.path for row in trace.rows}, trace.network
    for name in map(_spelt, names):
        copy = _NUMBER.search(name)
        if copy and not _within(paths, name) and _within(paths, name[: copy.start()]):
            return one_by_one(network, trace.inputs) if isinstance(network, Network) else trace
    return trace


def _within(paths: Iterable[str], name: str) -> bool:
    return any(f"{path}/".startswith(f"{name}/") for path in paths)


def _spelt(name: str) -> str:
    """A name as a path: ``blocks/0`` for ``blocks[0]``."""
    return re.sub(r"\[(\d+)\]", r"/\1", name).rstrip("/")


def rows_of(trace: Trace, name: str) -> tuple[str, tuple[int, ...]]:
    """The path that a person's name stands for, and its rows: a layer's, or all of a block.

    Raises:
        LookupFailedError: there is no such layer.
    """
    name = _spelt(name)
    exact = [i for i, row in enumerate(trace.rows) if row.path == name]
    if len(exact) == 1:
        return name, (exact[0],)
    inside = [i for i, row in enumerate(trace.rows) if row.path.startswith(f"{name}/")]
    if inside:
        return name, tuple(inside)
    if exact:
        return name, tuple(exact)
    copies = [i for i, row in enumerate(trace.rows) if _NUMBER.sub("", row.path) == name]
    if len(copies) > 1:
        return name, tuple(copies)
    ends = [i for i, row in enumerate(trace.rows) if f"/{row.path}/".find(f"/{name}/") >= 0]
    blocks = {
        trace.rows[i].path[: f"/{trace.rows[i].path}/".find(f"/{name}/") + len(name)] for i in ends
    }
    if len(blocks) == 1 and len(ends) > 1:
        return blocks.pop(), tuple(ends)
    row = trace.row(name)
    return row.path, (next(i for i, other in enumerate(trace.rows) if other is row),)
