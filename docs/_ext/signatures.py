"""Signatures of layers: their fields in order, with defaults, as a person gives them."""

from __future__ import annotations

from typing import Any

from archcalc.layers import Layer
from archcalc.layers.fields import plain


def signature(layer: type[Layer]) -> str:
    """The arguments of `layer`.

    >>> from archcalc.layers import Dense
    >>> signature(Dense)
    '(units, activation=None, use_bias=True, *, name=None, trainable=True)'
    """
    fields = layer.model_fields.items()
    by_position = [_argument(name, field) for name, field in fields if not field.kw_only]
    by_name = [_argument(name, field) for name, field in fields if field.kw_only]
    return f"({', '.join([*by_position, '*', *by_name])})"


def _argument(name: str, field: Any) -> str:
    return name if field.is_required() else f"{name}={plain(field.default)!r}"


def _of_layers(app: Any, what: str, name: str, thing: Any, *_: Any) -> tuple[str, str] | None:
    if what == "class" and isinstance(thing, type) and issubclass(thing, Layer):
        return signature(thing), ""
    return None


def setup(app: Any) -> dict[str, bool]:
    """Give autodoc the signatures of layers, which Pydantic hides behind ``*args``."""
    app.connect("autodoc-process-signature", _of_layers)
    return {"parallel_read_safe": True}
