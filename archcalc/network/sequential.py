"""Layers one after the other."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from pydantic import field_validator, model_validator

from archcalc.layers.base import Layer
from archcalc.layers.fields import ShapeField, option
from archcalc.layers.kept import told
from archcalc.network.base import Network
from archcalc.network.fields import Layers
from archcalc.network.forms import Form
from archcalc.network.graph import Graph, chain
from archcalc.network.tensor import Tensor
from archcalc.symbolic.errors import InvalidLayerError, quoted
from archcalc.symbolic.shape import Shape

__all__ = ["Sequential"]


class Sequential(Network):
    """Layers one after the other.

    Args:
        layers: layers or networks, in order; an `Input` may come first, as in Keras.
        input_shape: the shape that goes in, without the batch; may be left to `trace`, or be told
            by the first layer, as in Keras: ``Dense(10, input_shape=(784,))``.

    Source of the worked example: the MNIST network of many tutorials.

    >>> from archcalc.layers import Conv2D, Dense, Flatten, MaxPooling2D
    >>> net = Sequential([Conv2D(32, 3), MaxPooling2D(2), Flatten(), Dense(100), Dense(10)],
    ...                  input_shape=(28, 28, 1))
    >>> net.trace().parameters
    542230
    """

    stands_open: ClassVar[bool] = True
    form: ClassVar[Form] = "chain"

    layers: Layers
    input_shape: ShapeField = option(default=None)

    source: ClassVar[str] = "https://keras.io/api/models/sequential/"

    @model_validator(mode="before")
    @classmethod
    def _told(cls, data: Any) -> Any:
        """Take the input's shape from what comes first, where Keras lets that say it."""
        if isinstance(data, dict) and "layers" not in data:
            raise InvalidLayerError(
                "a Sequential is made of its layers at once, and none are added later",
                code="missing-argument",
                hint="write Sequential([…]); from_source reads code that adds them one by one",
            )
        layers = data.get("layers") if isinstance(data, dict) else None
        first, *others = layers if isinstance(layers, list | tuple) and layers else (None,)
        shape = told(first.kept) if isinstance(first, Layer) else None
        if isinstance(first, Tensor) and first.layer is None:
            shape = first.shape
            data = {**data, "layers": others}
        if shape is None or data.get("input_shape") is not None:
            return data
        return {**data, "input_shape": shape}

    @field_validator("layers", mode="before")
    @classmethod
    def _layers(cls, value: Any) -> Any:
        items = value if isinstance(value, list | tuple) else [value]
        for item in items:
            if not isinstance(item, Layer):
                raise InvalidLayerError(
                    f"{quoted(item)} is not a layer",
                    code="not-a-layer",
                    hint=f"write {item.__name__}()" if isinstance(item, type) else "",
                )
        return tuple(items)

    @field_validator("input_shape", mode="before")
    @classmethod
    def _no_layer(cls, value: Any) -> Any:
        if isinstance(value, Layer):
            raise InvalidLayerError(
                "this is a layer, not a shape",
                code="not-a-list",
                hint="layers go in a list: Sequential([Dense(1), Dense(2)])",
            )
        return value

    @cached_property
    def _chain(self) -> Graph:
        return chain(self.layers)

    def graph(self) -> Graph:
        return self._chain

    def own_inputs(self) -> tuple[Shape, ...] | None:
        return None if self.input_shape is None else (self.input_shape,)
