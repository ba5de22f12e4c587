"""Random networks: valid, and small enough to be run in a framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.layers.base import Layer
from archcalc.network import Input, Model, Network, Repeat, Residual, Sequential, Tensor
from archcalc.symbolic.shape import Shape
from archcalc.testing.bounds import flag, whole
from archcalc.testing.drawing import inputs_of, layer_on
from archcalc.testing.kinds import Framework, Kind, allowed, chosen
from archcalc.testing.picking import numbers
from archcalc.testing.plan import MOST_AXES, Plan, parameters_of
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
        fields: the values that fields may have, by name: ``{"data_format": ["channels_last"]}``.

    Raises:
        BoundError: a bound is none, or nothing can meet it.

    >>> from hypothesis import find
    >>> find(networks(), lambda net: len(net.trace()) > 1)
    Sequential(layers=[Dense(units=1), Dense(units=1)], input_shape=[1])
    """
    within = allowed("frameworks", frameworks, {**(fields or {}), "function": (None,)})
    plan = Plan.of(
        kinds=chosen(kinds, within),
        allowed=within,
        layers=whole("max_layers", max_layers),
        parameters=None if max_parameters is None else whole("max_parameters", max_parameters, 0),
        branches=flag("branches", branches),
    )
    made: SearchStrategy[Network] = chains(plan)
    if plan.branches:
        made = st.one_of(made, made, models(plan))
    return symbolic_networks(made) if flag("symbolic", symbolic) else made


@st.composite
def chains(draw: DrawFn, plan: Plan) -> Sequential:
    """Networks that are layers and blocks one after the other."""
    grower = _Grower(draw, plan)
    count = draw(numbers(1, plan.layers))
    layer, x = grower.first()
    pieces = [layer, *grower.chain(layer.output_shape(x), count - 1)]
    return Sequential(pieces, input_shape=x)


@st.composite
def models(draw: DrawFn, plan: Plan) -> Model:
    """Several tensors, each made from earlier ones by a layer or by joining two alike."""
    web = _Web(_Grower(draw, plan))
    count = draw(numbers(1, plan.layers))
    while web.layers < count:
        web.grow(count - web.layers)
    outputs = [web.made[-1]]
    if draw(st.booleans()):
        outputs.append(draw(st.sampled_from(web.made)))
    reached = _reached(outputs)
    return Model([x for x in web.inputs if id(x) in reached], outputs)


def _reached(outputs: list[Tensor]) -> set[int]:
    found: set[int] = set()
    pending = list(outputs)
    while pending:
        tensor = pending.pop()
        if id(tensor) not in found:
            found.add(id(tensor))
            pending.extend(tensor.inputs)
    return found


class _Grower:
    """Makes pieces of a network, and keeps account of what they cost."""

    def __init__(self, draw: DrawFn, plan: Plan) -> None:
        self.draw: Any = draw
        self.plan = plan
        self.left = plan.parameters

    def spend(self, layer: Layer, *inputs: Shape) -> bool:
        """Take the parameters of a piece from those that are left, if there are enough."""
        if self.left is None:
            return True
        cost = parameters_of(layer, inputs)
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def first(self) -> tuple[Layer, Shape]:
        """A layer to begin with, and its input."""
        cls = self.draw(self.plan.openings)
        x = self.draw(inputs_of(cls))[0]
        layer = self.draw(layer_on(cls, (x,), self.plan.allowed))
        if not (self.plan.accepts(layer, x) and self.spend(layer, x)):
            layer, x = self.plan.instead(x) or self.plan.least
            self.spend(layer, x)
        return layer, x

    def chain(self, x: Shape, budget: int) -> list[Layer]:
        """Layers and blocks one after the other, `budget` layers at most in all."""
        pieces: list[Layer] = []
        while budget > 0:
            piece, used = self.piece(x, budget)
            if piece is None:
                break
            pieces.append(piece)
            budget -= used
            x = piece.output_shape(x)
        return pieces

    def piece(self, x: Shape, budget: int) -> tuple[Layer | None, int]:
        """A layer, or a block of several, that takes `x`; and how many layers it is."""
        kind = self.draw(self.plan.pieces if budget > 1 else _ONE)
        usual = 0 < len(x) <= MOST_AXES
        made, used = self._block(kind, x, budget) if usual else (None, 0)
        if made is not None and self.spend(made, x):
            return made, used
        other = self.plan.instead(x)
        return (other[0], 1) if other and self.spend(*other) else (None, 0)

    def _block(self, kind: str, x: Shape, budget: int) -> tuple[Layer | None, int]:
        if kind == "layer":
            return self.layer(x), 1
        if kind == "chain":
            layers = self.chain(x, budget - 1)
            return (Sequential(layers), count_layers(layers)) if layers else (None, 0)
        if kind == "repeat":
            block = self._repeated(x)
            return (Repeat(block, self.draw(numbers(1, 4))), len(block)) if block else (None, 0)
        body = [self._keeping(x) for _ in range(self.draw(numbers(1, budget - 1)))]
        kept = [layer for layer in body if layer is not None]
        shortcut = self._keeping(x) if self.draw(st.booleans()) else None
        return (Residual(kept, shortcut), len(kept) + bool(shortcut)) if kept else (None, 0)

    def _repeated(self, x: Shape) -> list[Layer]:
        """A block that keeps its shape, or that changes it the first time only."""
        block = [self._projection(x)] if self.draw(st.booleans()) else []
        layers = [layer for layer in block if layer is not None]
        for layer in layers:
            x = layer.output_shape(x)
        last = self._keeping(x)
        return [*layers, last] if last else layers[:0]

    def layer(self, x: Shape) -> Layer | None:
        """Any layer that takes `x` and gives no more than can be run."""
        kinds = self.plan.kinds_on(x, self.draw(_COMMON))
        if kinds is None:
            return None
        layer: Layer = self.draw(layer_on(self.draw(kinds), (x,), self.plan.allowed))
        return layer if self.plan.accepts(layer, x) else None

    def _keeping(self, x: Shape) -> Layer | None:
        """A layer whose output has the shape of its input."""
        if self.draw(st.booleans()):
            return self._projection(x, int(x[-1]))
        kinds = self.plan.keeping_on(x)
        if kinds is None:
            return self._projection(x, int(x[-1]))
        made: Layer = self.draw(layer_on(self.draw(kinds), (x,), self.plan.allowed))
        return made if made.output_shape(x) == x else self._projection(x, int(x[-1]))

    def _projection(self, x: Shape, channels: int | None = None) -> Layer | None:
        """A Dense or a convolution that keeps all axes but the last."""
        features = channels or self.draw(numbers(1, 6))
        return self.plan.projection(
            x, features, self.draw(numbers(0, 3)), use_bias=self.draw(st.booleans())
        )


_NEWEST = 3
"""From how many tensors the next comes, the newest first."""

_ONE = st.just("layer")
_COMMON = st.booleans()
_WAYS = st.sampled_from(("layer", "layer", "join", "shared", "gather"))


class _Web:
    """Tensors that come from one another."""

    def __init__(self, grower: _Grower) -> None:
        self.grower = grower
        self.draw: Any = grower.draw
        self.inputs: list[Tensor] = []
        self.free: list[Tensor] = []
        self.made: list[Tensor] = []
        self.layers = 1
        layer, x = grower.first()
        first = self._input(x, layer.input_kind(0))
        if self.draw(st.booleans()):
            self._input(x, layer.input_kind(0))
        self._gain(_tensors(layer(first)))

    def _gain(self, made: tuple[Tensor, ...]) -> None:
        """Keep what was made; what has few enough axes may go into any layer."""
        self.made.extend(made)
        self.free.extend(tensor for tensor in made if len(tensor.shape) <= MOST_AXES)

    def _input(self, x: Shape, kind: str = "numbers") -> Tensor:
        """Another input; what is made of numbers may go into any layer."""
        tensor = Input(x)
        self.inputs.append(tensor)
        if kind == "numbers" and len(x) <= MOST_AXES:
            self.free.append(tensor)
        return tensor

    def grow(self, budget: int) -> None:
        """Some tensors more; what cannot be made is a layer fewer."""
        known = self.free[: -1 - _NEWEST : -1] or [self._input(Shape((1,)))]
        source = self.draw(st.sampled_from(known))
        way = self.draw(_WAYS)
        ways = {"join": self._join, "shared": self._again, "gather": self._gather}
        made = ways[way](source) if way in ways else None
        if made is None:
            piece, used = self.grower.piece(source.shape, min(2, budget))
            self.layers += max(used, 1)
            made = (piece(source),) if piece is not None else ()
        self._gain(made)

    def _alike(self, x: Shape) -> list[Tensor]:
        return [tensor for tensor in self.free if tensor.shape == x]

    def _join(self, source: Tensor) -> tuple[Tensor, ...] | None:
        """Two tensors of one shape, joined."""
        joins = self.grower.plan.joins
        if joins is None or not source.shape:
            return None
        self.layers += 1
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
        self.layers += 1
        return _tensors(self.draw(st.sampled_from(made))(source))

    def _gather(self, source: Tensor) -> tuple[Tensor, ...] | None:
        """A layer of any number of inputs, from tensors of their shapes or from new inputs."""
        plan = self.grower.plan
        cls = self.draw(plan.gathering)
        inputs = self.draw(inputs_of(cls))
        layer = self.draw(layer_on(cls, inputs, plan.allowed))
        if not (plan.accepts(layer, *inputs, outputs=9) and self.grower.spend(layer, *inputs)):
            return None
        self.layers += 1
        fed = [self._fed(x, layer.input_kind(i)) for i, x in enumerate(inputs)]
        return _tensors(layer(fed))

    def _fed(self, x: Shape, kind: str) -> Tensor:
        known = self._alike(x) if kind == "numbers" else []
        if known and self.draw(st.booleans()):
            tensor: Tensor = self.draw(st.sampled_from(known))
            return tensor
        return self._input(x, kind)


def _tensors(result: Any) -> tuple[Tensor, ...]:
    """What a call gives, one tensor or several."""
    return result if isinstance(result, tuple) else (result,)


def count_layers(layers: Iterable[Layer]) -> int:
    """How many layers there are in layers and blocks of ours, each counted once."""
    return len({id(layer) for layer in _leaves(layers)})


def _leaves(layers: Iterable[Layer]) -> Iterator[Layer]:
    pending = list(layers)
    while pending:
        layer = pending.pop()
        if isinstance(layer, Sequential):
            pending.extend(layer.layers)
        elif isinstance(layer, Model):
            pending.extend(called for called, _ in layer.calls)
        elif isinstance(layer, Repeat):
            pending.append(layer.block)
        elif isinstance(layer, Residual):
            pending.extend(part for part in (layer.body, layer.shortcut) if part is not None)
        else:
            yield layer
