"""What recipes share: a recipe draws the fields of a layer that depend on its input.

A recipe gets an input shape (or several) and draws the fields that depend on it or on one another.
Flags, choices and fractions are not its business: `plain_fields` draws those by their types.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis.strategies import SearchStrategy

from archcalc.layers.base import Layer
from archcalc.layers.spatial import Spatial
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick

__all__ = ["Fields", "Fits", "Inputs", "Recipe", "channels", "extent", "formatted"]

Fields: TypeAlias = dict[str, Any]

Recipe: TypeAlias = Callable[[Pick, type[Any], tuple[Shape, ...]], Fields]

Inputs: TypeAlias = Callable[[type[Any]], SearchStrategy[tuple[Shape, ...]]]
"""The input shapes of a kind of layer that does not take just any shape."""


Fits: TypeAlias = Callable[[Shape], bool]
"""Whether a kind of layer takes a shape of the right number of axes."""


def extent(cls: type[Spatial], x: Shape, made: Fields) -> tuple[int, ...]:
    """The lengths of the axes that the layer slides along."""
    first = made.get("data_format") == "channels_first"
    return tuple(x[1:] if first else x[: cls.rank])


def channels(made: Fields, x: Shape) -> int:
    """How many channels come in."""
    return int(x[0] if made.get("data_format") == "channels_first" else x[-1])


def formatted(pick: Pick, cls: type[Layer]) -> Fields:
    """Where the channels are, if that is a question."""
    if "data_format" not in cls.model_fields:
        return {}
    left = pick.left.get("data_format", ("channels_last", "channels_first"))
    return {"data_format": pick.one_of(left)}
