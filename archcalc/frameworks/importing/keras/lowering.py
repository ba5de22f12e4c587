"""From a plan to a network: call by call, each layer by its record, each operation by its name.

What no record knows becomes an `Opaque` row with its real shapes and weights, where these are
known; where they are not, that is an error that says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import BATCH, Batch, without_batch
from archcalc.frameworks.importing.graph import Graph, Made, Ref, Scope
from archcalc.frameworks.importing.keras.calls import inputs_of, said_in_call
from archcalc.frameworks.importing.keras.configs import INPUT, broken
from archcalc.frameworks.importing.keras.operations import operate
from archcalc.frameworks.importing.keras.ordering import in_order
from archcalc.frameworks.importing.keras.plan import Array, At, Call, Dims, Part, Plan
from archcalc.frameworks.importing.keras.weights import Owners
from archcalc.frameworks.importing.values import NotLoweredError, Value, number
from archcalc.frameworks.importing.workbench import Workbench, place_of
from archcalc.frameworks.reading import keras_entry, keras_layer
from archcalc.layers.attention import Attending
from archcalc.layers.base import Layer
from archcalc.layers.functions import FUNCTIONS as ACTIVATIONS
from archcalc.layers.opaque import Opaque
from archcalc.layers.registry import is_layer_class
from archcalc.network.base import Network
from archcalc.network.model import Model
from archcalc.network.sequential import Sequential
from archcalc.network.tensor import Input, called
from archcalc.network.wrappers import TimeDistributed
from archcalc.symbolic.errors import ArchcalcError, FrameworkError, SpecificationError
from archcalc.symbolic.shape import Shape

__all__ = ["Reading", "network_of"]


class Reading:
    """What all models of one reading share: their layers, and who owns which weight.

    Args:
        sizes: what the symbols of the inputs are while shapes are compared.
    """

    def __init__(self, sizes: Mapping[Any, int]) -> None:
        self.sizes = sizes
        self.layers: dict[Any, Layer] = {}
        self.models: dict[Any, Network] = {}
        self.owners = Owners()
        self.plans: list[Plan] = []  # kept, so that no other part has the identity of one of theirs


def network_of(plan: Plan, inputs: Sequence[Shape], reading: Reading, as_saved: bool) -> Network:
    """The network that a plan is.

    Args:
        plan: the model.
        inputs: the shapes that go in, without the batch.
        reading: what it shares with models around it.
        as_saved: whether these are the shapes that it was saved with, so that those in it hold.

    Raises:
        FrameworkError: a layer is not known, and neither are its weights.
        SpecificationError: its calls do not fit together.
    """
    return _Lowering(plan, reading, as_saved).network(inputs)


class _Lowering(Workbench):
    """One model on its way to a network."""

    def __init__(self, plan: Plan, reading: Reading, as_saved: bool) -> None:
        graph = Graph(Scope("", None), [], (), (), BATCH, (), {})
        super().__init__(graph, reading.sizes)
        self._plan = plan
        self._reading = reading
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._said = _shapes_said(plan) if as_saved else {}
        self._chain: list[Layer] = []

    def network(self, inputs: Sequence[Shape]) -> Network:
        """The whole."""
        plan = self._plan
        if len(inputs) != len(plan.inputs):
            raise FrameworkError(
                f"the model takes {len(plan.inputs)} inputs, not {len(inputs)}",
                code="wrong-number-of-inputs", values={"inputs": tuple(plan.inputs)},
                hint="input_shape is a list with a shape for each",
            )  # fmt: skip
        starts = [Input(shape) for shape in inputs]
        for name, tensor in zip(plan.inputs, starts, strict=True):
            self._add((name, 0, 0), Value(tensor, self._with_batch(tensor.shape), Batch(), BATCH))
        for part, count in in_order(plan):
            if part.kind != INPUT:
                self._call(part, count)
        if plan.is_chain:
            (shape,) = inputs
            return Sequential(self._chain, input_shape=shape, name=plan.name or None)
        ends = [self._at(at).tensor for at in plan.outputs]
        ends = [ac.Identity()(end) if any(end is x for x in starts) else end for end in ends]
        return Model(starts, ends, name=plan.name or None)

    def _with_batch(self, shape: Sequence[Any]) -> tuple[int, ...]:
        return (BATCH, *(number(dim, self._sizes) for dim in shape))

    # Tensors

    def _add(self, at: tuple[str, int, int], value: Value) -> None:
        self.graph.tensors.append(Made(value.shape, "made"))
        self._numbers[at] = len(self.graph.tensors) - 1
        self._env[len(self.graph.tensors) - 1] = value

    def _at(self, at: At) -> Value:
        found = self._numbers.get((at.layer, at.call, at.output))
        if found is None:
            raise broken(at.layer, f"it has no output {at.output} of call {at.call}")
        return self._env[found]

    def _refs(self, value: Any) -> Any:
        """Arguments with the numbers of tensors."""
        if isinstance(value, At):
            self._at(value)
            return Ref(self._numbers[value.layer, value.call, value.output])
        if isinstance(value, Array):
            return self._held_array(value)
        if isinstance(value, Mapping):
            return {key: self._refs(held) for key, held in value.items()}
        if isinstance(value, list | tuple):
            return tuple(self._refs(held) for held in value)
        if isinstance(value, slice):
            return slice(*map(self._refs, (value.start, value.stop, value.step)))
        return value

    def _held_array(self, array: Array) -> Ref:
        if array.weight is None:
            self.graph.tensors.append(Made(array.shape, "constant"))
        else:
            tensor = self._reading.owners.parameter(array).tensor()
            self.graph.tensors.append(Made(array.shape, "parameter"))
            self._env[len(self.graph.tensors) - 1] = Value(tensor, array.shape, None, BATCH)
        return Ref(len(self.graph.tensors) - 1)

    # Calls

    def _call(self, part: Part, count: int) -> None:
        call = part.calls[count]
        before = len(self._chain)
        try:
            values = self._known(part, call)
            for output, value in enumerate(values):
                self._agrees(value, self._said.get((part.name, count, output)))
        except SpecificationError:
            raise
        except FrameworkError as error:
            if error.code in ("weights-not-known", "not-read") and error.path:
                raise  # of a model in the model
            del self._chain[before:]
            values = self._opaque(part, count, str(error))
        except _UNLIKE as error:
            del self._chain[before:]
            values = self._opaque(part, count, str(error))
        for output, value in enumerate(values):
            self._add((part.name, count, output), value)

    def _agrees(self, value: Value, said: Dims | None) -> None:
        """What comes out has the shape that Keras says, as far as it says it."""
        if said is None or value.at is None or not value.is_free:
            return
        alike = len(said) == len(value.shape) and all(
            theirs in (None, ours) or axis == value.at.axis
            for axis, (theirs, ours) in enumerate(zip(said, value.shape, strict=True))
        )
        if not alike:
            raise NotLoweredError(f"{value.own} where Keras has {said[1:]}")

    def _known(self, part: Part, call: Call) -> list[Value]:
        if part.inner is not None:
            return self._model(part, part.inner, call)
        if not part.is_layer:
            return self._operation(part, call)
        if part.why:
            raise NotLoweredError(part.why)
        return self._layer(part, call)

    def _operation(self, part: Part, call: Call) -> list[Value]:
        self._name = part.name
        args, kwargs = self._refs(call.args), self._refs(dict(call.kwargs))
        return operate(self, part.kind, part.config, args, kwargs)

    def _model(self, part: Part, inner: Plan, call: Call) -> list[Value]:
        """A model in the model, on what it is called on here."""
        values = [self._at(at) for at in call.inputs()][: len(inner.inputs)]
        if any(value.at != Batch() or not value.is_free for value in values):
            raise NotLoweredError("the batch is not its first axis")
        network = self._inner(part, inner, [Shape(value.tensor.shape) for value in values])
        self._chain.append(network)
        return self._put_on(network, values)

    def _inner(self, part: Part, inner: Plan, shapes: Sequence[Shape]) -> Network:
        key = (part.key, tuple(shapes))
        if key not in self._reading.models:
            said = [shape and shape[1:] for shape in inner.inputs.values()]
            alike = all(map(_fits, said, shapes))
            made = network_of(inner, shapes, self._reading, alike)
            self._reading.models[key] = made.model_copy(update={"name": part.name})
        return self._reading.models[key]

    # Layers

    def _layer(self, part: Part, call: Call) -> list[Value]:
        given = [self._at(at) for at in inputs_of(part.kind, call)]
        given += [self.tensor_of(ref) for ref in self._arrays(call)] if not given else []
        if not given:
            raise NotLoweredError("it is called on no tensor")
        if any(value.at is None for value in given[1:]) or len({v.at for v in given}) > 1:
            given = self.alike(given)
        activation, config = _function_apart(part.config)
        layer = self._layer_of(part, config, call, given)
        if part.held is None:
            self._reading.owners.take(part.live, layer, [Shape(v.tensor.shape) for v in given])
        made = self._put_on(self._each_place(layer, given), given)
        self._chain.append(layer)
        if activation is None:
            return made
        follows = self._applied(part, activation, made[0])
        self._chain.append(follows)
        return self._put_on(follows, made)

    def _arrays(self, call: Call) -> list[Ref]:
        return [self._held_array(one) for one in call.args if isinstance(one, Array)]

    def _layer_of(
        self, part: Part, config: Mapping[str, Any], call: Call, given: Sequence[Value]
    ) -> Layer:
        """The layer of a part, the same at every call that calls it alike."""
        said = said_in_call(part.kind, call)
        key = (part.key, tuple(sorted(said.items())))
        if key in self._reading.layers:
            return self._reading.layers[key]
        shapes = [Shape(value.tensor.shape) for value in given]
        own = shapes[0]
        held = self._held(part, own)
        layer = keras_layer(part.kind, {**config, **held}, own, self._inside(part))
        changes: dict[str, Any] = {"name": part.name, **said}
        if not part.trainable:
            changes["trainable"] = False
        elif not held:
            layer = self._reading.owners.as_trained(part.live, layer, shapes)
        first = self._reading.layers.get(part.key)
        if first is not None:  # called in another way, with the same weights
            changes["tied"] = self._reading.owners.all_of(first, layer, shapes)
        elif not held:
            changes["tied"] = self._reading.owners.ties(part.live, layer, shapes)
        layer = layer.model_copy(update=changes)
        self._reading.layers[key] = layer
        self._reading.layers.setdefault(part.key, layer)
        return layer

    def _applied(self, part: Part, activation: Mapping[str, Any], made: Value) -> Layer:
        """What a layer applies at its end that is no function by name: a layer, or one's own."""
        key = (part.key, "activation", made.own)
        if key not in self._reading.layers:
            kind, config = activation.get("class_name"), activation.get("config")
            name = f"{part.name}_activation"
            if is_layer_class(kind) and isinstance(config, Mapping):
                layer = keras_layer(str(kind), config, Shape(made.tensor.shape))
                layer = layer.model_copy(update={"name": name})
            else:
                what = config if isinstance(config, str) else "activation"
                shape: Any = Shape(made.tensor.shape)
                layer = Opaque(what, (shape,), (), 0, "a function of one's own", name=name)
            self._reading.layers[key] = layer
        return self._reading.layers[key]

    def _held(self, part: Part, x: Shape) -> dict[str, Layer]:
        """What a layer calls at every step, which may be called elsewhere as well."""
        if part.held is None:
            return {}
        held, step = part.held, [Shape(x[1:])]
        if held.inner is not None:
            return {"layer": self._inner(held, held.inner, step)}
        if held.why:
            raise NotLoweredError(held.why)
        key = (held.key, ())
        if key not in self._reading.layers:
            made = keras_layer(held.kind, held.config, step[0], self._inside(held))
            ties = self._reading.owners.ties(held.live, made, step)
            made = made.model_copy(update={"name": held.name, "tied": ties})
            if held.trainable:
                made = self._reading.owners.as_trained(held.live, made, step)
            self._reading.layers[key] = self._reading.layers[held.key] = made
        self._reading.owners.take(held.live, self._reading.layers[key], step)
        return {"layer": self._reading.layers[key]}

    def _inside(self, part: Part) -> Any:
        """Reads a model that a layer holds."""
        from archcalc.frameworks.importing.keras.configs import plan_of

        def inside(config: Mapping[str, Any], x: Shape) -> Layer:
            plan = plan_of(config)
            self._reading.plans.append(plan)
            return network_of(plan, [x], self._reading, as_saved=False)

        return inside

    def _each_place(self, layer: Layer, given: Sequence[Value]) -> Layer:
        first = given[0]
        if first.at is not None and first.at.axis == 0 and not first.is_free and _counts(layer):
            return TimeDistributed(layer)
        if first.at is not None and first.at.axis > 0 and _counts(layer):
            raise NotLoweredError("the batch is not its first axis")
        return layer

    def _put_on(self, layer: Layer, given: Sequence[Value]) -> list[Value]:
        first = given[0]
        tensors = called(layer, tuple(value.tensor for value in given))
        made = []
        for tensor in tensors:
            own = [number(dim, self._sizes) for dim in tensor.shape]
            made.append(Value(tensor, _real(own, first), first.at, BATCH))
        return made

    # What is not known

    def _opaque(self, part: Part, count: int, why: str) -> list[Value]:
        call = part.calls[count]
        live = part.live
        if part.is_layer and live is None and keras_entry(part.kind) is not None:
            raise FrameworkError(
                f"this {part.kind} is not read: {why}", code="not-read", path=part.name,
                hint="is its config as Keras saved it?",
            )  # fmt: skip
        if part.is_layer and live is None and not _is_weightless(part):
            raise FrameworkError(
                f"{part.kind} is not read as a layer, and its config says neither its weights nor "
                f"what comes out: {why}",
                code="weights-not-known", path=part.name, values={"class": part.kind},
                hint="give the model itself to from_keras, or register what the class is: "
                "archcalc.frameworks.records.register()",
            )  # fmt: skip
        shapes = self._shapes_out(part, count, why)
        places = [place_of(shape, BATCH) for shape in shapes]
        own: Any = tuple(
            Shape(without_batch(s, at, BATCH)) for s, at in zip(shapes, places, strict=True)
        )
        key = (part.key, own)
        if key not in self._reading.layers:
            seen = self._reading.owners.seen(live) if part.is_layer else ()
            layer: Layer = Opaque(part.kind, own, seen, 0, why, name=part.name)
            if not part.trainable:
                layer = layer.model_copy(update={"trainable": False})
            self._reading.owners.give(live, layer, seen)
            self._reading.layers[key] = layer
        layer = self._reading.layers[key]
        self._chain.append(layer)
        given = [self._at(at) for at in call.inputs()]
        tensors = called(layer, tuple(value.tensor for value in given))
        return [
            Value(tensor, shape, at, BATCH)
            for tensor, shape, at in zip(tensors, shapes, places, strict=True)
        ]

    def _shapes_out(self, part: Part, count: int, why: str) -> list[tuple[int, ...]]:
        """What comes out of a call as Keras says, its open sizes as those of the input."""
        call = part.calls[count]
        said = list(call.outputs or ())
        output = 0
        while not call.outputs and (part.name, count, output) in self._said:
            said.append(self._said[part.name, count, output])
            output += 1
        if not said:
            raise FrameworkError(
                f"{part.kind} is not read, and nothing says what comes out of it: {why}",
                code="weights-not-known", path=part.name, values={"class": part.kind},
                hint="give the model itself to from_keras",
            )  # fmt: skip
        return [self._filled(shape, part, why) for shape in said]

    def _filled(self, shape: Dims, part: Part, why: str) -> tuple[int, ...]:
        open_ = shape[1:].count(None)
        if open_:
            raise FrameworkError(
                f"{part.kind} is not read, and what comes out of it is open, {shape[1:]}: {why}",
                code="weights-not-known", path=part.name, values={"class": part.kind},
                hint="give from_keras an input_shape of numbers",
            )  # fmt: skip
        return (BATCH, *(dim for dim in shape[1:] if dim is not None))


_UNLIKE = (
    NotLoweredError, ArchcalcError, TypeError, ValueError, IndexError, KeyError, AttributeError,
    ZeroDivisionError, OverflowError,
)  # fmt: skip
"""What the lowering of a call may raise where Keras' arguments are not as they should be."""


def _shapes_said(plan: Plan) -> dict[tuple[str, int, int], Dims]:
    """The shapes of tensors, as Keras wrote them down where they are used or made."""
    said: dict[tuple[str, int, int], Dims] = {}
    for part in plan.parts.values():
        for count, call in enumerate(part.calls):
            for at in call.inputs():
                if at.shape is not None:
                    said[at.layer, at.call, at.output] = at.shape
            for output, shape in enumerate(call.outputs or ()):
                said[part.name, count, output] = shape
    return said


def _fits(said: Any, shape: Shape) -> bool:
    if said is None or len(said) != len(shape):
        return False
    return all(dim is None or dim == real for dim, real in zip(said, shape, strict=True))


def _real(own: Sequence[int], like: Value) -> tuple[int, ...]:
    """The shape with the batch, where it stays in its place."""
    if like.at is None:
        return tuple(own)
    axis = like.at.axis
    if like.is_free:
        return (*own[:axis], BATCH, *own[axis:])
    return (*own[:axis], own[axis] * BATCH, *own[axis + 1 :])


def _counts(layer: Layer) -> bool:
    """Whether it counts axes from the first, so that one more in front would be taken for another.

    What acts on the last axes, or on each number, does so whatever is in front.
    """
    axis = getattr(layer, "axis", None)
    return (
        hasattr(layer, "data_format")
        or isinstance(layer, _ON_WHOLE_SHAPES)
        or (isinstance(axis, int) and axis > 0)
        or bool(layer.axis_names)
    )


_ON_WHOLE_SHAPES = (ac.Flatten, ac.Reshape, ac.Permute, ac.RepeatVector, Attending, Network)


def _function_apart(
    config: Mapping[str, Any],
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]]:
    """A layer, or a function of one's own, that a layer applies at its end; and the rest.

    >>> _function_apart({"units": 3, "activation": {"class_name": "function", "config": "swish"}})
    (None, {'units': 3, 'activation': 'swish'})
    """
    activation = config.get("activation")
    if callable(activation):
        activation = {"class_name": "function", "config": getattr(activation, "__name__", "")}
    if not isinstance(activation, Mapping):
        return None, config
    name = activation.get("config")
    if activation.get("class_name") == "function" and name in ACTIVATIONS:
        return None, {**config, "activation": name}
    return activation, {**config, "activation": "linear"}


def _is_weightless(part: Part) -> bool:
    """Whether Keras has it without weights, whatever it does."""
    return part.kind in ("Lambda", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
