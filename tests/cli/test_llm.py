"""``archcalc llm``: one sheet on a language model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.families import llama


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    ac.save(llama(3, 32, 48, 64, 4, 2, 8), path)
    return str(path)


def test_sheet_is_the_same_as_in_python(run: Any, small: str) -> None:
    options = ("--batch", "8", "--length", "128", "--tensor", "2", "--memory", "1MiB")
    done = run("llm", small, *options, "--format", "json")
    assert done.code == 0
    found = json.loads(done.out)["lines"]
    where = ac.costs.Deployment(batch=8, length=128, mesh=ac.costs.Mesh(tensor=2))
    sheet = ac.deploy(llama(3, 32, 48, 64, 4, 2, 8), where, memory="1MiB")
    for name in ("weights", "cache", "training together", "FLOPs of a prefill", "largest batch"):
        assert found[name]["value"] == sheet[name].result()
        assert ac.Formula(found[name]["formula"]) == sheet[name].formula


def test_a_configuration_of_hugging_face(run: Any, tmp_path: Path) -> None:
    """Llama-3-8B on two devices: 7.48 GiB of weights and 4.00 GiB of cache on each."""
    config = {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
              "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
              "vocab_size": 128256}  # fmt: skip
    path = tmp_path / "Llama-3-8B" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(config))
    options = ("--batch", "8", "--length", "8192", "--dtype", "bf16", "--tensor", "2")
    done = run("llm", str(path), *options, "--memory", "80GiB")
    assert done.code == 0
    first = "Llama-3-8B: weights 7.48 GiB and cache 4.00 GiB a device · fits"
    assert done.out.startswith(first)
    assert "8,030,261,248" in run("summary", str(path)).out


def test_a_line_is_derived(run: Any, small: str) -> None:
    done = run("llm", small, "--length", "128", "--derive", "cache")
    assert done.code == 0
    assert "192·batch·length" in done.out
    assert "self_attn/core" in done.out


def test_what_cannot_be_is_said(run: Any, small: str) -> None:
    for options, code in (
        (("--tensor", "3"), "parts-do-not-divide"),
        (("--dtype", "int5"), "unknown-number-format"),
        (("--derive", "caches"), "unknown-line"),
        (("--device", "H999"), "unknown-accelerator"),
        (("--memory", "much"), "bad-bytes"),
    ):
        done = run("llm", small, *options)
        assert done.code == 2, options
        assert code in done.err
