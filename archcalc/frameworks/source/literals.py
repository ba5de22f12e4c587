"""Constants, texts and collections as a source writes them, and loops that make collections."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.sizes import Size
from archcalc.frameworks.importing.values import Value
from archcalc.frameworks.source.reader import Reader
from archcalc.frameworks.source.states import State
from archcalc.frameworks.source.values import (
    Children,
    Frame,
    Imported,
    Instance,
    Joined,
    Made,
    Unknown,
)
from archcalc.symbolic.limits import LIMITS

__all__ = ["Literals", "UnknownLoopError", "kind_of"]


class UnknownLoopError(Exception):
    """A loop goes over what is not known, such as a data set."""


class Literals(Reader, ABC):
    """Values that stand in a source as they are."""

    @abstractmethod
    def eval(self, node: ast.AST, frame: Frame) -> Any:
        """What an expression stands for."""

    @abstractmethod
    def truth(self, node: ast.AST, frame: Frame) -> bool:
        """Whether a condition holds."""

    # Names and constants

    def _Constant(self, node: ast.Constant, frame: Frame) -> Any:
        value = node.value
        if isinstance(value, int) and value.bit_length() > LIMITS.bits:
            self.refuse(node, "this number is too large", code="too-large")
        return value

    def _JoinedStr(self, node: ast.JoinedStr, frame: Frame) -> str:
        return "".join(str(self.eval(part, frame)) for part in node.values)

    def _FormattedValue(self, node: ast.FormattedValue, frame: Frame) -> str:
        value = self.eval(node.value, frame)
        spec = self.eval(node.format_spec, frame) if node.format_spec else ""
        if re.search(r"\d{4}", spec):
            self.refuse(node, "this is wider than any text", code="too-large")
        if isinstance(value, Unknown | Imported):
            return value.name if isinstance(value, Unknown) else value.last
        if isinstance(value, Size):
            return str(value.dim)
        if not isinstance(value, str | int | float | None | tuple | list):
            self.refuse(node, "only numbers and texts become text")
        return format(value, spec) if spec else str(value)

    # Collections

    def _items(self, nodes: list[ast.expr], frame: Frame) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.items(self.eval(node.value, frame), node)
            else:
                yield self.eval(node, frame)

    def _Tuple(self, node: ast.Tuple, frame: Frame) -> Any:
        return tuple(self._items(node.elts, frame))

    def _List(self, node: ast.List, frame: Frame) -> Any:
        return list(self._items(node.elts, frame))

    def _Set(self, node: ast.Set, frame: Frame) -> Any:
        return set(self._items(node.elts, frame))

    def _Dict(self, node: ast.Dict, frame: Frame) -> Any:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                more = self.eval(value, frame)
                made |= more if isinstance(more, dict) else {}
            else:
                made[self.eval(key, frame)] = self.eval(value, frame)
        return made

    def _Slice(self, node: ast.Slice, frame: Frame) -> slice:
        ends = (node.lower, node.upper, node.step)
        return slice(*(None if end is None else self.eval(end, frame) for end in ends))

    def _ListComp(self, node: Any, frame: Frame) -> Any:
        return [self.eval(node.elt, inner) for inner in self._loops(node.generators, frame)]

    _GeneratorExp = _ListComp

    def _SetComp(self, node: Any, frame: Frame) -> Any:
        return set(self._ListComp(node, frame))

    def _DictComp(self, node: Any, frame: Frame) -> Any:
        return {
            self.eval(node.key, inner): self.eval(node.value, inner)
            for inner in self._loops(node.generators, frame)
        }

    def _loops(self, generators: list[ast.comprehension], frame: Frame) -> Iterator[Frame]:
        if not generators:
            yield frame
            return
        first, *rest = generators
        try:
            items = self.items(self.eval(first.iter, frame), first.iter)
        except UnknownLoopError:
            self.refuse(first.iter, "what this goes over is not known")
        for item in items:
            inner = Frame({}, frame, frame.cls)
            self.assign(first.target, item, inner)
            if all(self.truth(condition, inner) for condition in first.ifs):
                yield from self._loops(rest, inner)

    @abstractmethod
    def assign(self, target: ast.AST, value: Any, frame: Frame) -> None:
        """Give a value to a name, an attribute or an item."""

    def items(self, value: Any, node: ast.AST | None = None) -> Iterator[Any]:
        """What a loop over a value goes through.

        Raises:
            UnknownLoopError: the value is not known.
        """
        if isinstance(value, Unknown | Imported):
            raise UnknownLoopError
        if isinstance(value, Instance) and isinstance(value.parts, Children):
            value = value.parts
        if isinstance(value, Children):
            value = list(value.parts if value.kind == "ModuleDict" else value.parts.values())
        elif isinstance(value, Value | Ref):
            value = self.bench.function("unbind", (value,), {})
        elif isinstance(value, State):
            value = [value.pick(index) for index in range(value.count)]
        if not isinstance(value, list | tuple | dict | set | str | range):
            self.refuse(node, f"a loop over {kind_of(value)} is not read")
        return self._counted(value, node)

    def _counted(self, items: Any, node: ast.AST | None) -> Iterator[Any]:
        for item in items:
            self.tick(node)
            yield item


def kind_of(value: Any) -> str:
    """What a value is, in an error."""
    if isinstance(value, Made | Joined):
        return "a layer"
    return type(value).__name__
