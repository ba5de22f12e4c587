"""What each layer is in Keras: nearly always a class of the same name, with the same arguments.

Source: https://keras.io/api/layers/, for Keras 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archcalc.frameworks.table import (
    Absent,
    Argument,
    Entry,
    Only,
    Table,
    Tensor,
    same,
    same_tensors,
)
from archcalc.layers.axes import axis_index
from archcalc.symbolic.shape import Shape

__all__ = ["KERAS"]


def _axis_there(axis: int, x: Shape) -> int:
    """Counted from the front, but for the last: Keras' layers disagree on other negative axes."""
    return -1 if axis == -1 else axis_index(axis, x) + 1


def _axes_there(axes: tuple[int, ...], x: Shape) -> int | list[int]:
    """In order: Keras sorts them by number, so that −1 would come before 1."""
    if len(axes) == 1:
        return _axis_there(axes[0], x)
    return sorted(axis_index(axis, x) + 1 for axis in axes)


def _axes_back(axes: Any, x: Shape) -> tuple[int, ...]:
    return (axes,) if isinstance(axes, int) else tuple(axes)


def _shared_there(axes: tuple[int, ...], x: Shape) -> list[int] | None:
    return [axis_index(axis, x) + 1 for axis in axes] or None


def _shared_back(axes: Any, x: Shape) -> tuple[int, ...]:
    """Keras takes one off every axis, also a negative one: its −1 is the last axis but one."""
    numbers = [axes] if isinstance(axes, int) else axes or []
    return tuple(range(1, len(x) + 1)[number - 1] for number in numbers)


def _one(value: tuple[Any, ...], x: Shape) -> Any:
    """The value of the only spatial axis."""
    return value[0]


def _as_tuple(value: Any, x: Shape) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _pair_back(value: Any, x: Shape) -> tuple[Any, ...]:
    return (tuple(value),) if isinstance(value, list | tuple) else (value,)


def _dot_axes(axes: tuple[int, ...], x: Shape) -> int | tuple[int, ...]:
    return axes[0] if len(axes) == 1 else axes


def _strides_or_dilation(layer: Any) -> bool:
    return bool(max(layer.strides) == 1 or max(layer.dilation_rate) == 1)


def _output_padding_below_strides(layer: Any) -> bool:
    extra = layer.output_padding or ()
    return all(a < b for a, b in zip(extra, layer.strides, strict=False))


_AXIS = Argument("axis", "axis", _axis_there)
_AXES = Argument("axis", "axis", _axes_there, _axes_back)

_NOT_BOTH = (_strides_or_dilation, "Keras refuses strides > 1 together with dilation_rate > 1")

_CONV = Entry(
    "",
    same("filters", "kernel_size", "strides", "padding", "data_format")
    + same("dilation_rate", "groups", "activation", "use_bias", "lora_rank"),
    tensors=same_tensors("kernel", "bias", "lora_kernel_a", "lora_kernel_b"),
    limits=(_NOT_BOTH,),
)
_DEPTHWISE = Entry(
    "",
    same("kernel_size", "strides", "padding", "depth_multiplier", "data_format")
    + same("dilation_rate", "activation", "use_bias"),
    tensors=same_tensors("kernel", "bias"),
)
_SEPARABLE = Entry(
    "",
    same("filters", "kernel_size", "strides", "padding", "data_format")
    + same("dilation_rate", "depth_multiplier", "activation", "use_bias"),
    tensors=same_tensors("depthwise_kernel", "pointwise_kernel", "bias"),
)
_TRANSPOSED = Entry(
    "",
    same("filters", "kernel_size", "strides", "padding", "output_padding", "data_format")
    + same("dilation_rate", "activation", "use_bias"),
    only=(Only("groups", (1,), "Keras has no transposed convolution in groups"),),
    tensors=same_tensors("kernel", "bias"),
    limits=(
        _NOT_BOTH,
        (_output_padding_below_strides, "Keras wants output_padding smaller than strides"),
    ),
)
_FLOORS = Only("ceil_mode", (False,), "Keras has no ceil_mode; its pools round down")
_NAMED_PADDING = Only(
    "padding", ("valid", "same"), "Keras' pools pad with 'valid' or 'same', not by amounts"
)
_AVERAGE_POOL = Entry(
    "", same("pool_size", "strides", "padding", "data_format"), only=(_FLOORS, _NAMED_PADDING)
)
_MAX_POOL = Entry(
    "",
    same("pool_size", "strides", "padding", "data_format"),
    only=(
        _FLOORS,
        _NAMED_PADDING,
        Only("dilation_rate", ((1,), (1, 1), (1, 1, 1)), "Keras' pools have no dilation"),
    ),
)
_GLOBAL_POOL = Entry("", same("data_format", "keepdims"))
_ADAPTIVE_POOL = Entry(
    "",
    same("output_size", "data_format"),
    limits=(
        (lambda layer: None not in layer.output_size, "Keras asks for the size of every axis"),
    ),
)
_ZERO_PADDING = Entry("", same("padding", "data_format"))
_CROPPING = Entry("", same("cropping", "data_format"))
_RATE = Entry("", same("rate"))
_RATE_AND_FORMAT = Entry("", same("rate", "data_format"))
_NOTHING = Entry("")
_NEAREST = Only("interpolation", ("nearest",), "Keras only repeats the values here")


def _ranked(name: str, *ranks: int, entry: Entry) -> dict[str, Entry]:
    """The entries of a layer that comes in several dimensions."""
    return _plain(*(name.format(n=n) for n in ranks), entry=entry)


def _plain(*names: str, entry: Entry = _NOTHING) -> dict[str, Entry]:
    return {name: replace(entry, cls=name) for name in names}


_AFFINE = same("epsilon", "center", "scale")

KERAS: Table = {
    # core
    "Dense": Entry(
        "Dense",
        same("units", "activation", "use_bias", "lora_rank"),
        tensors=same_tensors("kernel", "bias", "lora_kernel_a", "lora_kernel_b"),
    ),
    "Embedding": Entry(
        "Embedding",
        same("input_dim", "output_dim", "lora_rank"),
        tensors=same_tensors("embeddings", "lora_embeddings_a", "lora_embeddings_b"),
    ),
    **_plain("Identity"),
    # convolutions
    **_ranked("Conv{n}D", 1, 2, 3, entry=_CONV),
    **_ranked("DepthwiseConv{n}D", 1, 2, entry=_DEPTHWISE),
    **_ranked("SeparableConv{n}D", 1, 2, entry=_SEPARABLE),
    **_ranked("Conv{n}DTranspose", 1, 2, 3, entry=_TRANSPOSED),
    # pools
    **_ranked("MaxPooling{n}D", 1, 2, 3, entry=_MAX_POOL),
    **_ranked("AveragePooling{n}D", 1, 2, 3, entry=_AVERAGE_POOL),
    **_ranked("GlobalMaxPooling{n}D", 1, 2, 3, entry=_GLOBAL_POOL),
    **_ranked("GlobalAveragePooling{n}D", 1, 2, 3, entry=_GLOBAL_POOL),
    **_ranked("AdaptiveMaxPooling{n}D", 1, 2, 3, entry=_ADAPTIVE_POOL),
    **_ranked("AdaptiveAveragePooling{n}D", 1, 2, 3, entry=_ADAPTIVE_POOL),
    # normalisations
    "BatchNormalization": Entry(
        "BatchNormalization",
        (_AXIS, *same("momentum", "renorm"), *_AFFINE),
        only=(Only("track_running_stats", (True,), "Keras always keeps running statistics"),),
        tensors=same_tensors(
            "gamma",
            "beta",
            "moving_mean",
            "moving_variance",
            "moving_stddev",
            "renorm_mean",
            "renorm_stddev",
        ),
    ),
    "LayerNormalization": Entry(
        "LayerNormalization", (_AXES, *_AFFINE), tensors=same_tensors("gamma", "beta")
    ),
    "GroupNormalization": Entry(
        "GroupNormalization",
        (*same("groups"), _AXIS, *_AFFINE),
        tensors=same_tensors("gamma", "beta"),
    ),
    "RMSNormalization": Entry(
        "RMSNormalization",
        (_AXES, *same("epsilon")),
        only=(Only("scale", (True,), "Keras always learns the scale"),),
        tensors=same_tensors("scale"),
    ),
    "InstanceNormalization": Absent(
        "it is torch's", hint="GroupNormalization(groups=-1) normalises each channel on its own"
    ),
    # activations
    "Activation": Entry(
        "Activation",
        same("activation"),
        limits=(
            (
                lambda layer: layer.activation != "glu",
                "Keras gives 'glu' the shape of its input, but half of it comes out",
            ),
        ),
    ),
    "ReLU": Entry("ReLU", same("max_value", "negative_slope", "threshold")),
    "LeakyReLU": Entry("LeakyReLU", same("negative_slope")),
    "ELU": Entry("ELU", same("alpha")),
    "Softmax": Entry("Softmax", (_AXIS,)),
    "PReLU": Entry(
        "PReLU",
        (Argument("shared_axes", "shared_axes", _shared_there, _shared_back),),
        tensors=(Tensor("alpha", "alpha"),),
    ),
    # reshaping
    "Flatten": Entry("Flatten", around=("start_dim", "end_dim")),
    "Reshape": Entry("Reshape", same("target_shape")),
    "Permute": Entry("Permute", same("dims")),
    "RepeatVector": Entry("RepeatVector", same("n")),
    # padding, cropping, repeating
    "ZeroPadding1D": Entry(
        "ZeroPadding1D",
        (Argument("padding", "padding", _one, _pair_back), *same("data_format")),
    ),
    **_ranked("ZeroPadding{n}D", 2, 3, entry=_ZERO_PADDING),
    "Cropping1D": Entry(
        "Cropping1D",
        (Argument("cropping", "cropping", _one, _pair_back),),
        around=("data_format",),
    ),
    **_ranked("Cropping{n}D", 2, 3, entry=_CROPPING),
    "UpSampling1D": Entry(
        "UpSampling1D",
        (Argument("size", "size", _one, _as_tuple),),
        only=(_NEAREST,),
        around=("data_format",),
    ),
    "UpSampling2D": Entry("UpSampling2D", same("size", "data_format", "interpolation")),
    "UpSampling3D": Entry("UpSampling3D", same("size", "data_format"), only=(_NEAREST,)),
    # what acts in training only
    **_plain("Dropout", "AlphaDropout", "GaussianDropout", "SpatialDropout1D", entry=_RATE),
    **_plain("SpatialDropout2D", "SpatialDropout3D", entry=_RATE_AND_FORMAT),
    "FeatureAlphaDropout": Absent("it is torch's", hint="AlphaDropout drops single elements"),
    "GaussianNoise": Entry(
        "GaussianNoise",
        same("stddev"),
        limits=((lambda layer: layer.stddev <= 1, "Keras wants stddev between 0 and 1"),),
    ),
    "ActivityRegularization": Entry("ActivityRegularization", same("l1", "l2")),
    # what joins several inputs
    **_plain("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
    "Concatenate": Entry("Concatenate", (_AXIS,)),
    "Dot": Entry("Dot", (Argument("axes", "axes", _dot_axes, _axes_back), *same("normalize"))),
}
"""Every layer of the catalogue in Keras, by the name of our class."""
