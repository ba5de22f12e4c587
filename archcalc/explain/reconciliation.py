"""Reconciliation: what lies between a person's count and the right one.

A claim is explained only by known mistakes (`mistakes`) and by slips of arithmetic that show in the
digits.  What is left is said to be unexplained.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sympy import Expr

from archcalc.explain import text
from archcalc.explain.document import Amount, Block, Code, Document, Inlines, Paragraph, Table
from archcalc.explain.mistakes import Finding, Mistaken, mistakes
from archcalc.explain.renderable import Renderable
from archcalc.formula import Formula
from archcalc.layers.notation import notation_of
from archcalc.network import Network, Row, Trace, traced
from archcalc.symbolic.dims import as_expr
from archcalc.symbolic.errors import (
    EvaluationError,
    LookupFailedError,
    UnknownSymbolError,
    quoted,
    shorten,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.shown import Shown

__all__ = ["Claim", "Reconciliation", "reconcile"]

Countable: TypeAlias = int | str | Expr | Formula
"""A claimed count: a number, or the formula a person wrote."""


@dataclass(frozen=True, slots=True, repr=False)
class Claim(Shown):
    """What was claimed of one layer (or of the total), what is, and what lies between."""

    layer: str
    claimed: int
    actual: int
    findings: tuple[Finding, ...] = ()
    written: str = ""

    def __repr__(self) -> str:
        return text.render(Document(self.layer, (_claims(_rows(self)),)))

    @property
    def right(self) -> bool:
        """Whether the claim is the truth."""
        return self.claimed == self.actual and not self.findings


@dataclass(frozen=True, repr=False)
class Reconciliation(Renderable):
    """Claims, layer by layer, with what was found.

    Attributes:
        claims: one for every layer that was claimed.
        claimed: the claimed total.
        actual: the right one.
        scope: what the total is of: all layers, or some.
    """

    claims: tuple[Claim, ...]
    claimed: int
    actual: int
    scope: str = ""
    closing: tuple[Finding, ...] = ()

    @property
    def difference(self) -> int:
        """What is missing from the claimed total."""
        return self.actual - self.claimed

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, in order."""
        return (*(f for claim in self.claims for f in claim.findings), *self.closing)

    @property
    def explained(self) -> bool:
        """Whether the findings account for the whole difference, and all of them are known."""
        known = all(finding.kind != "unexplained" for finding in self.findings)
        return known and sum(finding.amount for finding in self.findings) == self.difference

    @property
    def right(self) -> bool:
        """Whether every claim is the truth."""
        return not self.findings and self.difference == 0

    def document(self) -> Document:
        rows = [row for claim in self.claims for row in _rows(claim)]
        rows.extend(self._total())
        blocks: list[Block] = [_claims(rows)]
        if self.scope:
            blocks.append(Paragraph((self.scope,)))
        return Document("Reconciliation", tuple(blocks))

    def _total(self) -> list[tuple[Inlines, ...]]:
        said = ("claimed ", Amount(self.claimed))
        if self.right:
            return [(("total",), said, ("is right",), (), ())]
        first = (("total",), said, ("is ", Amount(self.actual)), (Amount(self.difference, True),))
        closing = self.closing
        if len(closing) == 1 and closing[0].kind == "unexplained" and not self.claims:
            return [(*first, (closing[0].text,))]
        return [
            (*first, (self.verdict(),)),
            *((_place(f), (), (), (Amount(f.amount, True),), (f.text,)) for f in closing),
        ]

    def verdict(self) -> str:
        """Whether the difference is explained, and by which amounts."""
        amounts = [f.amount for f in self.findings if f.kind != "unexplained"]
        parts = " + ".join(f"{a:,}" if a >= 0 else f"(−{-a:,})" for a in amounts)
        if self.explained:
            return f"fully explained: {parts}" if amounts else "nothing is missing in total"
        rest = self.difference - sum(amounts)
        known = f"explained: {parts}; " if amounts else ""
        return f"{known}unexplained: {rest:,}".replace("-", "−")

    def to_dict(self) -> dict[str, Any]:
        return {
            "claimed": self.claimed,
            "actual": self.actual,
            "difference": self.difference,
            "explained": self.explained,
            "layers": [
                {"layer": c.layer, "claimed": c.claimed, "actual": c.actual, "right": c.right}
                for c in self.claims
            ],
            "findings": [
                {"layer": f.layer, "kind": f.kind, "amount": f.amount, "text": f.text}
                for f in self.findings
            ],
        }


def _place(finding: Finding) -> Inlines:
    return () if finding.layer == "total" else (Code(finding.layer),)


def _claims(rows: Sequence[tuple[Inlines, ...]]) -> Table:
    return Table(("", "", "", "", ""), "lllrl", tuple(rows))


def _rows(claim: Claim) -> list[tuple[Inlines, ...]]:
    written = f"{claim.written} = " if claim.written else ""
    said: Inlines = (f"claimed {written}", Amount(claim.claimed))
    if claim.right:
        return [((Code(claim.layer),), said, ("is right",), (), ())]
    first, *others = claim.findings
    return [
        (
            (Code(claim.layer),),
            said,
            ("is ", Amount(claim.actual)),
            (Amount(first.amount, True),),
            (first.text,),
        ),
        *(((), (), (), (Amount(f.amount, True),), (f.text,)) for f in others),
    ]


def reconcile(
    network: Network | Trace | str | os.PathLike[str],
    *,
    running: Mapping[str, Countable] | None = None,
    layers: Mapping[str, Countable] | None = None,
    total: Countable | None = None,
    **values: Any,
) -> Reconciliation:
    """What lies between a person's parameter counts and the right ones.

    Args:
        network: the network, with numbers for all symbols.
        running: running totals after some of the layers, by name.
        layers: counts of single layers, by name: numbers, or the formula that was written.
        total: the total.
        values: numbers, or formulas, for its symbols, as in ``k=3``.

    Raises:
        LookupFailedError: there is no such layer.
        EvaluationError: the network still has symbols, or nothing is claimed.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Conv2D(32, 3, padding="same")], input_shape=(32, 32, 3))
    >>> print(reconcile(net, layers={"conv2d": "32*(3*3)"}))
    conv2d  claimed 32*(3*3) = 288  is 896  +576  the 3 input channels were left out of k·k·c_in·f
                                             +32  the bias was left out: one per filter, f = 32
    total   claimed 288             is 896  +608  fully explained: 576 + 32
    """
    trace = traced(network, **values)
    if not trace.parameters.is_number:
        names = ", ".join(s.name for s in trace.parameters.symbols)
        raise EvaluationError(
            "only a network with numbers can be held against a count",
            code="symbols-left",
            hint=f"give values for {names}",
        )
    if running is None and layers is None and total is None:
        raise EvaluationError(
            "nothing is claimed", hint="give running=, layers= or total=", code="nothing-claimed"
        )
    if running and layers:
        raise EvaluationError(
            "running totals and counts of layers are two ways to claim the same",
            code="claimed-twice",
            hint="give one of running= and layers=",
        )
    if running:
        result = _by_running(trace, running)
    elif layers:
        result = _by_layer(trace, layers)
    else:
        return _by_total(trace, _number(total, "total"))
    return result if total is None else _with_total(result, _number(total, "total"), trace)


def _by_running(trace: Trace, running: Mapping[str, Countable]) -> Reconciliation:
    claims: list[Claim] = []
    said, start = 0, 0
    for index, name, value in _placed(trace, running):
        now = _number(value, name)
        rows, start = trace.rows[start : index + 1], index + 1
        usual = frozenset(f.kind for claim in claims for f in claim.findings)
        claims.append(_claimed_step(rows, trace.rows[: start - len(rows)], said, now, usual))
        said = now
    actual = sum(mistakes(row)[0].count for row in trace.rows[:start])
    rest = sum(mistakes(row)[0].count for row in trace.rows[start:])
    scope = f"the layers after {trace.rows[start - 1].path} add {rest:,} and are not claimed"
    return Reconciliation(tuple(claims), said, actual, scope if rest else "")


def _claimed_step(
    rows: Sequence[Row], earlier: Sequence[Row], before: int, now: int, usual: frozenset[str]
) -> Claim:
    """One step of a running total: the layer's count, and the addition.

    Args:
        usual: the mistakes this person has made before; the same again is likelier than a slip.
    """
    ways = _ways(rows, earlier)
    actual, claimed, path = ways[0].count, now - before, rows[-1].path
    for way in ways:
        if way.count == claimed:
            return Claim(path, claimed, actual, way.findings)
    slips = [way for way in ways if _is_slip(before + way.count, now)]
    if not slips:
        return Claim(path, claimed, actual, (_unexplained(path, actual - claimed),))
    usual = usual - {"arithmetic-slip"}
    way = min(
        slips,
        key=lambda w: (
            {f.kind for f in w.findings} != usual,
            not _is_carry(before + w.count, now),
            len(w.findings),
        ),
    )
    right = before + way.count
    text = f"arithmetic slip: {before:,} + {way.count:,} = {right:,}, not {now:,}"
    slip = Finding(path, "arithmetic-slip", right - now, text)
    return Claim(path, claimed, actual, (*way.findings, slip))


def _ways(rows: Sequence[Row], earlier: Sequence[Row] = ()) -> list[Mistaken]:
    """The counts of several layers together: all right, or one mistake made throughout."""
    before = [*earlier, *rows]
    each = [mistakes(row, before[: len(earlier) + i]) for i, row in enumerate(rows)]
    weighted = [ways for ways in each if len(ways) > 1 or ways[0].count]
    if len(weighted) == 1:
        return weighted[0]
    right = sum(ways[0].count for ways in each)
    found = {right: Mistaken(right)}
    for kinds in _kinds(each):
        chosen = [_by_kinds(ways, kinds) for ways in each]
        count = sum(way.count for way in chosen)
        findings = tuple(finding for way in chosen for finding in way.findings)
        found.setdefault(count, Mistaken(count, findings))
    return list(found.values())


def _kinds(each: Sequence[Sequence[Mistaken]]) -> list[frozenset[str]]:
    """The sets of mistakes that can be made in any of several layers, the smallest first."""
    sets = {frozenset(f.kind for f in way.findings) for ways in each for way in ways}
    single = {frozenset([kind]) for kinds in sets for kind in kinds}
    return sorted(sets | single, key=lambda kinds: (len(kinds), sorted(kinds)))


def _by_kinds(ways: Sequence[Mistaken], kinds: frozenset[str]) -> Mistaken:
    """The count in which a layer makes as many of the mistakes `kinds` as it can."""
    fitting = [way for way in ways if {f.kind for f in way.findings} <= kinds]
    return max(fitting, key=lambda way: len({f.kind for f in way.findings}))


def _is_carry(right: int, written: int) -> bool:
    """Whether a sum was miswritten by one carry."""
    return str(abs(right - written)).rstrip("0") == "1"


def _is_slip(right: int, written: int) -> bool:
    """Whether a sum was miswritten by one digit, or by one carry, or two digits changed places."""
    difference = str(abs(right - written))
    if difference.rstrip("0") in set("123456789"):
        return True
    a, b = str(right), str(written)
    changed = [i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y]
    return len(a) == len(b) and sorted(a) == sorted(b) and len(changed) == 2


def _unexplained(path: str, amount: int) -> Finding:
    text = f"unexplained: {abs(amount):,} {'too few' if amount > 0 else 'too many'}"
    return Finding(path, "unexplained", amount, text)


def _by_layer(trace: Trace, layers: Mapping[str, Countable]) -> Reconciliation:
    claims = []
    covered = set()
    for index, name, value in _placed(trace, layers):
        row = trace.rows[index]
        covered.add(index)
        claims.append(_claimed_layer(row, trace.rows[:index], value, name))
    missing = [
        row for i, row in enumerate(trace.rows) if i not in covered and mistakes(row)[0].count
    ]
    scope = f"not claimed: {', '.join(row.path for row in missing)}" if missing else ""
    claimed, actual = (sum(getattr(c, which) for c in claims) for which in ("claimed", "actual"))
    return Reconciliation(tuple(claims), claimed, actual, scope)


def _claimed_layer(row: Row, earlier: Sequence[Row], value: Countable, name: str) -> Claim:
    ways = mistakes(row, earlier)
    claimed = _number(value, name, row)
    written = value if isinstance(value, str) and not value.strip().isdecimal() else ""
    for way in ways:
        if way.count == claimed:
            return Claim(row.path, claimed, ways[0].count, way.findings, written)
    rest = _unexplained(row.path, ways[0].count - claimed)
    return Claim(row.path, claimed, ways[0].count, (rest,), written)


def _by_total(trace: Trace, claimed: int) -> Reconciliation:
    rows = trace.rows
    actual = sum(mistakes(row)[0].count for row in rows)
    if claimed == actual:
        return Reconciliation((), claimed, actual)
    for way in _ways(rows):
        if way.count == claimed:
            return Reconciliation((), claimed, actual, closing=way.findings)
    single = [
        way.findings
        for i, row in enumerate(rows)
        for way in mistakes(row, rows[:i])[1:]
        if sum(f.amount for f in way.findings) == actual - claimed
    ]
    if len(single) == 1:
        return Reconciliation((), claimed, actual, closing=single[0])
    finding = _unexplained("total", actual - claimed)
    if single:
        places = ", ".join(findings[0].layer for findings in single)
        text = f"{finding.text}; one mistake in any one of {places} would explain it"
        finding = Finding("total", "unexplained", finding.amount, text)
    return Reconciliation((), claimed, actual, closing=(finding,))


def _with_total(result: Reconciliation, claimed: int, trace: Trace) -> Reconciliation:
    """A total that was claimed besides: it should be the sum of what was claimed before."""
    actual = int(trace.parameters)
    left = actual - result.actual
    gap = result.claimed + left - claimed
    if left == 0 and gap == 0:
        return result
    if left:
        finding = _unexplained("total", gap)
        closing = (finding,) if gap else ()
        return Reconciliation(result.claims, claimed, actual, result.scope, closing)
    slip = _is_slip(result.claimed, claimed)
    text = f"arithmetic slip: the counts sum to {result.claimed:,}, not {claimed:,}"
    kind = "arithmetic-slip" if slip else "unexplained"
    words = text if slip else f"unexplained: the counts sum to {result.claimed:,}, not {claimed:,}"
    return Reconciliation(result.claims, claimed, actual, "", (Finding("total", kind, gap, words),))


def _placed(trace: Trace, claims: Mapping[str, Countable]) -> list[tuple[int, str, Countable]]:
    """The claims in the order of the network, each with the place of its row."""
    places = {id(row): i for i, row in enumerate(trace.rows)}
    found = [(places[id(trace.row(name))], name, value) for name, value in claims.items()]
    if not found:
        raise LookupFailedError("no layer is claimed", hint="name a layer and its count")
    return sorted(found, key=lambda claim: claim[0])


def _number(value: Countable | None, name: str, row: Row | None = None) -> int:
    """A claim as a number; the names in a formula are those of the layer's own notation."""
    raw = value.expr if isinstance(value, Formula) else value
    if isinstance(raw, str):
        raw = raw.replace(",", "") if raw.replace(",", "").strip().isdecimal() else raw
    dim = as_expr(raw)
    if isinstance(dim, int):
        count: object = dim
    else:
        known = notation_of(row.applied).values if row is not None else {}
        unknown = [s.name for s in dim.free_symbols if s not in known]
        if unknown:
            raise UnknownSymbolError(
                f"{name}: there is no {', '.join(sorted(unknown))} in {shorten(str(value), 60)}",
                hint=f"known here are {', '.join(s.name for s in known)}" if known else "",
            )
        count = evaluate(dim, {s: v for s, v in known.items() if isinstance(v, int)})
    if not isinstance(count, int) or count < 0:
        raise EvaluationError(
            f"{name}: {quoted(value, 60)} is not a count",
            hint="a count is a whole number, 0 or more",
        )
    return count
