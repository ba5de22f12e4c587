"""A plan from a live Keras model: its layers' configs and its calls, through Keras' own graph.

A Sequential or a functional model has its graph already.  What is subclassed is called once on
symbolic tensors, which Keras writes down layer by layer; the record of that call is taken away
from its layers again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from archcalc.frameworks.importing.keras.configs import INPUT, chained
from archcalc.frameworks.importing.keras.operations import LAYERS_AS_OPERATIONS
from archcalc.frameworks.importing.keras.plan import Array, At, Call, Dims, Part, Plan
from archcalc.frameworks.reading import keras_config, keras_entry
from archcalc.symbolic.errors import FrameworkError, shorten

__all__ = ["plan_of_model"]


def plan_of_model(model: Any, shapes: Sequence[Dims] | None = None) -> Plan:
    """The plan of a model.

    Args:
        model: a model, or a layer.
        shapes: what goes in, the batch first, where the model does not say it itself.

    Raises:
        FrameworkError: a subclassed model says no shape, or cannot be called on symbolic tensors.
    """
    return _Walk().model(model, True, shapes)


class _Walk:
    """From a model to the models in it; a layer that is met twice is one part each time."""

    def model(self, model: Any, trained: bool, shapes: Sequence[Dims] | None = None) -> Plan:
        trained = trained and bool(model.trainable)
        if _is_sequential(model):
            return self._chain(model, trained)
        if _has_graph(model):
            return self._graph(model, str(model.name), trained)
        inputs = _symbolic(model, shapes)
        with _nodes_kept(model):
            return self._graph(_called(model, inputs), str(model.name), trained)

    def _chain(self, model: Any, trained: bool) -> Plan:
        parts = {str(one.name): self._part(one, trained) for one in model.layers}
        inputs = getattr(model, "inputs", None) if model.built else None
        shape = tuple(inputs[0].shape) if inputs else None
        plan = chained(str(model.name), parts, shape)
        for part, layer in zip(parts.values(), model.layers, strict=True):
            self._opened(part, layer, model)
        return plan

    def _opened(self, part: Part, layer: Any, model: Any) -> None:
        """What came out of a layer of a Sequential, and what is in a composed one."""
        graph = getattr(model, "_functional", None)
        for node in _nodes(graph) if graph is not None else []:
            if node.operation is layer:
                (call,) = part.calls
                part.calls = [Call(call.args, call.kwargs, _outputs(node))]
                self._compose(part, layer, node)

    def _graph(self, graph: Any, name: str, trained: bool) -> Plan:
        """A model, or a function, with a graph of calls."""
        places: dict[int, At] = {}
        parts: dict[str, Part] = {}
        names: dict[int, str] = {}
        made_there = {id(x) for node in _nodes(graph) for x in node.outputs}
        for x in graph.inputs:
            if id(x) not in made_there:  # of a call that was recorded, without a layer of its own
                title = _free("input", parts)
                parts[title] = Part(title, INPUT, {}, [Call((), {})])
                places[id(x)] = At(title, 0, 0, tuple(x.shape))
        for node in _nodes(graph):
            operation = node.operation
            part = parts.get(names.get(id(operation), ""))
            if part is None:
                title = _free(str(operation.name), parts)
                names[id(operation)] = title
                part = parts[title] = self._part(operation, trained)
                part.name = title
            if not node.is_input:
                self._compose(part, operation, node)
            count = len(part.calls)
            for output, tensor in enumerate(node.outputs):
                shape = tuple(tensor.shape)
                places[id(tensor)] = At(part.name, count, output, shape)
            part.calls.append(
                Call((), {})
                if node.is_input
                else Call(
                    tuple(_written(one, places) for one in node.arguments.args),
                    _written(dict(node.arguments.kwargs), places),
                    _outputs(node),
                )
            )
        inputs: dict[str, Dims | None] = {places[id(x)].layer: tuple(x.shape) for x in graph.inputs}
        return Plan(name, parts, inputs, tuple(places[id(x)] for x in graph.outputs))

    def _part(self, operation: Any, trained: bool) -> Part:
        kind = _kind(operation)
        is_layer = hasattr(operation, "trainable_weights") and not _is_said_by_several(operation)
        if not is_layer:
            return Part(str(operation.name), kind, _told(operation), is_layer=False)
        trained = trained and bool(operation.trainable)
        part = Part(str(operation.name), kind, {}, [], True, trained, None, operation)
        if kind == INPUT or _is_known(operation):
            part.config = {} if kind == INPUT else keras_config(operation)
            if kind == "TimeDistributed":
                part.held = self._part(operation.layer, trained)
        elif _is_sequential(operation) or _has_graph(operation):
            part.inner = self.model(operation, trained)
        else:
            part.why = "it is a class of one's own"
        return part

    def _compose(self, part: Part, layer: Any, node: Any) -> None:
        """A layer of one's own that holds others, as a model of what it calls."""
        if not part.why or part.inner is not None or not getattr(layer, "_layers", None):
            return
        try:
            with _nodes_kept(layer):
                graph = _called_as(layer, node)
                part.inner = self._graph(graph, part.name, part.trainable)
        except Exception as error:  # whatever its code does with tensors that have no numbers
            part.why = f"its call could not be recorded: {shorten(str(error), 100)}"


# Keras' graphs


def _is_sequential(model: Any) -> bool:
    return _is_keras(model, "Sequential")


def _is_keras(thing: Any, name: str) -> bool:
    return any(
        cls.__name__ == name and cls.__module__.startswith("keras.") for cls in type(thing).__mro__
    )


def _has_graph(model: Any) -> bool:
    return hasattr(model, "_nodes_by_depth")


def _kind(operation: Any) -> str:
    """The class of a layer; the class of Keras where one's own only makes its weights otherwise."""
    own = type(operation)
    for base in own.__mro__:
        if base.__module__.startswith("keras.") and getattr(base, "call", None) is own.call:
            return str(base.__name__)
    return own.__name__


def _is_known(layer: Any) -> bool:
    """Whether it computes what a layer of Keras does that a record knows."""
    bases = {base.__name__ for base in type(layer).__mro__ if base.__module__.startswith("keras.")}
    kind = _kind(layer)
    return kind in bases and keras_entry(kind) is not None


def _is_said_by_several(layer: Any) -> bool:
    kind = type(layer)
    return kind.__module__.startswith("keras.") and kind.__name__ in LAYERS_AS_OPERATIONS


def _nodes(graph: Any) -> Iterator[Any]:
    """The calls of a graph, each after those that feed it."""
    depths = graph._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        yield from depths[depth]


def _outputs(node: Any) -> tuple[Dims, ...]:
    return tuple(tuple(tensor.shape) for tensor in node.outputs)


def _free(name: str, taken: Mapping[str, Any]) -> str:
    made, number = name, 0
    while made in taken:
        number += 1
        made = f"{name}_{number}"
    return made


def _told(operation: Any) -> dict[str, Any]:
    """The arguments of an operation; those that Keras would not save are its attributes."""
    try:
        config = operation.get_config()
    except Exception:  # Keras saves plain values only
        config = {}
    held = {k: v for k, v in vars(operation).items() if not k.startswith("_")}
    return {**held, **config}


def _written(value: Any, places: Mapping[int, At]) -> Any:
    """An argument of a call: Keras' tensors as places, arrays and weights by their shapes."""
    if id(value) in places:
        return places[id(value)]
    if isinstance(value, Mapping):
        return {key: _written(held, places) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_written(held, places) for held in value]
    if isinstance(value, slice):
        ends = (value.start, value.stop, value.step)
        return slice(*(_written(end, places) for end in ends))
    if hasattr(value, "shape") and not isinstance(value, type):
        weight = value if hasattr(value, "trainable") else None
        if weight is None and tuple(value.shape) == () and hasattr(value, "item"):
            return value.item()
        return Array(tuple(value.shape), weight)
    return value


# Calls that are recorded


def _symbolic(model: Any, shapes: Sequence[Dims] | None) -> Any:
    """Tensors without numbers, as the model is called on them."""
    import keras

    told: Any = getattr(model, "_build_shapes_dict", None)
    if shapes is None and not told:
        raise FrameworkError(
            f"{type(model).__name__} does not say what goes into it", code="no-input-shape",
            hint="give input_shape=(28, 28, 1), or call the model once",
        )  # fmt: skip

    def made(shape: Any) -> Any:
        if isinstance(shape, Mapping):
            return {key: made(held) for key, held in shape.items()}
        if isinstance(shape, list | tuple) and shape and isinstance(shape[0], list | tuple | dict):
            return [made(held) for held in shape]
        return keras.KerasTensor((None, *tuple(shape)[1:]))

    if shapes is None:
        found = [made(shape) for shape in told.values()]
        return found
    return [made(list(shapes) if len(shapes) > 1 else shapes[0])]


def _called(model: Any, inputs: list[Any]) -> Any:
    """The graph of a call of a subclassed model."""
    import keras

    tensors = keras.tree.flatten(inputs)
    try:
        if not model.built:
            model(*inputs)
        outputs = model.call(*inputs)
        return keras.Function(tensors, keras.tree.flatten(outputs))
    except Exception as error:  # whatever its code does with tensors that have no numbers
        raise FrameworkError(
            f"{type(model).__name__} does not run on tensors without numbers: "
            f"{shorten(str(error), 300)}",
            code="not-read", hint="use keras.ops in its call, or check input_shape",
        ) from error  # fmt: skip


def _called_as(layer: Any, node: Any) -> Any:
    """The graph of what a layer calls where it is called by `node`."""
    import keras

    fresh: dict[int, Any] = {}

    def copy(value: Any) -> Any:
        if isinstance(value, keras.KerasTensor):
            made = keras.KerasTensor(value.shape, value.dtype)
            return fresh.setdefault(id(value), made)
        return value

    args = keras.tree.map_structure(copy, node.arguments.args)
    kwargs = keras.tree.map_structure(copy, node.arguments.kwargs)
    outputs = layer.call(*args, **kwargs)
    return keras.Function(list(fresh.values()), keras.tree.flatten(outputs))


@contextmanager
def _nodes_kept(layer: Any) -> Iterator[None]:
    """Calls that are made meanwhile leave no trace in the layers."""
    layers = list(_every(layer, set()))
    before = [(one, len(one._inbound_nodes), len(one._outbound_nodes)) for one in layers]
    try:
        yield
    finally:
        for one, inbound, outbound in before:
            del one._inbound_nodes[inbound:]
            del one._outbound_nodes[outbound:]


def _every(layer: Any, seen: set[int]) -> Iterator[Any]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield layer
    for one in getattr(layer, "_layers", ()):
        yield from _every(one, seen)
