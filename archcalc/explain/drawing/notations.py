"""Drawings of networks as text that other programs draw: Mermaid and Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from archcalc.explain.drawing.parts import Block, Part, Value, fed
from archcalc.explain.drawing.placing import Look, label_of, plain_words, shape_of
from archcalc.symbolic.printing.plain import visible

__all__ = ["as_dot", "as_mermaid"]


@dataclass
class _Named:
    """The parts that are drawn, each with a short name, and of which part each row is."""

    look: Look
    names: dict[str, str] = field(default_factory=dict)
    drawn: list[tuple[str, Part]] = field(default_factory=list)
    of_row: dict[int, str] = field(default_factory=dict)

    def is_open(self, part: Part) -> bool:
        return isinstance(part, Block) and part.key in self.look.opened

    def add(self, parts: Sequence[Part]) -> None:
        """Name what is drawn; rows of equal blocks that are not drawn are those that are."""
        for part in parts:
            name = self.names.setdefault(part.key, f"p{len(self.names)}")
            if isinstance(part, Block) and self.is_open(part):
                self.add(part.parts)
                shift = len(part.drawn)
                for row in part.rows[shift:]:
                    self.of_row[row] = self.of_row[part.rows[(row - part.rows[0]) % shift]]
            else:
                self.drawn.append((name, part))
                self.of_row.update(dict.fromkeys(part.rows, name))

    def edges(self) -> Iterator[tuple[str, str, str]]:
        """``(from, to, shape)``, each once."""
        trace = self.look.trace
        seen: dict[tuple[str, str, str], None] = {}
        for number, row in enumerate(trace.rows):
            for value in fed(row):
                self._edge(seen, value, self.of_row[number])
        for place, value in enumerate(zip(trace.ends, trace.end_outputs, strict=True)):
            self._edge(seen, value, f"out{place}")
        yield from seen

    def _edge(self, seen: dict[tuple[str, str, str], None], value: Value, to: str) -> None:
        start = f"in{-1 - value[0]}" if value[0] < 0 else self.of_row[value[0]]
        shape = str(shape_of(self.look.trace, value)) if self.look.shapes else ""
        if start != to:
            seen[start, to, shape] = None


def _named(block: Block, look: Look) -> tuple[_Named, Sequence[Part]]:
    parts = (block,) if block.times != 1 else block.parts
    named = _Named(look)
    named.add(parts)
    return named, parts


def _ends(look: Look) -> Iterator[tuple[str, str]]:
    trace = look.trace
    for word, shapes in (("in", trace.inputs), ("out", trace.outputs)):
        yield from ((f"{word}{place}", str(shape)) for place, shape in enumerate(shapes))


def as_mermaid(block: Block, look: Look) -> str:
    """A flowchart of Mermaid.

    Source: https://mermaid.js.org/syntax/flowchart.html
    """
    named, parts = _named(block, look)
    lines = [f"flowchart {'TD' if look.down else 'LR'}"]
    lines += [f'    {name}(["{_mermaid(shape)}"])' for name, shape in _ends(look)]
    lines += _mermaid_parts(named, parts, 1)
    for start, to, shape in named.edges():
        said = f'|"{_mermaid(shape)}"|' if shape else ""
        lines.append(f"    {start} -->{said} {to}")
    return "\n".join(lines)


def _mermaid_parts(named: _Named, parts: Sequence[Part], depth: int) -> Iterator[str]:
    room = "    " * depth
    for part in parts:
        name, label = named.names[part.key], [plain_words(words) for words in label_of(part)]
        if isinstance(part, Block) and named.is_open(part):
            yield f'{room}subgraph {name}["{_mermaid(label[0])}"]'
            yield from _mermaid_parts(named, part.parts, depth + 1)
            yield f"{room}end"
        else:
            yield f'{room}{name}["{"<br/>".join(map(_mermaid, label))}"]'


def _mermaid(words: str) -> str:
    """Words between quotation marks, every other sign by its number."""
    plain = " ×·/⌈⌉⌊⌋,._^+-−²³"
    return "".join(c if c.isalnum() or c in plain else f"#{ord(c)};" for c in visible(words))


def as_dot(block: Block, look: Look) -> str:
    """A graph of Graphviz.

    Source: https://graphviz.org/doc/info/lang.html
    """
    named, parts = _named(block, look)
    lines = [
        "digraph network {",
        f"    rankdir={'TB' if look.down else 'LR'}; node [shape=box, style=rounded];",
        *(f"    {name} [label={_dot(shape)}, shape=plain];" for name, shape in _ends(look)),
        *_dot_parts(named, parts, 1),
    ]
    for start, to, shape in named.edges():
        lines.append(f"    {start} -> {to}" + (f" [label={_dot(shape)}];" if shape else ";"))
    return "\n".join([*lines, "}"])


def _dot_parts(named: _Named, parts: Sequence[Part], depth: int) -> Iterator[str]:
    room = "    " * depth
    for part in parts:
        name, label = named.names[part.key], [plain_words(words) for words in label_of(part)]
        if isinstance(part, Block) and named.is_open(part):
            yield f"{room}subgraph cluster_{name} {{ label={_dot(label[0])};"
            yield from _dot_parts(named, part.parts, depth + 1)
            yield f"{room}}}"
        else:
            yield f"{room}{name} [label={_dot(*label)}];"


def _dot(*lines: str) -> str:
    words = "\n".join(map(visible, lines))
    shown = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{shown}"'
