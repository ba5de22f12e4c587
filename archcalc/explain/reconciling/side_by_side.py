"""Both numbers of a finding side by side: the rule as it was read, and as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archcalc.explain.document import (
    Amount,
    Code,
    Document,
    Inline,
    Inlines,
    Strong,
    Table,
)
from archcalc.explain.reconciling.edit import Place, Variant
from archcalc.explain.reconciling.terms import Factor, Term, Terms, size_of
from archcalc.explain.renderable import Renderable
from archcalc.explain.text import line
from archcalc.network import Row

__all__ = ["Side", "SideBySide", "side_of"]


@dataclass(frozen=True, slots=True)
class Side:
    """One count by two rules.

    Attributes:
        layer: the path of the layer.
        cause: what was done otherwise.
        claimed: the count as it was made, what differs marked.
        actual: the count by the rule, likewise.
    """

    layer: str
    cause: str
    claimed: Inlines
    actual: Inlines

    def to_dict(self) -> dict[str, str]:
        """As data."""
        return {
            "layer": self.layer, "cause": self.cause, "claimed": line(self.claimed),
            "actual": line(self.actual),
        }  # fmt: skip


@dataclass(frozen=True, repr=False)
class SideBySide(Renderable):
    """The derivations of both numbers of every finding; what differs stands in ⟦ ⟧.

    Attributes:
        sides: one for each finding.
    """

    sides: tuple[Side, ...]

    def document(self) -> Document:
        rows = tuple(
            ((Code(side.layer),), side.claimed, side.actual, (side.cause,)) for side in self.sides
        )
        head = ("layer", "as counted", "as it is", "cause")
        return Document("Side by side", (Table(head, "llll", rows),) if rows else ())

    def to_dict(self) -> dict[str, Any]:
        return {"sides": [side.to_dict() for side in self.sides]}


def side_of(
    place: Place, changes: Sequence[Variant], changed: Mapping[int, Row], index: int
) -> Side | None:
    """The count of one call as it was made and as it is; ``None`` where no products are told."""
    here = place.terms
    yours = here
    if index in changed:
        yours = Place(changed[index], (), place.quantity).terms
    for change in changes:
        if change.read is not None:
            yours = change.read(yours)
    if not here and not yours:
        return None
    cause = "; ".join(change.words for change in changes)
    return Side(place.row.path, cause, marked(yours, here), marked(here, yours))


def marked(terms: Terms, others: Terms) -> Inlines:
    """A sum of products in numbers, and what it comes to; what the other has not is marked."""
    known: dict[str, Term] = {}
    for term in others:
        known.setdefault(term.name, term)
    parts: list[Inline] = []
    for term in terms:
        if term.role == "convention":
            sign = " − " if term.size < 0 else " + "
            parts += [sign if parts or term.size < 0 else "", Strong(f"⟦{abs(term.size):,}⟧")]
            continue
        parts += [" + "] if parts else []
        parts += _product(term, known.pop(term.name, None))
    parts = parts or ["nothing"]
    return (*parts, " = ", Amount(size_of(terms)))


def _product(term: Term, other: Term | None) -> list[Inline]:
    times = [Factor(term.times, term.times)] if term.times != 1 else []
    factors = [*times, *term.factors]
    if other is None:
        shown = "·".join(f"{f.value}" for f in factors) or "1"
        return [Strong(f"⟦{shown}⟧")]
    left = [(f.rule, f.value) for f in other.factors]
    if other.times != 1:
        left.append((other.times, other.times))
    parts: list[Inline] = []
    for factor in factors or [Factor(1, 1)]:
        parts += ["·"] if parts else []
        key = (factor.rule, factor.value)
        if key in left or (factor.value == 1 and not factors):
            if key in left:
                left.remove(key)
            parts.append(f"{factor.value}")
        else:
            parts.append(Strong(f"⟦{factor.value}⟧"))
    return parts
