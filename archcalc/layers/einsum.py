"""Equations of a dense layer in Einstein's notation, and the lengths that their letters stand for.

Source: https://keras.io/api/layers/core_layers/einsum_dense/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NoReturn

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.shape import Shape

__all__ = ["Equation", "Lengths", "equation"]

_FORMS: dict[Literal["", "left", "right"], str] = {
    "": r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)",
    "left": r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)",
    "right": r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.",
}


@dataclass(frozen=True, slots=True)
class Lengths:
    """What the letters of an equation stand for, on one input.

    Attributes:
        named: the length of every letter but the batch's.
        given: the letters that come out and what was asked for them, in order.
        elided: the lengths of the axes that an ellipsis stands for, without the batch.
    """

    named: dict[str, Dim]
    given: tuple[tuple[str, Dim | None], ...]
    elided: tuple[Dim, ...]

    def of(self, letters: str) -> tuple[Dim, ...]:
        """The lengths of some letters, in order."""
        return tuple(self.named[letter] for letter in letters)


@dataclass(frozen=True, slots=True)
class Equation:
    """``x,kernel->out``, perhaps with an ellipsis before or after the letters of `x` and `out`."""

    x: str
    kernel: str
    out: str
    ellipsis: Literal["", "left", "right"]

    @property
    def summed(self) -> str:
        """The letters that products are summed over: of the input and the kernel alone."""
        return "".join(a for a in self.kernel if a in self.x and a not in self.out)

    def letters(self, rank: int) -> tuple[str, ...]:
        """What names each of the `rank` axes of the input; ``""`` for one in the ellipsis.

        Raises:
            ShapeError: the equation is for another number of axes.
        """
        elided = rank + 1 - len(self.x)
        if elided < 0 or (elided and not self.ellipsis):
            raise ShapeError(
                f"the equation names {len(self.x)} axes with the batch, and the input has "
                f"{rank + 1}",
                code="wrong-number-of-axes",
                hint="the first axis of an equation is the batch; '...' stands for any number",
            )
        before = elided if self.ellipsis == "left" else 0
        names = [*[""] * before, *self.x, *[""] * (elided - before)]
        if names[0] and (self.out[0] != names[0] or names[0] in self.kernel):
            raise ShapeError(
                f"{names[0]!r} stands for the batch, which must come out first and be no axis of "
                "the kernel",
                code="invalid-equation",
            )
        return tuple(names[1:])

    def results(self, rank: int) -> str:
        """The letters that come out, without the batch's."""
        return self.out if self.batch_elided(rank) else self.out[1:]

    def batch_elided(self, rank: int) -> bool:
        """Whether the ellipsis stands for the batch, and perhaps for more."""
        return self.ellipsis == "left" and rank + 1 > len(self.x)

    def lengths(self, x: Shape, target: tuple[Dim | None, ...]) -> Lengths:
        """What the letters stand for on an input of shape `x`.

        Args:
            x: the input shape, without the batch.
            target: what comes out for each letter; ``None`` where it is as in the input.

        Raises:
            ShapeError: the equation does not fit the input, or a letter has no length.
        """
        names = self.letters(len(x))
        results = self.results(len(x))
        if len(target) != len(results):
            raise ShapeError(
                f"the equation names {len(results)} axes of the output beside the batch, and there "
                f"are {len(target)} sizes",
                code="wrong-number-of-values",
                hint="give one for each letter; axes in an ellipsis have none",
            )
        named = {name: dim for name, dim in zip(names, x, strict=True) if name}
        given = tuple(zip(results, target, strict=True))
        for letter, size in given:
            if size is not None:
                named[letter] = size
            elif letter not in named:
                raise ShapeError(
                    f"nothing says how long {letter!r} is: it is no axis of the input",
                    code="no-length",
                    hint="give its size in place of None",
                )
        elided = tuple(dim for name, dim in zip(names, x, strict=True) if not name)
        return Lengths(named, given, elided)


@lru_cache(maxsize=256)
def equation(text: str) -> Equation:
    """`text` as an equation, in the forms that Keras takes.

    Raises:
        InvalidLayerError: it is none.

    >>> equation("...x,xy->...y")
    Equation(x='x', kernel='xy', out='y', ellipsis='left')
    """
    for ellipsis, form in _FORMS.items():
        found = re.fullmatch(form, text[:_LONGEST])
        if found:
            return _checked(Equation(found[1], found[2], found[3], ellipsis))
    _refuse(
        f"{text[:_LONGEST]!r} is not an equation",
        "write it as 'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'",
    )


_LONGEST = 200


def _checked(made: Equation) -> Equation:
    for part in (made.x, made.kernel, made.out):
        if len(set(part)) < len(part):
            _refuse(f"a letter stands twice in {part!r}", "give every axis a letter of its own")
    for letter in made.out:
        if letter not in made.x + made.kernel:
            _refuse(f"{letter!r} comes out, but is neither of the input nor of the kernel")
    for letter in made.kernel:
        if letter not in made.x + made.out:
            _refuse(f"{letter!r} is of the kernel, but neither of the input nor of the output")
    return made


def _refuse(message: str, hint: str = "") -> NoReturn:
    raise InvalidLayerError(message, code="invalid-equation", hint=hint)
