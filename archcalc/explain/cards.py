"""The layers there are, and the card of each: its arguments, and its formulas on symbols."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from inspect import Parameter, cleandoc, signature
from typing import Any

from archcalc.explain.derivation import Step, derive
from archcalc.explain.document import Block, Code, Document, Inlines, Paragraph, Table
from archcalc.explain.renderable import Renderable
from archcalc.layers import Applied, Layer
from archcalc.layers.model import COMMON
from archcalc.layers.registry import is_layer_class, layer_class, layer_classes
from archcalc.network import Network, Row, Trace
from archcalc.symbolic.errors import ArchcalcError, LookupFailedError, quoted
from archcalc.symbolic.shape import as_shape

__all__ = ["Card", "Listing", "layers_like"]

_SHAPES = (("n",), ("t", "c"), ("h", "w", "c"), ("d", "h", "w", "c"))
"""Inputs of so many axes; a layer is shown on the first that it takes."""


@dataclass(frozen=True, repr=False)
class Listing(Renderable):
    """Layers by name, each with what it is in a line.

    Attributes:
        kinds: the classes.
    """

    kinds: tuple[type[Layer], ...]

    def document(self) -> Document:
        rows: list[tuple[Inlines, ...]] = [
            ((Code(kind.__name__),), (_words(_first(kind)),)) for kind in self.kinds
        ]
        return Document("Layers", (Table(("layer", "what it is"), "ll", tuple(rows)),))

    def to_dict(self) -> dict[str, Any]:
        return {"layers": {kind.__name__: _words(_first(kind)) for kind in self.kinds}}


@dataclass(frozen=True, repr=False)
class Card(Renderable):
    """One layer: what it is, its arguments, and its formulas on an input of symbols.

    Attributes:
        kind: the class.
    """

    kind: type[Layer]

    def document(self) -> Document:
        blocks: list[Block] = [
            Paragraph((Code(self.kind.__name__), "  ", _words(_first(self.kind))))
        ]
        said = _arguments(self.kind)
        rows: list[tuple[Inlines, ...]] = [
            ((Code(p.name),), (_default(p),), (_words(said.get(p.name, "")),))
            for p in _parameters(self.kind)
        ]
        if rows:
            blocks.append(Table(("argument", "default", "what it is"), "lll", tuple(rows)))
        step = _step(self.kind)
        if step is not None:
            entry = step.entry()
            rules = (replace(r, note=()) if r.label == "params" else r for r in entry.rules)
            blocks.append(replace(entry, rules=tuple(rules)))  # one layer has no running total
        if self.kind.source:
            blocks.append(Paragraph((f"source: {self.kind.source}",)))
        return Document(self.kind.__name__, tuple(blocks))

    def to_dict(self) -> dict[str, Any]:
        said, step = _arguments(self.kind), _step(self.kind)
        return {
            "layer": self.kind.__name__,
            "what": _words(_first(self.kind)),
            "arguments": {
                p.name: {"default": _default(p), "what": _words(said.get(p.name, ""))}
                for p in _parameters(self.kind)
            },
            "derivation": None if step is None else step.to_dict(),
            "source": self.kind.source,
        }


def layers_like(pattern: str = "*") -> Listing | Card:
    """The card of a layer, or the layers whose names a pattern fits.

    Args:
        pattern: a name or an alias; or a part of names, in any case, with ``*`` for anything.

    Raises:
        LookupFailedError: no name fits.

    >>> layers_like("zeropadding*")
    layer          what it is
    ────────────────────────────────────────────────────────────────────
    ZeroPadding1D  Zeros before and after, over time.
    ZeroPadding2D  Zeros before and after, over height and width.
    ZeroPadding3D  Zeros before and after, over depth, height and width.
    """
    if is_layer_class(pattern):
        return Card(layer_class(pattern))
    wanted = pattern.lower() if "*" in pattern else f"*{pattern.lower()}*"
    kinds = tuple(k for name, k in layer_classes().items() if fnmatchcase(name.lower(), wanted))
    if not kinds:
        raise LookupFailedError(
            f"no layer is called {quoted(pattern, 60)}", hint="archcalc layers lists them all"
        )
    return Listing(kinds)


def _words(text: str) -> str:
    """Running text without the marks of reStructuredText."""
    return " ".join(text.replace("``", "").replace("`", "").split())


def _first(kind: type[Layer]) -> str:
    return cleandoc(kind.__doc__ or "").split("\n\n")[0]


def _parameters(kind: type[Layer]) -> Iterator[Parameter]:
    return (p for p in signature(kind).parameters.values() if p.name not in COMMON)


def _default(parameter: Parameter) -> str:
    return "" if parameter.default is Parameter.empty else repr(parameter.default)


_AS_IN = re.compile(r"\bas in `(\w+)`")
_NAMED = re.compile(r"^ {4}(?P<names>\w[\w, ]*): (?P<text>.*(?:\n {8}.*)*)", re.MULTILINE)


def _arguments(kind: type[Layer]) -> dict[str, str]:
    """What the docstring says of each argument, or that of the layer it refers to."""
    known: dict[str, str] = {}
    for base in reversed(kind.__mro__[1:]):
        known |= _own_arguments(base) if issubclass(base, Layer) else {}
    other = _AS_IN.search(kind.__doc__ or "")
    known |= _arguments(layer_class(other[1])) if other and is_layer_class(other[1]) else {}
    own = _own_arguments(kind).items()
    return known | {name: text for name, text in own if name not in known or not _AS_IN.match(text)}


def _own_arguments(kind: type[Layer]) -> dict[str, str]:
    parts = re.split(r"^Args:\n", cleandoc(kind.__doc__ or ""), maxsplit=1, flags=re.MULTILINE)
    section = re.split(r"\n(?=\S)", parts[-1], maxsplit=1)[0] if len(parts) == 2 else ""
    return {
        name.strip(): found["text"]
        for found in _NAMED.finditer(section)
        for name in found["names"].split(",")
    }


def _step(kind: type[Layer]) -> Step | None:
    """The layer on an input of symbols, with symbols for what it has to be given."""
    if issubclass(kind, Network):
        return None
    for names in _SHAPES:
        try:
            applied = Applied(kind(**_given(kind)), (as_shape(names),))
            row = Row(kind.__name__, applied, (-1,))
            return derive(Trace(applied.layer, applied.inputs, (row,), ())).steps[0]
        except (ArchcalcError, TypeError, ValueError):
            continue
    return None


def _given(kind: type[Layer]) -> dict[str, Any]:
    """A symbol for every argument that has no default."""
    fields = kind.model_fields
    return {
        name: str(field.json_schema_extra["symbol"])
        for name, field in fields.items()
        if field.is_required()
        and isinstance(field.json_schema_extra, dict)
        and "symbol" in field.json_schema_extra
    }
