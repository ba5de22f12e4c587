"""Configurations of Hugging Face's models, read without transformers.

``transformers_released.json``: 18 released models as transformers 5.23 builds them on the meta
device; ``released_configs.json`` and ``released_models.json.gz``: 217 more, by 5.24;
``huggingface_models.json.gz``: small configurations at random.  Scripts beside them make them.
"""

from __future__ import annotations

import gzip
import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.errors import SpecificationError
from archcalc.frameworks.huggingface.reading import Reading, read_config
from archcalc.frameworks.huggingface.tensors import expected_tensors
from tests.data.huggingface_exceptions import counted_besides
from tests.sampling import NIGHTLY

DATA = Path(__file__).parents[1] / "data"

CLASSES = {
    "GPT2Config": "gpt2", "BertConfig": "bert", "LlamaConfig": "llama", "MixtralConfig": "mixtral",
    "Qwen2Config": "qwen2", "Qwen3Config": "qwen3", "GemmaConfig": "gemma", "T5Config": "t5",
    "ViTConfig": "vit", "DeepseekV2Config": "deepseek_v2", "FalconConfig": "falcon",
    "BloomConfig": "bloom", "OPTConfig": "opt", "GPTJConfig": "gptj", "GPTNeoXConfig": "gpt_neox",
    "MambaConfig": "mamba", "WhisperConfig": "whisper",
}  # fmt: skip

RELEASED = json.loads((DATA / "transformers_released.json").read_text("utf-8"))["models"]


def config_of(model: dict[str, Any]) -> dict[str, Any]:
    kind = CLASSES[model["config_class"]]
    return {"model_type": kind, "architectures": [model["model_class"]], **model["config"]}


@pytest.mark.parametrize("model", RELEASED, ids=lambda model: model["name"])
def test_released_models_hold_as_much_as_transformers_builds(model: dict[str, Any]) -> None:
    config = config_of(model)
    trace = ac.from_huggingface(config).trace()
    assert trace.parameters() == model["total_params"]
    active = model.get("active_params_incl_embeddings")
    if active is not None:
        assert trace.active_parameters() == active


CONFIGS = json.loads((DATA / "released_configs.json").read_text("utf-8"))
BUILT = json.loads(gzip.decompress((DATA / "released_models.json.gz").read_bytes()))["models"]


def patterns(reading: Reading) -> Counter[str]:
    """The tensors of a model, by their names without numbers and their shapes."""
    found: Counter[str] = Counter()
    for tensor in expected_tensors(reading, "transformers"):
        name = ".".join("*" if part.isdigit() else part for part in tensor.name.split("."))
        found[f"{name} {'x'.join(map(str, tensor.shape))}"] += 1
    return found


@pytest.mark.parametrize("name", list(CONFIGS) if NIGHTLY else list(CONFIGS)[::8])
@pytest.mark.filterwarnings("ignore:.*predict further words", "ignore:.*transformers 5 ties it")
@pytest.mark.filterwarnings("error")
def test_released_models_are_as_transformers_builds_them(name: str) -> None:
    """Parameters to the unit, and every tensor by name and shape; nothing in a file is strange.

    transformers 5 ties the head of T5 v1.1 and mT5, which released files hold: V·d more.
    """
    config, built = CONFIGS[name], BUILT[name]
    reading = read_config(config)
    head = {}
    if config["model_type"] in ("t5", "mt5") and config.get("tie_word_embeddings") is False:
        head = {f"lm_head.weight {config['vocab_size']}x{config['d_model']}": 1}
    assert patterns(reading) == {**built["tensors"], **head}
    more = config["vocab_size"] * config["d_model"] if head else 0
    assert reading.network().trace().parameters() == built["parameters"] + more


NAMED = [model for model in RELEASED if model["config_class"] != "ViTConfig"]
"""transformers 5.24 calls the tensors of a ViT otherwise than 5.23."""


@pytest.mark.parametrize("model", NAMED, ids=lambda model: model["name"])
def test_every_tensor_has_its_name_and_shape(model: dict[str, Any]) -> None:
    theirs = {f"{p['pattern']} {'x'.join(map(str, p['shape']))}": p["count"]
              for p in model["params_by_pattern"]}  # fmt: skip
    assert patterns(read_config(config_of(model))) == theirs


LLAMA = {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2}
MIXTRAL = {**LLAMA, "model_type": "mixtral", "num_key_value_heads": 2}


@pytest.mark.parametrize(
    ("config", "key", "code"),
    [
        ({"hidden_size": 64}, "model_type", "missing-key"),
        ({"model_type": "lama"}, "model_type", "unknown-model-type"),
        ({**LLAMA, "hidden_size": 66}, "hidden_size", "not-divisible"),
        ({**LLAMA, "num_key_value_heads": 3}, "num_key_value_heads", "invalid-field"),
        ({**LLAMA, "num_hidden_layers": 0}, "num_hidden_layers", "invalid-field"),
        ({**LLAMA, "num_hidden_layers": "many"}, "num_hidden_layers", "invalid-field"),
        ({**LLAMA, "num_hidden_layers": float("nan")}, "num_hidden_layers", "invalid-field"),
        ({**LLAMA, "num_hidden_layers": float("inf")}, "num_hidden_layers", "invalid-field"),
        ({**LLAMA, "vocab_size": True}, "vocab_size", "invalid-field"),
        ({**LLAMA, "tie_word_embeddings": "yes"}, "tie_word_embeddings", "invalid-field"),
        ({**LLAMA, "vocab_size": None}, "vocab_size", "missing-key"),
        ({**LLAMA, "hidden_act": "quirky"}, "hidden_act", "invalid-field"),
        ({**MIXTRAL, "num_experts_per_tok": 9}, "num_experts_per_tok", "invalid-field"),
        ({"model_type": "dots1"}, "n_routed_experts", "missing-key"),
        ({**LLAMA, "head_dim": 127}, "head_dim", "invalid-field"),
        ({**LLAMA, "num_key_value_heads": 0}, "num_key_value_heads", "invalid-field"),
        ({**LLAMA, "hidden_size": [64]}, "hidden_size", "invalid-field"),
        ({**LLAMA, "vocab_size": 10**30}, "vocab_size", "invalid-field"),
        ({**MIXTRAL, "num_local_experts": 0}, "num_local_experts", "invalid-field"),
        ({"model_type": "gptj", "rotary_dim": 500}, "rotary_dim", "invalid-field"),
        ({"model_type": "gpt2", "n_positions": 0}, "n_positions", "invalid-field"),
        (
            {"model_type": "deepseek_v3", "qk_rope_head_dim": 63},
            "qk_rope_head_dim",
            "invalid-field",
        ),
        ({"model_type": "deepseek_v3", "kv_lora_rank": None}, "kv_lora_rank", "missing-key"),
        ({"model_type": "bert", "type_vocab_size": 0}, "type_vocab_size", "invalid-field"),
        ({"model_type": "albert", "num_hidden_groups": 13}, "num_hidden_groups", "invalid-field"),
        (
            {"model_type": "t5", "relative_attention_num_buckets": 0},
            "relative_attention_num_buckets",
            "invalid-field",
        ),
        ({"model_type": "whisper", "decoder_attention_heads": 7}, "d_model", "not-divisible"),
        ({"model_type": "vit", "patch_size": 300}, "patch_size", "invalid-field"),
        ({"model_type": "vit", "num_attention_heads": 5}, "hidden_size", "not-divisible"),
        ({"model_type": "mamba", "time_step_rank": "many"}, "time_step_rank", "invalid-field"),
        (
            {"model_type": "gemma2", "layer_types": ["full_attention"]},
            "layer_types",
            "invalid-field",
        ),
        ({"model_type": "gemma3_text", "sliding_window": 0}, "sliding_window", "invalid-field"),
        (
            {"model_type": "qwen3_moe", "decoder_sparse_step": 0},
            "decoder_sparse_step",
            "invalid-field",
        ),
        (
            {"model_type": "gpt2", "add_cross_attention": True},
            "add_cross_attention",
            "invalid-field",
        ),
        ({"model_type": "llava", "text_config": "llama"}, "text_config", "invalid-field"),
        (
            {"model_type": "gemma3_text", "num_hidden_layers": 2, "layer_types": ["mamba"] * 2},
            "layer_types",
            "invalid-field",
        ),
    ],
)
def test_what_is_impossible_names_the_key(config: dict[str, Any], key: str, code: str) -> None:
    with pytest.raises(SpecificationError) as raised:
        ac.from_huggingface(config)
    assert raised.value.code == code
    assert raised.value.path == key
    assert key in str(raised.value)


@pytest.mark.parametrize(
    ("layers", "said"),
    [(0, "from 1 on"), (-3, "from 1 on"), (10**12, "at most 10,000,000,000"), (None, "is null")],
)
def test_what_would_be_possible_is_said(layers: Any, said: str) -> None:
    with pytest.raises(SpecificationError, match=said):
        ac.from_huggingface({**LLAMA, "num_hidden_layers": layers})


def test_formats_of_weights_that_are_not_read_are_named() -> None:
    quantized = {**LLAMA, "quantization_config": {"quant_method": "gptq", "bits": 4}}
    with pytest.warns(ac.ArchcalcWarning, match="quantization_config is not read"):
        net = ac.from_huggingface(quantized)
    assert net == ac.from_huggingface(LLAMA)


def test_one_architecture_may_be_a_text() -> None:
    def of(architecture: Any) -> Any:
        return ac.from_huggingface({**LLAMA, "architectures": architecture}).trace().parameters

    assert of("LlamaForCausalLM") == of(["LlamaForCausalLM"]) > of("LlamaModel")


def test_an_unknown_type_names_the_nearest() -> None:
    with pytest.raises(SpecificationError, match="llama"):
        ac.from_huggingface({"model_type": "lama"})


@pytest.mark.parametrize("text", ["{", "[]", "{'model_type': 1}", '{"model_type": 7}'])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(SpecificationError):
        ac.from_huggingface(text if text.startswith("{") else "{" + text)


def test_a_field_that_is_not_understood_is_named() -> None:
    with pytest.warns(ac.ArchcalcWarning, match="num_extra_towers"):
        ac.from_huggingface({**LLAMA, "num_extra_towers": 3})


def test_files_folders_texts_and_dicts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA), encoding="utf-8")
    found = {
        int(ac.from_huggingface(source).trace().parameters())
        for source in (LLAMA, json.dumps(LLAMA), path, str(path), tmp_path)
    }
    assert len(found) == 1


def test_the_words_of_a_model_of_images_are_read() -> None:
    wrapped = {"model_type": "gemma3", "text_config": {"hidden_size": 64, "num_hidden_layers": 2,
               "num_attention_heads": 4, "vocab_size": 99}}  # fmt: skip
    with pytest.warns(ac.ArchcalcWarning, match="not counted"):
        net = ac.from_huggingface(wrapped)
    inside = {"model_type": "gemma3_text", **wrapped["text_config"]}  # type: ignore[dict-item]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ac.from_huggingface(inside).trace().parameters == net.trace().parameters


SMALL = json.loads(gzip.decompress((DATA / "huggingface_models.json.gz").read_bytes()))["models"]

LENGTH = 7
"""How many words the models that were built read."""


@pytest.mark.parametrize("kind", SMALL)
def test_small_configurations_at_random_are_as_transformers_builds_them(kind: str) -> None:
    for case in SMALL[kind] if NIGHTLY else SMALL[kind][:2]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reading = read_config(case["config"], length=LENGTH)
        trace = reading.network().trace()
        assert trace.parameters() == case["parameters"], case["config"]
        sizes = dict.fromkeys(map(str, trace.flops.symbols), LENGTH)
        besides = counted_besides(reading.arguments, case["config"], LENGTH)
        assert trace.flops(**sizes) + besides == case["flops"], case["config"]


def test_a_field_that_another_switches_off_is_known(recwarn: pytest.WarningsRecorder) -> None:
    """As transformers writes a Falcon: ``num_kv_heads`` counts with the new decoder alone."""
    falcon = {"model_type": "falcon", "num_kv_heads": 71}
    assert ac.from_huggingface(falcon).trace().parameters == (
        ac.from_huggingface({"model_type": "falcon"}).trace().parameters
    )
    assert not recwarn.list


@pytest.mark.parametrize("key", ["num_experts", "num_local_experts"])
def test_no_experts_are_dense_layers(key: str) -> None:
    """As transformers builds it, of two layers: 716,712,192."""
    config = {"model_type": "qwen3_moe", key: 0, "num_hidden_layers": 2}
    assert ac.from_huggingface(config).trace().parameters == 716_712_192


def test_a_head_of_gpt2_that_is_not_tied_is_no_transposed_kernel() -> None:
    """As transformers builds it: a Linear over blocks of Conv1D."""
    config = {"model_type": "gpt2", "n_layer": 1, "tie_word_embeddings": False}
    shapes = {t.name: t.shape for t in expected_tensors(read_config(config))}
    assert shapes["lm_head.weight"] == (50257, 768)
    assert shapes["transformer.h.0.mlp.c_fc.weight"] == (768, 3072)
