"""More positions, or another number of them."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.table import Argument, Entry, Only, Table, choice, same
from archcalc.frameworks.tables.converters import as_tuple, one, one_for_all, ratios_there

__all__ = ["KERAS", "TORCH"]

_NEAREST = Only("interpolation", ("nearest",), "Keras only repeats the values here")


def _whole(layer: Any) -> bool:
    return all(ratio.denominator == 1 for ratio in layer.scale_factor)


KERAS: Table = {
    "UpSampling1D": Entry(
        "UpSampling1D",
        (Argument("size", "size", one, as_tuple),),
        only=(_NEAREST,),
        around=("data_format",),
    ),
    "UpSampling2D": Entry("UpSampling2D", same("size", "data_format", "interpolation")),
    "UpSampling3D": Entry("UpSampling3D", same("size", "data_format"), only=(_NEAREST,)),
    "Upsample": Entry(
        {2: "UpSampling1D", 3: "UpSampling2D", 4: "UpSampling3D"},
        around=("scale_factor", "data_format"),
        only=(
            Only("size", (None,), "Keras' layers repeat positions; Resizing is for images"),
            Only("mode", ("nearest",), "Keras interpolates on two axes only, and otherwise"),
            Only("align_corners", (None,), "Keras has no align_corners"),
            Only("recompute_scale_factor", (None,), "Keras repeats by the ratio it is given"),
        ),
        limits=((_whole, "Keras repeats whole numbers of times"),),
    ),
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
    "UpSampling1D": _upsampling(1, {"nearest": "nearest", "bilinear": "linear"}),
    "UpSampling2D": _upsampling(2, _MODES),
    "UpSampling3D": _upsampling(3, {"nearest": "nearest", "bilinear": "trilinear"}),
    "Upsample": Entry(
        "Upsample",
        (
            Argument("size", "size", one_for_all, as_tuple),
            Argument(
                "scale_factor",
                "scale_factor",
                lambda ratios, x: one_for_all(ratios_there(ratios, x), x),
                as_tuple,
            ),
            *same("mode", "align_corners", "recompute_scale_factor"),
        ),
        around=("data_format",),
    ),
}
