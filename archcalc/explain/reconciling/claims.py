"""What a person claims: a number, a rounded one, a formula as they wrote it, or a shape."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from sympy import Expr

from archcalc.formula import Formula
from archcalc.symbolic.dims import as_expr
from archcalc.symbolic.errors import (
    ArchcalcError,
    EvaluationError,
    UnknownSymbolError,
    quoted,
    shorten,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.parser import parse
from archcalc.symbolic.symbols import symbol

__all__ = [
    "Claimable",
    "Claimed",
    "Leaf",
    "half_of_last_digit",
    "looks_written",
    "read_claim",
    "read_shape",
]

Claimable: TypeAlias = int | str | Expr | Formula | Sequence[Any]
"""A claim: a number, the formula a person wrote, a rounded figure as ``"138M"``, or a shape."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One factor that a person wrote: its number, and the letters that stood for it."""

    value: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim, read.

    Attributes:
        written: as it was written, where that is more than a number.
        low, high: between which numbers it lies; both are it where it is exact.
        products: the sum of products that was written, if it was one.
        formula: what was written, where the network has symbols.
        stated: the number after the ``=`` of a formula, where that is another one.
    """

    written: str
    low: int
    high: int
    products: tuple[tuple[Leaf, ...], ...] = ()
    formula: Expr | None = None
    stated: int | None = None

    @property
    def exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    @property
    def value(self) -> int:
        """The number; the middle of a rounded one."""
        return (self.low + self.high) // 2


_SUFFIXES: Mapping[str, int] = {
    "": 1, "k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "mio": 10**6,
    "b": 10**9, "bn": 10**9, "g": 10**9, "billion": 10**9, "t": 10**12, "trillion": 10**12,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
_ROUNDED = re.compile(
    r"\s*(?P<about>[~≈∼]|about|approx\.?|ca\.?|around)?\s*"
    r"(?P<digits>[0-9][0-9,_]*)(?:\.(?P<rest>[0-9]+))?\s*(?P<suffix>[A-Za-z]*)"
    r"\s*(?:params|parameters|weights|FLOPs|MACs|elements|bytes)?\s*",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"(?<![\w.])\d{1,3}(?:[,\u202f\u00a0']\d{3})+(?![\d])")
_TIMES = re.compile(r"(?<=[\w)\s])\s+[xX]\s+(?=[\w(])|(?<=[\d)])[xX](?=[\d(])")
_NUMBER = re.compile(r"\s*[0-9][0-9_]*\s*")


def looks_written(text: str) -> bool:
    """Whether a text is more than a plain number: a formula, a rounded figure, a shape.

    >>> looks_written("541,988"), looks_written("138M"), looks_written("3x3x64 + 64")
    (False, True, True)
    """
    plain = _THOUSANDS.sub("0", text).strip()
    if re.fullmatch(r"[\d_,.' \u202f\u00a0]+", plain):
        return False
    return bool(re.search(r"[-+*/()=×·^]|\d", text))


def read_claim(
    value: Claimable,
    name: str,
    letters: Mapping[str, Any],
    symbolic: frozenset[str] = frozenset(),
) -> Claimed:
    """A claim as a number, or as the interval that a rounded figure is.

    Args:
        value: what was claimed.
        name: of what, for errors.
        letters: what the letters of a formula stand for.
        symbolic: the letters that stay symbols.

    Raises:
        ArchcalcError: it is no count.

    >>> read_claim("138M", "total", {}).low, read_claim("3x3x64 + 64 = 640", "conv", {}).value
    (137500000, 640)
    """
    raw = value.expr if isinstance(value, Formula) else value
    if isinstance(raw, str):
        return _read_text(raw, name, letters, symbolic)
    expression = as_expr(raw)
    if isinstance(expression, int):
        return _exact(expression, "", name, value)
    return _of_expression(expression, str(value), name, letters, symbolic, value)


def _exact(number: Any, written: str, name: str, value: object) -> Claimed:
    if not isinstance(number, int) or number < 0:
        raise EvaluationError(
            f"{name}: {quoted(value, 60)} is not a count",
            hint="a count is a whole number, 0 or more",
        )
    return Claimed(written, number, number)


def half_of_last_digit(number: int) -> int:
    """How far from a number that ends in noughts the one may lie that was rounded to it.

    Nobody counts 24,000,000 weights to the last one.

    >>> half_of_last_digit(24_000_000), half_of_last_digit(15_184_000)
    (500000, 0)
    """
    digits = str(number)
    kept = len(digits.rstrip("0"))
    if number < 100_000 or kept > 3 or len(digits) - kept < 3:
        return 0
    return int(10 ** min(len(digits) - kept, len(digits) - 2)) // 2


def _read_text(
    text: str, name: str, letters: Mapping[str, Any], symbolic: frozenset[str]
) -> Claimed:
    rounded = _rounded(text)
    if rounded is not None:
        return rounded
    parts = [part for part in text.split("=") if part.strip(" …?")]
    if len(parts) > 1 and text.count("=") < 4 and "==" not in text:
        last = _rounded(parts[-1]) or _plain_number(parts[-1])
        try:
            first = _read_text(parts[0], name, letters, symbolic)
        except ArchcalcError:
            if last is None or parts[0].strip():
                raise
            first = last
        if last is not None:
            inside = last.low <= first.value <= last.high
            stated = None if inside else last.value
            return Claimed(text.strip(), last.low if not inside else first.low,
                           last.high if not inside else first.high, first.products,
                           first.formula, first.value if stated is not None else None)  # fmt: skip
        return first
    if len(parts) == 1:
        text = parts[0]
    spelt = _spelt(text)
    if _NUMBER.fullmatch(spelt):
        return _exact(int(spelt), "", name, text)
    expression = parse(spelt)
    return _of_expression(expression, text, name, letters, symbolic, text, spelt)


def _plain_number(text: str) -> Claimed | None:
    spelt = _spelt(text)
    return Claimed("", int(spelt), int(spelt)) if _NUMBER.fullmatch(spelt) else None


def _spelt(text: str) -> str:
    """A formula as the parser reads it: without commas in numbers, and with * for x."""
    plain = _THOUSANDS.sub(lambda m: re.sub(r"\D", "", m.group()), text)
    return _TIMES.sub("*", plain).strip().replace("[", "(").replace("]", ")")


def _rounded(text: str) -> Claimed | None:
    """A rounded figure: digits with a unit, or with a fraction, or after a ≈."""
    match = _ROUNDED.fullmatch(text)
    if match is None:
        return None
    about, rest, suffix = match["about"], match["rest"] or "", match["suffix"].lower()
    if suffix not in _SUFFIXES or not (about or (suffix and match["digits"])):
        return None
    unit = _SUFFIXES[suffix]
    digits = re.sub(r"[,_]", "", match["digits"])
    value = Fraction(int(digits + rest), 10 ** len(rest)) * unit
    step = Fraction(unit, 10 ** len(rest))
    if unit == 1 and not rest:
        zeros = len(digits) - len(digits.rstrip("0"))
        step = Fraction(10 ** max(zeros, len(digits) - 3, 0))
    low, high = value - step / 2, value + step / 2
    return Claimed(text.strip(), -(-low.numerator // low.denominator),
                   (high - Fraction(1, 10**6)).__floor__() if step > 1 else int(value))  # fmt: skip


def _of_expression(
    expression: Expr | int, written: str, name: str, letters: Mapping[str, Any],
    symbolic: frozenset[str], value: object, spelt: str = "",
) -> Claimed:  # fmt: skip
    known = {k: v for k, v in letters.items() if k not in symbolic and isinstance(v, int)}
    free = set() if isinstance(expression, int) else {s.name for s in expression.free_symbols}
    unknown = sorted(free - set(known) - set(symbolic))
    if unknown:
        usable = ", ".join(dict.fromkeys([*known, *symbolic]))
        raise UnknownSymbolError(
            f"{name}: there is no {', '.join(unknown)} in {shorten(str(written), 60)}",
            hint=f"known here are {usable}; bind others by where="
            if usable
            else "bind its letters by where={...}",
        )
    numbers = {symbol(k): v for k, v in known.items()}
    if free & symbolic:
        left = expression.xreplace(numbers) if isinstance(expression, Expr) else expression
        return Claimed(written, 0, 0, _products(spelt, known), left)
    number = evaluate(expression, numbers)
    if isinstance(number, Fraction) and number.denominator == 1:
        number = int(number)
    found = _exact(number, written, name, value)
    return Claimed(written, found.low, found.high, _products(spelt, known))


# The products that a person wrote

_MOST_PRODUCTS = 40


def _products(spelt: str, known: Mapping[str, Any]) -> tuple[tuple[Leaf, ...], ...]:
    """The sum of products that a text writes, multiplied out; none where it is no such sum."""
    if not spelt:
        return ()
    python = re.sub(r"[·×⋅]", "*", spelt).replace("^", "**").replace("²", "**2").replace("³", "**3")
    try:
        return tuple(tuple(p) for p in _expanded(ast.parse(python, mode="eval").body, known))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _expanded(node: ast.expr, known: Mapping[str, Any]) -> list[list[Leaf]]:
    match node:
        case ast.Constant(value=int(number)):
            return [[Leaf(number)]]
        case ast.Name(id=name) if isinstance(known.get(name), int):
            return [[Leaf(known[name], name)]]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _few([*_expanded(left, known), *_expanded(right, known)])
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _few([[*a, *b] for a in _expanded(left, known) for b in _expanded(right, known)])
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
            if 1 <= power <= 4:
                return _few(_power(_expanded(left, known), power))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            a, b = _expanded(left, known), _expanded(right, known)
            return [[Leaf(_value(a) - _value(b))]]
        case ast.BinOp(left=left, op=ast.Div() | ast.FloorDiv(), right=right):
            above, below = (_value(_expanded(part, known)) for part in (left, right))
            if below and above % below == 0:
                return [[Leaf(above // below)]]
        case _:
            pass
    raise ValueError("no sum of products")


def _value(products: Sequence[Sequence[Leaf]]) -> int:
    return sum(prod(leaf.value for leaf in product) for product in products)


def _power(products: list[list[Leaf]], power: int) -> list[list[Leaf]]:
    found = products
    for _ in range(power - 1):
        found = [[*a, *b] for a in found for b in products]
    return found


def _few(products: list[list[Leaf]]) -> list[list[Leaf]]:
    if len(products) > _MOST_PRODUCTS:
        raise ValueError("too many products")
    return products


# Shapes


def read_shape(
    value: Claimable,
    name: str,
    letters: Mapping[str, Any],
    symbolic: frozenset[str] = frozenset(),
) -> tuple[Any, ...]:
    """A claimed shape, or a size, as a tuple.

    >>> read_shape("28x28x32", "conv2d", {}), read_shape((28, 28, 32), "conv2d", {})
    ((28, 28, 32), (28, 28, 32))
    """
    if isinstance(value, str):
        text = value.strip().strip("()[]")
        parts: Sequence[Any] = [p for p in re.split(r"\s*[x×,]\s*", text) if p]
        parts = [p for p in parts if p.lower() not in ("none", "batch", "?")]
    elif isinstance(value, tuple | list):
        parts = [p for p in value if p is not None]
    else:
        parts = [value]
    return tuple(_size(part, name, letters, symbolic) for part in parts)


def _size(part: Any, name: str, letters: Mapping[str, Any], symbolic: frozenset[str]) -> int | Expr:
    claimed = read_claim(part, name, letters, symbolic)
    return claimed.value if claimed.formula is None else claimed.formula
