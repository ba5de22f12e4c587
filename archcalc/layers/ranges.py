"""How much at random: a number, or the two between which it is drawn; and the range of a pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, PlainSerializer

from archcalc.symbolic.errors import InvalidLayerError

__all__ = [
    "PIXELS",
    "Between",
    "Bits",
    "FillMode",
    "Fraction",
    "Interpolation",
    "Signed",
    "Zoom",
    "as_list",
]


def _listed(value: Any) -> Any:
    """A pair as a file holds it; (0.2, 0.2) is not 0.2, which goes from −0.2 to 0.2."""
    return list(value) if isinstance(value, tuple) else value


as_list = PlainSerializer(_listed)
"""Writes a tuple as a list, also where its parts are alike."""


def _inside(low: float, high: float, *, open_below: bool = False) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        for end in value if isinstance(value, tuple) else (value,):
            if not low <= end <= high or (open_below and end == low):
                raise InvalidLayerError(
                    f"{end:g} is not between {low:g} and {high:g}",
                    code="out-of-range",
                    values={"value": end},
                )
        return value

    return checked


_Amount: TypeAlias = float | tuple[float, float]

Fraction: TypeAlias = Annotated[_Amount, AfterValidator(_inside(0, 1)), as_list]
"""A number from 0 to 1, or two."""

Signed: TypeAlias = Annotated[_Amount, AfterValidator(_inside(-1, 1)), as_list]
"""A number from −1 to 1, or two."""

Zoom: TypeAlias = Annotated[_Amount, AfterValidator(_inside(-1, 1, open_below=True)), as_list]
"""A number above −1, at which nothing would be left of the image, and up to 1; or two."""

Bits: TypeAlias = Annotated[int | tuple[int, int], AfterValidator(_inside(1, 8)), as_list]
"""A number of bits from 1 to 8, or two."""

Between: TypeAlias = Annotated[tuple[float, float], as_list]
"""The least and the largest value."""

PIXELS = (0.0, 255.0)
"""The range of a pixel of eight bits."""

FillMode: TypeAlias = Literal["reflect", "wrap", "constant", "nearest"]
"""What stands where the image has been moved away."""

Interpolation: TypeAlias = Literal["nearest", "bilinear"]
"""How values between pixels are made."""
