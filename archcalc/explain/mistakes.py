"""How people miscount a layer: the counts that known mistakes lead to.

Nothing here knows a number.  Every mistake is the layer's own facts with one thing done wrong: a
weight left out, an input channel taken for one, statistics counted in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

from sympy import Expr, Integer

from archcalc.costs.base import written_sum
from archcalc.layers.facts import Weight
from archcalc.layers.notation import Notation, notation_of
from archcalc.network import Row
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.symbols import symbol

__all__ = ["Finding", "Mistaken", "mistakes"]


@dataclass(frozen=True, slots=True)
class Finding:
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


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A count that known mistakes lead to, and which."""

    count: int
    findings: tuple[Finding, ...] = ()


def mistakes(row: Row) -> list[Mistaken]:
    """The right count of `row`, then those that mistakes lead to, the fewest mistakes first.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> row = Sequential([Conv2D(32, 3)], input_shape=(32, 32, 3)).trace().rows[0]
    >>> [(m.count, [f.kind for f in m.findings]) for m in mistakes(row)][:3]
    [(896, []), (864, ['missing-bias']), (320, ['missing-input-channels'])]
    """
    notation = notation_of(row.applied)
    options = [[(), *choices] for choices in _choices(row, notation) if choices]
    right = _count(row, row.weights)
    found: dict[int, Mistaken] = {right: Mistaken(right)}
    ways = [tuple(finding for part in way for finding in part) for way in product(*options)]
    for findings in sorted(ways, key=_unlikeliness):
        count = right - sum(finding.amount for finding in findings)
        if count >= 0:
            found.setdefault(count, Mistaken(count, findings))
    return list(found.values())


_LIKELY = ("missing-bias", "missing-input-channels")
"""What people forget most, in that order; it decides between mistakes that give the same count."""


def _unlikeliness(findings: tuple[Finding, ...]) -> tuple[int, ...]:
    ranks = [_LIKELY.index(f.kind) if f.kind in _LIKELY else len(_LIKELY) for f in findings]
    return len(findings), *sorted(ranks)


def _count(row: Row, weights: tuple[Weight, ...]) -> int:
    return _number(written_sum(w.shape for w in weights if w.learned)) * _number(row.times)


def _number(dim: Dim) -> int:
    if not isinstance(dim, int):
        raise TypeError(f"{dim} is no number: only numbers can be held against a count")
    return dim


def _choices(row: Row, notation: Notation) -> Iterator[list[tuple[Finding, ...]]]:
    """What can go wrong, independently of one another; each as the ways in which it can."""
    left_out = _left_out(row, notation)
    yield left_out
    yield _one_channel(row, notation)
    yield _statistics(row)
    yield _extra_bias(row)
    yield _counted_again(row)
    yield _counted_once(row)


def _left_out(row: Row, notation: Notation) -> list[tuple[Finding, ...]]:
    """Weights left out: any of them, all of them, but not the whole count by accident."""
    single = [
        _omission(row, rule, real, notation)
        for rule, real in zip(notation.weights, row.applied.weights, strict=True)
        if real.learned and not row.shared
    ]
    single.sort(key=lambda finding: finding.kind != "missing-bias")
    most = min(len(single), 4)
    return [chosen for n in range(1, most + 1) for chosen in combinations(single, n)]


def _omission(row: Row, rule: Weight, real: Weight, notation: Notation) -> Finding:
    amount = _number(real.size) * _number(row.times)
    each = _each(rule, notation)
    if real.name == "bias":
        return Finding(row.path, "missing-bias", amount, f"the bias was left out: one per {each}")
    return Finding(row.path, "missing-weight", amount, f"{real.name} was left out: {each}")


def _each(rule: Weight, notation: Notation) -> str:
    """``filter, f = 32`` for a bias of shape ``(f,)``; ``k·k·c_in·f = 288`` for others."""
    size = rule.size
    value = size if isinstance(size, int) else lower(size.xreplace(_numbers(notation)))
    shown = " · ".join(to_text(dim) for dim in rule.shape).replace(" · ", "·")
    if isinstance(size, Expr) and size.is_Symbol and size in notation.fields:
        return f"{_singular(notation.fields[size])}, {shown} = {value:,}"
    return f"output channel, {shown} = {value:,}" if rule.name == "bias" else f"{shown} = {value:,}"


def _singular(field: str) -> str:
    return field.removesuffix("s").replace("_", " ")


def _numbers(notation: Notation) -> dict[Expr, Expr]:
    return {s: Integer(_number(v)) for s, v in notation.values.items()}


def _one_channel(row: Row, notation: Notation) -> list[tuple[Finding, ...]]:
    """The input channels left out: a kernel ``k·k·f`` where it is ``k·k·c_in·f``."""
    channels = symbol("c_in")
    depth = notation.values.get(channels)
    if row.shared or not isinstance(depth, int) or depth == 1:
        return []
    values = _numbers(notation)
    amount, shapes = 0, []
    for rule, real in zip(notation.weights, row.applied.weights, strict=True):
        if not real.learned or len(rule.shape) < 2:
            continue
        depths = [dim for dim in rule.shape if isinstance(dim, Expr) and dim.has(channels)]
        if len(depths) == 1 and len(rule.shape) > len(depths):
            real_depth = int(depths[0].xreplace(values))
            amount += _number(real.size) // real_depth * (real_depth - 1)
            shapes.append(rule.shape)
    if not amount:
        return []
    written = " and ".join(str(shape).replace("×", "·") for shape in shapes)
    text = f"the {depth} input channels were left out of {written}"
    return [(Finding(row.path, "missing-input-channels", amount * _number(row.times), text),)]


def _statistics(row: Row) -> list[tuple[Finding, ...]]:
    kept = [w for w in row.weights if not w.learned]
    if not kept:
        return []
    amount = _number(written_sum(w.shape for w in kept)) * _number(row.times)
    names = " and ".join(w.name for w in kept)
    text = f"{names} were counted: they are statistics, which are not learned"
    return [(Finding(row.path, "statistics-counted", -amount, text),)]


def _extra_bias(row: Row) -> list[tuple[Finding, ...]]:
    """A bias counted where ``use_bias=False`` leaves it out."""
    if row.shared or getattr(row.layer, "use_bias", True):
        return []
    biased = type(row.layer)(**{**row.layer.given(), "use_bias": True})
    extra = [w for w in biased.weights(*row.inputs) if w.name == "bias"]
    amount = _number(written_sum(w.shape for w in extra)) * _number(row.times)
    text = f"a bias was counted, but use_bias is False: {amount:,} too many"
    return [(Finding(row.path, "extra-bias", -amount, text),)] if amount else []


def _counted_again(row: Row) -> list[tuple[Finding, ...]]:
    if not row.shared:
        return []
    amount = _count(row, row.applied.weights)
    text = "its weights are shared with an earlier call and were counted again"
    return [(Finding(row.path, "shared-counted-twice", -amount, text),)] if amount else []


def _counted_once(row: Row) -> list[tuple[Finding, ...]]:
    times = _number(row.times)
    once = _count(row, row.weights) // times if times else 0
    if times < 2 or not once:
        return []
    text = f"it stands there {times:,} times and was counted once"
    return [(Finding(row.path, "counted-once", once * (times - 1), text),)]
