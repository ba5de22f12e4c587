"""Source code of Keras and torch: read without running it, it counts as the frameworks count."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import Any

import pytest

import archcalc as ac
from tests.frameworks import keras_sources, torch_sources


def read(text: str, *args: Any, **kwargs: Any) -> ac.Network:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ac.ArchcalcWarning)
        return ac.from_source(text, *args, **kwargs)


def executed(text: str, name: str) -> Any:
    """What the framework itself makes of a text."""
    module = ModuleType("pasted")
    sys.modules["pasted"] = module  # dataclasses look it up
    exec(text, vars(module))
    made = getattr(module, name)
    return made() if isinstance(made, type) else made


@pytest.mark.parametrize("snippet", keras_sources.SNIPPETS)
def test_keras_counts_the_same(snippet: str) -> None:
    pytest.importorskip("keras")
    name, text = keras_sources.SNIPPETS[snippet]
    trace = read(text, name).trace()
    assert trace.total_params == executed(text, name).count_params()


@pytest.mark.parametrize("snippet", torch_sources.SNIPPETS)
def test_torch_counts_the_same(snippet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *where: self)  # it stays on meta
    name, shape, text = torch_sources.SNIPPETS[snippet]
    with torch.device("meta"):
        module = executed(text, name)
        theirs = sum(p.numel() for p in module.parameters())
    trace = read(text, name, shape).trace()
    assert trace.parameters == theirs


def test_the_listing_of_the_question() -> None:
    # shared/truth: hand_counts.json, seed-mnist-242, by Keras 3.15.1
    assert read(keras_sources.SEED).trace().parameters == 542_230
