"""The catalogue: every layer states its facts once.

A family of layers is loaded when one of its layers is first used, so that a program that has four
layers does not wait for two hundred.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.facts import Operand, Remark, Role, State, Weight, Work
from archcalc.layers.homes import FAMILY_NAMES, homes
from archcalc.layers.registry import layer_class, layer_classes
from archcalc.layers.window import TransposedWindow, Window

if TYPE_CHECKING:
    from archcalc.layers import (
        activations,
        adaptive,
        aliases,
        arithmetic,
        attention,
        augmentation,
        colouring,
        convolution,
        core,
        distances,
        embedding,
        encoding,
        merging,
        normalization,
        operations,
        padding,
        pooling,
        products,
        rearranging,
        recurrent,
        recurrent_convolution,
        regularization,
        rescaling,
        reshaping,
        resizing,
        slicing,
        spectrogram,
        transposed,
        upsampling,
        vocabulary,
    )
    from archcalc.layers.activations import *
    from archcalc.layers.adapters import *
    from archcalc.layers.adaptive import *
    from archcalc.layers.aliases import *
    from archcalc.layers.arithmetic import *
    from archcalc.layers.attention import *
    from archcalc.layers.augmentation import *
    from archcalc.layers.colouring import *
    from archcalc.layers.convolution import *
    from archcalc.layers.core import *
    from archcalc.layers.distances import *
    from archcalc.layers.embedding import *
    from archcalc.layers.encoding import *
    from archcalc.layers.heads import *
    from archcalc.layers.merging import *
    from archcalc.layers.normalization import *
    from archcalc.layers.operations import *
    from archcalc.layers.padding import *
    from archcalc.layers.pooling import *
    from archcalc.layers.products import *
    from archcalc.layers.rearranging import *
    from archcalc.layers.recurrent import *
    from archcalc.layers.recurrent_convolution import *
    from archcalc.layers.regularization import *
    from archcalc.layers.rescaling import *
    from archcalc.layers.reshaping import *
    from archcalc.layers.resizing import *
    from archcalc.layers.sdpa import *
    from archcalc.layers.slicing import *
    from archcalc.layers.spectrogram import *
    from archcalc.layers.transposed import *
    from archcalc.layers.upsampling import *
    from archcalc.layers.vocabulary import *

    FAMILIES: tuple[ModuleType, ...]
    """The modules of the catalogue, in the order in which the documentation shows them."""

__all__ = [
    "FAMILIES",
    "Applied",
    "Layer",
    "Operand",
    "Remark",
    "Role",
    "State",
    "TransposedWindow",
    "Weight",
    "Window",
    "Work",
    "layer_class",
    "layer_classes",
]
if TYPE_CHECKING:
    __all__ += core.__all__
    __all__ += embedding.__all__
    __all__ += convolution.__all__
    __all__ += transposed.__all__
    __all__ += pooling.__all__
    __all__ += adaptive.__all__
    __all__ += normalization.__all__
    __all__ += activations.__all__
    __all__ += reshaping.__all__
    __all__ += rearranging.__all__
    __all__ += slicing.__all__
    __all__ += operations.__all__
    __all__ += padding.__all__
    __all__ += upsampling.__all__
    __all__ += regularization.__all__
    __all__ += merging.__all__
    __all__ += arithmetic.__all__
    __all__ += products.__all__
    __all__ += attention.__all__
    __all__ += distances.__all__
    __all__ += rescaling.__all__
    __all__ += resizing.__all__
    __all__ += colouring.__all__
    __all__ += augmentation.__all__
    __all__ += spectrogram.__all__
    __all__ += encoding.__all__
    __all__ += vocabulary.__all__
    __all__ += recurrent.__all__
    __all__ += recurrent_convolution.__all__
    __all__ += aliases.__all__
else:
    __all__ += [name for name, home in homes().items() if home.startswith(f"{__name__}.")]


def _found(name: str) -> Any:
    if name == "FAMILIES":
        return tuple(loaded(f"{__name__}.{family}") for family in FAMILY_NAMES)
    home = homes().get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(loaded(home), name)
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found


def __dir__() -> list[str]:
    return sorted(__all__)
