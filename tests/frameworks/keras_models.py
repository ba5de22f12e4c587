"""Random functional models of Keras: nested, shared, with several inputs and outputs, with weights
that two layers have, and with operations between layers, some of them on a batch that something was
folded into."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import keras
from hypothesis import strategies as st
from keras import layers, ops

__all__ = ["figures", "leaves", "models", "size"]

Draw = Callable[[st.SearchStrategy[Any]], Any]


def size(weights: Any) -> int:
    """How many numbers weights are."""
    return sum(math.prod(weight.shape) for weight in weights)


def figures(model: Any) -> tuple[int, int, int]:
    """Total, trainable and non-trainable parameters, as Keras counts them."""
    return (
        int(model.count_params()), size(model.trainable_weights), size(model.non_trainable_weights)
    )  # fmt: skip


def leaves(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer with its path, those of models in the model too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer, f"{path}{layer.name}/")
        elif type(layer).__name__ != "InputLayer":
            yield f"{path}{layer.name}", layer


# Steps: from a tensor to a tensor


def _flat(draw: Draw, x: Any, made: list[Any]) -> Any:
    width = x.shape[-1]
    step = draw(st.sampled_from(_OF_NUMBERS))
    if step == "dense":
        made.append(
            layers.Dense(draw(st.integers(1, 5)), activation=draw(st.sampled_from(_ACTIVE)))
        )
        return made[-1](x)
    if step in ("again", "tied") and (known := _taking(made, width)):
        return (draw(st.sampled_from(known)) if step == "again" else _tied(draw, known))(x)
    if step == "norm":
        return layers.BatchNormalization(scale=draw(st.booleans()))(x)
    if step == "scale":
        return ops.tanh(x * draw(st.sampled_from((2, 0.5)))) - 1
    if step == "cut" and width > 1:
        return x[:, : draw(st.integers(1, width - 1))]
    if step == "split" and width % 2 == 0:
        first, second = ops.split(x, 2, axis=-1)
        return ops.maximum(first, second)
    if step == "fold":
        return ops.reshape(x, (-1, width, 1))
    if step == "more":
        y = ops.concatenate([x, ops.relu(x)], axis=-1)
        return ops.sum(ops.expand_dims(y, 1), axis=1)
    if step == "gate":
        return x * ops.sigmoid(layers.Dense(width)(x))
    return _nested(draw, x, made)


_OF_NUMBERS = (
    *("dense", "norm", "scale", "cut", "split", "fold", "nest", "gate", "again", "tied", "more"),
)

_ACTIVE = ("relu", None, "gelu", "softmax")


def _taking(made: list[Any], width: int) -> list[Any]:
    """The Dense layers that were called on so many numbers before."""
    return [one for one in made if isinstance(one, layers.Dense) and one.kernel.shape[0] == width]


def _tied(draw: Draw, known: list[Any]) -> Any:
    """Another layer with the kernel of one that there is."""
    owner = draw(st.sampled_from(known))
    layer = layers.Dense(owner.units, use_bias=draw(st.booleans()))
    layer.build((None, owner.kernel.shape[0]))
    layer._tracker.unlock()
    layer._untrack_variable(layer._kernel)
    layer._kernel = owner._kernel
    layer._tracker.lock()
    return layer


def _sequence(draw: Draw, x: Any, made: list[Any]) -> Any:
    steps, width = x.shape[1:]
    step = draw(st.sampled_from(_OF_SEQUENCES))
    if step == "dense":
        return layers.Dense(draw(st.integers(1, 4)), use_bias=draw(st.booleans()))(x)
    if step == "conv":
        return layers.Conv1D(draw(st.integers(1, 4)), 2, padding="same")(x)
    if step == "lstm":
        return layers.LSTM(draw(st.integers(1, 3)), return_sequences=True)(x)
    if step == "both":
        return layers.Bidirectional(layers.GRU(2))(x)
    if step == "ways":
        way = layers.LSTM(draw(st.integers(1, 2)), return_sequences=True)
        return layers.Bidirectional(way, merge_mode=draw(st.sampled_from(_MERGES)))(x)
    if step == "steps":
        known = [*_taking(made, width), layers.Dense(draw(st.integers(1, 3)))]
        made.append(draw(st.sampled_from(known)))
        return layers.TimeDistributed(made[-1])(x)
    if step == "models":
        inner = keras.Sequential([keras.Input((width,)), layers.Dense(3, "relu"), layers.Dense(2)])
        return layers.TimeDistributed(inner)(x)
    if step == "norm":
        return layers.LayerNormalization()(x)
    if step == "attend":
        return layers.MultiHeadAttention(2, 2)(x, x, use_causal_mask=draw(st.booleans()))
    if step == "scores":
        return ops.softmax(ops.matmul(x, ops.transpose(x, (0, 2, 1))) / 2.0, axis=-1)
    if step == "mean":
        return ops.mean(x, axis=draw(st.sampled_from((1, -1))), keepdims=draw(st.booleans()))
    if step == "turn":
        return ops.swapaxes(x, 1, 2)
    if step == "equation":
        return ops.einsum("btc,bsc->bts", x, x)
    if step == "each":  # the steps as samples of their own
        rows = layers.Dense(3)(ops.reshape(x, (-1, width)))
        return ops.reshape(rows, (-1, steps, 3))
    if step == "place":
        return x[:, draw(st.integers(0, steps - 1))]
    return layers.Flatten()(x)


_OF_SEQUENCES = (
    *("dense", "conv", "lstm", "both", "norm", "attend", "scores", "mean", "turn", "equation"),
    *("each", "place", "flat", "ways", "steps", "models"),
)
_MERGES = ("concat", "sum", "mul", "ave")


def _image(draw: Draw, x: Any, made: list[Any]) -> Any:
    height, width, channels = x.shape[1:]
    step = draw(st.sampled_from(("conv", "depth", "pool", "join", "mean", "rows", "separable")))
    if step == "conv":
        return layers.Conv2D(draw(st.integers(1, 4)), 3, draw(st.integers(1, 2)), "same")(x)
    if step == "depth":
        return layers.DepthwiseConv2D(2, padding="same")(x)
    if step == "separable":
        return layers.SeparableConv2D(2, 2, padding="same")(x)
    if step == "pool" and min(height, width) > 1:
        return layers.MaxPooling2D(2)(x)
    if step == "join":
        return layers.Concatenate()([x, layers.Conv2D(2, 1)(x)])
    if step == "mean":
        return layers.GlobalAveragePooling2D(keepdims=False)(x)
    return ops.reshape(x, (-1, height * width, channels))


_STEPS = {2: _flat, 3: _sequence, 4: _image}


def _nested(draw: Draw, x: Any, made: list[Any]) -> Any:
    """A model in the model, maybe one that was called before, maybe frozen."""
    models = [one for one in made if isinstance(one, keras.Model)]
    known = [one for one in models if tuple(one.inputs[0].shape) == tuple(x.shape)]
    if known and draw(st.booleans()):
        return draw(st.sampled_from(known))(x)
    start = keras.Input(x.shape[1:])
    end = layers.Dense(x.shape[-1])(start)
    if draw(st.booleans()):
        end = layers.Add()([start, end])
    inner: Any = keras.Model(start, end)
    if draw(st.booleans()):
        inner = keras.Sequential([keras.Input(x.shape[1:]), layers.Dense(4), layers.PReLU()])
    inner.trainable = draw(st.booleans())
    made.append(inner)
    return inner(x)


@st.composite
def models(draw: Draw, most: int = 7) -> Any:
    """A model of a few steps."""
    starts = [
        keras.Input(draw(st.sampled_from(((6,), (4, 3), (6, 5, 2)))))
        for _ in range(draw(st.integers(1, 2)))
    ]
    open_, made = list(starts), []  # type: ignore[var-annotated]
    for _ in range(draw(st.integers(1, most))):
        place = draw(st.integers(0, len(open_) - 1))
        x = open_[place]
        after = _STEPS[len(x.shape)](draw, x, made)
        alike = [y for y in open_ if y is not x and tuple(y.shape) == tuple(after.shape)]
        if alike and draw(st.booleans()):
            after = layers.Add()([after, alike[0]]) if draw(st.booleans()) else after + alike[0]
        if draw(st.booleans()):
            open_[place] = after
        else:
            open_.append(after)
    ends = [x for x in open_ if not any(x is start for start in starts)] or [
        layers.Dense(2)(starts[0])
    ]
    used = [s for s in starts if _reaches(s, ends)]
    model = keras.Model(used, ends[:3] if _all_reached(used, ends[:3]) else ends)
    met = Counter(id(weight) for _, layer in leaves(model) for weight in layer.weights)
    for layer in model.layers:  # what is frozen in one of two layers is frozen in both
        own = all(met[id(weight)] == 1 for weight in layer.weights)
        if own and draw(st.integers(0, 5)) == 0:
            layer.trainable = False
    return model


def _reaches(start: Any, ends: list[Any]) -> bool:
    pending, seen = list(ends), set()
    while pending:
        x = pending.pop()
        if x is start:
            return True
        if id(x) not in seen:
            seen.add(id(x))
            node = x._keras_history.operation._inbound_nodes[x._keras_history.node_index]
            pending += node.input_tensors
    return False


def _all_reached(starts: list[Any], ends: list[Any]) -> bool:
    return all(_reaches(start, ends) for start in starts)
