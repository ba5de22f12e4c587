"""What names stand for: those that a source imports, and those that pasted code leaves out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from archcalc.frameworks.record import Entry
from archcalc.frameworks.records import KERAS
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.layers import aliases, every
from archcalc.layers.base import Layer

__all__ = ["builtin_names", "full_name", "keras_layer", "known_name", "layer_names", "torch_layer"]

_HOMES = r"(tensorflow(\.python|\.contrib)?\.keras|tf_keras|keras_core|keras\.src)\b"
"""Where Keras is found under another name."""

_USUAL: Mapping[str, str] = {
    "keras": "keras", "tf": "tensorflow", "tensorflow": "tensorflow", "layers": "keras.layers",
    "models": "keras.models", "K": "keras.backend", "ops": "keras.ops", "nn": "torch.nn",
    "F": "torch.nn.functional", "torch": "torch", "np": "numpy", "numpy": "numpy", "math": "math",
    "Model": "keras.Model", "Sequential": "keras.Sequential", "Input": "keras.Input",
    "InputLayer": "keras.layers.InputLayer", "OrderedDict": "collections.OrderedDict",
    "partial": "functools.partial", "argparse": "argparse", "copy": "copy",
}  # fmt: skip
"""What pasted code calls things by, where it leaves its imports out."""


def full_name(path: str) -> str:
    """A name by the modules it is exported from, whichever way it was imported.

    >>> full_name("tensorflow.keras.layers.Dense"), full_name("keras.layers.core.Dense")
    ('keras.layers.Dense', 'keras.layers.Dense')
    >>> full_name("torch.nn.modules.conv.Conv2d"), full_name("keras.models.Model")
    ('torch.nn.Conv2d', 'keras.Model')
    """
    path = re.sub(f"^{_HOMES}", "keras", path)
    last = path.rpartition(".")[2]
    if re.match(r"keras\.(layers|engine)\.", path):
        return f"keras.layers.{last}"
    if re.match(r"keras\.(models|engine)\.", path) or path in ("keras.layers.Model",):
        return f"keras.{last}"
    if path.startswith("torch.nn.modules.") and last[:1].isupper():
        return f"torch.nn.{last}"
    return path


def known_name(name: str, stars: Sequence[str]) -> str:
    """The full name of what nothing in the source defines; empty where it is none.

    Args:
        name: the name.
        stars: the modules from which everything was imported.
    """
    for module in stars:
        found = full_name(f"{module}.{name}")
        if _is_of_keras(found) or torch_layer(found) is not None:
            return found
    if name in _USUAL:
        return _USUAL[name]
    found = f"keras.layers.{name}"
    return found if _is_of_keras(found) else ""


def _is_of_keras(path: str) -> bool:
    """Whether it is a layer of Keras, or a function that makes one and calls it."""
    return keras_layer(path) is not None or path.rpartition(".")[2] in _MERGING


_MERGING = frozenset(
    ["add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract"]
)


def keras_layer(path: str) -> type[Layer] | None:
    """The layer that a class of Keras is."""
    home, _, name = path.rpartition(".")
    return _keras_layers().get(name) if home == "keras.layers" else None


@lru_cache(maxsize=1)
def _keras_layers() -> dict[str, type[Layer]]:
    """Every layer that Keras has, by each of its names there."""
    ours = {cls.__name__: cls for cls in KERAS if isinstance(KERAS[cls], Entry)}
    ours |= {cls.__name__: cls for cls in _wrappers()}
    others = {name: getattr(aliases, name) for name in aliases.__all__}
    brought = {name: getattr(every, name) for name in every.__all__ if name in ours}
    return {**ours, **brought, **others}


def _wrappers() -> tuple[type[Layer], ...]:
    from archcalc import network

    return (network.TimeDistributed, network.Bidirectional, network.RNN, network.StackedRNNCells)


def torch_layer(path: str) -> Any:
    """What a class of ``torch.nn`` is spelt as here."""
    home, _, name = path.rpartition(".")
    return TORCH_CLASSES.get(name) if home == "torch.nn" else None


def layer_names() -> list[str]:
    """Every layer of Keras and torch that there is here."""
    return [*_keras_layers(), *TORCH_CLASSES]


def builtin_names() -> frozenset[str]:
    """Python's own functions and types that are read."""
    return _BUILTIN


_BUILTIN = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "callable",
        "dict",
        "enumerate",
        "filter",
        "float",
        "getattr",
        "hasattr",
        "int",
        "isinstance",
        "len",
        "list",
        "map",
        "max",
        "min",
        "next",
        "object",
        "print",
        "property",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "setattr",
        "sorted",
        "staticmethod",
        "classmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
        "iter",
        "divmod",
        "issubclass",
        "id",
        "pow",
    ]
)
