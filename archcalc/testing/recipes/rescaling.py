"""Numbers brought to another range: as many of them as there are places along an axis."""

from __future__ import annotations

from typing import Any

from archcalc.layers.axes import axis_index
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick
from archcalc.testing.recipes.base import Fields, Recipe

__all__ = ["RECIPES"]


def _some(pick: Pick, count: int) -> Any:
    """One number, or `count` of them."""
    return pick.one_of((0.5, 2.0)) if pick.flag() else tuple(0.5 + i for i in range(count))


def _rescaling(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    count = int(inputs[0][-1])
    return {"scale": _some(pick, count), "offset": _some(pick, count)}


def _normalization(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Statistics that Keras measures, or that are given: one, or one for each place."""
    x = inputs[0]
    axes = pick.axes(x)
    made: Fields = {"axis": axes or None}
    if pick.flag():
        last = max((axis_index(axis, x) for axis in axes), default=0)
        mean = _some(pick, int(x[last])) if axes else 0.5
        made |= {"mean": mean, "variance": mean}
    return made


RECIPES: dict[str, Recipe] = {"Rescaling": _rescaling, "Normalization": _normalization}
