"""Closed forms in every notation: one way of showing them, for formulas and for real numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from sympy import Expr

from archcalc.symbolic import printing
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.ordered import plain

__all__ = ["Notations"]


class Notations(ABC):
    """What has an expression to show."""

    @property
    @abstractmethod
    def ordered(self) -> Expr:
        """The expression with its terms and factors in the given order."""

    def to_text(self) -> str:
        """As text, with ``·``, ``²`` and ``⌊ ⌋``."""
        return printing.to_text(self.ordered)

    def to_latex(self) -> str:
        """As LaTeX, without dollar signs."""
        return printing.to_latex(self.ordered)

    def to_mathml(self) -> str:
        """As presentation MathML."""
        return printing.to_mathml(self.ordered)

    def to_python(self) -> str:
        """As a Python expression; a formula's is exact on integers, and archcalc reads it back."""
        return printing.to_python(plain(self.ordered))

    def _notations(self) -> dict[str, Callable[[], str]]:
        """How it may be shown, by the name that a format gives."""
        named = {"": self.to_text, "text": self.to_text, "latex": self.to_latex}
        return named | {"mathml": self.to_mathml, "python": self.to_python}

    def __repr__(self) -> str:
        return self.to_text()

    def __format__(self, how: str) -> str:
        notations = self._notations()
        if how in notations:
            return notations[how]()
        raise EvaluationError(
            f"a formula with symbols has no format {how!r}",
            code="bad-format",
            hint=f"formats are {', '.join(filter(None, notations))}",
        )

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"
