"""How layers are made for an input whose fields depend on it: fields that fit, by construction.

A layer whose fields do not is drawn by their types and by the ranges of its record, and needs no
recipe.  Each file here is for a family of layers; nothing lists the files.
"""

from __future__ import annotations

from pkgutil import iter_modules
from typing import Any

from archcalc._loading import loaded
from archcalc.testing.recipes.base import Fits, Inputs, Recipe

__all__ = ["FITS", "INPUTS", "RECIPES"]

_FAMILIES = [loaded(f"{__name__}.{file.name}") for file in iter_modules(__path__)]


def _every(what: str) -> dict[str, Any]:
    found = [getattr(family, what, {}) for family in _FAMILIES]
    return {name: made for family in found for name, made in family.items()}


RECIPES: dict[str, Recipe] = _every("RECIPES")
"""The recipe of every kind that has fields which depend on its input."""

INPUTS: dict[str, Inputs] = _every("INPUTS")
"""The input shapes of every kind that does not take just any."""

FITS: dict[str, Fits] = _every("FITS")
"""What a shape must be for a kind that does not take just any."""
