"""A network with numbers put in for its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Symbol

from archcalc.formula.values import read_values
from archcalc.layers.base import Layer
from archcalc.layers.ties import Tie
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.model import Model
from archcalc.network.transform import Transform
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import EvaluationError, UnknownSymbolError
from archcalc.symbolic.substitution import substitute as with_exact

__all__ = ["network_symbols", "substitute"]


def network_symbols(network: Network) -> tuple[Symbol, ...]:
    """The symbols of a network's hyperparameters and input shapes, by name.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> network_symbols(Sequential([Conv2D("f", "2*k + 1")], input_shape=("h", "h", 3)))
    (f, h, k)
    """
    return tuple(sorted(symbols_in(network), key=lambda s: s.name))


def symbols_in(layer: Layer) -> set[Symbol]:
    """The symbols of a layer's fields, and of its layers'; not the index of a repetition."""
    return set(_symbols(layer, {}))


def substitute_in_layer(layer: Layer, values: Mapping[Symbol, Dim]) -> Layer:
    """`layer` with `values` put in for symbols, which need not be positive integers.

    Raises:
        InvalidLayerError: a layer cannot have the value.
    """
    made: Layer = _Values(values).layer(layer)
    return made


def substitute(network: Network, values: Mapping[str, Any]) -> Network:
    """The network with `values` put in for its symbols; what is shared stays shared.

    Args:
        network: any network.
        values: a positive integer for a symbol; or a symbol or an expression.

    Raises:
        UnknownSymbolError: a name that the network does not have; it lists those it has.
        EvaluationError: a value that is not a positive integer.
        InvalidLayerError: a layer cannot have the value.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Dense("n"), Dense("n")], input_shape=("d",))
    >>> substitute(net, {"n": 8, "d": "2*m"}).trace().parameters
    8·(2·m + 1) + 72
    """
    known = {s.name: s for s in network_symbols(network)}
    if values and not known:
        raise UnknownSymbolError(
            f"there is no symbol {next(iter(values))} here", hint="this network is all numbers"
        )
    given = read_values(values, known)
    result: Network = _Values(given).layer(network) if given else network
    return result


def _symbols(value: Any, known: dict[int, frozenset[Symbol]]) -> frozenset[Symbol]:
    """The symbols in the fields of a layer, of its layers, and in its input shapes."""
    if isinstance(value, Expr):
        return frozenset(value.free_symbols)
    if isinstance(value, tuple | list):
        return frozenset[Symbol]().union(*(_symbols(part, known) for part in value))
    if not isinstance(value, Layer):
        return frozenset()
    if id(value) not in known:
        if isinstance(value, Model):
            shapes = [tensor.shape for tensor in value.inputs]
            inside = _symbols([*shapes, *(node.layer for node in value.graph().nodes)], known)
        else:
            inside = _symbols([getattr(value, name) for name in type(value).model_fields], known)
        known[id(value)] = inside - _bound(value)
    return known[id(value)]


def _bound(layer: Layer) -> frozenset[Symbol]:
    return layer.bound if isinstance(layer, Network) else frozenset()


def anew(layer: Layer, name: str) -> Layer:
    """`layer` once more, with weights of its own: every layer in it is another object."""
    made: Layer = _Anew(frozenset(map(id, everything(layer)))).layer(layer)
    return made.model_copy(update={"name": name})


class _Anew(Transform):
    """Makes every layer once more; what is shared within stays shared within.

    A weight that is tied to a layer outside stays that layer's.
    """

    def __init__(self, inside: frozenset[int]) -> None:
        super().__init__()
        self._inside = inside

    def tie(self, tie: Tie) -> Tie:
        return super().tie(tie) if id(tie.owner) in self._inside else tie

    def _fields(self, layer: Layer) -> Layer:
        made = super()._fields(layer)
        return made.model_copy() if made is layer else made


class _Values(Transform):
    """Puts values in for symbols; a layer without these symbols stays the same object."""

    def __init__(self, values: Mapping[Symbol, Dim]) -> None:
        super().__init__()
        self._values = dict(values)

    def layer(self, layer: Layer) -> Any:
        bound = _bound(layer)
        if not bound & self._used:
            return super().layer(layer)
        if any(bound & v.free_symbols for v in self._values.values() if isinstance(v, Expr)):
            (index,) = bound
            raise EvaluationError(
                f"{index} is the number of a copy in a repeated block, and cannot be put in there",
                code="captured-index",
                hint="call it something else",
            )
        return _Values({s: v for s, v in self._values.items() if s not in bound}).layer(layer)

    @property
    def _used(self) -> frozenset[Symbol]:
        """The symbols that are replaced, and those that take their places."""
        new = [v.free_symbols for v in self._values.values() if isinstance(v, Expr)]
        return frozenset[Symbol](self._values).union(*new)

    def expression(self, value: Expr) -> Any:
        replaced = lower(with_exact(value, self._values))
        return value if replaced == value else replaced
