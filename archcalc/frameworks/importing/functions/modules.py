"""Functions that are a module of torch's, and norms, padding and embeddings as functions."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.functions.registry import FUNCTIONS, Lower, Lowered, lowers
from archcalc.frameworks.importing.sizes import dim_of
from archcalc.frameworks.importing.values import MixesSamplesError, NotLoweredError, Value
from archcalc.symbolic.shape import Shape

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


AS_MODULES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "max_pool1d": ("MaxPool1d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "max_pool2d": ("MaxPool2d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "max_pool3d": ("MaxPool3d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    "avg_pool1d": (
        "AvgPool1d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "avg_pool2d": (
        "AvgPool2d", (
            "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"
        )),
    "avg_pool3d": (
        "AvgPool3d", (
            "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"
        )),
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
    "local_response_norm": ("LocalResponseNorm", ("size", "alpha", "beta", "k")),
    "lp_pool1d": ("LPPool1d", ("norm_type", "kernel_size", "stride", "ceil_mode")),
    "lp_pool2d": ("LPPool2d", ("norm_type", "kernel_size", "stride", "ceil_mode")),
    "leaky_relu": ("LeakyReLU", ("negative_slope", "inplace")),
    "elu": ("ELU", ("alpha", "inplace")),
    "celu": ("CELU", ("alpha", "inplace")),
    "hardtanh": ("Hardtanh", ("min_val", "max_val", "inplace")),
    "softplus": ("Softplus", ("beta", "threshold")),
    "softshrink": ("Softshrink", ("lambd",)),
    "hardshrink": ("Hardshrink", ("lambd",)),
    "threshold": ("Threshold", ("threshold", "value", "inplace")),
}  # fmt: skip
"""Functions that are a module of torch's, whose record says the rest, and their arguments."""


def _as_module(module: str, names: tuple[str, ...]) -> Lower:
    def lower(low: Workbench, x: Any, *args: Any, **kwargs: Any) -> Lowered:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        unsaid = [name for name in given if name not in names and given[name] not in (None, False)]
        if unsaid or len(args) > len(names):
            raise NotLoweredError(f"{module} here takes {', '.join(names)}")
        known = {name: given[name] for name in names if given.get(name) is not None}
        return low.module(module, known, low.tensor_of(x))

    return lower


FUNCTIONS.update({name: _as_module(*what) for name, what in AS_MODULES.items()})


@lowers("interpolate", "upsample")
def interpolate(
    low: Workbench, x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: Any = None, recompute_scale_factor: Any = None, antialias: bool = False,
) -> Lowered:  # fmt: skip
    """Another size; one that the model worked out itself is what came out."""
    value = low.tensor_of(x)
    if antialias:
        raise NotLoweredError("resized with a filter against aliasing")
    arguments = {"mode": mode, "align_corners": align_corners}
    if scale_factor is not None and not recompute_scale_factor:
        given = {"scale_factor": scale_factor, **arguments}
        return low.module("Upsample", {k: v for k, v in given.items() if v is not None}, value)
    (made,) = low.shapes()
    given = {"size": tuple(made[2:]), **arguments}
    return low.module("Upsample", {k: v for k, v in given.items() if v is not None}, value)


@lowers("pad")
def pad(low: Workbench, x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Lowered:
    """Amounts before and after, the last axis first."""
    tensor = low.tensor_of(x)
    pairs = list(zip(pad[::2], pad[1::2], strict=True))
    (made,) = low.shapes()
    if mode != "constant" or value:
        name = {"constant": "Constant", "reflect": "Reflection", "replicate": "Replication",
                "circular": "Circular"}[mode]  # fmt: skip
        many = {"constant": len(pairs)}.get(mode, len(tensor.shape) - 2)
        told = {"padding": tuple(pad), **({"value": float(value)} if mode == "constant" else {})}
        return low.module(f"{name}Pad{many}d", told, tensor)
    for back, (before, after) in enumerate(pairs, start=1):
        axis = len(tensor.shape) - back
        if (before, after) != (0, 0) or not all(type(n) is int for n in (before, after)):
            tensor = _padded(low, tensor, axis, before, after)
    return Value(tensor.tensor, made, tensor.at, tensor.batch)


def _padded(low: Workbench, value: Value, axis: int, before: int, after: int) -> Value:
    """One axis padded: as the time of a sequence, with the others before and after it joined."""
    index, own = value.index(axis), value.own
    shape = tuple(d + (before + after) * (i == axis) for i, d in enumerate(value.shape))
    if min(before, after) < 0 and max(before, after) <= 0:
        stop = None if after == 0 else after
        return low.on(value, ac.Slice(value.axis(axis), -before, stop), value.at, shape)
    rank = len(own)
    if rank == 1:  # a row of one channel
        channel = low.on(value, ac.ExpandDims(1), value.at, value.shape)
        row = ac.ZeroPadding1D((before, after), data_format="channels_first")
        return low.on(low.on(channel, row, value.at, shape), ac.Squeeze(1), value.at, shape)
    place = {1: ac.ZeroPadding1D, 2: ac.ZeroPadding2D, 3: ac.ZeroPadding3D}
    if rank in (2, 3, 4):
        spatial = rank - 1
        first = index >= 1  # channels first, unless it is the first axis that is padded
        amounts: list[Any] = [(0, 0)] * spatial
        amounts[index - 1 if first else 0] = (before, after)
        layer = place[spatial](
            amounts[0] if spatial == 1 else tuple(amounts),
            data_format="channels_first" if first else "channels_last",
        )
        return low.on(value, layer, value.at, shape)
    return _padded_in_threes(low, value, index, (before, after), shape)


def _padded_in_threes(low: Workbench, value: Value, index: int, pads: Any, shape: Any) -> Value:
    """Of more than four axes, those before and those behind the padded one as one each."""
    own = value.own
    ones, rest = own[:index], own[index + 1 :]
    flat = Shape(map(dim_of, (prod(ones), own[index], prod(rest))))
    value = low.on(value, ac.Reshape(flat), value.at, value.shape)
    layer = ac.ZeroPadding2D((pads, (0, 0)), data_format="channels_first")
    value = low.on(value, layer, value.at, value.shape)
    back = Shape(map(dim_of, (*ones, own[index] + sum(pads), *rest)))
    return low.on(value, ac.Reshape(back), value.at, shape)


@lowers("batch_norm")
def batch_norm(
    low: Workbench, x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Lowered:  # fmt: skip
    value, (shape,) = low.tensor_of(x), low.shapes()
    kept = running_mean is not None
    center, scale = low.is_whole(bias), low.is_whole(weight)
    layer = ac.BatchNormalization(
        axis=1, epsilon=eps, center=center, scale=scale, track_running_stats=kept,
    )  # fmt: skip
    own = (weight if scale else None, bias if center else None, running_mean, running_var)
    made = low.sampled(value, low.held(layer, *own), shape)
    return _affine(low, made, None if scale else weight, None if center else bias, 1)


def _affine(low: Workbench, value: Value, weight: Any, bias: Any, axis: int) -> Lowered:
    """Times a computed factor and plus a computed offset, one for each place along an axis."""
    behind = len(value.shape) - 1 - axis % len(value.shape)
    for layer, computed in ((ac.Multiply, weight), (ac.Add, bias)):
        if computed is not None and not low.is_buffer(computed):
            each = low.tensor_of(computed)
            for _ in range(behind):
                shape = (*each.shape, 1)
                each = low.on(each, ac.ExpandDims(-1), each.at, shape)
            value = low.merged(layer, [value, each])
    return value


@lowers("layer_norm")
def layer_norm(
    low: Workbench, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None,
    eps: float = 1e-5,
) -> Lowered:  # fmt: skip
    value = low.tensor_of(x)
    axes = tuple(range(-len(normalized_shape), 0))
    center, scale = low.is_whole(bias), low.is_whole(weight)
    layer = ac.LayerNormalization(axis=axes, epsilon=eps, center=center, scale=scale)
    own = (weight if scale else None, bias if center else None)
    made: Value = low.on(value, low.held(layer, *own))
    for kind, computed, done in ((ac.Multiply, weight, scale), (ac.Add, bias, center)):
        if computed is not None and not done and not low.is_buffer(computed):
            made = low.merged(kind, [made, computed])
    return made


@lowers("rms_norm")
def rms_norm(
    low: Workbench, x: Any, normalized_shape: Any, weight: Any = None, eps: Any = None
) -> Lowered:
    value = low.tensor_of(x)
    if weight is None:
        told = {"normalized_shape": tuple(normalized_shape), "eps": eps}
        return low.module("RMSNorm", {**told, "elementwise_affine": False}, value)
    axes = tuple(range(-len(normalized_shape), 0))
    return low.on(value, low.held(ac.RMSNormalization(axis=axes), weight))


@lowers("group_norm")
def group_norm(
    low: Workbench, x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Lowered:
    value, (shape,) = low.tensor_of(x), low.shapes()
    center, scale = low.is_whole(bias), low.is_whole(weight)
    layer = ac.GroupNormalization(num_groups, axis=1, epsilon=eps, center=center, scale=scale)
    own = (weight if scale else None, bias if center else None)
    made = low.sampled(value, low.held(layer, *own), shape)
    return _affine(low, made, None if scale else weight, None if center else bias, 1)


@lowers("instance_norm")
def instance_norm(
    low: Workbench, x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Lowered:  # fmt: skip
    """A group for every channel."""
    if running_mean is not None:
        raise NotLoweredError("running statistics of each sample")
    return group_norm(low, x, low.size(x, 1), weight, bias, eps)


@lowers("prelu")
def prelu(low: Workbench, x: Any, weight: Any) -> Lowered:
    """One slope for all, or one a channel."""
    value = low.tensor_of(x)
    below = low.on(value, ac.Clip(None, 0.0))
    above = low.on(value, ac.Activation("relu"))
    slope = low.tensor_of(weight)
    if slope.shape != (1,):
        for _ in range(len(value.shape) - 2):
            slope = low.on(slope, ac.ExpandDims(-1), None, (*slope.shape, 1))
    return low.merged(ac.Add, [above, low.merged(ac.Multiply, [below, slope])])


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
