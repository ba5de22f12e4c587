"""A formula that a person wrote, held against the rule term by term.

What a formula shows is no guess: a term that is not there was left out, and where one factor is
another number, that number is what was used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from sympy import Expr

from archcalc.explain.reconciling.claims import Leaf
from archcalc.explain.reconciling.edit import Finding, Place
from archcalc.explain.reconciling.rule_words import bare_rule
from archcalc.explain.reconciling.terms import Factor, Term, Terms
from archcalc.symbolic.symbols import symbol

__all__ = ["compared", "same_products"]

Product = tuple[Leaf, ...]


@dataclass(frozen=True)
class _Match:
    term: Term
    product: Product | None
    missing: tuple[Factor, ...] = ()
    extra: tuple[Leaf, ...] = ()


def same_products(terms: Terms, products: Sequence[Product]) -> bool:
    """Whether terms are the products that were written, in whatever order.

    >>> from archcalc.explain.reconciling.terms import Factor, Term
    >>> kernel = Term("kernel", "kernel", (Factor(3, 3), Factor(32, 32)))
    >>> same_products((kernel,), [(Leaf(32), Leaf(3))])
    True
    """
    ours = sorted(tuple(sorted(v for v in _factors(t) if v != 1)) for t in terms if t.size)
    theirs = sorted(tuple(sorted(x.value for x in p if x.value != 1)) for p in products)
    if ours == [p for p in theirs if 0 not in p]:
        return True
    sizes = sorted(term.size for term in terms if term.size)
    return sizes == sorted(v for p in products if (v := prod(x.value for x in p)))


def _factors(term: Term) -> list[int]:
    return [
        *(f.value for f in term.factors),
        *([term.times] if term.times != 1 else []),
    ]


def compared(place: Place, products: Sequence[Product]) -> list[Finding] | None:
    """What differs between a formula and the rule; ``None`` where they have nothing in common."""
    terms = place.terms
    if not terms or not products or len(products) > 16:
        return None
    left = list(range(len(products)))
    pairs = [
        (_cost(m := _match(term, product)), t, p, m)
        for t, term in enumerate(terms)
        for p, product in enumerate(products)
    ]
    pairs.sort(key=lambda pair: pair[:3])
    matched: dict[int, _Match] = {}
    for cost, t, p, match in pairs:
        if t not in matched and p in left and cost < _alone(terms[t]):
            matched[t] = match
            left.remove(p)
    matches = [matched.get(t, _Match(term, None)) for t, term in enumerate(terms)]
    close = [m for m in matches if m.product is not None]
    if not close or len(left) > 4:
        return None
    found = [f for m in matches if (f := _told(place, m)) is not None]
    if len(found) + len(left) > max(2, len(terms), sum(_cost(m) == 0 for m in close) + 2):
        return None  # they have too little in common to be one rule
    for product in [products[p] for p in left]:
        value = prod(leaf.value for leaf in product)
        if value:
            text = f"{_written(product)} = {value:,} is in no term of the rule"
            found.append(Finding(place.row.path, "extra-term", -value, text))
    return found


def _match(term: Term, product: Product) -> _Match:
    """A term beside a product: the factors that only one of them has."""
    times = (Factor(term.times, term.times),) if term.times != 1 else ()
    missing = [f for f in (*times, *term.factors) if f.value != 1]
    extra = [leaf for leaf in product if leaf.value != 1]
    for leaf in list(extra):
        found = next((f for f in missing if f.value == leaf.value), None)
        if found is not None:
            missing.remove(found)
            extra.remove(leaf)
    if missing and extra and prod(f.value for f in missing) == prod(x.value for x in extra):
        missing, extra = [], []
    return _Match(term, product, tuple(missing), tuple(extra))


def _cost(match: _Match) -> float:
    if not match.missing and not match.extra:
        return 0.0
    return 1.0 + len(match.missing) + len(match.extra)


def _alone(term: Term) -> float:
    """What it costs to say that a term was left out."""
    return 3.5 if sum(f.value != 1 for f in term.factors) > 1 else 1.5


def _told(place: Place, match: _Match) -> Finding | None:
    term = match.term
    rule = bare_rule(place, term)
    if match.product is None:
        if term.size == 0:
            return None
        kind = "missing-bias" if term.role == "bias" else "missing-weight"
        text = f"{term.name} was left out: {rule} = {term.size // term.times:,}"
        return Finding(place.row.path, kind, term.size, text)
    amount = term.size - prod(leaf.value for leaf in match.product)
    if amount == 0:
        return None
    if not match.extra:
        return Finding(place.row.path, *_dropped(place, match, rule, amount))
    if not match.missing:
        shown = "·".join(str(leaf.name or leaf.value) for leaf in match.extra)
        return Finding(place.row.path, "factor-added", amount, f"{shown} is not in {rule}")
    if len(match.missing) == 1:
        (factor,) = match.missing
        number = prod(leaf.value for leaf in match.extra)
        name = place.shown(factor.rule) if isinstance(factor.rule, Expr) else "number"
        said = f"your {name} is {number:,}; here it is {factor.value:,}"
        return Finding(place.row.path, "other-dimension", amount, f"{said}, in {rule}")
    yours = "·".join(f"{leaf.value:,}" for leaf in match.extra)
    here = "·".join(f"{f.value:,}" for f in match.missing)
    text = f"your {yours} stands where {rule} has {here}"
    return Finding(place.row.path, "other-dimension", amount, text)


def _dropped(place: Place, match: _Match, rule: str, amount: int) -> tuple[str, int, str]:
    rules = [f.rule for f in match.missing]
    depths = [f for f in match.missing if isinstance(f.rule, Expr) and f.rule.has(symbol("c_in"))]
    if len(depths) == len(rules) == 1:
        value = depths[0].value
        return (
            "missing-input-channels",
            amount,
            f"the {value} input channels were left out of {rule}",
        )
    gates = getattr(place.row.layer, "gates", 0)
    if rules == [gates] and gates > 1:
        return (
            "gates-counted-once",
            amount,
            f"the {gates} gates were counted once in {rule}",
        )
    shown = "·".join(f"{place.shown(r)}" for r in rules)
    value = prod(f.value for f in match.missing)
    return "factor-left-out", amount, f"{shown} = {value:,} was left out of {rule}"


def _written(product: Product) -> str:
    return "·".join(leaf.name or f"{leaf.value}" for leaf in product)
