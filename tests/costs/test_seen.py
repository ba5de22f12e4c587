"""The receptive field of random networks against what a missing number spoils in torch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings

import archcalc as ac
from archcalc.frameworks.torch import to_torch
from archcalc.network import Network
from archcalc.testing import networks

pytestmark = pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel", "ignore:Initializing zero-element tensors"
)

KINDS = [
    *("Conv1D", "Conv2D", "DepthwiseConv2D", "SeparableConv1D", "Conv1DTranspose"),
    *("Conv2DTranspose", "MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "ZeroPadding1D"),
    *("ZeroPadding2D", "GlobalAveragePooling1D", "GlobalMaxPooling2D", "Dense", "Flatten"),
    *("BatchNormalization", "Add", "Concatenate", "GLU", "Identity", "AdaptiveMaxPooling1D"),
]
"""What mixes nothing but by windows and over channels.

Normalization over an axis takes its mean from all of it, which no window says; and after a cropping
the padding of a window is where the input goes on."""

FIELDS = {"track_running_stats": [True], "activation": [None, "relu"]}


def spoiled(module: Any, inputs: list[Any], field: ac.Field) -> list[set[int]]:
    """For each output position, the input positions along an axis that are seen from it."""
    import torch

    found: list[set[int]] = []
    for place in range(inputs[field.input].shape[field.axis + 1]):
        asked = [x.clone() for x in inputs]
        asked[field.input].select(field.axis + 1, place).fill_(float("nan"))
        with torch.no_grad():
            lost = module(*asked).isnan()[0]
        along = lost.reshape(1, -1) if field.along is None else lost.movedim(field.along, 0)
        found = found or [set() for _ in along]
        for seen, part in zip(found, along, strict=True):
            if part.any():
                seen.add(place)
    return found


@settings(max_examples=min(30, settings().max_examples))
@given(networks(kinds=KINDS, frameworks="torch", fields=FIELDS))
def test_a_field_is_what_reaches_an_output(net: Network) -> None:
    """Every position that is not a number, over all that an output position sees, and no further."""
    import torch

    trace = net.trace()
    assume(len(trace.outputs) == 1)
    try:
        fields = trace.cost(ac.ReceptiveField())
    except ac.ReceptiveFieldError:
        return
    module, inputs = to_torch(net).eval(), [torch.ones(1, *x) for x in trace.inputs]
    for field in fields:
        length = trace.inputs[field.input][field.axis]
        for u, seen in enumerate(spoiled(module, inputs, field)):
            first = field.offset + u * field.stride
            last = first + field.size - 1
            assert seen <= set(range(first, last + 1)), (field, u)
            if first >= 0 and last < length:
                assert (min(seen), max(seen)) == (first, last), (field, u)
