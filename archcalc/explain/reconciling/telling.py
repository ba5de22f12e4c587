"""How an answer is told: findings in words, both derivations, and hints where nothing is found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sympy import factorint

from archcalc.explain.reconciling.candidates import Candidate, Field, findings_of
from archcalc.explain.reconciling.claims import Claimed
from archcalc.explain.reconciling.edit import Finding, Place
from archcalc.explain.reconciling.formulas import compared, same_products
from archcalc.explain.reconciling.result import Claim
from archcalc.explain.reconciling.side_by_side import Side, side_of
from archcalc.explain.reconciling.spans import Answer, Explanation, Span

__all__ = ["MOST_OTHERS", "Placed", "Telling", "unexplained"]

MOST_OTHERS = 128
"""How many equally good explanations of a claim are kept."""


@dataclass(frozen=True)
class Placed:
    """A claim, and of what."""

    name: str
    path: str
    rows: tuple[int, ...]
    claimed: Claimed


class Telling:
    """Tells what was found of claims.

    Args:
        found: the edits.
    """

    def __init__(self, found: Field) -> None:
        self.field = found

    def claim(self, answer: Answer, placed: Placed, *, rounded: bool) -> Claim:
        span = answer.span
        claimed = placed.claimed
        number = claimed.value if span.written is None or span.slips != "sum" else span.claimed
        if span.slips != "sum" and span.written and span.written[1]:
            number = span.claimed
        written = claimed.written
        if span.right:
            rounded = rounded or number != span.actual
            return Claim(placed.path, number, span.actual, (), written, rounded=rounded)
        by_formula = self._by_formula(answer, placed)
        if by_formula is not None:
            return Claim(placed.path, number, span.actual, tuple(by_formula), written)
        if not answer.explained:
            rest = unexplained(placed.path, span.actual - number)
            hints = self._hints(answer)
            return Claim(placed.path, number, span.actual, (rest,), written, hints=hints)
        told = [self.told(e, span, placed) for e in answer.explanations]
        told = list(dict.fromkeys(self._shown(t, placed) for t in told))
        sides = self._sides(answer.explanations[0], span)
        return Claim(
            placed.path, number, span.actual, told[0], written, tuple(told[1:MOST_OTHERS]),
            rounded, comparison=sides,
        )  # fmt: skip

    def _shown(self, told: tuple[Finding, ...], placed: Placed) -> tuple[Finding, ...]:
        """A cause elsewhere, with the number in the formula by which it shows."""
        products = placed.claimed.products
        if not products or len(told) != 1 or told[0].layer == placed.path:
            return told
        place = self.field.place(placed.rows[0])
        found = compared(place, products) or []
        shown = [f.text.split(", in ")[0] for f in found if f.text.startswith("your ")]
        if not shown:
            return told
        return (replace(told[0], text=f"{told[0].text}; {shown[0]}"),)

    def _by_formula(self, answer: Answer, placed: Placed) -> list[Finding] | None:
        """What a formula shows, where no edit of the rule gives the same products."""
        products = placed.claimed.products
        span = answer.span
        if len(products) == 0 or len(placed.rows) != 1 or placed.claimed.stated is not None:
            return None
        place = self.field.place(placed.rows[0])
        leaves = sum(len(product) for product in products)
        if leaves < 2 or not place.terms or place.count != span.actual:
            return None
        agreeing = [
            e for e in (*answer.explanations, *answer.possible)
            if e.slip is None and self._agrees(e, placed.rows[0], products)
        ]  # fmt: skip
        if agreeing:
            best = min(agreeing, key=lambda e: e.bits)
            answer.explanations = [e for e in agreeing if e.bits <= best.bits + 0.1]
            return None
        found = compared(place, products)
        if found is None or sum(f.amount for f in found) != span.actual - span.claimed:
            return None
        return found

    def _agrees(self, explanation: Explanation, index: int, products: Any) -> bool:
        """Whether an explanation gives the products that were written."""
        changes = [p.changes[index] for p in explanation.parts if index in p.changes]
        if len(changes) != len(explanation.parts):
            return False
        place = self.field.place(index)
        if any(c.moves or c.inputs is not None for c in changes):
            made = self.field.followed({index: changes})
            if made is None or index not in made[1]:
                return False
            place = Place(made[1][index], (), self.field.quantity)
        terms = place.terms
        for change in changes:
            terms = change.read(terms) if change.read is not None else terms
        return same_products(terms, products)

    def told(self, explanation: Explanation, span: Span, placed: Placed) -> tuple[Finding, ...]:
        found: list[Finding] = []
        amounts = explanation.amounts
        for part in sorted(explanation.parts, key=_in_order):
            found.extend(findings_of(part, self.field, (), span.rows))
        wanted = sum(a for i, a in amounts.items() if i in span.rows)
        given = sum(f.amount for f in found)
        if found and given != wanted:  # they meet, so that the last adds what is left
            last = found[-1]
            found[-1] = replace(last, amount=last.amount + wanted - given)
        if explanation.slip is not None:
            found.append(_slip(explanation, span, placed))
        return tuple(found)

    def _sides(self, explanation: Explanation, span: Span) -> tuple[Side, ...]:
        by_row: dict[int, list[Any]] = {}
        moved: dict[int, Any] = {}
        for part in explanation.parts:
            moved.update(part.moved)
            for i in (*part.changes, *part.moved):
                here = by_row.setdefault(i, [])
                if i in part.changes:
                    here.append(part.changes[i])
        found: list[Side] = []
        for i in sorted(by_row):
            if i in span.rows and len(found) < 20 and (explanation.amounts.get(i)):
                side = side_of(self.field.place(i), by_row[i], moved, i)
                if side is not None:
                    found.append(side)
        return tuple(found)

    def _hints(self, answer: Answer) -> tuple[str, ...]:
        span = answer.span
        left = span.actual - span.claimed
        hints = []
        if 1 < abs(left) < 10**12:
            factors = factorint(abs(left))
            shown = "·".join(f"{p}^{e}" if e > 1 else str(p) for p, e in factors.items())
            if shown != str(abs(left)):
                hints.append(f"{span.path}: {abs(left):,} = {shown}")
        near = [c for c in answer.nearest if abs(c.total(span.rows) - left) * 4 <= abs(left)]
        for candidate in near[:1]:
            (told, *_) = findings_of(candidate, self.field, (), span.rows)
            amount = candidate.total(span.rows)
            hints.append(f"the nearest single edit: {told.layer}, {told.text} ({amount:+,})")
        return tuple(hint.replace("(-", "(−") for hint in hints)


def _in_order(part: Candidate) -> tuple[int, bool]:
    """Where an edit is made; of one layer, that of its bias last."""
    last = any(change.touches == "bias" for change in part.changes.values())
    return min(part.changes, default=-1), last


def _slip(explanation: Explanation, span: Span, placed: Placed) -> Finding:
    slip = explanation.slip
    assert slip is not None
    assert span.written is not None
    now, before = span.written
    right = slip.meant
    if span.slips == "sum":
        added = right - before
        text = f"arithmetic slip: {before:,} + {added:,} = {right:,}, not {now:,}"
        return Finding(placed.path, "arithmetic-slip", right - now, text)
    text = f"{slip.what}: {right:,} was meant, not {now:,}"
    return Finding(placed.path, "arithmetic-slip", right - now, text)


def unexplained(path: str, amount: int) -> Finding:
    text = f"unexplained: {abs(amount):,} {'too few' if amount > 0 else 'too many'}"
    return Finding(path, "unexplained", amount, text)
