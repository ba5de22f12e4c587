"""Statements followed one after the other: what a source does, as far as models depend on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.callables import Callables
from archcalc.frameworks.source.defaults import full_name
from archcalc.frameworks.source.freezing import freezes, set_trained
from archcalc.frameworks.source.literals import UnknownLoopError
from archcalc.frameworks.source.neighbours import Deferred, Neighbours
from archcalc.frameworks.source.values import (
    Bound,
    Children,
    Class,
    Frame,
    Function,
    Imported,
    Instance,
    Poison,
    Unknown,
)
from archcalc.symbolic.errors import ArchcalcError, FrameworkError

__all__ = ["Machine"]

_ADDS = frozenset(
    [
        "add",
        "append",
        "extend",
        "insert",
        "add_module",
        "pop",
        "update",
        "register_buffer",
        "setdefault",
    ]
)
"""Methods that change what they are of."""


_PASSED_OVER = (ast.Pass, ast.Assert, ast.Delete, ast.Global, ast.Nonlocal)
"""Statements that say nothing of a model."""


class _Returned(Exception):  # noqa: N818  # it is no error
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class _Broken(Exception):  # noqa: N818  # it is no error
    """``break``."""


class _Continued(Exception):  # noqa: N818  # it is no error
    """``continue``."""


class Machine(Callables):
    """One source, followed from its first statement to its last."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.globals = Frame()
        self.stars: list[str] = []
        self.open_axes: set[str] = set()
        self.problems: list[ArchcalcError] = []
        self.order: dict[str, int] = {}
        self.beside = Neighbours(self)
        self.brought: set[str] = set()

    def follow(self, tree: ast.Module) -> None:
        """Follow a source; a statement that cannot be read fails only what depends on it."""
        for number, statement in enumerate(tree.body):
            self.begin()
            self._followed(statement, number)

    def follow_beside(self, tree: ast.Module, frame: Frame) -> None:
        """Follow another file, whose names are those of a frame of its own."""
        around = self.globals, self.stars, self.problems, self.order, self.brought
        self.globals, self.stars, self.problems, self.order, self.brought = frame, [], [], {}, set()
        try:
            for number, statement in enumerate(tree.body):
                self._followed(statement, number)
        finally:
            self.globals, self.stars, self.problems, self.order, self.brought = around

    def _followed(self, statement: ast.stmt, number: int) -> None:
        if isinstance(statement, ast.If | ast.With | ast.Try):
            self._opened(statement, number)
            return
        try:
            self.statement(statement, self.globals)
        except ArchcalcError as error:
            self._poison(statement, error)
        except (_Returned, _Broken, _Continued):
            pass
        for name in _assigned(statement):
            self.order[name] = number

    def _opened(self, statement: Any, number: int) -> None:
        """What stands inside an ``if``, a ``with`` or a ``try`` of the file itself, one by one."""
        try:
            if isinstance(statement, ast.If):
                test = self.eval(statement.test, self.globals)
                if isinstance(test, Unknown):
                    self.refuse(statement.test, "it is not known whether this holds")
                inside = statement.body if self.true(test, statement.test) else statement.orelse
            elif isinstance(statement, ast.With):
                self._with_names(statement, self.globals)
                inside = statement.body
            else:
                inside = [*statement.body, *statement.orelse, *statement.finalbody]
        except ArchcalcError as error:
            self._poison(statement, error)
            return
        for part in inside:
            self._followed(part, number)

    def _poison(self, statement: ast.stmt, error: ArchcalcError) -> None:
        """What a statement would have given or changed is an error for whoever needs it."""
        self.problems.append(error)
        self._spoil(statement, self.globals, error)

    def _spoil(self, statement: ast.stmt, frame: Frame, error: ArchcalcError) -> None:
        assigned = set(_assigned(statement))
        for name in assigned.union(_changed(statement)):
            if name in assigned or name not in frame.names or _matters(frame.names[name]):
                frame.names[name] = Poison(error, _called(statement))

    # Statements

    def statement(self, node: ast.stmt, frame: Frame) -> None:
        """Follow one statement."""
        self.tick(node)
        if isinstance(node, _PASSED_OVER):
            return
        follow = getattr(self, f"_do_{type(node).__name__}", None)
        if follow is None:
            self.refuse(node, f"{type(node).__name__} is not read")
        self.deeper(node)
        try:
            follow(node, frame)
        except ArchcalcError as error:
            raise self.at(node, error) from None
        except (NotLoweredError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise self.at(node, FrameworkError(str(error), code="not-read")) from None
        finally:
            self.higher()

    def statements(self, nodes: list[ast.stmt], frame: Frame) -> None:
        """Several, one after the other."""
        for node in nodes:
            self.statement(node, frame)

    def body(self, statements: list[ast.stmt], frame: Frame) -> Any:
        try:
            self.statements(statements, frame)
        except _Returned as returned:
            return returned.value
        return None

    def _do_Expr(self, node: ast.Expr, frame: Frame) -> None:
        value = self.eval(node.value, frame)
        function = getattr(node.value, "func", None)
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            in_place = function.attr.endswith("_") and not function.attr.endswith("__")
            if in_place and isinstance(value, Value):
                self.assign(function.value, value, frame)

    def _do_Assign(self, node: ast.Assign, frame: Frame) -> None:
        value = self.eval(node.value, frame)
        for target in node.targets:
            self.assign(target, value, frame)

    def _do_AnnAssign(self, node: ast.AnnAssign, frame: Frame) -> None:
        if node.value is not None:
            self.assign(node.target, self.eval(node.value, frame), frame)

    def _do_AugAssign(self, node: ast.AugAssign, frame: Frame) -> None:
        read: Any = ast.copy_location(_as_read(node.target), node.target)
        value = self.eval(read, frame)
        more = self.eval(node.value, frame)
        if isinstance(value, list) and isinstance(node.op, ast.Add):
            value.extend(self.items(more, node))
        elif isinstance(value, Children) and isinstance(node.op, ast.Add):
            self.call(node, Bound(value, "extend"), [list(self.items(more, node))], {})
        else:
            self.assign(node.target, self.computed(type(node.op), value, more), frame)

    def assign(self, target: ast.AST, value: Any, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            if isinstance(value, Unknown) and not value.name and target.id != "_":
                value = Unknown(target.id)
            frame.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value, frame)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, frame)
        elif isinstance(target, ast.Attribute):
            if isinstance(value, Unknown) and not value.name:
                value = Unknown(target.attr)
            self.set_attribute(self.eval(target.value, frame), target.attr, value)
        elif isinstance(target, ast.Subscript):
            self._set_item(target, value, frame)

    def _unpack(self, target: Any, value: Any, frame: Frame) -> None:
        parts = target.elts
        if isinstance(value, Unknown | Imported):
            for part in parts:
                self.assign(part, Unknown(), frame)
            return
        items = list(self.items(value, target))
        star = next((i for i, part in enumerate(parts) if isinstance(part, ast.Starred)), None)
        if star is not None:
            end = len(items) - (len(parts) - star - 1)
            items = [*items[:star], items[star:end], *items[end:]]
        if len(items) != len(parts):
            self.refuse(target, f"{len(items)} values for {len(parts)} names")
        for part, item in zip(parts, items, strict=True):
            self.assign(part, item, frame)

    def _set_item(self, target: ast.Subscript, value: Any, frame: Frame) -> None:
        owner, index = self.eval(target.value, frame), self.eval(target.slice, frame)
        if isinstance(owner, list | dict):
            owner[index] = value
        elif hasattr(owner, "parts"):
            owner.network = None
            owner.parts[index if isinstance(index, str) else list(owner.parts)[index]] = value
        elif isinstance(owner, Value | Ref) and not self.bench.is_constant(owner):
            self.refuse(target, "a part of a tensor is replaced, which is not read")

    # What branches and repeats

    def _do_If(self, node: ast.If, frame: Frame) -> None:
        self.statements(node.body if self.truth(node.test, frame) else node.orelse, frame)

    def _do_For(self, node: ast.For, frame: Frame) -> None:
        told = freezes(node)
        if told is not None:
            set_trained(self.eval(told[0], frame), told[1])
            return
        try:
            over = self.eval(node.iter, frame)
            items = self.items(over, node.iter)
            if isinstance(over, Unknown):
                raise UnknownLoopError
        except UnknownLoopError:
            self._not_known(node, frame)
            return
        for item in items:
            self.assign(node.target, item, frame)
            try:
                self.statements(node.body, frame)
            except _Continued:
                continue
            except _Broken:
                return
        self.statements(node.orelse, frame)

    def _not_known(self, node: Any, frame: Frame) -> None:
        """A loop over a data set is passed over; who needs what it makes is told."""
        error = self.at(
            node,
            FrameworkError(
                "what this loop goes over is not known", code="undecided",
                hint="write the list or the range in the source",
            ),
        )  # fmt: skip
        self._spoil(node, frame, error)

    def _do_While(self, node: ast.While, frame: Frame) -> None:
        while True:
            test = self.eval(node.test, frame)
            if isinstance(test, Unknown):
                self._not_known(node, frame)
                return
            if not self.true(test, node.test):
                return
            try:
                self.statements(node.body, frame)
            except _Continued:
                continue
            except _Broken:
                return

    def _do_With(self, node: ast.With, frame: Frame) -> None:
        self._with_names(node, frame)
        self.statements(node.body, frame)

    def _with_names(self, node: ast.With, frame: Frame) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self.assign(item.optional_vars, Unknown(), frame)

    def _do_Try(self, node: ast.Try, frame: Frame) -> None:
        self.statements([*node.body, *node.orelse, *node.finalbody], frame)

    def _do_Return(self, node: ast.Return, frame: Frame) -> None:
        raise _Returned(None if node.value is None else self.eval(node.value, frame))

    def _do_Break(self, node: ast.Break, frame: Frame) -> None:
        raise _Broken

    def _do_Continue(self, node: ast.Continue, frame: Frame) -> None:
        raise _Continued

    def _do_Raise(self, node: ast.Raise, frame: Frame) -> None:
        self.refuse(node, "the source itself raises an error here", code="source-raises")

    # Definitions

    def _do_Import(self, node: ast.Import, frame: Frame) -> None:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            frame.names[alias.asname or name] = Imported(full_name(name))

    def _do_ImportFrom(self, node: ast.ImportFrom, frame: Frame) -> None:
        module = node.module or ""
        file = self.beside.imported(node, getattr(node, "text", self.text).path)
        for alias in node.names:
            name = alias.asname or alias.name
            if alias.name == "*":
                if file is None:
                    self.stars.append(module)
                else:
                    self._bring(self.beside.names(file), frame)
            elif module != "__future__":
                made = Imported(full_name(f"{module}.{alias.name}" if module else alias.name))
                self._bring({name: Deferred(file, alias.name, made) if file else made}, frame)

    def _bring(self, names: dict[str, Any], frame: Frame) -> None:
        """Names of another module."""
        frame.names.update(names)
        self.brought.update(names)

    def _do_FunctionDef(self, node: ast.FunctionDef, frame: Frame) -> None:
        made = self.function(node, frame)
        names = [getattr(d, "attr", getattr(d, "id", "")) for d in node.decorator_list]
        kinds = {"staticmethod": "static", "classmethod": "class", "property": "property"}
        made.kind = next((kinds[name] for name in names if name in kinds), "")
        frame.names[node.name] = made

    def _do_ClassDef(self, node: ast.ClassDef, frame: Frame) -> None:
        bases = tuple(self.eval(base, frame) for base in node.bases)
        known = tuple(base for base in bases if isinstance(base, Class | Imported))
        inner = Frame({}, frame)
        self.statements([part for part in node.body if not _is_text(part)], inner)
        made = Class(node.name, known, inner.names)
        for value in inner.names.values():
            if isinstance(value, Function):
                value.cls, value.frame = made, frame
        if any("dataclass" in ast.dump(decorator) for decorator in node.decorator_list):
            declared = [part for part in node.body if isinstance(part, ast.AnnAssign)]
            made.fields = tuple(p.target.id for p in declared if isinstance(p.target, ast.Name))
        frame.names[node.name] = made


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _as_read(target: Any) -> Any:
    """A target of an assignment as an expression."""
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    return ast.Subscript(target.value, target.slice, ast.Load())


def _called(statement: ast.stmt) -> str:
    """The name of what is called for the value of a statement, without the modules it is in."""
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    called = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
    return called.rpartition(".")[2]


def _assigned(node: ast.AST) -> Iterator[str]:
    """The names that a statement gives values to."""
    for part in _walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, ast.FunctionDef | ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.ImportFrom | ast.Import):
            yield from (a.asname or a.name.partition(".")[0] for a in part.names)


def _changed(node: ast.AST) -> Iterator[str]:
    """The names of what a statement may change: by a method, an attribute, an item, a function."""
    for part in _walk(node):
        if isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store):
            yield from _root(part)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            if part.func.attr in _ADDS:
                yield from _root(part.func)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            yield from (arg.id for arg in part.args if isinstance(arg, ast.Name))


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """A statement and what is in it, without the bodies of functions and classes."""
    pending = [node]
    while pending:
        here = pending.pop()
        yield here
        if not isinstance(here, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(here))


def _root(node: Any) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _matters(value: Any) -> bool:
    """Whether a value is one that a statement can change."""
    return isinstance(value, list | dict | Instance | Unknown) or hasattr(value, "parts")
