"""Mutants of formula code: each is one small mistake, planted in the syntax tree of a module.

What stands in error messages, annotations, decorators and the bounds of a search is left alone: it
is no formula.  Nor are ``zip(…, strict=True)``, which only notices that something else is wrong,
how much of a value is quoted in a message, and the order of arguments where it means nothing.
``return False`` does not become ``return None`` in a function that promises a ``bool``: whoever
asks it asks for the truth, and ``None`` is no truer.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

__all__ = ["Mutant", "mutants", "planted"]


@dataclass(frozen=True, order=True)
class Mutant:
    """One mistake in one module.

    Attributes:
        file: the module, as ``"archcalc/symbolic/sums.py"``.
        line, column: where the mistake is.
        before, after: the code there, and what it becomes.
        place: which node of the tree, and which mistake made there.
    """

    file: str
    line: int
    column: int
    before: str
    after: str
    place: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before}  →  {self.after}"


def mutants(file: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines.

    >>> for mutant in mutants("m.py", "def f(a, b):\\n    return max(a, 2) - b"):
    ...     print(mutant.line, mutant.before, "→", mutant.after)
    2 2 → 3
    2 max(a, 2) → min(a, 2)
    2 max(a, 2) - b → max(a, 2) + b
    2 return max(a, 2) - b → return None
    """
    found = []
    for number, node in enumerate(_formula_code(ast.parse(source))):
        for which, mistaken in enumerate(_mistakes(node)):
            before, after = (" ".join(ast.unparse(n).split()) for n in (node, mistaken))
            if isinstance(node, ast.stmt) and not isinstance(node, ast.Return):
                before, after = before.partition(":")[0], after.partition(":")[0]
            if before != after:
                place = (number, which)
                found.append(
                    Mutant(file, node.lineno, node.col_offset, before[:100], after[:100], place)
                )
    return found


def planted(mutant: Mutant, source: str) -> ast.Module:
    """The tree of the module with the mistake in it.

    >>> source = "def f(a, b):\\n    return a <= b"
    >>> [ast.unparse(planted(m, source)).splitlines()[1].strip() for m in mutants("m.py", source)]
    ['return a < b', 'return None']
    """
    tree = ast.parse(source)
    number, which = mutant.place
    node = list(_formula_code(tree))[number]
    mistaken = list(_mistakes(node))[which]
    node.__class__ = mistaken.__class__
    node.__dict__.clear()
    node.__dict__.update(mistaken.__dict__)
    return ast.fix_missing_locations(tree)


def _formula_code(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes in which a mistake would be a wrong formula; always in the same order."""
    for node in ast.iter_child_nodes(tree):
        bound = isinstance(node, ast.Assign | ast.AnnAssign) and _is_bound(node)
        if isinstance(node, _CODE) and not bound:
            yield from _inside(node)


_CODE = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


def _is_bound(node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether a constant only says how far is looked, as ``_MOST_TERMS = 2_000`` does."""
    return isinstance(node.value, ast.Constant | ast.UnaryOp)


def _inside(node: ast.AST, truth: bool = False) -> Iterator[ast.AST]:
    """The nodes of `node`; `truth` says whether the function around it returns a ``bool``."""
    if isinstance(node, ast.Raise | ast.JoinedStr) or _is_said(node):
        return
    if isinstance(node, ast.FunctionDef):
        truth = isinstance(node.returns, ast.Name) and node.returns.id == "bool"
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _inside(child, truth)
    if not (truth and _returns_false(node)):
        yield node


def _returns_false(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Return) else None
    return isinstance(value, ast.Constant) and value.value is False


def _is_said(node: ast.AST) -> bool:
    """Whether it is a quotation for a message, or the watch of a ``zip``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("quoted", "shorten")
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _mistakes(node: ast.AST) -> Iterator[ast.AST]:
    rule = _RULES.get(type(node))
    if rule is not None:
        yield from rule(node)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    made = deepcopy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


_OPERATORS: dict[type, type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_COMPARISONS: dict[type, type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_NAMES = {
    "Add": "Mul",
    "Mul": "Add",
    "Max": "Min",
    "Min": "Max",
    "max": "min",
    "min": "max",
    "all": "any",
    "any": "all",
    "sum": "max",
    "prod": "sum",
    "FloorDiv": "CeilDiv",
    "CeilDiv": "FloorDiv",
    "floor_div": "ceil_div",
    "ceil_div": "floor_div",
}
_COMMUTATIVE = frozenset({"Add", "Mul", "Max", "Min", "max", "min", "gcd", "lcm",
                          "equal", "largest", "smallest"})  # fmt: skip


def _binary(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in _OPERATORS:
        yield _with(node, op=_OPERATORS[type(node.op)]())


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for i, operator in enumerate(node.ops):
        if type(operator) in _COMPARISONS:
            changed = [*node.ops[:i], _COMPARISONS[type(operator)](), *node.ops[i + 1 :]]
            yield _with(node, ops=changed)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    elif isinstance(node.value, int):
        yield _with(node, value=node.value + 1)


def _joined(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _signed(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield deepcopy(node.operand)


def _called(node: ast.Call) -> Iterator[ast.AST]:
    args = node.args
    commutes = isinstance(node.func, ast.Name) and node.func.id in _COMMUTATIVE
    if len(args) > 1 and not commutes and not any(isinstance(a, ast.Starred) for a in args[:2]):
        yield _with(node, args=[args[1], args[0], *args[2:]])
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield _with(node, func=ast.Name(_NAMES[node.func.id], ast.Load()))


def _decided(node: ast.If | ast.IfExp | ast.While) -> Iterator[ast.AST]:
    yield _with(node, test=ast.UnaryOp(ast.Not(), deepcopy(node.test)))


def _returned(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value is None
    ):
        yield _with(node, value=ast.Constant(None))


_RULES: dict[type, Callable[..., Iterator[ast.AST]]] = {
    ast.BinOp: _binary,
    ast.Compare: _compared,
    ast.Constant: _constant,
    ast.BoolOp: _joined,
    ast.UnaryOp: _signed,
    ast.Call: _called,
    ast.If: _decided,
    ast.IfExp: _decided,
    ast.While: _decided,
    ast.Return: _returned,
}
