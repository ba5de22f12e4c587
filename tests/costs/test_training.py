"""Training FLOPs of random torch modules, against torch's counter with gradients."""

from __future__ import annotations

import pytest
from hypothesis import Phase, assume, given, settings

import archcalc as ac
from archcalc.frameworks.program import program
from archcalc.frameworks.tables import TORCH
from archcalc.network import Network
from archcalc.testing import networks
from archcalc.testing.matching.in_torch import input_kinds
from archcalc.testing.oracles import BATCH, counted

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

_MANY = settings(
    max_examples=1_000 if settings().max_examples > 200 else settings().max_examples,
    phases=[Phase.generate, Phase.shrink],
)
"""1,000 modules in ``nightly``."""


def _grouped(net: Network) -> bool:
    """torch counts the gradient of a grouped convolution's kernel as if it had no groups."""
    made = program(net, table=TORCH)
    return any(
        getattr(call.layer, "groups", 1) != 1 or "wise" in type(call.layer).__name__
        or type(call.layer).__name__.startswith("Separable")
        for call in made.calls
    )  # fmt: skip


@_MANY
@given(networks(8, frameworks="torch"))
def test_training_flops_are_what_torch_counts(net: Network) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    made = program(net, table=TORCH)
    assume(all(counted(call.applied) for call in made.calls))
    assume(not _grouped(net))
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
        if results:
            torch.autograd.backward([x.sum() for x in results])
    assert int(net.trace().cost(ac.TrainingFlops(BATCH))) == counter.get_total_flops()
