"""Layers by the names of what holds them, and lists of layers."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from archcalc.frameworks.source.defaults import layer_names
from archcalc.frameworks.source.values import Children, Instance, Joined, Made, Module, Unknown
from archcalc.symbolic.errors import FrameworkError

__all__ = ["modules_in", "named", "not_defined", "of_list"]


def not_defined(what: str) -> FrameworkError:
    """The error that a layer is defined nowhere: misspelt, or of another file."""
    name = what.rpartition(".")[2]
    close = get_close_matches(name[:60], layer_names(), n=1, cutoff=0.75)
    return FrameworkError(
        f"{what} is not defined in this source, and is no layer of Keras or torch",
        code="unknown-layer",
        hint=f"did you mean {close[0]}?"
        if close
        else "paste its definition too, or read the live model with from_keras or from_torch",
    )


def named(value: Any, name: str, *, always: bool = False) -> None:
    """Name a module by the attribute that holds it, and those in it by their places."""
    if isinstance(value, Made | Children | Instance | Joined) and (always or not value.name):
        if isinstance(value, Made) and value.layer.name:
            return
        value.name = name
        if isinstance(value, Children) and value.torch:
            for key, part in value.parts.items():
                named(part, f"{name}_{key}")
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            named(part, f"{name}_{number}")


def modules_in(names: Mapping[str, Any]) -> dict[str, Any]:
    """The modules among what an object holds."""
    return {name: value for name, value in names.items() if isinstance(value, Module)}


def of_list(owner: Children, name: str, args: list[Any]) -> Any:
    """A method of layers in order."""
    if name in ("items", "keys", "values"):
        return list(getattr(owner.parts, name)())
    parts = list(owner.parts.values())
    for part in args:
        if isinstance(part, Unknown):
            raise not_defined(part.call or part.name or "this")
    if name == "pop":
        taken = parts.pop(*args)
        owner.renumbered(parts)
        return taken
    if name == "insert":
        parts.insert(args[0], args[1])
        owner.renumbered(parts)
    elif name == "add_module":
        owner.append(args[1], args[0])
    elif name == "extend":
        more = args[0].parts.values() if isinstance(args[0], Children) else args[0]
        for part in more:
            owner.append(part)
    else:
        owner.append(args[0])
    if owner.name and owner.torch:
        for key, part in owner.parts.items():
            named(part, f"{owner.name}_{key}")
    return owner if owner.torch else None
