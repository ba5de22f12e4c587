"""What goes into an ONNX model: where its batch is, and symbols for sizes that have a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from archcalc.frameworks.importing.onnx.inference import dims_of
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted
from archcalc.symbolic.shape import Shape, as_shape
from archcalc.symbolic.symbols import symbol

__all__ = ["BatchAxis", "Given", "fixed_batch", "inputs_of"]

FIRST = "first"
BatchAxis: TypeAlias = int | Mapping[str, int | None] | str | None
"""Which axis is the batch: of every input, or by their names."""

_NAMES: Mapping[int, tuple[str, ...]] = {
    1: ("t",), 2: ("t", "c"), 3: ("c", "h", "w"), 4: ("c", "t", "h", "w"),
}  # fmt: skip
"""What axes without a name are called, the batch apart."""


@dataclass(frozen=True, slots=True)
class Given:
    """An input.

    Attributes:
        name: as the file has it.
        shape: without the batch.
        batch: the axis of the batch, ``None`` where there is none.
        fixed: how long the batch is in the file, where it is a number there.
    """

    name: str
    shape: Shape
    batch: int | None
    fixed: int | None


def inputs_of(graph: Any, batch_axis: BatchAxis, shapes: Sequence[Shape] | None) -> list[Given]:
    """The inputs of a graph, those apart that are initialisers.

    Raises:
        SpecificationError: an input has no shape, or another number of axes than is given, or
            `batch_axis` names none.
    """
    stored = {tensor.name for tensor in graph.initializer}
    infos = [one for one in graph.input if one.name not in stored]
    names = [one.name for one in infos]
    for name in batch_axis if isinstance(batch_axis, Mapping) else ():
        if name not in names:
            raise SpecificationError(
                f"there is no input {quoted(name, 60)}", code="no-such-input",
                hint=f"there are {', '.join(names) or 'none'}",
            )  # fmt: skip
    if shapes is not None and len(shapes) != len(infos):
        raise SpecificationError(
            f"{len(shapes)} shapes for {len(infos)} inputs", code="input-count",
            hint=f"the inputs are {', '.join(names) or 'none'}",
        )  # fmt: skip
    return [
        _given(info, number, batch_axis, None if shapes is None else shapes[number])
        for number, info in enumerate(infos)
    ]


def _given(info: Any, number: int, batch_axis: BatchAxis, shape: Shape | None) -> Given:
    dims = dims_of(info) if info.type.HasField("tensor_type") else None
    if dims is None and shape is None:
        raise SpecificationError(
            "this input has no shape", code="no-input-shape", path=info.name,
            hint="give input_shape=(3, 224, 224), the batch apart",
        )  # fmt: skip
    if dims is None:
        dims = (None, *shape)  # type: ignore[misc]
    axis = _axis(info.name, dims, batch_axis)
    length = None if axis is None else dims[axis]
    own = [dim for place, dim in enumerate(dims) if place != axis]
    fixed = length if isinstance(length, int) and length > 0 else None
    if shape is None:
        names = _NAMES.get(len(own), tuple(f"n{i + 1}" for i in range(len(own))))
        ending = str(number + 1) if number else ""
        sizes = [_size(dim, f"{name}{ending}") for dim, name in zip(own, names, strict=True)]
        shape = as_shape(sizes) if sizes else Shape()
    elif len(shape) != len(own):
        raise SpecificationError(
            f"it has {len(own)} axes beside the batch, and {shape} has {len(shape)}",
            code="input-shape", path=info.name, hint="give the shape without the batch",
        )  # fmt: skip
    return Given(info.name, shape, axis, fixed)


def _axis(name: str, dims: Sequence[Any], asked: BatchAxis) -> int | None:
    """The axis of the batch: the first where it is open, has a name or is 1, unless it is given."""
    axis = asked.get(name, FIRST) if isinstance(asked, Mapping) else asked
    if axis == FIRST:
        return 0 if dims and (not isinstance(dims[0], int) or dims[0] <= 1) else None
    if axis is None:
        return None
    known = isinstance(axis, int) and not isinstance(axis, bool)
    if not isinstance(axis, int) or not known or not -len(dims) <= axis < len(dims):
        raise SpecificationError(
            f"batch_axis={quoted(axis, 40)} is no axis of {len(dims)}",
            code="batch-axis",
            path=name,
            hint="give the number of an axis, None for no batch, or a dictionary by input",
        )
    return axis % len(dims)


def _size(dim: Any, name: str) -> Any:
    """A size of the file: a number, or a symbol of its name."""
    if isinstance(dim, int):
        return dim if dim > 0 else name
    return name if dim is None else symbol_named(dim, name)


def symbol_named(text: str, otherwise: str) -> str:
    """The name of a symbol for a dimension that is called so in a file.

    >>> symbol_named("height", "h"), symbol_named("past.len + 1", "t"), symbol_named("?", "h")
    ('height', 'past_len_1', 'h')
    """
    made = re.sub(r"\W+", "_", text).strip("_").lstrip("0123456789_")
    try:
        symbol(made)
    except ArchcalcError:
        return otherwise
    return made


def fixed_batch(given: Iterable[Given]) -> int | None:
    """How long the batch is, where it is a number in every input that has one.

    Raises:
        SpecificationError: two inputs have batches of other lengths.
    """
    found = {one.fixed for one in given if one.batch is not None}
    if len(found - {None}) > 1:
        raise SpecificationError(
            f"the batch is {' and '.join(map(str, sorted(n for n in found if n)))} long",
            code="batch-axis", hint="say where it is in each: batch_axis={'x': 0, 'mask': None}",
        )  # fmt: skip
    return None if None in found or not found else found.pop()
