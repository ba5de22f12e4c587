"""Keras models where a FILE stands: archives, JSON, HDF5, and what a module makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

Run = Callable[..., Any]

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model")

TOTAL = "total 542,230 parameters (all trainable), 736,488 MACs, 2.07 MiB as float32"


def _mnist() -> Any:
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)), layers.Conv2D(32, 3), layers.MaxPooling2D(2),
            layers.Flatten(), layers.Dense(100), layers.Dense(10),
        ]
    )  # fmt: skip


def test_saved_models_stand_where_a_file_does(run: Run, tmp_path: Path) -> None:
    model = _mnist()
    model.save(tmp_path / "net.keras")
    model.save(tmp_path / "net.h5")
    (tmp_path / "net.json").write_text(model.to_json(), encoding="utf-8")
    for ending in ("keras", "h5", "json"):
        answer = run("summary", str(tmp_path / f"net.{ending}"))
        assert (answer.code, answer.lines[-1]) == (0, TOTAL)


def test_a_function_of_keras_is_called_with_arguments_and_without_weights(run: Run) -> None:
    name = "keras.applications:MobileNetV2"
    answer = run("summary", name, "--call", "alpha=0.35", "--call", "input_shape=(96, 96, 3)")
    assert (answer.code, answer.err) == (0, "")
    # https://keras.io/api/applications/mobilenet/: Keras' own count of the model
    assert answer.lines[-1].startswith("total 1,677,128 parameters")
    wrong = run("summary", name, "--call", "depth=3")
    assert wrong.code == 2
    assert "cannot be called like that" in wrong.err


def test_what_goes_in_is_said_where_a_model_does_not(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(keras.Sequential([layers.Dense(3)]).to_json(), encoding="utf-8")
    silent = run("summary", str(path))
    assert silent.code == 2
    assert "--input 28,28,1" in silent.err
    assert run("summary", str(path), "--input", "n").lines[-1].startswith("total 3·(n + 1)")
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"PK\x03\x04")
    answer = run("summary", str(broken))
    assert answer.code == 2
    assert "[broken-archive]" in answer.err


def test_what_a_class_makes_is_converted(run: Run) -> None:
    told = ("--call", "in_features=3", "--call", "out_features=4", "--input", "3")
    answer = run("convert", "torch.nn:Linear", *told, "--to", "keras")
    assert (answer.code, answer.err) == (0, "")
    assert "layers.Dense(4" in answer.out
