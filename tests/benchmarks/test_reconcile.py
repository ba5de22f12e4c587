"""Reconciling a wrong count, as a ratio to tracing the same network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import archcalc as ac

MODELS = {"ResNet-50": ac.families.resnet50, "DenseNet-121": ac.families.densenet121}


def _chain() -> ac.Sequential:
    """Fifty layers with weights."""
    layers = [ac.Conv2D(16 + 8 * (i % 4), 3, padding="same") for i in range(48)]
    return ac.Sequential(
        [*layers, ac.Flatten(), ac.Dense(100), ac.Dense(10)], input_shape=(16, 16, 3)
    )


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("what", ["trace", "total"])
def test_total(benchmark: Any, name: str, what: str) -> None:
    """A total without the classifier's bias; the baseline is the trace."""
    net = MODELS[name]()
    right = int(net.trace().parameters)
    benchmark.group = f"reconcile {name} by total"
    benchmark.extra_info.update(baseline=what == "trace", what=what)
    if what == "trace":
        assert benchmark(lambda: int(net.trace().parameters)) == right
        return
    found = benchmark(lambda: ac.reconcile(net, total=right - 1000))
    assert found.difference == 1000


@pytest.mark.parametrize("what", ["trace", "running"])
def test_running_totals(benchmark: Any, what: str) -> None:
    """Running totals of fifty layers, the biases forgotten; the baseline is the trace."""
    net, running, so_far = _chain(), {}, 0
    for row in net.trace().rows:
        kernels = [w.size for w in row.weights if w.role == "kernel"]
        so_far += sum(int(size) for size in kernels)
        if kernels:
            running[row.path] = so_far
    benchmark.group = "reconcile 50 layers by running totals"
    benchmark.extra_info.update(baseline=what == "trace", what=what)
    calls: dict[str, Callable[[], Any]] = {
        "trace": lambda: int(net.trace().parameters),
        "running": lambda: ac.reconcile(net, running=running),
    }
    found = benchmark(calls[what])
    assert what == "trace" or found.explained is True
