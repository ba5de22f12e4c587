"""Training FLOPs of random torch modules, against torch's counter with gradients."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import Phase, assume, given, reject, settings

import archcalc as ac
from archcalc.costs import TrainingFlops
from archcalc.frameworks.lookup import is_whole
from archcalc.frameworks.records import TORCH
from archcalc.layers import Layer
from archcalc.network import Network
from archcalc.network.unroll import unroll
from archcalc.testing import networks
from archcalc.testing.matching.in_torch import input_kinds
from archcalc.testing.oracles import BATCH, counted
from tests.sampling import examples

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

_MANY = settings(examples(nightly=1_000), phases=[Phase.generate, Phase.shrink])
"""1,000 modules in ``nightly``."""


def _grouped(net: Network) -> bool:
    """torch counts the gradient of a grouped convolution's kernel as if it had no groups."""
    made = unroll(net, None, partial(is_whole, TORCH))
    return any(
        getattr(call.layer, "groups", 1) != 1 or "wise" in type(call.layer).__name__
        or type(call.layer).__name__.startswith("Separable")
        for call in made.calls
    )  # fmt: skip


def _nested(layer: Layer, inside: bool = False) -> bool:
    """Whether a repetition holds another.

    What a later copy of the outer one gives the first copy of the inner is not known there, so that
    a product that has an input's gradient from the second copy on is counted without it.
    """
    if not isinstance(layer, Network):
        return False
    again = isinstance(layer, ac.Repeat)
    parts = [node.layer for node in layer.graph().nodes]
    return (again and inside) or any(_nested(part, inside or again) for part in parts)


_UNTRAINED = ("inplace operation", "not supported with sparse gradients")
"""What torch says of a module that it cannot train: one that writes over what a gradient needs, and
tables with two arguments that exclude one another in training."""


@_MANY
@given(networks(8, frameworks="torch"))
def test_training_flops_are_what_torch_counts(net: Network) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    made = unroll(net, None, partial(is_whole, TORCH))
    assume(all(counted(call.applied) for call in made.calls))
    assume(not _grouped(net) and not _nested(net))
    assume(not any(getattr(c.layer, "return_attention_scores", 0) for c in made.calls))
    assume(not any(isinstance(c.layer, ac.Compare) for c in made.calls))  # it has no gradient
    # where scores alone go on, the values have no gradient; a layer's facts do not say which goes
    with torch.device("meta"):
        module = net.to_torch()
    types = {"numbers": torch.float32, "indices": torch.int64}
    kinds = input_kinds(made)
    inputs = [
        torch.zeros(BATCH, *shape, dtype=types[kind], device="meta")
        for shape, kind in zip(made.inputs, kinds, strict=True)
    ]
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        out = module(*inputs)
        results = [x for x in (out if isinstance(out, tuple) else (out,)) if x.requires_grad]
        try:
            torch.autograd.backward([x.sum() for x in results])
        except RuntimeError as error:
            if not any(word in str(error) for word in _UNTRAINED):
                raise
            reject()
    assert int(net.trace().cost(TrainingFlops(BATCH))) == counter.get_total_flops()
