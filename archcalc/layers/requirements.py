"""What several layers require alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from archcalc.symbolic.compare import largest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.requirement import Relation, Requirement

if TYPE_CHECKING:
    from archcalc.layers.spatial import Spatial
    from archcalc.symbolic.shape import Shape

__all__ = ["multiple", "reaching", "same_length", "something", "taken_off"]


def same_length(what: str, asked: Dim, got: Dim, *, hint: str = "") -> Requirement:
    """Two lengths are the same: `what` is called `asked`, and the input has `got`."""
    return Requirement(
        asked,
        Relation.EQUAL,
        got,
        f"{what} is {{asked}} here and {{got}} there",
        code="lengths-differ",
        hint=hint,
        details=(("asked", asked), ("got", got)),
    )


def multiple(size: Dim, factor: Dim, message: str) -> Requirement:
    """`size` is a multiple of `factor`; the message names both."""
    return Requirement(
        size,
        Relation.MULTIPLE_OF,
        factor,
        message,
        code="not-a-multiple",
        hint="use a size that it divides",
        details=(("size", size), ("factor", factor)),
    )


def something(size: Dim, of: Dim, word: str, *, hint: str = "ask for more of it") -> Requirement:
    """At least one position comes out of an axis of length `of`, called `word`."""
    word = f"{word} of length" if word.startswith("axis") else word
    return Requirement(
        size,
        Relation.AT_LEAST,
        1,
        f"nothing comes out of input {word} {{input}}: the output would be {{size}}",
        code="empty-output",
        hint=hint,
        details=(("input", of), ("size", size)),
    )


def reaching(
    layer: Spatial, x: Shape, pads: Iterable[tuple[Dim, Dim]], mode: str
) -> tuple[Requirement, ...]:
    """What must hold for padding that is taken from the input to be found there."""
    if mode not in _FURTHEST:
        return ()
    return tuple(
        _reaches(layer, x, axis, amount, other, mode)
        for axis, (before, after) in zip(layer.spatial_axes(), pads, strict=True)
        for amount, other in ((before, after), (after, before))
        if not (isinstance(amount, int) and amount <= 0)
    )


def taken_off(amount: Dim) -> Dim:
    """What an amount of padding takes off: nothing, where it adds."""
    return lower(largest(0, -amount))


def _reaches(
    layer: Spatial, x: Shape, axis: int, amount: Dim, other: Dim, mode: str
) -> Requirement:
    beyond, rule = _FURTHEST[mode]
    off = taken_off(other) if mode == "circular" else 0
    left = "what is left of " if off else ""
    return Requirement(
        x[axis],
        Relation.AT_LEAST,
        lower(amount + beyond + off),
        f"padding {{amount}} in mode '{mode}' {rule} {left}input {layer.axis_word(x, axis)} "
        "{input}",
        code="padding-too-large",
        hint="pad less, or use mode='replicate'",
        details=(("amount", amount), ("input", x[axis])),
    )


_FURTHEST = {"reflect": (1, "is not smaller than"), "circular": (0, "is larger than")}
"""How much longer than the padding the input must be where the padding is taken from it."""
