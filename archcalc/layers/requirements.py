"""What several layers require alike."""

from __future__ import annotations

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["multiple", "same_length", "something"]


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
