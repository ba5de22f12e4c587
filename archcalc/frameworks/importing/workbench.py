"""The tensors of a graph while it is lowered, and how functions put layers on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch, without_batch
from archcalc.frameworks.importing.graph import Call, Graph, Made, Ref, refs
from archcalc.frameworks.importing.sizes import Size, dim_of
from archcalc.frameworks.importing.values import NotLoweredError, Value, number
from archcalc.frameworks.importing.weights import ties_of
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.network.forms import is_network
from archcalc.network.parameter import Constant, Parameter
from archcalc.network.tensor import Tensor, called
from archcalc.network.wrappers import TimeDistributed
from archcalc.symbolic.shape import Shape

__all__ = ["Names", "Workbench", "each", "has_places", "place_of"]


class Names:
    """Names within one network, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._known: dict[str, str] = {}

    def of(self, path: str, around: str) -> str:
        """What a layer is called in the module around it, the same at every call."""
        if path not in self._known:
            self._known[path] = self.fresh(path, around)
        return self._known[path]

    def fresh(self, path: str, around: str) -> str:
        """A name that nothing has yet: ``"body.0"`` is ``"0"`` in ``"body"``.

        The names of modules that are not called themselves, such as lists, stay before a dot.
        """
        inner = path.removeprefix(f"{around}.") if around else path
        name, number = inner or "layer", 0
        while (made := f"{name}_{number}" if number else name) in self._taken:
            number += 1
        self._taken.add(made)
        return made


class Workbench:
    """What the functions of `functions` are handed: the call, its tensors, and who owns weights."""

    def __init__(self, graph: Graph, sizes: Mapping[Any, int]) -> None:
        self.graph = graph
        self.call: Call = Call("", (), {}, ())
        self._sizes = sizes
        self._used: Mapping[int, set[int]] = {}
        self._around, self._naming = "", Names()
        self._layers: dict[Any, Layer] = {}
        self._owner: dict[str, tuple[Layer, str]] = {}
        self._env: dict[int, Value] = {}
        self._claimed: list[str] = []
        self._free: dict[str, Parameter] = {}
        self._facts: dict[tuple[object, ...], Applied] = {}

    def applied(self, layer: Layer, shapes: tuple[Shape, ...]) -> Applied:
        """A layer on shapes: worked out once for all that are equal."""
        if layer.kept or is_network(layer):
            return Applied(layer, shapes)
        key = (layer.key, shapes)
        found = self._facts.get(key)
        if found is None:
            found = self._facts[key] = Applied(layer, shapes)
        return found

    def _called(self, layer: Layer, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What a layer gives that is called on tensors."""
        if is_network(layer):
            return called(layer, tensors)
        shapes = tuple(tensor.shape for tensor in tensors)
        return called(layer, tensors, self.applied(layer, shapes).outputs)

    def _claim(self, name: str, layer: Layer, weight: str) -> None:
        """Say that a weight of the model is this layer's, unless it is another's already."""
        if name not in self._owner:
            self._owner[name] = layer, weight
            self._claimed.append(name)

    def _has(self, ref: Ref) -> bool:
        return self.graph.tensors[ref.number].kind != "constant" or ref.number in self._env

    def value(self, argument: Any) -> Value:
        """The tensor that an argument is."""
        return self.tensor_of(argument)

    def tensor_of(self, argument: Any) -> Value:
        """The tensor that an argument is; weights and constants become layers without inputs.

        Raises:
            NotLoweredError: it is no tensor.
        """
        if isinstance(argument, Value):
            return argument
        if not isinstance(argument, Ref):
            raise NotLoweredError(f"{argument!r} is no tensor")
        known = self._env.get(argument.number)
        if known is not None:
            if known.tensor is None:
                raise NotLoweredError("a tensor without elements")
            return known
        made, at = self.graph.tensors[argument.number], None
        if made.kind in ("parameter", "buffer"):
            tensor = self._free_weight(made).tensor()
        elif made.kind == "constant":
            at = place_of(made.shape, self.graph.batch)
            tensor = Constant(without_batch(made.shape, at, self.graph.batch)).tensor()
        else:
            raise NotLoweredError("a tensor that nothing has made")
        value = Value(tensor, made.shape, at, self.graph.batch)
        self._env[argument.number] = value
        return value

    def _free_weight(self, made: Made) -> Parameter:
        first = self.graph.names.get(made.name, made.name)
        if first not in self._free:
            learned = made.kind == "parameter"
            layer = Parameter(made.shape, learned=learned, name=self.called_so(first))
            if learned and not made.learned:
                layer = layer.model_copy(update={"trainable": False})
            if first in self._owner:
                layer = layer.model_copy(
                    update={"tied": ties_of(layer, {"value": self._owner[first]})}
                )
            self._claim(first, layer, "value")
            self._free[first] = layer
        return self._free[first]

    def called_so(self, name: str) -> str:
        """What a weight is called as a layer of its own: its path from the module around it."""
        return self._naming.fresh(name, self._around)

    def is_empty(self, argument: Any) -> bool:
        """Whether a tensor has no elements, so that nothing is made of it."""
        return isinstance(argument, Ref) and 0 in self.shape_of(argument)

    def is_tensor(self, argument: Any) -> bool:
        """Whether an argument is a tensor."""
        return isinstance(argument, Ref | Value)

    def is_weight(self, argument: Any) -> bool:
        """Whether it is a weight of the model, as it is."""
        kinds = ("parameter", "buffer")
        return isinstance(argument, Ref) and self.graph.tensors[argument.number].kind in kinds

    def is_buffer(self, argument: Any) -> bool:
        """Whether it is a tensor that the model keeps and does not learn."""
        return isinstance(argument, Ref) and self.graph.tensors[argument.number].kind == "buffer"

    def is_whole(self, argument: Any) -> bool:
        """Whether it is a parameter of the model, as it is, so that a layer may own it."""
        return self.is_weight(argument) and not self.is_buffer(argument)

    def as_tensor(self, argument: Any) -> Any:
        """A tensor as it is; a number as a constant without axes."""
        if not isinstance(argument, int | float):
            return argument
        made = Constant((), float(argument)).tensor()
        return Value(made, (), None, self.graph.batch)

    def constant(self, shape: tuple[int, ...]) -> Value:
        """Fixed numbers of a shape."""
        made = Constant(Shape(map(dim_of, shape))).tensor()
        return Value(made, shape, None, self.graph.batch)

    def sized(self, dim: Any) -> int:
        """A dimension as a real size."""
        return Size(number(dim, self._sizes), dim)  # type: ignore[no-any-return]

    def is_used(self, output: int) -> bool:
        """Whether something takes what comes out of the call at a place."""
        return self.call.outputs[output] in self._used

    def shape_of(self, argument: Any) -> tuple[int, ...]:
        """The real shape of a tensor, the batch included."""
        shape: tuple[int, ...] = self.graph.tensors[argument.number].shape
        return shape

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
        at: Batch | str | None = "same",
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
        tensors = self._called(layer, tuple(value.tensor for value in given))
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

    def sampled(self, value: Value, layer: Layer, shape: Sequence[int]) -> Value:
        """What a layer gives that counts axes from the first, the batch before them.

        Where a tensor has no batch, its first axis stands in its place; where more than a sample
        is in that axis, the layer is applied to each.
        """
        if value.at is None:
            if int(value.shape[0]) != 1:
                return self.on(value, each(layer), None, shape)
            one = self.on(value, ac.Squeeze(-len(value.shape)), None, value.shape[1:])
            made = self.on(one, layer, None, shape[1:])
            return self.on(made, ac.ExpandDims(1), None, shape)
        if value.at.axis != 0:
            raise NotLoweredError("the batch is not the first axis")
        return self.on(value, layer if value.is_free else each(layer), value.at, shape)

    def merged(self, layer: Any, arguments: Sequence[Any]) -> Value:
        """Several element by element, brought to one batch."""
        values = self.alike([self.tensor_of(argument) for argument in arguments])
        shape = _stretched(values)
        real = next((v for v in values if v.at is not None and v.batch == self.graph.batch), None)
        if real is None or real.at is None:
            return self.on(values, layer(), None, shape)
        at = Batch(real.at.axis + len(shape) - len(real.shape), real.at.inner)
        return self.on(values, layer(), at, shape)

    def alike(self, values: Sequence[Value]) -> list[Value]:
        """Tensors without a batch beside those with one: an axis of length 1 in its place goes."""
        batched = [value for value in values if value.at is not None]
        if not batched:
            return list(values)
        behind = {len(v.shape) - v.at.axis for v in batched if v.at is not None}
        if len(behind) != 1 or len({(v.is_free, v.at) for v in batched if not v.is_free}) > 1:
            raise NotLoweredError("the batch is in different places")
        if len({v.is_free for v in batched}) > 1:
            raise NotLoweredError("the batch alone beside the batch with something folded into it")
        (back,) = behind
        return [self._without_place(v, back) if batched[0].is_free else v for v in values]

    def _without_place(self, value: Value, back: int) -> Value:
        """Without the axis of length 1 that stands where others have the batch."""
        place = len(value.shape) - back
        if value.at is not None or place < 0:
            return value
        if int(value.shape[place]) != 1:
            raise NotLoweredError("a tensor without the batch has as many rows")
        shape = (*value.shape[:place], 1, *value.shape[place + 1 :])
        made = self.on(value, ac.Squeeze(place - len(value.shape)), None, shape)
        return Value(made.tensor, shape, Batch(place), 1)

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
            NotLoweredError: one of them is not a weight but was computed.
        """
        names = []
        for ref in weights:
            if ref is None:
                continue
            made = self.graph.tensors[ref.number]
            if made.kind not in ("parameter", "buffer"):
                raise NotLoweredError("weights that are computed")
            names.append((self.graph.names.get(made.name, made.name), made.learned))
        key = (type(layer).__name__, tuple(names))
        if key in self._layers:
            return self._layers[key]
        ours = [w.name for w in layer.weights(Shape(self._fits(layer)))]
        ties = {
            o: self._owner[n] for o, (n, _) in zip(ours, names, strict=False) if n in self._owner
        }
        if ties:
            layer = layer.model_copy(update={"tied": ties_of(layer, ties)})
        kept = [o for o, (_, learned) in zip(ours, names, strict=False) if not learned]
        if kept:
            whole = len(kept) == len(names)
            told = {"trainable": False} if whole else {"frozen": tuple(kept)}
            layer = layer.model_copy(update=told)
        layer = layer.model_copy(update={"name": self._called_after(names)})
        for o, (n, _) in zip(ours, names, strict=False):
            self._claim(n, layer, o)
        self._layers[key] = layer
        return layer

    def _called_after(self, weights: Sequence[tuple[str, bool]]) -> str | None:
        """The name of a layer whose weights a module holds within the one that is followed."""
        place = weights[0][0].rpartition(".")[0] if weights else ""
        around = f"{self._around}." if self._around else ""
        inside = place.removeprefix(around) if place.startswith(around) else ""
        return self._naming.fresh(place, self._around) if inside and place != self._around else None

    def _fits(self, layer: Layer) -> tuple[Any, ...]:
        """An input's shape, to ask for the names of weights."""
        first = next(ref for ref in refs((self.call.args, dict(self.call.kwargs))))
        return tuple(self.tensor_of(first).tensor.shape)

    def named(self, name: str, arguments: Mapping[str, Any]) -> Layer:
        """A layer by torch's name and arguments."""
        from archcalc.torch import nn

        made: Layer = getattr(nn, name)(**arguments)
        return made

    def module(self, name: str, arguments: Mapping[str, Any], value: Value) -> Value:
        """A function that is a module of torch's: what the module's name says of it."""
        layer = self.named(name, arguments)
        (shape,) = self.shapes()
        if has_places(layer):
            return self.sampled(value, layer, shape)
        return self.on(value, layer, value.at, shape)


def each(layer: Layer) -> Layer:
    """A layer that is applied to each of what lies along the first axis."""
    return TimeDistributed(layer, name=layer.name)


def has_places(layer: Layer) -> bool:
    """Whether it counts axes from the first, so that one more in front would be taken for another.

    What acts on the last axes, or on each number, does so whatever is in front.
    """
    axis = getattr(layer, "axis", None)
    return hasattr(layer, "data_format") or (isinstance(axis, int) and axis > 0)


def _stretched(values: Sequence[Value]) -> tuple[int, ...]:
    """The shape that tensors are stretched to, element by element."""
    rank = max(len(value.shape) for value in values)
    whole = [(1,) * (rank - len(value.shape)) + value.shape for value in values]
    return tuple(next((n for n in axis if int(n) != 1), 1) for axis in zip(*whole, strict=True))


def place_of(shape: tuple[int, ...], batch: int) -> Batch | None:
    axes = [axis for axis, length in enumerate(shape) if length % batch == 0 and length]
    if not axes:
        return None
    return Batch(axes[0], shape[axes[0]] // batch)
