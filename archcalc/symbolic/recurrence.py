"""What a dimension is after ``i`` copies of a block that changes it every time.

| every copy makes | so copy ``i`` gets |
|---|---|
| ``x → x + g`` | ``x₀ + g·i``, where `g` may depend on ``i`` |
| ``x → m·x + g`` | ``x₀·mⁱ + ∑ g·mʲ``, for ``j < i`` |
| ``x → ⌊(x + a)/b⌋`` | ``⌊(x₀ + a·(bⁱ − 1)/(b − 1))/bⁱ⌋`` |
| ``x → f(i)`` | ``f(i − 1)``, where that is ``x₀`` at 0 |

The third follows from R4 of floor division, applied ``i`` times: ``⌊⌊y/m⌋ + k⌋/n`` is
``⌊(y + k·m)/(m·n)⌋``.  A stride of 2 with padding "same" is ``⌊(x + 1)/2⌋``, and so ``⌈x₀/2ⁱ⌉``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sympy import Add, Expr, Integer, Pow, S, Symbol, cancel

from archcalc.symbolic.division import FloorDiv, has_denominator, is_whole
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.sums import Index, index_for, summed

__all__ = ["after_copies", "back_from"]


def after_copies(
    steps: Mapping[Symbol, Expr], starts: Mapping[Symbol, Expr], index: Index
) -> dict[Symbol, Expr] | None:
    """What each symbol is where copy `index` begins; ``None`` where no rule says.

    Args:
        steps: what a copy makes of each symbol: an expression of them, and of `index`.
        starts: what each is before the first copy.
        index: the number of a copy.

    >>> from archcalc.symbolic import CeilDiv, symbols, to_text
    >>> h, c, g = symbols("h c g")
    >>> x, y = symbols("x y")
    >>> there = after_copies({x: CeilDiv(x, 2), y: y + g}, {x: h, y: c}, Index("i"))
    >>> print(to_text(there[x]), " ", to_text(there[y]))
    ⌈h/2^i⌉   g·i + c
    """
    found: dict[Symbol, Expr] = {}
    left = {x: plain(step) for x, step in steps.items()}
    while left:
        ready = {x: step for x, step in left.items() if not (step.free_symbols & left.keys()) - {x}}
        for x, step in ready.items():
            known = _rule(step.xreplace(found), x, plain(starts[x]), index)
            if known is None:
                return None
            found[x] = known
            del left[x]
        if not ready:
            return None
    return found


def back_from(step: Expr, x: Symbol, last: Expr, index: Index, count: Expr) -> Expr | None:
    """What goes into copy `index`, where the copies follow one another from the last to the first.

    Args:
        step: what a copy makes of `x`.
        x: what goes into it.
        last: what goes into the last copy, whose number is ``count − 1``.
        index, count: the number of a copy, and how many there are.

    >>> from archcalc.symbolic import symbols, to_text
    >>> c, x, L = symbols("c x L")
    >>> i = Index("i")
    >>> print(to_text(back_from(c*2**i, x, c*2**L, i, L)))
    2^(i + 1)·c
    """
    if x not in step.free_symbols:
        found = step.xreplace({index: index + 1})
        meets = found.xreplace({index: count - 1}).expand() == last.expand()
        return found if meets else None
    added = (step - x).expand()
    if {x, index} & added.free_symbols:
        return None
    return Add(last, added * (count - 1 - index))


def _rule(step: Expr, x: Symbol, start: Expr, index: Index) -> Expr | None:
    for rule in _RULES:
        found = rule(step, x, start, index)
        if found is not None:
            return found
    return None


def _independent(step: Expr, x: Symbol, start: Expr, index: Index) -> Expr | None:
    """What comes out does not depend on what went in: the copy before made it."""
    if x in step.free_symbols:
        return None
    found = step.xreplace({index: index - 1})
    same = is_whole(found) and found.xreplace({index: S.Zero}).expand() == start.expand()
    return found if same else None


def _linear(step: Expr, x: Symbol, start: Expr, index: Index) -> Expr | None:
    expanded = step.expand()
    m, g = expanded.coeff(x, 1), expanded.coeff(x, 0)
    if {x, index} & m.free_symbols or x in g.free_symbols or m is S.Zero:
        return None
    if (expanded - m * x - g).expand() is not S.Zero:
        return None
    if m is S.One:
        return Add(start, plain(summed(g, index, index)))
    # what was added j copies ago has been multiplied by m as often
    ago = index_for(g, m, index)
    added = g.xreplace({index: index - 1 - ago}) * Pow(m, ago)
    return Add(start * Pow(m, index), plain(summed(added, ago, index)))


def _floored(step: Expr, x: Symbol, start: Expr, index: Index) -> Expr | None:
    outside, floor = step.as_independent(x, as_Add=True)
    if not isinstance(floor, FloorDiv):
        return None
    b = floor.divisor
    a = (floor.numerator - x + outside * b).expand()
    if {x, index} & (a.free_symbols | b.free_symbols) or has_denominator(a):
        return None
    each = a / (b - 1) if isinstance(b, Integer) else cancel(a / (b - 1))
    if not isinstance(b, Integer) and has_denominator(each):
        return None
    power = Pow(b, index)
    return FloorDiv((start + each * (power - 1)).expand(), power)


_RULES: tuple[Callable[[Expr, Symbol, Expr, Index], Expr | None], ...] = (
    _independent,
    _linear,
    _floored,
)
