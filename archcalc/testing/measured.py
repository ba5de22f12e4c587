"""What there is to measure of a model, be it a network, a file, or a framework's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archcalc.layers.base import Layer
from archcalc.network import Network, Sequential, Trace, load
from archcalc.symbolic.errors import FrameworkError, shorten
from archcalc.testing.matching.in_keras import is_model, measured_flops
from archcalc.testing.matching.in_torch import is_module, made_whole, run_torch
from archcalc.testing.oracles import BATCH

__all__ = ["QUANTITIES", "Measured", "measured", "trace_of"]

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

    Args:
        model: a network, a trace, the path of a file, a built Keras model, or a torch module.
        input_shape: what goes in, where the model does not know it.

    Raises:
        FrameworkError: it is nothing of these.
        ArchcalcError: the file does not describe a network.
    """
    trace = trace_of(model, input_shape)
    if trace is not None:
        name = str(model) if isinstance(model, str | os.PathLike) else type(trace.network).__name__
        return Measured(name, {q: _asked(trace, q) for q in QUANTITIES}, trace)
    if is_model(model):
        return Measured(model.name, _of_keras(model))
    if is_module(model):
        return Measured(type(model).__name__, _of_torch(model, input_shape))
    raise FrameworkError(
        f"{shorten(repr(model), 60)} is no network, no file, no Keras model and no torch module",
        code="unknown-framework",
    )


def _asked(trace: Trace, quantity: str) -> Callable[[], int]:
    return lambda: int(getattr(trace, quantity))


def trace_of(model: Any, input_shape: Any = None) -> Trace | None:
    """The trace of a network, of a layer or of a file; ``None`` where `model` is none of them."""
    if isinstance(model, Trace):
        return model
    if isinstance(model, str | os.PathLike):
        model = load(model)
    if not isinstance(model, Layer):
        return None
    network = model if isinstance(model, Network) else Sequential([model])
    return network.trace() if input_shape is None else network.trace(input_shape)


def _of_torch(module: Any, input_shape: Any) -> dict[str, Callable[[], int]]:
    shapes = _several(input_shape)
    tries = [] if shapes is None else [tuple(map(tuple, shapes))]
    module = made_whole(module, tries, ["numbers"] * len(shapes or ()))

    def flops() -> int:
        if input_shape is None:
            raise FrameworkError(
                "a module of torch does not know what it takes",
                code="no-input-shape",
                hint="give input_shape=(3, 224, 224)",
            )
        ran = run_torch(module, shapes or [])
        if ran.refused:
            raise FrameworkError(f"the module does not run on {ran.refused}", code="does-not-run")
        return ran.flops // BATCH

    def count(wanted: Callable[[Any], bool]) -> int:
        return sum(int(p.numel()) for p in module.parameters() if wanted(p))

    buffers = [v for n, v in module.named_buffers() if not n.endswith("num_batches_tracked")]
    return {
        "parameters": lambda: count(lambda p: True),
        "trainable_parameters": lambda: count(lambda p: bool(p.requires_grad)),
        "total_params": lambda: count(lambda p: True) + sum(int(b.numel()) for b in buffers),
        "macs": lambda: flops() // 2,
        "flops": flops,
    }


def _several(input_shape: Any) -> list[Any] | None:
    """The shape of each input."""
    if input_shape is None:
        return None
    if isinstance(input_shape, int):
        return [(input_shape,)]
    return list(input_shape) if not isinstance(input_shape[0], int) else [tuple(input_shape)]


def _of_keras(model: Any) -> dict[str, Callable[[], int]]:
    def size(weights: Any) -> int:
        total = 0
        for weight in weights:
            count = 1
            for dim in weight.shape:
                count *= int(dim)
            total += count
        return total

    def flops() -> int:
        return measured_flops(model, *_taken(model)) // BATCH

    frozen = [v for v in model.non_trainable_variables if v.name in _STATISTICS]
    return {
        "parameters": lambda: size(model.weights) - size(frozen),
        "trainable_parameters": lambda: size(model.trainable_weights),
        "total_params": lambda: size(model.weights),
        "macs": lambda: flops() // 2,
        "flops": flops,
    }


_STATISTICS = ("moving_mean", "moving_variance", "vector_u", "mean", "variance", "count")
"""Keras' weights that training by gradients never changes."""


def _taken(model: Any) -> tuple[list[tuple[int, ...]], list[str]]:
    """The shapes that a model takes, and what they hold."""
    inputs = getattr(model, "inputs", None) or []
    shapes = [tuple(tensor.shape[1:]) for tensor in inputs]
    if not shapes or any(None in shape for shape in shapes):
        raise FrameworkError("the model does not say how large its input is", code="no-input-shape")
    return shapes, ["indices" if "int" in str(x.dtype) else "numbers" for x in inputs]
