"""A closed-form total, and the questions one asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from sympy import Expr, Rational, Symbol

from archcalc.formula.algebra import Algebra
from archcalc.formula.conditions import Assumption, ConditionLike, in_text, read_condition
from archcalc.formula.constraint import Comparing
from archcalc.formula.notations import Notations
from archcalc.formula.questions import Questions, asked
from archcalc.formula.values import open_requirements, read_values
from archcalc.symbolic.dims import DimLike, as_expr
from archcalc.symbolic.errors import ArchcalcError, EvaluationError
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.ordered import collect_like_terms, plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import with_common_powers

__all__ = ["Formula", "FormulaLike"]

_Idle: TypeAlias = tuple[Symbol | Callable[[], Iterable[Symbol]], ...]
"""The symbols that change nothing, or what gives them."""


class Formula(Questions, Notations, Comparing, Algebra):
    """An exact expression of positive-integer symbols, with terms and factors in the given order.

    Calling it with numbers for all symbols gives an ``int`` (a ``Fraction`` where it is not
    whole); with numbers for some, another formula.  sympy functions take it as it is.

    Args:
        expression: a sympy expression, text, a number, or another formula.
        requirements: what must hold for it to mean anything, checked at evaluation.

    Raises:
        ExpressionError: a text that is not an arithmetic expression.

    >>> P = Formula("(k**2 + 1)*f")
    >>> P(k=3, f=32)
    320
    >>> P(k=3)
    10·f
    """

    def __init__(self, expression: FormulaLike, requirements: Iterable[Requirement] = ()) -> None:
        self._idle: _Idle = ()
        if isinstance(expression, Formula):
            requirements = (*expression.requirements, *requirements)
            self._idle = expression._idle
        self._ordered: Expr = _ordered(expression)
        self.requirements: tuple[Requirement, ...] = tuple(requirements)

    @cached_property
    def expr(self) -> Expr:
        """The sympy expression."""
        return plain(self._ordered)

    def _sympy_(self) -> Expr:
        return self.expr

    def _latex(self, printer: Any) -> str:
        return self.to_latex()

    @property
    def ordered(self) -> Expr:
        """The expression with its terms and factors in the given order."""
        return self._ordered

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """Its symbols, by name."""
        return tuple(sorted(self.expr.free_symbols, key=lambda s: s.name))

    @property
    def is_number(self) -> bool:
        """Whether no symbol is left."""
        return not self.symbols

    # Evaluation

    def __call__(self, /, **values: DimLike) -> Any:
        """The formula with `values` substituted for symbols.

        Args:
            values: a positive integer for a symbol; or a symbol or an expression, to rename or
                to couple.

        Returns:
            An ``int`` or ``Fraction`` where no symbol is left, else a `Formula`.

        Raises:
            UnknownSymbolError: a name the formula does not have.
            EvaluationError: a value that is not a positive integer.
            RequirementError: the architecture does not exist at these values; it names the layer.

        >>> Formula("k**2*c")(k=3, c="2*d")
        18·d
        """
        given = read_values(self._own(values), self.known_symbols)
        requirements = open_requirements(self.requirements, given)
        if all(isinstance(v, int) for v in given.values()) and given.keys() >= set(self.symbols):
            return evaluate(self._ordered, given)
        result = self._made(substitute(self._ordered, given), requirements)._assumed()
        return evaluate(result.expr, {}) if result.is_number else result

    @cached_property
    def known_symbols(self) -> dict[str, Symbol]:
        """Its symbols and those of its requirements, by name."""
        found = set(self.symbols).union(*(r.symbols for r in self.requirements))
        return {s.name: s for s in sorted(found, key=lambda s: s.name)}

    @property
    def accepted_symbols(self) -> dict[str, Symbol]:
        """The symbols for which values may be given: those of its network, where it has one.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> P = Sequential([Dense("n")], input_shape=("t", 3)).trace().parameters
        >>> sorted(P.known_symbols), sorted(P.accepted_symbols), P(n=8, t=100)
        (['n'], ['n', 't'], 32)
        """
        found = {*self.known_symbols.values(), *self._idle_symbols()}
        return {s.name: s for s in sorted(found, key=lambda s: s.name)}

    def beside(self, symbols: Callable[[], Iterable[Symbol]]) -> Formula:
        """The same formula, which takes values of `symbols` too, though they change nothing.

        Args:
            symbols: what gives them, asked when a name is not one of the formula's own.
        """
        made = Formula(self)
        made._idle = (symbols,)
        return made

    def _idle_symbols(self) -> Iterator[Symbol]:
        for each in self._idle:
            yield from (each,) if isinstance(each, Symbol) else each()

    def _own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` without those that change nothing, which are checked all the same."""
        strange = {name: v for name, v in values.items() if name not in self.known_symbols}
        if strange:
            read_values(strange, self.accepted_symbols)
        return {name: v for name, v in values.items() if name not in strange}

    def _made(self, expression: Expr, requirements: Iterable[Requirement] = ()) -> Formula:
        """A formula of the same network."""
        made = Formula(expression, requirements)
        made._idle = self._idle
        return made

    def __getstate__(self) -> dict[str, Any]:
        # without what gives the idle symbols, which may hold a whole network
        return {**self.__dict__, "_idle": tuple(dict.fromkeys(self._idle_symbols()))}

    def __int__(self) -> int:
        value = self()
        if isinstance(value, Formula):
            names = ", ".join(s.name for s in self.symbols)
            raise EvaluationError(
                f"{self} is no number yet", hint=f"give values for {names}", code="symbols-left"
            )
        if isinstance(value, Fraction):
            raise EvaluationError(f"{self} is not whole", code="not-whole")
        return int(value)

    __index__ = __int__

    # Assumptions

    def assume(self, *conditions: ConditionLike) -> Formula:
        """The formula under conditions on its symbols, simplified by them.

        Divisibility removes floors; bounds decide maxima, minima and requirements.  The
        conditions are kept, and checked when values are substituted.  A symbol on which nothing
        depends any more is no symbol of the formula.

        Args:
            conditions: such as ``"h % 32 == 0"``, ``"k <= 7"``, ``"8 <= f <= 64"``; or one that
                sympy makes, such as ``n >= 5`` of a symbol, or a comparison of formulas.

        Raises:
            ExpressionError: a text that is no condition.
            UnknownSymbolError: a condition names a symbol that the formula does not have.
            RequirementError: the conditions contradict one another, or what a layer asks for.

        >>> P = Formula("ceil(h/32)*max(f, 16)").assume("h % 32 == 0", "f >= 16")
        >>> P, P.assumptions
        (f·h/32, (h is a multiple of 32, f ≥ 16))
        >>> P(h=64, f=16)
        32
        >>> import sympy
        >>> from archcalc.symbolic import symbol
        >>> n = symbol("n")
        >>> Formula("max(n, 4)").assume(n >= 5), Formula("n%2 + 1").assume(sympy.Eq(n % 2, 0))
        (n, 1)
        """
        texts = map(in_text, conditions)
        made = [a for text in texts for a in read_condition(text, self.accepted_symbols)]
        kept = [a for a in made if a.holds() is not True]
        return self._made(self._ordered, dict.fromkeys((*self.requirements, *kept)))._assumed()

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What was assumed of its symbols."""
        return tuple(r for r in self.requirements if isinstance(r, Assumption))

    def _assumed(self) -> Formula:
        if not self.assumptions:
            return self
        return self._made(*asked("assuming:assumed")(self._ordered, self.requirements))

    def equals(self, other: FormulaLike) -> bool | None:
        """Whether both are the same for all values; ``None`` where that is not decided.

        >>> Formula("(a + b)**2").equals("a**2 + 2*a*b + b**2"), Formula("a").equals("b")
        (True, False)
        >>> Formula("ceil(c/2) + c//2").equals("c"), Formula("(a*a + a)//2*2").equals("a*a + a")
        (True, True)
        >>> print(Formula("max(a, b) + min(a, b)").equals("a + b"))
        None
        """
        formula = other if isinstance(other, Formula) else Formula(other)
        decided: bool | None = asked("sameness:same")(self, formula)
        return decided

    def _combined(self, kind: Any, left: Any, right: Any) -> Formula:
        parts = [value if isinstance(value, Formula) else Formula(value) for value in (left, right)]
        requirements = tuple(dict.fromkeys(r for part in parts for r in part.requirements))
        made = Formula(kind(*[part.expr for part in parts]), requirements)
        made._idle = tuple(dict.fromkeys(each for part in parts for each in part._idle))
        return made._assumed()

    @cached_property
    def _canonical(self) -> Expr:
        return asked("sameness:canonical")(self.expr)

    def __eq__(self, other: object) -> bool:
        """Whether both are the same polynomial of symbols and floors (`equals` also undecided)."""
        if isinstance(other, str) or other is None:
            return NotImplemented
        try:
            formula = other if isinstance(other, Formula) else Formula(other)
        except ArchcalcError:
            return NotImplemented
        return bool(self._canonical == formula._canonical)

    def __hash__(self) -> int:
        number = self._canonical
        return hash(int(number)) if number.is_Integer else hash(number)

    # How it looks

    def to_text_where(self) -> str:
        """As text, with what was assumed.

        >>> print(f"{Formula('h//4').assume('h % 4 == 0'):where}")
        h/4, where h is a multiple of 4
        """
        return ", ".join(filter(None, [self.to_text(), self._where()]))

    def _where(self) -> str:
        return str(asked("assuming:where")(self.requirements)) if self.assumptions else ""

    def _notations(self) -> dict[str, Callable[[], str]]:
        return {**super()._notations(), "where": self.to_text_where}

    def __format__(self, how: str) -> str:
        if self.is_number and how not in self._notations():
            return format(self(), how)
        return super().__format__(how)

    def _repr_latex_(self) -> str:
        return ", ".join(filter(None, [super()._repr_latex_(), self._where()]))


def _ordered(expression: FormulaLike) -> Expr:
    """What a formula keeps of an expression; another formula has done that already."""
    if isinstance(expression, Formula):
        return expression.ordered
    exact = Rational(expression) if isinstance(expression, Fraction) else as_expr(expression)
    return with_common_powers(collect_like_terms(exact))


FormulaLike: TypeAlias = Formula | Expr | int | str | Fraction
"""What is accepted for a formula."""
