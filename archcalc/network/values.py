"""A network with numbers put in for its symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sympy import Expr, Symbol

from archcalc.formula.values import read_values
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.model import Model
from archcalc.network.rebuild import Rebuild
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import UnknownSymbolError

__all__ = ["network_symbols", "with_values"]


def network_symbols(network: Network) -> tuple[Symbol, ...]:
    """The symbols of a network's hyperparameters and input shapes, by name.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> network_symbols(Sequential([Conv2D("f", "2*k + 1")], input_shape=("h", "h", 3)))
    (f, h, k)
    """
    found: set[Symbol] = set()
    seen: set[int] = set()
    for expression in _expressions(network, seen):
        found |= expression.free_symbols
    return tuple(sorted(found, key=lambda s: s.name))


def with_values(network: Network, values: Mapping[str, Any]) -> Network:
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
    >>> with_values(net, {"n": 8, "d": "2*m"}).trace().parameters
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


def _expressions(value: Any, seen: set[int]) -> Iterator[Expr]:
    """Every expression in the fields of a layer, of its layers, and in its input shapes."""
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, Model):
        for tensor in value.inputs:
            yield from _expressions(tensor.shape, seen)
        for node in value.graph().nodes:
            yield from _expressions(node.layer, seen)
    elif isinstance(value, Layer):
        if id(value) not in seen:
            seen.add(id(value))
            for name in type(value).model_fields:
                yield from _expressions(getattr(value, name), seen)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _expressions(part, seen)


class _Values(Rebuild):
    """Puts values in for symbols; a layer without these symbols stays the same object."""

    def __init__(self, values: Mapping[Symbol, Dim]) -> None:
        super().__init__()
        self._values = dict(values)

    def expression(self, value: Expr) -> Any:
        replaced = lower(value.xreplace(self._values))
        return value if replaced == value else replaced
