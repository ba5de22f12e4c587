"""Conditions on the rows of a table, read from text: ``parameters <= 1e6 and k != 3``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from sympy import Expr

from archcalc.formula.compiling.operations import Array
from archcalc.symbolic.dims import lower
from archcalc.symbolic.errors import ExpressionError, UnknownSymbolError, shorten
from archcalc.symbolic.parser import parse
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["Condition", "exact_numbers", "names_in", "read_rows"]

_MOST_CHARACTERS = 10_000
_MOST_NESTING = 30
_MOST_DIGITS = 300
_WORDS = ("and", "or", "not")
_COMPARISONS = ("==", "<=", ">=", "!=", "≠", "≤", "≥", "=", "<", ">")
_TOKENS = re.compile(r"(\b(?:and|or|not)\b|[=!<>]=|[≠≤≥=<>()])")
_DECIMAL = re.compile(r"(?<![\w.])([0-9][0-9_]*)(\.[0-9]*)?(?:[eE]\+?([0-9]+))?(?![\w.])")
_NAME = re.compile(r"[^\W\d](?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])\w)*")

Choice: TypeAlias = Callable[[Sequence[Array]], Array]
"""From where each comparison holds to where the condition does."""


@dataclass(frozen=True)
class Condition:
    """What rows are chosen by.

    Attributes:
        comparisons: what is compared, as requirements of which each holds or not.
        choice: from where each of them holds to where the whole condition does.
    """

    comparisons: tuple[Requirement, ...]
    choice: Choice


def names_in(text: str) -> set[str]:
    """The words in a condition that may be names of columns."""
    return set(_NAME.findall(text))


def exact_numbers(text: str) -> str:
    """`text` with numbers such as ``1e6`` and ``2.5`` written out exactly.

    Raises:
        ExpressionError: one has too many digits.

    >>> exact_numbers("macs <= 2.5e6 and x1e6 > 0.5")
    'macs <= 2500000 and x1e6 > (1/2)'
    """

    def written(match: re.Match[str]) -> str:
        whole, decimals, exponent = match.groups()
        if decimals is None and exponent is None:
            return match[0]
        if len(exponent or "") > 3 or int(exponent or 0) > _MOST_DIGITS:
            raise _refused(text, f"has a number with more than {_MOST_DIGITS} digits")
        number = Fraction(f"{whole}{decimals or ''}".replace("_", "")) * 10 ** int(exponent or 0)
        return str(number) if number.denominator == 1 else f"({number})"

    return _DECIMAL.sub(written, text)


def read_rows(text: str, columns: Sequence[str], spelt: Mapping[str, str]) -> Condition:
    """The condition that `text` writes.

    Args:
        text: comparisons, joined by ``and``, ``or``, ``not`` and parentheses.
        columns: the names that it may use.
        spelt: what to read for some of them: a symbol stands for a positive integer, and a column
            with other numbers is written in terms of one that has such.

    Raises:
        ExpressionError: the text is no condition.
        UnknownSymbolError: it names something that is no column.
    """
    if not isinstance(text, str):
        raise ExpressionError(
            f"{shorten(text)} is not text", code="not-text",
            hint="write a condition such as 'parameters <= 1_000_000'",
        )  # fmt: skip
    if len(text) > _MOST_CHARACTERS:
        raise ExpressionError(
            f"a condition is longer than {_MOST_CHARACTERS:,} characters", code="too-long"
        )
    reader = _Reader(text, columns, spelt)
    return Condition(choice=reader.whole(), comparisons=tuple(reader.comparisons))


def _refused(text: str, what: str) -> ExpressionError:
    return ExpressionError(
        f"{shorten(text, 80)!r} {what}",
        code="bad-condition",
        values={"text": shorten(text)},
        hint="write one such as 'parameters <= 1_000_000 and k != 3'",
    )


class _Reader:
    """Recursive descent over words, comparisons and parentheses; `parse` reads what is between."""

    def __init__(self, text: str, columns: Sequence[str], spelt: Mapping[str, str]) -> None:
        self.text = text
        self.columns = columns
        self.spelt = spelt
        split = _TOKENS.split(exact_numbers(text))
        self.tokens = [token.strip() for token in split if token.strip()]
        self.at = 0
        self.depth = 0
        self.comparisons: list[Requirement] = []

    def whole(self) -> Choice:
        choice = self._any()
        if self.at < len(self.tokens):
            raise self._wrong()
        return choice

    def _wrong(self) -> ExpressionError:
        return _refused(self.text, "does not read as a condition")

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _took(self, token: str) -> bool:
        self.at += (found := self._next() == token)
        return found

    def _any(self) -> Choice:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else _joined(np.logical_or, parts)

    def _all(self) -> Choice:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else _joined(np.logical_and, parts)

    def _one(self) -> Choice:
        self.depth += 1
        if self.depth > _MOST_NESTING:
            raise _refused(self.text, "is too deeply nested")
        if self._took("not"):
            choice = _negated(self._one())
        elif self._next() == "(" and self._is_condition():
            self.at += 1
            choice = self._any()
            if not self._took(")"):
                raise self._wrong()
        else:
            choice = self._chain()
        self.depth -= 1
        return choice

    def _is_condition(self) -> bool:
        """Whether the parenthesis that opens here holds a condition rather than a formula."""
        depth = 0
        for token in self.tokens[self.at :]:
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return False
            if token in _COMPARISONS or token in _WORDS:
                return True
        return False

    def _chain(self) -> Choice:
        sides, signs = [self._side()], list[str]()
        while self._next() in _COMPARISONS:
            signs.append(self._next())
            self.at += 1
            sides.append(self._side())
        if not signs:
            raise self._wrong()
        compared = zip(signs, pairwise(sides), strict=True)
        parts = [self._compared(sign, *pair) for sign, pair in compared]
        return parts[0] if len(parts) == 1 else _joined(np.logical_and, parts)

    def _side(self) -> Expr:
        """A formula: everything up to the next comparison, word, or parenthesis of another."""
        depth, words = 0, list[str]()
        while token := self._next():
            if token in _COMPARISONS or token in _WORDS or (token == ")" and depth == 0):
                break
            depth += (token == "(") - (token == ")")
            words.append(token)
            self.at += 1
        if not words or depth:
            raise self._wrong()
        text = " ".join(words)
        for name in sorted(s.name for s in parse(text).free_symbols):
            if name not in self.columns:
                raise UnknownSymbolError(
                    f"there is no column {shorten(name, 40)} here",
                    values={"name": name},
                    hint=f"the columns are {', '.join(self.columns)}",
                )
        return parse(_NAME.sub(lambda match: self.spelt.get(match[0], match[0]), text))

    def _compared(self, sign: str, left: Expr, right: Expr) -> Choice:
        match sign:
            case "<=" | "≤":
                return self._holds(right, Relation.AT_LEAST, left)
            case ">=" | "≥":
                return self._holds(left, Relation.AT_LEAST, right)
            case "<":
                return _negated(self._holds(left, Relation.AT_LEAST, right))
            case ">":
                return _negated(self._holds(right, Relation.AT_LEAST, left))
            case "!=" | "≠":
                return _negated(self._holds(left, Relation.EQUAL, right))
        return self._holds(left, Relation.EQUAL, right)

    def _holds(self, left: Expr, relation: Relation, right: Expr) -> Choice:
        self.comparisons.append(Requirement(lower(left), relation, lower(right), "", ""))
        which = len(self.comparisons) - 1
        return lambda holds: holds[which]


def _negated(choice: Choice) -> Choice:
    return lambda holds: ~choice(holds)


def _joined(function: np.ufunc, parts: Sequence[Choice]) -> Choice:
    def joined(holds: Sequence[Array]) -> Array:
        result = parts[0](holds)
        for part in parts[1:]:
            result = function(result, part(holds))
        return result

    return joined
