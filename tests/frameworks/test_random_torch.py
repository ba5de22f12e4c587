"""Random torch modules, read, counted, built again, and run with the same weights."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.layers.opaque import Opaque
from tests.frameworks.random_torch import modules
from tests.sampling import examples

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


def ran(module: nn.Module, shape: tuple[int, ...]) -> list[torch.Tensor]:
    """What comes out of numbers that are the same each time."""
    torch.manual_seed(1)
    with torch.no_grad():
        made = module(torch.randn(3, *shape, dtype=torch.float64))
    return list(made) if isinstance(made, tuple) else [made]


def flops_of(module: nn.Module, shape: tuple[int, ...]) -> int:
    """What torch counts where it chooses no kernel of a device."""
    without = copy.deepcopy(module).requires_grad_(False).to("meta")  # gradients are followed
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), torch.device("meta"), counter:
        without(torch.empty(1, *shape, dtype=torch.float64))
    return int(counter.get_total_flops())


def copied(source: nn.Module, target: nn.Module) -> None:
    """The weights of one module in another, which calls them the same but for dots."""
    theirs = {_plain(name): tensor for name, tensor in _every(source)}
    with torch.no_grad():
        for name, tensor in _every(target):
            tensor.copy_(theirs[_plain(name)])


def _every(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    held = [*module.named_parameters(remove_duplicate=False)]
    return [*held, *module.named_buffers(remove_duplicate=False)]


def _plain(name: str) -> str:
    """Without the names of what holds a weight, or applies a layer to each."""
    return name.removesuffix(".value").replace(".layer.", ".").replace(".", "_")


@settings(
    examples(0.25, nightly=500), suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(modules())
def test_random_modules(drawn: Any) -> None:
    module, shape = drawn
    assume(module.steps)
    module.double()
    outputs, flops = ran(module, shape), flops_of(module, shape)
    net = ac.from_torch(module, shape)
    trace = net.trace()
    assert not [row for row in trace if isinstance(row.layer, Opaque) and row.layer.why]
    assert trace.parameters == sum(p.numel() for p in module.parameters())
    assert [tuple(one) for one in trace.outputs] == [tuple(y.shape[1:]) for y in outputs]
    assert trace.flops == flops
    if any(isinstance(row.layer, Opaque) for row in trace):
        return  # weights that reach no output
    built = net.to_torch().double().eval()
    assert sum(p.numel() for p in built.parameters()) == trace.parameters
    copied(module, built)
    for ours, theirs in zip(ran(built, shape), outputs, strict=True):
        torch.testing.assert_close(ours, theirs)
    assert flops_of(built, shape) == flops
