"""Writes ``keras_applications.json.gz``: what Keras says of all models of `keras.applications`.

Run ``python -m tests.data.keras_applications``; it builds all 40, and takes minutes.  Of each it
writes the total, the trainable and the non-trainable parameters, and of every layer the name, the
parameters and the shape that comes out; a model in a model is one layer.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

__all__ = ["DATA", "builders", "building", "figures_of", "load"]

DATA = Path(__file__).with_name("keras_applications.json.gz")


def load() -> dict[str, Any]:
    """The figures by the name of the model, and under "keras" the version that gave them."""
    found: dict[str, Any] = json.loads(gzip.decompress(DATA.read_bytes()))
    return found


def builders() -> dict[str, Callable[..., Any]]:
    """The functions of `keras.applications`, by name."""
    import keras

    there = vars(keras.applications)
    return {name: make for name, make in there.items() if name[0].isupper() and callable(make)}


@contextmanager
def building() -> Iterator[None]:
    """NASNetMobile is built on torch as well, which refuses to run it."""
    name = "keras.src.applications.nasnet.backend"
    real = __import__(name.rpartition(".")[0], fromlist=["backend"]).backend
    with patch(name, SimpleNamespace(**{**vars(real), "backend": lambda: "any"})):
        yield


def figures_of(model: Any) -> dict[str, Any]:
    """What Keras says of a model."""

    def size(weights: Any) -> int:
        return sum(math.prod(weight.shape) for weight in weights)

    return {
        "total": model.count_params(),
        "trainable": size(model.trainable_weights),
        "non_trainable": size(model.non_trainable_weights),
        "layers": [
            [layer.name, layer.count_params(), list(layer.output.shape[1:])]
            for layer in model.layers
            if type(layer).__name__ != "InputLayer"
        ],
    }


def main() -> None:
    """Write the file."""
    import keras

    made: dict[str, Any] = {"keras": keras.__version__}
    with building():
        for name, make in builders().items():
            made[name] = figures_of(make(weights=None))
            print(name, made[name]["total"], flush=True)
    text = json.dumps(made, separators=(",", ":")).encode()
    DATA.write_bytes(gzip.compress(text, mtime=0))


if __name__ == "__main__":
    main()
