"""Images: channels that are colours, and sizes on either side of the input's."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe, channels, formatted

__all__ = ["FITS", "INPUTS", "RECIPES"]

_RGB, _GREY_OR_RGB = (3,), (1, 3)

_COLOURS = {
    "RandAugment": _GREY_OR_RGB,
    "RandomColorDegeneration": _RGB,
    "RandomGrayscale": _GREY_OR_RGB,
    "RandomHue": _RGB,
    "RandomSaturation": _RGB,
}
"""How many channels each kind takes, where not any number will do."""


def _placed(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """The channels at an end where there are as many as the layer takes."""
    x, allowed = inputs[0], _COLOURS[cls.__name__]
    ends = {"channels_last": x[-1], "channels_first": x[0]}
    return {"data_format": pick.one_of([end for end, size in ends.items() if size in allowed])}


def _mixed(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    colours = channels(made, inputs[0]) in _GREY_OR_RGB
    return made | {"all_ops": colours and pick.flag(), **_weighted(pick, cls, inputs)}


def _weighted(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"alpha": pick.one_of((0.2, 1.0))}


def _jitter(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Saturation and hue of three channels; Keras changes them where they come last."""
    made = formatted(pick, cls)
    coloured = made["data_format"] == "channels_last" and inputs[0][-1] == 3
    factors = (None, 0.5, (0.25, 0.5)) if coloured else (None,)
    return made | {name: pick.one_of(factors) for name in ("saturation_factor", "hue_factor")}


def _bits(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"factor": pick.one_of((1, 4, 8, (2, 6)))}


def _blur(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"kernel_size": pick.one_of((1, 3, 5, (3, 3), (5, 3)))}


def _perspective(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    ends = {"channels_last": inputs[0][0], "channels_first": inputs[0][-1]}
    return {"data_format": pick.one_of([end for end, size in ends.items() if size > 1])}


def _tiles(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"tile_grid_size": pick.sizes(2, 4)}


def _size(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"height": pick.size(8), "width": pick.size(8)}


def _resizing(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    crop, pad = pick.one_of(((False, False), (True, False), (False, True)))
    made = {"crop_to_aspect_ratio": crop, "pad_to_aspect_ratio": pad}
    return {**_size(pick, cls, inputs), **made}


def _boxes(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"max_number": pick.size(9)}


RECIPES: dict[str, Recipe] = {
    **dict.fromkeys(_COLOURS, _placed),
    "AugMix": _mixed,
    "MixUp": _weighted,
    "RandomColorJitter": _jitter,
    "RandomPosterization": _bits,
    "RandomGaussianBlur": _blur,
    "RandomPerspective": _perspective,
    "ContrastLimitedAdaptiveHistogramEqualization": _tiles,
    "Resizing": _resizing,
    "CenterCrop": _size,
    "RandomCrop": _size,
    "MaxNumBoundingBoxes": _boxes,
}


_LONGEST = 12


@st.composite
def _coloured(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """As many channels as the layer takes, at one end."""
    colours = draw(st.sampled_from(_COLOURS.get(cls.__name__, _GREY_OR_RGB)))
    size = draw(numbers(1, _LONGEST)), draw(numbers(1, _LONGEST))
    return (Shape((colours, *size) if draw(st.booleans()) else (*size, colours)),)


@st.composite
def _two_pixels(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """At least two pixels each way, whichever end has the channels."""
    size, channels = (draw(numbers(2, 8)), draw(numbers(2, 8))), draw(numbers(1, 4))
    return (Shape((channels, *size) if draw(st.booleans()) else (*size, channels)),)


INPUTS: dict[str, Inputs] = {
    **dict.fromkeys((*_COLOURS, "AugMix", "RandomColorJitter"), _coloured),
    "RandomPerspective": _two_pixels,
}


def _with(allowed: tuple[int, ...]) -> Fits:
    return lambda x: x[0] in allowed or x[-1] in allowed


FITS: dict[str, Fits] = {
    **{kind: _with(allowed) for kind, allowed in _COLOURS.items()},
    "RandomPerspective": lambda x: x[1] > 1 and max(x[0], x[-1]) > 1,
}
