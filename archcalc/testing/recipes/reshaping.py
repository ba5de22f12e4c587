"""The same elements in another shape."""

from __future__ import annotations

from typing import Any

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, factors
from archcalc.testing.recipes.base import Fields, Recipe

__all__ = ["RECIPES"]


def _flatten(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    if pick.flag():
        return {}
    rank = len(inputs[0])
    first = pick.size(rank)
    last = pick.size(rank, first)
    return {"start_dim": first, "end_dim": last if pick.flag() else last - 1 - rank}


def _reshape(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    target: list[int] = list(factors(pick, int(inputs[0].elements)))
    if pick.flag():
        target[pick.size(len(target) - 1, 0)] = -1
    return {"target_shape": target}


def _unflatten(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    dim = pick.axis(inputs[0])
    sizes: list[int] = list(factors(pick, int(inputs[0][dim if dim < 0 else dim - 1]), 3))
    if pick.flag():
        sizes[pick.size(len(sizes) - 1, 0)] = -1
    return {"dim": dim, "unflattened_size": sizes}


def _permute(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    left = list(range(1, len(inputs[0]) + 1))
    dims = []
    while left:
        dims.append(left.pop(pick.size(len(left) - 1, 0)))
    return {"dims": dims}


def _repeat(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"n": pick.size(5)}


RECIPES: dict[str, Recipe] = {
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Unflatten": _unflatten,
    "Permute": _permute,
    "RepeatVector": _repeat,
}
