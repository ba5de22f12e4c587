"""Activations."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from archcalc.layers.activations import ActivationName
from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import Pick
from archcalc.testing.recipes.base import Fields, Recipe
from archcalc.testing.recipes.normalization import along_one

__all__ = ["RECIPES"]


def _activation(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    names = list(get_args(ActivationName))
    even = inputs[0][-1] % 2 == 0
    return {"activation": pick.field("activation", st.sampled_from(names + ["glu"] * even))}


def _slopes(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"shared_axes": pick.axes(inputs[0])}


RECIPES: dict[str, Recipe] = {
    "Activation": _activation,
    "Softmax": along_one,
    "PReLU": _slopes,
}
