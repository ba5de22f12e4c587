"""What it means that a framework and archcalc agree on a layer."""

from __future__ import annotations

from collections.abc import Sequence

from archcalc.layers import Applied, Layer
from archcalc.symbolic.shape import Shape
from archcalc.testing import Seen
from archcalc.testing.oracles import BATCH


def assert_agree(layer: Layer, inputs: Sequence[Shape], seen: Seen) -> None:
    """Output shape, weights in order, what is learned, and multiply-accumulates are the same."""
    ours = Applied(layer, tuple(inputs))
    outputs = tuple(tuple(shape) for shape in ours.outputs)
    assert seen.outputs in (None, outputs), f"it gave {seen.outputs}, we say {outputs}"
    assert seen.promised in (None, outputs), f"it promises {seen.promised}, we say {outputs}"
    weights = [(weight.name, tuple(weight.shape)) for weight in ours.weights]
    assert list(seen.weights.items()) == weights
    assert seen.learned == {w.name: w.learned and not w.frozen for w in ours.weights}
    if seen.macs is not None:
        done = [work.macs * (1 if work.once else BATCH) for work in ours.work]
        assert seen.macs == sum(done)
