"""How a network is put together, said by its class: for what writes and changes networks.

Such code stands below the classes that it goes through, as every network offers it; so it asks for
the form and not for the class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard

from archcalc._loading import loaded
from archcalc.layers.base import Layer

if TYPE_CHECKING:
    from archcalc.network.base import Network
    from archcalc.network.model import Model
    from archcalc.network.sequential import Sequential

__all__ = [
    "Form",
    "as_layer",
    "from_dump",
    "generalized",
    "is_chain",
    "is_model",
    "is_network",
    "is_plain_chain",
    "is_plain_model",
]

Form: TypeAlias = Literal["", "chain", "model"]
"""Layers in its fields; a list of layers, one after the other; layers called on tensors."""


def as_layer(value: Any) -> Layer:
    """A layer as it is; a list of layers as a `Sequential`.

    Raises:
        InvalidLayerError: it is neither.
    """
    if isinstance(value, Layer):
        return value
    chain: Layer = loaded("archcalc.network.sequential").Sequential(value)
    return chain


def from_dump(data: Any) -> Any:
    """The network that was dumped."""
    return loaded("archcalc.network.spec.reader").from_dict(data)


def generalized(network: Any, sizes: Mapping[str, Any]) -> Any:
    """The network with symbols for its sizes."""
    return loaded("archcalc.network.generalizing").generalize(network, sizes)


def is_network(layer: Layer) -> TypeGuard[Network]:
    """Whether it is a network, with layers of its own."""
    return layer.composed


def _form(layer: Layer) -> Form:
    form: Form = getattr(layer, "form", "")
    return form


def is_model(layer: Layer) -> TypeGuard[Model]:
    """Whether the layers of a network are those between its tensors.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Input, Model, Sequential
    >>> x = Input(4)
    >>> is_model(Model(x, Dense(2)(x))), is_model(Sequential([Dense(2)])), is_model(Dense(2))
    (True, False, False)
    """
    return _form(layer) == "model"


def is_chain(layer: Layer) -> TypeGuard[Sequential]:
    """Whether a network is layers one after the other."""
    return _form(layer) == "chain"


def is_plain_model(layer: Layer) -> TypeGuard[Model]:
    """Whether it is a `Model` itself, and of no class made from it."""
    return is_model(layer) and "form" in vars(type(layer))


def is_plain_chain(layer: Layer) -> TypeGuard[Sequential]:
    """Whether it is a `Sequential` itself, and of no class made from it."""
    return is_chain(layer) and "form" in vars(type(layer))
