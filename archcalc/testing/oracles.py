"""Frameworks as oracles: what a layer really gives, holds and computes when it is built and run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from archcalc.frameworks.axis_order import to_ours
from archcalc.frameworks.keras import called, import_keras, keras_layers
from archcalc.frameworks.lookup import entry_of, names_at
from archcalc.frameworks.record import Tensor
from archcalc.frameworks.records import KERAS, TORCH
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.einsum import equation
from archcalc.layers.images import Augmentation
from archcalc.network.base import Network
from archcalc.network.repeat import Repeat
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing.in_keras import keeps_its_word, multiplies, runs_in_keras

__all__ = [
    "BATCH",
    "Seen",
    "counted",
    "runs_in_keras",
    "shapes_in_keras",
    "shapes_in_torch",
    "shapes_of",
    "weights_in_torch",
]

BATCH = 2
"""More than one sample, so that an axis taken for the batch is noticed."""


@dataclass(frozen=True)
class Seen:
    """What a framework says of one layer.

    Attributes:
        outputs: the shapes that came out, without the batch; ``None`` where it cannot run it.
        promised: the shapes that the framework says come out, without running; ``None`` where it
            says nothing.
        weights: the shape of every weight by our name, in our axis order, in the framework's order.
        learned: whether training changes it.
        macs: multiply-accumulates of `BATCH` samples, counted while it ran; ``None`` where not
            counted.
    """

    outputs: tuple[tuple[int, ...], ...] | None
    promised: tuple[tuple[int, ...], ...] | None
    weights: dict[str, tuple[int, ...]]
    learned: dict[str, bool]
    macs: int | None


def shapes_in_torch(layer: Layer, inputs: Sequence[Shape]) -> Seen:
    """`layer` built in torch and run forward on the meta device, where nothing is allocated.

    Raises:
        FrameworkError: torch has not got it.

    >>> from archcalc.layers import Conv2D
    >>> seen = shapes_in_torch(Conv2D(32, 3), [Shape((28, 28, 1))])
    >>> seen.outputs, seen.weights, seen.macs
    (((26, 26, 32),), {'kernel': (3, 3, 1, 32), 'bias': (32,)}, 389376)
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
    return Seen(shapes_of(result), None, weights, learned, macs)


def counted(applied: Applied) -> bool:
    """Whether ``FlopCounterMode`` sees the layer's products.

    It counts matrix products and convolutions.  torch's einsum over axes of length 1 multiplies
    element by element.
    """
    layer: Any = applied.layer
    if type(layer).__name__ == "EinsumDense":
        summed = equation(layer.equation).summed
        lengths = equation(layer.equation).lengths(applied.inputs[0], layer.target_shape)
        return not summed or max(lengths.of(summed)) > 1
    if type(layer).__name__ == "SpectralNormalization":
        return counted(Applied(layer.layer, applied.inputs))
    if type(layer).__name__ == "Einsum":
        return all(max(work.operand) > 1 for work in applied.work)
    entry = TORCH.entry(type(layer))
    return not (entry and entry.uncounted)


def shapes_of(result: Any) -> tuple[tuple[int, ...], ...]:
    """The shapes of what a framework gives, one tensor or several, without the batch."""
    every = result if isinstance(result, list | tuple) else (result,)
    return tuple(tuple(value.shape[1:]) for value in every)


Shapes: TypeAlias = dict[str, tuple[int, ...]]
Learned: TypeAlias = dict[str, bool]


def weights_in_torch(module: Any, layer: Layer) -> Shapes | None:
    """The weights of a module by our names, in our order of axes, if it has those of `layer`."""
    try:
        return _torch_weights(module, layer)[0]
    except (KeyError, FrameworkError):
        return None


def _torch_weights(module: Any, layer: Layer) -> tuple[Shapes, Learned]:
    """Every parameter and buffer, by our names; torch's count of batches is no weight of ours."""
    if isinstance(layer, Network):
        return _torch_weights_inside(module, layer)
    entry = entry_of(TORCH, layer)
    ours: dict[str, list[Tensor]] = {}
    for tensor in entry.tensors:
        ours.setdefault(tensor.theirs, []).append(tensor)
    trained = {name for name, p in module.named_parameters() if p.requires_grad}
    if not layer.trainable:  # what is learned is learned there too, but not now
        trained = {name for name, _ in module.named_parameters()}
    weights: Shapes = {}
    learned: Learned = {}
    for name, value in module.state_dict().items():
        short = name.removeprefix("core.")
        if short == "num_batches_tracked":
            continue
        for tensor in ours[short]:
            known = {tensor.split[0]: getattr(layer, tensor.split[1])} if tensor.split else {}
            shape = tuple(tensor.within(value).shape)
            shape = to_ours(tensor.order, shape, **known) if tensor.order else shape
            weights[tensor.ours] = (tensor.row[1], *shape) if tensor.row else shape
            learned[tensor.ours] = name in trained
    order = [tensor.ours for tensor in entry.tensors if tensor.ours in weights]
    return {name: weights[name] for name in order}, learned


def _torch_weights_inside(module: Any, network: Network) -> tuple[Shapes, Learned]:
    """Those of the layers that a module of torch holds, in the order of ours."""
    weights: Shapes = {}
    learned: Learned = {}
    for place, layer, held in _inside(module, network):
        shapes, trained = _torch_weights(held, layer)
        weights |= {f"{place}/{name}": shape for name, shape in shapes.items()}
        learned |= {f"{place}/{name}": value for name, value in trained.items()}
    return weights, learned


def _inside(module: Any, network: Network) -> Iterator[tuple[str, Layer, Any]]:
    """The layers of a network, and the modules of the same names, or else in the same order."""
    if isinstance(network, Repeat):
        for number, copy in module.named_children():
            yield number, network.copy_of(int(number)).block, copy
        return
    if type(network).__name__ == "Experts":
        (node,) = network.graph().nodes
        for number, expert in module.experts.named_children():
            yield f"{node.name}/{number}", node.layer, expert
        return
    nodes, named = network.graph().nodes, dict(module.named_children())
    if any(node.name in named for node in nodes):
        yield from ((n.name, n.layer, named[n.name]) for n in nodes if n.name in named)
    else:
        pairs = zip(nodes, module.children(), strict=False)
        yield from ((node.name, node.layer, held) for node, held in pairs)


def shapes_in_keras(layer: Layer, inputs: Sequence[Shape]) -> Seen:
    """`layer` built in Keras and run on zeros.

    Raises:
        FrameworkError: Keras has not got it, or not with these fields.

    >>> from archcalc.layers import Conv2D
    >>> seen = shapes_in_keras(Conv2D(32, 3), [Shape((28, 28, 1))])
    >>> seen.outputs, seen.promised, seen.weights
    (((26, 26, 32),), ((26, 26, 32),), {'kernel': (3, 3, 1, 32), 'bias': (32,)})
    """
    applied = Applied(layer, tuple(inputs))
    built = keras_layers(applied, "layer")
    promised = _promised(built, applied)
    outputs, macs = _run(built, applied) if runs_in_keras(applied) else (None, None)
    if macs and isinstance(layer, Augmentation):  # what is done in training only is no work
        _, macs = _run(built, applied, training=False)
    weights, learned = _keras_weights(built, applied)
    macs = macs if counted(applied) and multiplies(applied) else None
    return Seen(outputs, promised, weights, learned, macs)


def _promised(built: list[Any], applied: Applied) -> tuple[tuple[int, ...], ...] | None:
    """The shapes that Keras says come out, without running; built by then."""
    layer, shapes = applied.layer, [(BATCH, *x) for x in applied.inputs]
    entry = KERAS.entry(type(layer))
    if isinstance(layer, Network) or (entry and (entry.call_args or entry.called)):
        given = [import_keras().Input(batch_shape=shape) for shape in shapes]
        made = called(built, applied, given)
        return shapes_of(made) if keeps_its_word(layer) else None
    promised: Any = shapes[0] if layer.arity == (1, 1) else shapes
    for part in built:
        part.build(promised)
        promised = tuple(part.compute_output_shape(promised)) if keeps_its_word(layer) else ()
    return (promised[1:],) if promised else None


def _some(kind: str, shape: tuple[int, ...]) -> Any:
    """Zeros, as numbers or as indices; or text."""
    if kind == "strings":
        import numpy as np

        return np.full(shape, "a")
    return import_keras().ops.zeros(shape, "int64" if kind == "indices" else None)


def _run(built: list[Any], applied: Applied, **how: Any) -> tuple[Any, int | None]:
    """What comes out, and the multiply-accumulates where the backend counts them."""
    keras = import_keras()

    kinds = [applied.layer.input_kind(i) for i in range(len(applied.inputs))]
    values = [_some(kind, (BATCH, *x)) for kind, x in zip(kinds, applied.inputs, strict=True)]
    if keras.backend.backend() != "torch":
        return shapes_of(called(built, applied, values, **how)), None
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    inside = [
        x for part in built if hasattr(part, "_flatten_layers") for x in part._flatten_layers()
    ]
    for part in inside:
        if hasattr(part, "unroll"):  # Keras' loop over time does the first step once more
            part.unroll = True
    stacked = any(type(part).__name__ == "StackedRNNCells" for part in inside)  # even unrolled
    counter = FlopCounterMode(display=False)
    plain = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    with plain, counter, torch.no_grad():  # of kernels that fuse attention it counts not all
        result = called(built, applied, values, **how)
    return shapes_of(result), None if stacked else counter.get_total_flops() // 2


def _keras_weights(built: list[Any], applied: Applied) -> tuple[Shapes, Learned]:
    """Every weight by our names; what a layer holds has the names that we give it, in order."""
    found = [weight for part in built for weight in part.weights]
    layer = applied.layer
    if isinstance(layer, Network):
        names = [weight.name for weight in applied.weights]
        names += [weight.path for weight in found[len(names) :]]
    else:
        names = names_at(KERAS, layer, [weight.path for weight in found])
    pairs = list(zip(names, found, strict=False))
    return (
        {name: tuple(weight.shape) for name, weight in pairs},
        {name: bool(weight.trainable) for name, weight in pairs},
    )
