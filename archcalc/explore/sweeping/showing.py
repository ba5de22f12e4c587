"""What a table looks like: its two ends, with thousands apart."""

from __future__ import annotations

from typing import Any

from archcalc.explain.document import Document, Table
from archcalc.explore.sweeping.rows import Rows, number

__all__ = ["ROWS", "document", "to_rich"]

ROWS = 10
"""A longer table is shown by its two ends."""

_GAP = "⋮"


def summary(table: Rows) -> str:
    """How many rows there are, and what was left out."""
    many = f"{table.total:,} configuration{'' if table.total == 1 else 's'}"
    if len(table) != table.total:
        many = f"{len(table):,} of {many}"
    if not table.excluded:
        return many
    lost = sum(excluded.count for excluded in table.excluded)
    why = "; ".join(str(excluded.requirement) for excluded in table.excluded)
    return f"{many}; {lost:,} more are no networks, which need {why}"


def cells(table: Rows, rows: int) -> list[list[str]]:
    """The rows shown; one of gaps stands for those that are not."""
    if len(table) <= rows:
        return [[number(v) for v in row.values()] for row in table]
    first, last = table[: (rows + 1) // 2], table[len(table) - rows // 2 :]
    gap = [_GAP for _ in table.columns]
    return [*cells(first, rows), gap, *cells(last, rows)]


def document(table: Rows, rows: int) -> Document:
    """The table as a document, which every format renders as it renders explanations."""
    lines = tuple(tuple((cell,) for cell in line) for line in cells(table, rows))
    head = tuple(table.columns)
    shown = Table(head, "r" * len(head), lines, caption=(summary(table),), ruled=False)
    return Document("sweep", (shown,))


def to_rich(table: Rows) -> Any:
    """The table for rich's console."""
    from rich.table import Table as RichTable  # loaded where such a table is printed only

    shown = RichTable(caption=summary(table), caption_justify="left")
    for name in table.columns:
        shown.add_column(name, justify="right", no_wrap=True)
    for line in cells(table, ROWS):
        shown.add_row(*line)
    return shown
