"""Convolutions, transposed convolutions and pools: windows that fit, by construction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.layers.base import Layer
from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import Pick, divisors
from archcalc.testing.recipes.base import Fields, Recipe, channels, extent, formatted

__all__ = ["RECIPES"]

_LARGEST_WINDOW = 4
_LONGEST_STRIDE = 3
_LARGEST_PADDING = 3


def _steps(pick: Pick, rank: int, fields: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """Strides and dilations: one, the other, neither, seldom both (Keras takes both seldom)."""
    kind = pick.one_of(("plain", "strided", "dilated", "strided", "dilated", "both"))
    dilates = "dilation_rate" in fields and "dilation_rate" not in pick.left
    strides = pick.sizes(rank, _LONGEST_STRIDE if kind in ("strided", "both") else 1)
    dilated = kind in ("dilated", "both") and dilates
    return list(strides), list(pick.sizes(rank, 3 if dilated else 1))


def _convolution(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths, depth = extent(cls, inputs[0], made), channels(made, inputs[0])
    styles = ("valid", "same", "amounts") + (("causal",) if cls.rank == 1 else ())
    style = pick.style(*styles)
    strides, dilation = _steps(pick, cls.rank, cls.model_fields)
    pads = [pick.sizes(2, _LARGEST_PADDING, 0) if style == "amounts" else (0, 0) for _ in lengths]
    kernel = []
    for n, (before, after), d in zip(lengths, pads, dilation, strict=True):
        fits = (n + before + after - 1) // d + 1
        free = style in ("same", "causal")
        kernel.append(pick.size(_LARGEST_WINDOW if free else min(_LARGEST_WINDOW, fits)))
    made |= {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
    made["padding"] = pads if style == "amounts" else style
    return made | _filters(pick, cls, depth)


def _filters(pick: Pick, cls: type[Layer], depth: int) -> Fields:
    made: Fields = {}
    if "groups" in cls.model_fields:
        made["groups"] = pick.one_of(pick.left.get("groups") or divisors(depth))
    if "filters" in cls.model_fields:
        made["filters"] = made.get("groups", 1) * pick.size(3)
    if "depth_multiplier" in cls.model_fields:
        made["depth_multiplier"] = pick.size(3)
    return made


def _transposed(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths, depth = extent(cls, inputs[0], made), channels(made, inputs[0])
    style = pick.style("valid", "same", "amounts")
    strides, dilation = _steps(pick, cls.rank, cls.model_fields)
    kernel = pick.sizes(cls.rank, _LARGEST_WINDOW)
    extra = None
    if pick.flag():
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


def _pool(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths = extent(cls, inputs[0], made)
    style = pick.style("valid", "same", "amounts")
    ceil = pick.one_of(pick.left.get("ceil_mode", (False, True)))
    strides, dilation = _steps(pick, cls.rank, cls.model_fields)
    own_stride = set(strides) == {1} and pick.flag()
    kernel, pads = [], []
    for n, s, d in zip(lengths, strides, dilation, strict=True):
        hanging = s - 1 if ceil else 0
        sizes = [
            k
            for k in range(1, _LARGEST_WINDOW + 1)
            if style == "same" or d * (k - 1) + 1 <= n + _half(style, k) * 2 + hanging
        ]
        k = pick.one_of(sizes)
        missing = max(0, d * (k - 1) + 1 - n - hanging)
        before = pick.size(_half(style, k), max(0, missing - _half(style, k)))
        pads.append((before, pick.size(_half(style, k), max(0, missing - before))))
        kernel.append(k)
    made |= {"pool_size": kernel, "strides": None if own_stride else strides, "ceil_mode": ceil}
    if "dilation_rate" in cls.model_fields:
        made["dilation_rate"] = dilation
    return made | {"padding": pads if style == "amounts" else style}


def _half(style: str, kernel: int) -> int:
    """The most that a pool may pad on each side."""
    return kernel // 2 if style == "amounts" else 0


def _adaptive(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    sizes: list[int | None] = list(pick.sizes(cls.rank, 5))
    if cls.rank > 1 and pick.flag():  # torch keeps an axis where nothing is asked for
        sizes[0] = None
    return {**formatted(pick, cls), "output_size": sizes}


RECIPES: dict[str, Recipe] = {
    **{f"Conv{n}D": _convolution for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _convolution for n in (1, 2)},
    **{f"SeparableConv{n}D": _convolution for n in (1, 2)},
    **{f"Conv{n}DTranspose": _transposed for n in (1, 2, 3)},
    **{f"{kind}Pooling{n}D": _pool for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{n}D": _adaptive for kind in ("Max", "Average") for n in (1, 2, 3)},
}
