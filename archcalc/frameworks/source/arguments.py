"""What the source gives to a layer, as the layer takes it."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.importing.sizes import Size
from archcalc.frameworks.importing.values import Value
from archcalc.frameworks.source.sizes import OfSize
from archcalc.frameworks.source.values import (
    Builtin,
    Children,
    Function,
    Imported,
    Instance,
    Joined,
    Made,
    Unknown,
)
from archcalc.symbolic.errors import FrameworkError

__all__ = ["DROPPED", "for_a_layer"]

_KEPT = ("_initializer", "_regularizer", "_constraint")


class _Dropped:
    """An argument that is left out."""


DROPPED = _Dropped()


def for_a_layer(reader: Any, name: str, value: Any) -> Any:
    """An argument of a layer: sizes as formulas, functions by name, layers as layers.

    Args:
        reader: the reader.
        name: of the argument; empty where it is given by position.
        value: what the source gives.

    Raises:
        FrameworkError: it depends on what is not known.
    """
    if name == "weights":  # numbers to begin with, which change no shape
        return DROPPED
    if isinstance(value, Size):
        return value.dim
    if isinstance(value, OfSize):
        raise FrameworkError(
            "a size was divided, and its formula is lost", code="not-read", hint="write //"
        )
    if isinstance(value, Imported | Builtin):
        return value.last if isinstance(value, Imported) else value.name
    if isinstance(value, Unknown | Function | Instance) and name.endswith(_KEPT):
        return DROPPED
    if isinstance(value, Unknown):
        if name in ("dtype", "device", "seed"):
            return DROPPED
        size = reader.size_of(value)
        if size is None:
            raise FrameworkError(
                f"{name or 'this argument'} depends on what is not read",
                code="not-read",
                hint="give it a number in the source, or a name of its own, which becomes a symbol",
            )
        return for_a_layer(reader, name, size)
    if isinstance(value, Made):
        return reader.ready(value) if not value.torch else value.layer
    if isinstance(value, Children) and not value.torch:
        return reader.chain(value)
    if isinstance(value, Joined):
        return value.network
    if isinstance(value, list | tuple):
        return type(value)(for_a_layer(reader, name, held) for held in value)
    if isinstance(value, Function | Instance | Children | Value):
        raise FrameworkError(
            f"{name or 'this argument'} is given {type(value).__name__.lower()}, which is not read",
            code="not-read",
        )
    return value
