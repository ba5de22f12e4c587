"""Positions of words."""

from __future__ import annotations

from typing import Any

from hypothesis.strategies import SearchStrategy, tuples

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe

__all__ = ["FITS", "INPUTS", "RECIPES"]


def _rotary(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """All features, or an even number of them."""
    return {"width": pick.one_of((None, 2 * pick.size(int(inputs[0][-1]) // 2)))}


def _placed(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """At least as many rows as there are positions, after those that stand before them."""
    offset = pick.one_of((0, 2))
    return {"positions": int(inputs[0][0]) + offset + pick.size(4), "offset": offset}


def _turned(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    sizes = tuples(numbers(1, 4), numbers(1, 6), numbers(1, 4))
    return sizes.map(lambda n: (Shape((n[0], n[1], 2 * n[2])),))


def _sequence(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    return tuples(numbers(1, 8), numbers(1, 8)).map(lambda n: (Shape(n),))


def _scanned(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """As much of a state as the inputs that write and read it."""
    return {"state_size": inputs[2][-1]}


def _to_scan(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    """A sequence and the sizes of its steps, and what writes and reads a state."""
    sizes = tuples(numbers(1, 6), numbers(1, 6), numbers(1, 6))
    return sizes.map(lambda n: (Shape(n[:2]), Shape(n[:2]), *[Shape((n[0], n[2]))] * 2))


RECIPES: dict[str, Recipe] = {
    "RotaryEmbedding": _rotary,
    "PositionEmbedding": _placed,
    "SelectiveScan": _scanned,
}

INPUTS: dict[str, Inputs] = {
    "RotaryEmbedding": _turned,
    "SelectiveScan": _to_scan,
    **dict.fromkeys(
        (
            "PositionEmbedding",
            "SegmentEmbedding",
            "LinearPositionBias",
            "RelativePositionBias",
            "Cached",
        ),
        _sequence,
    ),
}

FITS: dict[str, Fits] = {"RotaryEmbedding": lambda x: len(x) > 1 and x[-1] % 2 == 0}
