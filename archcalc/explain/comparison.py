"""Two networks side by side: which layers are new, gone or changed, and what that does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archcalc.costs import Macs, Parameters
from archcalc.costs.base import total
from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Inline,
    Inlines,
    Paragraph,
    Table,
)
from archcalc.explain.explained import Explained
from archcalc.formula import Formula
from archcalc.network import Network, Row, Trace

__all__ = ["Change", "Comparison", "compare"]


@dataclass(frozen=True, slots=True)
class Change:
    """One layer of either network, or the same place in both.

    Attributes:
        before, after: the row in each network; ``None`` where it is not there.
        parameters: how the parameters change.
        macs: how the MACs change.
    """

    before: Row | None
    after: Row | None
    parameters: Formula
    macs: Formula

    @property
    def kind(self) -> str:
        """``"same"``, ``"changed"``, ``"added"`` or ``"removed"``."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        same = self.before.layer.key == self.after.layer.key
        return "same" if same and self.before.inputs == self.after.inputs else "changed"

    @property
    def path(self) -> str:
        """Where it is."""
        row = self.after or self.before
        return row.path if row else ""


@dataclass(frozen=True)
class Comparison(Explained):
    """Aligned layers, and the difference of the totals.

    Attributes:
        before, after: the traces.
        changes: the layers of both, aligned.
    """

    before: Trace
    after: Trace
    changes: tuple[Change, ...]

    @property
    def difference(self) -> Formula:
        """How the parameters change, in total."""
        return self.after.parameters - self.before.parameters

    def headline(self) -> Inlines:
        """The totals, and the layers that matter most for the change."""
        parts: list[Inline] = [
            _amount(self.before.parameters),
            " → ",
            _amount(self.after.parameters),
        ]
        said = [change for change in self.changes if change.parameters != 0]
        if all(change.parameters.is_number for change in said):
            said.sort(key=lambda change: -abs(int(change.parameters)))
            said = sorted(said[:3], key=self.changes.index)
            for i, change in enumerate(said):
                parts.extend([": " if i == 0 else ", ", *_phrase(change)])
        return tuple(parts)

    def document(self) -> Document:
        head = ("layer", "class", "", "parameters", "", "change", "MACs change")
        rows = tuple(_cells(change) for change in self.changes)
        footer: tuple[Inlines, ...] = (
            ("total",),
            (),
            (),
            (_amount(self.before.parameters),),
            (_amount(self.after.parameters),),
            (_amount(self.difference, True),),
            (_amount(self.after.macs - self.before.macs, True),),
        )
        blocks: list[Block] = [
            Paragraph(self.headline(), "total"),
            Table(head, "lllrrrr", (*rows, footer), footer=1),
        ]
        return Document("Comparison", tuple(blocks))

    def to_dict(self) -> dict[str, Any]:
        return {
            "parameters": [_plain(self.before.parameters), _plain(self.after.parameters)],
            "difference": _plain(self.difference),
            "layers": [
                {
                    "kind": change.kind,
                    "before": change.before.path if change.before else None,
                    "after": change.after.path if change.after else None,
                    "parameters": _plain(change.parameters),
                    "macs": _plain(change.macs),
                }
                for change in self.changes
            ],
        }


def _plain(formula: Formula) -> int | str:
    return int(formula) if formula.is_number else formula.to_python()


def _amount(formula: Formula, signed: bool = False) -> Amount:
    return Amount(formula() if formula.is_number else formula.written, signed)


def _phrase(change: Change) -> Inlines:
    amount = int(change.parameters)
    verb = "adds " if amount > 0 else "loses "
    words = {"added": "the new layer ", "removed": "the removed layer "}.get(change.kind, "")
    return (words, Code(change.path), f" {verb}", Amount(abs(amount)))


def _cells(change: Change) -> tuple[Inlines, ...]:
    row = change.after or change.before
    layer = type(row.layer).__name__ if row else ""
    changed = (_amount(change.parameters, True),) if change.parameters != 0 else ("0",)
    work = (_amount(change.macs, True),) if change.macs != 0 else ("0",)
    sides = [_side(side) for side in (change.before, change.after)]
    mark = "" if change.kind == "same" else change.kind
    return ((Code(change.path),), (layer,), (mark,), *sides, changed, work)


def _side(row: Row | None) -> Inlines:
    return ("—",) if row is None else (_amount(_parameters(row)),)


def _parameters(row: Row | None) -> Formula:
    return Formula(0) if row is None else Formula(total([(row.times, Parameters().of(row))]))


def _macs(row: Row | None) -> Formula:
    return Formula(0) if row is None else Formula(total([(row.times, Macs().of(row))]))


def compare(before: Network | Trace, after: Network | Trace) -> Comparison:
    """What changes from one network to another, layer by layer.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> a = Sequential([Dense(100), Dense(10)], input_shape=784)
    >>> b = Sequential([Dense(50), Dense(10)], input_shape=784)
    >>> print(compare(a, b))
    79,510 → 39,760: dense loses 39,250, dense_1 loses 500
    layer    class           parameters           change  MACs change
    ─────────────────────────────────────────────────────────────────
    dense    Dense  changed      78,500  39,250  −39,250      −39,200
    dense_1  Dense  changed       1,010     510     −500         −500
    ─────────────────────────────────────────────────────────────────
    total                        79,510  39,760  −39,750      −39,700
    """
    first, second = (n if isinstance(n, Trace) else n.trace() for n in (before, after))
    changes = [_change(a, b) for a, b in _aligned(first.rows, second.rows)]
    return Comparison(first, second, tuple(changes))


def _change(a: Row | None, b: Row | None) -> Change:
    return Change(a, b, _parameters(b) - _parameters(a), _macs(b) - _macs(a))


def _aligned(a: Sequence[Row], b: Sequence[Row]) -> list[tuple[Row | None, Row | None]]:
    """Rows of both in order; the alignment that keeps the most, and the likest, together.

    Source: Needleman and Wunsch (1970), after what both have in common at either end.
    """
    start = 0
    while start < min(len(a), len(b)) and _likeness(a[start], b[start]) == _SAME:
        start += 1
    head = list(zip(a[:start], b[:start], strict=True))
    left, right = a[start:], b[start:]
    if len(left) * len(right) > _MOST_PAIRS:
        return [*head, *((row, None) for row in left), *((None, row) for row in right)]
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            likeness = _likeness(left[i], right[j])
            together = best[i + 1][j + 1] + likeness if likeness else 0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    return [*head, *_followed(left, right, best)]


_SAME = 4
_MOST_PAIRS = 4_000_000
"""Beyond this what differs is shown as taken out and put in, unaligned."""


def _likeness(a: Row, b: Row) -> int:
    """How alike two rows are: not at all, in class, in place, in specification, in everything."""
    if type(a.layer) is not type(b.layer):
        return 0
    same = a.layer.key == b.layer.key
    return 1 + (a.path == b.path) + same + (same and a.inputs == b.inputs)


def _followed(
    a: Sequence[Row], b: Sequence[Row], best: list[list[int]]
) -> list[tuple[Row | None, Row | None]]:
    """The pairs along the best way through the table."""
    pairs: list[tuple[Row | None, Row | None]] = []
    i = j = 0
    while i < len(a) or j < len(b):
        likeness = _likeness(a[i], b[j]) if i < len(a) and j < len(b) else 0
        if likeness and best[i][j] == best[i + 1][j + 1] + likeness:
            pairs.append((a[i], b[j]))
            i, j = i + 1, j + 1
        elif j < len(b) and (i == len(a) or best[i][j] == best[i][j + 1]):
            pairs.append((None, b[j]))
            j += 1
        else:
            pairs.append((a[i], None))
            i += 1
    return pairs
