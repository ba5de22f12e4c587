"""The names of tensors in a ``.gguf``, as Hugging Face's models of Llama's kind call them.

Source: https://github.com/ggml-org/llama.cpp, ``gguf-py/gguf/constants.py``, TENSOR_NAMES.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from archcalc.frameworks.checkpoints.headers import Stored

__all__ = ["plain_names"]

_TOP = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
}  # fmt: skip

_PARTS = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj", "ffn_gate_inp": "mlp.gate",
}  # fmt: skip

_DERIVED = ("rope_freqs", "rope_factors_long", "rope_factors_short")
"""Tables that are computed, and are no weights."""


def plain_names(tensors: Mapping[str, Stored]) -> dict[str, Stored]:
    """The tensors by their names in Hugging Face's models; a name that is not known stays.

    >>> list(plain_names({"blk.3.attn_q.weight": Stored((8, 8))}))
    ['model.layers.3.self_attn.q_proj.weight']
    """
    found = {_plain(name): part for name, part in tensors.items()
             if name.partition(".")[0] not in _DERIVED}  # fmt: skip
    return found


def _plain(name: str) -> str:
    base, _, word = name.rpartition(".")
    layer = re.fullmatch(r"blk\.(\d+)\.(\w+)", base)
    if layer:
        part = _PARTS.get(layer[2], layer[2])
        return f"model.layers.{layer[1]}.{part}.{word}"
    return f"{_TOP.get(base, base)}.{word}"
