"""Hypothesis strategies for networks: random, valid, and small enough to be run in a framework."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.layers import Add, Concatenate, Conv1D, Conv2D, Conv3D, Dense
from archcalc.layers.base import Layer
from archcalc.layers.merging import Average, Maximum, Multiply
from archcalc.network import (
    Input,
    Model,
    Network,
    Parallel,
    Repeat,
    Residual,
    Sequential,
    Tensor,
)
from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import numbers
from archcalc.testing.strategies import (
    Framework,
    catalogue,
    in_framework,
    layer_on,
    shapes,
    takes,
)

__all__ = ["networks"]

_MOST_ELEMENTS = 2_000
"""What a layer may give at most, so that ten of them still run in a moment."""

_CONVOLUTIONS: dict[int, type[Any]] = {2: Conv1D, 3: Conv2D, 4: Conv3D}
"""The convolution for inputs of so many axes, channels last."""


def networks(max_layers: int = 6, *, framework: Framework | None = None) -> SearchStrategy[Network]:
    """Networks with input shapes: chains, branches around a body, repeated blocks, shared layers.

    Args:
        max_layers: how many layers at most, those inside blocks counted once; at least 1.
        framework: keep to what this framework has.

    >>> from hypothesis import find
    >>> net = find(networks(3), lambda net: len(net.trace()) > 1)
    >>> len(net.trace())
    2
    """
    return st.one_of(
        _sequential(max_layers, framework),
        _sequential(max_layers, framework),
        _model(max_layers, framework),
    )


@st.composite
def _sequential(draw: DrawFn, most: int, framework: Framework | None) -> Sequential:
    x = draw(shapes())
    pieces = _chain(draw, x, draw(numbers(1, most)), framework)
    return Sequential(pieces, input_shape=x)


@st.composite
def _model(draw: DrawFn, most: int, framework: Framework | None) -> Model:
    """Several tensors, each made from earlier ones by a layer or by joining two alike."""
    x = draw(shapes())
    tensors: list[Tensor] = [Input(x)]
    if draw(st.booleans()):
        tensors.append(Input(x))
    inputs = tuple(tensors)
    for _ in range(draw(numbers(1, most))):
        source = draw(st.sampled_from(tensors))
        tensors.append(_grown(draw, source, tensors, framework))
    outputs = [tensors[-1]]
    if draw(st.booleans()):
        outputs.append(draw(st.sampled_from(tensors[len(inputs) :])))
    used = _reached(outputs)
    return Model(tuple(t for t in inputs if id(t) in used) or inputs[:1], outputs)


def _grown(
    draw: DrawFn, source: Tensor, tensors: list[Tensor], framework: Framework | None
) -> Tensor:
    """A tensor more: `source` through a layer, a shared layer, or joined with one of its shape."""
    alike = [t for t in tensors if t.shape == source.shape]
    way = draw(st.sampled_from(("layer", "layer", "join", "shared")))
    if way == "join":
        join = draw(st.sampled_from((Add, Average, Multiply, Maximum, Concatenate)))
        result: Tensor = join()([source, draw(st.sampled_from(alike))])
        return result
    if way == "shared":
        made = [t.layer for t in alike if t.layer and [i.shape for i in t.inputs] == [source.shape]]
        if made:  # a layer that keeps this shape, called once more
            again: Tensor = draw(st.sampled_from(made))(source)
            return again
    piece, _ = _piece(draw, source.shape, 2, framework)
    tensor: Tensor = piece(source)
    return tensor


def _reached(outputs: list[Tensor]) -> set[int]:
    found: set[int] = set()
    pending = list(outputs)
    while pending:
        tensor = pending.pop()
        if id(tensor) not in found:
            found.add(id(tensor))
            pending.extend(tensor.inputs)
    return found


def _chain(draw: DrawFn, x: Shape, budget: int, framework: Framework | None) -> list[Layer]:
    """Layers and blocks one after the other, `budget` layers in all."""
    pieces: list[Layer] = []
    while budget > 0:
        piece, used = _piece(draw, x, budget, framework)
        pieces.append(piece)
        budget -= used
        x = piece.output_shape(x)
    return pieces


def _piece(draw: DrawFn, x: Shape, budget: int, framework: Framework | None) -> tuple[Layer, int]:
    """A layer, or a block of several, that takes `x`; and how many layers it is."""
    kinds = ("layer", "layer", "layer", "residual", "parallel", "repeat", "chain")
    kind = draw(st.sampled_from(kinds if budget > 1 else kinds[:1]))
    if kind == "layer":
        return _layer(draw, x, framework), 1
    if kind == "chain":
        return Sequential(_chain(draw, x, budget - 1, framework)), budget - 1
    if kind == "repeat":
        return _repeat(draw, x, framework), 2
    if kind == "parallel":
        return _parallel(draw, x, framework), 2
    body = [_keeping(draw, x, framework) for _ in range(draw(numbers(1, budget - 1)))]
    shortcut = _keeping(draw, x, framework) if draw(st.booleans()) else None
    return Residual(body, shortcut), len(body) + 1


def _parallel(draw: DrawFn, x: Shape, framework: Framework | None) -> Parallel:
    """Branches that differ in the last axis at most; some are empty."""
    return Parallel([_branch(draw, x, framework) for _ in range(draw(numbers(1, 3)))])


def _branch(draw: DrawFn, x: Shape, framework: Framework | None) -> Layer:
    way = draw(st.sampled_from(("empty", "keeping", "projection")))
    if way == "empty":
        return Sequential([])
    return _keeping(draw, x, framework) if way == "keeping" else _projection(draw, x)


def _repeat(draw: DrawFn, x: Shape, framework: Framework | None) -> Repeat:
    """A block that keeps its shape, or that changes it the first time only."""
    block: list[Layer] = []
    if draw(st.booleans()):
        block.append(_projection(draw, x))
        x = block[0].output_shape(x)
    block.append(_keeping(draw, x, framework))
    return Repeat(block, draw(numbers(1, 4)))


def _layer(draw: DrawFn, x: Shape, framework: Framework | None) -> Layer:
    """Any layer of the catalogue that takes `x` and gives no more than can be run."""
    kinds = [cls for cls in catalogue() if takes(cls, x) and cls.takes == "numbers"]
    kinds = [cls for cls in kinds if cls.__name__ not in _APART]
    kinds = [cls for cls in kinds if in_framework(cls, framework)]
    cls = draw(st.sampled_from(kinds))
    layer: Layer = draw(layer_on(cls, (x,), framework))
    out, *others = layer.output_shapes(x)
    fits = out.elements <= _MOST_ELEMENTS and len(out) <= 4
    return layer if fits and not others else Dense(2)  # a chain goes on from one output


def _keeping(draw: DrawFn, x: Shape, framework: Framework | None) -> Layer:
    """A layer whose output has the shape of its input."""
    kept = [
        cls
        for cls in catalogue()
        if cls.__name__ in _KEEPING and takes(cls, x) and in_framework(cls, framework)
    ]
    if draw(st.booleans()):
        return _projection(draw, x, int(x[-1]))
    made: Layer = draw(layer_on(draw(st.sampled_from(kept)), (x,), framework))
    return made if made.output_shape(x) == x else Dense(int(x[-1]))


def _projection(draw: DrawFn, x: Shape, channels: int | None = None) -> Layer:
    """A Dense or a convolution that keeps all axes but the last."""
    features = channels or draw(numbers(1, 6))
    bias = draw(st.booleans())
    if len(x) not in _CONVOLUTIONS or draw(st.booleans()):
        return Dense(features, use_bias=bias)
    window = draw(numbers(1, 3))
    made: Layer = _CONVOLUTIONS[len(x)](features, window, padding="same", use_bias=bias)
    return made


_APART = ("Equalization", "Discretization", "MelSpectrogram", "Lambda")
"""Layers that Keras runs alone, but not in any model: one it takes for its input, one gives
indices, and one gives another shape than it promises; and one that no file can hold."""

_KEEPING = (
    "Identity",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "Softmax",
    "PReLU",
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "RMSNormalization",
    "InstanceNormalization",
    "Dropout",
    "GaussianNoise",
)
"""Layers that always keep their shape (a gated activation apart)."""
