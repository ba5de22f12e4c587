"""A graph of ONNX followed node by node: constants computed, operators lowered, the rest opaque."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.controlflow import CONTROL
from archcalc.frameworks.importing.onnx.files import in_order, subgraphs, taken_by
from archcalc.frameworks.importing.onnx.folding import FOLDED, as_array, shape_array
from archcalc.frameworks.importing.onnx.grouping import Group, grouped, joined_biases, live_in
from archcalc.frameworks.importing.onnx.inference import Declared
from archcalc.frameworks.importing.onnx.opaque import opaque, shapes_out
from archcalc.frameworks.importing.onnx.operators import OPERATORS
from archcalc.frameworks.importing.onnx.tensors import Fixed, Node, Several, Stored, array_of
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.tensors import BATCH
from archcalc.layers.opaque import UNREACHED, Opaque, SeenWeight
from archcalc.network.code import everything
from archcalc.network.model import Model
from archcalc.network.tensor import called
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.shape import Shape

__all__ = ["Reader"]

_UNLIKE = (
    NotLoweredError, ArchcalcError, TypeError, ValueError, IndexError, KeyError, AttributeError,
    ZeroDivisionError, OverflowError,
)  # fmt: skip
"""What an operator may raise whose attributes and inputs are not as they should be."""

_FLOATS = (1, 10, 11, 16, 17, 18, 19, 20, 23)
"""ONNX's types of numbers with a point."""


class Reader:
    """One model on its way to a network.

    Args:
        onnx: the package.
        model: the model, its functions inlined.
        declared: what it says of its tensors.
        bench: what puts layers on tensors.
    """

    def __init__(self, onnx: Any, model: Any, declared: Declared, bench: OnnxBench) -> None:
        self.onnx = onnx
        self.bench = bench
        self.env: dict[str, Any] = {}
        self.declared = declared
        self.opsets = list(model.opset_import)
        self._version = max(
            (o.version for o in self.opsets if o.domain in ("", "ai.onnx")), default=1
        )
        self._steps = 0
        self._uses: dict[str, set[int]] = {}
        self._live: set[str] = set()
        self._weights: dict[str, Stored] = {}
        self._biases: dict[str, Any] = {}
        self._skipped: dict[str, str] = {}

    # Graphs

    def whole(self, graph: Any, modules: bool) -> None:
        """Follow the graph of the model, its inputs known.

        Args:
            graph: the graph.
            modules: whether the nodes of a module are a network of their own.
        """
        self._store(graph)
        nodes = in_order(graph, self.env, "the graph")
        ends = {one.name for one in graph.output}
        self._biases, self._skipped = joined_biases(nodes, self.env, ends)
        inputs = [name for name, given in self.env.items() if isinstance(given, Value)]
        live = live_in(nodes, inputs)
        stored = {name for name, given in self.env.items() if isinstance(given, Stored)}
        self._weights = {name: self.env[name] for name in stored if self.env[name].is_weight}
        self._uses = _uses(nodes, [one.name for one in graph.output])
        self._live = live
        self._group(grouped(nodes, live, stored) if modules else Group("", nodes))

    def inlined(self, graph: Any, given: Sequence[Any]) -> list[Any]:
        """What a subgraph gives, with the tensors around it in sight."""
        around = dict(self.env)
        try:
            self.env.update(zip((one.name for one in graph.input), given, strict=True))
            self._store(graph)
            for node in in_order(graph, self.env, "a subgraph"):
                self._node(node)
            return [self.env[one.name] for one in graph.output]
        finally:
            self.env = around

    def _store(self, graph: Any) -> None:
        """The initialisers: constants where they are small or whole numbers, weights otherwise."""
        for tensor in graph.initializer:
            if tensor.name not in self.env:
                self.env[tensor.name] = self.stored(tensor, tensor.name, True)

    def stored(self, tensor: Any, name: str, learned: bool) -> Any:
        shape = tuple(tensor.dims)
        if any(length < 0 for length in shape):
            raise SpecificationError(
                f"the tensor {quoted(name, 60)} has a negative length", code="not-onnx",
                values={"shape": shape}, hint="onnx.checker.check_model says more",
            )  # fmt: skip
        there = tensor.data_location != self.onnx.TensorProto.EXTERNAL
        floating = tensor.data_type in _FLOATS
        if there and prod(shape) == 1:
            return _numbers(self.onnx, tensor)
        numbers = (lambda: _numbers(self.onnx, tensor)) if there else None
        return Stored(name, shape, learned and floating and prod(shape) > 1, numbers)

    def end(self, name: str) -> Value:
        """What the model gives under a name.

        Raises:
            SpecificationError: nothing does.
        """
        if name not in self.env:
            raise SpecificationError(
                f"nothing makes the output {quoted(name, 60)}", code="not-onnx",
                hint="onnx.checker.check_model says more",
            )  # fmt: skip
        return self.bench.of(self.env[name])

    def with_unused(self, model: Model) -> Model:
        """The network, with a row for the weights that reach no output."""
        there = {id(layer) for layer in everything(model)}
        owners = {name: id(layer) for name, (layer, _) in self.bench._owner.items()}
        seen = tuple(
            SeenWeight(name=name, shape=one.shape)
            for name, one in self._weights.items()
            if (name in owners and owners[name] not in there) or name not in self._uses
        )
        if not seen:
            return model
        first, *others = model.outputs
        shape: Any = Shape(first.shape)
        row = Opaque(UNREACHED, (shape,), seen, name="unused")
        return Model(model.inputs, [row(first), *others], name=model.name)

    # Modules

    def _group(self, group: Group) -> None:
        for one in group.inside:
            if not isinstance(one, Group):
                self._node(one)
            elif self._is_one(one):
                self.bench.label = one.name
                self._group_of_one(one)
                self.bench.label = None
            else:
                self._nested(one)

    def _group_of_one(self, group: Group) -> None:
        for node in group.nodes():
            self._node(node)

    def _is_one(self, group: Group) -> bool:
        """Whether one node alone of a module depends on the input, so that it is a layer."""
        nodes = [n for n in group.nodes() if self._live.intersection(n.output)]
        return sum(not self._skipped.keys() & set(n.output) for n in nodes) <= 1

    def _nested(self, group: Group) -> None:
        """A module as a network of its own, called on what its inside takes from outside."""
        nodes = list(group.nodes())
        made = {name for node in nodes for name in node.output}
        taken = {name for node in nodes for name in taken_by(node)} - made
        outer = self.env
        starts = {
            id(value.tensor): value
            for name in outer
            if name in taken
            for value in _values(outer[name])
        }
        ids = {id(node) for node in nodes}
        given = [
            name for node in nodes for name in node.output if self._uses.get(name, set()) - ids
        ]
        if not starts or not given:
            self._group(group)
            return
        around = self.bench.network(group.name)
        inner = {key: self.bench.again(value) for key, value in starts.items()}
        self.env = {
            name: _replaced(one, inner) if name in taken else one for name, one in outer.items()
        }
        self._group(group)
        ends, self.env = self.env, outer
        self.bench.back(around)
        back = {id(inner[key].tensor): value for key, value in starts.items()}
        computed = {
            id(end.tensor): end
            for name in given
            for end in _values(ends[name])
            if id(end.tensor) not in back and not self.bench.is_constant(end)
        }
        if computed:
            model = Model(
                [value.tensor for value in inner.values()],
                [end.tensor for end in computed.values()],
                name=self.bench.fresh(group.name),
            )
            tensors = called(model, tuple(value.tensor for value in starts.values()))
            back |= {
                key: _moved(end, tensor)
                for (key, end), tensor in zip(computed.items(), tensors, strict=True)
            }
        outer.update((name, _replaced(ends[name], back)) for name in given)

    # Nodes

    def _node(self, proto: Any) -> None:
        self._steps += 1
        if self._steps > LIMITS.onnx_nodes:
            raise SpecificationError(
                f"more than {LIMITS.onnx_nodes:,} nodes are followed", code="too-large",
                hint="give a part of it: onnx.utils.extract_model",
            )  # fmt: skip
        if proto.output and proto.output[0] in self._skipped:
            self.env[proto.output[0]] = self.env[self._skipped[proto.output[0]]]
            return
        node = self._read(proto)
        label = self.bench.label
        made = self._constant(node)
        if made is None:
            made = self._lowered(node)
        if not any(isinstance(one, Value | Several) for one in made):
            self.bench.label = label
        self.env.update((n, one) for n, one in zip(proto.output, made, strict=False) if n)

    def _read(self, proto: Any) -> Node:
        own = proto.domain in ("", "ai.onnx")
        attributes = {
            one.name: self.onnx.helper.get_attribute_value(one)
            for one in proto.attribute
            if one.type
        }
        given = tuple(self.env[name] if name else None for name in proto.input)
        if proto.output and proto.output[0] in self._biases:
            given = (*given, self._biases[proto.output[0]])
        outputs = tuple(name if name in self._uses else "" for name in proto.output)
        op = proto.op_type if own else f"{proto.domain}.{proto.op_type}"
        return Node(op, proto.name, given, outputs, attributes, self._version, proto)

    def _constant(self, node: Node) -> list[Any] | None:
        """What comes out of a node that depends on no input and no weight."""
        try:
            if node.op == "Constant":
                return [self._of_attributes(node)]
            if node.op in ("Shape", "Size"):
                shape = self._shape(node.given[0])
                return [np.array(prod(shape)) if node.op == "Size" else shape_array(shape, node)]
            given = node.given[:1] if node.op == "CastLike" else node.given
            if any(isinstance(g, Value | Several) or self.bench.weighs(g) for g in given):
                return None
            if node.op == "DequantizeLinear" and isinstance(given[0], Stored):
                return None
            if node.op in CONTROL or any(True for _ in subgraphs(node.proto)):
                return None
            fold = FOLDED.get(node.op)
            if fold is None:
                return self._shapes_alone(node)
            made = fold(node, *(None if one is None else array_of(one) for one in given))
            return list(map(as_array, made if isinstance(made, list | tuple) else [made]))
        except _UNLIKE:
            return self._shapes_alone(node)

    def _of_attributes(self, node: Node) -> Any:
        if "value" in node.attributes:
            return self.stored(node.attributes["value"], node.proto.output[0], False)
        for name in ("value_int", "value_ints", "value_float", "value_floats"):
            if name in node.attributes:
                return np.array(node.attributes[name])
        raise NotLoweredError("a constant of another kind")

    def _shape(self, given: Any) -> tuple[int, ...]:
        return self.bench.real(given) if isinstance(given, Value) else tuple(given.shape)

    def _shapes_alone(self, node: Node) -> list[Any]:
        """Constants of which the shapes are all that is known."""
        if node.op.startswith("Scatter") and hasattr(node.input(0), "shape"):
            return [Fixed(self._shape(node.input(0)))]
        operator = OPERATORS.get(node.op)
        try:
            made: Any = None if operator is None else operator(self.bench, node)
        except _UNLIKE:
            made = None
        values = list(made) if isinstance(made, list | tuple) else [made]
        if all(isinstance(value, Value) for value in values):
            return [Fixed(value.shape) for value in values]
        return [Fixed(shape) for shape in shapes_out(self, node)]

    def _lowered(self, node: Node) -> list[Any]:
        bench, label = self.bench, self.bench.label
        bench._claimed, known = [], set(bench._kept)
        try:
            if node.op in CONTROL:
                return CONTROL[node.op](self, node)
            operator = OPERATORS.get(node.op)
            if operator is None:
                raise NotLoweredError("no layer says this operator")
            made = operator(bench, node)
            values = list(made) if isinstance(made, list | tuple) else [made]
            if any(name for name in node.outputs[len(values) :]):
                raise NotLoweredError("it gives more than its layer does")
            for name, value in zip(node.proto.output, values, strict=False):
                self._agrees(name, value)
            return values
        except _UNLIKE as error:
            if getattr(error, "code", "") == "too-large":
                raise
            for name in bench._claimed:
                del bench._owner[name]
            for key in bench._kept.keys() - known:
                del bench._kept[key]
            bench.label = label
            return opaque(self, node, str(error))

    def _agrees(self, name: str, value: Any) -> None:
        """What comes out has the shape that the file says, where it says one in numbers."""
        _, dims = self.declared.get(name, (0, None))
        if dims is None or not isinstance(value, Value):
            return
        real = self.bench.real(value)
        fits = len(dims) == len(real) and all(
            not isinstance(dim, int) or dim == n or int(n) % BATCH == 0
            for dim, n in zip(dims, real, strict=True)
        )
        if not fits:
            raise NotLoweredError(f"{real} where {dims} comes out")


def _numbers(onnx: Any, tensor: Any) -> Any:
    """The numbers of a tensor that the file holds.

    Raises:
        SpecificationError: they are not as many as its shape says.
    """
    try:
        return onnx.numpy_helper.to_array(tensor)
    except Exception as error:
        raise SpecificationError(
            f"the tensor {quoted(tensor.name, 60)} is broken: {quoted(str(error), 80)}",
            code="not-onnx", values={"shape": tuple(tensor.dims)},
            hint="onnx.checker.check_model says more",
        ) from None  # fmt: skip


def _uses(nodes: Sequence[Any], ends: Sequence[str]) -> dict[str, set[int]]:
    """By which nodes each tensor is taken; the end of the graph is one."""
    uses: dict[str, set[int]] = {}
    for node in nodes:
        for name in taken_by(node):
            uses.setdefault(name, set()).add(id(node))
    for name in ends:
        uses.setdefault(name, set()).add(0)
    return uses


def _values(one: Any) -> list[Value]:
    """The tensors that a name stands for: several of a sequence."""
    if isinstance(one, Several):
        return [part for part in one.parts if isinstance(part, Value)]
    return [one] if isinstance(one, Value) else []


def _replaced(one: Any, by: Mapping[int, Value]) -> Any:
    """The same with other tensors in the place of some, shaped as they are."""
    if isinstance(one, Several):
        return Several(tuple(_replaced(part, by) for part in one.parts))
    other = by.get(id(one.tensor)) if isinstance(one, Value) else None
    return one if other is None else _moved(one, other.tensor)


def _moved(value: Value, tensor: Any) -> Value:
    return Value(tensor, value.shape, value.at, value.batch)
