"""Every class of the frameworks is a layer of archcalc, or there is a reason why not."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from archcalc.frameworks.coverage import (
    OUT_OF_SCOPE,
    Coverage,
    Framework,
    classes_of,
    compared,
    coverage,
    covered,
)
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.frameworks.torch_api.classes import ANYWHERE
from archcalc.layers import Layer, layer_class
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers, shapes_in_keras, shapes_in_torch
from archcalc.testing.in_keras import ON_TENSORFLOW
from tests.frameworks import (
    test_keras,
    test_keras_arguments,
    test_recorded,
    test_torch,
    test_torch_arguments,
    test_torch_names,
    test_values,
)
from tests.sampling import slow

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are using a softmax",
    "ignore:Using padding='same' with even kernel",
    "ignore:__array__ implementation",
)

FRAMEWORKS: tuple[Framework, ...] = ("keras", "torch")

HAD = {"keras": test_keras.HAD, "torch": test_torch.HAD}

LISTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("classes.json").read_text(encoding="utf-8")
)
"""The classes of the versions that archcalc was written for, whether they are installed or not."""


def rows(framework: Framework) -> dict[str, Coverage]:
    """What is installed, and what is listed beside."""
    found = {row.name: row for row in coverage(framework)}
    listed = {name: covered(name, framework) for name in LISTED[framework]["classes"]}
    return {**listed, **found}


def unknown(framework: Framework) -> list[str]:
    """Classes of which nothing is tested and no reason is given, or that are out of scope too."""
    return [name for name, row in rows(framework).items() if not row.known]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_class_is_covered_or_out_of_scope_with_a_reason(framework: Framework) -> None:
    assert unknown(framework) == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_nothing_is_out_of_scope_that_is_not_there(framework: Framework) -> None:
    assert OUT_OF_SCOPE[framework].keys() <= rows(framework).keys()


def test_a_new_class_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    class Novelty(torch.nn.Module):  # type: ignore[misc]
        pass

    monkeypatch.setattr(torch.nn, "Novelty", Novelty, raising=False)
    assert "Novelty" in classes_of("torch")
    assert unknown("torch") == ["Novelty"]


def test_a_class_that_is_forgotten_or_both_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = dict(OUT_OF_SCOPE["keras"])
    forgotten = {name: why for name, why in reasons.items() if name != "InputSpec"}
    both = {**reasons, "Dense": "a mistake"}
    for wrong, name in ((forgotten, "InputSpec"), (both, "Dense")):
        monkeypatch.setattr("archcalc.frameworks.coverage.OUT_OF_SCOPE", {"keras": wrong})
        assert unknown("keras") == [name]


def test_a_listed_class_is_noticed_before_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LISTED, "torch", {"classes": ["NotYet", "Linear"]})
    assert unknown("torch") == ["NotYet"]


# Every argument of a signature is taken, or refused with a reason that the table states


def _signature(framework: Framework, name: str) -> list[str]:
    """The arguments of a class, as the installed framework declares them."""
    if framework == "keras":  # what the base class takes as well
        theirs = test_keras_arguments._parameters
        return [*theirs(name, required=True), *theirs(name)]
    every = list(inspect.signature(classes_of("torch")[name].__init__).parameters.values())[1:]
    return [p.name for p in every if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


COVERED = [(framework, row) for framework in FRAMEWORKS for row in coverage(framework) if row.layer]


@pytest.mark.parametrize(("framework", "row"), COVERED, ids=lambda v: getattr(v, "name", v))
def test_every_argument_of_a_signature_is_taken_or_refused_as_the_table_states(
    framework: Framework, row: Coverage
) -> None:
    """How they are taken, and what they do then, the tests of each framework's arguments say."""
    name, cls = row.name, layer_class(row.layer)
    if framework == "torch":
        known = {*TORCH_CLASSES[name].signature.parameters, *ANYWHERE}
        needed = test_torch_arguments.base(name)[0]
        make: Any = TORCH_CLASSES[name]
    else:
        aliases = [f.validation_alias for f in cls.model_fields.values() if f.validation_alias]
        choices = {choice for alias in aliases for choice in getattr(alias, "choices", [alias])}
        known = {*cls.model_fields, *choices, *cls.built_with, "name", "trainable"}
        needed, make = test_keras_arguments._needed(name), cls
    found = set(_signature(framework, name))
    assert found <= known
    assert row.refused.keys() <= known
    assert not row.refused.keys() & row.unbuilt.keys()
    for argument in found & row.refused.keys():
        with pytest.raises(ArchcalcError, match=re.escape(f"{argument}")) as caught:
            make(**{**needed, argument: "circular" if argument == "padding_mode" else [1]})
        assert row.refused[argument] in str(caught.value)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_signatures_that_are_read_say_something(framework: Framework) -> None:
    """So that the test before does not pass because nothing was found."""
    found = {row.name: _signature(framework, row.name) for of, row in COVERED if of == framework}
    assert len(found) > 100
    assert sum(map(bool, found.values())) > 0.9 * len(found)
    expected = {"keras": {"units", "kernel_initializer"}, "torch": {"in_features", "bias"}}
    assert expected[framework] <= set(found[{"keras": "Dense", "torch": "Linear"}[framework]])


# What is said to be tested is tested


def kinds(framework: Framework) -> dict[str, tuple[str, ...]]:
    """Our layers that the framework has, and what is said to be tested of each."""
    return {row.layer: row.tested for row in rows(framework).values() if row.tested}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_is_said_to_be_tested_is_tested(framework: Framework) -> None:
    for kind, facts in kinds(framework).items():
        assert facts == compared(kind, framework)
        if kind in ON_TENSORFLOW:
            assert len(test_recorded.RECORDED[kind]) >= 200
        else:
            assert kind in HAD[framework]
        assert ("values" in facts) == (kind in test_values.BOTH), kind


def test_torchs_names_are_tested_under_torchs_names() -> None:
    names = {name for name, row in rows("torch").items() if row.tested}
    assert names == set(test_torch_names.TORCH_CLASSES)


@slow
@pytest.mark.parametrize(
    ("framework", "kind"),
    [(framework, kind) for framework in FRAMEWORKS for kind in HAD[framework]],
)
def test_macs_are_counted_where_that_is_said(framework: Framework, kind: str) -> None:
    """In one of ten random layers; whether the numbers agree is for other tests."""
    ask = {"keras": shapes_in_keras, "torch": shapes_in_torch}[framework]
    seen: list[bool] = []

    @settings(max_examples=10, phases=[Phase.generate], database=None)
    @given(layers([kind], framework=framework))
    def look(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
        if not any(seen):
            seen.append(ask(*pair).macs is not None)

    look()
    assert any(seen) == ("MACs" in compared(kind, framework))
