"""Images: what changes their colours or moves their pixels, and what gives them another size."""

from __future__ import annotations

from archcalc.frameworks.table import Absent, Entry, Only, Table, same
from archcalc.layers import augmentation, colouring, resizing
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class

__all__ = ["KERAS", "TORCH"]

_KINDS = (*augmentation.__all__, *colouring.__all__, *resizing.__all__)


def _as_it_is(kind: str) -> Entry:
    """Keras' class of the same name, with the same arguments."""
    fields = layer_class(kind).model_fields
    return Entry(kind, same(*(name for name in fields if name not in Layer.model_fields)))


KERAS: Table = {kind: _as_it_is(kind) for kind in _KINDS} | {
    "RandomColorJitter": Entry(
        "RandomColorJitter",
        _as_it_is("RandomColorJitter").arguments,
        limits=(
            (
                lambda layer: layer.data_format == "channels_last" or not layer.colours(),
                "Keras' changes saturation and hue of channels that come last, and only there",
            ),
        ),
    ),
}

_ABSENT = Absent(
    "torch.nn has no layers that prepare images",
    hint="torchvision's transforms do, outside of the network",
)

TORCH: Table = dict.fromkeys(_KINDS, _ABSENT) | {
    "Resizing": Entry(
        "Upsample",
        only=(
            Only("antialias", (False,), "torch's Upsample does not smooth"),
            Only(
                "interpolation",
                ("nearest", "bilinear", "bicubic"),
                "torch's Upsample has no Lanczos interpolation",
            ),
        ),
        around=(
            *("height", "width", "crop_to_aspect_ratio", "pad_to_aspect_ratio"),
            *("fill_mode", "fill_value", "data_format"),
        ),
    ),
    "CenterCrop": Entry(".Pad", around=("height", "width", "data_format")),
}
