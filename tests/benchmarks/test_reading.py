"""Reading models that Keras saved, against Keras building the same models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

NAMES = ("MobileNetV2", "DenseNet121", "EfficientNetB0", "ResNet50")


@pytest.fixture(scope="module")
def configs() -> dict[str, str]:
    import keras

    return {name: getattr(keras.applications, name)(weights=None).to_json() for name in NAMES}


def _read(configs: dict[str, str]) -> int:
    import archcalc as ac

    return sum(int(ac.from_keras(text).trace().total_params) for text in configs.values())


def _build(configs: dict[str, str]) -> int:
    import keras

    return sum(int(keras.models.model_from_json(text).count_params()) for text in configs.values())


WAYS: dict[str, Callable[[dict[str, str]], int]] = {"Keras builds": _build, "archcalc reads": _read}


@pytest.mark.benchmark(group="configs of Keras, read and counted (aim: 20 times faster)")
@pytest.mark.parametrize("what", list(WAYS))
def test_configs(benchmark: Any, configs: dict[str, str], what: str) -> None:
    benchmark.extra_info.update(baseline="Keras" in what, what=what)
    total = benchmark.pedantic(lambda: WAYS[what](configs), rounds=3, warmup_rounds=1, iterations=1)
    assert total == _read(configs)
