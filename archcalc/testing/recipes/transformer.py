"""Transformers: as wide as their inputs, with heads that divide the width."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, divisors, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe

__all__ = ["FITS", "INPUTS", "RECIPES"]

_WIDTHS = (1, 2, 4, 6, 8)


@st.composite
def _alone(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    return (Shape((draw(numbers(1, 5)), draw(st.sampled_from(_WIDTHS)))),)


@st.composite
def _with_another(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Two sequences of the same width."""
    (x,) = draw(_alone(cls))
    return x, x.replace(0, draw(numbers(1, 5)))


def _layer(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    width = int(inputs[0][-1])
    heads = pick.one_of(divisors(width))
    return {"d_model": width, "nhead": heads, "dim_feedforward": pick.size(9)}


def _both(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    depths = {"num_encoder_layers": pick.size(2), "num_decoder_layers": pick.size(2)}
    return {**_layer(pick, cls, inputs), **depths, "custom_encoder": None, "custom_decoder": None}


def _stack(kind: str, field: str) -> Recipe:
    def stack(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
        block = pick.layer((kind,), inputs)
        return {field: block, "num_layers": pick.size(3), "norm": pick.one_of((None, True))}

    return stack


RECIPES: dict[str, Recipe] = {
    "TransformerEncoderLayer": _layer,
    "TransformerDecoderLayer": _layer,
    "TransformerEncoder": _stack("TransformerEncoderLayer", "encoder_layer"),
    "TransformerDecoder": _stack("TransformerDecoderLayer", "decoder_layer"),
    "Transformer": _both,
}

INPUTS: dict[str, Inputs] = {
    "TransformerEncoderLayer": _alone,
    "TransformerEncoder": _alone,
    "TransformerDecoderLayer": _with_another,
    "TransformerDecoder": _with_another,
    "Transformer": _with_another,
}

FITS: dict[str, Fits] = dict.fromkeys(
    ("TransformerEncoderLayer", "TransformerEncoder"), lambda x: len(x) == 2
)
