"""Text to formula, without executing anything.

`sympify` evaluates its input, so the parser is our own: a scan into words that spells Unicode as
Python does, Python's grammar by way of `ast`, and a whitelist of exact operations.  Each step has
bounds, since a formula may come from anywhere: ``9**9**9`` is refused before it is computed.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NoReturn

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, S

from archcalc.symbolic.division import CeilDiv, FloorDiv, is_whole, least_value
from archcalc.symbolic.errors import ArchcalcError, ArithmeticRuleError, ExpressionError, shorten
from archcalc.symbolic.sizes import (
    MAX_BITS,
    MAX_DEGREE,
    MAX_EXPONENT,
    Sizes,
    TooLargeError,
    coefficient_bits,
    require,
)
from archcalc.symbolic.sums import Index, summed
from archcalc.symbolic.symbols import symbol
from archcalc.symbolic.written import evaluated

__all__ = ["parse"]

_MAX_CHARACTERS = 10_000
_MAX_NESTING = 40
_MAX_DIGITS = 600
_MAX_ARGUMENTS = 12
_MAX_SUMS = 100
_MAX_NESTED_SUMS = 4


def parse(text: str) -> Expr:
    """The formula that `text` writes, in canonical symbols; the inverse of the printers.

    Integers, names, ``+ - * / // % **``, parentheses, ``floor``, ``ceil``, ``max`` and ``min``,
    and what the text printer writes: ``·``, ``−``, ``²``, ``⌊ ⌋``, ``⌈ ⌉``.  ``/`` is an exact
    fraction, and ``⌊a/b⌋``, ``floor(a/b)`` and ``a//b`` are one exact integer division.
    ``sum(h//2**i for i in range(L))`` adds up copies; the text printer writes
    ``∑(⌊h/2^i⌋ for i < L)``.

    Raises:
        ExpressionError: the text is not such a formula, or it is too large to be one in earnest.
        ArithmeticRuleError: something is divided by zero.
        DimensionError: a name is not one for a symbol.

    >>> parse("(⌊(29 − k)/2⌋²·f + 1)·n")
    n*(f*(((1 - k)//2) + 14)**2 + 1)
    >>> parse("2k")
    Traceback (most recent call last):
    archcalc.symbolic.errors.ExpressionError: '2k' has no operator at column 2; write 2*k [...]
    """
    if not isinstance(text, str):
        raise ExpressionError(
            f"{shorten(text)} is not text", code="not-text", hint="give a formula such as '4*c'"
        )
    source = _Source(text)
    source.scan()
    try:
        tree = ast.parse(source.python(), mode="eval")
        return _Reader(source).read(tree.body)
    except SyntaxError as error:
        source.refuse("does not read as a formula", source.index(max(error.offset or 0, 1) - 1))
    except (MemoryError, RecursionError):
        source.refuse("is too long or too deeply nested", code="too-deep")
    except ValueError as error:
        if isinstance(error, ArchcalcError):
            raise
        source.refuse("does not read as a formula")


# --- The scan: words, spelt as Python spells them -------------------------------------------------

_SPELLING = {
    "·": "*", "×": "*", "⋅": "*", "−": "-", "^": "**", "÷": "/",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "∑(": "sum(", "<": "in range(",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_CLOSING = {"(": ")", "∑(": ")", "⌊": "⌋", "⌈": "⌉"}
_FUNCTIONS = frozenset({"floor", "ceil", "ceiling", "max", "min", "sum", "range"})
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
class _Source:
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
        if len(self.text) > _MAX_CHARACTERS:
            self.refuse(f"is longer than {_MAX_CHARACTERS:,} characters", code="too-long")
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
        if word.kind in ("number", "power") and len(word.text) > _MAX_DIGITS:
            self.refuse(
                f"has a number of more than {_MAX_DIGITS} digits", word.at, code="too-large"
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
            if before.text not in _FUNCTIONS:
                known = ", ".join(sorted(_FUNCTIONS - {"range"}))
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
                if len(opened) > _MAX_NESTING:
                    self.refuse(f"is nested deeper than {_MAX_NESTING}", word.at, code="too-deep")
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


# --- The reader: a whitelist of operations --------------------------------------------------------


class _Reader:
    """Builds the value of a syntax tree, one whitelisted node after another."""

    def __init__(self, source: _Source) -> None:
        self.source = source
        self.sizes = Sizes()
        self.arguments = 0
        self.sums = 0
        self.indices: dict[str, Index] = {}

    def read(self, node: ast.expr, depth: int = 0) -> Expr:
        if depth > 3 * _MAX_NESTING:  # one pair of brackets holds a sum, a product and a power
            self.refuse(node, "is too deeply nested", code="too-deep")
        rule = _NODES.get(type(node))
        if rule is None:
            self.refuse(node, "has something that is not arithmetic", code="unsupported-syntax")
        try:
            value = rule(self, node, depth + 1)
            self.sizes.check(value)
        except TooLargeError:
            self.refuse(
                node, "becomes too large", code="too-large",
                hint=f"numbers go to {_MAX_DIGITS} digits, exponents to {MAX_EXPONENT:,}, "
                f"sums to degree {MAX_DEGREE}",
            )  # fmt: skip
        return value

    def refuse(self, node: ast.expr, what: str, *, code: str, hint: str = "") -> NoReturn:
        line = self.source.python().encode()[: node.col_offset]
        self.source.refuse(what, self.source.index(len(line.decode())), code=code, hint=hint)

    # Each rule takes the node it is for and the depth of what stands inside it.

    def number(self, node: ast.Constant, depth: int) -> Expr:
        return Integer(node.value)

    def name(self, node: ast.Name, depth: int) -> Expr:
        return self.indices.get(node.id) or symbol(node.id)

    def sign(self, node: ast.UnaryOp, depth: int) -> Expr:
        if not isinstance(node.op, ast.USub | ast.UAdd):
            self.refuse(node, "has something that is not arithmetic", code="unsupported-syntax")
        value = self.read(node.operand, depth)
        return -value if isinstance(node.op, ast.USub) else value

    def binary(self, node: ast.BinOp, depth: int) -> Expr:
        if isinstance(node.op, ast.Add | ast.Sub):
            return self._sum(node, depth)
        if isinstance(node.op, ast.Mult | ast.Div):
            return self._product(node, depth)
        left, right = self.read(node.left, depth), self.read(node.right, depth)
        rule = _OPERATORS.get(type(node.op))
        if rule is None:
            self.refuse(node, "has something that is not arithmetic", code="unsupported-syntax")
        return rule(self, node, left, right)

    def _sum(self, node: ast.expr, depth: int) -> Expr:
        """A chain of sums in one `Add`: one after another would take quadratic time."""
        terms: list[Expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            term = self.read(node.right, depth)
            terms.append(-term if isinstance(node.op, ast.Sub) else term)
            node = node.left
        return Add(self.read(node, depth), *reversed(terms))

    def _product(self, node: ast.expr, depth: int) -> Expr:
        """A chain of products in one `Mul`, so that no number is distributed half-way."""
        factors: list[Expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            factor = self.read(node.right, depth)
            divides = isinstance(node.op, ast.Div)
            factors.append(self._inverse(node, factor) if divides else factor)
            node = node.left
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            factors.append(S.NegativeOne)  # −a·b is −(a·b), also where a is a sum
            node = node.operand
        factors.append(self.read(node, depth))
        require(sum(map(coefficient_bits, factors)) <= MAX_BITS)
        return Mul(*reversed(factors))

    def _inverse(self, node: ast.expr, divisor: Expr) -> Expr:
        if divisor is S.Zero:
            self._zero(node)
        return Pow(divisor, S.NegativeOne)

    def _zero(self, node: ast.expr) -> NoReturn:
        raise ArithmeticRuleError(
            f"{self.source.shown} divides by zero",
            values={"text": shorten(self.source.text)},
        )

    def power(self, node: ast.expr, base: Expr, exponent: Expr) -> Expr:
        if not is_whole(exponent):
            self.refuse(node, "has a fractional exponent", code="fractional-exponent",
                        hint="an exponent has to be a whole number")  # fmt: skip
        require(all(abs(int(a)) <= MAX_EXPONENT for a in exponent.atoms(Integer)))
        if exponent.is_Integer:
            require(coefficient_bits(base) * abs(int(exponent)) <= MAX_BITS)
        least = least_value(exponent)
        if base is S.Zero and (least is None or least < 0):
            self._zero(node)
        return Pow(base, exponent)

    def floor(self, node: ast.expr, numerator: Expr, divisor: Expr) -> Expr:
        return self._division(node, FloorDiv, numerator, divisor)

    def ceil(self, node: ast.expr, numerator: Expr, divisor: Expr) -> Expr:
        return self._division(node, CeilDiv, numerator, divisor)

    def modulo(self, node: ast.expr, numerator: Expr, divisor: Expr) -> Expr:
        return Add(numerator, Mul(S.NegativeOne, divisor, self.floor(node, numerator, divisor)))

    def _division(
        self, node: ast.expr, divide: Callable[[Expr, Expr], Expr], numerator: Expr, divisor: Expr
    ) -> Expr:
        self.sizes.check_expansion(numerator, divisor)
        if divisor is S.Zero:
            self._zero(node)
        return divide(numerator, divisor)

    def call(self, node: ast.Call, depth: int) -> Expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("max", "min"):
            return self._extreme(node, Max if name == "max" else Min, depth)
        if name == "sum":
            return self._series(node, depth)
        if name not in _FUNCTIONS or name == "range" or len(node.args) != 1 or node.keywords:
            self.refuse(node, f"does not call {name or 'a function'} with one argument",
                        code="bad-call")  # fmt: skip
        inside = node.args[0]
        rule = self.floor if name == "floor" else self.ceil
        if isinstance(inside, ast.BinOp) and isinstance(inside.op, ast.Div):
            # the division is kept as it stands, so that sympy cannot rearrange the fraction
            return rule(inside, self.read(inside.left, depth), self.read(inside.right, depth))
        return rule(inside, self.read(inside, depth), S.One)

    def _extreme(self, node: ast.Call, choose: type[Max | Min], depth: int) -> Expr:
        self.arguments += len(node.args)
        if not node.args or node.keywords or self.arguments > _MAX_ARGUMENTS:
            self.refuse(node, f"gives max and min none or more than {_MAX_ARGUMENTS} arguments",
                        code="bad-call")  # fmt: skip
        arguments = [self.read(argument, depth) for argument in node.args]
        for argument in arguments:
            self.sizes.check_degree(argument)
        return choose(*arguments)

    def _series(self, node: ast.Call, depth: int) -> Expr:
        """``sum(term for i in range(count))``; the index hides a symbol of its name."""
        inside = node.args[0] if len(node.args) == 1 and not node.keywords else None
        loops = inside.generators if isinstance(inside, ast.GeneratorExp) else []
        each = loops[0] if len(loops) == 1 and not loops[0].ifs else None
        over = each.iter if each is not None and not each.is_async else None
        if not (
            isinstance(inside, ast.GeneratorExp)
            and each is not None
            and isinstance(each.target, ast.Name)
            and isinstance(over, ast.Call)
            and isinstance(over.func, ast.Name)
            and over.func.id == "range"
            and len(over.args) == 1
            and not over.keywords
        ):
            self.refuse(node, "has a sum that is not over copies", code="bad-call",
                        hint="write sum(h//2**i for i in range(L))")  # fmt: skip
        self.sums += 1
        if self.sums > _MAX_SUMS or len(self.indices) >= _MAX_NESTED_SUMS:
            most = f"{_MAX_SUMS} sums, or {_MAX_NESTED_SUMS} inside one another"
            self.refuse(node, f"has more than {most}", code="too-large")
        count = self.read(over.args[0], depth)
        hidden = dict(self.indices)
        index = self.indices[each.target.id] = Index(symbol(each.target.id).name)
        term = self.read(inside.elt, depth)
        self.indices = hidden
        if count.is_number and not (count.is_Integer and count >= 0):
            self.refuse(node, "has a sum over no number of copies", code="bad-call",
                        hint="copies are counted: 0, 1, 2, …")  # fmt: skip
        return evaluated(summed(term, index, count))


_NODES: dict[type[ast.expr], Callable[..., Expr]] = {
    ast.Constant: _Reader.number,
    ast.Name: _Reader.name,
    ast.UnaryOp: _Reader.sign,
    ast.BinOp: _Reader.binary,
    ast.Call: _Reader.call,
}
_OPERATORS: dict[type[ast.operator], Callable[..., Expr]] = {
    ast.FloorDiv: _Reader.floor,
    ast.Mod: _Reader.modulo,
    ast.Pow: _Reader.power,
}
