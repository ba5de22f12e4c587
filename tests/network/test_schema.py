"""The JSON Schema: valid itself, and it takes what is read and refuses what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

import archcalc as ac
from archcalc.network.spec.files import Source
from archcalc.network.spec.schema import json_schema
from archcalc.testing import layers, networks
from tests.sampling import slow

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FILES = sorted(path for path in EXAMPLES.glob("*.*") if path.suffix in (".yaml", ".toml", ".json"))
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@slow
def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_layer_is_in_it_and_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    assert set(ac.layers.layer_classes()) <= set(schema["$defs"])
    for part in json.dumps(schema).split('"$ref": "#/$defs/')[1:]:
        assert part.partition('"')[0] in schema["$defs"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_examples_are_valid(path: Path) -> None:
    source = Source(path.name, path.read_text(encoding="utf-8"), path.suffix[1:])
    VALIDATOR.validate(source._value())


@given(networks())
def test_what_is_written_is_valid(net: ac.Network) -> None:
    VALIDATOR.validate(net.to_dict())


@given(layers())
def test_every_layer_that_is_written_is_valid(drawn: tuple[ac.Layer, Any]) -> None:
    layer = drawn[0]
    if isinstance(layer, ac.Lambda) and layer.function is not None:
        layer = ac.Lambda()  # no file holds a function
    VALIDATOR.validate(ac.Sequential([layer]).to_dict())


@pytest.mark.parametrize(
    "mapping",
    [
        {"layers": []},
        {"layers": [["Flatten", []], {"Parallel": [[], ["Flatten"], "Flatten"]}]},
        {"layers": ["Flatten", {"Flatten": None}, {"Dense": 3}, {"Dense": [3, "relu"]}]},
        {"layers": [{"Conv2D": ["f", 3]}, {"Conv2D": {"filters": 8, "kernel_size": [3, 5]}}]},
        {"layers": [{"MaxPooling2D": [2, 2]}, {"Reshape": [7, -1]}, {"PReLU": [1]}]},
        {"layers": [{"Residual": ["Flatten"]}, {"Repeat": {"block": ["ReLU"], "times": "L"}}]},
        {"layers": [{"Sequential": ["ReLU"]}, {"Sequential": {"layers": [], "name": "s"}}]},
        {"input": 4, "layers": [{"Dense": {"units": 3, "inputs": "input"}}, {"Shared": "dense"}]},
        {"inputs": {"a": [4]}, "layers": [{"Add": {"inputs": ["a", "a"]}}], "outputs": ["add"]},
        {"layers": [{"Model": {"input": [4], "layers": ["ReLU"], "outputs": "re_lu"}}]},
        {"archcalc": 1, "network": {"Residual": [{"Dense": 3}]}},
        {"$schema": "archcalc-1.json", "network": {"Residual": [{"Dense": 3}]}},
    ],
)
def test_short_and_nested_forms_are_valid(mapping: Any) -> None:
    VALIDATOR.validate(mapping)
    ac.from_dict(mapping)


@pytest.mark.parametrize(
    "mapping",
    [
        [],
        {},
        {"layers": 3},
        {"layers": [3]},
        {"layers": [], "layer": []},
        {"archcalc": 2, "layers": []},
        {"archcalc": "1", "layers": []},
        {"archcalc": True, "layers": []},
        {"archcalc": None, "layers": []},
        {"$schema": 3, "layers": []},
        {"layers": ["Dense"]},
        {"layers": ["Dens"]},
        {"layers": [{}]},
        {"layers": [{"Dense": None}]},
        {"layers": [{"Dense": {}}]},
        {"layers": [{"Dense": {"unit": 3}}]},
        {"layers": [{"Dense": 3, "Flatten": None}]},
        {"layers": [{"Dense": [3, "rellu"]}]},
        {"layers": [{"Conv2D": [3]}]},
        {"layers": [{"Dropout": 2}]},
        {"layers": [{"Sequential": {"layers": [], "outputs": "x"}}]},
        {"layers": [{"Model": {"layers": []}}]},
        {"layers": [{"Shared": {"name": "x"}}]},
        {"network": {"Residual": []}, "layers": []},
        {"layers": [], "name": ""},
    ],
)
def test_what_is_not_read_is_not_valid(mapping: Any) -> None:
    assert not VALIDATOR.is_valid(mapping)
    with pytest.raises(ac.ArchcalcError):
        ac.from_dict(mapping)
