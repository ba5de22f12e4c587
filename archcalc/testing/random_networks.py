"""Random networks: valid, and small enough to be run in a framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.network import Input, Model, Network, Sequential, Tensor
from archcalc.network.graph import INPUT, Ref
from archcalc.network.tensor import every
from archcalc.symbolic.shape import Shape
from archcalc.testing.available import Framework, Kind, allowed, chosen
from archcalc.testing.blocks import in_blocks
from archcalc.testing.bounds import flag, whole
from archcalc.testing.draw import numbers
from archcalc.testing.layer_source import LayerSource
from archcalc.testing.network_bounds import MOST_AXES, NetworkBounds
from archcalc.testing.random_layers import existing, fitted, inputs_of
from archcalc.testing.symbolizing import symbolic_networks

__all__ = ["chains", "models", "networks"]


def networks(
    max_layers: int = 6,
    *,
    max_parameters: int | None = None,
    branches: bool = True,
    symbolic: bool = False,
    frameworks: Framework | Iterable[Framework] | None = None,
    kinds: Iterable[Kind] | None = None,
    fields: Mapping[str, Iterable[Any]] | None = None,
) -> SearchStrategy[Network]:
    """Networks with input shapes: chains, branches around a body, repeated blocks, shared layers.

    What is drawn is valid, can be written to a file, and has a `repr` that is code:
    ``eval(repr(net), vars(archcalc))`` equals it.  It shrinks to few layers.

    Args:
        max_layers: how many layers at most, those inside blocks counted once.
        max_parameters: how many learned weights at most, those of repeated blocks each time.
        branches: whether there are networks that are more than a chain of layers and repeated
            blocks.
        symbolic: whether some numbers are symbols.  The name of each says a number that fits:
            ``n5`` stands where 5 is valid.
        frameworks: keep to what this framework has, or to what all of several have.
        kinds: keep to these layers, classes or their names; the whole catalogue where ``None``.
        fields: the values that fields may have, by name, in all kinds or in one:
            ``{"data_format": ["channels_last"], "Conv2D.groups": [1]}``.

    Raises:
        BoundError: a bound is none, or nothing can meet it.

    >>> from hypothesis import find
    >>> find(networks(max_layers=1, kinds=["Dense"]), lambda net: True)
    Sequential(layers=[Dense(units=1)], input_shape=[1])
    """
    within = allowed("frameworks", frameworks, {**(fields or {}), "function": (None,)})
    bounds = NetworkBounds.of(
        kinds=existing(chosen(kinds, within), within),
        allowed=within,
        layers=whole("max_layers", max_layers),
        parameters=None if max_parameters is None else whole("max_parameters", max_parameters, 0),
        branches=flag("branches", branches),
    )
    made: SearchStrategy[Network] = chains(bounds)
    if bounds.branches:
        made = st.one_of(made, made, models(bounds).map(_as_chain))
    return symbolic_networks(made) if flag("symbolic", symbolic) else made


@st.composite
def chains(draw: DrawFn, bounds: NetworkBounds) -> Sequential:
    """Networks that are layers and blocks one after the other.

    The layers are drawn first, and then put into blocks, so that an example shrinks to its layers.
    """
    count = draw(numbers(1, bounds.layers))
    source = LayerSource(draw, bounds)
    layer, x = source.first()
    layers, shapes = [layer], [x, layer.output_shape(x)]
    while len(layers) < count:
        made = source.layer(shapes[-1])
        if made is None:
            break
        layers.append(made)
        shapes.append(made.output_shape(shapes[-1]))
    source.spare = bounds.layers - len(layers)
    return Sequential(in_blocks(source, layers, shapes), input_shape=x)


@st.composite
def models(draw: DrawFn, bounds: NetworkBounds) -> Model:
    """Several tensors, each made from earlier ones by a layer or by joining two alike."""
    count = draw(numbers(1, bounds.layers))
    web = _Web(LayerSource(draw, bounds))
    while web.layers < count:
        web.grow()
    outputs = [web.made[-1]]
    if draw(st.booleans()):
        outputs.append(draw(st.sampled_from(web.made)))
    reached = _reached(outputs)
    return Model([x for x in web.inputs if id(x) in reached], outputs)


def _as_chain(model: Model) -> Network:
    """A model as a chain, where it is one."""
    graph = model.graph()
    places = [(Ref(INPUT),), *((Ref(i),) for i in range(len(graph.nodes)))]
    fed = [*(node.inputs for node in graph.nodes), graph.outputs]
    if fed != places:
        return model
    return Sequential([node.layer for node in graph.nodes], input_shape=model.inputs[0].shape)


def _reached(outputs: list[Tensor]) -> set[int]:
    found: set[int] = set()
    pending = list(outputs)
    while pending:
        tensor = pending.pop()
        if id(tensor) not in found:
            found.add(id(tensor))
            pending.extend(tensor.inputs)
    return found


_NEWEST = 3
"""From how many tensors the next comes, the newest first."""

_WAYS = st.sampled_from(("layer", "layer", "join", "shared", "gather"))


class _Web:
    """Tensors that come from one another."""

    def __init__(self, source: LayerSource) -> None:
        self.source = source
        self.draw: Any = source.draw
        self.inputs: list[Tensor] = []
        self.free: list[Tensor] = []
        self.made: list[Tensor] = []
        self.layers = 1
        layer, x = source.first()
        first = self._input(x, layer.input_kind(0))
        if self.draw(st.booleans()):
            self._input(x, layer.input_kind(0))
        self._gain(every(layer(first)))

    def _gain(self, made: tuple[Tensor, ...]) -> None:
        """Keep what was made; numbers along few enough axes may go into any layer."""
        self.made.extend(made)
        few = (tensor for tensor in made if len(tensor.shape) <= MOST_AXES)
        self.free.extend(tensor for tensor in few if not _says_where(tensor))

    def _input(self, x: Shape, kind: str = "numbers") -> Tensor:
        """Another input; what is made of numbers may go into any layer."""
        tensor = Input(x)
        self.inputs.append(tensor)
        if kind == "numbers" and len(x) <= MOST_AXES:
            self.free.append(tensor)
        return tensor

    def grow(self) -> None:
        """Another call."""
        self.layers += 1
        known = self.free[: -1 - _NEWEST : -1] or [self._input(Shape((1,)))]
        source = self.draw(st.sampled_from(known))
        way = self.draw(_WAYS)
        ways = {"join": self._join, "shared": self._again, "gather": self._gather}
        made = ways[way](source) if way in ways else None
        if made is None:
            layer = self.source.layer(source.shape)
            made = (layer(source),) if layer is not None else ()
        self._gain(made)

    def _alike(self, x: Shape) -> list[Tensor]:
        return [tensor for tensor in self.free if tensor.shape == x]

    def _join(self, source: Tensor) -> tuple[Tensor, ...] | None:
        """Two tensors of one shape, joined."""
        joins = self.source.bounds.joins
        if joins is None or not source.shape:
            return None
        other = self.draw(st.sampled_from(self._alike(source.shape)))
        return (self.draw(joins)()([source, other]),)

    def _again(self, source: Tensor) -> tuple[Tensor, ...] | None:
        """A layer that keeps this shape, called once more."""
        made = [
            t.layer
            for t in self._alike(source.shape)
            if t.layer is not None
            and t.layer.input_kind(0) == "numbers"
            and [i.shape for i in t.inputs] == [source.shape]
        ]
        if not made:
            return None
        return every(self.draw(st.sampled_from(made))(source))

    def _gather(self, source: Tensor) -> tuple[Tensor, ...] | None:
        """A layer of any number of inputs, from tensors of their shapes or from new inputs."""
        bounds = self.source.bounds
        cls = self.draw(bounds.gathering)
        drawn = fitted(self.draw, cls, self.draw(inputs_of(cls)), bounds.allowed)
        if drawn is None:
            return None
        layer, inputs = drawn
        if not (bounds.accepts(layer, *inputs, outputs=9) and self.source.spend(layer, *inputs)):
            return None
        fed = [self._fed(x, layer.input_kind(i)) for i, x in enumerate(inputs)]
        return every(layer(fed))

    def _fed(self, x: Shape, kind: str) -> Tensor:
        known = self._alike(x) if kind == "numbers" else []
        if known and self.draw(st.booleans()):
            tensor: Tensor = self.draw(st.sampled_from(known))
            return tensor
        return self._input(x, kind)


def _says_where(tensor: Tensor) -> bool:
    """Whether it holds the places of maxima, with which frameworks compute nothing."""
    return tensor.index > 0 and getattr(tensor.layer, "return_indices", False)
