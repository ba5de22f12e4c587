"""A network: layers composed, and itself a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import field_validator, model_serializer, model_validator
from sympy import Symbol

from archcalc.costs.loops import called, often, owned
from archcalc.formula import Formula
from archcalc.layers.base import FIELDS, AxisWindow, Layer
from archcalc.layers.bounds import field_bounds, shape_bounds
from archcalc.layers.facts import Remark, State, Weight, Work
from archcalc.network.code import alike, code
from archcalc.network.editable import Editable
from archcalc.network.forms import Form, from_dump
from archcalc.network.graph import INPUT, Graph
from archcalc.network.spec.describe import to_dict
from archcalc.network.trace import Drawn, Trace
from archcalc.network.tracer import Row, Scope, Tracer, Value, growing
from archcalc.symbolic.dims import DimLike
from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError, LookupFailedError, ShapeError
from archcalc.symbolic.late import late
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape

if TYPE_CHECKING:
    import keras
    from torch import nn


__all__ = ["Network", "followed", "one_by_one"]


class Network(Editable, Layer, abstract=True):
    """Layers composed; it can stand wherever a layer stands.

    Subclasses say how their layers feed one another (`graph`), and which inputs they were given.
    It is dumped as a file has it, and is validated from that: with its layers, what they share, and
    their ties.

    >>> from archcalc.layers import LSTMCell
    >>> from archcalc.network import RNN
    >>> RNN(LSTMCell(3)).model_dump()
    {'archcalc': 1, 'network': {'RNN': {'cell': {'LSTMCell': 3}}}}
    >>> RNN.model_validate(RNN(LSTMCell(3)).model_dump())
    RNN(cell=LSTMCell(units=3))
    """

    built_with: ClassVar[tuple[str, ...]] = ()
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    composed: ClassVar[bool] = True

    form: ClassVar[Form] = ""
    """How it is put together, where it is more than layers in its fields."""

    whole: ClassVar[bool] = False
    """Whether its layers one after the other are not what it is, so that it is built whole."""

    stands_open: ClassVar[bool] = False
    """Whether its layers stand open in a repetition of it, where it has no name of its own."""

    per_step: ClassVar[bool] = False
    """Whether what it holds is called on each step of its input, and not on the input."""

    @model_serializer(mode="wrap")
    def _as_a_file_has_it(self, fields: Any, info: Any) -> Any:
        """What a file says of it: the fields alone do not say which layers they hold."""
        if info.context is FIELDS:
            return fields(self)
        return to_dict(self)

    @model_validator(mode="wrap")
    @classmethod
    def _from_a_file(cls, data: Any, fields: Any) -> Any:
        """What was dumped, as the network that it was."""
        if not isinstance(data, dict) or "archcalc" not in data:
            return fields(data)
        made = from_dump(data)
        if not isinstance(made, cls):
            raise InvalidLayerError(
                f"this is {type(made).__name__}, not {cls.__name__}",
                code="not-a-layer",
                hint="validate it by its own class",
            )
        return made

    @field_validator("tied", "frozen")
    @classmethod
    def _weights_are_its_layers(cls, value: Any, info: Any) -> Any:
        if value:
            raise InvalidLayerError(
                f"{cls.__name__} has no weights but those of its layers",
                code="invalid-ties" if info.field_name == "tied" else "invalid-frozen",
                hint=f"say {info.field_name}= of the layer whose weight it is",
            )
        return value

    def graph(self) -> Graph:
        """What feeds what."""
        raise ShapeError(f"{type(self).__name__} has no graph", code="no-graph")

    def origin(self, layer: Layer) -> Layer:
        """What a layer of the graph was given as, where the graph has a copy with a new name."""
        return layer

    def copied_from(self, layer: Layer) -> Layer | None:
        """What a layer of the graph is a copy of, with weights of its own, if it is one."""
        return None

    @property
    def shown(self) -> Network:
        """The network whose graph this is: its own, or a block that stands open in it."""
        return self

    takes_parts: ClassVar[bool] = False
    """Whether others can stand in the place of the layers that it makes from its arguments."""

    def with_parts(self, parts: Mapping[str, Layer]) -> Self:
        """The same with other layers in the place of those of the same names that it makes."""
        raise InvalidLayerError(
            f"{type(self).__name__} makes its layers from its own arguments", code="made-by-network"
        )

    @property
    def bound(self) -> frozenset[Symbol]:
        """Symbols that mean something in its layers only, as the number of a copy does."""
        return frozenset()

    def own_inputs(self) -> tuple[Shape, ...] | None:
        """The input shapes it was given, if any."""
        return None

    def needs(self, *inputs: Shape) -> tuple[Requirement, ...]:
        """What must hold of its inputs, beside what its layers require."""
        return ()

    def trace(self, *input_shapes: ShapeLike | DimLike) -> Trace:
        """The network followed from its input shapes to its output.

        Args:
            input_shapes: one for each input, without the batch; may be left out where the network
                was given them.

        Raises:
            ShapeError: no input shape is known, or a layer cannot take what reaches it.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense(10)]).trace(784).parameters
        7850
        """
        shapes = self._given_shapes(input_shapes)
        tracer = Tracer()
        outputs = self._walked(tracer, shapes)
        tracer.settle()
        return Trace(
            self, shapes, tuple(tracer.rows), outputs, tuple(tracer.extra), tracer.handed_on
        )

    @property
    def parameters(self) -> Formula:
        """What is learned, on the input shapes it was given: a formula, to be called with values.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense("n")], input_shape=784).parameters(n=10)
        7850
        """
        return self.trace().parameters

    def count_params(self) -> Formula:
        """All weights, running statistics included: Keras' word for `Trace.total_params`.

        >>> from archcalc.layers import BatchNormalization, Dense
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense(10), BatchNormalization()], input_shape=784).count_params()
        7890
        """
        return self.trace().total_params

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its number, as in Keras; `at` takes a path.

        Raises:
            LookupFailedError: there is none, or neither is given.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> net = Sequential([Dense(10), Dense(2)], input_shape=784)
        >>> net.get_layer("dense_1"), net.get_layer(index=0)
        (Dense(units=2), Dense(units=10))
        """
        nodes = self.graph().nodes
        if index is not None and -len(nodes) <= index < len(nodes):
            return self.origin(nodes[index].layer)
        if name is not None and index is None:
            return self.at(name)
        raise LookupFailedError(
            f"there is no layer number {index}" if index is not None else "no layer is named",
            code="not-found",
            hint=f"give a name, or an index below {len(nodes)}",
        )

    def summary(
        self,
        *,
        columns: str | Iterable[str] = (),
        depth: int | None = None,
        width: int | None = None,
    ) -> str:
        """The table of layers as text, on the input shapes it was given; see `Trace.summary`."""
        return self.trace().summary(columns=columns, depth=depth, width=width)

    def draw(
        self,
        *,
        direction: Literal["down", "right"] = "down",
        depth: int | None = None,
        width: Literal["parameters", "macs"] | None = None,
        shapes: bool = True,
    ) -> Drawn:
        """The network drawn, on the input shapes it was given; see `Trace.draw`.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> net = Sequential([Dense(10)], input_shape=784)
        >>> print(net.draw(direction="right").to_mermaid())
        flowchart LR
            in0(["784"])
            out0(["10"])
            p0["Dense"]
            in0 -->|"784"| p0
            p0 -->|"10"| out0
        """
        look = {"direction": direction, "depth": depth, "width": width, "shapes": shapes}
        return self.trace().draw(**look)  # type: ignore[arg-type]

    def _given_shapes(self, input_shapes: Sequence[ShapeLike | DimLike]) -> tuple[Shape, ...]:
        shapes = tuple(as_shape(shape) for shape in input_shapes) or self.own_inputs()
        if shapes is None:
            raise ShapeError(
                f"{type(self).__name__} was given no input shape",
                code="no-input-shape",
                hint="give input_shape=, or trace(shape)",
            )
        return shapes

    def _walked(self, tracer: Tracer, shapes: tuple[Shape, ...]) -> tuple[Value, ...]:
        values = tuple(Value(shape, -1 - i) for i, shape in enumerate(shapes))
        with growing():
            for shape in shapes:
                tracer.require(shape_bounds(shape), Scope())
            return followed(self, tracer, values, Scope())

    def _called(self, *inputs: Shape) -> tuple[Row, ...]:
        """Every layer that is called, the copies of repeated blocks one by one."""
        return one_by_one(self, inputs).rows

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """Take `values` through every layer, adding rows to `tracer`; what comes out."""
        graph = self.graph()
        tracer.require(self.needs(*(value.shape for value in values)), at)
        made: list[tuple[Value, ...]] = []
        for node in graph.nodes:
            fed = [
                values[r.output] if r.node == INPUT else made[r.node][r.output] for r in node.inputs
            ]
            made.append(followed(node.layer, tracer, fed, at.under(node.name)))
        return tuple(
            values[r.output] if r.node == INPUT else made[r.node][r.output] for r in graph.outputs
        )

    def check(self, *inputs: Shape) -> None:
        wanted = self.graph().arity
        if len(inputs) != wanted:
            raise ShapeError(
                f"{type(self).__name__} takes {wanted} input{'s' * (wanted != 1)}, "
                f"not {len(inputs)}",
                code="wrong-number-of-inputs",
            )

    def code(self, within: Callable[[Layer], str] | None = None) -> str:
        """The network as Python code that makes an equal one: what `repr` shows.

        A layer that stands in several places is named where it first stands, with ``:=``.

        Args:
            within: how a layer that this one holds is written.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> shared = Dense(4)
        >>> Sequential([shared, shared], input_shape=4).code()
        'Sequential(layers=[(layer := Dense(units=4)), layer], input_shape=[4])'
        """
        if within is not None:
            return super().code(within)
        return code(self)

    def __eq__(self, other: object) -> bool:
        """Whether both are written alike, also in which of their layers are one and the same."""
        if self is other:
            return True
        if type(other) is not type(self):
            return NotImplemented
        return alike(self, other)

    def to_keras(self, input_shape: Any = None) -> keras.Model:
        """The network as a functional Keras model; see `archcalc.frameworks.to_keras`.

        Raises:
            FrameworkError: Keras is not installed, symbols are left, or Keras has not got a layer.
        """
        return late("archcalc.frameworks.keras:to_keras")(self, input_shape)

    def to_torch(self, input_shape: Any = None) -> nn.Module:
        """The network as a torch module; see `archcalc.frameworks.to_torch`.

        Raises:
            FrameworkError: torch is not installed, symbols are left, or torch has not got a layer.
        """
        return late("archcalc.frameworks.torch:to_torch")(self, input_shape)

    def to_dict(self) -> dict[str, Any]:
        """The network as a mapping of numbers, strings and lists, as files write it.

        Raises:
            SpecificationError: a layer's class is not registered, so that no file can name it.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense("n")], input_shape=784).to_dict()
        {'archcalc': 1, 'input': [784], 'layers': [{'Dense': 'n'}]}
        """
        return to_dict(self)

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        """The shapes that come out, one an output; who owns a tied weight changes none of them."""
        walked = self._walked(Tracer(), self._given_shapes(inputs))
        return tuple(value.shape for value in walked)

    # A network states the facts of its layers.

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.output_shapes(*inputs)[0]

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return tuple(
            replace(weight, name=f"{row.path}/{weight.name}")
            for row in self._called(*inputs)
            for weight in row.weights
        )

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        run = (row for row in self._called(*shapes[:-1]) if often(called(row.loops)))
        return tuple(work for row in run for work in row.work)

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        return tuple(
            replace(state, name=f"{row.path}/{state.name}")
            for row in self._called(*inputs)
            for state in row.applied.state
        )

    def windows(self, *inputs: Shape) -> tuple[AxisWindow, ...] | None:
        return None

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        return self.trace(*inputs).requirements

    def remarks(self, *inputs: Shape) -> tuple[Remark, ...]:
        return tuple(remark for row in self.trace(*inputs).rows for remark in row.applied.remarks)


def one_by_one(network: Network, shapes: tuple[Shape, ...]) -> Trace:
    """The trace of a network in which the copies of repeated blocks stand one by one.

    Args:
        network: the network.
        shapes: what goes into it.

    Raises:
        ShapeError: a block is repeated a symbolic number of times.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Repeat, Sequential
    >>> net = Sequential([Repeat(Dense(8), 2)])
    >>> [row.path for row in one_by_one(net, (Shape((8,)),)).rows]
    ['repeat/0/dense', 'repeat/1/dense']
    """
    tracer = Tracer(unroll=True)
    outputs = network._walked(tracer, shapes)
    tracer.settle()
    for row in tracer.rows:
        unlisted = {often(owned(row.loops)), often(called(row.loops))} - {0, 1}
        if unlisted:
            raise ShapeError(
                f"{to_text(unlisted.pop())} copies cannot be listed one by one",
                code="symbolic-copies",
                path=row.path,
                hint="trace() counts them",
            )
    return Trace(network, shapes, tuple(tracer.rows), outputs, tuple(tracer.extra))


def followed(layer: Layer, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
    """Take `values` through `layer`, which may be a network."""
    if isinstance(layer, Network):
        try:
            layer.check(*(value.shape for value in values))
        except ArchcalcError as error:
            raise error.at(at.path) from None
        tracer.require(field_bounds(layer), at)
        return layer.follow(tracer, values, at.within(layer))
    return tracer.call(layer, values, at)
