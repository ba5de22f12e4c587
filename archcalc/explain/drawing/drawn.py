"""A network drawn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from archcalc.explain.drawing.costs import COSTS, Costed, amounts
from archcalc.explain.drawing.notations import as_dot, as_mermaid
from archcalc.explain.drawing.parts import Block, Part, block_of
from archcalc.explain.drawing.placing import Direction, Look, Placed, place
from archcalc.explain.drawing.vector import as_svg
from archcalc.explain.svg import Svg
from archcalc.network import Network, Trace, traced
from archcalc.symbolic.errors import PictureError, SpecificationError, quoted, shorten
from archcalc.symbolic.printing.plain import visible

__all__ = ["Drawing", "draw", "opened_keys"]

_ENOUGH = 28
"""The first block of each kind is opened, while no more cards than this are drawn."""


@dataclass(frozen=True, repr=False)
class Drawing:
    """A network drawn: SVG in a notebook, and text for Mermaid and Graphviz.

    Attributes:
        trace: what is drawn.
        block: its layers in blocks.
        look: how it is laid out.
    """

    trace: Trace
    block: Block = field(repr=False)
    look: Look = field(repr=False)

    @cached_property
    def placed(self) -> Placed:
        """Where everything stands; its ``crossings`` say how often lines cross."""
        parts = (self.block,) if self.block.times != 1 else self.block.parts
        return place(parts, self.look)

    def to_svg(self) -> Svg:
        """As SVG, in the ink of the page that it stands on."""
        return as_svg(self.placed, self.title, self._in_words())

    def to_mermaid(self) -> str:
        """As a flowchart of Mermaid, which GitHub and GitLab draw in Markdown."""
        return as_mermaid(self.block, self.look)

    def to_dot(self) -> str:
        """As a graph of Graphviz."""
        return as_dot(self.block, self.look)

    @property
    def title(self) -> str:
        """What is drawn."""
        return visible(self.block.name)

    def _in_words(self) -> str:
        names = [_name(part) for part in self.block.parts]
        shown = ", then ".join(names[:12]) + (", and so on" if len(names) > 12 else "")
        both = (self.trace.inputs, self.trace.outputs)
        ins, outs = (", ".join(map(str, shapes)) for shapes in both)
        return visible(f"From {ins or 'nothing'} to {outs}: {shown}.")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file: ``.svg``, ``.mmd`` for Mermaid or ``.dot`` for Graphviz.

        Raises:
            PictureError: the ending is none of these, or the file cannot be written.
        """
        name = os.fspath(path)
        ending = os.path.splitext(name)[1].lower()
        ways = {".svg": self.to_svg, ".mmd": self.to_mermaid, ".dot": self.to_dot,
                ".gv": self.to_dot}  # fmt: skip
        if ending not in ways:
            raise PictureError(
                f"{shorten(name, 60)} has no ending of a drawing", code="bad-format",
                hint="write net.svg, net.mmd or net.dot",
            )  # fmt: skip
        try:
            with open(name, "w", encoding="utf-8", newline="\n") as file:
                file.write(ways[ending]() + "\n")
        except OSError as error:
            raise PictureError(
                f"{shorten(name, 60)} cannot be written: {error.strerror}", code="not-written"
            ) from error

    def _repr_svg_(self) -> tuple[str, dict[str, str]]:
        return self.to_svg()._repr_svg_()

    def __repr__(self) -> str:
        return f"<Drawing of {self.title}: save() writes it, a notebook shows it>"


def draw(
    network: Network | Trace | str | os.PathLike[str],
    *,
    direction: Direction = "down",
    depth: int | None = None,
    width: Costed | None = None,
    shapes: bool = True,
    **values: Any,
) -> Drawing:
    """A network drawn, with its blocks as boxes and the shapes of what flows on the lines.

    Equal blocks that follow one another are drawn once, with their number; a normalization or an
    activation stands on the card of the layer before it.  Lines do not cross where there is a way.

    Args:
        network: a network, a trace, or a file.
        direction: ``"down"`` the page, or to the ``"right"``.
        depth: how many blocks around one another are open: 0 for none; by default the first block
            of each kind is, as far as that is seen at a glance.
        width: cards are as wide as ``"parameters"`` or ``"macs"`` are many.
        shapes: whether the shapes of what flows are shown.
        values: numbers, or formulas, for symbols.

    Raises:
        ShapeError: the network was given no input shape.
        SpecificationError: there is no such direction, depth or width.
        PictureError: widths are asked for, and symbols are left.

    >>> from archcalc.layers import Dense, ReLU
    >>> from archcalc.network import Residual, Sequential
    >>> drawing = draw(Sequential([Dense("d"), Residual([Dense("d"), ReLU()])], input_shape=784))
    >>> drawing.placed.crossings
    0
    >>> print(drawing.to_mermaid().splitlines()[1].strip())
    in0(["784"])
    """
    trace = traced(network, **values)
    if direction not in ("down", "right"):
        raise _unknown("direction", direction, "down or right")
    if depth is not None and (type(depth) is not int or depth < 0):
        raise _unknown("depth", depth, "0, 1, 2 or more")
    if width is not None and width not in COSTS:
        raise _unknown("width", width, " or ".join(COSTS))
    block = block_of(trace)
    opened = frozenset(opened_keys(block, depth))
    shares = None if width is None else _shares(trace, width)
    return Drawing(trace, block, Look(trace, opened, direction, shapes, shares=shares))


def _unknown(what: str, given: object, known: str) -> SpecificationError:
    return SpecificationError(
        f"{quoted(given, 40)} is no {what}", code="bad-option", hint=f"give {known}"
    )


def opened_keys(block: Block, depth: int | None) -> Iterator[str]:
    """The keys of the blocks that are open: those down to a depth, or as many as can be seen."""
    if block.times != 1:
        yield block.key
    cards, level, at = len(block.parts), _blocks(block.parts), 0
    known: set[object] = set()
    while level and (depth is None or at < depth):
        following: list[Block] = []
        for one in level:
            more = len(one.parts) - 1
            if depth is None and (one.made_of in known or cards + more > _ENOUGH):
                continue
            known.add(one.made_of)
            cards += more
            yield one.key
            following.extend(_blocks(one.parts))
        level, at = following, at + 1


def _blocks(parts: tuple[Part, ...]) -> list[Block]:
    return [part for part in parts if isinstance(part, Block)]


def _shares(trace: Trace, width: Costed) -> dict[int, float]:
    """How much each row costs, beside the most that one does."""
    counts = amounts(COSTS[width], trace, ([i] for i in range(len(trace.rows))))
    most = max(counts, default=0) or 1
    return {i: count / most for i, count in enumerate(counts)}


def _name(part: Part) -> str:
    name = part.name if isinstance(part, Block) else "".join(map(str, part.lines[0]))
    return name if part.times == 1 else f"{name} ×{part.times}"
