"""From a graph with real tensors to a network: call by call, scope by scope.

A call becomes the layer that its record or `functions` says; what comes out is held against the
real shape, and a call that no layer says, or says otherwise, becomes an `Opaque` row with its real
shapes and weights.  Nothing is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch, without_batch
from archcalc.frameworks.importing.functions import FUNCTIONS
from archcalc.frameworks.importing.graph import FOLLOWS, Call, Graph, Held, Ref, Scope, refs
from archcalc.frameworks.importing.module_calls import LayerOf, ModuleCalls
from archcalc.frameworks.importing.sizes import dim_of, quotient
from archcalc.frameworks.importing.values import NotLoweredError, Value, number
from archcalc.frameworks.importing.workbench import (
    Names,
    place_of,
)
from archcalc.layers.base import Layer
from archcalc.layers.opaque import UNREACHED, Opaque, SeenWeight
from archcalc.network.code import everything
from archcalc.network.forms import is_network
from archcalc.network.model import Model
from archcalc.network.tensor import Input, called
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["Lowering", "lower"]


def lower(
    graph: Graph, layer_of: LayerOf, inputs: Sequence[Any], sizes: Mapping[Any, int],
    assumed: Sequence[Layer] = (),
) -> Model:  # fmt: skip
    """The network that a graph is.

    Args:
        graph: what was recorded.
        layer_of: the layer that a module is, on an input of a shape.
        inputs: of each input its ``shape`` without the batch, numbers or symbols, and its ``name``.
        sizes: what the symbols were when the model was run.
        assumed: conditions on the symbols, which stand behind the first input.
    """
    return Lowering(graph, layer_of, sizes).network(inputs, assumed)


class Lowering(ModuleCalls):
    """One graph on its way to a network."""

    def __init__(self, graph: Graph, layer_of: LayerOf, sizes: Mapping[Any, int]) -> None:
        super().__init__(graph, layer_of, sizes)
        self._used = _uses(graph)
        self._names = Names()
        self._models: dict[tuple[str, str], list[Model]] = {}

    def network(self, inputs: Sequence[Any], assumed: Sequence[Layer] = ()) -> Model:
        """The whole."""
        starts = [Input(one.shape, name=one.name or None) for one in inputs]
        for place, (start, tensor) in enumerate(zip(self.graph.inputs, starts, strict=True)):
            shape = self.graph.tensors[start].shape
            for layer in () if place else assumed:
                (tensor,) = called(layer, (tensor,))
            self._env[start] = Value(tensor, shape, Batch(), self.graph.batch)
        self._names = Names()
        self._scope(self.graph.root, self._names)
        ends = [self.tensor_of(Ref(number)) for number in self.graph.outputs]
        model = Model(starts, [_not_bare(value.tensor, starts) for value in ends])
        first = self._counted(model.outputs[0], {id(layer) for layer in everything(model)})
        return model if first is model.outputs[0] else Model(starts, [first, *model.outputs[1:]])

    # Scopes

    def _scope(self, scope: Scope, names: Names, around: str | None = None) -> None:
        """What is called in a scope, named as within the one around it."""
        place = scope.path if around is None else around
        for one in scope.inside:
            if isinstance(one, Call):
                self._lowered(one, place, names)
            else:
                self._nested(one, place, names)

    def _nested(self, scope: Scope, around: str, names: Names) -> None:
        """A module as a network of its own, called on what its inside takes from outside."""
        calls = list(scope.calls())
        made = {number for call in calls for number in call.outputs}
        taken = list(dict.fromkeys(n for call in calls for n in call.inputs() if n not in made))
        taken = [n for n in taken if n in self._env and self._env[n].tensor is not None]
        own = {id(call) for call in calls}
        given = [n for n in sorted(made) if not self._used.get(n, set()) <= own]
        if not taken or not given:
            self._scope(scope, names, around)
            return
        outer = self._env
        starts = [Input(Shape(outer[n].tensor.shape)) for n in taken]
        self._env = {n: value for n, value in outer.items() if value.tensor is None}
        for n, start in zip(taken, starts, strict=True):
            self._env[n] = Value(start, outer[n].shape, outer[n].at, self.graph.batch)
        self._scope(scope, Names())
        inner, self._env = self._env, outer
        places = {id(start): outer[n] for n, start in zip(taken, starts, strict=True)}
        outer.update({n: value for n, value in inner.items() if value.tensor is None})
        there = [n for n in given if n in inner and inner[n].tensor is not None]
        computed = [n for n in there if id(inner[n].tensor) not in places]
        for n in set(there) - set(computed):
            outer[n] = _moved(inner[n], places[id(inner[n].tensor)].tensor)
        if not computed:
            return
        model = self._once(scope.path, starts, [inner[n].tensor for n in computed], names, around)
        shapes = [tensor.shape for tensor in model.outputs]
        tensors = called(model, tuple(outer[n].tensor for n in taken), shapes)
        for n, tensor in zip(computed, tensors, strict=True):
            outer[n] = _moved(inner[n], tensor)

    def _once(
        self, path: str, starts: Sequence[Any], ends: Sequence[Any], names: Names, around: str
    ) -> Model:
        """A module's network, the same one where it is called again and does the same."""
        known = self._models.setdefault((path, around), [])
        if known:
            model = Model(starts, ends)
            for one in known:
                if self._does_the_same(one, model):
                    return one
        known.append(Model(starts, ends, name=names.fresh(path, around)))
        return known[-1]

    def _does_the_same(self, one: Model, other: Model) -> bool:
        """Whether two networks are the same layers, or equal ones without weights, alike."""
        a, b = one.graph(), other.graph()
        same = one.own_inputs() == other.own_inputs() and a.outputs == b.outputs
        return (
            same
            and [node.inputs for node in a.nodes] == [node.inputs for node in b.nodes]
            and all(
                m is n or (m == n and self._is_weightless(n, tuple(x.shape for x in tensors)))
                for (m, _), (n, tensors) in zip(one.calls, other.calls, strict=True)
            )
        )

    def _is_weightless(self, layer: Layer, shapes: tuple[Shape, ...]) -> bool:
        return not is_network(layer) and not self.applied(layer, shapes).weights

    # Calls

    def _lowered(self, call: Call, around: str, names: Names) -> None:
        if self._used.keys().isdisjoint(call.outputs):
            return  # it reaches no output: of its weights `_rest` tells
        if all(0 in self.graph.tensors[number].shape for number in call.outputs):
            self._env.update({n: self._nothing(n) for n in call.outputs})
            return
        self.call = call
        self._around, self._naming = around, names
        self._claimed = []
        self._name = names.of(call.path, around) if _is_module(call) else None
        there = call.path in self._layers
        try:
            made = self._module(call) if _is_module(call) else self._function(call)
            values = [made] if isinstance(made, Value) else list(made)
            if any(number in self._used for number in call.outputs[len(values) :]):
                raise NotLoweredError("it gives more than its layer does")
            for number, value in zip(call.outputs, values, strict=False):
                self._agrees(value, self.graph.tensors[number].shape)
        except (
            NotLoweredError,
            ArchcalcError,
            TypeError,
            ValueError,
            IndexError,
            KeyError,
        ) as error:
            for name in self._claimed:
                del self._owner[name]
            if not there:
                self._layers.pop(call.path, None)
            if _is_module(call) and (there or call.path in self._unsaid):
                self._name = names.fresh(call.path, around)
            self._unsaid.add(call.path or "")
            values = self._opaque(call, str(error))
        self._env.update(zip(call.outputs, values, strict=False))

    def _nothing(self, number: int) -> Value:
        """A tensor without elements, of which nothing is made."""
        return Value(None, self.graph.tensors[number].shape, None, self.graph.batch)

    def _agrees(self, value: Value, shape: tuple[int, ...]) -> None:
        """What comes out has the real shape, at the sizes that the model was run at and others.

        Raises:
            NotLoweredError: it has another.
        """
        found = tuple(number(dim, self._sizes) for dim in value.tensor.shape)
        own = without_batch(shape, value.at, value.batch)
        if value.shape != shape or found != own:
            raise NotLoweredError(f"{found} where {own} came out")
        for ours, real in zip(value.tensor.shape, map(dim_of, own), strict=True):
            if ours != real and any(number(ours, p) != number(real, p) for p in self.graph.points):
                raise NotLoweredError(f"{ours} where {real} came out")

    def _function(self, call: Call) -> Value | Sequence[Value]:
        lowering = FUNCTIONS.get(call.what)
        if lowering is None:
            stopped = self.graph.stopped if call.what == FOLLOWS else ""
            raise NotLoweredError(stopped or "no layer says this function")
        made: Value | Sequence[Value] = lowering(self, *call.args, **dict(call.kwargs))
        return made

    def _opaque(self, call: Call, why: str) -> list[Value]:
        given = list(self._taken(call))
        shapes = self.shapes()
        places = [place_of(shape, self.graph.batch) for shape in shapes]
        own = [without_batch(s, at, self.graph.batch) for s, at in zip(shapes, places, strict=True)]
        what = call.what if isinstance(call.what, str) else type(call.what).__name__
        weights = self._weights_of(call)
        macs = dim_of(quotient(call.flops, 2 * self.graph.batch))
        shapes_out: Any = tuple(Shape(map(dim_of, one)) for one in own)
        layer = Opaque(what, shapes_out, tuple(weights.values()), macs, why, name=self._name)
        for first, weight in weights.items():
            self._claim(first, layer, weight.name)
        tensors = self._called(layer, tuple(value.tensor for value in given))
        return [
            Value(tensor, shape, at, self.graph.batch)
            for tensor, shape, at in zip(tensors, shapes, places, strict=True)
        ]

    def _taken(self, call: Call) -> Iterator[Value]:
        """The tensors that go into a call, but weights that a layer has and lays out otherwise."""
        for ref in refs((call.args, dict(call.kwargs))):
            if self._has(ref) and not self.is_empty(ref):
                with suppress(NotLoweredError):
                    yield self.tensor_of(ref)

    def _weights_of(self, call: Call) -> dict[str, SeenWeight]:
        """The weights of a module that no layer has yet, by their names in the model."""
        held = call.what.named_parameters() if _is_module(call) else ()
        seen = {
            self.graph.names.get(f"{call.path}.{name}", name): SeenWeight(
                name=name, shape=tuple(weight.shape), frozen=not weight.requires_grad
            )
            for name, weight in held
            if weight.numel()
        }
        return {first: weight for first, weight in seen.items() if first not in self._owner}

    def _rest(self, called: set[int]) -> list[tuple[str, list[Held]]]:
        """The weights that reach no output, module by module: they are there all the same."""
        owners = {name: id(layer) for name, (layer, _) in self._owner.items()}
        seen: dict[str, list[Held]] = {}
        for held in self.graph.held:
            place, _, name = held.name.rpartition(".")
            counted = owners.get(held.name) in called or 0 in held.shape
            if name != _BATCHES and not counted:
                seen.setdefault(place, []).append(held)
        return list(seen.items())

    def _counted(self, end: Any, called: set[int]) -> Any:
        """The last tensor, after rows that count what reaches no output."""
        flops = self._idle()
        rest = dict(self._rest(called))
        for place in [*rest, *(place for place in flops if place not in rest)]:
            weights = tuple(
                SeenWeight(
                    name=h.name.rpartition(".")[2],
                    shape=h.shape,
                    learned=h.learned,
                    frozen=h.frozen,
                )
                for h in rest.get(place, ())
            )
            macs = dim_of(quotient(flops[place], 2 * self.graph.batch))
            if not weights and macs == 0:
                continue
            shape: Any = Shape(end.shape)
            name = self._names.fresh(place, "")
            end = Opaque(UNREACHED, (shape,), weights, macs, name=name)(end)
        return end

    def _idle(self) -> Counter[str]:
        """The FLOPs of calls that reach no output, by the module that does them."""
        found: Counter[str] = Counter()
        for call in self.graph.root.calls():
            if self._used.keys().isdisjoint(call.outputs):
                found[call.path or ""] += call.flops
        return found


_BATCHES = "num_batches_tracked"
"""torch's count of batches in a norm, which is no weight."""


def _is_module(call: Call) -> bool:
    return not isinstance(call.what, str)


def _uses(graph: Graph) -> dict[int, set[int]]:
    """By which calls that reach an output each tensor is taken; the end of the model is one."""
    used: dict[int, set[int]] = {end: {0} for end in graph.outputs}
    for call in reversed(list(graph.root.calls())):
        if not used.keys().isdisjoint(call.outputs):
            for taken in call.inputs():
                used.setdefault(taken, set()).add(id(call))
    return used


def _moved(value: Value, tensor: Any) -> Value:
    return Value(tensor, value.shape, value.at, value.batch)


def _not_bare(tensor: Any, starts: Sequence[Any]) -> Any:
    """An output that is an input has a layer between."""
    return ac.Identity()(tensor) if any(tensor is start for start in starts) else tensor
