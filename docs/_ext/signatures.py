"""Signatures of layers: their fields in order, with defaults, as a person gives them."""

from __future__ import annotations

import inspect
from typing import Any

from archcalc.layers import Layer


def _of_layers(app: Any, what: str, name: str, thing: Any, *_: Any) -> tuple[str, str] | None:
    if what == "class" and isinstance(thing, type) and issubclass(thing, Layer):
        found = inspect.signature(thing)
        plain = [p.replace(annotation=p.empty) for p in found.parameters.values()]
        return str(found.replace(parameters=plain)), ""
    return None


def setup(app: Any) -> dict[str, bool]:
    """Give autodoc the signatures of layers, which Pydantic hides behind ``*args``."""
    app.connect("autodoc-process-signature", _of_layers)
    return {"parallel_read_safe": True}
