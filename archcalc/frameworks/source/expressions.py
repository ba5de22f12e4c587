"""Expressions of Python, evaluated over a whitelist of what they may be."""

from __future__ import annotations

import ast
import operator
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.sizes import Size
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.defaults import builtin_names, known_name
from archcalc.frameworks.source.literals import Literals, kind_of
from archcalc.frameworks.source.neighbours import Deferred, Neighbours
from archcalc.frameworks.source.sizes import formula, of_sizes
from archcalc.frameworks.source.states import State
from archcalc.frameworks.source.values import (
    Builtin,
    Children,
    Frame,
    Function,
    Imported,
    Instance,
    Poison,
    Unknown,
    WeightOf,
)
from archcalc.symbolic.compare import at_least, equal
from archcalc.symbolic.errors import ArchcalcError, FrameworkError, quoted, shorten
from archcalc.symbolic.limits import LIMITS

__all__ = ["FAILURES", "Expressions", "as_ours"]

FAILURES = (
    NotLoweredError, ArchcalcError, TypeError, ValueError, LookupError, ArithmeticError,
    AttributeError, RecursionError, MemoryError,
)  # fmt: skip
"""What evaluating may end in; each is said as an error of ours at its place."""

_OPERATORS: Mapping[type, tuple[Callable[[Any, Any], Any], str]] = {
    ast.Add: (operator.add, "add"), ast.Sub: (operator.sub, "sub"),
    ast.Mult: (operator.mul, "mul"), ast.Div: (operator.truediv, "div"),
    ast.FloorDiv: (operator.floordiv, "floor_divide"), ast.Mod: (operator.mod, "remainder"),
    ast.Pow: (operator.pow, "pow"), ast.MatMult: (operator.matmul, "matmul"),
    ast.LShift: (operator.lshift, ""), ast.RShift: (operator.rshift, ""),
    ast.BitAnd: (operator.and_, "__and__"), ast.BitOr: (operator.or_, "__or__"),
    ast.BitXor: (operator.xor, ""),
}  # fmt: skip

_COMPARED: Mapping[type, tuple[Callable[[Any, Any], Any], str]] = {
    ast.Eq: (operator.eq, "eq"), ast.NotEq: (operator.ne, "ne"), ast.Lt: (operator.lt, "lt"),
    ast.LtE: (operator.le, "le"), ast.Gt: (operator.gt, "gt"), ast.GtE: (operator.ge, "ge"),
}  # fmt: skip

_NEVER = frozenset(
    [
        "eval",
        "exec",
        "compile",
        "open",
        "__import__",
        "globals",
        "locals",
        "vars",
        "input",
        "breakpoint",
        "memoryview",
    ]
)
"""What a source may not ask for where a model depends on it."""


class Expressions(Literals):
    """From an expression to what it stands for."""

    stars: list[str]
    beside: Neighbours

    def eval(self, node: ast.AST, frame: Frame) -> Any:
        """What an expression stands for.

        Raises:
            FrameworkError: it cannot be read; the error names its line.
        """
        self.tick(node)
        self.deeper(node)
        try:
            evaluate = getattr(self, f"_{type(node).__name__}", None)
            if evaluate is None:
                self.refuse(node, f"{type(node).__name__} is not read")
            return self.known(evaluate(node, frame))
        except FrameworkError as error:
            raise self.at(node, error) from None
        except FAILURES as error:
            raise self.at(node, as_ours(error)) from None
        finally:
            self.higher()

    def known(self, value: Any) -> Any:
        """A value, unless it is what a statement that cannot be read would have given."""
        if isinstance(value, Deferred):
            value = self.beside.value(value)
        if isinstance(value, Poison):
            raise value.error
        return value

    # What others of the reader do

    @abstractmethod
    def call(self, node: ast.AST, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a function."""

    @abstractmethod
    def attribute(self, owner: Any, name: str) -> Any:
        """What belongs to a value by name."""

    # Names

    def _Name(self, node: ast.Name, frame: Frame) -> Any:
        here: Frame | None = frame
        while here is not None:
            if node.id in here.names:
                return here.names[node.id]
            here = here.around
        if node.id in _NEVER or node.id.startswith("__"):
            if node.id == "__name__":
                return "__main__"
            self.refuse(node, f"{node.id} is not followed: a source is read and never run")
        found = known_name(node.id, self.stars)
        if found:
            return Imported(found)
        return Builtin(node.id) if node.id in builtin_names() else Unknown(node.id)

    def _NamedExpr(self, node: ast.NamedExpr, frame: Frame) -> Any:
        frame.names[node.target.id] = value = self.eval(node.value, frame)
        return value

    # Operators

    def _BinOp(self, node: ast.BinOp, frame: Frame) -> Any:
        return self.computed(
            type(node.op), self.eval(node.left, frame), self.eval(node.right, frame)
        )

    def computed(self, kind: type, left: Any, right: Any) -> Any:
        """Two values put together by an operator."""
        compute, name = _OPERATORS[kind]
        left, right = (
            self.borrowed.ref(x) if isinstance(x, WeightOf) else x for x in (left, right)
        )
        left, right = forced(left), forced(right)
        if isinstance(left, Value | Ref) or isinstance(right, Value | Ref):
            if not name:
                raise NotLoweredError("archcalc has no layer for this operator")
            return self.bench.function(name, (left, right), {})
        if isinstance(left, Unknown | Imported) or isinstance(right, Unknown | Imported):
            sizes = [self.size_of(x) for x in (left, right)]
            if None in sizes or kind not in _WITH_SIZES:
                return Unknown()
            left, right = sizes
        if isinstance(left, str) and kind is ast.Mod and not _is_plain(right):
            return Unknown()  # a text for a person
        _check_size(kind, left, right)
        if isinstance(left, Size) or isinstance(right, Size):
            return of_sizes(kind, left, right, compute)
        return compute(left, right)

    def size_of(self, value: Any) -> int | None:
        """A number, or a name without a value as the symbol that it becomes."""
        if isinstance(value, Unknown) and value.name:
            self.remark(f"{value.name} has no value in {self.file}: it is a symbol")
            return self.bench.symbol(value.name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _UnaryOp(self, node: ast.UnaryOp, frame: Frame) -> Any:
        if isinstance(node.op, ast.Not):
            return not self.truth(node.operand, frame)
        value = forced(self.eval(node.operand, frame))
        if isinstance(value, Unknown):
            return Unknown()
        if isinstance(value, Value | Ref):
            if isinstance(node.op, ast.UAdd):
                return value
            name = "neg" if isinstance(node.op, ast.USub) else "logical_not"
            return self.bench.function(name, (value,), {})
        minus = isinstance(node.op, ast.USub)
        return -value if minus else +value if isinstance(node.op, ast.UAdd) else ~value

    def _BoolOp(self, node: ast.BoolOp, frame: Frame) -> Any:
        value: Any = None
        for part in node.values:
            value = self.eval(part, frame)
            if self.true(value, part) == isinstance(node.op, ast.Or):
                return value
        return value

    def _IfExp(self, node: ast.IfExp, frame: Frame) -> Any:
        test = self.eval(node.test, frame)
        if isinstance(test, Unknown | Imported):
            return Unknown()
        return self.eval(node.body if self.true(test, node.test) else node.orelse, frame)

    def _Compare(self, node: ast.Compare, frame: Frame) -> Any:
        left = self.eval(node.left, frame)
        result: Any = True
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self.eval(other, frame)
            result = self.compared(op, left, right)
            if result is False or isinstance(result, Unknown):
                return result
            left = right
        return result

    def compared(self, op: ast.cmpop, left: Any, right: Any) -> Any:
        """Whether a relation holds; a tensor where tensors are compared."""
        if isinstance(op, ast.Is | ast.IsNot):
            same = left is right or (
                isinstance(left, bool | None | Imported | Builtin) and left == right
            )
            if isinstance(left, Unknown) and right is None:
                return isinstance(op, ast.IsNot)
            return same == isinstance(op, ast.Is)
        if isinstance(left, Value) or isinstance(right, Value):
            return self.bench.function(_COMPARED[type(op)][1], (left, right), {})
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown()
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, list | tuple | dict | set | str | range | Children):
                return Unknown()
            held: Any = right.parts if isinstance(right, Children) else right
            return (left in held) == isinstance(op, ast.In)
        if isinstance(left, Size) or isinstance(right, Size):
            return _decided(op, formula(left), formula(right))
        answer: Any = _COMPARED[type(op)][0](left, right)
        return answer

    def truth(self, node: ast.AST, frame: Frame) -> bool:
        """Whether a condition holds.

        Raises:
            FrameworkError: that is not known.
        """
        return self.true(self.eval(node, frame), node)

    def true(self, value: Any, node: ast.AST) -> bool:
        """Whether a value counts as true."""
        if isinstance(value, Unknown):
            self.refuse(
                node,
                "it is not known whether this holds",
                code="undecided",
                hint="give its values numbers",
            )
        if isinstance(value, Value):
            self.refuse(node, "this depends on the numbers in a tensor", code="undecided")
        return bool(value.parts) if isinstance(value, Children) else bool(value)

    # Parts

    def _Attribute(self, node: ast.Attribute, frame: Frame) -> Any:
        return self.attribute(self.eval(node.value, frame), node.attr)

    def _Subscript(self, node: ast.Subscript, frame: Frame) -> Any:
        owner = self.eval(node.value, frame)
        if isinstance(owner, Unknown | Imported | Builtin):
            return Unknown()
        if isinstance(owner, WeightOf):  # a part of it is begun with other numbers
            return Unknown()
        return self.item(owner, self.eval(node.slice, frame))

    def item(self, owner: Any, index: Any) -> Any:
        """An item of a list, a mapping, a tensor, or of layers in order."""
        if isinstance(owner, State):
            first, *rest = index if isinstance(index, tuple) else (index,)
            if not isinstance(first, int):
                return self.item(owner.whole(), index)
            picked = owner.pick(first)
            return picked if _is_all(rest) else self.item(picked, tuple(rest))
        if isinstance(owner, Value | Ref):
            return self.bench.function("__getitem__", (owner, index), {})
        if isinstance(owner, Instance) and isinstance(owner.parts, Children):
            owner = owner.parts
        if isinstance(owner, Children):
            return self._child(owner, index)
        if isinstance(index, Unknown):
            return Unknown()
        if not isinstance(owner, list | tuple | dict | str | range):
            raise TypeError(f"{kind_of(owner)} has no items")
        if isinstance(owner, dict) and index not in owner:
            raise KeyError(f"there is no {quoted(index, 40)} in it")
        return owner[index]

    def _child(self, owner: Children, index: Any) -> Any:
        if isinstance(index, str):
            return owner.parts[index]
        parts = list(owner.parts.values())
        if not isinstance(index, slice):
            return parts[index]
        made = Children(owner.kind, owner.torch)
        made.renumbered(parts[index])
        return made

    def _Lambda(self, node: ast.Lambda, frame: Frame) -> Function:
        return self.function(node, frame)

    def function(self, node: Any, frame: Frame) -> Function:
        """A function that is defined here, its defaults evaluated."""
        defaults = [self.eval(value, frame) for value in node.args.defaults]
        named = [None if v is None else self.eval(v, frame) for v in node.args.kw_defaults]
        return Function(node, frame, defaults, named)

    def _Call(self, node: ast.Call, frame: Frame) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return self.own_super(node, frame)
        function = self.eval(node.func, frame)
        args = list(self._items(node.args, frame))
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.eval(keyword.value, frame)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif isinstance(value, dict):
                kwargs |= {str(key): held for key, held in value.items()}
        return self.call(node, function, args, kwargs)

    @abstractmethod
    def own_super(self, node: ast.Call, frame: Frame) -> Any:
        """``super()`` in a method."""


_WITH_SIZES = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow, ast.Div)


def forced(value: Any) -> Any:
    """A state that a recurrent layer ends in as a tensor; anything else as it is."""
    return value.whole() if isinstance(value, State) else value


def _check_size(kind: type, left: Any, right: Any) -> None:
    """Refuse what would fill the memory.

    Raises:
        FrameworkError: the result is too large.
    """
    bits = [x.bit_length() if isinstance(x, int) else 0 for x in (left, right)]
    long = [len(x) for x in (left, right) if isinstance(x, str | list | tuple)]
    if kind is ast.Pow and isinstance(left, int) and isinstance(right, int):
        size = bits[0] * abs(right) if left not in (0, 1, -1) else 1
    elif kind is ast.LShift and isinstance(right, int):
        size = bits[0] + right
    elif kind is ast.Mult and long:
        size = max(long) * max([x for x in (left, right) if isinstance(x, int)] or [1])
        size = LIMITS.bits * size // LIMITS.source_items
    elif kind is ast.Add and len(long) == 2:
        size = LIMITS.bits * sum(long) // LIMITS.source_items
    elif kind is ast.Mod and isinstance(left, str) and re.search(r"\d{4}|\*", left):
        size = LIMITS.bits + 1
    else:
        size = sum(bits)
    if size > LIMITS.bits:
        raise FrameworkError(
            "what comes out is too large",
            code="too-large",
            hint="the numbers and lists of a model are far smaller",
        )


def _decided(op: ast.cmpop, left: Any, right: Any) -> Any:
    """Whether a relation holds whatever numbers the symbols get; unknown where that differs."""
    if not isinstance(left, int) and not hasattr(left, "free_symbols"):
        return isinstance(op, ast.NotEq)
    if not isinstance(right, int) and not hasattr(right, "free_symbols"):
        return isinstance(op, ast.NotEq)
    pairs: Mapping[type, Callable[[], bool | None]] = {
        ast.Eq: lambda: equal(left, right), ast.GtE: lambda: at_least(left, right),
        ast.LtE: lambda: at_least(right, left), ast.NotEq: lambda: _not(equal(left, right)),
        ast.Lt: lambda: _not(at_least(left, right)), ast.Gt: lambda: _not(at_least(right, left)),
    }  # fmt: skip
    answer = pairs[type(op)]()
    return Unknown() if answer is None else answer


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _is_all(index: list[Any]) -> bool:
    """Whether an index takes everything."""
    return all(part == slice(None) for part in index)


def as_ours(error: BaseException) -> ArchcalcError:
    if isinstance(error, ArchcalcError):
        return error
    if isinstance(error, RecursionError | MemoryError):
        return FrameworkError("this is nested too deeply", code="source-too-deep")
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return FrameworkError(shorten(text or type(error).__name__, 200), code="not-read")


def _is_plain(value: Any) -> bool:
    """Whether a value is Python's own, and so is what it holds."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float | None)
