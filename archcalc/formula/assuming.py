"""A formula under assumptions: floors go where something divides, bounds decide what is larger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from sympy import Add, Expr, Max, Min, Pow, S, Symbol, preorder_traversal

from archcalc.formula.conditions import Assumption
from archcalc.formula.domain import places_of, ranges_of, refuse_contradictions
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.interval import Interval
from archcalc.symbolic.ordered import collect_like_terms, plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Copies, Index, Sum, index_for, with_common_powers

__all__ = ["assumed", "where"]

_LARGEST_SLOPE = 16
"""Exponents that rise faster with their symbols are not taken apart."""

Swap = tuple[dict[Symbol, Dim], dict[Symbol, Expr]]
"""What is substituted for symbols, and the substitution back."""


def assumed(
    ordered: Expr, requirements: Sequence[Requirement]
) -> tuple[Expr, tuple[Requirement, ...]]:
    """`ordered` and `requirements` as the assumptions among these leave them.

    Floors of what is divisible become quotients, a maximum of which one argument is known to be
    the largest becomes that, and requirements that the assumptions imply are dropped.  The
    assumptions are kept.  Without any, everything stays as it is.

    Raises:
        RequirementError: the requirements contradict one another.

    >>> from archcalc.formula.conditions import read_condition
    >>> from archcalc.symbolic import parse, symbols
    >>> h = symbols("h")
    >>> assumed(parse("ceil(h/32)*max(h, 7)"), read_condition("h % 32 == 0", {"h": h}))
    (h**2/32, (h is a multiple of 32,))
    """
    assumptions = [r for r in requirements if isinstance(r, Assumption)]
    if not assumptions:
        return ordered, tuple(requirements)
    refuse_contradictions(requirements)
    known = _Known(assumptions)
    left = (r for r in requirements if isinstance(r, Assumption) or not known.implies(r))
    return collect_like_terms(known.simplified(ordered)), tuple(left)


def where(requirements: Iterable[Requirement]) -> str:
    """What was assumed, as the end of a sentence; empty where nothing was."""
    stated = [r.statement() for r in requirements if isinstance(r, Assumption)]
    listed = [", ".join(stated[:-1]), *stated[-1:]]
    text = " and ".join(filter(None, listed))
    return text and f"where {text}"


class _Known:
    """What a list of assumptions that can be met says."""

    def __init__(self, assumptions: Sequence[Assumption]) -> None:
        self.assumptions = assumptions

    @cached_property
    def ranges(self) -> dict[Symbol, Interval]:
        return ranges_of(self.assumptions) or {}

    @cached_property
    def swaps(self) -> list[Swap]:
        """``h = 32·h'`` for a multiple of a number, ``d = a·d'`` for one of another symbol.

        The places ``h'`` are called ``h`` again; a symbol with one value only does not come back.
        """
        places = places_of(self.assumptions)
        there: dict[Symbol, Dim] = {s: p.number_at(s) for s, p in places.items()}
        there |= self._numbers
        back = {s: (s - p.offset) / p.step for s, p in places.items() if s not in self._numbers}
        swaps: list[Swap] = [(there, back)] if there else []
        for left, right in self._multiples:
            least, _ = self.bounds(right)
            apart = bool(right.free_symbols) and left not in right.free_symbols
            if isinstance(left, Symbol) and apart and least is not None and least > 0:
                swaps.append(({left: left * right}, {left: left / right}))
        return swaps

    @property
    def _numbers(self) -> dict[Symbol, int]:
        """The symbols that can have one value only."""
        ends = self.ranges.items()
        return {s: int(low) for s, (low, high) in ends if low is not None and low == high}

    @cached_property
    def _multiples(self) -> list[tuple[Expr, Expr]]:
        chosen = [a for a in self.assumptions if a.relation is Relation.MULTIPLE_OF]
        return [(plain(a.left), plain(a.right)) for a in chosen]

    @cached_property
    def not_negative(self) -> list[Expr]:
        """Differences of several symbols that are assumed to be at least 0."""
        differences = []
        for a in self.assumptions:
            difference = (plain(a.left) - plain(a.right)).expand()
            least, _ = self.bounds(plain(a.left))
            if a.relation is not Relation.MULTIPLE_OF or (least is not None and least > 0):
                differences.append(difference)
            if a.relation is Relation.EQUAL:
                differences.append(-difference)
        return [d for d in differences if len(d.free_symbols) > 1]

    def bounds(self, e: Expr) -> Interval:
        return bounds(e, self.ranges)

    def at_least(self, a: Expr, b: Expr) -> bool:
        """Whether ``a ≥ b`` is known."""
        difference = (a - b).expand()
        candidates = [difference, *((difference - d).expand() for d in self.not_negative)]
        lows = [self.bounds(candidate)[0] for candidate in candidates]
        return any(low is not None and low >= 0 for low in lows)

    def implies(self, requirement: Requirement) -> bool:
        """Whether `requirement` is known to hold."""
        sides, inside = (requirement.left, requirement.right), requirement.each
        left, right = (self.simplified(plain(side), inside) for side in sides)
        if requirement.relation is Relation.AT_LEAST:
            return self.at_least(left, right)
        if requirement.relation is Relation.MULTIPLE_OF:
            right = right * self.simplified(FloorDiv(left, right), inside)
        difference = (left - right).expand()
        return self.bounds(difference) == (0, 0)

    def simplified(self, e: Expr, inside: tuple[Copies, ...] = ()) -> Expr:
        """`e` with what is known put to use; what it does not concern keeps its form.

        Args:
            e: an expression.
            inside: the copies whose numbers stand free in it.
        """
        if not e.has(FloorDiv, Max, Min):
            return e
        if isinstance(e, Sum):
            term = self.simplified(e.term, (*inside, Copies(e.index, e.count)))
            return e if term == e.term else Sum(term, e.args[1])
        parts = [self.simplified(part, inside) for part in e.args]
        if parts != list(e.args):
            e = e.func(*parts)
        if isinstance(e, FloorDiv):
            return self._divided(e, inside)
        return self._extreme(e) if isinstance(e, Max | Min) else e

    def _divided(self, floor: Expr, inside: tuple[Copies, ...]) -> Expr:
        low, high = self.bounds(floor)
        if low is not None and low == high:
            return low
        # in terms of what is whole, the rules of floor division do the rest
        best = floor
        for there, back in self.swaps:
            try:
                swapped = _from_below(substitute(best, there), inside).xreplace(back)
                swapped = with_common_powers(swapped)
            except ArchcalcError:  # too large a power, or a division by zero: for the evaluation
                continue
            best = min(best, swapped, key=_length)
        return best

    def _extreme(self, e: Expr) -> Expr:
        """The arguments that another one does not make idle."""
        kept: list[Expr] = []
        for argument in e.args:
            if not any(self._beats(e, other, argument) for other in kept):
                kept = [other for other in kept if not self._beats(e, argument, other)]
                kept.append(argument)
        return e if len(kept) == len(e.args) else e.func(*kept)

    def _beats(self, e: Expr, a: Expr, b: Expr) -> bool:
        return self.at_least(a, b) if isinstance(e, Max) else self.at_least(b, a)


def _from_below(e: Expr, inside: tuple[Copies, ...]) -> Expr:
    """`e` worked out with what exponents hold counted from its least value.

    ``⌊h·2^L/2^i⌋`` is ``h·2^r`` for ``L = i + 1 + r``.
    """
    least: dict[Symbol, Expr] = {}
    for power in e.atoms(Pow):
        terms = [term.as_coeff_Mul() for term in Add.make_args(power.exp)]
        small = [s for number, s in terms if abs(number) <= _LARGEST_SLOPE]
        least |= {s: S.One for s in small if s.is_Symbol and not isinstance(s, Index)}
    for copies in inside:
        more, many = plain(copies.count).as_coeff_Add()
        if isinstance(many, Symbol):
            least[many] = copies.index + 1 - more
    for symbol, low in least.items():
        rest = index_for(e, symbol, low)
        e = e.xreplace({symbol: low + rest}).xreplace({rest: symbol - low})
    return e


def _length(e: Expr) -> tuple[int, int]:
    """Fewer floors are shorter, and then fewer numbers and symbols."""
    return len(e.atoms(FloorDiv)), sum(part is not S.One for part in preorder_traversal(e))
