"""torch's names for layers: channels first, torch's order of arguments, torch's defaults."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.tables.activations import ACTIVATIONS
from archcalc.frameworks.torch_names.spelling import Given, Spelling, signature
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.symbolic.dims import exact_div
from archcalc.symbolic.errors import InvalidLayerError, quoted
from archcalc.symbolic.shape import product

__all__ = ["SPELLINGS"]


def _spelt(
    names: str, layer: str, text: str = "", ranks: tuple[int, ...] = (0,), **how: Any
) -> dict[str, Spelling]:
    """Spellings with the same arguments: several names, and several dimensions."""
    found = {}
    for n in ranks:
        for name in names.format(n=n).split():
            ours = layer.format(n=n)
            first = "data_format" in layer_class(ours).model_fields
            fixed = {"data_format": "channels_first"} if first else {}
            fixed |= how.get("fixed", {})
            rest = {k: v for k, v in how.items() if k != "fixed"}
            found[name] = Spelling(name, ours, signature(text), fixed, **rest)
    return found


_EVERY = (1, 2, 3)


def _over(names: str, layer: str, text: str, fixed: Given, **how: Any) -> dict[str, Spelling]:
    """Spellings of a layer that is told how many spatial axes come in."""
    found: dict[str, Spelling] = {}
    for n in _EVERY:
        found |= _spelt(names, layer, text, (n,), fixed={**fixed, "spatial": n}, **how)
    return found


_FIRST = {"axis": 1}
"""The axis of the channels, counted as in Keras."""


def _affine(given: Given) -> Given:
    """An offset goes with the factor, unless it is left out."""
    return {"center": bool(given["affine"] and given["bias"])}


def _instance(given: Given) -> Given:
    """Without weights and statistics nothing is made for a number of features."""
    made = {**_affine(given), "scale": given["affine"]}
    kept = given["affine"] or given["track_running_stats"]
    return made if kept else {**made, "expects": None}


def _last_axes(given: Given) -> Given:
    """As many axes as the shape that is given has, and as long."""
    shape = given["normalized_shape"]
    sizes = tuple(shape) if isinstance(shape, tuple) else (shape,)
    if not sizes:
        _refuse("normalized_shape: torch normalises over one axis at least")
    made: dict[str, Any] = {"axis": tuple(range(-len(sizes), 0))}
    return {**made, **({"expects": sizes[0]} if len(sizes) == 1 else {"normalized_shape": sizes})}


def _layer_norm(given: Given) -> Given:
    learned = given["elementwise_affine"]
    return {**_last_axes(given), "scale": learned, "center": bool(learned and given["bias"])}


def _rms_norm(given: Given) -> Given:
    return {**_last_axes(given), "epsilon": given["eps"]}


def _along(given: Given) -> Given:
    """torch guesses the axis where none is given; here it is the last."""
    return {"axis": -1 if given["dim"] is None else given["dim"]}


def _slopes(given: Given) -> Given:
    """One slope for everything, or one a channel."""
    many = given["num_parameters"]
    return {"along": ()} if many == 1 else {"along": (1,), "expects": many}


def _one(value: Any) -> bool:
    """Whether a value for every axis is 1."""
    return all(part == 1 for part in (value if isinstance(value, list | tuple) else (value,)))


def _refuse(reason: str, hint: str = "") -> None:
    raise InvalidLayerError(reason, code="refused-in-torch", hint=hint)


_WORDS = ("valid", "same", "causal", "full")


def _padding(given: Given) -> None:
    """torch's convolutions take two words for a padding, one of them at stride 1 only."""
    padding = given["padding"]
    if padding not in _WORDS[:2] and str(padding).lower() in _WORDS:
        _refuse(f"padding: torch has no {padding!r}", "use 'same', 'valid' or amounts")
    if padding == "same" and not _one(given["stride"]):
        _refuse("padding: torch has 'same' at stride 1 only", "give amounts")


def _amounts(given: Given) -> None:
    """What torch pads by amounts alone."""
    if str(given["padding"]).lower() in _WORDS:
        _refuse(f"padding: torch has no {given['padding']!r} here", "give amounts")


def _transposing(given: Given) -> None:
    _amounts(given)
    if given["padding_mode"] != "zeros":
        _refuse("padding_mode: a transposed convolution has zeros only", "leave it out")


def _whole_rows(given: Given) -> None:
    """Gradients of a few rows, and by how often a row is read, are for sums and means."""
    for name in ("sparse", "scale_grad_by_freq"):
        if given["mode"] == "max" and given[name]:
            _refuse(f"{name}: torch has it for the modes 'sum' and 'mean' only", "leave it out")


def _kept(given: Given) -> Given:
    """A table that is frozen is not trained."""
    return {"trainable": False} if given["_freeze"] else {}


def _bounds(given: Given) -> Given:
    """The limits of a Hardtanh, also under their former names."""
    named = {"min_val": given["min_value"], "max_val": given["max_value"]}
    return {name: value for name, value in named.items() if value is not None}


def _function(value: Any) -> str:
    """The name of an activation function, from that, a layer, a module or a function of torch."""
    if value in ("relu", "gelu"):
        return str(value)
    layer = value if isinstance(value, Layer | str) else _of_torch(value)
    for name, (cls, arguments) in ACTIVATIONS.items():
        if cls in SPELLINGS and layer is not None and SPELLINGS[cls](**arguments) == layer:
            return name
    raise InvalidLayerError(
        f"activation: {quoted(value, 60)} is not known by name",
        code="unknown-choice",
        hint="use 'relu', 'gelu', or a layer such as nn.SiLU()",
    )


def _of_torch(value: Any) -> Layer | None:
    """A module of torch as a layer, by its attributes; a function as the module of its name."""
    name = getattr(value, "__name__", "").replace("_", "").lower() or type(value).__name__.lower()
    spelt = next((s for s in SPELLINGS.values() if s.name.lower() == name), None)
    if spelt is None:
        return None
    names = spelt.signature.parameters
    return spelt(**{n: getattr(value, n) for n in names if hasattr(value, n)})


def _called(given: Given) -> Given:
    return {"activation": _function(given["activation"])}


_CONV = (
    "out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    "padding_mode='zeros'"
)
_TRANSPOSED = (
    "out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, "
    "dilation=1, padding_mode='zeros'"
)
_NORM = "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, *, bias=True"
_UNTRACKED = "eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, *, bias=True"
_SYNC = "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, process_group=None, *, "
_SYNC += "bias=True"
_BATCH: Any = {"fixed": _FIRST, "more": _affine}
_INSTANCE: Any = {"fixed": _FIRST, "more": _instance}
_POOL = "kernel_size, stride=None, padding=0"
_FRACTIONAL = "kernel_size, output_size=None, output_ratio=None, return_indices=False, "
_FRACTIONAL += "_random_samples=None"
_DROPPED = "p=0.5, inplace=False"
_EMBEDDED = "num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, "
_EMBEDDED += "scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False"
_BAG = "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
_BAG += "mode='mean', sparse=False, _weight=None, include_last_offset=False, padding_idx=None"
_HEADS = "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, "
_HEADS += "kdim=None, vdim=None, batch_first=False"


_BLOCK = "dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, "
_BLOCK += "batch_first=False, norm_first=False, bias=True"


def _logits(given: Given) -> Given:
    """What the loss is taken of: logits, by a dense layer of its own."""
    return {"units": product((given["num_classes"], *given["out_features"]))}


def _heads(given: Given) -> Given:
    """All heads together are as wide as the query, and what is told of the others is checked."""
    width, heads = given["embed_dim"], given["num_heads"]
    if isinstance(width, int) and isinstance(heads, int) and width % heads:
        _refuse(f"num_heads {heads} does not divide embed_dim {width}", "make it a multiple")
    told = {name: given[name] for name in ("kdim", "vdim")}
    return {"key_dim": exact_div(width, heads), "embed_dim": width, "expects": None, **told}


def _functions() -> dict[str, Spelling]:
    """The activations without arguments that the table of `Activation` names."""
    found: dict[str, Spelling] = {}
    for ours, (name, _) in ACTIVATIONS.items():
        if not name.startswith("."):
            text = _ARGUMENTS.get(name, "")
            made = Spelling(name, "Activation", signature(text), {"activation": ours})
            found.setdefault(name, made)
    return found


_ARGUMENTS = dict.fromkeys(
    ["Hardsigmoid", "Hardswish", "Mish", "ReLU6", "SELU", "SiLU"], "inplace=False"
)

SPELLINGS: dict[str, Spelling] = {
    **_functions(),
    **_spelt("Identity", "Identity", "*args, **kwargs"),
    **_spelt("Linear", "Dense", "in_features, out_features, bias=True"),
    **_spelt("LazyLinear", "Dense", "out_features, bias=True"),
    **_spelt(
        "LinearCrossEntropyLoss",
        "Dense",
        "in_features, num_classes, *, out_features=(), bias=False, reduction='mean', weight=None, "
        "ignore_index=None, label_smoothing=0.0, options=None",
        more=_logits,
    ),
    **_spelt("Bilinear", "Bilinear", "in1_features, in2_features, out_features, bias=True"),
    **_spelt(
        "AdaptiveLogSoftmaxWithLoss",
        "AdaptiveLogSoftmaxWithLoss",
        "in_features, n_classes, cutoffs, div_value=4.0, head_bias=False",
    ),
    **_spelt("Embedding", "Embedding", _EMBEDDED, more=_kept),
    **_spelt("EmbeddingBag", "EmbeddingBag", _BAG, check=_whole_rows),
    **_spelt("Conv{n}d", "Conv{n}D", f"in_channels, {_CONV}", _EVERY, check=_padding),
    **_spelt("LazyConv{n}d", "Conv{n}D", _CONV, _EVERY, check=_padding),
    **_spelt(
        "ConvTranspose{n}d",
        "Conv{n}DTranspose",
        f"in_channels, {_TRANSPOSED}",
        _EVERY,
        check=_transposing,
    ),
    **_spelt("LazyConvTranspose{n}d", "Conv{n}DTranspose", _TRANSPOSED, _EVERY, check=_transposing),
    **_spelt(
        "MaxPool{n}d",
        "MaxPooling{n}D",
        f"{_POOL}, dilation=1, return_indices=False, ceil_mode=False",
        _EVERY,
        check=_amounts,
    ),
    **_spelt(
        "AvgPool1d",
        "AveragePooling1D",
        f"{_POOL}, ceil_mode=False, count_include_pad=True",
        check=_amounts,
    ),
    **_spelt(
        "AvgPool{n}d",
        "AveragePooling{n}D",
        f"{_POOL}, ceil_mode=False, count_include_pad=True, divisor_override=None",
        (2, 3),
        check=_amounts,
    ),
    **_spelt(
        "LPPool{n}d",
        "LPPooling{n}D",
        "norm_type, kernel_size, stride=None, ceil_mode=False",
        _EVERY,
    ),
    **_spelt("FractionalMaxPool{n}d", "FractionalMaxPooling{n}D", _FRACTIONAL, (2, 3)),
    **_spelt("MaxUnpool{n}d", "MaxUnpooling{n}D", _POOL, _EVERY),
    **_spelt("AdaptiveAvgPool{n}d", "AdaptiveAveragePooling{n}D", "output_size", _EVERY),
    **_spelt(
        "AdaptiveMaxPool{n}d",
        "AdaptiveMaxPooling{n}D",
        "output_size, return_indices=False",
        _EVERY,
    ),
    **_over("BatchNorm{n}d", "BatchNormalization", f"num_features, {_NORM}", **_BATCH),
    **_over("LazyBatchNorm{n}d", "BatchNormalization", _NORM, **_BATCH),
    **_spelt("SyncBatchNorm", "BatchNormalization", f"num_features, {_SYNC}", **_BATCH),
    **_over(
        "InstanceNorm{n}d", "InstanceNormalization", f"num_features, {_UNTRACKED}", **_INSTANCE
    ),
    **_over("LazyInstanceNorm{n}d", "InstanceNormalization", _NORM, **_INSTANCE),
    **_spelt(
        "GroupNorm",
        "GroupNormalization",
        "num_groups, num_channels, eps=1e-05, affine=True, *, bias=True",
        **_BATCH,
    ),
    **_spelt(
        "LayerNorm",
        "LayerNormalization",
        "normalized_shape, eps=1e-05, elementwise_affine=True, bias=True",
        more=_layer_norm,
    ),
    **_spelt(
        "RMSNorm",
        "RMSNormalization",
        "normalized_shape, eps=None, elementwise_affine=True",
        more=_rms_norm,
    ),
    **_spelt("ReLU", "ReLU", "inplace=False"),
    **_spelt("LeakyReLU", "LeakyReLU", "negative_slope=0.01, inplace=False"),
    **_spelt("ELU", "ELU", "alpha=1.0, inplace=False"),
    **_spelt("PReLU", "PReLU", "num_parameters=1, init=0.25", more=_slopes),
    **_spelt("Softmax", "Softmax", "dim=None", more=_along),
    **_spelt("Flatten", "Flatten", "start_dim=1, end_dim=-1"),
    **_spelt("Dropout", "Dropout", _DROPPED),
    **_spelt("AlphaDropout", "AlphaDropout", _DROPPED),
    **_spelt("FeatureAlphaDropout", "FeatureAlphaDropout", _DROPPED),
    **_spelt("Dropout{n}d", "SpatialDropout{n}D", _DROPPED, _EVERY),
    **_spelt("ZeroPad{n}d", "ZeroPadding{n}D", "padding", _EVERY),
    **_spelt("ReflectionPad{n}d", "Padding{n}D", "padding", _EVERY, fixed={"mode": "reflect"}),
    **_spelt("ReplicationPad{n}d", "Padding{n}D", "padding", _EVERY, fixed={"mode": "replicate"}),
    **_spelt("CircularPad{n}d", "Padding{n}D", "padding", _EVERY, fixed={"mode": "circular"}),
    **_spelt(
        "ConstantPad{n}d",
        "Padding{n}D",
        "padding, value",
        _EVERY,
        fixed={"mode": "constant"},
        more=lambda given: {"value": given["value"]},
    ),
    **_spelt("Fold", "Fold", "output_size, kernel_size, dilation=1, padding=0, stride=1"),
    **_spelt("Unfold", "Unfold", "kernel_size, dilation=1, padding=0, stride=1"),
    **_spelt("PixelShuffle", "PixelShuffle", "upscale_factor"),
    **_spelt("PixelUnshuffle", "PixelUnshuffle", "downscale_factor"),
    **_spelt("ChannelShuffle", "ChannelShuffle", "groups", fixed=_FIRST),
    **_spelt("Unflatten", "Unflatten", "dim, unflattened_size"),
    **_spelt(
        "Upsample",
        "Upsample",
        "size=None, scale_factor=None, mode='nearest', align_corners=None, "
        "recompute_scale_factor=None",
    ),
    **_spelt(
        "UpsamplingNearest2d",
        "Upsample",
        "size=None, scale_factor=None",
        fixed={"mode": "nearest"},
    ),
    **_spelt(
        "UpsamplingBilinear2d",
        "Upsample",
        "size=None, scale_factor=None",
        fixed={"mode": "bilinear", "align_corners": True},
    ),
    **_spelt("CELU", "CELU", "alpha=1.0, inplace=False"),
    **_spelt("GELU", "GELU", "approximate='none'"),
    **_spelt("GLU", "GLU", "dim=-1"),
    **_spelt("Hardshrink", "Hardshrink", "lambd=0.5"),
    **_spelt("Softshrink", "Softshrink", "lambd=0.5"),
    **_spelt(
        "Hardtanh",
        "Hardtanh",
        "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None",
        more=_bounds,
    ),
    **_spelt("RReLU", "RReLU", "lower=0.125, upper=0.3333333333333333, inplace=False"),
    **_spelt("Softplus", "Softplus", "beta=1.0, threshold=20.0"),
    **_spelt("Threshold", "Threshold", "threshold, value, inplace=False"),
    **_spelt("LogSoftmax", "LogSoftmax", "dim=None", more=_along),
    **_spelt("Softmin", "Softmin", "dim=None", more=_along),
    **_spelt("Softmax2d", "Softmax", fixed={"axis": -3}),
    **_spelt(
        "LocalResponseNorm",
        "LocalResponseNormalization",
        "size, alpha=0.0001, beta=0.75, k=1.0",
        fixed=_FIRST,
    ),
    **_spelt(
        "CrossMapLRN2d",
        "LocalResponseNormalization",
        "size, alpha=0.0001, beta=0.75, k=1",
        fixed={**_FIRST, "spatial": 2},
    ),
    **_spelt("CosineSimilarity", "CosineSimilarity", "dim=1, eps=1e-08"),
    **_spelt("PairwiseDistance", "PairwiseDistance", "p=2.0, eps=1e-06, keepdim=False"),
    **_spelt("MultiheadAttention", "MultiHeadAttention", _HEADS, more=_heads),
    **_spelt(
        "TransformerEncoderLayer",
        "TransformerEncoderLayer",
        f"d_model, nhead, {_BLOCK}",
        more=_called,
    ),
    **_spelt(
        "TransformerDecoderLayer",
        "TransformerDecoderLayer",
        f"d_model, nhead, {_BLOCK}",
        more=_called,
    ),
    **_spelt(
        "TransformerEncoder",
        "TransformerEncoder",
        "encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True",
    ),
    **_spelt("TransformerDecoder", "TransformerDecoder", "decoder_layer, num_layers, norm=None"),
    **_spelt(
        "Transformer",
        "Transformer",
        "d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, "
        "dropout=0.1, activation='relu', custom_encoder=None, custom_decoder=None, "
        "layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True",
        more=_called,
    ),
}
