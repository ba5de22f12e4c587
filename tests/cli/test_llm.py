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


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"architectures": ["LlamaForCausalLM"], "hidden_size": 64}, "model_type is missing"),
        ({"model_type": "llama", "num_hidden_layers": 0}, "num_hidden_layers is 0"),
    ],
)
def test_what_a_configuration_lacks_is_said_of_its_file(
    run: Any, tmp_path: Path, config: dict[str, Any], said: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    done = run("llm", str(path))
    assert done.code == 2
    assert said in done.err
    assert "config.json: " in done.err


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


def names(sheet: Any) -> set[str]:
    return {line.name for line in sheet.lines}


def test_an_encoder_reads_all_at_once_and_writes_nothing() -> None:
    sheet = ac.deploy(ac.families.encoder(2, 16, 32, 50, 2, 8, positions=64), memory="1MiB")
    assert {"FLOPs of a forward pass", "activations", "longest sequence"} <= names(sheet)
    wrong = {"cache", "cache a token", "FLOPs of a token more", "FLOPs of a prefill"}
    assert not names(sheet) & wrong
    assert sheet["longest sequence"].result == 64


def test_a_state_of_one_size_is_of_a_sequence() -> None:
    """Mamba: a state of N numbers for each of E features, and the c − 1 positions seen last."""
    sheet = ac.deploy(ac.families.mamba(2, 8, 50, 16, 4, 3, 1))
    assert "cache a token" not in names(sheet)
    assert sheet["cache a sequence"].result == sheet["cache"].result


def test_an_encoder_and_its_decoder_have_one_length() -> None:
    """Each layer of the decoder keeps keys and values of its own words, and of the source's."""
    net = ac.families.encoder_decoder(1, 3, 16, 32, 50, 2, 8)
    where = ac.costs.Deployment(batch=2, length=10)
    sheet = ac.deploy(net, where)
    each = 2 * 2 * 8 * 2 * 3  # keys and values, heads, features, bytes, layers
    assert sheet["cache a token"].result == each
    assert sheet["cache"].result == 2 * 10 * (each + each)
    assert ac.deploy(net, where, s=30)["cache"].result == 2 * (10 * each + 30 * each)
    assert any("as long as" in note for note in sheet.notes)


def test_a_step_of_a_decoder_takes_nothing_of_the_encoder() -> None:
    """At the head, one vector and its scores are alive, however long the source was."""
    width, words, batch, bytes_ = 16, 5000, 2, 2
    net = ac.families.encoder_decoder(2, 3, width, 32, words, 2, 8, buckets=4)
    sheet = ac.deploy(net, ac.costs.Deployment(batch=batch, length=10), s=3000)
    assert sheet["activations of a step"].result == batch * bytes_ * (width + words)
    whole = ac.families.encoder_decoder(2, 3, width, 32, words, 2, 8).trace((3000,), (1,))
    alone = ac.families.decoder([], width, words).trace((1,))
    assert whole.cost(ac.costs.PeakBytes(beforehand=(0,))) == alone.cost(ac.costs.PeakBytes())


def test_a_token_more_of_a_decoder_is_one_that_it_writes() -> None:
    """Prefills of one token more and of so many, of the same source, differ by it."""
    net = ac.families.encoder_decoder(1, 2, 8, 12, 20, 2, 4)
    flops = ac.costs.Flops(mask="exact")
    more, less = (net.trace((6,), (n,)).cost(flops)() for n in (8, 7))
    found = net.trace(("s",), ("t",)).cost(ac.costs.DecodeFlops())
    assert found(s=6, t=7) == more - less
