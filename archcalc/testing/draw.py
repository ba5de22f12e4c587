"""Drawing the fields of a layer: by their types where nothing more is known of them.

A `Pick` is Hypothesis' ``draw`` together with the values that a framework leaves for a field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import prod
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.layers.base import Layer
from archcalc.symbolic.shape import Shape

__all__ = ["Pick", "UnfitError", "divisors", "factors", "numbers", "plain_fields", "ranged_fields"]

T = TypeVar("T")

_SOME: Mapping[str, tuple[float | None, ...]] = {
    "max_value": (None, 6.0),
    "momentum": (0.99, 0.9, 0.0),
    "epsilon": (1e-3, 1e-5),
}
"""Values of fields that fit any input; a few will do."""

_FRACTIONS = (0.0, 0.25, 0.5)

_PAIRS = ((0.0, 0.5), (0.25, 1.0))


@lru_cache(maxsize=1024)
def numbers(least: int, most: int) -> SearchStrategy[int]:
    """Numbers from `least` to `most`, the least the simplest.

    Sampled, not `integers`: Hypothesis copies values between draws of one kind, all integers are of
    one kind, and a stride taken for a number of channels makes an example that says little.
    """
    return st.sampled_from(range(least, most + 1))


def _sampled(values: Sequence[T]) -> SearchStrategy[T]:
    """One of `values`; a strategy that was made before where they can be looked up."""
    try:
        return _known(tuple(values), tuple(map(type, values)))  # True equals 1, and is another
    except TypeError:
        return st.sampled_from(values)


@lru_cache(maxsize=4096)
def _known(values: tuple[Any, ...], kinds: tuple[type, ...]) -> SearchStrategy[Any]:
    return st.sampled_from(values)


class UnfitError(Exception):
    """What is said of the fields leaves nothing to draw here."""


class Pick:
    """Draws values, within what is left for each field.

    Args:
        draw: Hypothesis' function.
        left: the values that a field may have, where not any will do.
        within: layers of one class on given inputs, for layers that hold layers; ``None`` where
            the framework has none.
    """

    def __init__(
        self,
        draw: DrawFn,
        left: Mapping[str, Sequence[Any]],
        within: Callable[[str, tuple[Shape, ...]], SearchStrategy[Layer | None] | None],
    ) -> None:
        self.draw = draw
        self.left = left
        self._within = within

    def layer(self, kinds: Sequence[str], inputs: tuple[Shape, ...]) -> Layer:
        """A layer of one of these classes, for a layer to hold, that takes `inputs`."""
        found = [made for kind in kinds if (made := self._within(kind, inputs)) is not None]
        layer = self.draw(st.one_of(found)) if found else None
        if layer is None:
            raise UnfitError
        return layer

    def field(self, name: str, strategy: SearchStrategy[T]) -> T:
        """A value of the field called `name`."""
        value: T = self.draw(_sampled(self.left[name]) if name in self.left else strategy)
        return value

    def said(self, name: str, count: int) -> tuple[Any, ...] | None:
        """The one value that is left of a field, for each of `count` axes, if it is of numbers."""
        values = self.left.get(name, ())
        if len(values) != 1:
            return None
        each = values[0] if isinstance(values[0], tuple) else (values[0],) * count
        return each if all(isinstance(part, int) for part in each) else None

    def style(self, *styles: str) -> str:
        """How the field ``padding`` is said: one of its names, or ``"amounts"``."""
        left = self.left.get("padding", styles)
        return self.draw(_sampled([style for style in styles if style in left] or styles[-1:]))

    def size(self, most: int, least: int = 1) -> int:
        """A number from `least` to `most`."""
        return self.draw(numbers(least, max(least, most)))

    def sizes(self, count: int, most: int, least: int = 1) -> tuple[int, ...]:
        """`count` numbers from `least` to `most`."""
        return tuple(self.size(most, least) for _ in range(count))

    def one_of(self, values: Sequence[T]) -> T:
        """One of `values`.

        Raises:
            UnfitError: there is none.
        """
        if not values:
            raise UnfitError
        return self.draw(_sampled(values))

    def flag(self) -> bool:
        """Yes or no."""
        return self.draw(st.booleans())

    def axis(self, x: Shape) -> int:
        """An axis as Keras counts them, from either end."""
        place = self.size(len(x))
        return place if self.flag() else place - 1 - len(x)

    def axes(self, x: Shape, least: int = 0) -> tuple[int, ...]:
        """Several axes, each once, from either end."""
        chosen = self.draw(
            st.lists(st.integers(1, len(x)), unique=True, min_size=least, max_size=len(x))
        )
        return tuple(axis if self.flag() else axis - 1 - len(x) for axis in chosen)


def divisors(n: int) -> list[int]:
    """The divisors of `n`.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    return [d for d in range(1, n + 1) if n % d == 0]


def factors(pick: Pick, n: int, most: int = 4) -> tuple[int, ...]:
    """Numbers whose product is `n`."""
    found: list[int] = []
    while len(found) < most - 1 and pick.flag():
        found.append(pick.one_of(divisors(n // prod(found))))
    return (*found, n // prod(found))


def ranged_fields(pick: Pick, ranges: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The fields that a record gives values for: each from its own, or several together."""
    made: dict[str, Any] = {}
    for names, values in ranges.items():
        fields = names.split()
        if len(fields) == 1:
            made[names] = pick.field(names, _sampled(values))
        else:
            free = not any(name in pick.left for name in fields)
            made.update(zip(fields, pick.one_of(values) if free else values[0], strict=True))
    return made


def plain_fields(pick: Pick, cls: type[Layer], made: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `cls` that are not in `made`, each drawn by its type.

    Fields of no known type are left at their defaults.
    """
    found = dict(made)
    for name, strategy in _plain(cls):
        if name not in found:
            found[name] = pick.field(name, strategy)
    return found


@lru_cache(maxsize=1024)
def _plain(cls: type[Layer]) -> tuple[tuple[str, SearchStrategy[Any]], ...]:
    """How each field of a known type is drawn."""
    own = [item for item in cls.model_fields.items() if item[0] not in Layer.model_fields]
    known = [(name, _values(name, field.annotation), field.default) for name, field in own]
    return tuple((n, st.sampled_from(_simplest(*found))) for n, *found in known if found[0])


def _simplest(values: tuple[Any, ...], default: Any) -> list[Any]:
    """Values, the default first: to it examples shrink."""
    return sorted(values, key=lambda value: value != default)


def _values(name: str, annotation: Any) -> tuple[Any, ...]:
    """Values of a flag, a choice or a fraction; none for anything else."""
    if name in _SOME:
        return _SOME[name]
    origin = get_origin(annotation)
    if annotation is bool:
        return (False, True)
    if annotation == tuple[float, float]:
        return _PAIRS
    if annotation is float:
        return _FRACTIONS
    if origin is Literal:
        return get_args(annotation)
    if origin in (Union, UnionType):
        parts = sorted(get_args(annotation), key=lambda part: part is not NoneType)
        return tuple(
            value
            for part in parts
            for value in ((None,) if part is NoneType else _values(name, part))
        )
    return ()
