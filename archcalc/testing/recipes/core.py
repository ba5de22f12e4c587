"""Dense products, equations that fit their input, and functions of one's own."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Inputs, Recipe
from archcalc.testing.shaping import small

__all__ = ["INPUTS", "RECIPES"]


_ROLES = ("summed", "kept", "shared", "added")
"""An axis of the input: of the kernel too, of the output too, of both, or of neither."""


def _einsum(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Letters for the axes of the input, each with a role, and new ones that come out."""
    x = inputs[0]
    side = pick.one_of(("", "left", "right"))
    elided = pick.size(len(x) - 1, 0) if side else 0
    named = dict(zip("bcde", x[elided:] if side == "left" else x[: len(x) - elided], strict=False))
    roles = {letter: pick.one_of(_ROLES) for letter in named}
    new = {letter: pick.size(4) for letter in "xy"[: pick.size(2, 0)]}
    if not new and "shared" not in roles.values():
        new = {"x": pick.size(4)}
    kernel = [a for a in named if roles[a] in ("summed", "shared")] + list(new)
    out = _shuffled(pick, [a for a in named if roles[a] in ("kept", "shared")] + list(new))
    batch = "" if side == "left" and pick.flag() else "a"
    if batch and side == "left" and elided:  # an ellipsis stands for the batch if for anything
        batch = ""
    before, after = "..." * (side == "left"), "..." * (side == "right")
    terms = [before + batch + "".join(letters) + after for letters in (named, out)]
    equation = f"{terms[0]},{''.join(_shuffled(pick, kernel))}->{terms[1]}"
    lengths = {**named, **new}
    target = [None if a in named and pick.flag() else int(lengths[a]) for a in out]
    bias = [a for a in out if pick.flag()]
    return {
        "equation": equation,
        "target_shape": target,
        "bias_axes": "".join(_shuffled(pick, bias)) or None,
    }


def _shuffled(pick: Pick, letters: list[str]) -> list[str]:
    left, made = list(letters), []
    while left:
        made.append(left.pop(pick.size(len(left) - 1, 0)))
    return made


def _bilinear(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    x, y = inputs
    return {"in1_features": x[-1], "in2_features": y[-1], "out_features": pick.size(5)}


@st.composite
def _to_bilinear(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Two shapes that differ in their features."""
    x = draw(small(draw(numbers(1, 3))))
    return x, x.replace(-1, draw(numbers(1, 6)))


def _double(x: Any) -> Any:
    return x * 2


def _first(x: Any) -> Any:
    return x[..., :1]


def _in_front(x: Any) -> Any:
    return x[:, None]


def _one_in_front(x: Shape) -> Shape:
    return Shape((1, *x))


def _function(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """A function and the rule that it follows."""
    x = inputs[0]
    rules = ((_double, None), (_first, x.replace(-1, 1)), (_in_front, _one_in_front))
    function, rule = pick.one_of(rules)
    if "function" in pick.left:  # none: what comes out is said by a shape
        return {"function": None, "target_shape": pick.one_of((None, x.replace(-1, 1)))}
    return {"function": function, "target_shape": rule}


def _free(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"shape": [pick.size(6) for _ in range(pick.size(3))]}


RECIPES: dict[str, Recipe] = {
    "Parameter": _free,
    "EinsumDense": _einsum,
    "Bilinear": _bilinear,
    "Lambda": _function,
}

INPUTS: dict[str, Inputs] = {"Bilinear": _to_bilinear}
