"""Convolutions and transposed convolutions: windows that fit, by construction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any

from hypothesis import strategies as st

from archcalc.layers.base import Layer
from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, divisors
from archcalc.testing.recipes.base import Fields, Recipe, channels, extent, formatted

__all__ = ["LARGEST_WINDOW", "RECIPES", "steps"]

LARGEST_WINDOW = 4
_LONGEST_STRIDE = 3
_LARGEST_PADDING = 3
_PADDED_WITH = ("zeros", "reflect", "replicate", "circular")


def steps(pick: Pick, rank: int, fields: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """Strides and dilations: one, the other, neither, seldom both (Keras takes both seldom)."""
    kind = pick.one_of(("plain", "strided", "dilated", "strided", "dilated", "both"))
    said = pick.said("strides", rank)
    strides = said or pick.sizes(rank, _LONGEST_STRIDE if kind in ("strided", "both") else 1)
    dilates = "dilation_rate" in fields and "dilation_rate" not in pick.left
    apart = kind == "dilated" and (said is None or max(said) == 1)
    dilated = dilates and (kind == "both" or apart)
    dilation = pick.said("dilation_rate", rank) or pick.sizes(rank, 3 if dilated else 1)
    return list(strides), list(dilation)


def _convolution(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths, depth = extent(cls, inputs[0], made), channels(made, inputs[0])
    styles = ("valid", "same", "amounts") + (("causal",) if cls.rank == 1 else ())
    if "padding_mode" in cls.model_fields:  # what is taken from the input is shorter than it
        made["padding_mode"] = pick.field("padding_mode", st.sampled_from(_PADDED_WITH))
    filled = made.get("padding_mode", "zeros") != "zeros"
    style = pick.style(*("valid", "amounts") if filled else styles)
    strides, dilation = steps(pick, cls.rank, cls.model_fields)
    most = [min(_LARGEST_PADDING, n - 1) if filled else _LARGEST_PADDING for n in lengths]
    pads = [pick.sizes(2, n, 0) if style == "amounts" else (0, 0) for n in most]
    kernel = list(pick.said("kernel_size", cls.rank) or ())
    if not kernel:
        for n, (before, after), d in zip(lengths, pads, dilation, strict=True):
            fits = (n + before + after - 1) // d + 1
            free = style in ("same", "causal")
            kernel.append(pick.size(LARGEST_WINDOW if free else min(LARGEST_WINDOW, fits)))
    made |= {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
    made["padding"] = pads if style == "amounts" else style
    return made | _filters(pick, cls, depth)


def _filters(pick: Pick, cls: type[Layer], depth: int) -> Fields:
    made: Fields = {}
    said = pick.said("filters", 1)
    if "groups" in cls.model_fields:
        common = gcd(depth, *said) if said else depth
        made["groups"] = pick.one_of(pick.left.get("groups") or divisors(common))
    if "filters" in cls.model_fields:
        made["filters"] = made.get("groups", 1) * pick.size(3)
    if "depth_multiplier" in cls.model_fields:
        made["depth_multiplier"] = pick.size(3)
    return made


def _transposed(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths, depth = extent(cls, inputs[0], made), channels(made, inputs[0])
    style = pick.style("valid", "same", "amounts")
    strides, dilation = steps(pick, cls.rank, cls.model_fields)
    kernel = pick.said("kernel_size", cls.rank) or pick.sizes(cls.rank, LARGEST_WINDOW)
    extra: Sequence[int] | None = pick.said("output_padding", cls.rank)
    if "output_padding" not in pick.left and pick.flag():
        extra = [pick.size(max(s, d) - 1, 0) for s, d in zip(strides, dilation, strict=True)]
    each = list(zip(kernel, strides, dilation, strict=True))
    if style == "same" and extra is not None:
        sizes = [
            TransposedWindow(*part, "same", o).output(n)
            for part, o, n in zip(each, extra, lengths, strict=True)
        ]
        extra = None if min(sizes) < 1 else extra  # an even window can leave nothing
    pads = []
    for part, n, o in zip(each, lengths, extra or [0] * cls.rank, strict=True):
        whole = int(TransposedWindow(*part, (0, 0), o).output(n))
        before = pick.size(min(2, whole - 1), 0) if style == "amounts" else 0
        after = pick.size(min(2, whole - 1 - before), 0) if style == "amounts" else 0
        pads.append((before, after))
    made |= {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
    made |= {"padding": pads if style == "amounts" else style, "output_padding": extra}
    return made | _filters(pick, cls, depth)


RECIPES: dict[str, Recipe] = {
    **{f"Conv{n}D": _convolution for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _convolution for n in (1, 2)},
    **{f"SeparableConv{n}D": _convolution for n in (1, 2)},
    **{f"Conv{n}DTranspose": _transposed for n in (1, 2, 3)},
}
