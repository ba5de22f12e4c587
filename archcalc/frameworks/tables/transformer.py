"""Transformers, which torch has as modules and Keras has not.

What torch cannot say of one (its stacks call what they hold with masks) is built of its parts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from archcalc.frameworks.table import Absent, Argument, Entry, Only, Table, same
from archcalc.symbolic.shape import Shape

__all__ = ["KERAS", "TORCH"]


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
        return type(getattr(layer, field)).__name__ == kind

    return holds, f"torch calls {field} with masks, which a {kind} alone takes"


def _some(*fields: str) -> tuple[Any, str]:
    return (
        lambda layer: all(getattr(layer, f) > 0 for f in fields)
    ), "torch wants a layer at least"


_ABSENT = Absent("it is torch's", hint="to_keras() builds it of plain layers")

KERAS: Table = dict.fromkeys(
    (
        "TransformerEncoderLayer",
        "TransformerDecoderLayer",
        "TransformerEncoder",
        "TransformerDecoder",
        "Transformer",
    ),
    _ABSENT,
)

_COMMON = (
    *same("d_model", "nhead", "dim_feedforward", "dropout", "layer_norm_eps", "norm_first", "bias"),
    Argument("activation", "activation", _function_there, _function_back),
)
_BATCH = (("batch_first", lambda x: True),)
_LAYER = Entry("", _COMMON, implied=_BATCH, around=("batch_first",))

TORCH: Table = {
    "TransformerEncoderLayer": replace(_LAYER, cls="TransformerEncoderLayer"),
    "TransformerDecoderLayer": replace(_LAYER, cls="TransformerDecoderLayer"),
    "TransformerEncoder": Entry(
        "TransformerEncoder",
        same("encoder_layer", "num_layers", "norm"),
        implied=(("enable_nested_tensor", lambda x: False),),
        limits=(_holds("TransformerEncoderLayer", "encoder_layer"), _some("num_layers")),
    ),
    "TransformerDecoder": Entry(
        "TransformerDecoder",
        same("decoder_layer", "num_layers", "norm"),
        limits=(_holds("TransformerDecoderLayer", "decoder_layer"), _some("num_layers")),
    ),
    "Transformer": Entry(
        "Transformer",
        (*_COMMON, *same("num_encoder_layers", "num_decoder_layers")),
        implied=_BATCH,
        around=("batch_first",),
        only=(
            Only("custom_encoder", (None,), "torch calls an encoder with masks"),
            Only("custom_decoder", (None,), "torch calls a decoder with masks"),
        ),
        limits=(_some("num_encoder_layers", "num_decoder_layers"),),
    ),
}
