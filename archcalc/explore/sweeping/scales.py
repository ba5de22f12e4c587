"""How the numbers of a table are spread over an axis or over colours."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from archcalc.formula.compiling.operations import Array
from archcalc.formula.optional import optional

__all__ = ["as_floats", "colours_for", "scale_of"]

SPREAD = 100
"""Numbers that differ by more than this factor are shown on a logarithmic scale."""


def as_floats(values: Array) -> Array:
    """Numbers as they are drawn: integers of any size, and fractions, as floats."""
    return np.array([float(v) for v in values]) if values.dtype == object else values.astype(float)


def _is_wide(values: Array, spread: float) -> bool:
    return bool(values.min() > 0 and values.max() / values.min() > spread)


def scale_of(values: Array, spread: float = SPREAD) -> Literal["linear", "log"]:
    """The scale for positive numbers that differ by more than a factor, or for others."""
    return "log" if _is_wide(values, spread) else "linear"


def colours_for(values: Array) -> Any:
    """How numbers become colours."""
    colors = optional("matplotlib.colors", "archcalc[plot]")
    kind = colors.LogNorm if _is_wide(values, SPREAD) else colors.Normalize
    return kind(vmin=np.nanmin(values), vmax=np.nanmax(values))
