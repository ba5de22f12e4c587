"""How each family of layers is made for an input: fields that fit, by construction."""

from archcalc.testing.recipes import (
    activations,
    core,
    merging,
    normalization,
    padding,
    reshaping,
    sliding,
)
from archcalc.testing.recipes.base import Inputs, Recipe

__all__ = ["INPUTS", "RECIPES"]

_FAMILIES = (core, sliding, normalization, activations, reshaping, padding, merging)

RECIPES: dict[str, Recipe] = {
    name: recipe for family in _FAMILIES for name, recipe in family.RECIPES.items()
}
"""The recipe of every kind that has fields which depend on its input."""

INPUTS: dict[str, Inputs] = {
    name: inputs for family in (normalization, merging) for name, inputs in family.INPUTS.items()
}
"""The input shapes of every kind that does not take just any."""
