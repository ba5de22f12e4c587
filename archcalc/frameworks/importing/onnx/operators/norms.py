"""Operators that normalize."""

from __future__ import annotations

from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.operators.registry import lowers
from archcalc.frameworks.importing.onnx.tensors import Node, Stored


@lowers("BatchNormalization")
def batch_norm(bench: OnnxBench, node: Node) -> Any:
    value = bench.of(node.input(0))
    layer = ac.BatchNormalization(axis=1, epsilon=node.get("epsilon", 1e-5))
    made = bench.owned_by(layer, value, node.input(1), node.input(2))
    return [made] * len(node.outputs)


@lowers("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization")
def layer_norm(bench: OnnxBench, node: Node) -> Any:
    value, scale, bias = bench.of(node.input(0)), node.input(1), node.input(2)
    rank = len(value.shape)
    axis = node.get("axis", -1) % rank
    axes = tuple(value.axis(place) for place in range(axis, rank))
    epsilon = node.get("epsilon", 1e-5)
    if node.op != "LayerNormalization":
        layer: Any = ac.RMSNormalization(axis=axes)
    else:
        layer = ac.LayerNormalization(
            axis=axes, epsilon=epsilon, center=bench.weighs(bias), scale=bench.weighs(scale)
        )
    return bench.owned_by(layer, value, *(one for one in (scale, bias) if bench.weighs(one)))


@lowers("InstanceNormalization")
def instance_norm(bench: OnnxBench, node: Node) -> Any:
    from archcalc.torch import nn

    value, scale, bias = bench.of(node.input(0)), node.input(1), node.input(2)
    rank = len(value.shape) - 2
    affine = bench.weighs(scale) and not (_is_made(scale, 1) and _is_made(bias, 0))
    layer = getattr(nn, f"InstanceNorm{rank}d")(
        value.shape[1], eps=node.get("epsilon", 1e-5), affine=affine
    )
    return bench.owned_by(layer, value, *((scale, bias) if affine else ()))


def _is_made(given: Any, number: int) -> bool:
    """Whether an exporter made it that had to give something: all one number, and of no module.

    torch's writes a group norm as an instance norm of groups with a scale of 1 and a bias of 0.
    """
    if not isinstance(given, Stored) or given.numbers is None or "." in given.name:
        return False
    return bool((given.numbers() == number).all())


@lowers("GroupNormalization")
def group_norm(bench: OnnxBench, node: Node) -> Any:
    value, scale, bias = bench.of(node.input(0)), node.input(1), node.input(2)
    layer = ac.GroupNormalization(
        node.get("num_groups"), axis=1, epsilon=node.get("epsilon", 1e-5),
        center=bench.weighs(bias), scale=bench.weighs(scale),
    )  # fmt: skip
    return bench.owned_by(layer, value, *(one for one in (scale, bias) if bench.weighs(one)))


@lowers("LRN")
def local_response(bench: OnnxBench, node: Node) -> Any:
    given = bench.of(node.input(0)), node.get("size")
    return bench.function("local_response_norm", given, {})
