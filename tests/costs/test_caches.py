"""Caches against those that transformers builds: bytes of small models that have read a prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archcalc.costs import CacheBytes
from archcalc.families.attention import attention, latent_attention
from archcalc.layers import Layer
from archcalc.network import Sequential

DATA = json.loads((Path(__file__).parents[1] / "data" / "caches.json").read_text())


def mixer(sizes: dict[str, Any], window: int | None) -> Layer:
    """Attention of a layer."""
    d, a = sizes["hidden_size"], sizes["num_attention_heads"]
    if "kv_lora_rank" in sizes:
        return latent_attention(
            d,
            a,
            latent=sizes["kv_lora_rank"],
            query_latent=sizes["q_lora_rank"],
            head_dim=sizes["qk_nope_head_dim"],
            rotary_dim=sizes["qk_rope_head_dim"],
            value_dim=sizes["v_head_dim"],
        )
    return attention(d, a, sizes["num_key_value_heads"], sizes["head_dim"], window=window)


def sizes_of(entry: dict[str, Any]) -> dict[str, Any]:
    """The fields of a configuration, GPT-2's under the names of the others."""
    extra = entry["extra"]
    if "n_embd" in extra:
        d, a = extra["n_embd"], extra["n_head"]
        return {"num_hidden_layers": extra["n_layer"], "hidden_size": d, "num_attention_heads": a,
                "num_key_value_heads": a, "head_dim": d // a}  # fmt: skip
    return {**DATA["common"], **extra}


def windows_of(entry: dict[str, Any], sizes: dict[str, Any]) -> list[int | None]:
    """The window of each layer: of every one in Mistral, of every second in gpt-oss and Gemma 3."""
    window, layers = sizes.get("sliding_window"), sizes["num_hidden_layers"]
    every = entry["model_type"] == "mistral"
    return [window if every or i % 2 == 0 else None for i in range(layers)]


def ours(entry: dict[str, Any], kept: int) -> int:
    """Bytes of the caches of all layers, of which a window keeps `kept` positions less."""
    sizes = sizes_of(entry)
    windows = [w if w is None else w - kept for w in windows_of(entry, sizes)]
    net = Sequential(
        [mixer(sizes, w).model_copy(update={"name": f"layer{i}"}) for i, w in enumerate(windows)]
    )
    trace = net.trace((entry["length"], sizes["hidden_size"]))
    return int(trace.cost(CacheBytes("float32", entry["batch"])))


@pytest.mark.parametrize("entry", DATA["caches"], ids=lambda x: f"{x['model_type']}-{x['length']}")
def test_cache(entry: dict[str, Any]) -> None:
    """As large as transformers', which keeps one position less than a window sees: the token that
    comes next is put beside those first."""
    assert ours(entry, 1) == entry["bytes"]
    full = entry["length"] >= entry["extra"].get("sliding_window", 10**9)
    assert (ours(entry, 0) == entry["bytes"]) is not full
