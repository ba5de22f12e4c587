"""torch's expressions of sizes as dimensions, and its questions about them as conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy import Integer, Rational

from archcalc.frameworks.importing.graph import Condition
from archcalc.symbolic.compare import largest, smallest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import FloorDiv, ceil_div, floor_div
from archcalc.symbolic.halves import with_halves_up
from archcalc.symbolic.requirement import Relation

__all__ = ["UntranslatedError", "condition", "translated"]


class UntranslatedError(Exception):
    """An expression of torch's that is no formula here."""


def translated(expression: Any, known: Mapping[Any, Any]) -> Dim:
    """An expression of torch's, with our symbols.

    Args:
        expression: of torch's sympy functions.
        known: our symbol for each of torch's.

    Raises:
        UntranslatedError: it has something that is no formula here.
    """
    made = lower(_upwards(_walked(expression, known)))
    if not isinstance(made, int) and any(n.q != 1 for n in made.atoms(Rational)):
        raise UntranslatedError(f"{expression} is not always whole")
    return made


def _upwards(made: Any) -> Any:
    """``−⌊−x/q⌋`` as ``⌈x/q⌉``, which is what padding to a multiple comes to."""
    turned = {
        part: -sympy.sympify(ceil_div(lower(-part.args[0]), lower(part.args[1])))
        for part in sympy.sympify(made).atoms(FloorDiv)
        if part.args[0].could_extract_minus_sign()
    }
    return made.xreplace(turned) if turned else made


def _walked(e: Any, known: Mapping[Any, Any]) -> Any:
    if e in known:
        return known[e]
    if e.is_Integer:
        return Integer(int(e))
    if e.is_Rational:
        return e
    if e.is_Float:
        return Rational(*float(e).as_integer_ratio())
    name = type(e).__name__
    args = [_walked(a, known) for a in e.args]
    if name == "Add":
        return sympy.sympify(with_halves_up(lower(sympy.Add(*args))))
    if name == "Mul":
        return sympy.Mul(*args)
    made = _FUNCTIONS.get(name)
    if made is None:
        raise UntranslatedError(f"{name} has no formula here")
    return sympy.sympify(made(*args))


def _power(base: Any, exponent: Any) -> Any:
    if not (exponent.is_Integer and exponent >= 0):
        raise UntranslatedError("a power that is not whole")
    return base**exponent


def _rest(a: Any, b: Any) -> Any:
    return a - b * sympy.sympify(floor_div(lower(a), lower(b)))


def _rounding(divide: Callable[[Dim, Dim], Dim]) -> Callable[[Any], Any]:
    def rounded(value: Any) -> Any:
        over, under = sympy.fraction(sympy.together(value))
        return divide(lower(over), lower(under))

    return rounded


_DOWN, _UP = _rounding(floor_div), _rounding(ceil_div)

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Pow": _power,
    "PowByNatural": _power,
    "FloorDiv": lambda a, b: floor_div(lower(a), lower(b)),
    "CleanDiv": lambda a, b: floor_div(lower(a), lower(b)),
    "CeilDiv": lambda a, b: ceil_div(lower(a), lower(b)),
    "Mod": _rest,
    "PythonMod": _rest,
    "ModularIndexing": lambda x, by, of: _rest(sympy.sympify(floor_div(lower(x), lower(by))), of),
    "IntTrueDiv": lambda a, b: a / b,
    "FloatTrueDiv": lambda a, b: a / b,
    "ToFloat": lambda a: a,
    "Identity": lambda a: a,
    "FloorToInt": _DOWN,
    "TruncToInt": _DOWN,
    "floor": _DOWN,
    "CeilToInt": _UP,
    "ceiling": _UP,
    "Max": lambda *several: _of_all(largest, several),
    "Min": lambda *several: _of_all(smallest, several),
}
"""torch's functions of sizes by name; none is below 0, so that cutting off is rounding down."""


def _of_all(join: Callable[[Any, Any], Any], several: Any) -> Any:
    first, *rest = map(lower, several)
    for one in rest:
        first = join(first, one)
    return first


def condition(asked: Any, known: Mapping[Any, Any]) -> Condition | None:
    """A question of torch's that was answered with yes; ``None`` where it always is.

    Raises:
        UntranslatedError: it is about something that is no formula here.
    """
    name = type(asked).__name__
    if asked in (sympy.true, True):
        return None
    if not asked.is_Relational:
        return _no(asked)
    left, right = (lower(_upwards(_walked(side, known))) for side in asked.args)
    if name == "Equality":
        return _equal(asked, left, right, known)
    if name == "Unequality":
        apart = lower(sympy.expand((sympy.sympify(left) - right) ** 2))
        return Condition(apart, Relation.AT_LEAST, 1)
    if name in ("LessThan", "StrictLessThan"):
        left, right = right, left
    strict = name.startswith("Strict")
    return Condition(left, Relation.AT_LEAST, lower(sympy.sympify(right) + int(strict)))


def _equal(asked: Any, left: Dim, right: Dim, known: Mapping[Any, Any]) -> Condition:
    rest = next((side for side in asked.args if type(side).__name__ in ("Mod", "PythonMod")), None)
    if rest is not None and 0 in (left, right):
        a, b = (lower(_upwards(_walked(part, known))) for part in rest.args)
        return Condition(a, Relation.MULTIPLE_OF, b)
    return Condition(left, Relation.EQUAL, right)


def _no(asked: Any) -> Condition:
    raise UntranslatedError(f"{asked} is no comparison")
