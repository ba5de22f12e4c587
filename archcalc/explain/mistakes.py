"""How people miscount a layer: the counts that known mistakes lead to.

Nothing here knows a number.  Every mistake is the layer's own facts with one thing done wrong: a
weight left out, an input channel taken for one, an earlier shape taken for the input.  What another
tool counts is no mistake, but another choice of a convention (`archcalc.costs.CONVENTIONS`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from sympy import Expr

from archcalc.costs import CONVENTIONS, Additive
from archcalc.costs.base import ordered_sum
from archcalc.costs.loops import often, owned
from archcalc.explain.counting_choices import who
from archcalc.layers import Applied
from archcalc.layers.facts import Weight
from archcalc.layers.notation import Notation, notation_of
from archcalc.network import Row
from archcalc.symbolic import ArchcalcError, Dim, Shape, evaluate, symbol
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shown import Shown

__all__ = ["Finding", "Mistaken", "mistakes"]

_MOST_WAYS = 5_000
_EARLIER = 8
"""How many rows back an input may have been taken from."""


@dataclass(frozen=True, slots=True, repr=False)
class Finding(Shown):
    """One thing that lies between a claim and the truth.

    Attributes:
        layer: the path of the layer, or ``"total"``.
        kind: a stable name such as ``"missing-bias"``.
        amount: what is added to the claim for it, towards the truth.
        text: in words.
    """

    layer: str
    kind: str
    amount: int
    text: str

    def __repr__(self) -> str:
        added = f"{self.amount:+,}".replace("-", "−")
        return f"<{visible(self.layer)} {added}, {self.kind}: {visible(self.text)}>"


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A count that known mistakes lead to, and which."""

    count: int
    findings: tuple[Finding, ...] = ()


def mistakes(row: Row, earlier: Sequence[Row] = ()) -> list[Mistaken]:
    """The right count of `row`, then those that mistakes lead to, the fewest mistakes first.

    Args:
        row: the layer, with numbers.
        earlier: the rows before it, whose shapes may have been taken for its input.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> row = Sequential([Conv2D(32, 3)], input_shape=(32, 32, 3)).trace().rows[0]
    >>> [(m.count, [f.kind for f in m.findings]) for m in mistakes(row)][:3]
    [(896, []), (864, ['missing-bias']), (320, ['missing-input-channels'])]
    """
    right = _count(row, row.weights)
    found: dict[int, Mistaken] = {right: Mistaken(right)}
    options = [[None, *group] for group in _groups(row, earlier) if group]
    ways = [tuple(f for f in way if f) for way in islice(product(*options), _MOST_WAYS)]
    for findings in sorted(ways, key=_unlikeliness):
        count = right - sum(finding.amount for finding in findings)
        if count >= 0:
            found.setdefault(count, Mistaken(count, findings))
    return list(found.values())


_LIKELY = (
    *(c.kind_of(choice) for c in CONVENTIONS.values() for choice in c.choices),
    *("missing-bias", "missing-input-channels", "missing-weight"),
)
"""Other conventions, then what people forget most; it decides between equal counts."""


def _unlikeliness(findings: tuple[Finding, ...]) -> tuple[int, ...]:
    ranks = [_LIKELY.index(f.kind) if f.kind in _LIKELY else len(_LIKELY) for f in findings]
    return len(findings), *sorted(ranks)


def _count(row: Row, weights: Sequence[Weight]) -> int:
    return _number(ordered_sum(w.shape for w in weights if w.learned)) * _owned(row)


def _owned(row: Row) -> int:
    """How often its weights are there."""
    return _number(often(owned(row.loops)))


def _number(dim: Dim) -> int:
    if not isinstance(dim, int):
        raise TypeError(f"{dim} is no number: only numbers can be held against a count")
    return dim


def _groups(row: Row, earlier: Sequence[Row]) -> Iterator[list[Finding]]:
    """What can go wrong, each group independently of the others, in one of its ways."""
    yield from _conventions(row)
    if row.shared:
        return
    notation = notation_of(row.applied)
    for rule, real in zip(notation.weights, row.applied.weights, strict=True):
        if real.learned:
            yield [*_omission(row, rule, real, notation), *_misjudged(row, rule, real, notation)]
    yield _extra_bias(row)
    yield _counted_once(row)
    yield _other_input(row, earlier)


def _omission(row: Row, rule: Weight, real: Weight, notation: Notation) -> list[Finding]:
    """The whole weight left out."""
    amount = _number(real.size) * _owned(row)
    shown = str(rule.shape).replace("×", "·")
    each = f"{shown} = {_number(real.size):,}"
    if real.role != "bias":
        return [Finding(row.path, "missing-weight", amount, f"{real.name} was left out: {each}")]
    text = f"the bias was left out: one per {_owner(rule, notation)}, {each}"
    return [Finding(row.path, "missing-bias", amount, text)]


def _owner(rule: Weight, notation: Notation) -> str:
    """What there is one bias for: a filter, a unit, an output channel."""
    size = rule.size
    field = notation.fields.get(size) if isinstance(size, Expr) and size.is_Symbol else None
    return field.removesuffix("s").replace("_", " ") if field else "output channel"


def _misjudged(row: Row, rule: Weight, real: Weight, notation: Notation) -> list[Finding]:
    """The weight counted, but with a dimension too few or too many."""
    size, times = _number(real.size), _owned(row)
    shown = str(rule.shape).replace("×", "·")
    found: list[Finding] = []

    def counted(kind: str, as_many: int, text: str) -> None:
        if as_many != size:
            found.append(Finding(row.path, kind, (size - as_many) * times, text))

    inputs = next((notation.values[s] for s in _INPUTS if s in notation.values), 1)
    if real.role == "bias" and isinstance(inputs, int):
        counted("one-bias", 1, f"one bias was counted for all: there are {shown} = {size:,}")
        counted("bias-per-input", inputs, f"a bias was counted for each input: it is {shown}")
        text = f"a bias was counted for every input channel: {inputs:,} times too many"
        counted("bias-per-kernel", size * inputs, text)
    depths = [d for d in rule.shape if isinstance(d, Expr) and d.has(symbol("c_in"))]
    if real.role != "bias" and len(depths) == 1 and len(rule.shape) > 1:
        values = {s: v for s, v in notation.values.items() if isinstance(v, int)}
        depth = int(evaluate(depths[0], values))
        text = f"the {depth} input channels were left out of {shown}"
        counted("missing-input-channels", size // depth, text)
        groups = values.get(symbol("g"), 1)
        text = f"groups were ignored: each filter sees {depth} of {depth * groups} channels"
        counted("groups-ignored", size * groups, text)
    return found


_INPUTS = (symbol("c_in"), symbol("n_in"))


def _conventions(row: Row) -> Iterator[list[Finding]]:
    """What every other choice of each convention would count."""
    for convention in CONVENTIONS.values():
        if convention.quantity == "parameters":
            known = _counted(convention.base, row)
            found = []
            for choice in convention.choices:
                amount = known - _counted(choice, row)
                if amount:
                    text = f"{convention.name}: {choice.meaning}, as in {who(choice)}"
                    found.append(Finding(row.path, convention.kind_of(choice), amount, text))
            yield found


def _counted(cost: Additive, row: Row) -> int:
    return sum(_number(times) * _number(amount) for times, amount in cost.by_row([row]))


def _extra_bias(row: Row) -> list[Finding]:
    """A bias counted where ``use_bias=False`` leaves it out."""
    if getattr(row.layer, "use_bias", True):
        return []
    biased = row.layer.model_copy(update={"use_bias": True})
    extra = [w for w in biased.weights(*row.inputs) if w.role == "bias"]
    amount = _number(ordered_sum(w.shape for w in extra)) * _owned(row)
    text = f"a bias was counted, but use_bias is False: {amount:,} too many"
    return [Finding(row.path, "extra-bias", -amount, text)] if amount else []


def _counted_once(row: Row) -> list[Finding]:
    times = _owned(row)
    once = _count(row, row.weights) // times if times else 0
    if times < 2 or not once:
        return []
    text = f"it stands there {times:,} times and was counted once"
    return [Finding(row.path, "counted-once", once * (times - 1), text)]


def _other_input(row: Row, earlier: Sequence[Row]) -> list[Finding]:
    """The shape before some earlier layer taken for the input, as when a pool is forgotten."""
    if len(row.inputs) != 1 or not row.weights:
        return []
    right, (x,) = _count(row, row.weights), row.inputs
    found: dict[int, Finding] = {}
    for other in reversed(earlier[-_EARLIER:]):
        for shape in (*other.inputs, other.output):
            taken = shape if len(shape) == len(x) else Shape((shape.elements,))
            if any(isinstance(size, Expr) for size in taken[-1:]):
                continue  # a count of weights is a number, and so is the size it was made of
            try:
                count = _count(row, Applied(row.layer, (taken,)).weights)
            except ArchcalcError:
                continue
            text = f"{shape}, at {other.path}, was taken for its input, which is {x}"
            if count != right and len(taken) == len(x):
                found.setdefault(count, Finding(row.path, "other-input", right - count, text))
    return list(found.values())
