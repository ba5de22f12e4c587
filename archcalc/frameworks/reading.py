"""A layer of ours from a framework's: the records read from their classes to ours.

What a record says in one direction for building, it says in the other for reading: which of our
classes theirs is, and what their arguments are in our terms.  The arguments are those that the
module keeps, under their own names unless the record says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from archcalc.frameworks.keras import import_keras
from archcalc.frameworks.origin import built_from
from archcalc.frameworks.record import Entry, Name, Record, fields_of
from archcalc.frameworks.records import KERAS, own_records
from archcalc.frameworks.torch_names import SPELLINGS
from archcalc.frameworks.torch_names.arguments import is_flag
from archcalc.layers.base import Layer
from archcalc.network.sequential import Sequential
from archcalc.symbolic.errors import FrameworkError, shorten
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape

__all__ = ["layer_of"]


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
    trained = bool(module.trainable) if "keras" in bases else _trained(module, layer.trainable)
    return layer if trained == layer.trainable else layer.model_copy(update={"trainable": trained})


def _is(module: Any, record: Record) -> bool:
    """Whether a module is of the very class that a record of one's own names."""
    return isinstance(record.torch, Entry) and record.torch.cls is type(module)


def _unread(module: Any, why: str) -> FrameworkError:
    return FrameworkError(
        f"{type(module).__name__} is not read as a layer: {why}",
        code="not-read",
        values={"module": shorten(repr(module), 80)},
        hint="archcalc.frameworks.records.register() says what a class of one's own is",
    )


def _trained(module: Any, unsaid: bool) -> bool:
    """Whether something of it is trained; as `unsaid` where it has nothing that could be."""
    held = [parameter.requires_grad for parameter in module.parameters()]
    return any(held) if held else unsaid


# torch


def _of_torch(module: Any, x: Shape) -> Layer:
    kind = type(module)
    layer = built_from(module)
    if layer is not None:
        return layer
    if kind.__module__.startswith("torch."):
        spelling = SPELLINGS.get(kind.__name__)
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
    if missing or set(entry.around) - {"data_format", "activation"}:
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


def _of_keras(module: Any, x: Shape) -> Layer:
    if type(module) is import_keras().Sequential:
        return _chain(module, x)
    kind = _kinds_in_keras().get(type(module))
    entry = KERAS.entry(kind) if kind else None
    if kind is None or entry is None:
        raise _unread(module, "archcalc has no layer of that name")
    config = module.get_config()
    given = {
        a.name: _of_config(module, a.name, config[a.name])
        for a in entry.arguments
        if a.name in config
    }
    return kind(**fields_of(entry, given, x))


def _chain(module: Any, x: Shape) -> Layer:
    """What Keras has as several layers, one after the other."""
    found: list[Layer] = []
    for layer in module.layers:
        found.append(layer_of(layer, x))
        x = found[-1].output_shape(x) if x else x
    return Sequential(found)


@lru_cache(maxsize=1)
def _kinds_in_keras() -> dict[type, type[Layer]]:
    """Our layers by the class of Keras that has their name, which may call itself otherwise."""
    there = import_keras().layers
    named = [kind for kind in KERAS if getattr(KERAS[kind], "cls", "") == kind.__name__]
    return {getattr(there, kind.__name__): kind for kind in named if hasattr(there, kind.__name__)}


_HELD: Mapping[str, tuple[str, ...]] = {"layer": ("forward_layer", "layer")}
"""Where Keras keeps what it was given as an argument, if not under its name."""


def _of_config(module: Any, name: str, value: Any) -> Any:
    """An argument as Keras writes it: layers that it holds as layers, functions by their names."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return tuple(map(layer_of, getattr(module, name)))
    if not isinstance(value, dict):
        return tuple(value) if isinstance(value, list) else value
    held = next((p for p in _HELD.get(name, (name,)) if hasattr(module, p)), "")
    found = getattr(module, held, None)
    return layer_of(found) if hasattr(found, "get_config") else found
