"""A layer of ours from a framework's: the records read from their classes to ours.

What a record says in one direction for building, it says in the other for reading: which of our
classes theirs is, and what their arguments are in our terms.  The arguments are those that the
module keeps, under their own names unless the record says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from inspect import isfunction
from typing import Any, TypeAlias

from archcalc.frameworks.lookup import fields_of, frozen_names
from archcalc.frameworks.origin import built_from
from archcalc.frameworks.record import Entry, Name, Record
from archcalc.frameworks.records import KERAS, TORCH, own_records
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.frameworks.torch_api.arguments import is_flag
from archcalc.layers.adapters import adapted_form
from archcalc.layers.base import Layer
from archcalc.layers.registry import is_layer_class, layer_class
from archcalc.network.sequential import Sequential
from archcalc.symbolic.errors import FrameworkError, shorten
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape

__all__ = ["keras_config", "keras_entry", "keras_layer", "layer_of"]

_NOTHING = Shape()


def layer_of(module: Any, input_shape: ShapeLike = ()) -> Layer:
    """The layer that a module of torch or a layer of Keras is, with the same arguments.

    A module of torch works on channels that come first, and so does the layer.  What changes no
    count (initial values, regularizers) is not read.

    Args:
        module: a module of ``torch.nn``, a layer of ``keras.layers``, or one of a class that a
            registered record names.
        input_shape: what goes into it, without the batch; only where the framework counts axes
            from it.

    Raises:
        FrameworkError: it is none of these, or not one that a record says how to read.

    >>> import torch
    >>> layer_of(torch.nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)).use_bias
    False
    >>> layer_of(torch.nn.LSTM(8, 16, bidirectional=True)).layer
    LSTM(units=16, recurrent_bias=True, return_sequences=True, expects=8)
    """
    x = as_shape(input_shape) if input_shape != () else Shape()
    own = next((record for record in own_records() if _is(module, record)), None)
    bases = [cls.__module__.partition(".")[0] for cls in type(module).__mro__]
    if own is not None:
        layer = _of_entry(own, own.torch, module, _attributes(own.torch, module), x)
    elif "keras" in bases:
        layer = _of_keras(module, x)
    elif "torch" in bases:
        layer = _of_torch(module, x)
    else:
        raise _unread(module, "it is no module of torch and no layer of Keras")
    told = {"trainable": bool(module.trainable)} if "keras" in bases else _trained(module, layer)
    news = {name: value for name, value in told.items() if value != getattr(layer, name)}
    return layer.model_copy(update=news) if news else layer


def _is(module: Any, record: Record) -> bool:
    """Whether a module is of the very class that a record of one's own names."""
    return isinstance(record.torch, Entry) and record.torch.cls is type(module)


def _unread(module: Any, why: str) -> FrameworkError:
    kind = module if isinstance(module, str) else type(module).__name__
    return FrameworkError(
        f"{kind} is not read as a layer: {why}",
        code="not-read",
        values={"module": shorten(repr(module), 80)},
        hint="archcalc.frameworks.records.register() says what a class of one's own is",
    )


def _trained(module: Any, layer: Layer) -> dict[str, Any]:
    """What is trained of it; as the layer says where it has nothing that could be.

    Raises:
        FrameworkError: some of its weights are trained alone, and the layer cannot say which.
    """
    named = module.named_parameters()
    held = {name.removeprefix("core."): bool(p.requires_grad) for name, p in named}
    some = any(held.values())
    if not held or adapted_form(layer) is not None:
        return {"trainable": some or (layer.trainable and not held)}
    if some == all(held.values()):
        return {"trainable": some, "frozen": ()} if some else {"trainable": False}
    frozen = frozen_names(TORCH, layer, held)
    if frozen is None:
        raise _unread(module, "it trains some of its weights and not the others")
    return {"trainable": True, "frozen": frozen}


# torch


def _of_torch(module: Any, x: Shape) -> Layer:
    kind = type(module)
    layer = built_from(module)
    if layer is not None:
        return layer
    if kind.__module__.startswith("torch."):
        spelling = TORCH_CLASSES.get(kind.__name__)
        if spelling is None:
            raise _unread(module, "torch.nn has it, and archcalc has no layer for it")
        return spelling(**_arguments(spelling.named, spelling.signature.parameters, module))
    raise _unread(module, "no record names its class")


def _arguments(named: Name, parameters: Mapping[str, Any], module: Any) -> dict[str, Any]:
    """torch's arguments, as a module of torch keeps them."""
    found: dict[str, Any] = {}
    for name in parameters:
        if name in named.kept:
            found[name] = _plain(named.kept[name](module))
        elif is_flag(name):  # a bias that was asked for is there itself
            value = getattr(module, name, True)
            found[name] = value if isinstance(value, bool) else value is not None
        elif hasattr(module, name) and not hasattr(getattr(module, name), "dtype"):
            found[name] = _plain(getattr(module, name))
    return found


def _attributes(entry: Any, module: Any) -> dict[str, Any]:
    """The arguments of an entry, as the module keeps them."""
    names = [argument.name for argument in entry.arguments]
    missing = [name for name in names if not hasattr(module, name)]
    if missing or set(entry.applied_outside) - {"data_format", "activation"}:
        why = f"it keeps no {missing[0]}" if missing else "its arguments do not say all of it"
        raise _unread(module, why)
    return {name: _plain(getattr(module, name)) for name in names}


def _plain(value: Any) -> Any:
    """A tensor where there may be one is a flag; a module is the layer that it is."""
    if hasattr(value, "parameters"):
        return layer_of(value)
    return True if hasattr(value, "dtype") else value


def _of_entry(
    record: Record, entry: Any, module: Any, arguments: Mapping[str, Any], x: Shape
) -> Layer:
    fields = fields_of(entry, arguments, x)
    if "data_format" in record.layer.model_fields and entry is record.torch:
        fields.setdefault("data_format", "channels_first")
    return record.layer(**fields)


# Keras

Inside: TypeAlias = Callable[[Mapping[str, Any], Shape], Layer]
"""The network that a model inside a layer is, from its config and what goes into it."""


def keras_layer(
    kind: str,
    config: Mapping[str, Any],
    input_shape: Shape = _NOTHING,
    inside: Inside | None = None,
) -> Layer:
    """The layer that a config of Keras is; Keras is not needed.

    Args:
        kind: Keras' class, by name.
        config: its arguments, as Keras writes them.
        input_shape: what goes in, without the batch, where the record counts axes from it.
        inside: what a model that the layer holds is.

    Raises:
        FrameworkError: no record knows the class.

    >>> keras_layer("Dense", {"name": "head", "units": 10, "activation": "softmax"})
    Dense(units=10, activation='softmax')
    """
    found = _kind_in_keras(kind)
    if found is None:
        raise _unread(kind, "archcalc has no layer of that name")
    layer, entry = found
    given = {
        a.name: _of_config(config[a.name], _within(kind, input_shape), inside)
        for a in entry.arguments
        if a.name in config
    }
    fields = fields_of(entry, given, input_shape)
    if kind in entry.also:
        fields |= entry.also[kind](config)
    if config.get("trainable", True) is False:
        fields["trainable"] = False
    return layer(**fields)


def keras_entry(kind: str) -> Entry | None:
    """What a class of Keras is here, by its name.

    >>> keras_entry("Dense").tensors[0].ours, keras_entry("MyDense")
    ('kernel', None)
    """
    found = _kind_in_keras(kind)
    return found[1] if found else None


def _of_keras(module: Any, x: Shape) -> Layer:
    if not type(module).__module__.startswith("keras."):
        raise _unread(module, "it is a class of one's own")
    kind, config = type(module).__name__, keras_config(module)
    return _in_a_row(config["layers"], x) if kind == "Sequential" else keras_layer(kind, config, x)


def keras_config(module: Any) -> dict[str, Any]:
    """The arguments of a layer of Keras, its functions as they are and not as they are saved."""
    return {
        name: getattr(module, name)
        if isinstance(value, Mapping) and isfunction(getattr(module, name, None))
        else value
        for name, value in module.get_config().items()
    }


@lru_cache(maxsize=512)
def _kind_in_keras(name: str) -> tuple[type[Layer], Entry] | None:
    """Our layer that Keras has under a name, and its entry."""
    for kind in [layer_class(name)] if is_layer_class(name) else []:
        entry = KERAS.entry(kind)
        if entry is not None and entry.cls == name:
            return kind, entry
    for kind in KERAS:
        entry = KERAS.entry(kind)
        if entry is not None and name in entry.also:
            return kind, entry
    return None


def _within(kind: str, x: Shape) -> Shape:
    """What goes into a layer that another holds."""
    return Shape(x[1:]) if kind == "TimeDistributed" else x


def _of_config(value: Any, x: Shape, inside: Inside | None) -> Any:
    """An argument as Keras writes it: layers that it holds as layers, functions by their names."""
    if isinstance(value, list | tuple):
        return tuple(_of_config(one, x, inside) for one in value)
    if not isinstance(value, Mapping):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind == "function" and isinstance(config, str):
        return config
    if kind == "__lambda__":  # it is never read: Python's own code stands there
        return None
    if not isinstance(kind, str) or not isinstance(config, Mapping):
        raise _unread(shorten(value, 60), "no record says how to read it")
    if inside is not None and isinstance(config.get("layers"), list):
        return inside(value, x)
    if kind == "Sequential":
        return _in_a_row(config["layers"], x)
    return keras_layer(kind, config, x, inside)


def _in_a_row(configs: Sequence[Mapping[str, Any]], x: Shape) -> Layer:
    """What Keras has as several layers, one after the other."""
    found: list[Layer] = []
    for one in configs:
        if one["class_name"] != "InputLayer":
            found.append(_of_config(one, x, None))
            x = found[-1].output_shape(x) if x else x
    return Sequential(found)
