"""Products of matrices, equations and attention."""

from __future__ import annotations

from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.operators.registry import lowers
from archcalc.frameworks.importing.onnx.tensors import Node
from archcalc.frameworks.importing.values import NotLoweredError


@lowers("MatMul")
def matmul(bench: OnnxBench, node: Node) -> Any:
    """A Dense where the second factor is a weight; the bias that is added next is its."""
    first, second = node.input(0), node.input(1)
    if bench.weighs(second) and len(second.shape) == 2 and not bench.weighs(first):
        return dense(bench, first, second.shape[1], second, node.input(2))
    made = bench.function("matmul", (bench.of(first), bench.of(second)), {})
    return made


def dense(bench: OnnxBench, given: Any, units: Any, kernel: Any, bias: Any) -> Any:
    """A product with a weight, and the bias where it is one for each unit."""
    value = bench.of(given)
    layer = ac.Dense(units, use_bias=bias is not None)
    if value.at is not None and value.at.axis == len(value.shape) - 1:
        raise NotLoweredError("the batch is a factor of a product")
    return bench.owned_by(layer, value, kernel, *(() if bias is None else (bias,)))


@lowers("Gemm")
def gemm(bench: OnnxBench, node: Node) -> Any:
    first, second, third = node.input(0), node.input(1), bench.bias(node.input(2))
    turned = bool(node.get("transB", 0))
    if node.get("transA", 0):
        first = bench.function("transpose", (bench.of(first), 0, 1), {})
    if bench.weighs(second):
        units = second.shape[0 if turned else 1]
        fits = third is not None and tuple(third.shape) in ((units,), (1, units))
        fits = fits and bench.is_stored(third)
        made = dense(bench, first, units, second, third if fits else None)
        if third is not None and not fits:
            made = bench.function("add", (made, bench.of(third)), {})
        return made
    other = bench.of(second)
    if turned:
        other = bench.function("transpose", (other, 0, 1), {})
    made = bench.function("matmul", (bench.of(first), other), {})
    return made if third is None else bench.function("add", (made, bench.of(third)), {})


@lowers("Einsum")
def einsum(bench: OnnxBench, node: Node) -> Any:
    operands = tuple(bench.of(given) for given in node.given)
    return bench.function("einsum", (node.get("equation").replace(" ", ""), *operands), {})


@lowers("Attention")
def attention(bench: OnnxBench, node: Node) -> Any:
    """Of version 23: queries, keys and values with an axis of heads, or with the heads joined."""
    query, key, value = (bench.of(given) for given in node.given[:3])
    mask, joined = node.input(3), len(query.shape) == 3
    if node.input(4) is not None or len(node.outputs) > 1:
        raise NotLoweredError("attention with what it keeps of before")
    heads, kept = node.get("q_num_heads"), node.get("kv_num_heads")
    if joined:
        query = _apart(bench, query, heads)
        key, value = _apart(bench, key, kept), _apart(bench, value, kept)
    given = (query, key, value) if mask is None else (query, key, value, bench.of(mask))
    extra = {"is_causal": bool(node.get("is_causal", 0))}
    if heads != kept:
        extra["enable_gqa"] = True
    made = bench.function("scaled_dot_product_attention", given, extra)
    if not joined:
        return made
    made = bench.function("permute", (made, (0, 2, 1, 3)), {})
    return bench.function("flatten", (made, 2), {})


def _apart(bench: OnnxBench, value: Any, heads: Any) -> Any:
    """The last axis as heads, and these before the places."""
    made = bench.function("unflatten", (value, 2, (heads, value.shape[2] // heads)), {})
    return bench.function("permute", (made, (0, 2, 1, 3)), {})
