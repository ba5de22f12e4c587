"""Padding, cropping, repeating."""

from __future__ import annotations

from typing import Any

from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import Pick
from archcalc.testing.recipes.base import Fields, Recipe, extent, formatted

__all__ = ["RECIPES"]

_LARGEST_PADDING = 3


def _zero_padding(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"padding": [pick.sizes(2, _LARGEST_PADDING, 0) for _ in range(cls.rank)]}


def _cropping(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    pairs = []
    for n in extent(cls, inputs[0], made):
        before = pick.size(n - 1, 0)
        pairs.append((before, pick.size(n - 1 - before, 0)))
    return made | {"cropping": pairs}


def _upsampling(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"size": pick.sizes(cls.rank, 3)}


RECIPES: dict[str, Recipe] = {
    **{f"ZeroPadding{n}D": _zero_padding for n in (1, 2, 3)},
    **{f"Cropping{n}D": _cropping for n in (1, 2, 3)},
    **{f"UpSampling{n}D": _upsampling for n in (1, 2, 3)},
}
