"""What each layer is in torch: its class, its arguments, and the order of its weights' axes.

torch's layers work on channels that come first, take padding by amounts, and have no activation of
their own.  Here an entry says what the layer is *there*; `archcalc.frameworks.torch` puts around it
what our fields `around` the entry ask for.  A class that begins with a dot is a small module of
`archcalc.frameworks.torch_modules`, for what torch has as a function or not at all.

Source: https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archcalc.frameworks.table import Argument, Convert, Entry, Only, Table, Tensor, choice, same
from archcalc.symbolic.shape import Shape

__all__ = ["ACTIVATIONS", "TORCH"]

ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "celu": ("CELU", {}),
    "elu": ("ELU", {}),
    "exponential": (".Exponential", {}),
    "gelu": ("GELU", {}),
    "glu": ("GLU", {}),
    "hard_shrink": ("Hardshrink", {}),
    "hard_sigmoid": ("Hardsigmoid", {}),
    "hard_silu": ("Hardswish", {}),
    "hard_swish": ("Hardswish", {}),
    "hard_tanh": ("Hardtanh", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "linear": ("Identity", {}),
    "log_sigmoid": ("LogSigmoid", {}),
    "log_softmax": ("LogSoftmax", {"dim": -1}),
    "mish": ("Mish", {}),
    "relu": ("ReLU", {}),
    "relu6": ("ReLU6", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "soft_shrink": ("Softshrink", {}),
    "softmax": ("Softmax", {"dim": -1}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "squareplus": (".Squareplus", {}),
    "swish": ("SiLU", {}),
    "tanh": ("Tanh", {}),
    "tanh_shrink": ("Tanhshrink", {}),
}
"""Activation functions by Keras' names: torch's class, and the arguments that make it Keras'."""


def _padding_there(padding: Any, x: Shape) -> Any:
    """``"valid"`` is 0; amounts are equal before and after by the time they come here."""
    if isinstance(padding, str):
        return 0 if padding == "valid" else padding
    return tuple(before for before, _ in padding)


def _padding_back(padding: Any, x: Shape) -> Any:
    return padding if isinstance(padding, str | int) else tuple((p, p) for p in padding)


def _flat_there(sign: int) -> Convert:
    """Pairs in the order of the axes, as torch's flat list from the last axis to the first."""
    return lambda pairs, x: tuple(sign * n for pair in reversed(pairs) for n in pair)


def _flat_back(sign: int) -> Convert:
    def back(flat: Any, x: Shape) -> tuple[tuple[int, int], ...]:
        pairs = [(sign * a, sign * b) for a, b in zip(flat[::2], flat[1::2], strict=True)]
        return tuple(reversed(pairs))

    return back


def _rest(value: float, x: Shape) -> float:
    """Keras' momentum is the part that is kept, torch's the part that is new."""
    return round(1 - value, 12)


def _channels(x: Shape) -> Any:
    return x[0]


def _features(x: Shape) -> Any:
    return x[-1]


_PADDING = Argument("padding", "padding", _padding_there, _padding_back)
_BIAS = Argument("use_bias", "bias")
_SLIDING = (
    Argument("kernel_size", "kernel_size"),
    Argument("strides", "stride"),
    _PADDING,
    Argument("dilation_rate", "dilation"),
)
_KERNEL = Tensor("kernel", "weight", "o i * -> * i o")
_AROUND = ("data_format", "activation")

_NO_ADAPTERS = Only("lora_rank", (None,), "torch's layers bring no adapters")
_CONV = Entry(
    "",
    (Argument("filters", "out_channels"), *_SLIDING, *same("groups"), _BIAS),
    implied=(("in_channels", _channels),),
    only=(_NO_ADAPTERS,),
    around=_AROUND,
    tensors=(_KERNEL, Tensor("bias", "bias")),
)
_DEPTHWISE = Entry(
    "",
    (
        Argument(
            "depth_multiplier",
            "out_channels",
            lambda many, x: many * x[0],
            lambda filters, x: filters // x[0],
        ),
        *_SLIDING,
        _BIAS,
    ),
    implied=(("in_channels", _channels), ("groups", _channels)),
    around=_AROUND,
    tensors=(
        Tensor("kernel", "weight", "(c m) 1 * -> * c m", ("m", "depth_multiplier")),
        Tensor("bias", "bias"),
    ),
)
_SEPARABLE = Entry(
    ".Separable",
    around=(
        *("filters", "kernel_size", "strides", "padding", "dilation_rate"),
        *("depth_multiplier", "use_bias", *_AROUND),
    ),
    tensors=(
        Tensor(
            "depthwise_kernel",
            "depthwise.weight",
            "(c m) 1 * -> * c m",
            ("m", "depth_multiplier"),
        ),
        Tensor("pointwise_kernel", "pointwise.weight", "o i * -> * i o"),
        Tensor("bias", "pointwise.bias"),
    ),
)
_TRANSPOSED = Entry(
    "",
    (Argument("filters", "out_channels"), *_SLIDING, *same("output_padding", "groups"), _BIAS),
    implied=(("in_channels", _channels),),
    around=_AROUND,
    tensors=(Tensor("kernel", "weight", "i o * -> * o i"), Tensor("bias", "bias")),
)
_WINDOW = (Argument("pool_size", "kernel_size"), Argument("strides", "stride"), _PADDING)
_MAX_POOL = Entry(
    "",
    (*_WINDOW, Argument("dilation_rate", "dilation"), *same("ceil_mode")),
    around=("data_format",),
)
_AVERAGE_POOL = Entry("", (*_WINDOW, *same("ceil_mode")), around=("data_format",))
_GLOBAL_POOL = Entry(
    "", implied=(("output_size", lambda x: 1),), around=("data_format", "keepdims")
)
_ADAPTIVE_POOL = Entry("", same("output_size"), around=("data_format",))

_AFFINE = (Argument("scale", "affine"), Argument("center", "affine"))
_EPSILON = Argument("epsilon", "eps")
_TRACKED = same("track_running_stats")
_GAMMA = (Tensor("gamma", "weight"), Tensor("beta", "bias"))
_MOVING = (Tensor("moving_mean", "running_mean"), Tensor("moving_variance", "running_var"))


def _ranked(
    ours: str, theirs: str, entry: Entry, ranks: tuple[int, ...] = (1, 2, 3)
) -> dict[str, Entry]:
    """The entries of a layer that comes in several dimensions."""
    return {ours.format(n=n): replace(entry, cls=theirs.format(n=n)) for n in ranks}


def _by_rank(name: str) -> dict[int, str]:
    """torch's class by the number of axes; 1 and 2 axes go to the one-dimensional."""
    return {rank: f"{name}{max(rank - 1, 1)}d" for rank in (1, 2, 3, 4)}


_MODES = {"nearest": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"}


def _upsampling(n: int, modes: dict[str, str]) -> Entry:
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
        around=("data_format",),
        limits=(
            (
                lambda layer: layer.interpolation in modes,
                f"torch interpolates {n} axes by {', '.join(modes)} only",
            ),
        ),
    )


def _merge(operation: str) -> Entry:
    return Entry(f".{operation}")


TORCH: Table = {
    # core
    "Dense": Entry(
        "Linear",
        (Argument("units", "out_features"), _BIAS),
        implied=(("in_features", _features),),
        only=(_NO_ADAPTERS,),
        around=("activation",),
        tensors=(Tensor("kernel", "weight", "o i -> i o"), Tensor("bias", "bias")),
    ),
    "Embedding": Entry(
        "Embedding",
        (Argument("input_dim", "num_embeddings"), Argument("output_dim", "embedding_dim")),
        only=(_NO_ADAPTERS,),
        tensors=(Tensor("embeddings", "weight"),),
    ),
    "Identity": Entry("Identity"),
    # convolutions
    **_ranked("Conv{n}D", "Conv{n}d", _CONV),
    **_ranked("DepthwiseConv{n}D", "Conv{n}d", _DEPTHWISE, (1, 2)),
    **_ranked("SeparableConv{n}D", ".Separable", _SEPARABLE, (1, 2)),
    **_ranked("Conv{n}DTranspose", "ConvTranspose{n}d", _TRANSPOSED),
    # pools
    **_ranked("MaxPooling{n}D", "MaxPool{n}d", _MAX_POOL),
    **_ranked("AveragePooling{n}D", "AvgPool{n}d", _AVERAGE_POOL),
    **_ranked("GlobalMaxPooling{n}D", "AdaptiveMaxPool{n}d", _GLOBAL_POOL),
    **_ranked("GlobalAveragePooling{n}D", "AdaptiveAvgPool{n}d", _GLOBAL_POOL),
    **_ranked("AdaptiveMaxPooling{n}D", "AdaptiveMaxPool{n}d", _ADAPTIVE_POOL),
    **_ranked("AdaptiveAveragePooling{n}D", "AdaptiveAvgPool{n}d", _ADAPTIVE_POOL),
    # normalisations; what they normalise is moved to where torch wants it
    "BatchNormalization": Entry(
        _by_rank("BatchNorm"),
        (Argument("momentum", "momentum", _rest, _rest), _EPSILON, *_AFFINE, *_TRACKED),
        implied=(("num_features", _channels),),
        only=(Only("renorm", (False,), "torch does not renormalise batches"),),
        around=("axis",),
        tensors=_GAMMA + _MOVING,
    ),
    "LayerNormalization": Entry(
        "LayerNorm",
        (
            _EPSILON,
            Argument("scale", "elementwise_affine"),
            Argument("center", "elementwise_affine"),
            Argument("center", "bias"),
        ),
        around=("axis",),
        tensors=_GAMMA,
    ),
    "GroupNormalization": Entry(
        "GroupNorm",
        (
            Argument("groups", "num_groups", lambda groups, x: x[0] if groups == -1 else groups),
            _EPSILON,
            *_AFFINE,
        ),
        implied=(("num_channels", _channels),),
        around=("axis",),
        tensors=_GAMMA,
    ),
    "RMSNormalization": Entry(
        "RMSNorm",
        (_EPSILON, Argument("scale", "elementwise_affine")),
        around=("axis",),
        tensors=(Tensor("scale", "weight"),),
    ),
    "InstanceNormalization": Entry(
        _by_rank("InstanceNorm"),
        (_EPSILON, *_AFFINE, *_TRACKED),
        implied=(("num_features", _channels),),
        around=("axis",),
        tensors=_GAMMA + _MOVING,
    ),
    # activations
    "Activation": Entry({name: cls for name, (cls, _) in ACTIVATIONS.items()}, by="activation"),
    "ReLU": Entry(".Rectifier", same("max_value", "negative_slope", "threshold")),
    "LeakyReLU": Entry("LeakyReLU", same("negative_slope")),
    "ELU": Entry("ELU", same("alpha")),
    "Softmax": Entry("Softmax", (Argument("axis", "dim"),)),
    "PReLU": Entry(".Slopes", around=("shared_axes",), tensors=(Tensor("alpha", "alpha"),)),
    # reshaping
    "Flatten": Entry("Flatten", same("start_dim", "end_dim")),
    "Reshape": Entry(".Reshape", (Argument("target_shape", "shape"),)),
    "Permute": Entry(".Permute", same("dims")),
    "RepeatVector": Entry(".RepeatVector", same("n")),
    # padding, cropping, repeating
    **_ranked(
        "ZeroPadding{n}D",
        "ZeroPad{n}d",
        Entry(
            "",
            (Argument("padding", "padding", _flat_there(1), _flat_back(1)),),
            around=("data_format",),
        ),
    ),
    **_ranked(
        "Cropping{n}D",
        "ZeroPad{n}d",  # by less than nothing
        Entry(
            "",
            (Argument("cropping", "padding", _flat_there(-1), _flat_back(-1)),),
            around=("data_format",),
        ),
    ),
    "UpSampling1D": _upsampling(1, {"nearest": "nearest", "bilinear": "linear"}),
    "UpSampling2D": _upsampling(2, _MODES),
    "UpSampling3D": _upsampling(3, {"nearest": "nearest", "bilinear": "trilinear"}),
    # what acts in training only
    "Dropout": Entry("Dropout", (Argument("rate", "p"),)),
    "AlphaDropout": Entry("AlphaDropout", (Argument("rate", "p"),)),
    "FeatureAlphaDropout": Entry("FeatureAlphaDropout", (Argument("rate", "p"),)),
    "GaussianDropout": Entry(".GaussianDropout", same("rate")),
    "GaussianNoise": Entry(".GaussianNoise", same("stddev")),
    "SpatialDropout1D": Entry("Dropout1d", (Argument("rate", "p"),)),
    **_ranked(
        "SpatialDropout{n}D",
        "Dropout{n}d",
        Entry("", (Argument("rate", "p"),), around=("data_format",)),
        (2, 3),
    ),
    "ActivityRegularization": Entry("Identity", around=("l1", "l2")),
    # what joins several inputs
    "Add": _merge("Sum"),
    "Subtract": _merge("Difference"),
    "Multiply": _merge("Product"),
    "Average": _merge("Mean"),
    "Maximum": _merge("Largest"),
    "Minimum": _merge("Smallest"),
    "Concatenate": Entry(".Concatenate", same("axis")),
    "Dot": Entry(".Dot", same("axes", "normalize")),
}
"""Every layer of the catalogue in torch, by the name of our class."""
