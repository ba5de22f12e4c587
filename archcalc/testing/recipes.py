"""How each family of layers is made for an input: fields that fit, by construction.

A recipe gets an input shape (or several) and draws the fields that depend on it or on one another.
Flags, choices and fractions are not its business: `plain_fields` draws those by their types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, get_args

from hypothesis import strategies as st

from archcalc.layers.activations import ActivationName
from archcalc.layers.base import Layer
from archcalc.layers.spatial import Spatial
from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import Pick, divisors, factors

__all__ = ["RECIPES", "Fields"]

Fields: TypeAlias = dict[str, Any]
Recipe: TypeAlias = Callable[[Pick, type[Any], tuple[Shape, ...]], Fields]

_LARGEST_WINDOW = 4
_LONGEST_STRIDE = 3
_LARGEST_PADDING = 3


def _extent(cls: type[Spatial], x: Shape, made: Fields) -> tuple[int, ...]:
    first = made.get("data_format") == "channels_first"
    return tuple(x[1:] if first else x[: cls.rank])


def _channels(made: Fields, x: Shape) -> int:
    return int(x[0] if made.get("data_format") == "channels_first" else x[-1])


def _formatted(pick: Pick, cls: type[Layer]) -> Fields:
    if "data_format" not in cls.model_fields:
        return {}
    left = pick.left.get("data_format", ("channels_last", "channels_first"))
    return {"data_format": pick.one_of(left)}


def _steps(pick: Pick, rank: int, fields: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """Strides and dilations: one, the other, neither, seldom both (Keras takes both seldom)."""
    kind = pick.one_of(("plain", "strided", "dilated", "strided", "dilated", "both"))
    dilates = "dilation_rate" in fields and "dilation_rate" not in pick.left
    strides = pick.sizes(rank, _LONGEST_STRIDE if kind in ("strided", "both") else 1)
    dilated = kind in ("dilated", "both") and dilates
    return list(strides), list(pick.sizes(rank, 3 if dilated else 1))


def _convolution(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = _formatted(pick, cls)
    extent, channels = _extent(cls, inputs[0], made), _channels(made, inputs[0])
    styles = ("valid", "same", "amounts") + (("causal",) if cls.rank == 1 else ())
    style = pick.style(*styles)
    strides, dilation = _steps(pick, cls.rank, cls.model_fields)
    pads = [pick.sizes(2, _LARGEST_PADDING, 0) if style == "amounts" else (0, 0) for _ in extent]
    kernel = []
    for n, (before, after), d in zip(extent, pads, dilation, strict=True):
        fits = (n + before + after - 1) // d + 1
        free = style in ("same", "causal")
        kernel.append(pick.size(_LARGEST_WINDOW if free else min(_LARGEST_WINDOW, fits)))
    made |= {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
    made["padding"] = pads if style == "amounts" else style
    return made | _filters(pick, cls, channels)


def _filters(pick: Pick, cls: type[Layer], channels: int) -> Fields:
    made: Fields = {}
    if "groups" in cls.model_fields:
        made["groups"] = pick.one_of(pick.left.get("groups") or divisors(channels))
    if "filters" in cls.model_fields:
        made["filters"] = made.get("groups", 1) * pick.size(3)
    if "depth_multiplier" in cls.model_fields:
        made["depth_multiplier"] = pick.size(3)
    return made


def _transposed(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = _formatted(pick, cls)
    extent, channels = _extent(cls, inputs[0], made), _channels(made, inputs[0])
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
            for part, o, n in zip(each, extra, extent, strict=True)
        ]
        extra = None if min(sizes) < 1 else extra  # an even window can leave nothing
    pads = []
    for part, n, o in zip(each, extent, extra or [0] * cls.rank, strict=True):
        whole = int(TransposedWindow(*part, (0, 0), o).output(n))
        before = pick.size(min(2, whole - 1), 0) if style == "amounts" else 0
        after = pick.size(min(2, whole - 1 - before), 0) if style == "amounts" else 0
        pads.append((before, after))
    made |= {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
    made |= {"padding": pads if style == "amounts" else style, "output_padding": extra}
    return made | _filters(pick, cls, channels)


def _pool(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = _formatted(pick, cls)
    extent = _extent(cls, inputs[0], made)
    style = pick.style("valid", "same", "amounts")
    ceil = pick.one_of(pick.left.get("ceil_mode", (False, True)))
    strides, dilation = _steps(pick, cls.rank, cls.model_fields)
    own_stride = set(strides) == {1} and pick.flag()
    kernel, pads = [], []
    for n, s, d in zip(extent, strides, dilation, strict=True):
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
    return {**_formatted(pick, cls), "output_size": sizes}


def _zero_padding(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"padding": [pick.sizes(2, _LARGEST_PADDING, 0) for _ in range(cls.rank)]}


def _cropping(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = _formatted(pick, cls)
    pairs = []
    for n in _extent(cls, inputs[0], made):
        before = pick.size(n - 1, 0)
        pairs.append((before, pick.size(n - 1 - before, 0)))
    return made | {"cropping": pairs}


def _upsampling(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"size": pick.sizes(cls.rank, 3)}


def _dense(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"units": pick.size(8)}


def _embedding(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"input_dim": pick.size(20), "output_dim": pick.size(8)}


def _activation(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    names = list(get_args(ActivationName))
    even = inputs[0][-1] % 2 == 0
    return {"activation": pick.field("activation", st.sampled_from(names + ["glu"] * even))}


def _along_one(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": pick.axis(inputs[0])}


def _along_groups(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    axis = pick.axis(inputs[0])
    channels = int(inputs[0][axis if axis < 0 else axis - 1])
    return {"axis": axis, "groups": pick.one_of([*divisors(channels), -1])}


def _along_instances(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    x = inputs[0]
    places = [i for i in range(len(x)) if int(x.elements) // int(x[i]) > 1]
    place = pick.one_of(places)
    return {"axis": place + 1 if pick.flag() else place - len(x)}


def _along_some(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": pick.axes(inputs[0], 1)}


def _slopes(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"shared_axes": pick.axes(inputs[0])}


def _flatten(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    if pick.flag():
        return {}
    rank = len(inputs[0])
    first = pick.size(rank)
    last = pick.size(rank, first)
    return {"start_dim": first, "end_dim": last if pick.flag() else last - 1 - rank}


def _reshape(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    target: list[int] = list(factors(pick, int(inputs[0].elements)))
    if pick.flag():
        target[pick.size(len(target) - 1, 0)] = -1
    return {"target_shape": target}


def _permute(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    left = list(range(1, len(inputs[0]) + 1))
    dims = []
    while left:
        dims.append(left.pop(pick.size(len(left) - 1, 0)))
    return {"dims": dims}


def _repeat(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"n": pick.size(5)}


def _nothing(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {}


def _concatenate(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """The axis along which the inputs differ, where they do."""
    apart = [i for i, dims in enumerate(zip(*inputs, strict=True)) if len(set(dims)) > 1]
    place = apart[0] if apart else pick.size(len(inputs[0]) - 1, 0)
    return {"axis": place + 1 if pick.flag() else place - len(inputs[0])}


def _dot(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    x, y = inputs
    pairs = [(i, j) for i, a in enumerate(x) for j, b in enumerate(y) if a == b]
    i, j = pick.one_of(pairs)
    if i == j and pick.flag():
        return {"axes": i + 1}
    return {"axes": [i + 1 if pick.flag() else i - len(x), j + 1 if pick.flag() else j - len(y)]}


RECIPES: dict[str, Recipe] = {
    "Dense": _dense,
    "Embedding": _embedding,
    "Activation": _activation,
    "Softmax": _along_one,
    "PReLU": _slopes,
    "BatchNormalization": _along_one,
    "GroupNormalization": _along_groups,
    "InstanceNormalization": _along_instances,
    "LayerNormalization": _along_some,
    "RMSNormalization": _along_some,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Concatenate": _concatenate,
    "Dot": _dot,
    **{f"Conv{n}D": _convolution for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _convolution for n in (1, 2)},
    **{f"SeparableConv{n}D": _convolution for n in (1, 2)},
    **{f"Conv{n}DTranspose": _transposed for n in (1, 2, 3)},
    **{f"{kind}Pooling{n}D": _pool for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{n}D": _adaptive for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"ZeroPadding{n}D": _zero_padding for n in (1, 2, 3)},
    **{f"Cropping{n}D": _cropping for n in (1, 2, 3)},
    **{f"UpSampling{n}D": _upsampling for n in (1, 2, 3)},
}
"""The recipe of every kind that has fields which depend on its input."""
