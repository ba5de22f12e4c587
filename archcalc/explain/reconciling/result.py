"""What a reconciliation found, and how it reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from archcalc.explain import text
from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Inlines,
    Paragraph,
    Table,
)
from archcalc.explain.reconciling.edit import Finding
from archcalc.explain.renderable import Renderable
from archcalc.formula import Formula
from archcalc.layers.values import as_data
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.shown import Shown

__all__ = ["Claim", "Reconciliation"]

Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Claim(Shown):
    """What was claimed of one layer (or of the total), what is, and what lies between.

    Attributes:
        layer: the path of the layer or the block; of a running total, that of its last layer.
        claimed: the number, shape or formula that was claimed.
        actual: the right one.
        findings: what lies between.
        written: the claim as it was written, where that is more than a number.
        others: what would explain it equally well.
        rounded: whether it is a rounded figure, right to its digits or not.
        hints: of what is not explained: its factors, and what comes nearest.
        comparison: of each finding, the products counted and those of the rule; see
            `Reconciliation.derivation`.
    """

    layer: str
    claimed: Any
    actual: Any
    findings: Findings = ()
    written: str = ""
    others: tuple[Findings, ...] = ()
    rounded: bool = False
    hints: tuple[str, ...] = ()
    comparison: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return text.render(Document(self.layer, (_table(_rows(self)),)))

    @property
    def right(self) -> bool:
        """Whether the claim is the truth, to the digits that it has."""
        return not self.findings and (self.rounded or self.claimed == self.actual)

    @property
    def explained(self) -> bool | Literal["ambiguous"]:
        """Whether the findings explain it; ``"ambiguous"`` where others do so equally well."""
        if any(finding.kind == "unexplained" for finding in self.findings):
            return False
        return "ambiguous" if self.others else True


@dataclass(frozen=True, repr=False)
class Reconciliation(Renderable):
    """Claims, layer by layer, with what was found.

    Attributes:
        claims: one for every layer that was claimed.
        claimed: the claimed total.
        actual: the right one.
        scope: what the total is of: all layers, or some.
        closing: what was found of the total itself.
        of: what was counted.
        whole: what was claimed of the whole network, if anything was.
    """

    claims: tuple[Claim, ...]
    claimed: Any
    actual: Any
    scope: str = ""
    closing: Findings = ()
    of: str = "parameters"
    whole: Claim | None = None
    added: bool = True
    sides: tuple[Any, ...] = field(default=())

    @property
    def difference(self) -> int | Formula:
        """What is missing from the claimed total; of shapes, whether there is any difference."""
        if not self.added:
            return sum(not claim.right for claim in self._every)
        if isinstance(self.actual, int) and isinstance(self.claimed, int):
            if self.whole is not None and self.whole.right:
                return 0
            return self.actual - self.claimed
        return Formula(Formula(self.actual).expr - Formula(self.claimed).expr)

    @property
    def _every(self) -> tuple[Claim, ...]:
        return self.claims if self.whole is None else (*self.claims, self.whole)

    @property
    def findings(self) -> Findings:
        """Everything that was found, in order."""
        return (*(f for claim in self.claims for f in claim.findings), *self.closing)

    @property
    def alternatives(self) -> tuple[Findings, ...]:
        """The explanations of everything that are equally good, where there are several.

        The first is `findings`; in each of the others a cause is another one wherever it may be.
        """
        causes = dict.fromkeys(_cause(o) for claim in self._every for o in claim.others)
        wholes = [self.findings]
        wholes.extend(
            tuple(f for claim in self._every for f in _by_cause(claim, cause)) for cause in causes
        )
        return tuple(dict.fromkeys(wholes)) if causes else ()

    @property
    def explained(self) -> bool | Literal["ambiguous"]:
        """Whether the findings account for the whole difference, and all of them are known.

        ``"ambiguous"`` where they do, and others would do so equally well.
        """
        if any(finding.kind == "unexplained" for finding in self.findings):
            return False
        if self.added and not self._adds_up():
            return False
        return "ambiguous" if self.alternatives else True

    def _adds_up(self) -> bool:
        amounts = [finding.amount for finding in self.findings]
        if any(claim.rounded for claim in self._every):
            return True  # a rounded figure is met, not hit
        if all(isinstance(amount, int) for amount in (*amounts, self.difference)):
            return bool(sum(amounts) == self.difference)
        left = Formula(self.difference).expr - sum(Formula(a).expr for a in amounts)
        return bool(left.expand() == 0)

    @property
    def right(self) -> bool:
        """Whether every claim is the truth."""
        whole = self.whole is None or self.whole.right
        return not self.findings and whole and all(claim.right for claim in self.claims)

    def document(self) -> Document:
        rows = [row for claim in self.claims for row in _rows(claim)]
        if self.added or self.whole is not None:
            rows.extend(self._total())
        blocks: list[Block] = [_table(rows)]
        blocks.extend(Paragraph((hint,)) for claim in self._every for hint in claim.hints)
        if self.scope:
            blocks.append(Paragraph((self.scope,)))
        return Document("Reconciliation", tuple(blocks))

    def derivation(self) -> Renderable:
        """Both numbers of every finding side by side, each by its rule; what differs is marked."""
        from archcalc.explain.reconciling.side_by_side import SideBySide

        return SideBySide(
            tuple(dict.fromkeys(side for claim in self._every for side in claim.comparison))
        )

    def _total(self) -> list[tuple[Inlines, ...]]:
        written = f"{self.whole.written} = " if self.whole and self.whole.written else ""
        if self.whole is not None and self.whole.rounded and self.whole.written:
            written = ""
        said: Inlines = (f"claimed {written}", *self._said(self.claimed))
        if self.right:
            exactly: Inlines = ("is right",)
            if self.whole is not None and self.whole.rounded:
                exactly = ("is right, rounded: ", *_shown(self.actual))
            return [(("total",), said, exactly, (), ())]
        first = (
            ("total",),
            said,
            ("is ", *_shown(self.actual)),
            _signed(self.difference),
        )
        closing = self.closing
        if len(closing) == 1 and closing[0].kind == "unexplained" and not self.claims:
            return [(*first, (closing[0].text,))]
        if not self.added and closing:
            return [(*first[:3], (), (closing[0].text,)), *self._others()]
        return [
            (*first, (self.verdict(),)),
            *((_place(f), (), (), _signed(f.amount), (f.text,)) for f in closing),
            *self._others(),
        ]

    def _said(self, value: Any) -> Inlines:
        if self.whole is not None and self.whole.rounded and self.whole.written:
            return (self.whole.written,)
        return _shown(value)

    def _others(self) -> list[tuple[Inlines, ...]]:
        return [] if self.whole is None else _or(self.whole)

    def verdict(self) -> str:
        """Whether the difference is explained, and by which amounts."""
        amounts = [f.amount for f in self.findings if f.kind != "unexplained"]
        parts = " + ".join(map(_summand, amounts))
        if self.explained:
            word = (
                "explained in more than one way"
                if self.explained == "ambiguous"
                else ("fully explained")
            )
            return f"{word}: {parts}" if amounts else "nothing is missing in total"
        known = f"explained: {parts}; " if amounts else ""
        if not isinstance(self.difference, int) or not all(isinstance(a, int) for a in amounts):
            return f"{known}the rest is unexplained"
        rest = self.difference - sum(amounts)
        return f"{known}unexplained: {rest:,}".replace("-", "−")

    def to_dict(self) -> dict[str, Any]:
        return {
            "of": self.of,
            "claimed": _data(self.claimed),
            "actual": _data(self.actual),
            "difference": _data(self.difference),
            "explained": self.explained,
            "layers": [
                {
                    "layer": c.layer, "claimed": _data(c.claimed), "actual": _data(c.actual),
                    "right": c.right, "hints": list(c.hints),
                }
                for c in self.claims
            ],
            "findings": [_finding_data(f) for f in self.findings],
            "alternatives": [[_finding_data(f) for f in other] for other in self.alternatives],
            "derivation": self.derivation().to_dict()["sides"],
        }  # fmt: skip


def _cause(findings: Findings) -> tuple[tuple[str, str, str], ...]:
    """What an explanation says, whatever it amounts to at one claim."""
    return tuple((f.layer, f.kind, f.text) for f in findings)


def _by_cause(claim: Claim, cause: tuple[tuple[str, str, str], ...]) -> Findings:
    """The explanation of a claim by that cause, or else the first."""
    return next((o for o in claim.others if _cause(o) == cause), claim.findings)


def _finding_data(found: Finding) -> dict[str, Any]:
    return {
        "layer": found.layer, "kind": found.kind, "amount": _data(found.amount),
        "text": found.text,
    }  # fmt: skip


def _data(value: Any) -> Any:
    if isinstance(value, Formula):
        return value.to_python()
    return value if value is None or isinstance(value, int | str) else as_data(value)


def _summand(amount: Any) -> str:
    if isinstance(amount, int):
        return f"{amount:,}" if amount >= 0 else f"(−{-amount:,})"
    return str(amount)


def _shown(value: Any) -> Inlines:
    if isinstance(value, Shape):
        return (value,)
    if isinstance(value, tuple):
        return (Shape(value),)
    if isinstance(value, Formula):
        return (Amount(value.ordered),)
    return (Amount(value),)


def _signed(amount: Any) -> Inlines:
    if amount is None or isinstance(amount, tuple):
        return ()
    if isinstance(amount, Formula):
        return (Amount(amount.ordered, True),)
    return (Amount(amount, True),)


def _place(finding: Finding) -> Inlines:
    return () if finding.layer == "total" else (Code(finding.layer),)


def _table(rows: Sequence[tuple[Inlines, ...]]) -> Table:
    return Table(("", "", "", "", ""), "lllrl", tuple(rows))


def _rows(claim: Claim) -> list[tuple[Inlines, ...]]:
    written = f"{claim.written} = " if claim.written else ""
    said: Inlines = (f"claimed {written}", *_shown(claim.claimed))
    if claim.rounded and claim.written:
        said = (f"claimed {claim.written}",)
    name: Inlines = (Code(claim.layer),)
    if claim.right:
        right: Inlines = (
            ("is right, rounded: ", *_shown(claim.actual)) if (claim.rounded) else ("is right",)
        )
        return [(name, said, right, (), ())]
    first, *others = claim.findings
    return [
        (
            name,
            said,
            ("is ", *_shown(claim.actual)),
            _signed(first.amount),
            _told(claim, first),
        ),
        *(((), (), (), _signed(f.amount), _told(claim, f)) for f in others),
        *_or(claim),
    ]


def _told(claim: Claim, finding: Finding) -> Inlines:
    """The cause; where it was made elsewhere, with the place."""
    here = finding.layer == claim.layer or finding.kind in (
        "unexplained",
        "arithmetic-slip",
    )
    if here or finding.layer.startswith(f"{claim.layer}/") or finding.layer == "total":
        return (finding.text,)
    return (Code(finding.layer), f": {finding.text}")


def _or(claim: Claim) -> list[tuple[Inlines, ...]]:
    """What would explain it equally well; the same at several places in one line."""
    alike: dict[tuple[tuple[str, Any, str], ...], list[Findings]] = {}
    for other in (claim.findings, *claim.others):
        alike.setdefault(tuple((f.kind, f.amount, f.text) for f in other), []).append(other)
    rows: list[tuple[Inlines, ...]] = []
    for group in alike.values():
        first, *others = group
        if first is not claim.findings:
            rows.extend(_alternative(claim, first))
        if others:
            places = ", ".join(" and ".join(dict.fromkeys(f.layer for f in o)) for o in others)
            amounts = _signed(first[0].amount) if len(first) == 1 else ()
            rows.append(((), (), ("or",), amounts, (f"the same at {places}",)))
    return rows


def _alternative(claim: Claim, other: Iterable[Finding]) -> list[tuple[Inlines, ...]]:
    rows: list[tuple[Inlines, ...]] = []
    for number, finding in enumerate(other):
        said: Inlines = ("or",) if number == 0 else ()
        told = finding.text if finding.layer == claim.layer else f"{finding.layer}: {finding.text}"
        rows.append(((), (), said, _signed(finding.amount), (told,)))
    return rows
