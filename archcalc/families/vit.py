"""Vision Transformers: images as sequences of patches.

Source: Dosovitskiy et al., *An Image is Worth 16x16 Words* (2020), table 1 and equations 1 to 4,
as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.families.parts import read_dim
from archcalc.layers import (
    GELU,
    Add,
    Concatenate,
    Conv2D,
    Dense,
    LayerNormalization,
    MultiHeadAttention,
    Reshape,
    Select,
)
from archcalc.network import Input, Model, Parameter, Repeat, Residual, Sequential
from archcalc.symbolic.dims import Dim, DimLike, exact_div, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.shape import ShapeLike, as_shape

__all__ = ["VITS", "vit"]

_BASE = {"layers": 12, "width": 768, "heads": 12, "hidden": 3072, "classes": 1000}
_LARGE = {"layers": 24, "width": 1024, "heads": 16, "hidden": 4096, "classes": 1000}
_HUGE = {"layers": 32, "width": 1280, "heads": 16, "hidden": 5120, "classes": 1000}

VITS: Mapping[str, Mapping[str, Any]] = {
    "vit_b_16": {**_BASE, "patch": 16},
    "vit_b_32": {**_BASE, "patch": 32},
    "vit_l_16": {**_LARGE, "patch": 16},
    "vit_l_32": {**_LARGE, "patch": 32},
    "vit_h_14": {**_HUGE, "patch": 14},
}
"""The networks that have names, each with what makes it of `vit`."""


def vit(
    layers: DimLike = "L",
    width: DimLike = "d",
    hidden: DimLike = "f",
    heads: DimLike = "a",
    classes: DimLike = "K",
    *,
    patch: DimLike = 16,
    input_shape: ShapeLike = (224, 224, 3),
) -> Sequential:
    """A Vision Transformer: patches and a class token, layers of attention, and a classifier.

    Every patch of the image becomes a vector, a learned token comes before them, and a learned
    vector is added at each position; after the last layer the token is read.

    Args:
        layers: how many layers of attention and of two Dense layers.
        width: how long the vector of each patch is; a multiple of `heads`.
        hidden: the units between the two Dense layers of a layer.
        heads: how many heads the attention has; they change no count of parameters.
        classes: how many classes are told apart.
        patch: how high and wide a patch is.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension.

    >>> P = vit().trace().parameters
    >>> P.collect("L", "d", "K")
    L·(4·d² + d·(2·f + 9) + f) + d·(K + 969) + K
    >>> P(L=12, d=768, f=3072, a=12, K=1000)
    86567656
    >>> vit(patch="p", input_shape=("h", "h", 3)).trace().parameters.collect("L", "d", "K")
    L·(4·d² + d·(2·f + 9) + f) + d·(⌊h/p⌋² + 3·p² + K + 5) + K
    """
    d, p = read_dim("width", width), read_dim("patch", patch)
    a, f = read_dim("heads", heads), read_dim("hidden", hidden)
    height, across, *_ = as_shape(input_shape)
    patches = lower(floor_div(height, p) * floor_div(across, p))
    attention = MultiHeadAttention(a, exact_div(d, a))
    layer = [
        Residual([LayerNormalization(), attention]),
        Residual([LayerNormalization(), Dense(f), GELU(), Dense(d)]),
    ]
    return Sequential(
        [
            *(Conv2D(d, p, strides=p, name="patches"), Reshape((patches, d))),
            *(_placed(patches, d), Repeat(layer, read_dim("layers", layers), name="layers")),
            *(LayerNormalization(), Select(1, 0), Dense(read_dim("classes", classes))),
        ],
        input_shape=input_shape,
    )


def _placed(patches: Dim, width: Dim) -> Model:
    """The class token before the patches, and what is learned of each place added."""
    x = Input((patches, width))
    tokens = Concatenate(axis=1)([Parameter((1, width), name="token"), x])
    places = Parameter((lower(patches + 1), width), name="places")
    return Model(x, Add()([tokens, places]), name="placed")
