"""The values of one symbol at which a network exists, as progressions and runs on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd

from sympy import Expr, Integer, Symbol, divisors

from archcalc.formula.between import Effort, Unresolved, Values
from archcalc.formula.rewrite import expandable
from archcalc.formula.spans import Span, intersected, spans_of
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.residues import multiplied_out
from archcalc.symbolic.sums import Copies
from archcalc.symbolic.written import evaluated

__all__ = ["Progression", "allowed", "congruent", "of_copies"]

_MOST_COPIES = 1_024
"""It is not looked at more copies than this for the first that does not fit."""

_LARGEST_DIVIDED = 10**15
"""The divisors of larger numbers are not listed: to find them may take too long."""


@dataclass(frozen=True, slots=True)
class Progression:
    """The numbers ``step·m + offset`` for ``m`` = 1, 2, 3, …

    >>> Progression(4, -2).number(1), list(Progression(4, -2).apart(2))
    (2, [Progression(step=8, offset=-6), Progression(step=8, offset=-2)])
    """

    step: int = 1
    offset: int = 0

    def number(self, m: int) -> int:
        """The number at place `m`."""
        return self.step * m + self.offset

    def along(self, expression: Dim, n: Symbol) -> Expr:
        """`expression` of `n` as one of the place, which is called `n` again."""
        e = evaluated(expression)
        if self.step == 1 and not self.offset:
            return e
        along = e.xreplace({n: self.number_at(n)})
        return multiplied_out(along) if expandable(along) else along

    def number_at(self, place: Symbol) -> Expr:
        """The number at a place that is a symbol."""
        return self.step * place + self.offset

    def places(self, numbers: Iterable[int]) -> list[int]:
        """The places of those of `numbers` that belong to it."""
        whole = [divmod(number - self.offset, self.step) for number in numbers]
        return [m for m, rest in whole if rest == 0 and m >= 1]

    def apart(self, classes: int) -> Iterator[Progression]:
        """The progressions of every `classes`-th of its numbers."""
        step = self.step * classes
        for first in range(1, classes + 1):
            yield Progression(step, self.number(first) - step)

    def meet(self, step: int, offset: int) -> Progression | None:
        """Those of its numbers that are `offset` modulo `step`; ``None`` where there are none."""
        g = gcd(self.step, step)
        if (offset - self.offset) % g:
            return None
        inverse = pow(self.step // g, -1, step // g)
        first = (offset - self.offset) // g * inverse % (step // g) or step // g
        joint = self.step * (step // g)
        return Progression(joint, self.number(first) - joint)


def congruent(requirements: Iterable[Requirement], n: Symbol) -> Progression | None:
    """The numbers that meet every requirement of the form ``a·n + b is a multiple of q``."""
    found: Progression | None = Progression()
    for requirement in requirements:
        linear = _linear(requirement, n)
        if linear is None or found is None:
            continue
        a, b, q = linear
        g = gcd(a, q)
        if b % g:
            return None
        found = found.meet(q // g, -(b // g) * pow(a // g, -1, q // g) % (q // g))
    return found


def _linear(requirement: Requirement, n: Symbol) -> tuple[int, int, int] | None:
    if requirement.relation is not Relation.MULTIPLE_OF:
        return None
    q = evaluated(requirement.right)
    b, rest = evaluated(requirement.left).expand().as_coeff_Add()
    a, symbol = rest.as_coeff_Mul()
    whole = all(isinstance(part, Integer) for part in (a, b, q))
    return (int(a), int(b), int(q)) if whole and symbol == n else None


def of_copies(requirement: Requirement) -> Iterable[Requirement]:
    """What is asked of every copy of a block, asked of each, or as how many there may be.

    >>> from archcalc.symbolic import FloorDiv, Index, symbols
    >>> from archcalc.symbolic.sums import Copies
    >>> i = Index("i")
    >>> fits = Requirement(FloorDiv(224, 2**i), Relation.AT_LEAST, 7, "", "")
    >>> print(*of_copies(fits.of_each([Copies(i, symbols("L"))])))
    L ≤ 6
    """
    if requirement.counted:
        return requirement.copies()
    copies, *more = requirement.each
    alone = replace(requirement, each=(Copies(copies.index, _MOST_COPIES),))
    if more or alone.symbols:
        return (requirement,)
    there = enumerate(alone.copies())
    first = next((number for number, one in there if one.holds() is False), None)
    if first is None:
        return (requirement,)
    return (replace(requirement, left=first, relation=Relation.AT_LEAST, right=copies.count,
                    each=()),)  # fmt: skip


def allowed(
    requirements: Sequence[Requirement], n: Symbol, places: Progression, effort: Effort
) -> list[Span]:
    """The places at which every one of `requirements` holds.

    Raises:
        Unresolved: that cannot be found out.
    """
    spans: list[Span] = [(1, None)]
    if any(requirement.each for requirement in requirements):
        raise Unresolved
    for requirement in sorted(requirements, key=_difficulty):
        left, right = places.along(requirement.left, n), places.along(requirement.right, n)
        spans = _holding(requirement.relation, left, right, n, spans, effort)
    return spans


def _difficulty(requirement: Requirement) -> tuple[bool, int]:
    """Inequalities first: they bound the rest."""
    sides = evaluated(requirement.left) - evaluated(requirement.right)
    return requirement.relation is not Relation.AT_LEAST, len(sides.atoms(FloorDiv))


def _holding(
    relation: Relation, left: Expr, right: Expr, n: Symbol, spans: list[Span], effort: Effort
) -> list[Span]:
    if relation is not Relation.MULTIPLE_OF:
        upper = None if relation is Relation.AT_LEAST else 0
        return _where(left - right, 0, upper, n, spans, effort)
    if left.is_Integer and 0 < left <= _LARGEST_DIVIDED:
        listed = _dividing(int(left), right, n)
        if listed is not None:
            return intersected(spans, listed)
    low, _ = bounds(left)
    if low is not None and low > 0:  # nothing positive is a multiple of more than itself
        spans = _where(left - right, 0, None, n, spans, effort)
    return _where(left - right * FloorDiv(left, right), 0, 0, n, spans, effort)


def _where(
    e: Expr, lower: int, upper: int | None, n: Symbol, spans: list[Span], effort: Effort
) -> list[Span]:
    values = Values(e, n, effort)
    return [run for span in spans for run in values.between(lower, upper, span)]


def _dividing(total: int, right: Expr, n: Symbol) -> list[Span] | None:
    """The `n` at which ``right = a·n + b`` divides `total`; ``None`` where it is none such."""
    b, rest = right.expand().as_coeff_Add()
    a, symbol = rest.as_coeff_Mul()
    if symbol != n or not (a.is_Integer and b.is_Integer) or a <= 0:
        return None
    return spans_of(Progression(int(a), int(b)).places(divisors(total)))
