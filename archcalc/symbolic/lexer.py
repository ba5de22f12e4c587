"""The words of a formula, spelt as Python spells them: the first step of the parser.

What people and the text printer write (``·``, ``²``, ``⌊ ⌋``, ``∑(… for i < L)``) becomes what
Python's grammar reads; anything that is not arithmetic is refused where it stands.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NoReturn

from archcalc.symbolic.errors import ExpressionError, shorten
from archcalc.symbolic.limits import LIMITS

__all__ = ["FUNCTIONS", "Source"]

_SPELLING = {
    "·": "*", "×": "*", "⋅": "*", "−": "-", "^": "**", "÷": "/",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "∑(": "sum(", "<": "in range(",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_CLOSING = {"(": ")", "∑(": ")", "⌊": "⌋", "⌈": "⌉"}
FUNCTIONS = frozenset({"floor", "ceil", "ceiling", "max", "min", "sum", "range"})
_BINDERS = frozenset({"for", "in"})

_WORDS = re.compile(
    r"""(?P<float>[0-9_]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?
                 |[0-9]+[eE][+-]?[0-9]+)
      | (?P<number>[0-9]+(?:_[0-9]+)*)
      | (?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
      | (?P<name>[^\W\d](?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])\w)*)
      | (?P<open>∑?\(|[⌊⌈])
      | (?P<close>[)⌋⌉])
      | (?P<operator>\*\*|//|[-+*/%^,·×⋅−÷])
      | (?P<below><(?!=))
      | (?P<space>\s+)""",
    re.VERBOSE,
)

_ILLEGAL = {
    **dict.fromkeys("\"'`", ("text in quotes", "write names without quotes")),
    **dict.fromkeys("<>=!≤≥≠", ("a comparison", "write only one side of it")),
    **dict.fromkeys("[]{}", ("a bracket of another kind", "use round parentheses")),
    **dict.fromkeys("&|~@", ("an operator that is not arithmetic", "")),
    ".": ("a dot", "use exact fractions such as 1/2, and plain names"),
    ":": ("a colon", ""),
    "#": ("a comment", ""),
}


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str
    at: int
    spelt: str = ""

    @property
    def ends_value(self) -> bool:
        return self.kind in ("number", "power", "name", "close")

    @property
    def starts_value(self) -> bool:
        return self.kind in ("number", "name", "open")

    def shown(self) -> str:
        if self.kind in ("open", "close"):
            return "(…)"
        return "…" + self.text[:20] if self.kind == "power" else shorten(self.text, 20)

    def python(self) -> str:
        if self.kind == "power":
            return "**" + self.text.translate(_SUPERSCRIPTS)
        if self.spelt:
            return self.spelt
        return _SPELLING.get(self.text, self.text)


@dataclass
class Source:
    """A text, its words, and how a complaint about one of them reads."""

    text: str
    words: list[_Word] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return repr(shorten(self.text, 80))

    def refuse(
        self, what: str, at: int | None = None, *, code: str | None = None, hint: str = ""
    ) -> NoReturn:
        place = "" if at is None else f" at column {at + 1}"
        raise ExpressionError(
            f"{self.shown} {what}{place}",
            code=code,
            values={"text": shorten(self.text)} | ({} if at is None else {"column": at + 1}),
            hint=hint,
        ) from None

    def scan(self) -> None:
        if len(self.text) > LIMITS.characters:
            self.refuse(f"is longer than {LIMITS.characters:,} characters", code="too-long")
        self.words = list(self._words())
        if not self.words:
            self.refuse("is empty", code="empty-expression", hint="give a formula such as '4*c'")
        for before, after in pairwise(self.words):
            self._check_pair(before, after)
        self._check_brackets()
        self._spell_bounds()
        if self.words[-1].kind == "operator":
            self.refuse(f"ends with {self.words[-1].text}", self.words[-1].at)

    def _words(self) -> Iterator[_Word]:
        at = 0
        while at < len(self.text):
            found = _WORDS.match(self.text, at)
            if found is None:
                what, hint = _ILLEGAL.get(self.text[at], ("a character that is not arithmetic", ""))
                self.refuse(f"has {what}", at, code="unsupported-syntax", hint=hint)
            word = _Word(str(found.lastgroup), found.group(), at)
            if word.text in _BINDERS:
                word = replace(word, kind="binder")
            self._check_word(word)
            if word.kind != "space":
                yield word
            at = found.end()

    def _check_word(self, word: _Word) -> None:
        if word.kind == "float":
            self.refuse(
                f"has the float {shorten(word.text, 20)}", word.at, code="inexact-number",
                hint="write an exact fraction such as 1/2, or a power of 10",
            )  # fmt: skip
        if word.kind in ("number", "power") and len(word.text) > LIMITS.digits:
            self.refuse(
                f"has a number of more than {LIMITS.digits} digits", word.at, code="too-large"
            )
        if word.kind == "name" and keyword.iskeyword(word.text):
            self.refuse(f"has {word.text!r}, which is not arithmetic,", word.at,
                        code="unsupported-syntax", hint="choose another name")  # fmt: skip

    def _check_pair(self, before: _Word, after: _Word) -> None:
        if before.kind == "power" and after.text in ("**", "^"):
            self.refuse("has a power of a power", after.at, hint="say which with parentheses")
        if not (before.ends_value and after.starts_value):
            return
        first, second = before.shown(), after.shown()
        if before.kind == "name" and after.text == "(":
            if before.text not in FUNCTIONS:
                known = ", ".join(sorted(FUNCTIONS - {"range"}))
                self.refuse(
                    f"calls {first}", before.at, code="unknown-function",
                    hint=f"to multiply write {first}*(…); the functions are {known}",
                )  # fmt: skip
        else:
            self.refuse(
                "has no operator", after.at, code="missing-operator",
                hint=f"write {first}*{second}",
            )  # fmt: skip

    def _check_brackets(self) -> None:
        opened: list[_Word] = []
        for word in self.words:
            if word.kind == "open":
                opened.append(word)
                if len(opened) > LIMITS.nesting:
                    self.refuse(f"is nested deeper than {LIMITS.nesting}", word.at, code="too-deep")
            if word.kind == "close" and (not opened or _CLOSING[opened.pop().text] != word.text):
                self.refuse(f"has a {word.text} that closes nothing", word.at)
        if opened:
            self.refuse(f"has a {opened[-1].text} that is never closed", opened[-1].at)

    def _spell_bounds(self) -> None:
        """``for i < L)`` as ``for i in range(L))``; any other ``<`` is a comparison."""
        opened: list[bool] = []
        for place, word in enumerate(self.words):
            if word.kind == "open":
                opened.append(False)
            elif word.kind == "close" and opened.pop():
                self.words[place] = replace(word, spelt="))")
            elif word.kind == "below":
                before = [w.text for w in self.words[max(place - 2, 0) : place]]
                if before[:1] != ["for"] or not opened or opened[-1]:
                    what, hint = _ILLEGAL["<"]
                    self.refuse(f"has {what}", word.at, code="unsupported-syntax", hint=hint)
                opened[-1] = True

    def python(self) -> str:
        return " ".join(word.python() for word in self.words)

    def index(self, offset: int) -> int:
        """Where in the text the character at `offset` of `python` came from."""
        for word in self.words:
            length = len(word.python())
            if offset <= length:
                return word.at + min(offset, len(word.text) - 1)
            offset -= length + 1
        return len(self.text)
