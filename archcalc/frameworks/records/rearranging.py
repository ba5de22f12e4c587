"""What moves elements between channels and positions, or gathers windows."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import FIRST, SLIDING
from archcalc.frameworks.record import Absent, Chain, Entry, Name, Record, same
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index
from archcalc.layers.rearranging import ChannelShuffle, Fold, PixelShuffle, PixelUnshuffle, Unfold
from archcalc.layers.reshaping import Permute, Reshape

__all__ = ["RECORDS"]

_NO_WINDOWS = Absent("Keras gathers windows in a function, keras.ops.image.extract_patches")


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


RECORDS = (
    Record(
        Unfold,
        keras=_NO_WINDOWS,
        torch=Entry("Unfold", SLIDING, applied_outside=("data_format",), core="rearranging.unfold"),
        names=(Name("Unfold", "kernel_size, dilation=1, padding=0, stride=1"),),
    ),
    Record(
        Fold,
        keras=_NO_WINDOWS,
        torch=Entry(
            arguments=(*same("output_size"), *SLIDING),
            applied_outside=("data_format",),
            core="rearranging.fold",
        ),
        names=(Name("Fold", "output_size, kernel_size, dilation=1, padding=0, stride=1"),),
    ),
    Record(
        PixelShuffle,
        keras=Entry(
            "Permute", applied_outside=("upscale_factor", "data_format"), chain=_pixel_shuffle
        ),
        torch=Entry(arguments=same("upscale_factor"), applied_outside=("data_format",)),
        names=(Name("PixelShuffle", "upscale_factor"),),
    ),
    Record(
        PixelUnshuffle,
        keras=Entry(
            "Permute", applied_outside=("downscale_factor", "data_format"), chain=_pixel_unshuffle
        ),
        torch=Entry(arguments=same("downscale_factor"), applied_outside=("data_format",)),
        names=(Name("PixelUnshuffle", "downscale_factor"),),
    ),
    Record(
        ChannelShuffle,
        keras=Entry("Permute", applied_outside=("groups", "axis"), chain=_channel_shuffle),
        torch=Entry(
            arguments=same("groups"),
            applied_outside=("axis",),
            core="rearranging.channel_shuffle",
            order="axis first",
        ),
        names=(Name("ChannelShuffle", "groups", FIRST),),
    ),
)
