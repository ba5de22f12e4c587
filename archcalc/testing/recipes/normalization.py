"""Normalisations along axes of the input."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, divisors
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES", "along_one"]


def along_one(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """One axis, from either end."""
    return {"axis": pick.axis(inputs[0])}


def _along_channels(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {**along_one(pick, cls, inputs), **_spatial(pick, inputs)}


def _spatial(pick: Pick, inputs: tuple[Shape, ...]) -> Fields:
    """Nothing said of the number of spatial axes, or what there are."""
    count = len(inputs[0]) - 1
    there = {0: (None, 1), 1: (None, 1), 2: (None, 2), 3: (None, 3)}.get(count, (None,))
    return {"spatial": pick.field("spatial", st.sampled_from(there))}


def _along_groups(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    axis = pick.axis(inputs[0])
    channels = int(inputs[0][axis if axis < 0 else axis - 1])
    return {"axis": axis, "groups": pick.one_of([*divisors(channels), -1])}


def _along_instances(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    x = inputs[0]
    places = [i for i in range(len(x)) if int(x.elements) // int(x[i]) > 1]
    place = pick.one_of(places)
    return {"axis": place + 1 if pick.flag() else place - len(x), **_spatial(pick, inputs)}


def _along_some(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": pick.axes(inputs[0], 1)}


def _neighbours(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {**_along_channels(pick, cls, inputs), "size": pick.size(5)}


_WITH_KERNEL = {
    1: ("Dense", "EinsumDense"),
    2: ("Dense", "Conv1D", "Conv1DTranspose"),
    3: ("Dense", "Conv2D", "DepthwiseConv2D"),
}


def _spectral(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    layer = pick.layer(_WITH_KERNEL[len(inputs[0])], inputs)
    return {"layer": layer, "power_iterations": pick.size(3)}


def _up_to_three_axes(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    return (small(1) | small(2) | small(3)).map(lambda x: (x,))


def _of_several_positions(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    """More than one value a channel, whichever axis the channels are."""
    some = small(2) | small(3) | small(4)
    return some.map(lambda x: (x if x.elements > max(x) else x.replace(0, 2).replace(1, 2),))


RECIPES: dict[str, Recipe] = {
    "BatchNormalization": _along_channels,
    "GroupNormalization": _along_groups,
    "InstanceNormalization": _along_instances,
    "LayerNormalization": _along_some,
    "RMSNormalization": _along_some,
    "UnitNormalization": _along_some,
    "SpectralNormalization": _spectral,
    "LocalResponseNormalization": _neighbours,
}

INPUTS: dict[str, Inputs] = {
    "InstanceNormalization": _of_several_positions,
    "SpectralNormalization": _up_to_three_axes,
}

FITS: dict[str, Fits] = {
    "InstanceNormalization": lambda x: len(x) > 1 and x.elements > max(x),
    "SpectralNormalization": lambda x: len(x) <= 3,
}
