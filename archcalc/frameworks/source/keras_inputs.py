"""Shapes of inputs as Keras' code writes them."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.importing.values import Value
from archcalc.frameworks.source.arguments import for_a_layer
from archcalc.frameworks.source.sizes import formula
from archcalc.frameworks.source.values import Children, Made, Unknown
from archcalc.layers.kept import told
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["open_shape", "said_to_go_in"]


def open_shape(reader: Any, shape: Any) -> tuple[Any, ...]:
    """A shape of Keras' with symbols for axes that it leaves open: ``t``, or ``h`` and ``w``."""
    if isinstance(shape, Unknown):
        raise FrameworkError(
            "the input's shape depends on what is not read",
            code="no-input-shape",
            hint="write the numbers in its place, such as (28, 28, 1)",
        )
    sizes = [shape] if isinstance(shape, int) else list(shape)
    free = [axis for axis, size in enumerate(sizes) if size is None]
    words = ("t",) if len(free) == 1 else ("h", "w") if len(free) == 2 else ("s", "h", "w")
    for axis, word in zip(free, words, strict=False):
        name, number = word, 2
        while name in reader.open_axes:
            name, number = f"{word}{number}", number + 1
        reader.open_axes.add(name)
        sizes[axis] = reader.bench.symbol(name)
        reader.remark(f"an axis of an input that is left open is the symbol {name}")
    return tuple(for_a_layer(reader, "shape", size) for size in sizes)


def said_to_go_in(model: Any) -> list[Shape]:
    """What the source says that goes into a model: in a Sequential's first part, or at a call."""
    if isinstance(model, Children) and not model.torch:
        if model.shape is not None:
            return [Shape(map(formula, model.shape))]
        first = next(iter(model.parts.values()), None)
        if isinstance(first, Value):
            return [Shape(map(formula, first.own))]
        if isinstance(first, Made) and (shape := told(first.layer.kept)) is not None:
            return [Shape(shape)]
        if isinstance(first, Children):
            return said_to_go_in(first)
    return [Shape(map(formula, shape)) for shape in getattr(model, "called_on", ())]
