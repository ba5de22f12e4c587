"""What Keras gives where TensorFlow is, written down for where it is not.

Five of Keras' layers are made of TensorFlow's hash tables and text operations, whichever backend
Keras runs on.  Where TensorFlow is installed they are tested like every other layer; for everywhere
else this writes down random layers, their inputs, and the shapes that came out of Keras:

    python -m tests.frameworks.recording
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from archcalc.layers import Layer
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers, shapes_in_keras
from archcalc.testing.in_keras import ON_TENSORFLOW

RECORD = Path(__file__).with_name("keras_on_tensorflow.json")

MOST = 220
"""More than the examples that a layer is tested on."""


def record(kind: str) -> list[str]:
    """Examples of one kind, each once: its fields, its inputs, and what came out of Keras."""
    found: dict[str, None] = {}

    @settings(
        max_examples=3 * MOST,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(layers([kind], framework="keras"))
    def seen(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        if len(found) >= MOST:
            return
        layer, inputs = pair
        result = shapes_in_keras(layer, inputs)
        assert result.output is not None
        shapes = [list(x) for x in inputs]
        example = [layer.given(), shapes, list(result.output), list(result.weights)]
        found[json.dumps(example, ensure_ascii=False)] = None

    seen()
    return list(found)


def main() -> None:
    """Write the record anew."""
    import keras
    import tensorflow

    head: dict[str, Any] = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
    said = [f'"{name}": "{version}"' for name, version in head.items()]
    said.append('"each": "fields, inputs, output, weights; without the batch"')
    for kind in sorted(ON_TENSORFLOW):
        said.append(f'"{kind}": [\n' + ",\n".join(record(kind)) + "\n]")
    RECORD.write_text("{\n" + ",\n".join(said) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
