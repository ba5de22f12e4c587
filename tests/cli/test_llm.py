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


@pytest.mark.parametrize("option", ["--length", "--batch", "--tensor", "--data", "--pipeline"])
def test_a_number_that_is_none_names_its_option(run: Any, small: str, option: str) -> None:
    done = run("llm", small, option, "0")
    assert done.code == 2
    assert f"{option[2:]}: 0 is not a dimension" in done.err


@pytest.mark.parametrize("memory", ["-1GiB", "0", "0.2", "80QiB"])
def test_memory_is_a_number_of_bytes(run: Any, small: str, memory: str) -> None:
    done = run("llm", small, "--memory", memory)
    assert done.code == 2
    assert "[bad-bytes]" in done.err


def test_open_symbols_leave_the_verdict_open(run: Any, small: str) -> None:
    assert "whether it fits into 1.00 GiB depends on its symbols" in (
        run("llm", small, "--memory", "1GiB").out
    )


def test_what_does_not_grow_with_the_length_is_fitted_too(run: Any, tmp_path: Path) -> None:
    """Mamba keeps a state of one size, so that a given length stands in no formula of memory."""
    path = tmp_path / "config.json"
    path.write_text('{"model_type": "mamba", "hidden_size": 64, "num_hidden_layers": 2}')
    done = run("llm", str(path), "--length", "128", "--memory", "1GiB", "--format", "json")
    assert done.code == 0, done.err
    lines = json.loads(done.out)["lines"]
    batch, fixed = lines["largest batch"]["value"], lines["weights"]["value"]
    each = lines["inference together"]["value"] - fixed
    assert fixed + batch * each <= 2**30 < fixed + (batch + 1) * each
    assert "longest sequence" not in lines


def test_an_image_has_no_tokens() -> None:
    """Nothing of an image waits for a next token, and its height is no number of tokens."""
    image = ac.deploy(ac.families.vit(2, 16, 32, 2, 10, input_shape=(32, 32, 3)), memory="1GiB")
    names = {line.name for line in image.lines}
    assert "largest batch" in names
    assert not names & {"cache", "cache a token", "training FLOPs a token", "6·N·D", "PaLM"}


def test_a_first_axis_that_weights_depend_on_is_no_length() -> None:
    dense = ac.deploy(ac.Sequential([ac.Dense(10)], input_shape=784))
    assert dense["parameters"].result == 7850
