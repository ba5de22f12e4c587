"""Padding, cropping, repeating, resizing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe, extent, formatted
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES"]

_LARGEST_PADDING = 3


def _zero_padding(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"padding": [pick.sizes(2, _LARGEST_PADDING, 0) for _ in range(cls.rank)]}


def _padding(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """No further than the mode reaches."""
    made = formatted(pick, cls)
    mode = pick.field("mode", st.sampled_from(("constant", "reflect", "replicate", "circular")))
    value = pick.field("value", st.sampled_from((0.0, 0.5) if mode == "constant" else (0.0,)))
    reach = {"reflect": -1, "circular": 0}.get(mode, _LARGEST_PADDING)
    lengths = extent(cls, inputs[0], made)
    pairs = [pick.sizes(2, min(_LARGEST_PADDING, n + reach), 0) for n in lengths]
    return made | {"padding": pairs, "mode": mode, "value": value}


def _cropping(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    pairs = []
    for n in extent(cls, inputs[0], made):
        before = pick.size(n - 1, 0)
        pairs.append((before, pick.size(n - 1 - before, 0)))
    return made | {"cropping": pairs}


def _upsampling(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"size": pick.sizes(cls.rank, 3)}


_SCALES = (Fraction(3, 2), Fraction(2), Fraction(1), Fraction(7, 10), Fraction(1, 3))
_SMOOTH = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}


def _upsample(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """A size, or ratios that leave something, for every axis or for all of them."""
    made = formatted(pick, cls)
    lengths = inputs[0][1:] if made["data_format"] == "channels_first" else inputs[0][:-1]
    recompute = pick.field("recompute_scale_factor", st.sampled_from((None, True)))
    repeated = pick.left.get("size") == (None,)  # only what is repeated, and whole multiples of it
    if not repeated and not recompute and pick.flag():
        made["size"] = pick.sizes(pick.one_of((1, len(lengths))), 8)
    else:
        some = tuple(map(Fraction, (1, 2, 3))) if repeated else _SCALES
        scales = [[s for s in some if n * s >= 1] for n in lengths]
        for_all = [s for s in scales[0] if all(s in some for some in scales)]
        made["scale_factor"] = (
            [pick.one_of(some) for some in scales] if pick.flag() else pick.one_of(for_all)
        )
    smooth = _SMOOTH[len(lengths)]
    modes = ("nearest",) if repeated else (*smooth, "nearest", "nearest-exact", "area")
    mode = pick.one_of(modes)
    corners = pick.one_of((None, False, True)) if mode in smooth else None
    return made | {"mode": mode, "align_corners": corners, "recompute_scale_factor": recompute}


def _of_two_axes_or_more(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    return (small(2) | small(3) | small(4)).map(lambda x: (x,))


RECIPES: dict[str, Recipe] = {
    **{f"ZeroPadding{n}D": _zero_padding for n in (1, 2, 3)},
    **{f"Padding{n}D": _padding for n in (1, 2, 3)},
    **{f"Cropping{n}D": _cropping for n in (1, 2, 3)},
    **{f"UpSampling{n}D": _upsampling for n in (1, 2, 3)},
    "Upsample": _upsample,
}

INPUTS: dict[str, Inputs] = {"Upsample": _of_two_axes_or_more}

FITS: dict[str, Fits] = {"Upsample": lambda x: len(x) > 1}
