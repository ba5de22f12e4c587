"""From a graph with real tensors to a network: call by call, scope by scope.

A call becomes the layer that its record or `functions` says; what comes out is held against the
real shape, and a call that no layer says, or says otherwise, becomes an `Opaque` row with its real
shapes and weights.  Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch, without_batch
from archcalc.frameworks.importing.functions import FUNCTIONS
from archcalc.frameworks.importing.graph import Call, Graph, Ref, Scope, refs
from archcalc.frameworks.importing.values import NotLowered, Value, number
from archcalc.layers.base import Layer
from archcalc.layers.opaque import Opaque, SeenWeight
from archcalc.network.code import everything
from archcalc.network.model import Model
from archcalc.network.parameter import Constant, Parameter
from archcalc.network.tensor import Input, called
from archcalc.network.wrappers import TimeDistributed
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["Lowering", "lower"]

LayerOf = Callable[[Any, tuple[int, ...]], Layer]


def lower(
    graph: Graph, layer_of: LayerOf, inputs: Sequence[Shape], sizes: Mapping[Any, int]
) -> Model:
    """The network that a graph is.

    Args:
        graph: what was recorded.
        layer_of: the layer that a module is, on an input of a shape.
        inputs: the shapes of the inputs without the batch, numbers or symbols.
        sizes: what the symbols were when the model was run.
    """
    return Lowering(graph, layer_of, sizes).network(inputs)


class Lowering:
    """One graph on its way; the functions of `functions` are handed this."""

    def __init__(self, graph: Graph, layer_of: LayerOf, sizes: Mapping[Any, int]) -> None:
        self.graph = graph
        self.call: Call = Call("", (), {}, ())
        self._layer_of = layer_of
        self._sizes = sizes
        self._layers: dict[Any, Layer] = {}
        self._owner: dict[str, tuple[Layer, str]] = {}
        self._env: dict[int, Value] = {}
        self._claimed: list[str] = []
        self._free: dict[str, Parameter] = {}
        self._used = _uses(graph)

    def network(self, inputs: Sequence[Shape]) -> Model:
        """The whole."""
        starts = [Input(shape) for shape in inputs]
        for start, tensor in zip(self.graph.inputs, starts, strict=True):
            shape = self.graph.tensors[start].shape
            self._env[start] = Value(tensor, shape, Batch(), self.graph.batch)
        self._scope(self.graph.root, _Names())
        ends = [self.tensor_of(Ref(number)) for number in self.graph.outputs]
        model = Model(starts, [_not_bare(value.tensor, starts) for value in ends])
        rest = self._rest({id(layer) for layer in everything(model)})
        if not rest:
            return model
        return Model(starts, [rest(model.outputs[0]), *model.outputs[1:]])

    # Scopes

    def _scope(self, scope: Scope, names: _Names) -> None:
        for one in scope.inside:
            if isinstance(one, Call):
                self._lowered(one, scope.path, names)
            else:
                self._nested(one, scope.path, names)

    def _nested(self, scope: Scope, around: str, names: _Names) -> None:
        """A module as a network of its own, called on what its inside takes from outside."""
        calls = list(scope.calls())
        made = {number for call in calls for number in call.outputs}
        taken = list(dict.fromkeys(n for call in calls for n in call.inputs() if n not in made))
        taken = [n for n in taken if n in self._env]
        given = [n for n in sorted(made) if self._used.get(n, set()) - {id(c) for c in calls}]
        if not taken or not given:
            self._scope(scope, names)
            return
        outer = self._env
        starts = [Input(Shape(outer[n].tensor.shape)) for n in taken]
        self._env = {
            n: Value(start, outer[n].shape, outer[n].at, self.graph.batch)
            for n, start in zip(taken, starts, strict=True)
        }
        self._scope(scope, _Names())
        inner, self._env = self._env, outer
        places = {id(start): outer[n] for n, start in zip(taken, starts, strict=True)}
        computed = [n for n in given if n in inner and id(inner[n].tensor) not in places]
        for n in set(given) & set(inner) - set(computed):
            outer[n] = _moved(inner[n], places[id(inner[n].tensor)].tensor)
        if not computed:
            return
        model = Model(starts, [inner[n].tensor for n in computed], name=names.of(scope.path, around))
        tensors = called(model, tuple(outer[n].tensor for n in taken))
        for n, tensor in zip(computed, tensors, strict=True):
            outer[n] = _moved(inner[n], tensor)

    # Calls

    def _lowered(self, call: Call, around: str, names: _Names) -> None:
        self.call = call
        self._claimed = []
        self._name = names.of(call.path, around) if call.path else None
        try:
            made = self._module(call) if call.path else self._function(call)
            values = [made] if isinstance(made, Value) else list(made)
            if any(number in self._used for number in call.outputs[len(values) :]):
                raise NotLowered("it gives more than its layer does")
            for number, value in zip(call.outputs, values, strict=False):
                self._agrees(value, self.graph.tensors[number].shape)
        except (NotLowered, ArchcalcError, TypeError, ValueError, IndexError, KeyError) as error:
            for name in self._claimed:
                del self._owner[name]
            self._layers.pop(call.path, None)
            values = self._opaque(call, str(error))
        self._env.update(zip(call.outputs, values, strict=False))

    def _claim(self, name: str, layer: Layer, weight: str) -> None:
        """Say that a weight of the model is this layer's, unless it is another's already."""
        if name not in self._owner:
            self._owner[name] = layer, weight
            self._claimed.append(name)

    def _agrees(self, value: Value, shape: tuple[int, ...]) -> None:
        """What comes out has the real shape, at the sizes that the model was run at."""
        found = tuple(number(dim, self._sizes) for dim in value.tensor.shape)
        if value.shape != shape or found != value.own:
            raise NotLowered(f"{found} where {without_batch(shape, value.at, value.batch)} came out")

    def _function(self, call: Call) -> Value | Sequence[Value]:
        lowering = FUNCTIONS.get(call.what)
        if lowering is None:
            raise NotLowered("no layer says this function")
        return lowering(self, *call.args, **dict(call.kwargs))

    def _module(self, call: Call) -> Value | Sequence[Value]:
        values = [self.tensor_of(ref) for ref in refs((call.args, dict(call.kwargs)))]
        layer = self._named(call.path, call.what, values)
        if _is_folded(values[0]) and _has_places(layer):
            layer = TimeDistributed(layer)
        return self.on_many(values, layer, [values[0].at] * len(call.outputs), self.shapes())

    def _named(self, path: str, module: Any, values: Sequence[Value]) -> Layer:
        """The layer of a module, the same at every call."""
        if path not in self._layers:
            layer = self._layer_of(module, tuple(values[0].own))
            layer = layer.model_copy(update={"name": self._name})
            self._layers[path] = self._owning(layer, path, module)
        return self._layers[path]

    def _owning(self, layer: Layer, path: str, module: Any) -> Layer:
        """The layer, with those of its weights tied that another has already."""
        prefix = f"{path}." if path and path in self._paths() else ""
        held = [name for name, _ in module.named_parameters()]
        firsts = {name: self.graph.names.get(prefix + name, prefix + name) for name in held}
        ours = _our_names(layer)
        ties = {
            ours[name]: self._owner[first]
            for name, first in firsts.items()
            if first in self._owner and name in ours
        }
        if ties:
            layer = layer.model_copy(update={"tied": _ties(layer, ties)})
        for name, first in firsts.items():
            self._claim(first, layer, ours.get(name, name))
        return layer

    def _paths(self) -> set[str]:
        return {name for name, _ in self.graph.root.module.named_modules()}

    def _opaque(self, call: Call, why: str) -> list[Value]:
        given = [self.tensor_of(r) for r in refs((call.args, dict(call.kwargs))) if self._has(r)]
        shapes = self.shapes()
        places = [_place(shape, self.graph.batch) for shape in shapes]
        own = [without_batch(s, at, self.graph.batch) for s, at in zip(shapes, places, strict=True)]
        what = call.what if isinstance(call.what, str) else type(call.what).__name__
        weights = self._weights_of(call)
        macs = call.flops // (2 * self.graph.batch)
        layer = Opaque(what, own, tuple(weights.values()), macs, why, name=self._name)
        for first, weight in weights.items():
            self._claim(first, layer, weight.name)
        tensors = called(layer, tuple(value.tensor for value in given))
        return [
            Value(tensor, shape, at, self.graph.batch)
            for tensor, shape, at in zip(tensors, shapes, places, strict=True)
        ]

    def _weights_of(self, call: Call) -> dict[str, SeenWeight]:
        """The weights of a module that no layer has yet, by their names in the model."""
        held = call.what.named_parameters() if call.path else ()
        seen = {
            self.graph.names.get(f"{call.path}.{name}", name): SeenWeight(
                name=name, shape=tuple(weight.shape), learned=weight.requires_grad
            )
            for name, weight in held
        }
        return {first: weight for first, weight in seen.items() if first not in self._owner}

    def _rest(self, called: set[int]) -> Callable[[Any], Any] | None:
        """Weights that reach no output are there all the same: a row at the end counts them."""
        owners = {name: id(layer) for name, (layer, _) in self._owner.items()}
        rest = [h for h in self.graph.held if h.learned and owners.get(h.name) not in called]
        if not rest:
            return None
        seen = tuple(SeenWeight(name=h.name, shape=h.shape) for h in rest)

        def attached(end: Any) -> Any:
            shape = tuple(end.shape)
            return Opaque("weights that reach no output", (shape,), seen, name="unused")(end)

        return attached

    # What functions ask for

    def _has(self, ref: Ref) -> bool:
        return self.graph.tensors[ref.number].kind != "constant" or ref.number in self._env

    def value(self, argument: Any) -> Value:
        """The tensor that an argument is."""
        return self.tensor_of(argument)

    def tensor_of(self, argument: Any) -> Value:
        """The tensor that an argument is; weights and constants become layers without inputs.

        Raises:
            NotLowered: it is no tensor.
        """
        if isinstance(argument, Value):
            return argument
        if not isinstance(argument, Ref):
            raise NotLowered(f"{argument!r} is no tensor")
        known = self._env.get(argument.number)
        if known is not None:
            return known
        made, at = self.graph.tensors[argument.number], None
        if made.kind in ("parameter", "buffer"):
            tensor = self._free_weight(made.name, made.shape, made.learned).tensor()
        elif made.kind == "constant":
            at = _place(made.shape, self.graph.batch)
            tensor = Constant(without_batch(made.shape, at, self.graph.batch)).tensor()
        else:
            raise NotLowered("a tensor that nothing has made")
        value = Value(tensor, made.shape, at, self.graph.batch)
        self._env[argument.number] = value
        return value

    def _free_weight(self, name: str, shape: tuple[int, ...], learned: bool) -> Parameter:
        first = self.graph.names.get(name, name)
        if first not in self._free:
            called_so = first.rpartition(".")[2]
            layer = Parameter(shape, learned=learned, name=called_so)
            if first in self._owner:
                layer = layer.model_copy(update={"tied": _ties(layer, {"value": self._owner[first]})})
            self._claim(first, layer, "value")
            self._free[first] = layer
        return self._free[first]

    def is_tensor(self, argument: Any) -> bool:
        """Whether an argument is a tensor."""
        return isinstance(argument, Ref)

    def is_weight(self, argument: Any) -> bool:
        """Whether it is a weight of the model, as it is."""
        kinds = ("parameter", "buffer")
        return isinstance(argument, Ref) and self.graph.tensors[argument.number].kind in kinds

    def parameter(self, argument: Any) -> Any:
        """The argument where it is a parameter; nothing for constants that stand in for one."""
        return argument if self.is_weight(argument) and not self._is_kept(argument) else None

    def _is_kept(self, argument: Ref) -> bool:
        return self.graph.tensors[argument.number].kind == "buffer"

    def shape_of(self, argument: Any) -> tuple[int, ...]:
        """The real shape of a tensor, the batch included."""
        return self.graph.tensors[argument.number].shape

    def size(self, argument: Any, axis: int) -> int:
        """The length of one of its axes."""
        return self.shape_of(argument)[axis]

    def shapes(self) -> list[tuple[int, ...]]:
        """What really came out of the call."""
        return [self.graph.tensors[number].shape for number in self.call.outputs]

    def on(
        self,
        values: Value | Sequence[Value],
        layer: Layer,
        at: Batch | None | str = "same",
        shape: Sequence[int] | None = None,
    ) -> Value:
        """What a layer gives.

        Args:
            values: what it is called on.
            layer: the layer.
            at: where the batch is then; where it was in the first, unless said.
            shape: the real shape then; that which came out of the call, unless said.
        """
        first = values if isinstance(values, Value) else values[0]
        place: Any = first.at if at == "same" else at
        real = tuple(shape) if shape is not None else None
        (made,) = self.on_many(values, layer, [place], [real])
        return made

    def on_many(
        self,
        values: Value | Sequence[Value],
        layer: Layer,
        at: Sequence[Batch | None],
        shapes: Sequence[tuple[int, ...] | None],
    ) -> list[Value]:
        """The same where several come out."""
        given = [values] if isinstance(values, Value) else list(values)
        tensors = called(layer, tuple(value.tensor for value in given))
        made = []
        for tensor, place, shape in zip(tensors, at, shapes, strict=False):
            real = shape if shape is not None else self._real(tensor, place)
            made.append(Value(tensor, real, place, self.graph.batch))
        return made

    def _real(self, tensor: Any, at: Batch | None) -> tuple[int, ...]:
        """The shape with the batch, where the layer says it and the call does not."""
        own = [number(dim, self._sizes) for dim in tensor.shape]
        for shape in self.shapes():
            if list(without_batch(shape, at, self.graph.batch)) == own:
                return shape
        if at is None:
            return tuple(own)
        return (*own[: at.axis], self.graph.batch, *own[at.axis :])

    def merged(
        self, layer: Any, arguments: Sequence[Any], constant: Callable[[float], Layer] | None = None
    ) -> Value:
        """Several element by element, brought to one batch; numbers become constants of the layer."""
        values = [self.tensor_of(a) for a in arguments if isinstance(a, Ref | Value)]
        if len(values) == 1:
            number = next((a for a in arguments if isinstance(a, int | float)), 0.0)
            if constant is None or isinstance(number, bool):
                return values[0]
            return self.on(values[0], constant(number))
        values = self.alike(values)
        if len({id(v.tensor) for v in values}) < len(values) and layer is not ac.Multiply:
            pass  # a tensor with itself is two inputs all the same
        return self.on(values, layer(), max(values, key=lambda v: v.at is not None).at)

    def alike(self, values: Sequence[Value], dim: int | None = None) -> list[Value]:
        """Tensors without a batch beside those with one: an axis of length 1 in its place goes."""
        batched = [value for value in values if value.at is not None]
        if not batched:
            return list(values)
        rank = max(len(value.shape) for value in values)
        behind = {len(v.shape) - v.at.axis for v in batched if v.at is not None}
        if len(behind) != 1:
            raise NotLowered("the batch is in different places")
        free = batched[0].is_free
        (back,) = behind
        made = []
        for value in values:
            place = len(value.shape) - back
            if value.at is None and free and place >= 0:
                if value.shape[place] != 1:
                    raise NotLowered("a tensor without the batch has as many rows")
                shape = (*value.shape[:place], *value.shape[place + 1 :])
                value = self.on(value, ac.Squeeze(place - len(value.shape)), None, shape)
            made.append(value)
        return made if rank else list(values)

    def after_removal(self, value: Value, axes: Sequence[int], keepdim: bool) -> Batch | None:
        """Where the batch is once axes have gone."""
        at, rank = value.at, len(value.shape)
        if at is None or keepdim:
            return at
        return Batch(at.axis - sum(axis % rank < at.axis for axis in axes), at.inner)

    def stretched(self, value: Value, made: Value) -> Value:
        """Axes of length 1 as long as they really are then."""
        own, target = tuple(value.tensor.shape), made.own
        for _ in range(len(target) - len(own)):
            value = self.on(value, ac.ExpandDims(1), value.at, value.shape)
        for axis, (before, after) in enumerate(zip(value.tensor.shape, target, strict=True)):
            if before == 1 and after != 1:
                value = self.on(value, ac.Expand(axis - len(target), after), value.at, made.shape)
        return Value(value.tensor, made.shape, made.at, made.batch)

    def held(self, layer: Layer, *weights: Any) -> Layer:
        """A layer whose weights are the model's, given to a function one by one.

        Raises:
            NotLowered: one of them is not a weight but was computed.
        """
        names = []
        for ref in weights:
            if ref is None:
                continue
            made = self.graph.tensors[ref.number]
            if made.kind not in ("parameter", "buffer"):
                raise NotLowered("weights that are computed")
            names.append((self.graph.names.get(made.name, made.name), made.learned))
        key = (type(layer).__name__, tuple(names))
        if key in self._layers:
            return self._layers[key]
        ours = [w.name for w in layer.weights(Shape(self._fits(layer)))]
        ties = {o: self._owner[n] for o, (n, _) in zip(ours, names, strict=False) if n in self._owner}
        if ties:
            layer = layer.model_copy(update={"tied": _ties(layer, ties)})
        if names and not any(learned for _, learned in names):
            layer = layer.model_copy(update={"trainable": False})
        for o, (n, _) in zip(ours, names, strict=False):
            self._claim(n, layer, o)
        self._layers[key] = layer
        return layer

    def _fits(self, layer: Layer) -> tuple[Any, ...]:
        """An input's shape, to ask for the names of weights."""
        first = next(ref for ref in refs((self.call.args, dict(self.call.kwargs))))
        return tuple(self.tensor_of(first).tensor.shape)

    def module(self, name: str, arguments: Mapping[str, Any], value: Value) -> Value:
        """A function that is a module of torch's: what the module's name says of it."""
        from archcalc.torch import nn

        layer = getattr(nn, name)(**arguments)
        (shape,) = self.shapes()
        return self.on(value, layer, value.at, shape)


class _Names:
    """Names within one network, each once."""

    def __init__(self) -> None:
        self._often: dict[str, int] = {}

    def of(self, path: str, around: str) -> str:
        """What a module is called in the one around it: ``"layer1.0"`` is ``"0"`` in ``"layer1"``."""
        inner = path.removeprefix(f"{around}.") if around else path
        name = inner.replace(".", "_") or "layer"
        self._often[name] = self._often.get(name, 0) + 1
        return name if self._often[name] == 1 else f"{name}_{self._often[name] - 1}"


def _uses(graph: Graph) -> dict[int, set[int]]:
    """By which calls each tensor is taken; the end of the model is one."""
    used: dict[int, set[int]] = {}
    for call in graph.root.calls():
        for number in call.inputs():
            used.setdefault(number, set()).add(id(call))
    for number in graph.outputs:
        used.setdefault(number, set()).add(0)
    return used


def _is_folded(value: Value) -> bool:
    return value.at is not None and value.at.axis == 0 and not value.is_free


def _has_places(layer: Layer) -> bool:
    """Whether it counts axes from the first, so that one more in front would be taken for another.

    What acts on the last axes, or on each number, does so whatever is in front.
    """
    axis = getattr(layer, "axis", None)
    return hasattr(layer, "data_format") or (isinstance(axis, int) and axis > 0)


def _moved(value: Value, tensor: Any) -> Value:
    return Value(tensor, value.shape, value.at, value.batch)


def _not_bare(tensor: Any, starts: Sequence[Any]) -> Any:
    """An output that is an input has a layer between."""
    return ac.Identity()(tensor) if any(tensor is start for start in starts) else tensor


def _place(shape: tuple[int, ...], batch: int) -> Batch | None:
    axes = [axis for axis, length in enumerate(shape) if length % batch == 0 and length]
    if not axes:
        return None
    return Batch(axes[0], shape[axes[0]] // batch)


def _our_names(layer: Layer) -> dict[str, str]:
    """Our name of each of torch's weights, where a record says it."""
    from archcalc.frameworks.record import entry_of
    from archcalc.frameworks.records import TORCH

    try:
        entry = entry_of(TORCH, layer)
    except FrameworkError:
        return {}
    return {tensor.theirs: tensor.ours for tensor in entry.tensors}


def _ties(layer: Layer, owners: Mapping[str, tuple[Layer, str]]) -> Any:
    from archcalc.layers.ties import Tie

    return tuple(Tie(o, owner, name) for o, (owner, name) in owners.items())
