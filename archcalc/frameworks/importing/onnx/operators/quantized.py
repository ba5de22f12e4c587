"""Operators on whole numbers that stand for others: products and convolutions with their scales."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.operators.products import matmul
from archcalc.frameworks.importing.onnx.operators.registry import lowers
from archcalc.frameworks.importing.onnx.operators.windows import convolution
from archcalc.frameworks.importing.onnx.tensors import Node, Stored, array_of, one_number


def _weight(given: Any) -> Any:
    """An initialiser of whole numbers, which is what was learned."""
    if not isinstance(given, Stored):
        return given
    return Stored(given.name, given.shape, True, given.numbers)


def _of(node: Node, *places: int) -> Node:
    """The node with these inputs alone, the first of them a tensor and the others weights."""
    first, *rest = (node.input(place) for place in places)
    return replace(node, given=(first, *map(_weight, rest)))


@lowers("QLinearConv")
def quantized_convolution(bench: OnnxBench, node: Node) -> Any:
    return convolution(bench, _of(node, 0, 3, 8))


@lowers("ConvInteger")
def convolution_of_whole_numbers(bench: OnnxBench, node: Node) -> Any:
    return convolution(bench, _of(node, 0, 1))


@lowers("QLinearMatMul")
def quantized_product(bench: OnnxBench, node: Node) -> Any:
    return matmul(bench, _of(node, 0, 3))


@lowers("MatMulInteger")
def product_of_whole_numbers(bench: OnnxBench, node: Node) -> Any:
    return matmul(bench, _of(node, 0, 1))


@lowers("DynamicQuantizeLinear")
def quantized(bench: OnnxBench, node: Node) -> Any:
    """The same numbers, and beside them their scale and what stands for zero."""
    return [bench.of(node.input(0)), bench.constant(()), bench.constant(())]


@lowers("OneHot")
def one_hot(bench: OnnxBench, node: Node) -> Any:
    """Places along a new axis, compared with all that there are; then the two values."""
    places = bench.of(node.input(0))
    rank = len(places.shape) + 1
    axis = node.get("axis", -1) % rank
    depth = int(one_number(array_of(node.input(1))))
    every = bench.constant((depth, *(1,) * (rank - 1 - axis)))
    places = bench.function("unsqueeze", (places, axis), {})
    made = bench.function("eq", (places, every), {})
    off, on = array_of(node.input(2)).reshape(-1).tolist()
    if (off, on) == (0, 1):
        return made
    return bench.function("add", (bench.function("mul", (made, on - off), {}), off), {})
