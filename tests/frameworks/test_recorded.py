"""Layers that Keras builds on TensorFlow only, against what it gave there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from archcalc.layers import Applied, layer_class
from archcalc.symbolic.shape import Shape
from archcalc.testing.in_keras import ON_TENSORFLOW
from tests.frameworks.recording import MOST, RECORD

RECORDED: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", sorted(ON_TENSORFLOW))
def test_layer_gives_what_keras_gave(kind: str) -> None:
    examples = RECORDED[kind]
    assert len({json.dumps(example) for example in examples}) >= min(200, MOST)
    for fields, inputs, output, weights in examples:
        layer = layer_class(kind)(**fields)
        applied = Applied(layer, tuple(Shape(x) for x in inputs))
        assert list(applied.output) == output, f"{layer!r} on {inputs}"
        assert [w.name for w in applied.weights] == weights


def test_the_record_says_where_it_comes_from() -> None:
    assert {"keras", "tensorflow"} <= RECORDED.keys()
