"""What Keras says with several layers: a layer of ours as a chain of ours that Keras has."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.lookup import entry_of
from archcalc.frameworks.record import Chain
from archcalc.frameworks.records import KERAS
from archcalc.layers.activations import Activation
from archcalc.layers.applied import Applied
from archcalc.layers.registry import layer_class
from archcalc.layers.reshaping import Permute, Reshape
from archcalc.network.wrappers import RNN

__all__ = ["channels_last_there", "cropped", "padded", "parts", "steps"]


def steps(applied: Applied) -> Chain:
    """`parts`, and a cell that is given no states as the first step of a sequence."""
    entry = KERAS.entry(type(applied.layer))
    if entry is not None and entry.first_step and len(applied.inputs) == 1:
        return [("step", Reshape((1, *applied.inputs[0]))), ("", RNN(applied.layer))]
    return parts(applied)


def parts(applied: Applied) -> Chain:
    """A layer as layers that Keras has.

    Raises:
        FrameworkError: Keras has not got the layer, or not with these arguments.
    """
    entry = KERAS.entry(type(applied.layer))
    if entry is None or entry.chain is None:
        return [("", applied.layer)]
    entry_of(KERAS, applied.layer)  # the chain may be for some values of its fields only
    return entry.chain(applied.layer, applied)


def padded(layer: Any, amounts: Any) -> Chain:
    """A convolution after a padding of its own."""
    pad = layer_class(f"ZeroPadding{layer.rank}D")(amounts, layer.data_format)
    valid = layer.model_copy(update={"padding": "valid"})
    return [("pad", pad), ("", valid)] if any(map(any, amounts)) else [("", valid)]


def cropped(layer: Any) -> Chain:
    """What is cropped must not have been counted in: a softmax comes after."""
    extra = layer.output_padding or (0,) * layer.rank  # by default Keras adds what it likes
    whole = layer.model_copy(update={"padding": "valid", "output_padding": extra})
    if not any(map(any, layer.padding)):
        return [("", whole)]
    crop = layer_class(f"Cropping{layer.rank}D")(layer.padding, layer.data_format)
    after = channels_last_there(crop) if layer.rank == 1 else [("", crop)]
    named = [(f"crop_{name}" if name else "crop", part) for name, part in after]
    if layer.activation not in ("softmax", "log_softmax"):
        return [("", whole), *named]
    linear = whole.model_copy(update={"activation": None})
    return [("", linear), *named, ("activation", Activation(layer.activation))]


def channels_last_there(layer: Any, applied: Applied | None = None) -> Chain:
    """What Keras has along one axis on channels that come last, and only there."""
    if layer.data_format != "channels_first":
        return [("", layer)]
    last = layer.model_copy(update={"data_format": "channels_last"})
    return [("first", Permute((2, 1))), ("", last), ("last", Permute((2, 1)))]
