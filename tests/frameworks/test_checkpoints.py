"""Checkpoints held against their configurations, by their headers alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archcalc.errors import SpecificationError
from archcalc.frameworks.checkpoints import verify
from archcalc.frameworks.checkpoints.gguf_names import expected_in_gguf
from archcalc.frameworks.huggingface.reading import read_config
from archcalc.frameworks.huggingface.tensors import expected_tensors

LLAMA = {
    "model_type": "llama", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 50,
}  # fmt: skip

MIXTRAL = {**LLAMA, "model_type": "mixtral", "num_local_experts": 3}


def arrays(config: dict[str, Any]) -> dict[str, Any]:
    return {t.name: np.zeros(t.shape, np.float16) for t in expected_tensors(read_config(config))}


def saved(folder: Path, tensors: dict[str, Any], name: str = "model.safetensors") -> Path:
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file(tensors, folder / name)
    return folder / name


@pytest.mark.parametrize("config", [LLAMA, MIXTRAL], ids=["llama", "mixtral"])
def test_a_checkpoint_of_the_network_agrees(config: dict[str, Any], tmp_path: Path) -> None:
    found = verify(config, saved(tmp_path, arrays(config)))
    assert found.agrees
    assert found.matched == len(arrays(config))
    assert found.parameters == sum(a.size for a in arrays(config).values())


def test_released_names_of_mixtral() -> None:
    """As in https://huggingface.co/mistralai/Mixtral-8x7B-v0.1, its index."""
    names = {t.name for t in expected_tensors(read_config(MIXTRAL))}
    assert "model.layers.1.block_sparse_moe.experts.2.w3.weight" in names


def test_what_is_missing_differs_or_is_too_much_is_named(tmp_path: Path) -> None:
    tensors = arrays(LLAMA)
    del tensors["model.norm.weight"]
    tensors["model.layers.1.mlp.up_proj.weight"] = np.zeros((24, 17), np.float16)
    tensors["model.layers.2.input_layernorm.weight"] = np.zeros(16, np.float16)
    found = verify(LLAMA, saved(tmp_path, tensors))
    assert not found.agrees
    assert found.missing == ("model.norm.weight",)
    assert found.unexpected == ("model.layers.2.input_layernorm.weight",)
    assert found.differing == (("model.layers.1.mlp.up_proj.weight", (24, 16), (24, 17)),)
    for name in (*found.missing, *found.unexpected, "24×17"):
        assert name in found.to_text()


def test_an_index_has_names_and_its_files_shapes(tmp_path: Path) -> None:
    tensors = arrays(LLAMA)
    size = sum(2 * a.size for a in tensors.values())
    index = {"metadata": {"total_size": size},
             "weight_map": dict.fromkeys(tensors, "a.safetensors")}  # fmt: skip
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps(index), encoding="utf-8")
    alone = verify(LLAMA, path)
    assert alone.agrees
    assert alone.unchecked == len(tensors)
    assert alone.size == 2 * alone.parameters
    saved(tmp_path, tensors, "a.safetensors")
    assert verify(LLAMA, path).unchecked == 0


def test_packed_weights_are_recognised(tmp_path: Path) -> None:
    tensors = arrays(LLAMA)
    packed = {}
    for name, array in tensors.items():
        if "_proj" not in name:
            packed[name] = array
            continue
        base = name.removesuffix(".weight")
        packed[f"{base}.qweight"] = np.zeros((2, 3), np.int32)
        packed |= {f"{base}.{part}": np.zeros(2, np.float16) for part in ("qzeros", "scales")}
    found = verify(LLAMA, saved(tmp_path, packed))
    assert found.agrees
    assert found.packing == "AWQ or GPTQ"
    assert found.unchecked == 14


def test_fp8_has_scales_beside_weights(tmp_path: Path) -> None:
    tensors = arrays(LLAMA)
    scales = {f"{name}_scale_inv": np.zeros((1, 1), np.float32) for name in tensors
              if "_proj" in name}  # fmt: skip
    found = verify(LLAMA, saved(tmp_path, {**tensors, **scales}))
    assert found.agrees
    assert (found.packing, found.unchecked) == ("FP8 with scales", 0)


def test_a_gguf_agrees(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    words = {
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
        "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }  # fmt: skip
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "llama")
    for name, array in arrays(LLAMA).items():
        for theirs, ours in words.items():
            name = name.replace(theirs, ours)
        writer.add_tensor(name.replace("model.layers", "blk"), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert verify(LLAMA, tmp_path / "model.gguf").agrees


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\xff" * 64),
        ("model.safetensors", b"\x10\x00\x00\x00\x00\x00\x00\x00{not json at all"),
        ("model.safetensors", b""),
        ("model.gguf", b"GGUF" + b"\xff" * 60),
        ("model.gguf", b""),
        ("model.safetensors.index.json", b"{"),
        ("model.safetensors.index.json", b'{"weight_map": {"a": "../../elsewhere.safetensors"}}'),
        ("pytorch_model.bin", b"\x80\x04."),
        ("model.zip", b"PK"),
    ],
)
def test_a_hostile_file_gives_a_clear_error(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SpecificationError) as raised:
        verify(LLAMA, tmp_path / name)
    assert raised.value.code == "not-a-checkpoint"
    assert name in str(raised.value)


def test_a_packing_that_is_not_known_is_said_to_be_unknown(tmp_path: Path) -> None:
    tensors = arrays(LLAMA)
    name = "model.layers.0.mlp.up_proj.weight"
    tensors[name] = np.zeros((24, 8), np.uint8)
    found = verify(LLAMA, saved(tmp_path, tensors))
    assert found.packing == "U8 in a way that is not known"
    assert found.unchecked == 1
    assert "packed as U8 in a way that is not known" in found.to_text()


def test_a_file_of_an_index_that_is_not_there_is_named(tmp_path: Path) -> None:
    """What the files beside it hold is compared; a tensor that one of them has not is missing."""
    tensors = arrays(LLAMA)
    homes = {name: "a.safetensors" if "layers" in name else "b.safetensors" for name in tensors}
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": homes}), encoding="utf-8")
    there = {name: array for name, array in tensors.items() if homes[name] == "a.safetensors"}
    lost = there.popitem()[0]
    saved(tmp_path, there, "a.safetensors")
    found = verify(LLAMA, path)
    assert found.absent == ("b.safetensors",)
    assert found.missing == (lost,)
    assert found.unchecked == sum(home == "b.safetensors" for home in homes.values())
    assert "not beside the index, 1 of its files: b.safetensors" in found.to_text()


def test_a_file_of_a_bare_vision_transformer_has_the_names_it_was_released_with() -> None:
    """As in https://huggingface.co/google/vit-base-patch16-224-in21k."""
    vit = {"model_type": "vit", "architectures": ["ViTModel"], "num_hidden_layers": 1}
    shapes = {t.name: t.shape for t in expected_tensors(read_config(vit))}
    assert shapes["encoder.layer.0.attention.attention.query.weight"] == (768, 768)
    assert shapes["embeddings.cls_token"] == (1, 1, 768)
    assert shapes["pooler.dense.bias"] == (768,)


GGUF = {
    "mixtral": "llama", "gemma2": "gemma2", "deepseek_v2": "deepseek2", "mamba": "mamba",
    "gpt2": "gpt2", "stablelm": "stablelm", "gpt_oss": "gpt-oss", "bloom": "bloom", "t5": "t5",
}  # fmt: skip


@pytest.mark.parametrize("kind", GGUF)
def test_every_tensor_has_a_name_in_a_gguf(kind: str) -> None:
    """By llama.cpp's own table; what has none would be left out."""
    pytest.importorskip("gguf")
    small: dict[str, Any] = {"stablelm": {"qk_layernorm": True}}.get(kind, {})
    reading = read_config({"model_type": kind, "num_experts_per_tok": 2, **small})
    found = expected_in_gguf(reading, GGUF[kind], ())
    assert len(found) == len(expected_tensors(reading, "gguf"))
    before = ("blk.", "token_embd", "output", "position_embd", "enc.", "dec.")
    assert all(t.name.startswith(before) for t in found)
    assert len({t.name for t in found}) == len(found)


def test_an_architecture_of_a_gguf_that_is_not_known_is_named() -> None:
    pytest.importorskip("gguf")
    with pytest.raises(SpecificationError, match="'lama'"):
        expected_in_gguf(read_config(LLAMA), "lama", ())
