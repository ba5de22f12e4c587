"""Small configurations at random, and what transformers builds of them and computes with them.

    python tests/data/make_huggingface_models.py            writes huggingface_models.json.gz
    python tests/data/make_huggingface_models.py --compare 40 [type …]   compares 40 of each type

Run with torch and transformers installed.  A configuration that transformers refuses is drawn anew.
Keys are left out and are null at random, where transformers can build a model of that.
"""

from __future__ import annotations

import gzip
import json
import logging
import random
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from archcalc.frameworks.huggingface.reading import Reading, read_config
from archcalc.frameworks.huggingface.tensors import expected_tensors
from archcalc.frameworks.huggingface.types import TYPES
from tests.data.huggingface_exceptions import counted_besides

LENGTH = 7

ROBERTAS = ("roberta", "xlm-roberta", "camembert")
"""Types whose positions are counted from the padding on."""

HOME = Path(__file__).with_name("huggingface_models.json.gz")

LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len")

FREE = {
    "vocab_size": (50, 300), "num_hidden_layers": (1, 6), "n_layer": (1, 6), "n_layers": (1, 6),
    "num_layers": (1, 6), "intermediate_size": (8, 90), "ffn_dim": (8, 90),
    "moe_intermediate_size": (4, 40), "shared_expert_intermediate_size": (4, 40),
    "n_inner": (8, 90), "ffn_hidden_size": (8, 90), "num_local_experts": (2, 8),
    "num_experts": (2, 8), "n_routed_experts": (2, 8), "moe_num_experts": (2, 8),
    "n_shared_experts": (1, 3), "moe_num_shared_experts": (1, 3), "kv_lora_rank": (4, 24),
    "q_lora_rank": (4, 24), "qk_nope_head_dim": (2, 12), "v_head_dim": (2, 12),
    "first_k_dense_replace": (0, 3), "decoder_sparse_step": (1, 3), "hidden_dim": (8, 90),
    "moe_layer_start_index": (0, 2), "moe_layer_interval": (1, 2), "expansion_ratio": (1, 5),
    "encoder_layers": (1, 4), "decoder_layers": (1, 4), "encoder_ffn_dim": (8, 60),
    "decoder_ffn_dim": (8, 60), "num_decoder_layers": (1, 4), "d_ff": (8, 60), "d_kv": (2, 12),
    "relative_attention_num_buckets": (4, 40), "type_vocab_size": (1, 4), "state_size": (2, 9),
    "conv_kernel": (2, 5), "embedding_size": (8, 40), "num_mel_bins": (4, 20),
    "max_source_positions": (20, 60), "max_target_positions": (20, 60), "time_step_rank": (2, 9),
    "inner_group_num": (1, 2),
}  # fmt: skip
"""Ranges of fields that follow from no other."""

WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
HEADS = (
    "num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads",
    "decoder_attention_heads", "attention_heads",
)  # fmt: skip
SHARED = ("num_key_value_heads", "num_kv_heads")
ACTIVE = ("num_experts_per_tok", "moe_k")
NULLABLE = (
    *SHARED, "head_dim", "n_inner", "ffn_hidden_size", "q_lora_rank", "num_ln_in_parallel_attn",
    "layer_types", "mlp_only_layers", "sliding_window", "n_shared_experts", "num_decoder_layers",
)  # fmt: skip
NOT_DRAWN = ("layer_types", "mlp_layer_types", "mlp_only_layers", "attention_types")
"""Drawn apart, or left to rules."""


_WORDS = ("ForMaskedLM", "ForSequenceClassification", "ForTokenClassification",
          "ForQuestionAnswering")  # fmt: skip
ARCHITECTURES = {
    name: tuple(first + end for end in ("Model", *ends))
    for name, first, ends in (
        ("bert", "Bert", ("ForPreTraining", *_WORDS)),
        ("roberta", "Roberta", _WORDS),
        ("xlm-roberta", "XLMRoberta", _WORDS),
        ("camembert", "Camembert", _WORDS),
        ("distilbert", "DistilBert", _WORDS),
        ("electra", "Electra", ("ForPreTraining", *_WORDS)),
        ("albert", "Albert", _WORDS),
        ("t5", "T5", ("ForConditionalGeneration",)),
        ("mt5", "MT5", ("ForConditionalGeneration",)),
        ("bart", "Bart", ("ForConditionalGeneration",)),
        ("mbart", "MBart", ("ForConditionalGeneration",)),
        ("whisper", "Whisper", ("ForConditionalGeneration",)),
        ("vit", "ViT", ("ForImageClassification",)),
    )
}
"""The classes that are built; of other types that with a head over words."""


def drawn(rng: random.Random, name: str) -> dict[str, Any]:
    """A configuration of a type, small enough to be built at once."""
    kind, cls = TYPES[name], CONFIG_MAPPING[name]
    keys = sorted(kind.keys() - set(kind.refuses))
    every = cls().to_dict()
    heads = rng.choice((1, 2, 3, 4, 6))
    shared = rng.choice([n for n in range(1, heads + 1) if heads % n == 0])
    config: dict[str, Any] = {"model_type": name}
    for key in keys:
        if key in NOT_DRAWN:
            continue
        if key in WIDTHS:
            config[key] = heads * 2 * rng.randint(2, 8)
        elif key in HEADS:
            config[key] = heads
        elif key in SHARED:
            config[key] = shared
        elif key in ACTIVE:
            config[key] = rng.randint(1, 2)
        elif key in ("head_dim", "qk_rope_head_dim"):
            config[key] = 2 * rng.randint(1, 9)
        elif key in FREE:
            config[key] = rng.randint(*FREE[key])
        elif key in LENGTHS:
            config[key] = rng.randint(20, 70)
        elif isinstance(every.get(key), bool):
            config[key] = rng.random() < 0.5
        elif key == "sliding_window":
            config[key] = rng.choice((4, 8, 16))
        elif key == "feed_forward_proj":
            config[key] = rng.choice(("relu", "gated-gelu"))
        elif key == "expand":
            config[key] = rng.randint(1, 3)
        elif key in ("patch_size", "image_size"):
            config[key] = {"patch_size": 4, "image_size": 4 * rng.randint(2, 5)}[key]
        elif key == "num_channels":
            config[key] = rng.randint(1, 4)
        elif key == "rotary_dim":
            config[key] = 2
        elif key == "num_ln_in_parallel_attn":
            config[key] = rng.choice((1, 2))
        elif key == "word_embed_proj_dim":
            config[key] = rng.randint(8, 40)
    if rng.random() < 0.3 and "mlp_only_layers" in keys:
        layers = config["num_hidden_layers"]
        config["mlp_only_layers"] = sorted(rng.sample(range(layers), rng.randint(0, layers)))
    if "num_hidden_groups" in keys:
        config["num_hidden_groups"] = rng.choice((1, config["num_hidden_layers"]))
    if name in ("t5", "mt5"):  # transformers 5 ties them whatever is said
        config["tie_word_embeddings"] = True
    config |= {key: 1 for key in ("n_group", "topk_group") if key in every}
    if name == "gpt_neo":
        config["num_layers"] = 2 * rng.randint(1, 3)
        config["attention_types"] = [[["global", "local"], config["num_layers"] // 2]]
    if "num_key_value_heads" in every and "num_key_value_heads" not in keys:
        config["num_key_value_heads"] = heads
    if name == "whisper":
        config["max_source_positions"] = LENGTH  # it takes sound of one length
    if name in ARCHITECTURES:
        config["architectures"] = [rng.choice(ARCHITECTURES[name])]
    for key in list(config):
        kept = (
            key
            in (
                "model_type",
                "attention_types",
                "architectures",
                "max_source_positions",
                "num_key_value_heads" if "num_key_value_heads" not in keys else "",
            )
            or key in WIDTHS
            or key in HEADS
        )
        small = every.get(key)
        large = isinstance(small, int) and not isinstance(small, bool) and small > 20_000
        if not kept and not large and rng.random() < 0.12:
            del config[key]
        elif key in NULLABLE and rng.random() < 0.15:
            config[key] = None
    return config


def built(config: dict[str, Any], architecture: str = "") -> torch.nn.Module:
    """The model."""
    told = {
        key: value for key, value in config.items() if key not in ("model_type", "architectures")
    }
    made = CONFIG_MAPPING[config["model_type"]](**told)
    made.pad_token_id = None if config["model_type"] not in ROBERTAS else 1
    made._attn_implementation = made._experts_implementation = "eager"
    named = getattr(transformers, architecture, None)  # files name classes of other programs too
    model = AutoModelForCausalLM.from_config(made) if named is None else named(made)
    model.tie_weights()
    return model


def counted(model: torch.nn.Module) -> dict[str, Any]:
    """Its parameters, each once, by the pattern of their names."""
    patterns: Counter[str] = Counter()
    tables: dict[int, str] = {}
    for name, part in model.named_modules():
        if isinstance(part, torch.nn.Embedding):
            tables.setdefault(id(part.weight), f"{name}.weight")
    for first, weight in model.named_parameters():
        name = tables.get(id(weight), first)  # one that is tied is the table's
        pattern = ".".join("*" if part.isdigit() else part for part in name.split("."))
        patterns[f"{pattern} {'x'.join(map(str, weight.shape))}"] += 1
    total = sum(weight.numel() for weight in model.parameters())
    return {"parameters": total, "tensors": dict(sorted(patterns.items()))}


def forward(model: torch.nn.Module, config: dict[str, Any]) -> int:
    """The FLOPs of one forward of a short sequence, as torch counts them."""
    tokens = torch.arange(LENGTH)[None]
    told: dict[str, Any] = {"input_ids": tokens}
    if config["model_type"] == "whisper":
        told = {
            "input_features": torch.zeros(1, model.config.num_mel_bins, 2 * LENGTH),
            "decoder_input_ids": tokens,
        }
    elif config["model_type"] == "vit":
        size, channels = model.config.image_size, model.config.num_channels
        told = {"pixel_values": torch.zeros(1, channels, size, size)}
    elif model.config.is_encoder_decoder:
        told["decoder_input_ids"] = tokens
    if "use_cache" in model.config.to_dict():
        told["use_cache"] = False
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(**told)
    return int(counter.get_total_flops())


def patterns(reading: Reading) -> dict[str, int]:
    """The tensors of a model as archcalc has it, by the pattern of their names."""
    found: Counter[str] = Counter()
    for tensor in expected_tensors(reading, "transformers"):
        name = ".".join("*" if part.isdigit() else part for part in tensor.name.split("."))
        found[f"{name} {'x'.join(map(str, tensor.shape))}"] += 1
    return dict(found)


def one(rng: random.Random, name: str) -> dict[str, Any]:
    """A configuration that can be built, and what it holds."""
    for _ in range(100):
        config = drawn(rng, name)
        try:
            model = built(config, config.get("architectures", [""])[0])
            flops = forward(model, config)
        except Exception as error:
            last = error
            continue
        return {"config": config, "flops": flops, **counted(model)}
    raise RuntimeError(f"{name}: nothing that can be built was drawn: {last!r}")


def compared(count: int, names: list[str]) -> None:
    for name in names or sorted(TYPES):
        rng, wrong, flops = random.Random(f"{name} {count}"), [], []
        for _ in range(count):
            try:
                case = one(rng, name)
            except RuntimeError as error:
                print(str(error)[:300], flush=True)
                break
            try:
                reading = read_config(case["config"], length=LENGTH)
                trace = reading.network().trace()
                sizes = dict.fromkeys(map(str, trace.flops.symbols), LENGTH)
                besides = counted_besides(reading.arguments, case["config"], LENGTH)
                ours: Any = int(trace.parameters()), patterns(reading)
                if trace.flops(**sizes) + besides != case["flops"]:
                    flops.append((trace.flops(**sizes) + besides, case))
            except Exception as error:
                ours = f"{type(error).__name__}: {error}"
            if ours != (case["parameters"], case["tensors"]):
                wrong.append((ours, case))
        print(f"{name}: {count - len(wrong)} of {count}, FLOPs differ in {len(flops)}", flush=True)
        for ours, case in flops[:1]:
            print("   FLOPs ours", ours, "theirs", case["flops"], case["config"])
        for ours, case in wrong[:2]:
            print("   ", case["config"], "has", case["parameters"], "parameters")
            if isinstance(ours, str):
                print("    ours:", ours)
                continue
            print("    ours:", ours[0], dict(ours[1].items() - case["tensors"].items()))
            print("    theirs:", dict(case["tensors"].items() - ours[1].items()))


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    if "--compare" in sys.argv:
        place = sys.argv.index("--compare")
        compared(int(sys.argv[place + 1]), sys.argv[place + 2 :])
        return
    rng = random.Random(16)
    made = {name: [one(rng, name) for _ in range(3)] for name in sorted(TYPES)}
    data = {"transformers": transformers.__version__, "torch": torch.__version__, "models": made}
    with gzip.GzipFile(HOME, "wb", mtime=0) as file:
        file.write(json.dumps(data, indent=0, sort_keys=True).encode())


if __name__ == "__main__":
    main()
