"""Where the parts of a text stand, for errors: the lines of keys and entries, as a tree."""

from __future__ import annotations

from archcalc.network.spec.scope import Place
from archcalc.symbolic.errors import SpecificationError

__all__ = ["Lines", "TextError"]


class TextError(SpecificationError):
    """A text is not of its format.

    Attributes:
        line: the line, counted from 1; 0 where it is not known.
    """

    default_code = "bad-file"
    line: int = 0

    @staticmethod
    def on(line: int, message: str, *, code: str = "bad-file", hint: str = "") -> TextError:
        """The error with its line."""
        error = TextError(message, code=code, hint=hint)
        error.line = line
        return error


class Lines:
    """The line of a value, and of the values inside it by key or position.

    >>> lines = Lines(1, {"layers": Lines(2, {0: Lines(3)})})
    >>> lines.of(("layers", 0, "Dense")), lines.of(("layers", 7))
    (3, 2)
    """

    __slots__ = ("inside", "line")

    def __init__(self, line: int, inside: dict[str | int, Lines] | None = None) -> None:
        self.line = line
        self.inside = inside

    def of(self, place: Place) -> int:
        """The line of `place`, or of the nearest thing around it."""
        here = self
        for part in place:
            below = (here.inside or {}).get(part)
            if below is None:
                break
            here = below
        return here.line
