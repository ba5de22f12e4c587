"""Dense and Embedding."""

from __future__ import annotations

from typing import Any

from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import Pick
from archcalc.testing.recipes.base import Fields, Recipe

__all__ = ["RECIPES"]


def _dense(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"units": pick.size(8)}


def _embedding(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"input_dim": pick.size(20), "output_dim": pick.size(8)}


RECIPES: dict[str, Recipe] = {"Dense": _dense, "Embedding": _embedding}
