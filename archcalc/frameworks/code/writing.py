"""A network as source code that a person can paste."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

from archcalc.frameworks.code.keras import keras_code
from archcalc.frameworks.code.torch import torch_code
from archcalc.layers.base import Layer
from archcalc.network.code import code
from archcalc.symbolic.errors import FrameworkError, quoted

__all__ = ["Language", "to_source"]

Language: TypeAlias = Literal["keras", "torch", "python"]
"""What code may be written for: Keras, torch, or archcalc itself."""


def to_source(what: Layer, language: Language = "keras", input_shape: Any = None) -> str:
    """`what` as code of a framework, which makes a model of the same layers called ``model``.

    `from_source` reads it back.  Of Keras it is a ``Sequential`` where the layers are a row and a
    functional model otherwise, of torch one class made from ``nn.Module``.

    Args:
        what: a layer or a network; with numbers for all its symbols, but for ``"python"``.
        language: ``"keras"``, ``"torch"``, or ``"python"`` for code of archcalc.
        input_shape: the shape that goes in, without the batch, or a list of shapes where there are
            several inputs; may be left out where the network knows it.

    Raises:
        FrameworkError: symbols are left, or the framework has not got a layer, or not as code that
            needs nothing else; `to_keras` and `to_torch` may build it then.

    >>> from archcalc.layers import Conv2D, Dense, Flatten, MaxPooling2D
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Conv2D(32, 3, activation="relu"), MaxPooling2D(2), Flatten(), Dense(10)],
    ...                  input_shape=(28, 28, 1))
    >>> print(to_source(net, "keras"))
    import keras
    from keras import layers
    <BLANKLINE>
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3), activation='relu', name='conv2d'),
        layers.MaxPooling2D(name='max_pooling2d'),
        layers.Flatten(name='flatten'),
        layers.Dense(10, name='dense'),
    ])
    <BLANKLINE>
    """
    if language == "keras":
        return keras_code(what, input_shape)
    if language == "torch":
        return torch_code(what, input_shape)
    if language == "python":
        return f"from archcalc import *\n\nmodel = {code(what)}\n"
    raise FrameworkError(
        f"{quoted(language, 60)} is no language that code is written in",
        code="unknown-choice",
        hint=f"use {', '.join(map(repr, get_args(Language)))}",
    )
