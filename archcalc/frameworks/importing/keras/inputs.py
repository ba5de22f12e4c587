"""What goes into a model: symbols for the sizes that Keras leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.importing.keras.plan import Dims
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape, as_shape

__all__ = ["numbers_of", "shapes_of"]

_NAMES: Mapping[int, tuple[str, ...]] = {
    1: ("t",), 2: ("t", "c"), 3: ("h", "w", "c"), 4: ("t", "h", "w", "c"),
}  # fmt: skip
_STANDS_FOR = (224, 256, 320, 384, 448, 512)
"""What symbols are while shapes are compared, unless that is said."""


def shapes_of(inputs: Mapping[str, Dims | None], apart: bool) -> list[Shape]:
    """The shapes that go in, without the batch.

    Args:
        inputs: as Keras has them.
        apart: whether a second input has symbols of its own.

    Raises:
        FrameworkError: one is not known.

    >>> shapes_of({"image": (None, None, None, 3)}, apart=True)
    [(h, w, 3)]
    >>> shapes_of({"a": (None, None, 8), "b": (None, None, 8)}, apart=True)
    [(t, 8), (t2, 8)]
    """
    made = []
    for number, (name, shape) in enumerate(inputs.items()):
        if shape is None:
            raise FrameworkError(
                "the model does not say what goes into it", code="no-input-shape", path=name,
                hint="give input_shape=(28, 28, 1); on the command line, --input 28,28,1",
            )  # fmt: skip
        ending = str(number + 1) if apart and number else ""
        names = _names(shape[1:])
        dims: list[Any] = [
            f"{symbol}{ending}" if dim is None else dim
            for dim, symbol in zip(shape[1:], names, strict=True)
        ]
        made.append(as_shape(dims) if dims else Shape())
    return made


def _names(dims: Dims) -> tuple[str, ...]:
    """What the axes of an input are called."""
    names = _NAMES.get(len(dims), tuple(f"n{axis + 1}" for axis in range(len(dims))))
    first = len(dims) > 1 and dims[0] is not None and all(dim is None for dim in dims[1:])
    return (names[-1], *names[:-1]) if first else names


def numbers_of(shapes: Sequence[Shape], sizes: Mapping[str, int]) -> dict[Any, int]:
    """A number for every symbol of the inputs."""
    symbols = sorted(
        {s for shape in shapes for dim in shape for s in getattr(dim, "free_symbols", ())},
        key=lambda symbol: str(symbol.name),
    )
    return {
        symbol: sizes.get(symbol.name) or _STANDS_FOR[number % len(_STANDS_FOR)]
        for number, symbol in enumerate(symbols)
    }
