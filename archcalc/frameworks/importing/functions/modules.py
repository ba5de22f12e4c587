"""Functions that are a module of torch's, and norms, padding and embeddings as functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.functions.registry import FUNCTIONS, Lower, Lowered, lowers
from archcalc.frameworks.importing.values import MixesSamplesError, NotLoweredError, Value

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


AS_MODULES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "max_pool1d": ("MaxPool1d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "max_pool2d": ("MaxPool2d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "max_pool3d": ("MaxPool3d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "avg_pool1d": (
        "AvgPool1d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "avg_pool2d": (
        "AvgPool2d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "avg_pool3d": (
        "AvgPool3d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "adaptive_avg_pool1d": ("AdaptiveAvgPool1d", ("output_size",)),
    "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", ("output_size",)),
    "adaptive_avg_pool3d": ("AdaptiveAvgPool3d", ("output_size",)),
    "adaptive_max_pool1d": ("AdaptiveMaxPool1d", ("output_size",)),
    "adaptive_max_pool2d": ("AdaptiveMaxPool2d", ("output_size",)),
    "adaptive_max_pool3d": ("AdaptiveMaxPool3d", ("output_size",)),
    "pixel_shuffle": ("PixelShuffle", ("upscale_factor",)),
    "pixel_unshuffle": ("PixelUnshuffle", ("downscale_factor",)),
    "channel_shuffle": ("ChannelShuffle", ("groups",)),
    "unfold": ("Unfold", ("kernel_size", "dilation", "padding", "stride")),
    "fold": ("Fold", ("output_size", "kernel_size", "dilation", "padding", "stride")),
    "glu": ("GLU", ("dim",)),
    "interpolate": ("Upsample", ("size", "scale_factor", "mode", "align_corners")),
    "local_response_norm": ("LocalResponseNorm", ("size", "alpha", "beta", "k")),
}  # fmt: skip
"""Functions that are a module of torch's, whose record says the rest, and their arguments."""


def _as_module(module: str, names: tuple[str, ...]) -> Lower:
    def lower(low: Workbench, x: Any, *args: Any, **kwargs: Any) -> Lowered:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        known = {name: given[name] for name in names if given.get(name) is not None}
        return low.module(module, known, low.tensor_of(x))

    return lower


FUNCTIONS.update({name: _as_module(*what) for name, what in AS_MODULES.items()})


@lowers("pad")
def pad(low: Workbench, x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Lowered:
    """Amounts before and after, the last axis first."""
    tensor = low.tensor_of(x)
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    (made,) = low.shapes()
    for back, (before, after) in enumerate(pairs, start=1):
        axis = len(tensor.shape) - back
        if (before, after) != (0, 0):
            tensor = _padded(low, tensor, axis, before, after, mode)
    return Value(tensor.tensor, made, tensor.at, tensor.batch)


def _padded(low: Workbench, value: Value, axis: int, before: int, after: int, mode: str) -> Value:
    """One axis padded: as the time of a sequence, with the others before and after it joined."""
    index, own = value.index(axis), value.own
    shape = tuple(d + (before + after) * (i == axis) for i, d in enumerate(value.shape))
    if min(before, after) < 0 and max(before, after) <= 0:
        stop = None if after == 0 else after
        return low.on(value, ac.Slice(value.axis(axis), -before, stop), value.at, shape)
    rank = len(own)
    place = {1: ac.ZeroPadding1D, 2: ac.ZeroPadding2D, 3: ac.ZeroPadding3D}
    if mode == "constant" and rank in (2, 3, 4):
        spatial = rank - 1
        first = index >= 1  # channels first, unless it is the first axis that is padded
        amounts = [(0, 0)] * spatial
        amounts[index - 1 if first else 0] = (before, after)
        layer = place[spatial](
            amounts[0] if spatial == 1 else tuple(amounts),
            data_format="channels_first" if first else "channels_last",
        )
        return low.on(value, layer, value.at, shape)
    raise NotLoweredError(f"padding by {mode}")


@lowers("batch_norm")
def batch_norm(
    low: Workbench, x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Lowered:  # fmt: skip
    weight, bias = low.parameter(weight), low.parameter(bias)
    value = low.tensor_of(x)
    kept = running_mean is not None
    layer = ac.BatchNormalization(
        axis=1, epsilon=eps, center=bias is not None, scale=weight is not None,
        track_running_stats=kept,
    )  # fmt: skip
    return low.on(value, low.held(layer, weight, bias, running_mean, running_var))


@lowers("layer_norm")
def layer_norm(
    low: Workbench, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None,
    eps: float = 1e-5,
) -> Lowered:  # fmt: skip
    weight, bias = low.parameter(weight), low.parameter(bias)
    value = low.tensor_of(x)
    axes = tuple(range(-len(normalized_shape), 0))
    layer = ac.LayerNormalization(
        axis=axes, epsilon=eps, center=bias is not None, scale=weight is not None
    )
    return low.on(value, low.held(layer, weight, bias))


@lowers("rms_norm")
def rms_norm(
    low: Workbench, x: Any, normalized_shape: Any, weight: Any = None, eps: Any = None
) -> Lowered:
    value = low.tensor_of(x)
    if weight is None:
        raise NotLoweredError("a norm without a scale")
    axes = tuple(range(-len(normalized_shape), 0))
    return low.on(value, low.held(ac.RMSNormalization(axis=axes), weight))


@lowers("group_norm")
def group_norm(
    low: Workbench, x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Lowered:
    weight, bias = low.parameter(weight), low.parameter(bias)
    value = low.tensor_of(x)
    layer = ac.GroupNormalization(
        num_groups, axis=1, epsilon=eps, center=bias is not None, scale=weight is not None
    )
    return low.on(value, low.held(layer, weight, bias))


@lowers("embedding")
def embedding(low: Workbench, x: Any, weight: Any, *args: Any, **kwargs: Any) -> Lowered:
    value = low.tensor_of(x)
    rows, width = low.shape_of(weight)
    (shape,) = low.shapes()
    return low.on(value, low.held(ac.Embedding(rows, width), weight), value.at, shape)


@lowers("index_select")
def index_select(low: Workbench, x: Any, dim: int, index: Any) -> Lowered:
    value, places = low.tensor_of(x), low.tensor_of(index)
    (shape,) = low.shapes()
    if places.at is not None:
        raise MixesSamplesError("which positions differ from sample to sample")
    return low.on([value, places], ac.Take(value.axis(dim)), value.at, shape)


@lowers("gather", "take_along_dim")
def gather(low: Workbench, x: Any, dim: Any, index: Any = None, **kwargs: Any) -> Lowered:
    value, places = low.tensor_of(x), low.tensor_of(index)
    (shape,) = low.shapes()
    return low.on([value, places], ac.TakeAlongAxis(value.axis(dim)), value.at, shape)
