"""A Keras model, taken apart: its layers with weights, and what they give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archcalc.frameworks.keras import import_keras
from archcalc.frameworks.lookup import objection
from archcalc.frameworks.records import KERAS
from archcalc.frameworks.records.activations import ACTIVATIONS
from archcalc.layers.activations import Activation, Softmax, Softmin
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.naming import snake_case
from archcalc.network.unroll import Unrolled
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape
from archcalc.testing.in_keras import IN_TRAINING, multiplies, runs_in_keras
from archcalc.testing.matching.in_torch import input_kinds
from archcalc.testing.matching.parts import Built, Owners, Ran, Shapes, Weights
from archcalc.testing.matching.reading import read_keras
from archcalc.testing.matching.steps import Between, Step, group_of, plain, quiet
from archcalc.testing.oracles import BATCH, counted, named_in_keras

__all__ = ["is_model", "keras_parts", "measured_flops"]

_AFTER = ("crop", "activation", "last", "join", "pool")
"""How the names end of what archcalc builds after a layer to make up the rest of it."""


def is_model(model: object) -> bool:
    """Whether `model` is a layer or a model of Keras; Keras is not loaded to find out."""
    return any(
        cls.__module__.startswith("keras.") and cls.__name__ == "Layer"
        for cls in type(model).__mro__
    )


def keras_parts(model: Any, made: Unrolled) -> tuple[list[Built], Ran]:
    """The layers of a model that own weights, in its order, and what it gives.

    Raises:
        FrameworkError: it has not been built.
    """
    keras = import_keras()
    if not model.built:
        raise FrameworkError(
            "the model has no weights yet",
            code="not-built",
            hint="call model.build(input_shape), or call the model once",
        )
    layers = list(_leaves(model, keras))
    first = Owners()
    parts = [_built(layer, layers, first) for layer in layers if layer.weights]
    ran = _ran(model, made, keras)
    ran.between = _between(_calls(model, keras))
    return parts, ran


def _between(calls: Iterable[Any]) -> dict[str, Between]:
    """What is called without weights after each layer with weights, and how that one ends."""
    here, owner, names = Between(), "", set[str]()
    found = {"": here}
    for layer in calls:
        if not getattr(layer, "weights", None) and _continues(layer.name, owner, ("pool",)):
            continue
        read = read_keras(layer, _input(layer)) or _operation(layer)
        if getattr(layer, "weights", None):
            owner = layer.name
            here = found.setdefault(owner, Between())
            here.opaque = here.opaque or read is None
            function: Any = getattr(read, "activation", None)
            kind = type(layer).__name__
            ends = isinstance(function, str) and kind not in _INSIDE and not kind.endswith("Cell")
            read = Activation(function) if ends else None
        elif read is None and type(layer).__name__ not in _MOVING:
            here.opaque = True
        here.pads = here.pads or "Padding" in type(layer).__name__
        if isinstance(read, Softmax) and f"{layer.name}_negate" in names:
            read = Softmin(read.axis)  # as archcalc builds it, since Keras has none
        names.add(layer.name)
        made = None if read is None else plain(read)
        if made is not None and group_of(made):
            here.steps.append(Step(layer.name, made))
        elif made is not None and not quiet(made):  # arithmetic that another layer may be said by
            here.opaque = True
    return found


def _calls(model: Any, keras: Any) -> Iterator[Any]:
    """The layers and operations of a model in the order of their calls, as often as called."""
    if not isinstance(model, keras.Model):
        yield model
        return
    graph = getattr(model, "_functional", None) or model
    depths = getattr(graph, "_nodes_by_depth", None)
    if depths is None:
        called = model.layers
    else:
        nodes = [node for depth in sorted(depths, reverse=True) for node in depths[depth]]
        called = [node.operation for node in nodes]
    for layer in called:
        yield from _calls(layer, keras)


def _operation(operation: Any) -> Any:
    """An operation of Keras that is an activation, as such."""
    name: Any = snake_case(type(operation).__name__)
    known = name in ACTIVATIONS and not hasattr(operation, "weights")
    return Activation(name) if known else None


_MOVING = (
    *("InputLayer", "Add", "Subtract", "Multiply", "Reshape", "Transpose", "Concatenate", "Stack"),
    *("GetItem", "Matmul", "ExpandDims", "Squeeze", "Cast", "Shape", "Flip"),
)
"""Operations that move and join numbers."""

_INSIDE = ("SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
"""Layers whose activation is in their steps, not at their end."""


def _input(layer: Any) -> Shape:
    """What goes into a layer where it is first called; empty where that is not known."""
    nodes = getattr(layer, "_inbound_nodes", [])
    tensors = nodes[0].input_tensors if nodes else []
    dims = tensors[0].shape[1:] if tensors else ()
    return Shape(dims) if None not in dims else Shape()


def _leaves(model: Any, keras: Any) -> Iterator[Any]:
    """The layers of a model, those of models in it too, each once; others as a whole."""
    if not isinstance(model, keras.Model):
        yield model
        return
    for layer in model.layers:
        yield from _leaves(layer, keras) if isinstance(layer, keras.Model) else (layer,)


def _built(layer: Any, layers: list[Any], owners: Owners) -> Built:
    kind = type(layer).__name__
    paths = [weight.path for weight in layer.weights]

    shapes = [tuple(weight.shape) for weight in layer.weights]

    def ours(applied: Applied) -> Weights | None:
        own = applied.layer
        entry = KERAS.entry(type(own))
        if entry is None or kind not in entry.classes():
            return None
        if isinstance(own, Network):  # what it holds has the names that we give it, in order
            named = [weight.name for weight in applied.weights]
            return dict(zip(named, shapes, strict=True)) if len(named) == len(shapes) else None
        try:
            return dict(zip(named_in_keras(own, paths), shapes, strict=True))
        except ValueError:
            return None

    short = _unlike([path.rpartition("/")[2] for path in paths], paths)
    last = next((x for x in reversed(layers) if _continues(x.name, layer.name)), layer)
    raw = dict(zip(short, shapes, strict=True))
    tied = owners.tied(layer.name, zip(short, layer.weights, strict=True))
    return Built(
        layer.name,
        kind,
        raw,
        _outputs(last),
        None,
        ours,
        tied,
        read=read_keras(layer, _input(layer)),
        learns={name: bool(layer.trainable) for name in short},
    )


def _unlike(names: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Names that are all different: short ones, or else paths, numbered where they are alike."""
    found = names if len(set(names)) == len(names) else paths
    return [f"{name}:{found[:i].count(name)}" if name in found[:i] else name
            for i, name in enumerate(found)]  # fmt: skip


def _continues(name: str, first: str, how: tuple[str, ...] = _AFTER) -> bool:
    """Whether the layer called `name` is the rest of that called `first`."""
    rest = name[len(first) + 1 :].partition("_")[0]
    return bool(first) and name.startswith(f"{first}_") and rest in how


def _outputs(layer: Any) -> Shapes | None:
    """What comes out of a layer where it is first called; ``None`` where it was not, as a tensor.

    Where a length is not known, nothing is.
    """
    nodes = getattr(layer, "_inbound_nodes", [])
    shapes = [tuple(tensor.shape[1:]) for tensor in nodes[0].output_tensors] if nodes else []
    return tuple(shapes) if shapes and all(None not in shape for shape in shapes) else None


def _ran(model: Any, made: Unrolled, keras: Any) -> Ran:
    ran = Ran()
    outputs = getattr(model, "outputs", None) or []
    shapes = tuple(tuple(tensor.shape[1:]) for tensor in outputs)
    ran.outputs = shapes if shapes and all(None not in x for x in shapes) else None
    ran.flops = -1
    if keras.backend.backend() == "torch" and all(_is_counted(call.applied) for call in made.calls):
        ran.flops = measured_flops(model, made.inputs, input_kinds(made))
    return ran


def _is_counted(applied: Any) -> bool:
    """Whether torch's counter sees all products, none of them twice."""
    kind = type(applied.layer).__name__
    if (
        "RNN" in kind
        or kind.endswith(("Cell", "Cells"))
        or kind in {*_LOOPS, *IN_TRAINING}
        or _is_another(applied.layer)
    ):
        return False
    return counted(applied) and multiplies(applied) and runs_in_keras(applied)


def _is_another(layer: Layer) -> bool:
    """Whether Keras has no such layer, so that the model is another."""
    entry = KERAS.entry(type(layer))
    return entry is None or bool(objection(entry, layer))


_LOOPS = ("LSTM", "GRU", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
"""Keras' loop over time does the first step once more."""


def measured_flops(model: Any, shapes: Sequence[Sequence[Any]], kinds: Sequence[str]) -> int:
    """What a model multiplies on zeros, of `BATCH` samples.

    Raises:
        FrameworkError: Keras does not run on torch, which counts.
    """
    keras = import_keras()
    if keras.backend.backend() != "torch":
        raise FrameworkError("FLOPs are counted where Keras runs on torch", code="not-counted")
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    given = [
        keras.ops.zeros((BATCH, *x), "int64" if kind == "indices" else None)
        for x, kind in zip(shapes, kinds, strict=True)
    ]
    counter = FlopCounterMode(display=False)
    plain = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    with plain, counter, torch.no_grad():
        model(given[0] if len(given) == 1 else given, training=False)
    return int(counter.get_total_flops())
