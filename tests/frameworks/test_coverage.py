"""Every class of the frameworks is a layer of archcalc, or there is a reason why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archcalc.frameworks.coverage import (
    OUT_OF_SCOPE,
    Coverage,
    Framework,
    classes_of,
    coverage,
    covered,
)
from tests.frameworks import test_keras, test_torch, test_values

FRAMEWORKS: tuple[Framework, ...] = ("keras", "torch")

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
    """Classes that are neither one of our layers nor out of scope, or that are both."""
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
    assert "Novelty" in unknown("torch")


def test_a_class_that_is_forgotten_or_both_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = dict(OUT_OF_SCOPE["keras"])
    forgotten = {name: why for name, why in reasons.items() if name != "InputSpec"}
    both = {**reasons, "Dense": "a mistake"}
    for wrong, name in ((forgotten, "InputSpec"), (both, "Dense")):
        monkeypatch.setattr("archcalc.frameworks.coverage.OUT_OF_SCOPE", {"keras": wrong})
        assert name in unknown("keras")


def test_a_listed_class_is_noticed_before_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LISTED, "torch", {"classes": ["NotYet", "Linear"]})
    assert unknown("torch")[:1] == ["NotYet"]


# What is said to be tested is tested


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_is_tested_is_what_the_tests_say(framework: Framework) -> None:
    tested = {"keras": test_keras.HAD, "torch": test_torch.HAD}[framework]
    for row in rows(framework).values():
        if row.layers:
            assert row.layers[0] in tested, row.name
            assert ("values" in row.tested) == (row.layers[0] in test_values.BOTH), row.name
