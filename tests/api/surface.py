"""What archcalc shows to programs, as text: one line for every public name, sorted.

    python -m tests.api.surface > tests/api/public.txt

writes down what there is now.  A line says how a thing is called: parameters, their kinds and
defaults, and no annotations, whose text differs from one Python to the next.  What a class has
from another public class, or from a library, is not said again.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any

from archcalc.layers import Layer
from archcalc.network import Network

__all__ = ["ROOMS", "surface"]

ROOMS = (
    "symbolic", "formula", "layers", "costs", "network", "explain", "frameworks", "families",
    "torch.nn", "explore", "testing",
)  # fmt: skip
"""The packages whose names are public, from the ground up."""

_OF_EVERY_OBJECT = frozenset(
    [
        "__init__",
        "__new__",
        "__post_init__",
        "__init_subclass__",
        "__repr__",
        "__str__",
        "__eq__",
        "__hash__",
        "__setattr__",
        "__delattr__",
        "__getattr__",
        "__getnewargs__",
        "__getstate__",
        "__setstate__",
        "__reduce__",
        "__copy__",
        "__deepcopy__",
        "__replace__",
        "__signature__",
    ]
)


def surface() -> str:
    """Every public name of archcalc, one a line, by the package that it is in."""
    rooms = {room: import_module(f"archcalc.{room}") for room in ROOMS}
    public = {
        value
        for room in rooms.values()
        for name in _names(room)
        if isinstance(value := getattr(room, name), type)
    }
    lines = [f"archcalc.{name}" for name in dir(import_module("archcalc"))]
    for room, module in rooms.items():
        for name in _names(module):
            value = getattr(module, name)
            lines += [f"archcalc.{room}.{line}" for line in _said(name, value, public)]
    return "".join(f"{line}\n" for line in sorted([*lines, *_commands()]))


def _names(module: ModuleType) -> list[str]:
    """The public names of a package, of which `dir` has more where names are made up."""
    named = {name for name in dir(module) if not name.startswith("_")}
    made_up = "__dir__" in vars(module)
    return sorted(named | set(module.__all__) if made_up else set(module.__all__))


def _said(name: str, value: Any, public: set[type]) -> Iterator[str]:
    """The lines of one name: of a class, its constructor and its members too.

    A layer of the catalogue states the facts of every layer, and how it does is its own affair.
    """
    if not isinstance(value, type):
        yield f"{name}{_called(value)}" if callable(value) else f"{name}: {_kind(value)}"
        return
    if issubclass(value, Enum):
        yield f"{name}: one of {', '.join(member.name for member in value)}"
    else:
        yield f"{name}{_called(value)}"
    above = [base for base in value.__mro__[1:] if base in public or _is_builtin_error(base)]
    if above:
        yield f"{name} is a {', '.join(base.__name__ for base in above)}"
    if issubclass(value, Layer) and value not in (Layer, Network):
        return
    known = {line for base in above for line in _members(base)}
    yield from (f"{name}.{line}" for line in sorted(set(_members(value)) - known))


def _is_builtin_error(base: type) -> bool:
    return issubclass(base, Exception) and base.__module__ == "builtins" and base is not Exception


def _members(cls: type) -> Iterator[str]:
    """What archcalc, and no library, has put into a class and into those that it is made from."""
    fields = {*getattr(cls, "model_fields", ()), *getattr(cls, "__dataclass_fields__", ())}
    seen: set[str] = set()
    for base in cls.__mro__:
        if not base.__module__.startswith("archcalc."):
            continue
        for name, value in vars(base).items():
            if name not in seen and _is_public(name) and name not in fields:
                seen.add(name)
                if said := _member(base, name, value):
                    yield said


def _is_public(name: str) -> bool:
    if name.startswith(("__pydantic", "__abstract", "__dataclass")):
        return False
    if name.startswith("__"):
        return name not in _OF_EVERY_OBJECT
    return not name.startswith(("_", "model_"))


def _member(cls: type, name: str, value: Any) -> str:
    if isinstance(value, property | cached_property):
        return f"{name}: property"
    if isinstance(value, classmethod | staticmethod):
        return f"{name}{_called(getattr(cls, name))}: {type(value).__name__}"
    if inspect.isfunction(value):
        return f"{name}{_called(value, bound=True)}"
    annotated = name in inspect.get_annotations(cls)
    return f"{name}: attribute" if annotated and not name.startswith("__") else ""


def _called(thing: Any, *, bound: bool = False) -> str:
    """How a thing is called: parameters with kinds and defaults."""
    try:
        signature = inspect.signature(thing)
    except ValueError:
        return "(...)"
    parameters = list(signature.parameters.values())[bound:]
    shown = [
        p.replace(
            annotation=p.empty,
            default=p.empty if p.default is p.empty else _Shown(p.default),
        )
        for p in parameters
    ]
    return str(inspect.Signature(shown))


class _Shown:
    """A default as it is written down: functions and classes by name."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        if callable(self.value) and hasattr(self.value, "__name__"):
            return str(self.value.__name__)
        return repr(self.value)


def _kind(value: Any) -> str:
    """What a constant is; types and unions of them are one, as Pythons name them differently."""
    module = type(value).__module__
    return "type" if module in ("typing", "types") else type(value).__name__


def _commands() -> Iterator[str]:
    """The command line: every command with what it takes."""
    from typer.main import get_command

    from archcalc.cli.app import app_for

    whole: Any = get_command(app_for())
    for name, command in whole.commands.items():
        taken = (option for p in command.params for option in p.opts)
        yield f"$ archcalc {name} {' '.join(sorted(taken))}".rstrip()


if __name__ == "__main__":
    print(surface(), end="")
