"""Reconciliation: what lies between a person's count and the right one.

A cause is an edit, after which the network is counted again.  What no edit explains is said to be
unexplained.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import factorint

from archcalc.explain.reconciling.candidates import Candidate, Field, findings_of
from archcalc.explain.reconciling.claims import (
    Claimable,
    Claimed,
    half_of_last_digit,
    read_claim,
    read_shape,
)
from archcalc.explain.reconciling.edit import Finding, Place
from archcalc.explain.reconciling.formulas import compared, same_products
from archcalc.explain.reconciling.placing import rows_of
from archcalc.explain.reconciling.quantities import Quantity, quantity_of
from archcalc.explain.reconciling.result import Claim, Reconciliation
from archcalc.explain.reconciling.search import Search
from archcalc.explain.reconciling.side_by_side import Side, side_of
from archcalc.explain.reconciling.spans import Answer, Explanation, Span
from archcalc.explain.reconciling.values import ValueClaim, ValueSearch, value_at
from archcalc.layers.notation import notation_of
from archcalc.network import Network, Trace, traced
from archcalc.symbolic.errors import EvaluationError, LookupFailedError

__all__ = ["reconcile"]


def reconcile(
    network: Network | Trace | str | os.PathLike[str],
    *,
    of: str = "parameters",
    running: Mapping[str, Claimable] | None = None,
    layers: Mapping[str, Claimable] | None = None,
    total: Claimable | None = None,
    where: Mapping[str, Any] | None = None,
    **values: Any,
) -> Reconciliation:
    """What lies between what a person counted and the right numbers.

    Args:
        network: the network, its trace, or a file that describes it.
        of: what was counted: ``"parameters"``, ``"total_params"``, ``"trainable_parameters"``,
            ``"statistics"``, ``"macs"``, ``"flops"``, ``"activations"``, ``"bytes"`` of weights,
            ``"activation_bytes"``, ``"shape"``, ``"length"`` or ``"receptive_field"``.
        running: running totals after some of the layers, by name.
        layers: counts of single layers, or of blocks, by name: numbers; the formula that was
            written, as ``"3x3x3x64 + 64"``; a rounded figure as ``"1.2M"``; or shapes.
        total: the total, likewise; of shapes, what comes out.
        where: what the letters of formulas stand for, as in ``{"n": 32}``.
        values: numbers, or formulas, for the network's symbols, as in ``k=3``.

    Raises:
        LookupFailedError: there is no such layer, or no such quantity.
        EvaluationError: nothing is claimed, or it is no count.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Conv2D(32, 3, padding="same")], input_shape=(32, 32, 3))
    >>> print(reconcile(net, layers={"conv2d": "32*(3*3)"}))
    conv2d  claimed 32*(3*3) = 288  is 896  +576  the 3 input channels were left out of k·k·c_in·f
                                             +32  the bias was left out: one per filter, f = 32
    total   claimed 288             is 896  +608  fully explained: 576 + 32
    """
    trace = traced(network, **values)
    quantity = quantity_of(of)
    if running is None and layers is None and total is None:
        raise EvaluationError(
            "nothing is claimed",
            hint="give running=, layers= or total=",
            code="nothing-claimed",
        )
    if running and layers:
        raise EvaluationError(
            "running totals and counts of layers are two ways to claim the same",
            code="claimed-twice",
            hint="give one of running= and layers=",
        )
    if (running is not None and not running) or (layers is not None and not layers):
        raise LookupFailedError("no layer is claimed", hint="name a layer and its count")
    letters = dict(where or {})
    if not quantity.adds_up:
        return _by_value(trace, quantity, running or layers or {}, total, letters)
    if any(not isinstance(a, int) for a in map(quantity.amount, trace.rows)):
        from archcalc.explain.reconciling.symbolic import by_symbols

        return by_symbols(trace, quantity, layers, total, letters, running)
    return _Sums(trace, quantity, letters).answer(running, layers, total)


_MOST_OTHERS = 32
"""How many equally good explanations of a claim are kept."""


@dataclass(frozen=True)
class _Placed:
    """A claim, and of what."""

    name: str
    path: str
    rows: tuple[int, ...]
    claimed: Claimed


class _Sums:
    """Claims of what adds up."""

    def __init__(self, trace: Trace, quantity: Quantity, letters: Mapping[str, Any]) -> None:
        self.trace = trace
        self.quantity = quantity
        self.letters = letters
        self.field = Field(trace, quantity)

    def answer(
        self,
        running: Mapping[str, Claimable] | None,
        layers: Mapping[str, Claimable] | None,
        total: Claimable | None,
    ) -> Reconciliation:
        """What was found."""
        if running:
            result = self._running(running)
        elif layers:
            self.field = Field(self.trace, self.quantity.alone())
            result = self._layers(layers)
        else:
            assert total is not None
            return self._total(total)
        return result if total is None else self._and_total(result, total)

    # The three ways to claim

    def _running(self, running: Mapping[str, Claimable]) -> Reconciliation:
        claims = self._placed(running)
        spans: list[Span] = []
        start, before = 0, Claimed("", 0, 0)
        for number, claim in enumerate(claims):
            rows = frozenset(range(start, claim.rows[-1] + 1))
            start = claim.rows[-1] + 1
            now = claim.claimed
            actual = sum(self.field.base[i] for i in rows)
            loose = now.high - now.low + before.high - before.low
            low = now.low - before.high if loose else now.value - before.value
            high = now.high - before.low if loose else low
            spans.append(
                Span(claim.path, rows, low, high, actual, (now.value, before.value),
                     "" if number == 0 else "sum")
            )  # fmt: skip
            before = now
        answers = Search(self.field, spans).answers()
        made = [
            self._claim(a, c, rounded=not c.claimed.exact)
            for a, c in zip(answers, claims, strict=True)
        ]
        actual = sum(self.field.base[:start])
        rest = sum(self.field.base[start:])
        path = self.trace.rows[start - 1].path
        scope = f"the layers after {path} add {rest:,} and are not claimed" if rest else ""
        claimed = claims[-1].claimed.value
        return Reconciliation(tuple(made), claimed, actual, scope, of=self.quantity.name)

    def _layers(self, layers: Mapping[str, Claimable]) -> Reconciliation:
        claims = self._placed(layers)
        spans = [self._span(claim) for claim in claims]
        answers = Search(self.field, spans).answers()
        made = tuple(
            self._claim(a, c, rounded=not c.claimed.exact)
            for a, c in zip(answers, claims, strict=True)
        )
        covered = {i for claim in claims for i in claim.rows}
        missing = [
            row.path for i, row in enumerate(self.trace.rows)
            if i not in covered and self.field.base[i]
        ]  # fmt: skip
        named = ", ".join(dict.fromkeys(missing[:8]))
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        scope = f"not claimed: {named}{more}" if missing else ""
        claimed = sum(c.claimed for c in made)
        actual = sum(c.actual for c in made)
        return Reconciliation(made, claimed, actual, scope, of=self.quantity.name)

    def _span(self, claim: _Placed) -> Span:
        rows = frozenset(claim.rows)
        actual = sum(self.field.base[i] for i in rows)
        return Span(
            claim.path, rows, claim.claimed.low, claim.claimed.high, actual,
            (claim.claimed.value, 0), "digits", 3.0 * bool(claim.claimed.products),
            _about(claim.claimed),
        )  # fmt: skip

    def _total(self, total: Claimable) -> Reconciliation:
        claimed = read_claim(total, "total", self.letters)
        rows = frozenset(range(-1, len(self.trace.rows)))
        actual = sum(self.field.base) + self.quantity.before(self.trace)
        span = Span(
            "total", rows, claimed.low, claimed.high, actual, (claimed.value, 0), "digits",
            about=_about(claimed),
        )  # fmt: skip
        (answer,) = Search(self.field, [span]).answers()
        claim = _Placed("total", "total", tuple(sorted(rows)), claimed)
        whole = self._claim(answer, claim, rounded=not claimed.exact)
        return Reconciliation(
            (),
            claimed.value,
            actual,
            closing=whole.findings,
            of=self.quantity.name,
            whole=whole,
        )

    def _and_total(self, result: Reconciliation, total: Claimable) -> Reconciliation:
        """A total that was claimed besides: it should be the sum of what was claimed before."""
        claimed = read_claim(total, "total", self.letters)
        actual = sum(self.field.base) + self.quantity.before(self.trace)
        left = actual - result.actual
        if claimed.low <= result.claimed + left <= claimed.high:
            if left == 0 and claimed.exact:
                return result
            whole = Claim("total", claimed.value, actual, written=claimed.written,
                          rounded=not claimed.exact)  # fmt: skip
            return replace(result, claimed=claimed.value, actual=actual, whole=whole)
        gap = result.claimed + left - claimed.value
        finding = _unexplained("total", gap)
        if left == 0:
            from archcalc.explain.reconciling.slips import slips

            slip = any(s.meant == result.claimed for s in slips(claimed.value, of_sum=True))
            said = f"the counts sum to {result.claimed:,}, not {claimed.value:,}"
            kind = "arithmetic-slip" if slip else "unexplained"
            word = "arithmetic slip" if slip else "unexplained"
            finding = Finding("total", kind, gap, f"{word}: {said}")
        return replace(
            result, claimed=claimed.value, actual=actual, closing=(finding,),
            scope="" if left == 0 else result.scope,
        )  # fmt: skip

    # What was claimed of what

    def _placed(self, claims: Mapping[str, Claimable]) -> list[_Placed]:
        """The claims in the order of the network, each with its rows."""
        found = []
        for name, value in claims.items():
            path, rows = rows_of(self.trace, name)
            letters = {**self._letters(rows), **self.letters}
            found.append(_Placed(name, path, rows, read_claim(value, name, letters)))
        return sorted(found, key=lambda claim: claim.rows[-1])

    def _letters(self, rows: Sequence[int]) -> dict[str, Any]:
        if len(rows) != 1:
            return {}
        notation = notation_of(self.trace.rows[rows[0]].applied)
        return {s.name: v for s, v in notation.values.items() if isinstance(v, int)}

    # What was found

    def _claim(self, answer: Answer, placed: _Placed, *, rounded: bool) -> Claim:
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
            rest = _unexplained(placed.path, span.actual - number)
            hints = self._hints(answer)
            return Claim(placed.path, number, span.actual, (rest,), written, hints=hints)
        told = [self._told(e, span, placed) for e in answer.explanations]
        told = list(dict.fromkeys(self._shown(t, placed) for t in told))
        sides = self._sides(answer.explanations[0], span)
        return Claim(
            placed.path, number, span.actual, told[0], written, tuple(told[1:_MOST_OTHERS]),
            rounded, comparison=sides,
        )  # fmt: skip

    def _shown(self, told: tuple[Finding, ...], placed: _Placed) -> tuple[Finding, ...]:
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

    def _by_formula(self, answer: Answer, placed: _Placed) -> list[Finding] | None:
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
            place = Place(made[1][index], (), self.quantity)
        terms = place.terms
        for change in changes:
            terms = change.read(terms) if change.read is not None else terms
        return same_products(terms, products)

    def _told(self, explanation: Explanation, span: Span, placed: _Placed) -> tuple[Finding, ...]:
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


def _slip(explanation: Explanation, span: Span, placed: _Placed) -> Finding:
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


def _about(claimed: Claimed) -> int:
    return 0 if claimed.written else half_of_last_digit(claimed.value)


def _unexplained(path: str, amount: int) -> Finding:
    text = f"unexplained: {abs(amount):,} {'too few' if amount > 0 else 'too many'}"
    return Finding(path, "unexplained", amount, text)


# Shapes and other values


def _by_value(
    trace: Trace, quantity: Quantity, layers: Mapping[str, Claimable], total: Claimable | None,
    letters: Mapping[str, Any],
) -> Reconciliation:  # fmt: skip
    field = Field(trace, quantity)
    claims: list[ValueClaim] = []
    paths: list[str] = []
    for name, value in layers.items():
        path, rows = rows_of(trace, name)
        index = rows[-1]
        claims.append(_value_claim(trace, quantity, index, read_shape(value, name, letters)))
        paths.append(path)
    order = sorted(range(len(claims)), key=lambda i: claims[i].index)
    claims, paths = [claims[i] for i in order], [paths[i] for i in order]
    if total is not None:
        claims.append(_value_claim(trace, quantity, -1, read_shape(total, "total", letters)))
        paths.append("total")
    search = ValueSearch(field, claims)
    made = []
    for answer, path in zip(search.answers(), paths, strict=True):
        claim = answer.claim
        claimed, actual = _single(claim.claimed), _single(claim.actual)
        if claim.right:
            made.append(Claim(path, claimed, actual))
            continue
        told = [
            _told_value(search, parts, claim) for _, parts in answer.explanations[:_MOST_OTHERS]
        ]
        told = list(dict.fromkeys(told)) or [_no_value(path, claim)]
        sides = tuple(
            side for _, parts in answer.explanations[:1] for part in parts
            if (side := search.side(part)) is not None
        )  # fmt: skip
        made.append(Claim(path, claimed, actual, told[0], others=tuple(told[1:]), comparison=sides))
    whole = made.pop() if total is not None else None
    closing = whole.findings if whole else ()
    last = whole or made[-1]
    return Reconciliation(
        tuple(made),
        last.claimed,
        last.actual,
        "",
        closing,
        quantity.name,
        whole,
        added=False,
    )


def _value_claim(
    trace: Trace, quantity: Quantity, index: int, claimed: tuple[Any, ...]
) -> ValueClaim:
    actual = value_at(trace, {}, index, quantity.name)
    if len(claimed) == 1 and len(actual) > 1 and len(set(actual)) == 1:
        actual = actual[:1]
    return ValueClaim(index, claimed, actual)


def _single(value: tuple[Any, ...]) -> Any:
    return value[0] if len(value) == 1 else value


def _told_value(
    search: ValueSearch, parts: Sequence[Candidate], claim: ValueClaim
) -> tuple[Finding, ...]:
    return tuple(search.finding(part, claim) for part in parts)


def _no_value(path: str, claim: ValueClaim) -> tuple[Finding, ...]:
    return (Finding(path, "unexplained", None, "unexplained: no single edit gives it"),)
