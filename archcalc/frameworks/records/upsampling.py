"""More positions, or another number of them."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import as_tuple, one, one_for_all, ratios_there
from archcalc.frameworks.keras_chains import channels_last_there
from archcalc.frameworks.record import (
    Argument,
    Chain,
    Entry,
    Name,
    Only,
    Record,
    choice,
    same,
)
from archcalc.layers.applied import Applied
from archcalc.layers.scaling import spread
from archcalc.layers.upsampling import Upsample, UpSampling1D, UpSampling2D, UpSampling3D

__all__ = ["RECORDS"]

_NEAREST = Only("interpolation", ("nearest",), "Keras only repeats the values here")


def _whole(layer: Any) -> bool:
    return all(ratio.denominator == 1 for ratio in layer.scale_factor)


def _repeated(layer: Any, applied: Applied) -> Chain:
    """Whole multiples of one axis come last: there Keras takes no others."""
    rank = len(applied.inputs[0]) - 1
    size = tuple(int(ratio) for ratio in spread(layer.scale_factor, rank))
    kind = {1: UpSampling1D, 2: UpSampling2D, 3: UpSampling3D}[rank]
    made = kind(size, layer.data_format)
    return channels_last_there(made, applied) if rank == 1 else [("", made)]


_MODES = {"nearest": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"}


def _by_factors(n: int, modes: dict[str, str]) -> Entry:
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
        applied_outside=("data_format",),
        limits=(
            (
                lambda layer: layer.interpolation in modes,
                f"torch interpolates {n} axes by {', '.join(modes)} only",
            ),
        ),
    )


RECORDS = (
    Record(
        UpSampling1D,
        keras=Entry(
            arguments=(Argument("size", "size", one, as_tuple),),
            only=(_NEAREST,),
            applied_outside=("data_format",),
            chain=channels_last_there,
        ),
        torch=_by_factors(1, {"nearest": "nearest", "bilinear": "linear"}),
    ),
    Record(
        UpSampling2D,
        keras=Entry(arguments=same("size", "data_format", "interpolation")),
        torch=_by_factors(2, _MODES),
    ),
    Record(
        UpSampling3D,
        keras=Entry(arguments=same("size", "data_format"), only=(_NEAREST,)),
        torch=_by_factors(3, {"nearest": "nearest", "bilinear": "trilinear"}),
    ),
    Record(
        Upsample,
        keras=Entry(
            {2: "UpSampling1D", 3: "UpSampling2D", 4: "UpSampling3D"},
            applied_outside=("scale_factor", "data_format"),
            only=(
                Only("size", (None,), "Keras' layers repeat positions; Resizing is for images"),
                Only("mode", ("nearest",), "Keras interpolates on two axes only, and otherwise"),
                Only("align_corners", (None,), "Keras has no align_corners"),
                Only("recompute_scale_factor", (None,), "Keras repeats by the ratio it is given"),
            ),
            limits=((_whole, "Keras repeats whole numbers of times"),),
            chain=_repeated,
        ),
        torch=Entry(
            arguments=(
                Argument("size", "size", one_for_all, as_tuple),
                Argument(
                    "scale_factor",
                    "scale_factor",
                    lambda ratios, x: one_for_all(ratios_there(ratios, x), x),
                    as_tuple,
                ),
                *same("mode", "align_corners", "recompute_scale_factor"),
            ),
            applied_outside=("data_format",),
            core="resizing.upsample",
        ),
        names=(
            Name(
                "Upsample",
                "size=None, scale_factor=None, mode='nearest', align_corners=None, "
                "recompute_scale_factor=None",
            ),
            Name("UpsamplingNearest2d", "size=None, scale_factor=None", {"mode": "nearest"}),
            Name(
                "UpsamplingBilinear2d",
                "size=None, scale_factor=None",
                {"mode": "bilinear", "align_corners": True},
            ),
        ),
    ),
)
