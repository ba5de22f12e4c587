"""Families of networks: every depth, width, growth and number of classes a number or a symbol.

A family is a function that makes an ordinary network of the catalogue's layers.  The networks that
have names are its arguments as data, and functions of these names: ``resnet50()`` is
``resnet(**RESNETS["resnet50"])``, and ``resnet50(classes="K")`` leaves one of them open.

>>> from archcalc import families
>>> families.resnet50().trace().parameters
25557032
>>> families.resnet50(classes="K").trace().parameters
2049·K + 23508032
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from archcalc.families.alexnet import alexnet
from archcalc.families.attention import attention, latent_attention
from archcalc.families.convnext import CONVNEXTS, convnext
from archcalc.families.decoder import block, decoder, layer_norm, rms_norm, runs
from archcalc.families.densenet import DENSENETS, densenet
from archcalc.families.efficientnet import EFFICIENTNETS, efficientnet
from archcalc.families.encoder import ENCODERS, encoder
from archcalc.families.encoder_decoder import ENCODER_DECODERS, encoder_decoder
from archcalc.families.feedforward import experts, gated_mlp, mlp
from archcalc.families.inception import inception_v3
from archcalc.families.language import LANGUAGE_MODELS, LanguageModel, language_model
from archcalc.families.llama import llama
from archcalc.families.mamba import mamba, state_space
from archcalc.families.mobilenet import (
    MOBILENETS_V3,
    mobilenet,
    mobilenet_v2,
    mobilenet_v3,
)
from archcalc.families.resnet import RESNETS, resnet
from archcalc.families.swin import SWINS, swin
from archcalc.families.unet import unet
from archcalc.families.vgg import VGGS, doubling, vgg
from archcalc.families.vit import VITS, vit
from archcalc.network import Network

__all__ = [
    "CONVNEXTS",
    "DENSENETS",
    "EFFICIENTNETS",
    "ENCODERS",
    "ENCODER_DECODERS",
    "LANGUAGE_MODELS",
    "MOBILENETS_V3",
    "RESNETS",
    "SWINS",
    "VGGS",
    "VITS",
    "LanguageModel",
    "alexnet",
    "attention",
    "block",
    "convnext",
    "decoder",
    "densenet",
    "doubling",
    "efficientnet",
    "encoder",
    "encoder_decoder",
    "experts",
    "gated_mlp",
    "inception_v3",
    "language_model",
    "latent_attention",
    "layer_norm",
    "llama",
    "mamba",
    "mlp",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3",
    "resnet",
    "rms_norm",
    "runs",
    "state_space",
    "swin",
    "unet",
    "vgg",
    "vit",
]

_TABLES: tuple[tuple[Callable[..., Network], Mapping[str, Mapping[str, Any]]], ...] = (
    (resnet, RESNETS),
    (densenet, DENSENETS),
    (vgg, VGGS),
    (mobilenet_v3, MOBILENETS_V3),
    (efficientnet, EFFICIENTNETS),
    (convnext, CONVNEXTS),
    (vit, VITS),
    (swin, SWINS),
    (language_model, LANGUAGE_MODELS),
    (encoder, ENCODERS),
    (encoder_decoder, ENCODER_DECODERS),
)

_NAMED = tuple(
    (family, name, arguments) for family, table in _TABLES for name, arguments in table.items()
)


def __getattr__(name: str) -> Callable[..., Network]:
    for family, known, arguments in _NAMED:
        if name == known:
            return partial(family, **arguments)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for _, name, _ in _NAMED)])
