"""What one asks of a formula; what answers is loaded when it is first asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from sympy import Symbol

from archcalc._hooks import SOLVED_TOGETHER
from archcalc._loading import loaded
from archcalc.symbolic.requirement import Requirement

if TYPE_CHECKING:
    from archcalc.formula.compiling.compiled import Compiled, Kept
    from archcalc.formula.inverse import Inverse
    from archcalc.formula.sensitivity import Sensitivity
    from archcalc.formula.solutions import Solutions

__all__ = ["Questions", "asked"]

ExactLike: TypeAlias = int | Fraction | str
"""An exact number, or text that says one, such as ``"25.6M"``."""

Limit: TypeAlias = ExactLike | None


class Questions(ABC):
    """A formula as what one asks."""

    expr: Any
    requirements: tuple[Requirement, ...]

    @abstractmethod
    def _own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` without those that change nothing."""

    @overload
    def solve(
        self,
        unknown: Mapping[str, Any],
        more: Mapping[str, Any] | None = ...,
        /,
        *,
        at_most: Limit = ...,
        at_least: Limit = ...,
        equals: Limit = ...,
        **values: Any,
    ) -> dict[str, int]: ...
    @overload
    def solve(
        self,
        unknown: str | Symbol,
        more: Mapping[str, Any] | None = ...,
        /,
        *,
        at_most: Limit = ...,
        at_least: Limit = ...,
        equals: Limit = ...,
        **values: Any,
    ) -> int: ...
    def solve(
        self,
        unknown: str | Symbol | Mapping[str, Any],
        more: Mapping[str, Any] | None = None,
        /,
        *,
        at_most: Limit = None,
        at_least: Limit = None,
        equals: Limit = None,
        **values: Any,
    ) -> int | dict[str, int]:
        """The integer value of `unknown` that meets one bound, exactly.

        Several unknowns are solved for within ranges: for the values with the largest result of at
        most the bound, or the smallest of at least it (`ac.search` can do more).

        Args:
            unknown: the symbol to solve for; or the ranges of several, as in
                ``{"f": range(8, 513), "n": range(1, 1025)}``.
            more: numbers for symbols that are called as an argument is, such as ``equals``.
            at_most: find the largest value of `unknown` with a result of at most this; a number, or
                text that says one, such as ``"25.6M"``.
            at_least: find the smallest value of `unknown` with a result of at least this.
            equals: find the value of `unknown` with exactly this result.
            values: numbers for all other symbols.

        Returns:
            An ``int``; for several unknowns the value of each by name.

        Raises:
            NoSolutionError: none fits, every one fits, or that cannot be decided.

        >>> from archcalc.formula import Formula
        >>> P = Formula("(k**2 + 1)*f")
        >>> P.solve("f", at_most=100_000, k=3)
        10000
        >>> P.solve({"k": range(1, 8), "f": range(8, 65)}, at_most=1_000)
        {'k': 7, 'f': 20}
        """
        given = self._own({**(more or {}), **values})
        if isinstance(unknown, Mapping):
            return SOLVED_TOGETHER[0](self, unknown, given, at_most, at_least, equals)
        found: int = asked("solve:solve")(
            self,
            unknown,
            at_most=at_most,
            at_least=at_least,
            equals=equals,
            values=given,
        )
        return found

    def solutions(
        self,
        unknown: str | Symbol,
        more: Mapping[str, Any] | None = None,
        /,
        *,
        equals: ExactLike,
        **values: Any,
    ) -> Solutions:
        """All values of `unknown` with exactly one result, in rising order.

        Args:
            unknown: the symbol to solve for.
            more: numbers for symbols that are called ``equals``.
            equals: the result.
            values: numbers for all other symbols.

        Raises:
            NoSolutionError: the network exists for no value, or it cannot be decided.

        >>> from archcalc.formula import Formula
        >>> P = Formula("(n - 8)**2")
        >>> P.solutions("n", equals=9), list(P.solutions("n", equals=9))
        (5 and 11, [5, 11])
        >>> Formula("n%4").solutions("n", equals=3)
        3, 7, 11, …
        """
        given = self._own({**(more or {}), **values})
        every: Solutions = asked("solve:solutions")(self, unknown, equals=equals, values=given)
        return every

    def compile(self, dtype: Kept | type | None = None) -> Compiled:
        """The formula as a function of whole arrays: NumPy's, and Dask's.

        Args:
            dtype: how results are kept.  Left out, as 64-bit integers where these surely hold
                them, else as Python integers; ``"float64"`` for floats, ``"object"`` for Python
                integers always, ``"int64"`` for 64-bit integers or an error.

        Raises:
            EvaluationError: another dtype, or something that cannot be computed exactly.

        >>> from archcalc.formula import Formula
        >>> Formula("(29 - k)//2*f").compile()(k=[1, 3, 5], f=32)
        array([448, 416, 384])
        """
        # Loaded at the call, so NumPy is imported only to compile.
        kind = loaded("archcalc.formula.compiling.compiled").Compiled
        compiled: Compiled = kind(self.expr, self.requirements, dtype)
        return compiled

    def invert(self, unknown: str | Symbol, *, value: str | Symbol | None = None) -> Inverse:
        """`unknown` in terms of the value of the formula, where algebra has a closed form.

        Args:
            unknown: the symbol that is wanted.
            value: a name for the formula's value; without it, ``total`` or the like.

        Raises:
            NoSolutionError: there is no closed form, or it is not known which root is meant.

        >>> from archcalc.formula import Formula
        >>> gpt2 = Formula("L*(12*d**2 + 13*d) + 2*d + (V + S)*d")
        >>> d = gpt2.invert("d")
        >>> d
        (√((13·L + S + V + 2)² + 48·L·total) − 13·L − S − V − 2)/(24·L)
        >>> d(total=124_439_808, L=12, V=50257, S=1024)
        768
        """
        inverse: Inverse = asked("inverse:invert")(self, unknown, value)
        return inverse

    def sensitivity(self, /, **values: Any) -> Sensitivity:
        """What one more of each symbol costs at `values`, exactly, and the elasticity.

        >>> from archcalc.formula import Formula
        >>> print(Formula("(k**2 + 1)*f").sensitivity(k=3, f=32))
        at f = 32, k = 3: 320
        f   32 → 33     +10   elasticity 1
        k    3 → 4     +224   elasticity 9/5
        """
        found: Sensitivity = asked("sensitivity:sensitivity")(self, self._own(values))
        return found


def asked(question: str) -> Any:
    """What answers a question; it is loaded when one is first asked."""
    module, _, name = question.partition(":")
    return getattr(loaded(f"archcalc.formula.{module}"), name)
