"""Bytes of the caches that transformers builds, for ``caches.json``.

Small models are made without weights of any meaning, read a prompt, and what their caches hold is
added up.  Run it where torch and transformers are installed: ``python tests/data/make_caches.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

COMMON = {"num_hidden_layers": 4, "hidden_size": 32, "intermediate_size": 48, "vocab_size": 64,
          "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
          "max_position_embeddings": 256}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {"sliding_window": 12},
    "qwen3": {},
    "gemma3_text": {"sliding_window": 12, "sliding_window_pattern": 2, "layer_types": [
        "sliding_attention", "full_attention"] * 2},
    "gpt_oss": {"sliding_window": 12, "num_local_experts": 4, "num_experts_per_tok": 2},
    "gpt2": {"n_layer": 4, "n_embd": 32, "n_head": 4, "vocab_size": 64, "n_positions": 256},
    "deepseek_v3": {"num_key_value_heads": 4, "head_dim": 4, "q_lora_rank": 16, "kv_lora_rank": 12,
                    "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 6,
                    "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1,
                    "topk_group": 1, "moe_intermediate_size": 16, "first_k_dense_replace": 1},
}  # fmt: skip


def cache_bytes(kind: str, extra: dict[str, Any], batch: int, length: int) -> int:
    """What the cache of a small model holds once it has read a prompt."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    given = extra if kind == "gpt2" else COMMON | extra
    config = AutoConfig.for_model(kind, **given)
    model = AutoModelForCausalLM.from_config(config).eval().to(torch.float32)
    with torch.no_grad():
        made = model(torch.zeros((batch, length), dtype=torch.long), use_cache=True)
    held = [t for layer in made.past_key_values.layers for t in (layer.keys, layer.values)]
    return sum(t.numel() * t.element_size() for t in held)


def main() -> None:
    """Write the data beside this file."""
    import torch
    import transformers

    found = [
        {
            "model_type": kind,
            "extra": extra,
            "batch": batch,
            "length": length,
            "bytes": cache_bytes(kind, extra, batch, length),
        }
        for kind, extra in MODELS.items()
        for batch, length in ((1, 7), (2, 40))
    ]
    made = {"torch": torch.__version__, "transformers": transformers.__version__}
    data = {"made_with": made, "common": COMMON, "caches": found}
    Path(__file__).with_name("caches.json").write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
