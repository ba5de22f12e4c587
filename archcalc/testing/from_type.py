"""The strategy that belongs to a class of layers: what ``st.from_type`` draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.layers.base import Layer
from archcalc.layers.registry import known_layers
from archcalc.network import Model, Network, Repeat, Residual, Sequential
from archcalc.testing.available import allowed, catalogue, chosen
from archcalc.testing.draw import numbers
from archcalc.testing.layer_source import LayerSource
from archcalc.testing.network_bounds import NetworkBounds
from archcalc.testing.random_layers import layers
from archcalc.testing.random_networks import chains, models, networks
from archcalc.testing.shaping import small

__all__ = ["strategy_for"]

_MOST_LAYERS = 6
_MOST_COPIES = 4


def strategy_for(cls: type[Any]) -> SearchStrategy[Any]:
    """Layers or networks of a class, or of the classes below it where it is abstract.

    >>> from archcalc.layers import Conv2D
    >>> from hypothesis import find
    >>> find(strategy_for(Conv2D), lambda layer: layer.filters > 1)
    Conv2D(filters=2, kernel_size=1)
    """
    if cls in _BLOCKS:
        return _BLOCKS[cls]()
    if cls is Layer:
        return layers().map(_layer) | networks(_MOST_LAYERS)
    if cls is Network:
        return networks(_MOST_LAYERS)
    if known_layers.get(cls.__name__) is cls or cls in catalogue():
        return layers([cls]).map(_layer)
    below = [kind for kind in catalogue() if issubclass(kind, cls)]
    own = [kind for kind in known_layers.values() if issubclass(kind, cls)]
    return layers(below or own).map(_layer)


def _layer(drawn: tuple[Layer, Any]) -> Layer:
    return drawn[0]


def _bounds() -> NetworkBounds:
    within = allowed("frameworks", None, {"function": (None,)})
    return NetworkBounds.of(
        kinds=chosen(None, within),
        allowed=within,
        layers=_MOST_LAYERS,
        parameters=None,
        branches=True,
    )


@st.composite
def _residuals(draw: DrawFn) -> Residual:
    """A way around layers that keep a shape."""
    return Residual(draw(_keeping()))


@st.composite
def _repeats(draw: DrawFn) -> Repeat:
    """Layers that keep a shape, some times over."""
    shared = draw(st.booleans())
    return Repeat(draw(_keeping()), draw(numbers(1, _MOST_COPIES)), shared=shared)


@st.composite
def _keeping(draw: DrawFn) -> list[Layer]:
    """Layers that give back the shape that they take."""
    source, x = LayerSource(draw, _bounds()), draw(small())
    return [source.keeping(x) for _ in range(draw(numbers(1, _MOST_LAYERS // 2)))]


_BLOCKS: Mapping[type[Any], Callable[[], SearchStrategy[Any]]] = {
    Sequential: lambda: chains(_bounds()),
    Model: lambda: models(_bounds()),
    Residual: _residuals,
    Repeat: _repeats,
}
