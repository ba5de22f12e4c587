"""Calls of torch's modules as layers: what they take, in which order, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from inspect import signature
from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch, without_batch
from archcalc.frameworks.importing.graph import Call, Graph, Ref, refs
from archcalc.frameworks.importing.values import NotLoweredError, Value, number
from archcalc.frameworks.importing.weights import our_names, ties_of
from archcalc.frameworks.importing.workbench import Workbench, each, has_places
from archcalc.layers.base import Layer
from archcalc.layers.states import TakesStates
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["LayerOf", "ModuleCalls"]

LayerOf = Callable[[Any, tuple[int, ...]], Layer]


def _as_is(layer: Layer) -> Layer:
    return layer


def _over_time(cell: Any) -> Layer:
    """A cell of an LSTM as the layer that runs it over a sequence."""
    return ac.LSTM(**cell.given(), return_sequences=True)


def _giving_scores(layer: Layer) -> Layer:
    """Attention as it is where its scores come out."""
    return layer.model_copy(update={"return_attention_scores": True})


class ModuleCalls(Workbench):
    """What makes layers of the calls of modules."""

    def __init__(self, graph: Graph, layer_of: LayerOf, sizes: Mapping[Any, int]) -> None:
        super().__init__(graph, sizes)
        self._layer_of = layer_of
        self._unsaid: set[str] = set()
        self._name: str | None = None

    def _module(self, call: Call) -> Value | Sequence[Value]:
        values = [self.tensor_of(ref) for ref in _given(call)]
        if not values:
            raise NotLoweredError("it takes no tensor")
        if call.path in self._remembering:
            return self._in_one_step(call, values)
        if call.path in self._asked_for_scores and values[0].is_free:
            return self._with_scores(call, values)
        size = dict(call.kwargs).get("output_size")
        as_ = _as_is if size is None else self._reaching(values[0])
        layer = self._named(call.path, call.what, values, as_)
        if isinstance(layer, TakesStates) and len(call.outputs) > 1:
            return self._with_states(call, layer, values)
        shapes = [tuple(value.tensor.shape) for value in values]
        one = len(values) == len(call.outputs) == 1
        if one and has_places(layer) and not (values[0].is_free and values[0].at == Batch(0)):
            first = tuple(values[0].tensor.shape)[0 if values[0].is_free else 1 :]
            self._weighs(layer, call.what, [first])
            return self.sampled(values[0], layer, self.shapes()[0])
        if _is_folded(values[0]) and (has_places(layer) or self._joins(layer, shapes)):
            if len({id(value.tensor) for value in values}) == 1:  # attention of one to itself
                values, shapes = values[:1], shapes[:1]
            self._weighs(layer, call.what, [shape[1:] for shape in shapes])
            layer = each(layer)
        else:
            self._weighs(layer, call.what, shapes)
        return self.on_many(values, layer, [values[0].at] * len(call.outputs), self.shapes())

    def _reaching(self, value: Value) -> Callable[[Any], Layer]:
        """What makes a layer one by which the size comes out that its call asked for."""
        size, before = self.shapes()[0][2:], value.tensor.shape
        return lambda layer: layer.reaching(before, size)

    def _with_states(self, call: Call, layer: Any, values: list[Value]) -> Sequence[Value]:
        """A recurrent layer whose last states come out, as they do where the first are given."""
        after = [Batch(1)] * (len(call.outputs) - 1)
        if len(values) == 1 and any(map(self.is_used, range(1, len(call.outputs)))):
            shapes = zip(self.shapes()[1:], after, strict=True)
            zeros = [without_batch(shape, at, self.graph.batch) for shape, at in shapes]
            values = [*values, *map(self.constant, zeros)]
        self._weighs(layer, call.what, [tuple(value.tensor.shape) for value in values])
        return self.on_many(values, layer, [values[0].at, *after], self.shapes())

    @cached_property
    def _remembering(self) -> set[str]:
        """The cells that hand on more than what comes out of a step."""
        return {
            call.path
            for call in self.graph.root.calls()
            if type(call.what).__name__ == "LSTMCell" and call.outputs[1] in self._used
        }

    def _in_one_step(self, call: Call, values: list[Value]) -> Sequence[Value]:
        """A cell as its layer on a sequence of one step, which has both states come out."""
        if any(value.at != Batch() or not value.is_free for value in values):
            raise NotLoweredError("the batch is not the first axis")
        shapes = self.shapes()
        steps = [
            self.on(value, ac.ExpandDims(1), value.at, (value.shape[0], 1, *value.shape[1:]))
            for value in values
        ]
        if len(values) == 1:
            steps += [self.constant((1, *shape[1:])) for shape in shapes]
        layer = self._named(call.path, call.what, values, _over_time)
        self._weighs(layer, call.what, [tuple(step.tensor.shape) for step in steps])
        one = [(shape[0], 1, *shape[1:]) for shape in (shapes[0], *shapes)]
        _, *made = self.on_many(steps, layer, [Batch()] * len(one), one)
        return [
            self.on(value, ac.Squeeze(1), value.at, shape)
            for value, shape in zip(made, shapes, strict=True)
        ]

    @cached_property
    def _asked_for_scores(self) -> set[str]:
        """The attention whose scores something takes."""
        return {
            call.path
            for call in self.graph.root.calls()
            if type(call.what).__name__ == "MultiheadAttention"
            and not self._used.keys().isdisjoint(call.outputs[1:])
        }

    def _with_scores(self, call: Call, values: list[Value]) -> Sequence[Value]:
        """Attention whose scores come out, of every head or their mean."""
        layer = self._named(call.path, call.what, values, _giving_scores)
        self._weighs(layer, call.what, [tuple(value.tensor.shape) for value in values])
        y, scores = self.shapes()
        if not _bound(call).get("average_attn_weights", True):
            return self.on_many(values, layer, [values[0].at, Batch()], [y, scores])
        each = (scores[0], call.what.num_heads, *scores[1:])
        made, of_heads = self.on_many(values, layer, [values[0].at, Batch()], [y, each])
        return [made, self.on(of_heads, ac.Reduce("mean", 1), Batch(), scores)]

    def _joins(self, layer: Layer, shapes: Sequence[Sequence[Any]]) -> bool:
        """Whether a layer does more with what lies along the first axis than with each of it."""
        whole = self.applied(layer, tuple(map(Shape, shapes)))
        try:
            one = self.applied(layer, tuple(Shape(shape[1:]) for shape in shapes))
        except ArchcalcError:
            return False
        several, each = (sum(number(w.macs, self._sizes) for w in a.work) for a in (whole, one))
        return several != each * number(shapes[0][0], self._sizes)

    def _named(
        self, path: str, module: Any, values: Sequence[Value], as_: Callable[[Any], Layer] = _as_is
    ) -> Layer:
        """The layer of a module, the same at every call."""
        if path not in self._layers:
            layer = as_(self._layer_of(module, tuple(values[0].own)))
            if path in self._unsaid:  # a row before has the name
                self._name = self._naming.fresh(path, self._around)
            layer = layer.model_copy(update={"name": self._name})
            self._layers[path] = self._owning(layer, path, module)
        return self._layers[path]

    def _weighs(self, layer: Layer, module: Any, shapes: Sequence[Sequence[Any]]) -> None:
        """The layer has as many weights as the module.

        Raises:
            NotLoweredError: it has not: the module was changed after it was made.
        """
        weights = self.applied(layer, tuple(map(Shape, shapes))).weights
        ours = sum(number(w.size, self._sizes) for w in weights if w.role != "statistic")
        theirs = sum(parameter.numel() for parameter in module.parameters())
        if ours != theirs:
            raise NotLoweredError(f"it has {theirs:,} parameters where its class has {ours:,}")

    def _owning(self, layer: Layer, path: str, module: Any) -> Layer:
        """The layer, with those of its weights tied that another has already."""
        prefix = f"{path}." if path and path in self._paths else ""
        held = [name for name, _ in module.named_parameters()]
        firsts = {name: self.graph.names.get(prefix + name, prefix + name) for name in held}
        ours = our_names(layer)
        ties = {
            ours[name]: self._owner[first]
            for name, first in firsts.items()
            if first in self._owner and name in ours
        }
        if ties:
            layer = layer.model_copy(update={"tied": ties_of(layer, ties)})
        for name, first in firsts.items():
            self._claim(first, layer, ours.get(name, name))
        for name, _ in module.named_buffers():
            if name in ours:
                self._claim(self.graph.names.get(prefix + name, prefix + name), layer, ours[name])
        return layer

    @cached_property
    def _paths(self) -> set[str]:
        return {name for name, _ in self.graph.root.module.named_modules()}


_INPUTS = {"MultiheadAttention": ("query", "value", "key")}
"""Of torch's classes whose layers take inputs in another order than theirs, or not all of them: a
mask changes no shape and no product."""


def _bound(call: Call) -> dict[str, Any]:
    """What a module is called on, by the names of its arguments."""
    return signature(call.what.forward).bind(*call.args, **dict(call.kwargs)).arguments


def _given(call: Call) -> Iterator[Ref]:
    """The tensors that a module is called on, in the order of our inputs."""
    bound = _bound(call)
    names = _INPUTS.get(type(call.what).__name__, bound)
    return refs([bound[name] for name in names])


def _is_folded(value: Value) -> bool:
    return value.at is not None and value.at.axis == 0 and not value.is_free
