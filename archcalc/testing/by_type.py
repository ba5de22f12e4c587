"""The recipe of layers that have none, such as a user's own: fields by their types alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic.fields import FieldInfo

from archcalc.layers import fields
from archcalc.layers.base import Layer
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, plain_fields
from archcalc.testing.recipes.base import Fields

__all__ = ["asks_sizes", "own_fields"]

_MOST_UNITS = 8
_LARGEST_WINDOW = 3
_MOST_PADDING = 2


def _sizes(pick: Pick, rank: int, x: Shape) -> tuple[int, ...]:
    return pick.sizes(rank, _LARGEST_WINDOW)


def _amounts(pick: Pick, rank: int, x: Shape) -> tuple[tuple[int, ...], ...]:
    return tuple(pick.sizes(2, _MOST_PADDING, 0) for _ in range(rank))


def _padding(pick: Pick, rank: int, x: Shape) -> Any:
    return pick.one_of(("valid", "same", _amounts(pick, rank, x)))


def _or_none(made: Callable[[Pick, int, Shape], Any]) -> Callable[[Pick, int, Shape], Any]:
    return lambda pick, rank, x: made(pick, rank, x) if pick.flag() else None


def _size(pick: Pick, rank: int, x: Shape) -> int:
    return pick.size(_MOST_UNITS)


_DRAWN: tuple[tuple[Any, Callable[[Pick, int, Shape], Any]], ...] = (
    (fields.Size, _size),
    (fields.OptionalSize, _or_none(_size)),
    (fields.Count, lambda pick, rank, x: pick.size(_LARGEST_WINDOW, 0)),
    (fields.Groups, lambda pick, rank, x: pick.one_of((1, 2, 3, -1))),
    (fields.Sizes, _sizes),
    (fields.OptionalSizes, _or_none(_sizes)),
    (fields.SomeSizes, _sizes),
    (fields.Padding, _padding),
    (fields.Amounts, _amounts),
    (fields.OptionalAmounts, _or_none(lambda pick, rank, x: pick.sizes(rank, _MOST_PADDING, 0))),
    (fields.Axes, lambda pick, rank, x: pick.axes(x, 1)),
    (fields.SomeAxes, lambda pick, rank, x: pick.axes(x)),
    (fields.Position, lambda pick, rank, x: 0),
    (fields.OptionalPosition, lambda pick, rank, x: None),
    (fields.SectionCount, lambda pick, rank, x: pick.size(3)),
    (fields.Sections, lambda pick, rank, x: pick.size(3)),
    (fields.ShapeField, lambda pick, rank, x: x),
    (fields.TargetShape, lambda pick, rank, x: (-1,)),
)
"""How a value of each type of dimension is drawn, for so many spatial axes and an input."""


def asks_sizes(cls: type[Layer]) -> bool:
    """Whether a layer cannot be made without a size, or another field that its type draws."""
    return any(field.is_required() and _drawn(field) for field in cls.model_fields.values())


def own_fields(
    pick: Pick, cls: type[Layer], inputs: tuple[Shape, ...], known: Fields | None = None
) -> Fields:
    """The fields of a layer, each drawn by its type; they may not fit one another, or the input.

    Raises:
        InvalidLayerError: a field has no default, and its type says nothing of its values.
    """
    made: Fields = {name: values[0] for name, values in pick.left.items() if len(values) == 1}
    made |= known or {}
    for name, field in cls.model_fields.items():
        drawn = None if name in {**made, **Layer.model_fields} else _drawn(field)
        if drawn:
            made[name] = drawn(pick, getattr(cls, "rank", 1), inputs[0])
    made = plain_fields(pick, cls, made)
    _nothing_missing(cls, made)
    return made


def _drawn(field: FieldInfo) -> Callable[[Pick, int, Shape], Any] | None:
    """How a field of a dimension's type is drawn; ``None`` for any other."""
    for kind, drawn in _DRAWN:
        if all(part in field.metadata for part in kind.__metadata__):
            return drawn
    if field.annotation is int and field.is_required():
        return lambda pick, rank, x: pick.size(_LARGEST_WINDOW)
    return None


def _nothing_missing(cls: type[Layer], made: dict[str, Any]) -> None:
    for name, field in cls.model_fields.items():
        if field.is_required() and name not in made:
            raise InvalidLayerError(
                f"{cls.__name__}.{name}: its type does not say how to draw it",
                code="no-strategy",
                hint=f"draw the layer with hypothesis: st.builds({cls.__name__}, {name}=…)",
            )
