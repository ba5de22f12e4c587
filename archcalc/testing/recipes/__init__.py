"""How each family of layers is made for an input: fields that fit, by construction."""

from archcalc.testing.recipes import (
    activations,
    adapters,
    arithmetic,
    attention,
    core,
    embedding,
    encoding,
    images,
    merging,
    normalization,
    operations,
    padding,
    pooling,
    rearranging,
    recurrent,
    rescaling,
    reshaping,
    sliding,
    transformer,
)
from archcalc.testing.recipes.base import Fits, Inputs, Recipe

__all__ = ["FITS", "INPUTS", "RECIPES"]

_FAMILIES = (
    core,
    embedding,
    sliding,
    pooling,
    normalization,
    activations,
    reshaping,
    rearranging,
    operations,
    padding,
    merging,
    arithmetic,
    attention,
    adapters,
    rescaling,
    images,
    encoding,
    recurrent,
    transformer,
)

RECIPES: dict[str, Recipe] = {
    name: recipe for family in _FAMILIES for name, recipe in family.RECIPES.items()
}
"""The recipe of every kind that has fields which depend on its input."""

INPUTS: dict[str, Inputs] = {
    name: inputs for family in _FAMILIES for name, inputs in getattr(family, "INPUTS", {}).items()
}
"""The input shapes of every kind that does not take just any."""

FITS: dict[str, Fits] = {
    name: fits for family in _FAMILIES for name, fits in getattr(family, "FITS", {}).items()
}
"""What a shape must be for a kind that does not take just any."""
