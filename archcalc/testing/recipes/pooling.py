"""Pools, and their undoing: windows that fit, by construction."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe, extent, formatted
from archcalc.testing.recipes.spatial_windows import LARGEST_WINDOW, steps
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES"]


def _pool(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    lengths = extent(cls, inputs[0], made)
    padded = "padding" in cls.model_fields
    places = "return_indices" in cls.model_fields and pick.field("return_indices", st.booleans())
    styles = ("valid", "amounts") if places else ("valid", "same", "amounts")
    style = pick.style(*styles) if padded else "valid"
    ceil = pick.one_of(pick.left.get("ceil_mode", (False, True)))
    strides, dilation = steps(pick, cls.rank, cls.model_fields)
    own_stride = set(strides) == {1} and pick.flag()
    said = pick.said("pool_size", cls.rank)
    kernel: list[int] = []
    pads: list[tuple[int, int]] = []
    for n, s, d in zip(lengths, strides, dilation, strict=True):
        hanging = s - 1 if ceil and not (cls.rank == 3 and not padded) else 0
        sizes = [
            k
            for k in range(1, LARGEST_WINDOW + 1)
            if style == "same" or d * (k - 1) + 1 <= n + _half(style, k) * 2 + hanging
        ]
        k = pick.one_of(sizes) if said is None else said[len(kernel)]
        missing = max(0, d * (k - 1) + 1 - n - hanging)
        least = -(-missing // 2) if places else max(0, missing - _half(style, k))
        before = pick.size(_half(style, k), least)
        after = before if places else pick.size(_half(style, k), max(0, missing - before))
        pads.append((before, after))
        kernel.append(k)
    made |= {"pool_size": kernel, "strides": None if own_stride else strides, "ceil_mode": ceil}
    if "dilation_rate" in cls.model_fields:
        made["dilation_rate"] = dilation
    if "return_indices" in cls.model_fields:
        made["return_indices"] = places
    if padded:
        made["padding"] = pads if style == "amounts" else style
    return made


def _half(style: str, kernel: int) -> int:
    """The most that a pool may pad on each side."""
    return kernel // 2 if style == "amounts" else 0


def _adaptive(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    sizes: list[int | None] = list(pick.sizes(cls.rank, 5))
    if cls.rank > 1 and pick.flag():  # torch keeps an axis where nothing is asked for
        sizes[0] = None
    return {**formatted(pick, cls), "output_size": sizes}


def _powers(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {**_pool(pick, cls, inputs), "norm_type": pick.one_of((2.0, 1.0, 3.5))}


_RATIOS = (Fraction(1, 2), Fraction(7, 10), Fraction(1, 3), Fraction(29, 100))


def _fractional(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """As many windows as there is room for, as a size or, where one fits, as a ratio."""
    made = formatted(pick, cls)
    room = [n - cls.spare for n in extent(cls, inputs[0], made)]
    ratios = [[r for r in _RATIOS if 1 <= int((n + cls.spare) * r) <= n] for n in room]
    if all(ratios) and pick.flag():
        chosen = [pick.one_of(some) for some in ratios]
        sizes = [int((n + cls.spare) * r) for n, r in zip(room, chosen, strict=True)]
        made["output_ratio"] = chosen
    else:
        sizes = [pick.size(n) for n in room]
        made["output_size"] = sizes
    fits = [n - size + 1 for n, size in zip(room, sizes, strict=True)]
    return made | {"pool_size": [pick.size(min(LARGEST_WINDOW, k)) for k in fits]}


def _unpool(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Less padding than comes out, and a size within less than a stride of what windows say."""
    made = formatted(pick, cls)
    strides, _ = steps(pick, cls.rank, cls.model_fields)
    kernel = list(pick.sizes(cls.rank, LARGEST_WINDOW))
    pads, sizes = [], []
    for k, s, n in zip(kernel, strides, extent(cls, inputs[0], made), strict=True):
        pad = pick.size(min(2, (int(TransposedWindow(k, s, padding=(0, 0)).output(n)) - 1) // 2), 0)
        pads.append((pad, pad))
        whole = int(TransposedWindow(k, s, padding=(pad, pad)).output(n))
        sizes.append(pick.size(whole + s - 1, max(1, whole - s + 1)))
    made |= {"pool_size": kernel, "padding": pads}
    made["strides"] = None if kernel == strides and pick.flag() else strides
    return made | {"output_size": sizes if pick.flag() else None}


def _with_room(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    """At least two positions along every axis."""
    longer = st.tuples(*[numbers(2, 5)] * (cls.rank + 1))
    return longer.map(lambda dims: (Shape(dims),))


def _twice(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    """Values and their indices."""
    return small(cls.rank + 1, longest=4).map(lambda x: (x, x))


RECIPES: dict[str, Recipe] = {
    **{f"{kind}Pooling{n}D": _pool for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{n}D": _adaptive for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"LPPooling{n}D": _powers for n in (1, 2, 3)},
    **{f"FractionalMaxPooling{n}D": _fractional for n in (2, 3)},
    **{f"MaxUnpooling{n}D": _unpool for n in (1, 2, 3)},
}

INPUTS: dict[str, Inputs] = {
    "FractionalMaxPooling3D": _with_room,
    **{f"MaxUnpooling{n}D": _twice for n in (1, 2, 3)},
}

FITS: dict[str, Fits] = {"FractionalMaxPooling3D": lambda x: min(x) > 1}
