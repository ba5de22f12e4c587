"""What no layer says: a row with the shapes that ONNX infers, and the weights that go into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from archcalc.frameworks.importing.batch import without_batch
from archcalc.frameworks.importing.onnx.files import outside, subgraphs, taken_by
from archcalc.frameworks.importing.onnx.inference import inferred
from archcalc.frameworks.importing.onnx.tensors import Node, Stored
from archcalc.frameworks.importing.values import Value
from archcalc.frameworks.importing.workbench import place_of
from archcalc.frameworks.source.tensors import BATCH
from archcalc.layers.opaque import Opaque, SeenWeight
from archcalc.network.tensor import called
from archcalc.symbolic.errors import SpecificationError
from archcalc.symbolic.shape import Shape

__all__ = ["opaque", "shapes_out"]

CONSTANTS: Mapping[str, tuple[int, ...]] = {
    "OneHot": (1, 2), "Pad": (2,), "Resize": (1, 2), "Upsample": (1,), "LSTM": (5, 6), "GRU": (5,),
    "RNN": (5,), "QuantizeLinear": (1, 2), "DequantizeLinear": (1, 2),
    "NonMaxSuppression": (2, 3, 4), "AffineGrid": (1,), "RoiAlign": (1, 2),
}  # fmt: skip
"""Which inputs of an operator are told and not learned, also where they are initialisers."""


def shapes_out(reader: Any, node: Node) -> list[tuple[int, ...]]:
    """The shapes that come out by ONNX's inference, or as the file says.

    Raises:
        SpecificationError: nothing says them.
    """
    given = {name: _known(reader.env[name]) for name in sorted(taken_by(node.proto))}
    types = {name: reader.declared.get(name, (0, None))[0] or 1 for name in given}
    found = inferred(reader.onnx, node, given, types, reader.opsets)
    made = []
    for name, shape in zip(node.proto.output, found, strict=True):
        if name and shape is None:
            shape = _as_declared(reader, name, node)
        made.append(shape or ())
    return made


def _known(given: Any) -> Any:
    """A tensor of the file with its numbers, where they are few."""
    small = isinstance(given, Stored) and given.numbers is not None and prod(given.shape) <= 64
    return given.numbers() if small else given


def _as_declared(reader: Any, name: str, node: Node) -> tuple[int, ...]:
    _, dims = reader.declared.get(name, (0, None))
    some = any(isinstance(given, Value) and given.at is not None for given in node.given)
    if dims is None or not all(isinstance(dim, int) for dim in dims[some:]):
        raise SpecificationError(
            f"nothing says what comes out of {node.op}", code="not-known",
            path=node.name or name, values={"operator": node.op},
            hint="write the shapes of its outputs to value_info, or give sizes as numbers",
        )  # fmt: skip
    return (BATCH, *dims[1:]) if some and dims else tuple(dims)


def opaque(reader: Any, node: Node, why: str) -> list[Value]:
    """The outputs of a node that no layer says."""
    bench = reader.bench
    inner = [reader.env.get(name) for graph in subgraphs(node.proto) for name in outside(graph)]
    given = [one for one in (*node.given, *inner) if isinstance(one, Value)]
    shapes = shapes_out(reader, node)
    places = [place_of(shape, BATCH) for shape in shapes]
    own: Any = tuple(
        Shape(without_batch(s, at, BATCH)) for s, at in zip(shapes, places, strict=True)
    )
    weights = _weights_of(reader, node, inner)
    macs = _products(node, shapes)
    layer = bench.called(Opaque(node.op, own, tuple(weights.values()), macs, why))
    for name, weight in weights.items():
        bench.claim(name, layer, weight.name)
    tensors = called(layer, tuple(value.tensor for value in given))
    return [
        Value(tensor, shape, at, BATCH)
        for tensor, shape, at in zip(tensors, shapes, places, strict=True)
    ]


def _weights_of(reader: Any, node: Node, inner: Iterable[Any]) -> dict[str, SeenWeight]:
    """The weights that go into a node, and those in its subgraphs, which no layer has yet."""
    bench = reader.bench
    told = CONSTANTS.get(node.op, ())
    own = [given for index, given in enumerate(node.given) if index not in told]
    stored = [given for given in (*own, *inner) if bench.weighs(given)]
    for graph in subgraphs(node.proto):
        for tensor in graph.initializer:
            kept = reader.stored(tensor, tensor.name, True)
            stored += [kept] if bench.weighs(kept) else []
    return {
        one.name: SeenWeight(name=one.name, shape=one.shape)
        for one in stored
        if not bench.is_claimed(one)
    }


def _products(node: Node, shapes: Sequence[Sequence[int]]) -> int:
    """Multiply-accumulates of one sample of a product or convolution that no layer says."""
    out = prod(int(n) for n in shapes[0]) if shapes else 0
    depth = 0
    if node.op in ("MatMul", "Gemm") and node.given[0] is not None:
        first = node.given[0].shape
        depth = first[-2] if node.get("transA", 0) else first[-1]
    elif node.op == "Conv" and node.input(1) is not None:
        depth = prod(node.given[1].shape[1:])
    macs = out * int(depth)
    return macs // BATCH if macs % BATCH == 0 else macs
