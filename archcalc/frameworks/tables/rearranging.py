"""What moves elements between channels and positions, or gathers windows."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Entry, Table, same
from archcalc.frameworks.tables.converters import SLIDING

__all__ = ["KERAS", "TORCH"]

_NO_WINDOWS = Absent("Keras gathers windows in a function, keras.ops.image.extract_patches")

KERAS: Table = {
    "Unfold": _NO_WINDOWS,
    "Fold": _NO_WINDOWS,
    "PixelShuffle": Entry("Permute", around=("upscale_factor", "data_format")),
    "PixelUnshuffle": Entry("Permute", around=("downscale_factor", "data_format")),
    "ChannelShuffle": Entry("Permute", around=("groups", "axis")),
}

TORCH: Table = {
    "Unfold": Entry("Unfold", SLIDING, around=("data_format",)),
    "Fold": Entry("Fold", (*same("output_size"), *SLIDING), around=("data_format",)),
    "PixelShuffle": Entry("PixelShuffle", same("upscale_factor"), around=("data_format",)),
    "PixelUnshuffle": Entry("PixelUnshuffle", same("downscale_factor"), around=("data_format",)),
    "ChannelShuffle": Entry("ChannelShuffle", same("groups"), around=("axis",)),
}
