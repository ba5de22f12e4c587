"""Drawing random networks, against Hypothesis drawing lists of numbers that say as much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from archcalc.testing import networks

COUNT = 200
NUMBERS = st.lists(st.lists(st.integers(0, 9), min_size=10, max_size=10), min_size=1, max_size=8)
"""Up to eight layers of ten choices each."""

DRAWN: dict[str, SearchStrategy[Any]] = {
    f"{COUNT} lists of up to 80 numbers": NUMBERS,
    f"{COUNT} networks of up to 8 layers": networks(max_layers=8),
    f"{COUNT} networks that Keras and torch have": networks(8, frameworks=("keras", "torch")),
}


@pytest.mark.benchmark(group="draw random networks (aim: 200 a second)")
@pytest.mark.parametrize("what", list(DRAWN))
def test_draw(benchmark: Any, what: str) -> None:
    benchmark.extra_info.update(baseline="lists" in what, what=what)
    seen: list[Any] = []

    @settings(max_examples=COUNT, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
    @given(DRAWN[what])
    def draw(value: Any) -> None:
        seen.append(value)

    benchmark.pedantic(draw, rounds=5, warmup_rounds=1)
    assert len(seen) >= COUNT
