"""Text to formula, without executing anything.

`sympify` evaluates its input, so the parser is our own: a scan into words that spells Unicode as
Python does, Python's grammar by way of `ast`, and a whitelist of exact operations.  Each step has
bounds, since a formula may come from anywhere: ``9**9**9`` is refused before it is computed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NoReturn

from sympy import Add, Expr, Integer, Max, Min, Mul, Pow, S

from archcalc.symbolic.division import CeilDiv, FloorDiv, is_whole, least_value
from archcalc.symbolic.errors import ArchcalcError, ArithmeticRuleError, ExpressionError, shorten
from archcalc.symbolic.extremes import settled
from archcalc.symbolic.lexer import FUNCTIONS, Source
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.sizes import (
    Sizes,
    TooLargeError,
    coefficient_bits,
    require,
)
from archcalc.symbolic.sums import Index, summed
from archcalc.symbolic.symbols import symbol

__all__ = ["parse"]


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
    source = Source(text)
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


class _Reader:
    """Builds the value of a syntax tree, one whitelisted node after another."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sizes = Sizes()
        self.arguments = 0
        self.extremes: dict[str, Expr] = {}
        self.sums = 0
        self.indices: dict[str, Index] = {}

    def read(self, node: ast.expr, depth: int = 0) -> Expr:
        if depth > 3 * LIMITS.nesting:  # one pair of brackets holds a sum, a product and a power
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
                hint=f"numbers go to {LIMITS.digits} digits, exponents to {LIMITS.exponent:,}, "
                f"sums to degree {LIMITS.degree}",
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
            if len(terms) >= LIMITS.terms:
                what = f"has more than {LIMITS.terms:,} terms in one sum"
                self.refuse(node, what, code="too-deep")
        return Add(self.read(node, depth), *reversed(terms))

    def _product(self, node: ast.expr, depth: int) -> Expr:
        """A chain of products in one `Mul`, also those in brackets, so that no number is
        distributed half-way and the order of factors is no matter."""
        factors: list[Expr] = []
        pending = [(node, False, False)]
        while pending:  # a node, whether it divides, and whether it stands in some divisor
            node, divides, under = pending.pop()
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
                below = isinstance(node.op, ast.Div)
                pending.append((node.right, divides != below, under or below))
                pending.append((node.left, divides, under))
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
                factors.append(S.NegativeOne)  # −a·b is −(a·b), also where a is a sum
                pending.append((node.operand, divides, under))
            else:
                factor = self.read(node, depth)
                if under and factor is S.Zero:
                    self._zero(node)
                factors.append(Pow(factor, S.NegativeOne) if divides else factor)
        require(sum(map(coefficient_bits, factors)) <= LIMITS.bits)
        return Mul(*factors)

    def _zero(self, node: ast.expr) -> NoReturn:
        raise ArithmeticRuleError(
            f"{self.source.shown} divides by zero",
            values={"text": shorten(self.source.text)},
        )

    def power(self, node: ast.expr, base: Expr, exponent: Expr) -> Expr:
        if not is_whole(exponent):
            self.refuse(node, "has a fractional exponent", code="fractional-exponent",
                        hint="an exponent has to be a whole number")  # fmt: skip
        require(all(abs(int(a)) <= LIMITS.exponent for a in exponent.atoms(Integer)))
        if exponent.is_Integer:
            require(coefficient_bits(base) * abs(int(exponent)) <= LIMITS.bits)
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
        if name not in FUNCTIONS or name == "range" or len(node.args) != 1 or node.keywords:
            self.refuse(node, f"does not call {name or 'a function'} with one argument",
                        code="bad-call")  # fmt: skip
        inside = node.args[0]
        rule = self.floor if name == "floor" else self.ceil
        if isinstance(inside, ast.BinOp) and isinstance(inside.op, ast.Div):
            # the division is kept as it stands, so that sympy cannot rearrange the fraction
            return rule(inside, self.read(inside.left, depth), self.read(inside.right, depth))
        return rule(inside, self.read(inside, depth), S.One)

    def _extreme(self, node: ast.Call, choose: type[Max | Min], depth: int) -> Expr:
        text = ast.dump(node)
        if text in self.extremes and not self.indices:  # repeated, it is no more work
            return self.extremes[text]
        self.arguments += len(node.args)
        if not node.args or node.keywords or self.arguments > LIMITS.arguments:
            self.refuse(node, f"gives max and min none or more than {LIMITS.arguments} arguments",
                        code="bad-call")  # fmt: skip
        arguments = [self.read(argument, depth) for argument in node.args]
        for argument in arguments:
            self.sizes.check_degree(argument)
        made = self.extremes[text] = settled(choose(*arguments))
        return made

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
        if self.sums > LIMITS.sums or len(self.indices) >= LIMITS.nested_sums:
            most = f"{LIMITS.sums} sums, or {LIMITS.nested_sums} inside one another"
            self.refuse(node, f"has more than {most}", code="too-large")
        count = self.read(over.args[0], depth)
        hidden = dict(self.indices)
        index = self.indices[each.target.id] = Index(symbol(each.target.id).name)
        term = self.read(inside.elt, depth)
        self.indices = hidden
        if count.is_number and not (count.is_Integer and count >= 0):
            self.refuse(node, "has a sum over no number of copies", code="bad-call",
                        hint="copies are counted: 0, 1, 2, …")  # fmt: skip
        return plain(summed(term, index, count))


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
