"""Frameworks as oracles: what a layer really gives, holds and computes when it is built and run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archcalc.frameworks.axis_order import to_ours
from archcalc.frameworks.keras import import_keras, keras_layers
from archcalc.frameworks.table import Entry, entry_of
from archcalc.frameworks.tables import KERAS, TORCH
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.einsum import equation
from archcalc.layers.images import Augmentation
from archcalc.symbolic.shape import Shape
from archcalc.testing.in_keras import keeps_its_word, runs_in_keras

__all__ = ["BATCH", "Seen", "counted", "runs_in_keras", "shapes_in_keras", "shapes_in_torch"]

BATCH = 2
"""More than one sample, so that an axis taken for the batch is noticed."""


@dataclass(frozen=True)
class Seen:
    """What a framework says of one layer.

    Attributes:
        output: the shape that came out, without the batch; ``None`` where it cannot run it.
        promised: the shape that the framework says comes out, without running; ``None`` where it
            says nothing.
        weights: the shape of every weight by our name, in our axis order, in the framework's order.
        learned: whether training changes it.
        macs: multiply-accumulates of `BATCH` samples, counted while it ran; ``None`` where not
            counted.
    """

    output: tuple[int, ...] | None
    promised: tuple[int, ...] | None
    weights: dict[str, tuple[int, ...]]
    learned: dict[str, bool]
    macs: int | None


def shapes_in_torch(layer: Layer, inputs: Sequence[Shape]) -> Seen:
    """`layer` built in torch and run forward on the meta device, where nothing is allocated.

    Raises:
        FrameworkError: torch has not got it.

    >>> from archcalc.layers import Conv2D
    >>> seen = shapes_in_torch(Conv2D(32, 3), [Shape((28, 28, 1))])
    >>> seen.output, seen.weights, seen.macs
    ((26, 26, 32), {'kernel': (3, 3, 1, 32), 'bias': (32,)}, 389376)
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from archcalc.frameworks.torch_layers import torch_module

    counter = FlopCounterMode(display=False)
    applied = Applied(layer, tuple(inputs))
    with torch.device("meta"), torch.no_grad():
        module = torch_module(applied).eval()
        kinds = {"numbers": torch.float32, "indices": torch.int64}
        given = [
            torch.zeros(BATCH, *x, dtype=kinds[layer.input_kind(i)]) for i, x in enumerate(inputs)
        ]
        with counter:
            result = module(*given)
    weights, learned = _torch_weights(module, layer)
    macs = counter.get_total_flops() // 2 if counted(applied) else None
    return Seen(tuple(result.shape[1:]), None, weights, learned, macs)


def counted(applied: Applied) -> bool:
    """Whether ``FlopCounterMode`` sees the layer's products.

    It counts matrix products and convolutions.  torch's bilinear form is a kernel of its own, and
    its einsum over axes of length 1 multiplies element by element.
    """
    layer: Any = applied.layer
    if type(layer).__name__ == "EinsumDense":
        summed = equation(layer.equation).summed
        lengths = equation(layer.equation).lengths(applied.inputs[0], layer.target_shape)
        return not summed or max(lengths.of(summed)) > 1
    return type(layer).__name__ != "Bilinear"


def _torch_weights(module: Any, layer: Layer) -> tuple[dict[str, tuple[int, ...]], dict[str, bool]]:
    """Every parameter and buffer, by our names; torch's count of batches is no weight of ours."""
    entry = entry_of(TORCH, layer, "torch")
    ours = {tensor.theirs: tensor for tensor in entry.tensors}
    parameters = {name for name, _ in module.named_parameters()}
    weights: dict[str, tuple[int, ...]] = {}
    learned: dict[str, bool] = {}
    for name, value in module.state_dict().items():
        short = name.removeprefix("core.")
        if short == "num_batches_tracked":
            continue
        tensor = ours[short]
        known = {tensor.split[0]: getattr(layer, tensor.split[1])} if tensor.split else {}
        shape = tuple(value.shape)
        weights[tensor.ours] = to_ours(tensor.order, shape, **known) if tensor.order else shape
        learned[tensor.ours] = name in parameters
    order = [tensor.ours for tensor in entry.tensors if tensor.ours in weights]
    return {name: weights[name] for name in order}, learned


def shapes_in_keras(layer: Layer, inputs: Sequence[Shape]) -> Seen:
    """`layer` built in Keras and run on zeros.

    Raises:
        FrameworkError: Keras has not got it, or not with these fields.

    >>> from archcalc.layers import Conv2D
    >>> seen = shapes_in_keras(Conv2D(32, 3), [Shape((28, 28, 1))])
    >>> seen.output, seen.promised, seen.weights
    ((26, 26, 32), (26, 26, 32), {'kernel': (3, 3, 1, 32), 'bias': (32,)})
    """
    applied = Applied(layer, tuple(inputs))
    built = keras_layers(applied, "layer")
    shapes: Any = [(BATCH, *x) for x in inputs]
    value: Any = [_some(layer.input_kind(i), shape) for i, shape in enumerate(shapes)]
    if layer.arity == (1, 1):
        shapes, value = shapes[0], value[0]
    promised = shapes
    for part in built:
        part.build(promised)
        promised = tuple(part.compute_output_shape(promised)) if keeps_its_word(layer) else ()
    output, macs = _run(built, value) if runs_in_keras(applied) else (None, None)
    if macs and isinstance(layer, Augmentation):  # what is done in training only is no work
        _, macs = _run(built, value, training=False)
    entry = entry_of(KERAS, layer, "Keras") if type(layer).__name__ in KERAS else Entry("")
    weights, learned = _keras_weights(built, entry)
    macs = macs if counted(applied) else None
    return Seen(output, promised[1:] if promised else None, weights, learned, macs)


def _some(kind: str, shape: tuple[int, ...]) -> Any:
    """Zeros, as numbers or as indices; or text."""
    if kind == "strings":
        import numpy as np

        return np.full(shape, "a")
    return import_keras().ops.zeros(shape, "int64" if kind == "indices" else None)


def _run(built: list[Any], value: Any, **how: Any) -> tuple[tuple[int, ...], int | None]:
    """What comes out, and the multiply-accumulates where the backend counts them."""
    keras = import_keras()

    if keras.backend.backend() != "torch":
        for part in built:
            value = part(value, **how)
        return tuple(value.shape[1:]), None
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        for part in built:
            value = part(value, **how)
    return tuple(value.shape[1:]), counter.get_total_flops() // 2


def _keras_weights(
    built: list[Any], entry: Entry
) -> tuple[dict[str, tuple[int, ...]], dict[str, bool]]:
    ours = {tensor.theirs: tensor.ours for tensor in entry.tensors}
    found = [weight for part in built for weight in part.weights]
    return (
        {ours[weight.name]: tuple(weight.shape) for weight in found},
        {ours[weight.name]: bool(weight.trainable) for weight in found},
    )
