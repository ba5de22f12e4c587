"""A network from a torch model, by one recorded run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import cycle
from typing import Any

from archcalc.frameworks.torch import import_torch
from archcalc.network.base import Network
from archcalc.network.generalizing.folding import folded
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.symbols import symbol

__all__ = ["from_torch"]

_STANDS_FOR = ((256, 320, 384, 448, 512), (224,), (384,), (256,), (512,), (299,), (32,))
"""What the symbols of an input are while the model runs, unless that is said: different sizes, and
where the model refuses them, those that models are made for."""


def from_torch(
    module: Any,
    input_shape: Any = None,
    *,
    dtype: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    dynamic: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
    fold: bool = False,
) -> Network:
    """The network that a torch model is: its modules by name, its functions as operations.

    The model is run once without data, where nothing is computed and no memory is taken, so that a
    model larger than memory is read as well; it is left exactly as it was.  What no layer says
    becomes an `Opaque` row with its real numbers and a warning.

    Where sizes are symbols, what the model's own code computes from them becomes a formula, and
    what it asks of them, such as that a height be 224, becomes an `Assume` with the model's own
    words.

    Args:
        module: the model.
        input_shape: what goes in, without the batch, numbers or symbols; a list of shapes where
            several go in, or a mapping from the names of arguments to shapes.  In the place of a
            shape may stand an example, a tensor whose first axis is the batch.
        dtype: what numbers go in, such as ``"int64"``: of all, or a list or mapping like that of
            the shapes; tried in turn where it is left out.
        kwargs: further arguments of the model by name; tensors among them are inputs.
        dynamic: symbols for axes of inputs that are numbers: ``{"h": 2, "w": 3}``, the batch
            counted as 0; or ``{"t": ("input_ids", 1)}`` for one input, and a list of such pairs.
        sizes: what symbols are while the model runs; 256, 320, … otherwise, or such as the model
            takes.
        fold: whether equal blocks in a row become one `Repeat`, with the same totals.

    Raises:
        FrameworkError: torch is not installed, or the model does not run on such inputs.

    >>> from torch import nn
    >>> net = from_torch(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 10)),
    ...                  (3, 8, 8))
    >>> net.trace().parameters, net.trace().macs
    (3114, 10656)
    >>> net = from_torch(nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.AdaptiveAvgPool2d(1)),
    ...                  (3, "h", "w"))
    >>> net.trace().macs
    216·⌊(h − 1)/2⌋·⌊(w − 1)/2⌋
    """
    torch = import_torch()
    if isinstance(module, type):
        raise FrameworkError(
            f"{module.__name__} is a class, not a module made of it",
            code="not-read",
            hint=f"give {module.__name__}(…)",
        )
    if not isinstance(module, torch.nn.Module):
        raise FrameworkError(
            f"{type(module).__name__} is no torch module",
            code="not-read",
            hint="from_torch takes an nn.Module",
        )
    from archcalc.frameworks.importing.inputs import read_inputs
    from archcalc.frameworks.importing.lowering import lower
    from archcalc.frameworks.importing.modules import Modules

    inputs, seen = read_inputs(module, input_shape, dtype, kwargs or {}, dynamic or {})
    modules = Modules()
    given = {symbol(name): size for name, size in (sizes or {}).items()}
    graph, dtypes, numbers = _recorded(module, inputs, modules.is_layer, {**seen, **given})
    net: Network = lower(graph, modules.layer, inputs.every, numbers)
    if graph.conditions:
        net = _assuming(net, graph, module, inputs, dtypes, modules, numbers)
    return folded(net) if fold else net


def _recorded(module: Any, inputs: Any, is_layer: Any, known: Mapping[Any, int]) -> Any:
    """The run, with the first sizes and kinds of numbers that the model takes, and these."""
    from archcalc.frameworks.importing.recording import record
    from archcalc.frameworks.importing.worlds import world_of

    first: FrameworkError | None = None
    for numbers in _numbers(inputs.every, known):
        for dtypes in inputs.mixtures(module):
            try:
                world = world_of(numbers)
                return record(module, inputs, dtypes, is_layer, world), dtypes, numbers
            except FrameworkError as error:
                first = first or error
    raise first  # type: ignore[misc]


def _assuming(
    net: Network, graph: Any, module: Any, inputs: Any, dtypes: Any, modules: Any, numbers: Any
) -> Network:
    """The network with what the model asked of its sizes, and what it does elsewhere."""
    from archcalc.frameworks.importing.lowering import lower
    from archcalc.frameworks.importing.reasons import assumptions
    from archcalc.frameworks.importing.recording import record
    from archcalc.frameworks.importing.worlds import Numbers

    flops = net.trace().flops

    @lru_cache(maxsize=64)
    def seen(*values: tuple[Any, int]) -> int:
        there = record(module, inputs, dtypes, modules.is_layer, Numbers(dict(values)))
        return sum(call.flops for call in there.root.calls()) // there.batch

    def look(values: Mapping[Any, int]) -> int:
        return seen(*values.items())

    def expected(values: Mapping[Any, int]) -> int | None:
        try:
            return int(flops(**{symbol.name: size for symbol, size in values.items()}))
        except ArchcalcError:
            return None

    asked = assumptions(graph, numbers, look, expected)
    return lower(graph, modules.layer, inputs.every, numbers, asked)


def _numbers(inputs: Any, known: Mapping[Any, int]) -> Iterator[dict[Any, int]]:
    """What every symbol of the inputs may be while the model runs."""
    symbols = sorted(
        {s for one in inputs for dim in one.shape for s in getattr(dim, "free_symbols", ())},
        key=lambda symbol: str(symbol.name),
    )
    free = [s for s in symbols if s not in known]
    for stands in _STANDS_FOR if free else _STANDS_FOR[:1]:
        values = cycle(stands)
        yield {s: known[s] if s in known else next(values) for s in symbols}
