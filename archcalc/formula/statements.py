"""The grammar of conditions: comparisons of formulas, joined by ``and``, ``or`` and ``not``.

Assumptions, constraints of a search and filters of a table are all read here; each then says what
it can do with the statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NoReturn, TypeAlias

from sympy import Expr

from archcalc.symbolic.errors import ExpressionError, shorten
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.numbers import SUFFIXES
from archcalc.symbolic.parser import parse
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.requirement import Relation

__all__ = [
    "HINT",
    "NAME",
    "All",
    "Any",
    "Comparison",
    "Not",
    "Statement",
    "comparisons_of",
    "conjuncts_of",
    "in_words",
    "names_in",
    "read_statement",
    "refused",
]

HINT = "write one such as 'h % 32 == 0', 'k <= 7' or '8 <= f <= 64'"
"""What the errors suggest, unless they say otherwise."""

_WORDS = ("and", "or", "not")
_MULTIPLE = Relation.MULTIPLE_OF.value
_SIGNS = {"==": "=", "=": "=", "!=": "≠", "≠": "≠", "<=": "≤", "≤": "≤", ">=": "≥", "≥": "≥"}
_SIGNS |= {sign: sign for sign in ("<", ">", _MULTIPLE)}
_TOKENS = re.compile(rf"(\b(?:and|or|not|{_MULTIPLE})\b|[=!<>]=|[≠≤≥=<>()])")
_DECIMAL = re.compile(
    r"(?<![\w.])([0-9][0-9_]*)(\.[0-9]*)?(?:[eE]\+?([0-9]+))?([kKMGBTP])?(?![\w.])"
)
NAME = re.compile(r"[^\W\d](?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])\w)*")
"""A name in a condition; what is raised to a power ends before it."""


@dataclass(frozen=True)
class Comparison:
    """Two formulas and the relation between them.

    Attributes:
        left, right: the formulas.
        sign: one of ``= ≠ ≤ ≥ < >``, or ``is a multiple of``.
    """

    left: Expr
    sign: str
    right: Expr


@dataclass(frozen=True)
class Not:
    """What holds where another statement does not."""

    part: Statement


@dataclass(frozen=True)
class All:
    """What holds where every part does."""

    parts: tuple[Statement, ...]


@dataclass(frozen=True)
class Any:
    """What holds where some part does."""

    parts: tuple[Statement, ...]


Statement: TypeAlias = Comparison | Not | All | Any
"""What a condition says."""


def comparisons_of(statement: Statement) -> Iterator[Comparison]:
    """The comparisons of a statement, in the order of the text."""
    match statement:
        case Comparison():
            yield statement
        case Not(part):
            yield from comparisons_of(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from comparisons_of(part)


def conjuncts_of(statement: Statement) -> Iterator[Statement]:
    """The statements that must hold all of them.

    >>> [str(part.sign) for part in conjuncts_of(read_statement("1 < k <= 7 and f = 3"))]
    ['<', '≤', '=']
    """
    if isinstance(statement, All):
        for part in statement.parts:
            yield from conjuncts_of(part)
    else:
        yield statement


def in_words(statement: Statement) -> str:
    """A statement as people write it.

    >>> in_words(read_statement("k**2 != 9 and (k<3 or not f%8==0)"))
    'k² ≠ 9 and (k < 3 or not f − 8·⌊f/8⌋ = 0)'
    """
    match statement:
        case Comparison(left, sign, right):
            return f"{to_text(left)} {sign} {to_text(right)}"
        case Not(part):
            return f"not {_within(part)}"
        case All(parts):
            return " and ".join(map(_within, parts))
        case Any(parts):
            return " or ".join(map(_within, parts))


def _within(part: Statement) -> str:
    return f"({in_words(part)})" if isinstance(part, All | Any) else in_words(part)


def names_in(text: str) -> set[str]:
    """The words in a condition that may be names."""
    return set(NAME.findall(text))


def read_statement(
    text: str, side: Callable[[str], Expr] = parse, *, hint: str = HINT
) -> Statement:
    """The statement that `text` writes.

    Args:
        text: comparisons, joined by ``and``, ``or``, ``not`` and parentheses; a chain such as
            ``8 <= f <= 64`` says both.  Numbers such as ``1e6``, ``2.5`` and ``25.6M`` are exact.
        side: what reads the formula on a side of a comparison.
        hint: what the errors suggest to write.

    Raises:
        ExpressionError: the text is no condition.

    >>> read_statement("k < 2.5e2 and not f = 3").parts[0]
    Comparison(left=k, sign='<', right=250)
    """
    if not isinstance(text, str):
        raise ExpressionError(f"{shorten(text)} is not text", code="not-text", hint=hint)
    if len(text) > LIMITS.characters:
        raise ExpressionError(
            f"a condition is longer than {LIMITS.characters:,} characters", code="too-long"
        )
    return _Reader(text, side, hint).whole()


def refused(text: str, what: str, hint: str = HINT) -> ExpressionError:
    """The error of a text that is no condition, or none that can be used."""
    return ExpressionError(
        f"{shorten(text, 80)!r} {what}",
        code="bad-condition",
        values={"text": shorten(text)},
        hint=hint,
    )


class _Reader:
    """Recursive descent over words, comparisons and parentheses; `side` reads what is between."""

    def __init__(self, text: str, side: Callable[[str], Expr], hint: str) -> None:
        self.text = text
        self.side = side
        self.hint = hint
        split = _TOKENS.split(_DECIMAL.sub(self._number, text))
        self.tokens = [token.strip() for token in split if token.strip()]
        self.at = 0
        self.depth = 0

    def whole(self) -> Statement:
        statement = self._any()
        if self.at < len(self.tokens):
            self._refuse()
        return statement

    def _refuse(self, what: str = "does not read as a condition") -> NoReturn:
        raise refused(self.text, what, self.hint)

    def _number(self, match: re.Match[str]) -> str:
        """A number such as ``1e6`` or ``2.5`` written out exactly."""
        whole, decimals, exponent, suffix = match.groups()
        if decimals is None and exponent is None and not self._is_suffix(suffix):
            return match[0]
        if len(exponent or "") > 3 or int(exponent or 0) > LIMITS.decimal_digits:
            self._refuse(f"has a number with more than {LIMITS.decimal_digits} digits")
        number = Fraction(f"{whole}{decimals or ''}".replace("_", "")) * 10 ** int(exponent or 0)
        number *= 10 ** SUFFIXES.get(suffix, 0)
        return str(number) if number.denominator == 1 else f"({number})"

    def _is_suffix(self, letter: str | None) -> bool:
        """Whether it says thousands or millions, and is no symbol: ``2k`` may be meant as 2·k."""
        if letter is None or letter == "k":
            return False
        return re.search(rf"(?<!\w){letter}(?!\w)", self.text) is None

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _took(self, token: str) -> bool:
        self.at += (found := self._next() == token)
        return found

    def _any(self) -> Statement:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all(self) -> Statement:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Statement:
        self.depth += 1
        if self.depth > LIMITS.condition_nesting:
            self._refuse("is too deeply nested")
        statement: Statement
        if self._took("not"):
            statement = Not(self._one())
        elif self._next() == "(" and self._is_condition():
            self.at += 1
            statement = self._any()
            if not self._took(")"):
                self._refuse()
        else:
            statement = self._chain()
        self.depth -= 1
        return statement

    def _is_condition(self) -> bool:
        """Whether the parenthesis that opens here holds a condition rather than a formula."""
        depth = 0
        for token in self.tokens[self.at :]:
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return False
            if token in _SIGNS or token in _WORDS:
                return True
        return False

    def _chain(self) -> Statement:
        sides, signs = [self._side()], list[str]()
        while self._next() in _SIGNS:
            signs.append(_SIGNS[self._next()])
            self.at += 1
            sides.append(self._side())
        if not signs:
            self._refuse()
        compared = zip(signs, pairwise(sides), strict=True)
        parts = tuple(Comparison(left, sign, right) for sign, (left, right) in compared)
        return parts[0] if len(parts) == 1 else All(parts)

    def _side(self) -> Expr:
        """A formula: everything up to the next comparison, word, or parenthesis of another."""
        depth, words = 0, list[str]()
        while token := self._next():
            if token in _SIGNS or token in _WORDS or (token == ")" and depth == 0):
                break
            depth += (token == "(") - (token == ")")
            words.append(token)
            self.at += 1
        if not words or depth:
            self._refuse()
        return self.side(" ".join(words))
