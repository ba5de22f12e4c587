"""Tracing ResNet-152 from a ready specification, against counters that need the built model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sympy.core.cache import clear_cache

import archcalc as ac
from archcalc.symbolic import division

RESNET152 = [3, 8, 36, 3]
GROUP = "count ResNet-152"


def _cold() -> None:
    """Nothing remembered: as in the first call of a process."""
    clear_cache()
    division._divide.cache_clear()
    division.least_value.cache_clear()


@pytest.mark.benchmark(group=GROUP)
def test_torchinfo_on_meta(benchmark: Any, resnet: Callable[..., ac.Sequential]) -> None:
    """The peer: torchinfo on the model built on the meta device; the building is not timed."""
    import torch
    import torchinfo

    with torch.device("meta"):
        module = resnet(RESNET152, 64, (3, 224, 224), "channels_first").to_torch()
    benchmark.extra_info.update(baseline=True, what="torchinfo.summary on the meta device")

    def count() -> int:
        result = torchinfo.summary(module, (1, 3, 224, 224), device="meta", verbose=0)
        return int(result.total_params)

    assert benchmark(count) == 60_192_808


@pytest.mark.benchmark(group=GROUP)
def test_keras_build_and_count(benchmark: Any) -> None:
    """The other peer: Keras has to build the model before it can count."""
    import keras

    benchmark.extra_info["what"] = "keras.applications.ResNet152 built and counted"

    def count() -> int:
        return int(keras.applications.ResNet152(weights=None).count_params())

    assert benchmark.pedantic(count, rounds=2) == 60_419_944


@pytest.mark.benchmark(group=GROUP)
def test_numbers(benchmark: Any, resnet: Callable[..., ac.Sequential]) -> None:
    net = resnet(RESNET152, 64, (224, 224, 3))
    benchmark.extra_info["what"] = "archcalc, numbers: trace, parameters, MACs"

    def count() -> tuple[int, int]:
        trace = net.trace()
        return int(trace.parameters), int(trace.macs)

    assert benchmark.pedantic(count, setup=_cold, rounds=20)[0] == 60_192_808


@pytest.mark.benchmark(group=GROUP)
def test_symbols_traced(benchmark: Any, resnet: Callable[..., ac.Sequential]) -> None:
    h, w, c = ac.symbols("h w c")
    net = resnet(RESNET152, c, (h, w, 3))
    benchmark.extra_info["what"] = "archcalc, symbolic height, width, channels: trace alone"
    trace = benchmark.pedantic(net.trace, setup=_cold, rounds=20)
    assert len(trace.rows) == 514


@pytest.mark.benchmark(group=GROUP)
def test_symbols(benchmark: Any, resnet: Callable[..., ac.Sequential]) -> None:
    h, w, c = ac.symbols("h w c")
    net = resnet(RESNET152, c, (h, w, 3))
    benchmark.extra_info["what"] = "archcalc, the same: trace, parameters, MACs"

    def count() -> tuple[ac.Formula, ac.Formula]:
        trace = net.trace()
        return trace.parameters, trace.macs

    parameters, macs = benchmark.pedantic(count, setup=_cold, rounds=20)
    assert parameters(c=64) == 60_192_808
    assert macs(h=224, w=224, c=64) == int(resnet(RESNET152, 64, (224, 224, 3)).trace().macs)
