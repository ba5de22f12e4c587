"""Claims of shapes, lengths and receptive fields, which do not add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.explain.reconciling.candidates import Candidate, Field
from archcalc.explain.reconciling.claims import Claimable, read_shape
from archcalc.explain.reconciling.edit import Finding
from archcalc.explain.reconciling.placing import rows_of
from archcalc.explain.reconciling.quantities import Quantity
from archcalc.explain.reconciling.result import Claim, Reconciliation
from archcalc.explain.reconciling.telling import MOST_OTHERS
from archcalc.explain.reconciling.values import ValueClaim, ValueSearch, value_at
from archcalc.network import Trace

__all__ = ["by_value"]


def by_value(
    trace: Trace, quantity: Quantity, layers: Mapping[str, Claimable], total: Claimable | None,
    letters: Mapping[str, Any],
) -> Reconciliation:  # fmt: skip
    """What was found of sizes that were claimed."""
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
        told = [_told_value(search, parts, claim) for _, parts in answer.explanations[:MOST_OTHERS]]
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
