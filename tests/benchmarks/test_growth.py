"""How the cost grows: linearly with the layers of a chain, not at all with copies of a block."""

from __future__ import annotations

from typing import Any

import pytest

import archcalc as ac


def _chain(length: int) -> ac.Sequential:
    layers = [ac.Conv2D(8, 3, padding="same") for _ in range(length)]
    return ac.Sequential(layers, input_shape=(32, 32, 8))


@pytest.mark.benchmark(group="a chain of layers (aim: at most 11 times for 10 times the layers)")
@pytest.mark.parametrize("length", [1_000, 10_000])
def test_chain(benchmark: Any, length: int) -> None:
    net = _chain(length)
    benchmark.extra_info.update(baseline=length == 1_000, what=f"{length:,} layers")
    count = benchmark.pedantic(lambda: int(net.trace().parameters), rounds=7, warmup_rounds=1)
    assert count == length * (3 * 3 * 8 + 1) * 8


@pytest.mark.benchmark(group="a repeated block (aim: the cost of one)")
@pytest.mark.parametrize("times", [1, 1000, "L"])
def test_repeat(benchmark: Any, times: int | str) -> None:
    body = [ac.Conv2D("c", 3, padding="same"), ac.BatchNormalization(), ac.ReLU()]
    net = ac.Repeat(ac.Residual(body * 2), times)
    benchmark.extra_info.update(baseline=times == 1, what=f"Repeat(block, {times!r})")
    parameters = benchmark(lambda: net.trace(("h", "w", "c")).parameters)
    values = {"c": 3, "L": 2} if times == "L" else {"c": 3}
    assert parameters(**values) % ((3 * 3 * 3 + 1) * 3 + 2 * 3) == 0
