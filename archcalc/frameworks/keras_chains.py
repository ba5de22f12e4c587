"""What Keras says with several layers: a layer of ours as a chain of ours that Keras has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_letters
from typing import Any, TypeAlias

from archcalc.layers.activations import Softmax
from archcalc.layers.adaptive import GlobalAveragePooling1D, GlobalMaxPooling1D
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.einsum import equation
from archcalc.layers.embedding import Embedding
from archcalc.layers.registry import layer_class
from archcalc.layers.rescaling import Rescaling
from archcalc.layers.reshaping import Permute, Reshape
from archcalc.layers.scaling import spread

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


def _einsum(layer: Any, applied: Applied) -> Chain:
    """What Keras would promise wrongly is written out.

    It promises no length for an axis of which none is asked for, and where an ellipsis before the
    letters stands for several axes beside the batch, it promises them from the last to the first.
    """
    found, x = equation(layer.equation), applied.inputs[0]
    lengths = found.lengths(x, layer.target_shape)
    target, text = lengths.of(found.results(len(x))), layer.equation
    if found.ellipsis == "left" and len(lengths.elided) > 1:
        unused = [letter for letter in ascii_letters if letter not in found.x + found.kernel]
        axes = "".join(unused[: len(lengths.elided) + 1])
        text = f"{axes}{found.x},{found.kernel}->{axes}{found.out}"
        target = (*lengths.elided, *target)
    return [("", layer.model_copy(update={"equation": text, "target_shape": target}))]


def _softmin(layer: Any, applied: Applied) -> Chain:
    return [("negate", Rescaling(-1.0)), ("", Softmax(layer.axis))]


def _upsample(layer: Any, applied: Applied) -> Chain:
    """Whole multiples of one axis come last: there Keras takes no others."""
    rank = len(applied.inputs[0]) - 1
    size = tuple(int(ratio) for ratio in spread(layer.scale_factor, rank))
    turn = layer.data_format == "channels_first" and rank == 1
    last = "channels_last" if turn else layer.data_format
    core = ("", layer_class(f"UpSampling{rank}D")(size, last))
    if not turn:
        return [core]
    return [("first", Permute((2, 1))), core, ("last", Permute((2, 1)))]


def _bag(layer: Any, applied: Applied) -> Chain:
    table = Embedding(layer.num_embeddings, layer.embedding_dim)
    pools = {"mean": GlobalAveragePooling1D, "max": GlobalMaxPooling1D}
    return [("", table), ("pool", pools[layer.mode]())]


CHAINS: Mapping[str, Callable[[Any, Applied], Chain]] = {
    "EinsumDense": _einsum,
    "EmbeddingBag": _bag,
    "ChannelShuffle": _channel_shuffle,
    "PixelShuffle": _pixel_shuffle,
    "PixelUnshuffle": _pixel_unshuffle,
    "Softmin": _softmin,
    "Unflatten": _unflatten,
    "Upsample": _upsample,
}
"""The chain of each layer that is one in Keras, by the name of our class."""
