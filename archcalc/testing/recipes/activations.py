"""Activations."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from archcalc.layers.functions import ActivationName
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe
from archcalc.testing.recipes.normalization import along_one
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES"]


def _activation(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    names = list(get_args(ActivationName))
    even = inputs[0][-1] % 2 == 0
    return {"activation": pick.field("activation", st.sampled_from(names + ["glu"] * even))}


def _log_softmax(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"axis": -1} if "axis" in pick.left else along_one(pick, cls, inputs)


def _halved(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """An axis of even length."""
    x = inputs[0]
    place = pick.one_of([i for i, n in enumerate(x) if n % 2 == 0])
    return {"axis": place + 1 if pick.flag() else place - len(x)}


def _even_somewhere(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    return small().flatmap(
        lambda x: numbers(0, len(x) - 1).map(lambda i: (x.replace(i, 2 * x[i]),))
    )


def _slopes(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    if pick.one_of((False, False, True)):
        return {"along": pick.axes(inputs[0])}
    return {"shared_axes": pick.axes(inputs[0])}


RECIPES: dict[str, Recipe] = {
    "Activation": _activation,
    "Softmax": along_one,
    "Softmin": along_one,
    "LogSoftmax": _log_softmax,
    "GLU": _halved,
    "PReLU": _slopes,
}

INPUTS: dict[str, Inputs] = {"GLU": _even_somewhere}

FITS: dict[str, Fits] = {"GLU": lambda x: any(n % 2 == 0 for n in x)}
