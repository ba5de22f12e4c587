"""A network from a torch model, by one recorded run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.reading import layer_of
from archcalc.frameworks.torch import import_torch
from archcalc.network.model import Model
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape

__all__ = ["from_torch"]

_STANDS_FOR = (224, 256, 320, 384, 448, 512)
"""What the symbols of an input are while the model runs, unless that is said."""


def from_torch(
    module: Any,
    input_shape: ShapeLike | Sequence[ShapeLike],
    *,
    sizes: Mapping[str, int] | None = None,
) -> Model:
    """The network that a torch model is: its modules by name, its functions as operations.

    The model is run once on the meta device, where nothing is computed and no memory is taken.
    What no layer says becomes an `Opaque` row with its real numbers and a warning.

    Args:
        module: the model; it is left as it was.
        input_shape: what goes in, without the batch, numbers or symbols; a list of shapes where
            several go in.
        sizes: what symbols are while the model runs; 224, 256, … otherwise.  A number that the
            model's own code computes from a size stays the number it is.

    Raises:
        FrameworkError: torch is not installed, or the model does not run on such inputs.

    >>> from torch import nn
    >>> net = from_torch(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 10)),
    ...                  (3, 8, 8))
    >>> net.trace().parameters, net.trace().macs
    (3114, 10656)
    """
    torch = import_torch()
    if not isinstance(module, torch.nn.Module):
        raise FrameworkError(
            f"{type(module).__name__} is no torch module",
            code="not-read",
            hint="from_torch takes an nn.Module",
        )
    from archcalc.frameworks.importing.lowering import lower
    from archcalc.frameworks.importing.recording import BATCH, record
    from archcalc.frameworks.importing.values import number

    shapes = _shapes(input_shape)
    numbers = _numbers(shapes, sizes or {})
    real = [tuple(number(dim, numbers) for dim in shape) for shape in shapes]
    first: FrameworkError | None = None
    for dtype in (torch.float32, torch.int64):
        inputs = [torch.empty((BATCH, *shape), dtype=dtype, device="meta") for shape in real]
        try:
            graph = record(module, inputs, _is_layer)
        except FrameworkError as error:
            first = first or error
            continue
        return lower(graph, layer_of, shapes, numbers)
    raise first  # type: ignore[misc]


def _is_layer(module: Any) -> bool:
    if not type(module).__module__.startswith("torch.nn.modules") or list(module.children()):
        return type(module).__name__ in ("MultiheadAttention",) and _is_read(module)
    return _is_read(module)


def _is_read(module: Any) -> bool:
    try:
        layer_of(module)
    except (ArchcalcError, TypeError, ValueError, AttributeError):
        return False
    return True


def _shapes(given: Any) -> list[Shape]:
    several = isinstance(given, list) and bool(given) and isinstance(given[0], list | tuple)
    return [as_shape(shape) for shape in (given if several else [given])]


def _numbers(shapes: Sequence[Shape], sizes: Mapping[str, int]) -> dict[Any, int]:
    symbols = sorted(
        {s for shape in shapes for dim in shape for s in getattr(dim, "free_symbols", ())},
        key=lambda symbol: str(symbol.name),
    )
    stands = iter(_STANDS_FOR)
    return {symbol: sizes.get(symbol.name) or next(stands) for symbol in symbols}
