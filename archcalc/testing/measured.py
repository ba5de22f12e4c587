"""What there is to measure of a model, be it a network, a file, or a framework's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archcalc.frameworks.opening import is_keras, is_torch, read_model
from archcalc.network import Trace
from archcalc.symbolic.errors import FrameworkError
from archcalc.testing.matching.in_torch import made_whole

__all__ = ["QUANTITIES", "Measured", "is_bare", "measured", "trace_of"]

QUANTITIES = ("parameters", "trainable_parameters", "total_params", "macs", "flops", "activations")
"""What a budget may limit, as a trace calls it."""


@dataclass(frozen=True)
class Measured:
    """A model that can be asked for quantities.

    Attributes:
        name: what it is, in a few words.
        of: from the name of a quantity to the number.
        trace: its trace, where it is a network.
    """

    name: str
    of: Mapping[str, Callable[[], int]]
    trace: Trace | None = None


def measured(model: Any, input_shape: Any = None) -> Measured:
    """`model`, ready to be asked.

    A module of torch is counted as it stands, where nothing says what goes into it.

    Args:
        model: a network, a trace, or whatever `read_model` reads: a model of a framework, the path
            of a file, or ``"module:attribute"``.
        input_shape: what goes in, where the model does not know it.

    Raises:
        FrameworkError: it is nothing of these.
        ArchcalcError: the file does not describe a network.
    """
    if is_bare(model, input_shape):
        return Measured(type(model).__name__, _of_torch(model))
    trace = trace_of(model, input_shape)
    return Measured(_name(model, trace), {q: _asked(trace, q) for q in QUANTITIES}, trace)


def is_bare(model: Any, input_shape: Any) -> bool:
    """Whether a model is a torch module of which nobody says what goes in."""
    return input_shape is None and is_torch(model) and not is_keras(model)


def _name(model: Any, trace: Trace) -> str:
    if isinstance(model, str | os.PathLike):
        return str(model)
    if is_keras(model):
        return str(model.name)
    own = is_torch(model)
    return type(model if own else trace.network).__name__


def _asked(trace: Trace, quantity: str) -> Callable[[], int]:
    return lambda: int(getattr(trace, quantity))


def trace_of(model: Any, input_shape: Any = None) -> Trace:
    """The trace of a network, of a layer, or of whatever `read_model` reads.

    Raises:
        ArchcalcError: as `read_model`, or no input shape is known.
    """
    if isinstance(model, Trace):
        return model
    if is_torch(model) and not is_keras(model) and input_shape is not None:
        shapes = _several(input_shape)
        model = made_whole(model, [tuple(map(tuple, shapes))], ["numbers"] * len(shapes))
    return read_model(model, input_shape).trace()


def _several(input_shape: Any) -> list[Any]:
    """The shape of each input."""
    if isinstance(input_shape, int):
        return [(input_shape,)]
    return list(input_shape) if not isinstance(input_shape[0], int) else [tuple(input_shape)]


def _of_torch(module: Any) -> dict[str, Callable[[], int]]:
    module = made_whole(module, [], [])

    def flops() -> int:
        raise FrameworkError(
            "a module of torch does not know what it takes",
            code="no-input-shape",
            hint="give input_shape=(3, 224, 224)",
        )

    def count(wanted: Callable[[Any], bool]) -> int:
        return sum(int(p.numel()) for p in module.parameters() if wanted(p))

    buffers = [v for n, v in module.named_buffers() if not n.endswith("num_batches_tracked")]
    return {
        "parameters": lambda: count(lambda p: True),
        "trainable_parameters": lambda: count(lambda p: bool(p.requires_grad)),
        "total_params": lambda: count(lambda p: True) + sum(int(b.numel()) for b in buffers),
        "macs": flops,
        "flops": flops,
    }
