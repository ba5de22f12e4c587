"""Operators that move axes, take parts, and put parts together."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.folding import axes_of, slices_of, whole
from archcalc.frameworks.importing.onnx.operators.registry import lowers
from archcalc.frameworks.importing.onnx.tensors import (
    Fixed,
    Node,
    Several,
    Stored,
    array_of,
    one_number,
)
from archcalc.frameworks.importing.sizes import product_of
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.tensors import BATCH


@lowers("Reshape")
def reshape(bench: OnnxBench, node: Node) -> Any:
    given = node.input(0)
    sizes = axes_of(node, 1, "shape") or []
    value = bench.of(given)
    if not node.get("allowzero", 0):
        real = bench.real(value)
        sizes = [real[i] if n == 0 else n for i, n in enumerate(sizes)]
    return bench.function("reshape", (value, bench.target(value, sizes)), {})


@lowers("Flatten")
def flatten(bench: OnnxBench, node: Node) -> Any:
    """Two axes: what is before a place, and what is from there on."""
    value = bench.of(node.input(0))
    rank = len(value.shape)
    axis = node.get("axis", 1)
    axis = axis + rank if axis < 0 else axis
    if axis == 1 and rank > 1:
        return bench.function("flatten", (value, 1), {})
    sizes = product_of(value.shape[:axis]), product_of(value.shape[axis:])
    return bench.function("reshape", (value, sizes), {})


@lowers("Transpose")
def transpose(bench: OnnxBench, node: Node) -> Any:
    given = node.input(0)
    rank = len(given.shape)
    order = tuple(node.get("perm") or range(rank - 1, -1, -1))
    if isinstance(given, Stored):
        return given.transposed(order)
    return bench.function("permute", (bench.of(given), order), {})


@lowers("Squeeze")
def squeeze(bench: OnnxBench, node: Node) -> Any:
    value, axes = bench.of(node.input(0)), axes_of(node, 1)
    return bench.function("squeeze", (value,) if axes is None else (value, tuple(axes)), {})


@lowers("Unsqueeze")
def unsqueeze(bench: OnnxBench, node: Node) -> Any:
    value = bench.of(node.input(0))
    axes = axes_of(node, 1) or []
    rank = len(value.shape) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        value = bench.function("unsqueeze", (value, axis), {})
    return value


@lowers("Expand")
def expand(bench: OnnxBench, node: Node) -> Any:
    value, asked = bench.of(node.input(0)), whole(array_of(node.input(1)))
    rank = max(len(asked), len(value.shape))
    before = (1,) * (rank - len(value.shape)) + tuple(value.shape)
    after = [1] * (rank - len(asked)) + asked
    sizes = tuple(b if a == 1 else a for a, b in zip(after, before, strict=True))
    if value.at is not None and bench.fixed is not None:
        place = value.at.axis + rank - len(value.shape)
        sizes = (*sizes[:place], before[place], *sizes[place + 1 :])
    return value if sizes == value.shape else bench.function("expand", (value, *sizes), {})


@lowers("Tile")
def tile(bench: OnnxBench, node: Node) -> Any:
    times = whole(array_of(node.input(1)))
    return bench.function("repeat", (bench.of(node.input(0)), *times), {})


@lowers("Concat")
def concat(bench: OnnxBench, node: Node) -> Any:
    tensors = [bench.of(given) for given in node.given if _is_there(given)]
    return joined(bench, tensors, node.get("axis", 1))


def joined(bench: OnnxBench, tensors: Sequence[Value], axis: int) -> Any:
    """Tensors one after the other; one that is the same for every sample is so for each."""
    place = next((value.at.axis for value in tensors if value.at is not None), None)
    if place is not None:
        tensors = [_for_each(bench, value, place) for value in tensors]
    return bench.function("cat", (tuple(tensors), axis), {})


def _for_each(bench: OnnxBench, value: Value, place: int) -> Value:
    if value.at is not None or value.shape[place] != 1:
        return value
    sizes = [*value.shape[:place], BATCH, *value.shape[place + 1 :]]
    made: Value = bench.function("expand", (value, *sizes), {})
    return made


@lowers("SplitToSequence")
def split_to_sequence(bench: OnnxBench, node: Node) -> Any:
    value, asked = bench.of(node.input(0)), node.input(1)
    axis = node.get("axis", 0) % len(value.shape)
    sizes: Any = 1 if asked is None else array_of(asked)
    sizes = sizes if isinstance(sizes, int) or sizes.shape else int(sizes)
    parts = bench.function(
        "split", (value, sizes if isinstance(sizes, int) else tuple(whole(sizes)), axis), {}
    )
    if asked is None and not node.get("keepdims", 1):
        parts = tuple(bench.function("squeeze", (part, axis), {}) for part in parts)
    return [Several(tuple(parts))]


@lowers("SequenceConstruct")
def sequence(bench: OnnxBench, node: Node) -> Any:
    return [Several(tuple(map(bench.of, node.given)))]


@lowers("SequenceAt")
def sequence_at(bench: OnnxBench, node: Node) -> Any:
    return node.given[0].parts[int(one_number(node.input(1)))]


@lowers("ConcatFromSequence")
def concat_from_sequence(bench: OnnxBench, node: Node) -> Any:
    parts, axis = node.given[0].parts, node.get("axis", 0)
    if node.get("new_axis", 0):
        return bench.function("stack", (parts, axis), {})
    return joined(bench, parts, axis)


def _is_there(given: Any) -> bool:
    """Whether it has elements: exporters concatenate with empty tensors."""
    return 0 not in tuple(given.shape)


@lowers("Split")
def split(bench: OnnxBench, node: Node) -> Any:
    value, axis = bench.of(node.input(0)), node.get("axis", 0)
    sizes = axes_of(node, 1, "split")
    if sizes is not None:
        return bench.function("split", (value, tuple(sizes), axis), {})
    parts = node.get("num_outputs") or len(node.outputs)
    length = value.shape[axis]
    return bench.function("split", (value, -(-length // parts), axis), {})


@lowers("Slice")
def slice_(bench: OnnxBench, node: Node) -> Any:
    value = bench.of(node.input(0))
    places: list[Any] = [slice(None)] * len(value.shape)
    for axis, part in slices_of(node, len(value.shape)):
        if part.step == -1 and part.start in (None, -1) and part.stop is None:
            value = bench.function("flip", (value, (axis,)), {})
        else:
            places[axis] = part
    return bench.function("__getitem__", (value, tuple(places)), {})


@lowers("Gather")
def gather(bench: OnnxBench, node: Node) -> Any:
    given, index = node.input(0), node.input(1)
    axis = node.get("axis", 0) % max(len(given.shape), 1)
    if isinstance(given, Stored) and axis == 0 and len(given.shape) == 2 and given.is_weight:
        places = bench.of(index)
        return bench.function("embedding", (places, bench.stored(given)), {})
    value = bench.of(given)
    known = isinstance(index, Fixed) or not hasattr(index, "at")
    if known and not index.shape:
        return bench.function("select", (value, axis, int(array_of(index))), {})
    if known and axis == 0 and len(value.shape) == 1 and _is_all(bench, value, index):
        return bench.function("reshape", (value, bench.target(value, index.shape)), {})
    places = bench.of(index)
    if len(places.shape) == 1 or (axis and known):
        return _taken(bench, value, axis, places)
    if axis == 0 and value.at is None:
        return bench.function("__getitem__", (value, (places,)), {})
    raise NotLoweredError("positions that differ from sample to sample")


def _is_all(bench: OnnxBench, value: Value, index: Any) -> bool:
    """Whether positions are all there are, in order: another shape and no more."""
    flat = array_of(index).reshape(-1)
    (length,) = bench.real(value)
    return len(flat) == length and bool((flat == np.arange(len(flat))).all())


@lowers("GatherND")
def gather_nd(bench: OnnxBench, node: Node) -> Any:
    """Positions along the first axis, where each is one number."""
    value, index = bench.of(node.input(0)), node.input(1)
    if isinstance(index, Value) or index.shape[-1] != 1 or node.get("batch_dims", 0):
        raise NotLoweredError("positions along several axes")
    made = bench.function("index_select", (value, 0, bench.constant((prod(index.shape),))), {})
    if len(index.shape) == 2:
        return made
    return bench.function("unflatten", (made, 0, tuple(index.shape[:-1])), {})


def _taken(bench: OnnxBench, value: Any, axis: int, places: Any) -> Any:
    """Positions along an axis; those of several axes one after the other."""
    flat = bench.constant((product_of(places.shape),)) if len(places.shape) != 1 else places
    made = bench.function("index_select", (value, axis, flat), {})
    if len(places.shape) == 1:
        return made
    return bench.function("unflatten", (made, axis, tuple(places.shape)), {})


@lowers("GatherElements")
def gather_elements(bench: OnnxBench, node: Node) -> Any:
    given = bench.of(node.input(0)), node.get("axis", 0), bench.of(node.input(1))
    return bench.function("gather", given, {})


@lowers("Trilu")
def trilu(bench: OnnxBench, node: Node) -> Any:
    """Zeros in the place of the numbers on one side of a diagonal."""
    value = bench.of(node.input(0))
    mask = bench.constant(tuple(value.shape[-2:]))
    return bench.function("masked_fill", (value, mask, 0), {})


@lowers("DepthToSpace")
def depth_to_space(bench: OnnxBench, node: Node) -> Any:
    given = bench.of(node.input(0)), node.get("blocksize", 1)
    return bench.function("pixel_shuffle", given, {})


@lowers("SpaceToDepth")
def space_to_depth(bench: OnnxBench, node: Node) -> Any:
    given = bench.of(node.input(0)), node.get("blocksize", 1)
    return bench.function("pixel_unshuffle", given, {})


@lowers("Pad")
def pad(bench: OnnxBench, node: Node) -> Any:
    value = bench.of(node.input(0))
    rank = len(value.shape)
    amounts = axes_of(node, 1, "pads") or []
    axes = axes_of(node, 3) if node.input(3) is not None else list(range(rank))
    half = len(amounts) // 2
    pairs = [(0, 0)] * rank
    for axis, before, after in zip(axes or [], amounts[:half], amounts[half:], strict=True):
        pairs[axis % rank] = before, after
    flat = tuple(n for pair in reversed(pairs) for n in pair)
    while len(flat) > 2 and flat[-2:] == (0, 0):
        flat = flat[:-2]
    mode = {"edge": "replicate", "wrap": "circular"}.get(node.get("mode", "constant"))
    return bench.function("pad", (value, flat, mode or node.get("mode", "constant")), {})
