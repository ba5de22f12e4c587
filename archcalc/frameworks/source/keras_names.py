"""What Keras' names are here: layers, inputs, models, and its functions on tensors."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.importing.values import Value
from archcalc.frameworks.record import Entry
from archcalc.frameworks.records import KERAS
from archcalc.frameworks.source.arguments import DROPPED, for_a_layer
from archcalc.frameworks.source.backbones import keras_application
from archcalc.frameworks.source.defaults import keras_layer
from archcalc.frameworks.source.keras_functions import is_function, on_tensors
from archcalc.frameworks.source.keras_helpers import helped
from archcalc.frameworks.source.keras_inputs import open_shape
from archcalc.frameworks.source.listing import not_defined
from archcalc.frameworks.source.tensors import tensors_in
from archcalc.frameworks.source.values import Children, Joined, Made, Partial, Unknown
from archcalc.layers.base import Layer
from archcalc.network.model import Model
from archcalc.symbolic.errors import FrameworkError

__all__ = ["call", "handed"]

_PASSED_OVER = frozenset(
    [
        "optimizers",
        "losses",
        "metrics",
        "callbacks",
        "datasets",
        "utils",
        "preprocessing",
        "regularizers",
        "initializers",
        "constraints",
        "saving",
        "random",
        "distribution",
        "tree",
        "mixed_precision",
        "wrappers",
        "config",
    ]
)
"""Parts of Keras that say nothing of a model's shape."""

_CALLED_WITH = ("training", "mask", "attention_mask", "query_mask", "key_mask", "value_mask")


def call(reader: Any, node: Any, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A class or function of Keras; ``NotImplemented`` where it is none that is read."""
    home, _, name = path.rpartition(".")
    if path in ("keras.Input", "keras.layers.Input", "keras.layers.InputLayer"):
        return _input(reader, name, args, kwargs)
    if path == "keras.Sequential":
        return _sequential(reader, args, kwargs)
    if path in ("keras.Model", "keras.Functional"):
        return _model(reader, node, args, kwargs)
    if home == "keras.layers":
        return _layer(reader, node, path, name, args, kwargs)
    made = helped(reader, path, args, kwargs)
    if made is not NotImplemented:
        return made
    if is_function(path):
        return on_tensors(reader, path, args, kwargs)
    parts = path.split(".")
    if home == "keras.random" and name[:1].islower():
        return on_tensors(reader, path, args, kwargs)
    if parts[0] == "keras" and len(parts) > 1 and parts[1] in _PASSED_OVER:
        return Unknown()
    if parts[:2] == ["keras", "applications"] and name == "preprocess_input":
        return args[0] if args else Unknown()  # numbers for numbers, without weights
    if parts[:2] == ["keras", "applications"] and name[:1].isupper():
        made = keras_application(reader, node, name, args, kwargs)
        if made is not NotImplemented:
            return made
        reader.refuse(
            node,
            f"{path} is a model of Keras' own, and its definition is not in this source",
            code="not-in-source",
            hint=f"archcalc summary keras.applications:{name} reads it where Keras is installed",
        )
    return NotImplemented


def _input(reader: Any, kind: str, args: list[Any], kwargs: dict[str, Any]) -> Value:
    batch = kwargs.get("batch_shape", kwargs.get("batch_input_shape"))
    shape = kwargs.get("shape", kwargs.get("input_shape", args[0] if args else None))
    if shape is None and batch is not None:
        shape = tuple(batch)[1:]
    if shape is None:
        raise FrameworkError("this input has no shape", code="no-input-shape")
    name = kwargs.get("name")
    made: Value = reader.bench.input(
        open_shape(reader, shape), name if isinstance(name, str) else None
    )
    return made


def _sequential(reader: Any, args: list[Any], kwargs: dict[str, Any]) -> Children:
    name = kwargs.get("name", args[1] if len(args) > 1 else "")
    made = Children("Sequential", False, name=name if isinstance(name, str) else "")
    layers = kwargs.get("layers", args[0] if args else [])
    for part in reader.items(layers if layers is not None else []):
        if isinstance(part, Unknown):
            raise not_defined(part.call or part.name or "this")
        made.append(part)
    return made


def _model(reader: Any, node: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = dict(zip(("inputs", "outputs", "name"), args, strict=False))
    given |= {{"input": "inputs", "output": "outputs"}.get(k, k): v for k, v in kwargs.items()}
    if "inputs" not in given or "outputs" not in given:
        reader.refuse(node, "a Model is made of inputs and outputs")
    inputs = [reader.bench.tensor_of(x) for x in tensors_in(given["inputs"])]
    outputs = [reader.bench.tensor_of(x) for x in tensors_in(given["outputs"])]
    for word, held in (("inputs", inputs), ("outputs", outputs)):
        if not held:
            reader.refuse(node, f"the {word} of this Model depend on what is not read")
    name = given.get("name")
    named = {"name": name} if isinstance(name, str) else {}
    network = Model([x.tensor for x in inputs], [x.tensor for x in outputs], **named)
    single = isinstance(given["outputs"], Value)
    return Joined(network, inputs, outputs, single, name if isinstance(name, str) else "")


# Layers


def _layer(
    reader: Any, node: Any, path: str, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    if name == "Lambda":
        return _lambda(args, kwargs)
    cls = keras_layer(path)
    if cls is None and name[:1].islower():
        return _as_function(reader, node, name, args, kwargs)
    if cls is None:
        raise FrameworkError(
            f"archcalc has no layer called {name}",
            code="unknown-layer",
            hint="archcalc layers lists those that there are",
        )
    for told in ("input_shape", "batch_input_shape"):
        if isinstance(kwargs.get(told), Unknown):
            open_shape(reader, kwargs[told])
    given = [for_a_layer(reader, "", value) for value in args]
    named = {key: for_a_layer(reader, key, value) for key, value in kwargs.items()}
    named = {key: value for key, value in named.items() if value is not DROPPED}
    batch = named.pop("batch_input_shape", None)
    if batch is not None:
        named["input_shape"] = tuple(batch)[1:]
    if isinstance(named.get("input_shape"), tuple | list):
        named["input_shape"] = open_shape(reader, named["input_shape"])
    reader.another_layer()
    layer = cls(*given, **named)
    return Made(layer, cls.__name__, False, name=str(named.get("name") or ""))


def _lambda(args: list[Any], kwargs: dict[str, Any]) -> Made:
    """A layer that is a function of the source."""
    from archcalc.layers import Identity

    function = kwargs.get("function", args[0] if args else None)
    more = kwargs.get("arguments")
    body = Partial(function, [], more) if isinstance(more, dict) else function
    return Made(Identity(), "Lambda", False, body=body)


def _as_function(reader: Any, node: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """``keras.layers.add([x, y])``: the layer of the same name, made and called."""
    camel = "".join(part.capitalize() for part in name.split("_"))
    if keras_layer(f"keras.layers.{camel}") is None:
        return NotImplemented
    inputs = kwargs.pop("inputs", args[0] if args else None)
    made = _layer(reader, node, f"keras.layers.{camel}", camel, args[1:], kwargs)
    return reader.call(node, made, [inputs], {})


def handed(reader: Any, made: Made, args: list[Any], kwargs: dict[str, Any]) -> list[Value]:
    """The tensors that a layer of Keras is called on, in our order.

    What is said when the layer is called, such as ``use_causal_mask``, is said of the layer.
    """
    named = {key: value for key, value in kwargs.items() if key not in _CALLED_WITH}
    entry = KERAS.entry(type(made.layer)) or Entry()
    said = {a.name: a.field for a in entry.called}
    for key in [key for key in named if key in said]:
        value = named.pop(key)
        if not made.called:
            made.layer = made.layer.model_copy(update={said[key]: value})
    order = ("inputs", "sequence", "query", "value", "key", "initial_state", "initial_states")
    ordered = [named.pop(key) for key in order if key in named]
    if named:
        raise FrameworkError(
            f"{made.cls} is called with {next(iter(named))}, which is not read", code="not-read"
        )
    if _takes_one(made.layer):
        args = args[:1]  # torch's masks, and Keras' training flag by position
    return [reader.bench.tensor_of(x) for x in tensors_in([*args, *ordered])]


def _takes_one(layer: Layer) -> bool:
    return layer.arity == (1, 1)
