"""What a comparison of two formulas makes: a statement that values meet or do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

from sympy import Expr

from archcalc.formula.expression_like import ExpressionLike
from archcalc.symbolic.compare import bounds
from archcalc.symbolic.errors import EvaluationError, shorten
from archcalc.symbolic.shown import Shown

__all__ = ["Comparing", "Constraint"]


@dataclass(frozen=True, repr=False, eq=False)
class Constraint(Shown):
    """``P <= 1_000_000``: what `ac.search` keeps to.

    It is a statement about values to come, and no truth value as long as that depends on them.
    For two sides of which neither is a number, and for both bounds of one, write two constraints.

    Attributes:
        left, right: what is compared.
        sign: ``≤``, ``≥``, ``<`` or ``>``.
        name: how it is called where that is shorter than what it says.

    >>> from archcalc.formula import Formula
    >>> small = Formula("(k**2 + 1)*f") <= 1_000
    >>> small, small.holds(k=3, f=100), small.holds(k=3, f=101)
    (f·(k² + 1) ≤ 1,000, True, False)
    """

    left: ExpressionLike
    sign: str
    right: ExpressionLike
    name: str = ""

    def named(self, name: str) -> Constraint:
        """The same constraint, called `name` in answers and certificates."""
        return replace(self, name=name)

    def holds(self, /, **values: Any) -> bool:
        """Whether it holds at `values`, one for each of its symbols.

        Raises:
            UnknownSymbolError: a name that neither side has.
            EvaluationError: a symbol without a value, or a value that is no positive integer.
            RequirementError: the architecture does not exist at these values.
        """
        left, right = self.at(**values)
        return _HOLDS[self.sign](left, right)

    def at(self, /, **values: Any) -> tuple[Any, Any]:
        """Both sides at `values`."""
        sides = []
        for side in (self.left, self.right):
            own = {name: v for name, v in values.items() if name in side.known_symbols}
            value = side(**own)
            if isinstance(value, ExpressionLike):
                missing = ", ".join(s.name for s in value.symbols)
                raise EvaluationError(
                    f"there is no value for {missing}", code="symbols-left",
                    hint=f"give one, as in {value.symbols[0].name}=64",
                )  # fmt: skip
            sides.append(value)
        return sides[0], sides[1]

    @property
    def strict(self) -> bool:
        """Whether the two sides may not be equal."""
        return self.sign in "<>"

    @property
    def smaller(self) -> ExpressionLike:
        """The side that is not to be larger."""
        return self.left if self.sign in "≤<" else self.right

    @property
    def larger(self) -> ExpressionLike:
        """The side that is not to be smaller."""
        return self.right if self.sign in "≤<" else self.left

    def __bool__(self) -> bool:
        low, high = bounds((self.larger.expr - self.smaller.expr).expand())
        if low is not None and (low > 0 or (low == 0 and not self.strict)):
            return True
        if high is not None and (high < 0 or (high == 0 and self.strict)):
            return False
        names = sorted({s.name for side in (self.left, self.right) for s in side.symbols})
        raise EvaluationError(
            f"whether {self} depends on {', '.join(names)}",
            code="undecided",
            hint="give it to search as a constraint, or substitute numbers first; for two bounds, "
            "write two constraints",
        )

    def __repr__(self) -> str:
        return self.name or f"{_side(self.left)} {self.sign} {_side(self.right)}"


_HOLDS = {
    "≤": lambda a, b: bool(a <= b),
    "≥": lambda a, b: bool(a >= b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
}


def _side(side: ExpressionLike) -> str:
    number = None if side.symbols else side()
    return f"{number:,}" if isinstance(number, int) else shorten(str(side), 80)


Side: TypeAlias = ExpressionLike | Expr | int | str | Fraction


class Comparing:
    """Comparisons that make constraints; ``==`` is none of them: it asks for sameness."""

    def __init__(self, expression: Any) -> None:
        """Made of whatever stands for a formula."""

    def _compared(self, sign: str, other: Side) -> Constraint:
        made: Any = other if isinstance(other, type(self)) else type(self)(other)
        own: Any = self
        return Constraint(own, sign, made)

    def __le__(self, other: Side) -> Constraint:
        """The constraint that it is at most `other`, for `ac.search`."""
        return self._compared("≤", other)

    def __ge__(self, other: Side) -> Constraint:
        """The constraint that it is at least `other`, for `ac.search`."""
        return self._compared("≥", other)

    def __lt__(self, other: Side) -> Constraint:
        """The constraint that it is less than `other`, for `ac.search`."""
        return self._compared("<", other)

    def __gt__(self, other: Side) -> Constraint:
        """The constraint that it is more than `other`, for `ac.search`."""
        return self._compared(">", other)
