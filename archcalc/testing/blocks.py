"""A chain of layers with some runs of it put into blocks."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from archcalc.layers.base import Layer
from archcalc.network import Parallel, Repeat, Residual, Sequential
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import numbers
from archcalc.testing.layer_source import LayerSource

__all__ = ["in_blocks"]

_MOST_COPIES = 4


def in_blocks(source: LayerSource, layers: Sequence[Layer], shapes: Sequence[Shape]) -> list[Layer]:
    """`layers`, some of them in blocks: what comes out of each run stays what it was.

    Args:
        source: draws, and knows what is left of the bounds.
        layers: one after the other.
        shapes: what goes into each, and what comes out of the last.
    """
    once, around = _grouped(source, layers, shapes)
    return _grouped(source, once, around)[0] if len(once) > 1 else once


def _grouped(
    source: LayerSource, layers: Sequence[Layer], shapes: Sequence[Shape]
) -> tuple[list[Layer], list[Shape]]:
    pieces: list[Layer] = []
    around = [shapes[0]]
    place = 0
    while place < len(layers):
        kind = source.draw(source.bounds.pieces)
        length = 1 if kind == "layer" else source.draw(numbers(1, len(layers) - place))
        run, ends = layers[place : place + length], shapes[place : place + length + 1]
        whole = kind == "chain" and length == len(layers)  # it would stand alone in another
        last = place + length == len(layers)
        joins = kind == "parallel" and last and _takes_numbers(run, ends[0])
        if joins and ends[0][:-1] == ends[-1][:-1] != ():
            made: Layer | None = _parallel(source, run, ends[0])
        else:
            made = None if whole else _block(source, kind, run, ends[0], ends[-1])
        pieces.extend([made] if made is not None else run)
        around.extend([made.output_shape(ends[0])] if made is not None else ends[1:])
        place += length
    return pieces, around


def _block(
    source: LayerSource, kind: str, run: Sequence[Layer], x: Shape, y: Shape
) -> Layer | None:
    """A block of a run that makes `y` of `x`; ``None`` where that cannot be."""
    if kind == "chain":
        return Sequential(run)
    if not _takes_numbers(run, x):  # another copy, or another branch, takes nothing else
        return None
    if kind == "residual":
        return _residual(source, run, x, y)
    if kind == "repeat":
        times = source.draw(numbers(1, _MOST_COPIES))
        block = Sequential(run)
        shared = x == y and source.draw(_SHARED)
        if _keeps(block, y) and source.spend(block, y, times=0 if shared else times - 1):
            return Repeat(list(run), times, shared=shared)
    return None


def _residual(source: LayerSource, run: Sequence[Layer], x: Shape, y: Shape) -> Layer | None:
    """A way around a run, with nothing on it where the shape is kept, or with one layer."""
    if x == y and not source.draw(_SHORTCUT):
        return Residual(list(run))
    shortcut = source.another(x, y)
    return Residual(list(run), shortcut) if shortcut is not None or x == y else None


_SHORTCUT = st.booleans()
_SHARED = st.sampled_from([False, False, True])


def _parallel(source: LayerSource, run: Sequence[Layer], x: Shape) -> Layer:
    """Branches that differ in the last axis only: a run, maybe nothing, maybe one layer more."""
    branches = [Sequential(run)]
    if source.draw(_SHORTCUT):
        branches.append(Sequential([]))
    other = source.another(x, x)
    return Parallel([*branches, *([other] if other is not None else [])])


def _takes_numbers(run: Sequence[Layer], x: Shape) -> bool:
    """Whether a run takes numbers of any kind, and not indices or words."""
    rows = Sequential(run).trace(x).rows
    fed = ((row.layer, i) for row in rows for i, source in enumerate(row.sources) if source < 0)
    return all(layer.input_kind(i) == "numbers" for layer, i in fed)


def _keeps(block: Layer, y: Shape) -> bool:
    """Whether a block gives back what it takes."""
    try:
        return block.output_shape(y) == y
    except ArchcalcError:
        return False
