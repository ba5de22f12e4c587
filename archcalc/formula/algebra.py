"""What makes other formulas of a formula: arithmetic, its other forms, and derivatives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Self, TypeAlias

from sympy import Add, Expr, Mul, Pow, Symbol, sympify

from archcalc._loading import loaded
from archcalc.formula.expression_like import ExpressionLike
from archcalc.formula.values import read_values
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.symbols import symbol

__all__ = ["Algebra"]

Operand: TypeAlias = ExpressionLike | Expr | int | str | Fraction


class Algebra(ABC):
    """A formula as what one calculates with."""

    _op_priority = 20.0
    """Above that of sympy's expressions, so that ``k + formula`` is a formula too."""

    expr: Any
    ordered: Any
    symbols: Any
    requirements: tuple[Requirement, ...]

    @abstractmethod
    def _made(self, expression: Expr, requirements: Iterable[Requirement] = ()) -> Self:
        """A formula of the same network."""

    @abstractmethod
    def _combined(self, kind: Callable[..., Expr], left: Any, right: Any) -> Self:
        """What `kind` makes of the expressions of two formulas."""

    # Other forms

    def collect(self, *names: str | Symbol) -> Self:
        """The formula by falling powers of the first symbol, each coefficient by the next.

        >>> from archcalc.formula import Formula
        >>> Formula("c*(c + a) + 3*c").collect("c")
        c² + c·(a + 3)
        """
        by = [self._symbol(name) for name in names]
        return self._made(_in("rewrite:collected")(self.ordered, by), self.requirements)

    def expand(self) -> Self:
        """The formula multiplied out.

        >>> from archcalc.formula import Formula
        >>> Formula("(k**2 + 1)*f").expand()
        f·k² + f
        """
        return self._made(_in("rewrite:multiplied_out")(self.expr), self.requirements)

    def factor(self) -> Self:
        """The formula as a product; as it is, where it is none.

        >>> from archcalc.formula import Formula
        >>> Formula("c**2 + 2*c").factor()
        c·(c + 2)
        """
        product = _in("rewrite:factored")(self.expr)
        return self if product is None else self._made(product, self.requirements)

    def leading(self, name: str | Symbol) -> Self:
        """The term that dominates when the symbol grows; floors count as plain quotients.

        >>> from archcalc.formula import Formula
        >>> Formula("L*(12*d**2 + 13*d) + 2*d").leading("d")
        12·d²·L
        """
        return self._made(_in("asymptotics:leading_terms")(self.expr, self._symbol(name)))

    def diff(self, *by: str | Symbol | int) -> Self:
        """The derivative by a symbol, or by several in turn, as sympy gives it.

        ``sympy.diff(P, "n")`` comes here too.  A floor stands still between its jumps, so its
        derivative is 0; `sensitivity` says what one more of a symbol really costs.  (Other
        functions of sympy need the formula's own symbol, as ``archcalc.symbols("n")``: what they
        make of the text ``"n"`` is not the positive integer that stands in the formula.)

        Args:
            by: symbols of the formula; a number behind one says how often.

        Raises:
            UnknownSymbolError: the formula has no such symbol.
            EvaluationError: a number stands where no symbol is before it.
            NoSolutionError: ``no-derivative``, there is none that is a formula.

        >>> from archcalc.formula import Formula
        >>> Formula("(k**2 + 1)*f").diff("k"), Formula("k**3").diff("k", 2)
        (2·f·k, 6·k)
        >>> Formula("n*(h//2)").diff("h")
        0
        """
        if not by or isinstance(by[0], int):
            raise EvaluationError("diff() takes the symbols by which to differentiate")
        e = self.expr
        for each, more in zip(by, (*by[1:], ""), strict=True):
            if isinstance(each, int):
                continue
            x = self._symbol(each)
            for _ in range(more if isinstance(more, int) else 1):
                e = _in("slope:derivative")(e, x)
        return self._made(e, self.requirements)

    def _symbol(self, name: str | Symbol) -> Symbol:
        text = name.name if isinstance(name, Symbol) else name
        read_values({text: 1}, {s.name: s for s in self.symbols})
        return symbol(text)

    # Arithmetic

    def __add__(self, other: Operand) -> Self:
        return self._combined(Add, self, other)

    def __radd__(self, other: Operand) -> Self:
        return self._combined(Add, other, self)

    def __sub__(self, other: Operand) -> Self:
        return self._combined(lambda a, b: a - b, self, other)

    def __rsub__(self, other: Operand) -> Self:
        return self._combined(lambda a, b: a - b, other, self)

    def __mul__(self, other: Operand) -> Self:
        return self._combined(Mul, self, other)

    def __rmul__(self, other: Operand) -> Self:
        return self._combined(Mul, other, self)

    def __truediv__(self, other: Operand) -> Self:
        return self._combined(lambda a, b: a / b, self, other)

    def __rtruediv__(self, other: Operand) -> Self:
        return self._combined(lambda a, b: a / b, other, self)

    def __floordiv__(self, other: Operand) -> Self:
        return self._combined(FloorDiv, self, other)

    def __rfloordiv__(self, other: Operand) -> Self:
        return self._combined(FloorDiv, other, self)

    def __mod__(self, other: Operand) -> Self:
        return self._combined(_remainder, self, other)

    def __rmod__(self, other: Operand) -> Self:
        return self._combined(_remainder, other, self)

    def __pow__(self, other: Operand) -> Self:
        return self._combined(_power, self, other)

    def __rpow__(self, other: Operand) -> Self:
        return self._combined(_power, other, self)

    def __pos__(self) -> Self:
        return self

    def __neg__(self) -> Self:
        return self._made(-self.expr, self.requirements)


def _in(form: str) -> Any:
    """What makes another form; it is loaded when one is first asked for."""
    module, _, name = form.partition(":")
    return getattr(loaded(f"archcalc.formula.{module}"), name)


def _remainder(a: Expr, b: Expr) -> Expr:
    return a - b * FloorDiv(a, b)


def _power(base: Expr, exponent: Expr) -> Expr:
    """A power of numbers is computed only where it is not too large."""
    if base.is_number and exponent.is_number:
        return sympify(evaluate(Pow(base, exponent, evaluate=False), {}), strict=True)
    return Pow(base, exponent)
