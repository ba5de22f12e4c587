"""What Keras says with several layers: a layer of ours as a chain of ours that Keras has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.reshaping import Permute, Reshape

__all__ = ["CHAINS", "Chain"]

Chain: TypeAlias = list[tuple[str, Layer]]
"""Layers one after the other, each with the suffix of its name; that without has the weights."""


def _rearranged(parted: tuple[Any, ...], order: tuple[int, ...], applied: Applied) -> Chain:
    """Axes parted, put in another order, and joined to what comes out."""
    last = Reshape(tuple(applied.output))
    return [("part", Reshape(parted)), ("", Permute(order)), ("join", last)]


def _pixel_shuffle(layer: Any, applied: Applied) -> Chain:
    x, r = applied.inputs[0], layer.upscale_factor
    channels = layer.channels(applied.output)
    first = layer.first()
    parted = (channels, r, r, *x[1:]) if first else (*x[:2], channels, r, r)
    return _rearranged(parted, (1, 4, 2, 5, 3), applied)


def _pixel_unshuffle(layer: Any, applied: Applied) -> Chain:
    x, r = applied.inputs[0], layer.downscale_factor
    h, w = layer.extent(applied.output)
    parted = (x[0], h, r, w, r) if layer.first() else (h, r, w, r, x[2])
    return _rearranged(parted, (1, 3, 5, 2, 4), applied)


def _channel_shuffle(layer: Any, applied: Applied) -> Chain:
    x, g = applied.inputs[0], layer.groups
    axis = axis_index(layer.axis, x)
    parted = (*x[:axis], g, x[axis] // g, *x[axis + 1 :])
    order = list(range(1, len(x) + 2))
    order[axis], order[axis + 1] = order[axis + 1], order[axis]
    return _rearranged(parted, tuple(order), applied)


def _unflatten(layer: Any, applied: Applied) -> Chain:
    return [("", Reshape(tuple(applied.output)))]


CHAINS: Mapping[str, Callable[[Any, Applied], Chain]] = {
    "ChannelShuffle": _channel_shuffle,
    "PixelShuffle": _pixel_shuffle,
    "PixelUnshuffle": _pixel_unshuffle,
    "Unflatten": _unflatten,
}
"""The chain of each layer that is one in Keras, by the name of our class."""
