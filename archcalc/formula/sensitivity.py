"""What one more of each symbol costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Symbol

from archcalc.formula.expression_like import ExpressionLike
from archcalc.formula.slope import slope
from archcalc.formula.values import read_values
from archcalc.symbolic.errors import (
    ArithmeticRuleError,
    EvaluationError,
    RequirementError,
    UnknownSymbolError,
    shorten,
)
from archcalc.symbolic.evaluate import Exact
from archcalc.symbolic.shown import Shown

__all__ = ["Effect", "Sensitivity", "sensitivity"]


@dataclass(frozen=True, slots=True, repr=False)
class Effect(Shown):
    """What one more of one symbol does.

    Attributes:
        symbol: its name.
        value: its value now.
        one_more: by how much the result changes when it is one more, exactly; ``None`` where the
            architecture does not exist then.
        elasticity: by how many percent the result changes a percent of the symbol, to first order
            (floors counted as plain quotients); ``None`` where the result is 0, or where no
            fraction says it: the symbol stands in an exponent, or a maximum has its kink there.
        obstacle: why there is no `one_more`.
    """

    symbol: str
    value: int
    one_more: Exact | None
    elasticity: Exact | None
    obstacle: str = ""

    def __repr__(self) -> str:
        return "  ".join(filter(None, _row(self)))


@dataclass(frozen=True, slots=True)
class Sensitivity(Shown):
    """The effects of all symbols at one point; iterates and indexes by symbol."""

    at: Mapping[str, int]
    result: Exact
    effects: tuple[Effect, ...]

    def __iter__(self) -> Iterator[Effect]:
        return iter(self.effects)

    def __getitem__(self, name: str) -> Effect:
        for effect in self.effects:
            if effect.symbol == name:
                return effect
        raise UnknownSymbolError(
            f"there is no symbol {shorten(str(name), 40)} here",
            values={"name": name},
            hint=f"the symbols are {', '.join(e.symbol for e in self.effects) or 'none'}",
        )

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value:,}" for name, value in self.at.items())
        head = f"at {where}: {_shown(self.result)}" if where else _shown(self.result)
        rows = [_row(effect) for effect in self.effects]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            f"{name:<{widths[0]}}  {step:>{widths[1]}}  {change:>{widths[2]}}   {rest}".rstrip()
            for name, step, change, rest in rows
        ]
        return "\n".join([head, *lines])

    __repr__ = __str__


def _row(effect: Effect) -> tuple[str, str, str, str]:
    step = f"{effect.value:,} → {effect.value + 1:,}"
    if effect.one_more is None:
        return effect.symbol, step, "—", effect.obstacle
    change = ("+" if effect.one_more >= 0 else "") + _shown(effect.one_more)
    share = "" if effect.elasticity is None else f"elasticity {_shown(effect.elasticity)}"
    return effect.symbol, step, change, share


def _shown(value: Exact) -> str:
    if isinstance(value, int):
        text = f"{value:,}"
    else:
        text = str(value) if value.denominator < 100 else f"{float(value):.4g}"
    return text.replace("-", "−")


def sensitivity(formula: ExpressionLike, values: Mapping[str, Any]) -> Sensitivity:
    """The effect of one more of each symbol of `formula` at `values`.

    Raises:
        EvaluationError: a symbol has no value.
    """
    given = read_values(values, formula.known_symbols)
    point = {s: v for s, v in given.items() if isinstance(v, int)}
    missing = [s.name for s in formula.symbols if s not in point]
    if missing:
        raise EvaluationError(
            f"{', '.join(missing)} has no number"
            if len(missing) == 1
            else f"{', '.join(missing)} have no numbers",
            code="symbols-left",
            values={"missing": missing},
            hint="the effect of one more depends on where one stands",
        )
    result = formula(**values)
    effects = tuple(_effect(formula, s, point, result) for s in formula.symbols)
    at = {s.name: point[s] for s in sorted(point, key=lambda s: s.name)}
    return Sensitivity(at, result, effects)


def _effect(
    formula: ExpressionLike, s: Symbol, point: Mapping[Symbol, int], result: Exact
) -> Effect:
    elasticity: Exact | None = None
    rise = slope(formula.expr, s, point) if result else None
    if rise is not None:
        ratio = Fraction(rise) * point[s] / Fraction(result)
        elasticity = ratio.numerator if ratio.denominator == 1 else ratio
    more = {other.name: value + (other == s) for other, value in point.items()}
    try:
        return Effect(s.name, point[s], formula(**more) - result, elasticity)
    except (RequirementError, ArithmeticRuleError) as error:
        where = f"{error.path}: " if error.path else ""
        return Effect(s.name, point[s], None, elasticity, where + error.message)
