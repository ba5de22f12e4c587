"""Reading a model of torch and counting it, against torchinfo, which runs it as well."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchinfo
from sympy.core.cache import clear_cache
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.symbolic import division
from tests.frameworks.architectures import ResNet

GROUP = "ResNet-152 from torch, read and counted (aim: at most the time of torchinfo)"
PARAMETERS = 60_192_808  # https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet152.html


@pytest.fixture(scope="module")
def resnet152() -> Any:
    with torch.device("meta"):
        return ResNet([3, 8, 36, 3]).eval()


@pytest.mark.benchmark(group=GROUP)
def test_torchinfo_on_meta(benchmark: Any, resnet152: Any) -> None:
    benchmark.extra_info.update(baseline=True, what="torchinfo.summary on the meta device")

    def count() -> int:
        result = torchinfo.summary(resnet152, (1, 3, 224, 224), device="meta", verbose=0)
        return int(result.total_params)

    assert benchmark.pedantic(count, rounds=7, warmup_rounds=1) == PARAMETERS


@pytest.mark.benchmark(group=GROUP)
def test_from_torch(benchmark: Any, resnet152: Any) -> None:
    """Nothing is remembered from one round to the next."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        resnet152(torch.zeros(1, 3, 224, 224, device="meta"))
    benchmark.extra_info["what"] = "archcalc.from_torch, traced, parameters and MACs"

    def count() -> tuple[int, int]:
        clear_cache()
        division._divide.cache_clear()
        trace = ac.from_torch(resnet152, (3, 224, 224)).trace()
        return int(trace.parameters), int(trace.macs)

    expected = PARAMETERS, counter.get_total_flops() // 2
    assert benchmark.pedantic(count, rounds=7, warmup_rounds=1) == expected
