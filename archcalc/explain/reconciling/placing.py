"""What the names in claims stand for: a layer, a block, the directions of a layer."""

from __future__ import annotations

from archcalc.network import Trace

__all__ = ["rows_of"]


def rows_of(trace: Trace, name: str) -> tuple[str, tuple[int, ...]]:
    """The path that a person's name stands for, and its rows: a layer's, or all of a block.

    Raises:
        LookupFailedError: there is no such layer.
    """
    exact = [i for i, row in enumerate(trace.rows) if row.path == name]
    if len(exact) == 1:
        return name, (exact[0],)
    below = f"{name.rstrip('/')}/"
    inside = [i for i, row in enumerate(trace.rows) if row.path.startswith(below)]
    if inside:
        return name.rstrip("/"), tuple(inside)
    if exact:
        return name, tuple(exact)
    ends = [i for i, row in enumerate(trace.rows) if f"/{row.path}/".find(f"/{name}/") >= 0]
    blocks = {
        trace.rows[i].path[: f"/{trace.rows[i].path}/".find(f"/{name}/") + len(name)] for i in ends
    }
    if len(blocks) == 1 and len(ends) > 1:
        return blocks.pop(), tuple(ends)
    row = trace.row(name)
    return row.path, (next(i for i, other in enumerate(trace.rows) if other is row),)
