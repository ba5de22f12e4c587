"""Architectures to measure, and the table of ratios at the end of a run.

Every benchmark belongs to a group that has one baseline: a peer, or the smallest case.  What is
reported is the ratio of medians within the group, measured in the same run; where a benchmark says
how many it goes through (``each``), of one of them.  Nothing is asserted about time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from tests.sampling import NIGHTLY


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is measured is run where it is measured, and once in ``nightly``."""
    if not config.option.benchmark_enable and not NIGHTLY:
        here = Path(__file__).parent
        unmeasured = pytest.mark.skip(reason="benchmarks are run with --benchmark-enable")
        for item in items:
            if here in item.path.parents:
                item.add_marker(unmeasured)


def bottleneck(width: Any, stride: int, project: bool, data_format: str) -> ac.Network:
    """He et al. (2015), figure 5 right, with torchvision's stride on the 3×3 convolution."""
    axis = 1 if data_format == "channels_first" else -1

    def conv(filters: Any, k: int, s: int = 1) -> list[ac.Layer]:
        pad = 1 if k == 3 else 0
        plain = ac.Conv2D(filters, k, s, pad, data_format, use_bias=False)
        return [plain, ac.BatchNormalization(axis=axis)]

    body = [
        *conv(width, 1),
        ac.ReLU(),
        *conv(width, 3, stride),
        ac.ReLU(),
        *conv(4 * width, 1),
    ]
    shortcut = conv(4 * width, 1, stride) if project else None
    return ac.Sequential([ac.Residual(body, shortcut), ac.ReLU()])


def make_resnet(
    depths: Sequence[int], width: Any, shape: Sequence[Any], data_format: str = "channels_last"
) -> ac.Sequential:
    """A bottleneck ResNet, layer by layer, with a specification of its own for every layer."""
    axis = 1 if data_format == "channels_first" else -1
    layers: list[ac.Layer] = [
        ac.Conv2D(width, 7, 2, 3, data_format, use_bias=False),
        ac.BatchNormalization(axis=axis),
        ac.ReLU(),
        ac.MaxPooling2D(3, 2, 1, data_format),
    ]
    for stage, depth in enumerate(depths):
        for block in range(depth):
            stride = 2 if stage and block == 0 else 1
            layers.append(bottleneck(width * 2**stage, stride, block == 0, data_format))
    layers += [ac.GlobalAveragePooling2D(data_format), ac.Dense(1000)]
    return ac.Sequential(layers, input_shape=tuple(shape))


@pytest.fixture
def resnet() -> Callable[..., ac.Sequential]:
    """Builds ResNets; ``resnet([3, 8, 36, 3], 64, (224, 224, 3))`` is ResNet-152."""
    return make_resnet


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The ratios of medians within each group."""
    session = getattr(terminalreporter.config, "_benchmarksession", None)
    groups: dict[str, list[Any]] = defaultdict(list)
    for bench in getattr(session, "benchmarks", []):
        if bench.group and bench.has_error is False and bench.stats.rounds:
            groups[bench.group].append(bench)
    if not groups:
        return
    terminalreporter.section("ratios of medians in this run")
    for group, benches in sorted(groups.items()):
        base = next((b for b in benches if b.extra_info.get("baseline")), benches[0])
        terminalreporter.line(group)
        for bench in benches:
            ratio = _each(bench) / _each(base)
            mark = "   baseline" if bench is base else f"{ratio:11.4f} × baseline"
            peak = bench.extra_info.get("peak")
            name = bench.extra_info.get("what", bench.name)
            memory = f" (at most {peak / 1e6:,.0f} MB at once)" if peak else ""
            terminalreporter.line(f"  {_shown(_each(bench)):>14s} {mark:24s} {name}{memory}")


def _each(bench: Any) -> float:
    """Seconds for one of what a benchmark goes through."""
    return float(bench.stats.median) / bench.extra_info.get("each", 1)


def _shown(seconds: float) -> str:
    """Seconds in a unit in which they are easy to read.

    >>> _shown(0.0215), _shown(3.4e-9)
    ('21.500 ms', '3.400 ns')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:,.3f} {unit}"
    return f"{seconds * 1e9:,.3f} ns"
