"""A framework's layer as a layer of ours, read off its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from archcalc.frameworks.table import Entry, fields_of
from archcalc.frameworks.tables import KERAS
from archcalc.frameworks.torch_names import SPELLINGS, Spelling
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.network.base import Network
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["read_keras", "read_torch"]

_UNREAD = (LookupError, AttributeError, ValueError, TypeError, ArithmeticError, ArchcalcError)
"""What goes wrong where a layer has no counterpart, or keeps its arguments in another way."""


def read_torch(module: Any) -> Layer | None:
    """A module of ``torch.nn`` as the layer that torch's name for it makes, if there is one.

    >>> from torch import nn
    >>> read_torch(nn.MaxPool2d(3, stride=2))
    MaxPooling2D(pool_size=3, strides=2, padding=0, data_format='channels_first')
    """
    spelling = SPELLINGS.get(type(module).__name__)
    if spelling is None or not type(module).__module__.startswith("torch.nn."):
        return None
    try:
        return spelling(**_arguments(module, spelling))
    except _UNREAD:
        return None


def _arguments(module: Any, spelling: Spelling) -> dict[str, Any]:
    special = {**_ANY, **_OF.get(spelling.name, {})}
    return {
        name: special[name](module) if name in special else getattr(module, name)
        for name, parameter in spelling.signature.parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and (name in special or hasattr(module, name))
    }


def _bias(module: Any) -> bool:
    bias = getattr(module, "bias", getattr(module, "in_proj_bias", None))
    return bias if isinstance(bias, bool) else bias is not None


_ANY: Mapping[str, Callable[[Any], Any]] = {"bias": _bias}
"""Arguments that modules keep as something else."""

_BLOCK: Mapping[str, Callable[[Any], Any]] = {
    "d_model": lambda block: block.self_attn.embed_dim,
    "nhead": lambda block: block.self_attn.num_heads,
    "dim_feedforward": lambda block: block.linear1.out_features,
    "dropout": lambda block: block.dropout.p,
    "layer_norm_eps": lambda block: block.norm1.eps,
    "bias": lambda block: _bias(block.linear1),
}


def _in_first(name: str, both: Any) -> Any:
    """What the first block of a transformer has."""
    return _BLOCK[name](both.encoder.layers[0])


def _norm(stack: Any) -> Layer | None:
    return None if stack.norm is None else read_torch(stack.norm)


_OF: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "AdaptiveLogSoftmaxWithLoss": {
        "cutoffs": lambda module: module.cutoffs[:-1],  # torch adds the number of classes
        "head_bias": lambda module: _bias(module.head),
    },
    "MultiheadAttention": {
        "add_bias_kv": lambda module: module.bias_k is not None,
    },
    "PairwiseDistance": {"p": lambda module: module.norm},
    "TransformerEncoderLayer": _BLOCK,
    "TransformerDecoderLayer": _BLOCK,
    "TransformerEncoder": {
        "encoder_layer": lambda stack: read_torch(stack.layers[0]),
        "norm": _norm,
    },
    "TransformerDecoder": {
        "decoder_layer": lambda stack: read_torch(stack.layers[0]),
        "norm": _norm,
    },
    "Transformer": {
        "num_encoder_layers": lambda both: both.encoder.num_layers,
        "num_decoder_layers": lambda both: both.decoder.num_layers,
        "activation": lambda both: both.encoder.layers[0].activation,
        "norm_first": lambda both: both.encoder.layers[0].norm_first,
        **{
            name: partial(_in_first, name)
            for name in ("dim_feedforward", "dropout", "layer_norm_eps", "bias")
        },
    },
}
"""Classes that keep an argument under another name, or in what they hold."""


def read_keras(layer: Any, x: Shape) -> Layer | None:
    """A layer of Keras as the layer of ours with its arguments, if there is one.

    Args:
        x: what goes in.

    >>> from archcalc.frameworks.keras import import_keras
    >>> read_keras(import_keras().layers.Dense(10, "relu"), Shape((784,)))
    Dense(units=10, activation='relu')
    """
    kind = type(layer).__name__
    entry = KERAS.get(kind)
    if not type(layer).__module__.startswith("keras.") or not isinstance(entry, Entry):
        return None
    try:
        ours = layer_class(kind)
        if issubclass(ours, Network):  # what it holds has facts of its own, which are compared
            return None
        said = fields_of(entry, _plain(layer.get_config()), x)
        return ours(**{**said, "trainable": bool(layer.trainable)})
    except _UNREAD:
        return None


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.get("config", value) if isinstance(value, dict) else value
        for name, value in config.items()
    }
