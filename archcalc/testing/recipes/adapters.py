"""Adapters: around a layer with a kernel, that takes the input."""

from __future__ import annotations

from typing import Any

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES"]


def _around(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    targets = pick.one_of(((), ("kernel",)))
    layer = pick.layer(("Dense",), inputs).model_copy(update={"lora_rank": None})
    made: Fields = {"layer": layer, "rank": pick.size(4), "targets": targets}
    return {**made, "merged": False, "trainable": True}


RECIPES: dict[str, Recipe] = {"LoRA": _around}

INPUTS: dict[str, Inputs] = {
    "LoRA": lambda cls: (small(1) | small(2) | small(3)).map(lambda x: (x,))
}

FITS: dict[str, Fits] = {"LoRA": lambda x: 1 <= len(x) <= 3}
