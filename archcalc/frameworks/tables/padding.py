"""Padding, cropping, repeating."""

from __future__ import annotations

from archcalc.frameworks.table import Argument, Entry, Only, Table, choice, ranked, same, theirs
from archcalc.frameworks.tables.converters import as_tuple, flat_back, flat_there, one, pair_back

__all__ = ["KERAS", "TORCH"]

_NEAREST = Only("interpolation", ("nearest",), "Keras only repeats the values here")

KERAS: Table = {
    "ZeroPadding1D": Entry(
        "ZeroPadding1D",
        (Argument("padding", "padding", one, pair_back), *same("data_format")),
    ),
    **ranked(
        "ZeroPadding{n}D", "ZeroPadding{n}D", Entry("", same("padding", "data_format")), (2, 3)
    ),
    "Cropping1D": Entry(
        "Cropping1D",
        (Argument("cropping", "cropping", one, pair_back),),
        around=("data_format",),
    ),
    **theirs("Cropping2D", "Cropping3D", entry=Entry("", same("cropping", "data_format"))),
    "UpSampling1D": Entry(
        "UpSampling1D",
        (Argument("size", "size", one, as_tuple),),
        only=(_NEAREST,),
        around=("data_format",),
    ),
    "UpSampling2D": Entry("UpSampling2D", same("size", "data_format", "interpolation")),
    "UpSampling3D": Entry("UpSampling3D", same("size", "data_format"), only=(_NEAREST,)),
}

_MODES = {"nearest": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"}


def _upsampling(n: int, modes: dict[str, str]) -> Entry:
    there, back = choice(modes)
    return Entry(
        "Upsample",
        (
            Argument(
                "size",
                "scale_factor",
                lambda size, x: tuple(float(s) for s in size),
                lambda scale, x: tuple(int(s) for s in scale),
            ),
            Argument("interpolation", "mode", there, back),
        ),
        around=("data_format",),
        limits=(
            (
                lambda layer: layer.interpolation in modes,
                f"torch interpolates {n} axes by {', '.join(modes)} only",
            ),
        ),
    )


TORCH: Table = {
    **ranked(
        "ZeroPadding{n}D",
        "ZeroPad{n}d",
        Entry(
            "",
            (Argument("padding", "padding", flat_there(1), flat_back(1)),),
            around=("data_format",),
        ),
    ),
    **ranked(
        "Cropping{n}D",
        "ZeroPad{n}d",  # by less than nothing
        Entry(
            "",
            (Argument("cropping", "padding", flat_there(-1), flat_back(-1)),),
            around=("data_format",),
        ),
    ),
    "UpSampling1D": _upsampling(1, {"nearest": "nearest", "bilinear": "linear"}),
    "UpSampling2D": _upsampling(2, _MODES),
    "UpSampling3D": _upsampling(3, {"nearest": "nearest", "bilinear": "trilinear"}),
}
