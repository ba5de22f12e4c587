"""A network with numbers put in for its symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sympy import Expr, Symbol

from archcalc.formula.values import read_values
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.graph import INPUT
from archcalc.network.model import Model
from archcalc.network.tensor import Input, Tensor
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import UnknownSymbolError
from archcalc.symbolic.shape import Shape

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
    result: Network = _Replacement(given).layer(network) if given else network
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


class _Replacement:
    """Puts values in for symbols; a layer without these symbols stays the same object."""

    def __init__(self, values: Mapping[Symbol, Dim]) -> None:
        self._values = dict(values)
        self._made: dict[int, Layer] = {}

    def layer(self, layer: Layer) -> Any:
        """The layer, and its layers, with the values put in."""
        if id(layer) not in self._made:
            made = self._model(layer) if isinstance(layer, Model) else self._fields(layer)
            self._made[id(layer)] = made
        return self._made[id(layer)]

    def _fields(self, layer: Layer) -> Layer:
        cls = type(layer)
        old = {name: getattr(layer, name) for name in cls.model_fields}
        new = {name: self._value(value) for name, value in old.items()}
        changed = any(new[name] is not old[name] for name in old)
        return cls(**new) if changed else layer

    def _value(self, value: Any) -> Any:
        if isinstance(value, Expr):
            replaced = lower(value.xreplace(self._values))
            return value if replaced == value else replaced
        if isinstance(value, Layer):
            return self.layer(value)
        if isinstance(value, tuple):
            parts = [self._value(part) for part in value]
            if all(new is old for new, old in zip(parts, value, strict=True)):
                return value
            return Shape(parts) if isinstance(value, Shape) else tuple(parts)
        return value

    def _model(self, model: Model) -> Model:
        """The layers called once more, on inputs of the new shapes."""
        graph = model.graph()
        inputs = tuple(Input(self._value(x.shape), x.name) for x in model.inputs)
        made: list[tuple[Tensor, ...]] = []

        def tensor(node: int, output: int) -> Tensor:
            return inputs[output] if node == INPUT else made[node][output]

        for node in graph.nodes:
            out = self.layer(node.layer)(*[tensor(ref.node, ref.output) for ref in node.inputs])
            made.append(out if isinstance(out, tuple) else (out,))
        outputs = tuple(tensor(ref.node, ref.output) for ref in graph.outputs)
        fields = {"name": model.name, "trainable": model.trainable}
        return type(model)(inputs=inputs, outputs=outputs, **fields)
