"""Vision Transformers: images as sequences of patches.

Source: Dosovitskiy et al., *An Image is Worth 16x16 Words* (2020), table 1 and equations 1 to 4,
as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from archcalc.families.attention import attention
from archcalc.families.decoder import block, layer_norm
from archcalc.families.feedforward import Between, mlp
from archcalc.families.parts import one_of, read_dim
from archcalc.layers import Add, Concatenate, Conv2D, Dense, Layer, Reshape, Select
from archcalc.network import Input, Model, Parameter, Repeat, Sequential
from archcalc.symbolic.dims import Dim, DimLike, exact_div, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import DimensionError
from archcalc.symbolic.shape import ShapeLike, as_shape

__all__ = ["VITS", "ImageHead", "vit"]

ImageHead: TypeAlias = Literal["classes", "pooler", "none"]
"""What stands after the last norm: scores of classes, made of the token; a layer that is made of
it; or nothing."""

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
    bias: str = "qkvo",
    activation: Between = "gelu",
    head: ImageHead = "classes",
    pooled: DimLike | None = None,
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
        bias: the projections of attention that add a bias, by letters of ``"qkvo"``.
        activation: the function between the Dense layers.
        head: what stands after the last norm.
        pooled: the features that a pooler gives; `width` where ``None``.
        input_shape: height, width and channels of the images, numbers or symbols.

    Raises:
        DimensionError: an argument is no dimension, or the heads do not part the width.
        SpecificationError: the head is none of those there are.

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
    if isinstance(d, int) and isinstance(a, int) and d % a:
        raise DimensionError(f"{a} heads do not part a width of {d} evenly").at("heads")
    e = exact_div(d, a)
    mixer = attention(d, a, None, e, bias=bias, rotary=False, causal=False, keeps=False)
    layer = block(d, mixer, mlp(d, f, activation), norm=layer_norm)
    return Sequential(
        [
            *(Conv2D(d, p, strides=p, name="patches"), Reshape((patches, d))),
            *(_placed(patches, d), Repeat(layer, read_dim("layers", layers), name="layers")),
            *(layer_norm(name="norm"), *_end(head, classes, d if pooled is None else pooled)),
        ],
        input_shape=input_shape,
    )


def _end(head: ImageHead, classes: DimLike, pooled: DimLike) -> list[Layer]:
    ends: dict[str, list[Layer]] = {
        "classes": [Dense(read_dim("classes", classes), name="classifier")],
        "pooler": [Dense(read_dim("pooled", pooled), "tanh", name="pooler")],
        "none": [],
    }
    end = one_of("head", head, ends)
    return [Select(1, 0, name="first"), *end] if end else []


def _placed(patches: Dim, width: Dim) -> Model:
    """The class token before the patches, and what is learned of each place added."""
    x = Input((patches, width))
    tokens = Concatenate(axis=1)([Parameter((1, width), name="token"), x])
    places = Parameter((lower(patches + 1), width), name="places")
    return Model(x, Add()([tokens, places]), name="placed")
