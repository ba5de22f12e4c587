"""The name of an activation function that torch takes as something to call."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.records.activations import ACTIVATIONS
from archcalc.frameworks.torch_api.classes import TORCH_CLASSES
from archcalc.layers.base import Layer
from archcalc.symbolic.errors import InvalidLayerError, quoted

__all__ = ["function_name"]


def function_name(value: Any) -> str:
    """The name of an activation function, from that, a layer, a module or a function of torch."""
    if value in ("relu", "gelu"):
        return str(value)
    if getattr(value, "name", None) in ACTIVATIONS:  # one that archcalc gave to a module
        return str(value.name)
    layer = value if isinstance(value, Layer | str) else _of_torch(value)
    for name, (cls, arguments) in ACTIVATIONS.items():
        if cls in TORCH_CLASSES and layer is not None and TORCH_CLASSES[cls](**arguments) == layer:
            return name
    raise InvalidLayerError(
        f"activation: {quoted(value, 60)} is not known by name",
        code="unknown-choice",
        hint="use 'relu', 'gelu', or a layer such as nn.SiLU()",
    )


def _of_torch(value: Any) -> Layer | None:
    """A module of torch as a layer, by its attributes; a function as the module of its name."""
    name = getattr(value, "__name__", "").replace("_", "").lower() or type(value).__name__.lower()
    spelt = next((s for s in TORCH_CLASSES.values() if s.name.lower() == name), None)
    if spelt is None:
        return None
    names = spelt.signature.parameters
    return spelt(**{n: getattr(value, n) for n in names if hasattr(value, n)})
