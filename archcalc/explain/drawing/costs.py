"""Where the cost of a network is, as bars or as a map of areas."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from archcalc.costs import Macs, Parameters
from archcalc.costs.base import Additive, total
from archcalc.explain.drawing.parts import Block, Part, block_of
from archcalc.explain.svg import FIRST, Svg, SvgCanvas
from archcalc.formula import Formula
from archcalc.network import Network, Trace, traced
from archcalc.symbolic.errors import PictureError, SpecificationError, quoted
from archcalc.symbolic.printing.plain import visible

__all__ = ["COSTS", "Costed", "amounts", "draw_costs", "treemap"]

COSTS = {"parameters": Parameters(), "macs": Macs()}

Costed: TypeAlias = Literal["parameters", "macs"]

_MOST = 32
"""Blocks are opened, the most costly first, while there are no more parts than this."""

_BAR, _ROW, _WIDE, _HIGH, _LETTER = 360.0, 20.0, 640.0, 400.0, 6.6


@dataclass(frozen=True)
class _Shared:
    """A part of the network, what it costs, and its share."""

    name: str
    amount: int
    share: float

    @property
    def words(self) -> str:
        return f"{self.amount:,} ({self.share:.1%})"


def draw_costs(
    network: Network | Trace | str | os.PathLike[str],
    of: Costed = "parameters",
    *,
    shape: Literal["bars", "treemap"] = "bars",
    **values: Any,
) -> Svg:
    """Which layers a network's cost is in, drawn.

    Args:
        network: a network, a trace, or a file.
        of: ``"parameters"`` or ``"macs"``.
        shape: ``"bars"`` in the order of the layers, or a ``"treemap"``, whose areas are as the
            costs.
        values: numbers for symbols.

    Raises:
        SpecificationError: there is no such cost or shape.
        PictureError: symbols are left, or nothing costs anything.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Dense(100), Dense(10)], input_shape=784)
    >>> "78,500 (98.7%)" in draw_costs(net), "78,500 (98.7%)" in draw_costs(net, shape="treemap")
    (True, True)
    """
    for what, given, known in (("cost", of, tuple(COSTS)), ("shape", shape, ("bars", "treemap"))):
        if given not in known:
            raise SpecificationError(
                f"{quoted(given, 40)} is no {what}", code="bad-option",
                hint=f"give {' or '.join(known)}",
            )  # fmt: skip
    trace = traced(network, **values)
    shared = _shared(trace, COSTS[of])
    words = "parameters" if of == "parameters" else "MACs"
    title = f"{sum(each.amount for each in shared):,} {words}"
    said = "; ".join(f"{each.name} {each.words}" for each in shared)
    canvas = SvgCanvas()
    canvas.words((0, 0), title, "start")
    (_bars if shape == "bars" else _map)(canvas, shared)
    return canvas.svg(title, said)


def amounts(cost: Additive, trace: Trace, groups: Iterable[Sequence[int]]) -> list[int]:
    """What each group of rows costs, where that is a number.

    Raises:
        PictureError: symbols are left.
    """
    counts = [Formula(total(cost.by_row([trace.rows[i] for i in rows]))) for rows in groups]
    left = sorted({s.name for count in counts for s in count.symbols})
    if left:
        raise PictureError(
            f"{', '.join(left)} {'is' if len(left) == 1 else 'are'} no number yet",
            code="symbols-left",
            hint="give numbers for all symbols, as in draw(net, f=32)",
        )
    return [int(count) for count in counts]


def _shared(trace: Trace, cost: Additive) -> list[_Shared]:
    """The parts that cost something, in order; blocks are opened, the most costly first."""
    block = block_of(trace)
    parts: list[Part] = [block] if block.times != 1 else list(block.parts)
    costs = amounts(cost, trace, (part.rows for part in parts))
    while True:
        costly = sorted(range(len(parts)), key=lambda i: -costs[i])
        for i in costly:
            part = parts[i]
            if isinstance(part, Block) and costs[i] and len(parts) + len(part.parts) <= _MOST + 1:
                inside = _opened(part)
                parts[i : i + 1] = inside
                costs[i : i + 1] = amounts(cost, trace, (each.rows for each in inside))
                break
        else:
            break
    whole = sum(costs)
    if not whole:
        raise PictureError("nothing here costs anything", code="nothing-to-show")
    return [_Shared(visible(_name(part)), amount, amount / whole)
            for part, amount in zip(parts, costs, strict=True) if amount]  # fmt: skip


def _opened(block: Block) -> tuple[Part, ...]:
    """What is in a block; of equal ones, of all of them together."""
    again = len(block.rows) // max(len(block.drawn), 1)
    if again == 1:
        return block.parts
    size, first = len(block.drawn), block.rows[0]
    every = [[first + i * size + row - first for i in range(again) for row in part.rows]
             for part in block.parts]  # fmt: skip
    return tuple(
        replace(part, rows=tuple(rows)) for part, rows in zip(block.parts, every, strict=True)
    )


def _name(part: Part) -> str:
    times = "" if part.times == 1 else f" ×{part.times}"
    return f"{part.path}{times}"


def _bars(canvas: SvgCanvas, shared: Sequence[_Shared]) -> None:
    left = max(len(each.name) for each in shared) * _LETTER + 8
    most = max(each.share for each in shared)
    for i, each in enumerate(shared):
        y = 14 + i * _ROW
        canvas.words((left - 8, y + 12), each.name, "end")
        wide = max(_BAR * each.share / most, 0.5)
        canvas.fill((left, y + 2), wide, _ROW - 6, FIRST, "bar")
        canvas.words((left + wide + 6, y + 12), each.words, "start", 11)


def _map(canvas: SvgCanvas, shared: Sequence[_Shared]) -> None:
    largest = sorted(shared, key=lambda each: -each.share)
    boxes = treemap([each.share for each in largest], _WIDE, _HIGH)
    for each, (x, y, wide, high) in zip(largest, boxes, strict=True):
        canvas.open("g", "part", f"{each.name}: {each.words}")
        canvas.card((x, y + 12), wide, high, FIRST, "area", strong=True)
        for line, (words, size) in enumerate(((_shorter(each.name, wide), 12), (each.words, 11))):
            if len(words) * _LETTER < wide - 8 and high > 20 + 15 * line:
                canvas.words((x + 6, y + 28 + 15 * line), words, "start", size)
        canvas.close("g")


def _shorter(path: str, wide: float) -> str:
    """The end of a path, as much as has room.

    >>> _shorter("stage1/residual/conv2d", 120), _shorter("conv2d", 10)
    ('residual/conv2d', 'conv2d')
    """
    while len(path) * _LETTER > wide - 8 and "/" in path:
        path = path.partition("/")[2]
    return path


def treemap(
    shares: Sequence[float], wide: float, high: float
) -> list[tuple[float, float, float, float]]:
    """Boxes ``(x, y, width, height)`` whose areas are as the shares, as near to squares as rows go.

    Source: Bruls, Huizing and van Wijk, *Squarified Treemaps* (2000).

    Args:
        shares: parts of the whole, the largest first.
        wide: how wide all of them are together.
        high: how high.

    >>> treemap([0.5, 0.25, 0.25], 4, 2)
    [(0.0, 0.0, 2.0, 2.0), (2.0, 0.0, 2.0, 1.0), (2.0, 1.0, 2.0, 1.0)]
    """
    scale = wide * high / sum(shares)
    areas = [share * scale for share in shares]
    placed: list[tuple[float, float, float, float]] = []
    x = y = 0.0
    while areas:
        side, many = min(wide, high), 1
        while many < len(areas) and _worst(areas[: many + 1], side) <= _worst(areas[:many], side):
            many += 1
        row, areas = areas[:many], areas[many:]
        thick, at = sum(row) / side, 0.0
        for area in row:
            long = area / thick
            placed.append((x, y + at, thick, long) if high <= wide else (x + at, y, long, thick))
            at += long
        if high <= wide:
            x, wide = x + thick, wide - thick
        else:
            y, high = y + thick, high - thick
    return placed


def _worst(row: Sequence[float], side: float) -> float:
    """How far the longest box of a row is from a square."""
    thick = sum(row) / side
    return max(max(thick * thick / area, area / (thick * thick)) for area in row)
