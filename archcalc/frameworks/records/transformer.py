"""Transformers, which torch has as modules and Keras has not.

What torch cannot say of one (its stacks call what they hold with masks) is built of its parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archcalc.frameworks.record import Absent, Argument, Entry, Given, Name, Only, Record, same
from archcalc.frameworks.torch_api.functions import function_name
from archcalc.network.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from archcalc.symbolic.shape import Shape

__all__ = ["RECORDS"]


@dataclass(frozen=True)
class _Function:
    """An activation function by name, which torch takes as something to call."""

    name: str

    def __call__(self, x: Any) -> Any:
        from archcalc.frameworks.torch_modules import activation  # torch is there by now

        return activation(self.name)(x)


def _function_there(name: str, x: Shape) -> Any:
    return name if name in ("relu", "gelu") else _Function(name)


def _function_back(function: Any, x: Shape) -> str:
    name = function if isinstance(function, str) else getattr(function, "name", None)
    return str(name or getattr(function, "__name__", function))


def _holds(kind: str, field: str) -> tuple[Any, str]:
    def holds(layer: Any) -> bool:
        held = getattr(layer, field)
        return type(held).__name__ == kind and not held.instead

    return holds, f"torch calls {field} with masks, which a {kind} alone takes"


def _some(*fields: str) -> tuple[Any, str]:
    return (
        lambda layer: all(getattr(layer, f) > 0 for f in fields)
    ), "torch wants a layer at least"


_ABSENT = Absent("it is torch's", hint="to_keras() builds it of plain layers")

_COMMON = (
    *same("d_model", "nhead", "dim_feedforward", "dropout", "layer_norm_eps", "norm_first", "bias"),
    Argument("activation", "activation", _function_there, _function_back),
)
_ITS_OWN = (Only("instead", ((),), "torch makes its layers from the arguments"),)
_BATCH = (("batch_first", lambda x: True),)


_BLOCK = (
    "dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, "
    "batch_first=False, norm_first=False, bias=True"
)


def _parts(block: Callable[[Any], Any]) -> dict[str, Callable[[Any], Any]]:
    """Where torch keeps the arguments of a block: in its parts."""
    return {
        "d_model": lambda module: block(module).self_attn.embed_dim,
        "nhead": lambda module: block(module).self_attn.num_heads,
        "dim_feedforward": lambda module: block(module).linear1.out_features,
        "dropout": lambda module: block(module).dropout.p,
        "activation": lambda module: block(module).activation,
        "layer_norm_eps": lambda module: block(module).norm1.eps,
        "norm_first": lambda module: block(module).norm_first,
        "bias": lambda module: block(module).linear1.bias is not None,
    }


def _first(module: Any) -> Any:
    return module.layers[0]


def _called(given: Given) -> Given:
    return {"activation": function_name(given["activation"])}


RECORDS = (
    *(
        Record(
            layer,
            keras=_ABSENT,
            torch=Entry(
                arguments=_COMMON, implied=_BATCH, only=_ITS_OWN, applied_outside=("batch_first",)
            ),
            names=(
                Name(
                    layer.__name__,
                    f"d_model, nhead, {_BLOCK}",
                    more=_called,
                    kept=_parts(lambda block: block),
                ),
            ),
        )
        for layer in (TransformerEncoderLayer, TransformerDecoderLayer)
    ),
    Record(
        TransformerEncoder,
        keras=_ABSENT,
        torch=Entry(
            arguments=same("encoder_layer", "num_layers", "norm"),
            implied=(("enable_nested_tensor", lambda x: False),),
            limits=(_holds("TransformerEncoderLayer", "encoder_layer"), _some("num_layers")),
        ),
        names=(
            Name(
                "TransformerEncoder",
                "encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True",
                kept={"encoder_layer": _first},
            ),
        ),
    ),
    Record(
        TransformerDecoder,
        keras=_ABSENT,
        torch=Entry(
            arguments=same("decoder_layer", "num_layers", "norm"),
            limits=(_holds("TransformerDecoderLayer", "decoder_layer"), _some("num_layers")),
        ),
        names=(
            Name(
                "TransformerDecoder",
                "decoder_layer, num_layers, norm=None",
                kept={"decoder_layer": _first},
            ),
        ),
    ),
    Record(
        Transformer,
        keras=_ABSENT,
        torch=Entry(
            arguments=(*_COMMON, *same("num_encoder_layers", "num_decoder_layers")),
            implied=_BATCH,
            applied_outside=("batch_first",),
            only=(
                Only("custom_encoder", (None,), "torch calls an encoder with masks"),
                Only("custom_decoder", (None,), "torch calls a decoder with masks"),
            ),
            limits=(_some("num_encoder_layers", "num_decoder_layers"),),
        ),
        names=(
            Name(
                "Transformer",
                "d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, "
                "dim_feedforward=2048, dropout=0.1, activation='relu', custom_encoder=None, "
                "custom_decoder=None, layer_norm_eps=1e-05, batch_first=False, norm_first=False, "
                "bias=True",
                more=_called,
                kept={
                    **_parts(lambda module: module.encoder.layers[0]),
                    "num_encoder_layers": lambda module: module.encoder.num_layers,
                    "num_decoder_layers": lambda module: module.decoder.num_layers,
                },
            ),
        ),
    ),
)
