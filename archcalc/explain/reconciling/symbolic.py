"""Claims about networks with symbols: the difference of two formulas is a formula.

The search is the one for numbers, at a point where every symbol has a large number of its own, so
that two formulas are equal there only where they are equal.  What is found is counted again with
the symbols, and is kept only if the formulas agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sympy import Expr

from archcalc.explain.reconciling.candidates import Field
from archcalc.explain.reconciling.claims import Claimable, Claimed, read_claim
from archcalc.explain.reconciling.edit import Finding, Place, Variant
from archcalc.explain.reconciling.placing import rows_of
from archcalc.explain.reconciling.quantities import Quantity
from archcalc.explain.reconciling.result import Claim, Reconciliation
from archcalc.explain.reconciling.search import Search
from archcalc.explain.reconciling.spans import Answer, Explanation, Span
from archcalc.formula import Formula
from archcalc.layers.notation import notation_of
from archcalc.network import Trace, traced
from archcalc.symbolic import ArchcalcError
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.ordered import plain

__all__ = ["by_symbols"]

_UNITS = (720_720, 5_040, 840, 120, 24, 12, 1)
"""What the numbers of symbols are multiples of, as heads and groups divide them."""

_NUMBERS = re.compile(r" = [\d,]{4,}|(?<=\bthe) [\d,]{4,}(?= input)|, which is [\d,]{4,}")

_PRIMES = (
    101,
    103,
    107,
    109,
    113,
    127,
    131,
    137,
    139,
    149,
    151,
    157,
    163,
    167,
    173,
    179,
    181,
)


def by_symbols(
    trace: Trace,
    quantity: Quantity,
    layers: Mapping[str, Claimable] | None,
    total: Claimable | None,
    letters: Mapping[str, Any],
    running: Mapping[str, Claimable] | None,
) -> Reconciliation:
    """What lies between claimed formulas and those of a network with symbols.

    Raises:
        EvaluationError: running totals are claimed, or numbers, and the network has no numbers.
    """
    names = frozenset(_symbols(trace, quantity))
    if running is not None or (layers is None and isinstance(total, int)):
        raise EvaluationError(
            "only a network with numbers can be held against a count",
            code="symbols-left",
            hint=f"give values for {', '.join(sorted(names))}",
        )
    if layers:
        return _Symbols(trace, quantity.alone(), letters, names).layers(layers)
    assert total is not None
    return _Symbols(trace, quantity, letters, names).total(total)


def _symbols(trace: Trace, quantity: Quantity) -> list[str]:
    found = {s.name for row in trace.rows for s in _free(quantity.amount(row))}
    found |= {s.name for shape in trace.inputs for size in shape for s in _free(size)}
    return sorted(found | {s.name for s in trace.parameters.symbols})


def _free(dim: Dim) -> set[Any]:
    return set() if isinstance(dim, int) else set(plain(dim).free_symbols)


@dataclass(frozen=True)
class _Asked:
    path: str
    rows: tuple[int, ...]
    claimed: Claimed
    actual: Expr | int


class _Symbols:
    """Claims of formulas."""

    def __init__(
        self,
        trace: Trace,
        quantity: Quantity,
        letters: Mapping[str, Any],
        names: frozenset[str],
    ) -> None:
        self.trace = trace
        self.quantity = quantity
        self.letters = letters
        self.names = names
        self.point, self.there = _point(trace, sorted(names))
        self.field = Field(self.there, quantity)

    def layers(self, layers: Mapping[str, Claimable]) -> Reconciliation:
        """Claims of layers."""
        asked = []
        for name, value in layers.items():
            path, rows = rows_of(self.trace, name)
            asked.append(self._asked(path, rows, value))
        asked.sort(key=lambda a: a.rows[-1])
        answers = Search(self.field, [self._span(a) for a in asked]).answers()
        made = tuple(self._claim(x, a) for x, a in zip(answers, asked, strict=True))
        claimed = _exact(sum(Formula(c.claimed).expr for c in made))
        actual = _exact(sum(Formula(c.actual).expr for c in made))
        covered = {i for a in asked for i in a.rows}
        missing = [
            row.path for i, row in enumerate(self.trace.rows)
            if i not in covered and self.field.base[i]
        ]  # fmt: skip
        scope = f"not claimed: {', '.join(missing[:8])}" if missing else ""
        return Reconciliation(made, _told(claimed), _told(actual), scope, of=self.quantity.name)

    def total(self, total: Claimable) -> Reconciliation:
        """A claim of the whole."""
        rows = tuple(range(len(self.trace.rows)))
        asked = self._asked("total", rows, total)
        (answer,) = Search(self.field, [self._span(asked)]).answers()
        whole = self._claim(answer, asked)
        return Reconciliation(
            (), whole.claimed, whole.actual, closing=whole.findings, of=self.quantity.name,
            whole=whole,
        )  # fmt: skip

    def _asked(self, path: str, rows: tuple[int, ...], value: Claimable) -> _Asked:
        letters = {**self._letters(rows), **self.letters}
        claimed = read_claim(value, path, letters, self.names)
        actual = sum(plain(self.quantity.amount(self.trace.rows[i])) for i in rows)
        return _Asked(path, rows, claimed, actual)

    def _letters(self, rows: Sequence[int]) -> dict[str, Any]:
        if len(rows) != 1:
            return {}
        values = notation_of(self.trace.rows[rows[0]].applied).values
        return {s.name: v for s, v in values.items() if isinstance(v, int)}

    def _at_point(self, claimed: Claimed) -> int:
        if claimed.formula is None:
            return claimed.value
        number = Formula(claimed.formula)(**{
            s.name: self.point[s.name] for s in claimed.formula.free_symbols
        })  # fmt: skip
        return int(number)

    def _span(self, asked: _Asked) -> Span:
        number = self._at_point(asked.claimed)
        actual = sum(self.field.base[i] for i in asked.rows)
        return Span(asked.path, frozenset(asked.rows), number, number, actual)

    def _claim(self, answer: Answer, asked: _Asked) -> Claim:
        claimed = asked.claimed
        value: Expr | int = claimed.value if claimed.formula is None else claimed.formula
        left = _exact(Formula(asked.actual).expr - Formula(value).expr)
        written = claimed.written if claimed.written != str(_told(value)) else ""
        known, shown = _told(value), _told(_exact(Formula(asked.actual).expr))
        if left.expand() == 0:
            return Claim(asked.path, shown, shown)
        told: list[tuple[Finding, ...]] = []
        for explanation in answer.explanations[:12]:
            findings = self._findings(explanation, asked)
            rest = left - sum(Formula(f.amount).expr for f in findings)
            if rest.expand() == 0:
                told.append(findings)
        told = list(dict.fromkeys(told))
        if not told:
            gap = _told(left.expand())
            findings = (Finding(asked.path, "unexplained", gap, f"unexplained: {gap}"),)
            return Claim(asked.path, known, shown, findings, written)
        return Claim(asked.path, known, shown, told[0], written, tuple(told[1:6]))

    def _findings(self, explanation: Explanation, asked: _Asked) -> tuple[Finding, ...]:
        """What an explanation adds, as formulas: each edit is made after those before it."""
        found = []
        for part in explanation.parts:
            for i, change in part.changes.items():
                amount = self._amount(i, change, part.amounts.get(i, 0))
                if amount is not None and amount != 0 and i in asked.rows:
                    path = self.trace.rows[i].path
                    found.append(Finding(path, change.kind, _told(amount), self._text(i, change)))
        return tuple(found)

    def _text(self, index: int, change: Variant) -> str:
        """The words of a change without the numbers, which stand for symbols only here."""
        return _NUMBERS.sub("", change.words)

    def _amount(self, index: int, change: Variant, number: int) -> Expr | None:
        """What a reading adds, as a formula: the terms that it changes, with their symbols."""
        if change.read is None:
            return None
        place: Place = self.field.place(index)
        before = {t.name: t for t in place.terms}
        after: dict[str, list[Any]] = {}
        for term in change.read(place.terms):
            after.setdefault(term.name, []).append(term)
        values = notation_of(self.trace.rows[index].applied).values
        parts: list[Expr] = []
        for name, term in before.items():
            parts.append(_product(term, values))
            parts.extend(-_product(t, values) for t in after.pop(name, ()))
        parts.extend(-_product(t, values) for some in after.values() for t in some)
        return _exact(sum(parts, Formula(0).expr))


def _product(term: Any, values: Mapping[Any, Dim]) -> Expr:
    """A term with the network's symbols in the place of its numbers."""
    result: Expr = Formula(term.times).expr
    for factor in term.factors:
        rule = factor.rule
        if isinstance(rule, int):
            result = result * rule
        else:
            result = result * plain(rule).xreplace({s: plain(v) for s, v in values.items()})
    return result


def _exact(formula: Any) -> Expr:
    """A formula multiplied out, with plain quotients for floors.

    The point is one at which every floor is a quotient, as heads divide a width; so a difference
    that is nothing there is nothing wherever that holds.
    """
    expression: Expr = Formula(formula).expr
    floors = {f: f.args[0] / f.args[1] for f in expression.atoms(FloorDiv)}
    made: Expr = expression.xreplace(floors).expand()
    return made


def _told(value: Any) -> Any:
    """A formula, or the number that it is."""
    if isinstance(value, int):
        return value
    formula = value if isinstance(value, Formula) else Formula(value)
    return int(formula) if formula.is_number else formula


def _point(trace: Trace, names: Sequence[str]) -> tuple[dict[str, int], Trace]:
    """Numbers for the symbols, large and apart, at which the network can be; and it there.

    Raises:
        EvaluationError: none of those that were tried will do.
    """
    for values in islice(_points(names), 12):
        try:
            return values, traced(trace, **values)
        except ArchcalcError:
            continue
    raise EvaluationError(
        "no numbers were found at which the network can be, to hold formulas against one another",
        code="symbols-left",
        hint=f"give values for {', '.join(names)}",
    )


def _points(names: Sequence[str]) -> Iterator[dict[str, int]]:
    for unit in _UNITS:
        primes = {n: _PRIMES[i % len(_PRIMES)] + 200 * (i // 17) for i, n in enumerate(names)}
        yield {n: unit * p for n, p in primes.items()}
        small = {n: p if len(n) == 1 and n in "kgarL" else unit * p for n, p in primes.items()}
        yield small
