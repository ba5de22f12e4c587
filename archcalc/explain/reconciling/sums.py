"""Claims of what adds up: of layers, as running totals, and of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archcalc.explain.reconciling.candidates import Field
from archcalc.explain.reconciling.claims import Claimable, Claimed, half_of_last_digit, read_claim
from archcalc.explain.reconciling.edit import Finding
from archcalc.explain.reconciling.placing import rows_of
from archcalc.explain.reconciling.quantities import Quantity
from archcalc.explain.reconciling.result import Claim, Reconciliation
from archcalc.explain.reconciling.search import Search
from archcalc.explain.reconciling.slips import slips
from archcalc.explain.reconciling.spans import Span
from archcalc.explain.reconciling.telling import Placed, Telling, unexplained
from archcalc.layers.notation import notation_of
from archcalc.network import Trace

__all__ = ["Sums"]


class Sums:
    """Claims of what adds up."""

    def __init__(self, trace: Trace, quantity: Quantity, letters: Mapping[str, Any]) -> None:
        self.trace = trace
        self.quantity = quantity
        self.letters = letters
        self.field = Field(trace, quantity)
        self.telling = Telling(self.field)

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
            self.telling = Telling(self.field)
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
            self.telling.claim(a, c, rounded=not c.claimed.exact)
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
            self.telling.claim(a, c, rounded=not c.claimed.exact)
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

    def _span(self, claim: Placed) -> Span:
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
        claim = Placed("total", "total", tuple(sorted(rows)), claimed)
        whole = self.telling.claim(answer, claim, rounded=not claimed.exact)
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
        finding = unexplained("total", gap)
        if left == 0:
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

    def _placed(self, claims: Mapping[str, Claimable]) -> list[Placed]:
        """The claims in the order of the network, each with its rows."""
        found = []
        for name, value in claims.items():
            path, rows = rows_of(self.trace, name)
            letters = {**self._letters(rows), **self.letters}
            found.append(Placed(name, path, rows, read_claim(value, name, letters)))
        return sorted(found, key=lambda claim: claim.rows[-1])

    def _letters(self, rows: Sequence[int]) -> dict[str, Any]:
        if len(rows) != 1:
            return {}
        notation = notation_of(self.trace.rows[rows[0]].applied)
        return {s.name: v for s, v in notation.values.items() if isinstance(v, int)}


def _about(claimed: Claimed) -> int:
    return 0 if claimed.written else half_of_last_digit(claimed.value)
