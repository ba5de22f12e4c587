"""Which terms of a formula dominate when one symbol grows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, S, Symbol

from archcalc.formula.rewrite import multiplied_out, powers_of
from archcalc.symbolic.compare import at_least, equal
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.ordered import OrderedAdd, collect_like_terms, plain

__all__ = ["leading_terms"]


def leading_terms(expression: Expr, x: Symbol) -> Expr:
    """The terms of the highest growth in `x`; floors of `x` count as the quotients they are of.

    Where it depends on the other symbols which one that is, all those that may be it stay.

    Raises:
        EvaluationError: the formula has too many terms.

    >>> from archcalc.symbolic import symbols
    >>> c, L = symbols("c L")
    >>> leading_terms(4**L*c + L**2*c**3 + L*4**L*(c + 1), L)
    4**L*L*(c + 1)
    """
    found: dict[_Growth, list[Expr]] = {}
    for power, coefficients in powers_of(_smooth(plain(expression), x), x).items():
        for coefficient in coefficients:
            for growth, rest in _grown(plain(coefficient), power, x):
                found.setdefault(growth, []).append(rest)
    kept = [g for g in found if not any(other.beats(g) for other in found)]
    return Add(*[g.of(x) * plain(collect_like_terms(OrderedAdd(*found[g]))) for g in kept])


@dataclass(frozen=True, slots=True)
class _Growth:
    """``exponential · x^power``; the exponential holds `x` in its exponents only."""

    exponential: Expr
    power: Expr
    rates: tuple[tuple[Expr, Expr], ...]

    def of(self, x: Symbol) -> Expr:
        return self.exponential * x**self.power

    def beats(self, other: _Growth) -> bool:
        """Whether it grows faster for all values of the other symbols."""
        mine, theirs = dict(self.rates), dict(other.rates)
        for degree in sorted(mine.keys() | theirs.keys(), reverse=True):
            a, b = mine.get(degree, S.One), theirs.get(degree, S.One)
            if not equal(a, b):
                return _surely_more(a, b)
        return _surely_more(self.power, other.power)


def _surely_more(a: Expr, b: Expr) -> bool:
    return bool(at_least(a, b)) and equal(a, b) is False


def _grown(coefficient: Expr, power: Expr, x: Symbol) -> list[tuple[_Growth, Expr]]:
    """A coefficient taken apart into the exponentials of `x` in it and what stands before them."""
    if x not in coefficient.free_symbols:
        return [(_Growth(S.One, power, ()), coefficient)]
    terms = []
    for term in Add.make_args(multiplied_out(coefficient)):
        rest, exponential = term.as_independent(x, as_Add=False)
        terms.append((_Growth(exponential, power, _rates(exponential, x)), rest))
    return terms


def _rates(exponential: Expr, x: Symbol) -> tuple[tuple[Expr, Expr], ...]:
    """How fast an exponential grows, by the degree of its exponent: ``4**x`` is ``{1: 4}``."""
    rates: dict[Expr, Expr] = {}
    for part in Mul.make_args(exponential):
        base, exponent = part.as_base_exp()
        powers = powers_of(exponent, x)
        degree = max((p for p in powers if p.is_Number), default=S.Zero)
        lead = plain(Add(*map(plain, powers.get(degree, [S.One]))))
        rates[degree] = rates.get(degree, S.One) * base**lead
    return tuple(sorted(rates.items(), key=lambda item: item[0]))


def _smooth(e: Expr, x: Symbol) -> Expr:
    """`e` with floors of `x` as quotients, and of a maximum only what it comes to."""
    if x not in e.free_symbols or not e.args:
        return e
    args = [_smooth(a, x) for a in e.args]
    if isinstance(e, FloorDiv):
        return args[0] / args[1]
    if isinstance(e, Max | Min):
        return _last_standing(type(e), args, x)
    if isinstance(e, Pow) and isinstance(args[1], Integer) and args[1] < 0 and args[0].is_Add:
        return Pow(leading_terms(args[0], x), args[1])
    return e.func(*args)


def _last_standing(kind: Callable[..., Expr], args: list[Expr], x: Symbol) -> Expr:
    """The arguments of a maximum that are not outgrown by another one, or of a minimum."""
    kept = [
        a
        for a in args
        if not any(_outgrows(b, a, x) if kind is Max else _outgrows(a, b, x) for b in args)
    ]
    return kind(*kept)


def _outgrows(a: Expr, b: Expr, x: Symbol) -> bool:
    """Whether ``a + b`` grows as `a` alone, and not as `b`."""
    if a == b or not (at_least(a, 0) and at_least(b, 0)):
        return False
    tag = Symbol("·", integer=True, positive=True)
    return tag not in leading_terms(a + tag * b, x).free_symbols
