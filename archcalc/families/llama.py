"""Decoders with rotary positions and gated MLPs: Llama and what came of it.

Sources: Touvron et al., *LLaMA* (2023), section 2.2, and *Llama 2* (2023); Grattafiori et al.,
*The Llama 3 Herd of Models* (2024), table 3.
"""

from __future__ import annotations

from archcalc.families.feedforward import Between
from archcalc.families.language import language_model
from archcalc.network import Model
from archcalc.symbolic.dims import DimLike

__all__ = ["llama"]


def llama(
    layers: DimLike = "L",
    width: DimLike = "d",
    ffn: DimLike = "f",
    vocab: DimLike = "V",
    heads: DimLike = "a",
    kv_heads: DimLike = "g",
    head_dim: DimLike = "e",
    *,
    tied: bool = False,
    attention_bias: bool = False,
    mlp_bias: bool = False,
    activation: Between = "silu",
    length: DimLike = "t",
) -> Model:
    """A Llama: rotary positions, keys shared by several heads, a gated MLP, no biases.

    Args:
        layers: how many layers.
        width: how long the vector of each word is.
        ffn: the features between the dense layers of the MLP.
        vocab: how many words there are.
        heads, kv_heads, head_dim: the heads of queries and of keys, and how wide each is.
        tied: whether the head is the table of words.
        attention_bias: whether all projections of attention add a bias.
        mlp_bias: whether those of the MLP do.
        activation: the function of the gate.
        length: how many words a sequence has.

    Raises:
        DimensionError: an argument is no dimension.

    >>> P = llama().trace().parameters
    >>> P(L=32, d=4096, f=14336, V=128256, a=32, g=8, e=128)
    8030261248
    """
    sizes = {
        "layers": layers, "width": width, "ffn": ffn, "vocab": vocab, "heads": heads,
        "kv_heads": kv_heads, "head_dim": head_dim, "length": length,
    }  # fmt: skip
    return language_model(
        **sizes,
        tied=tied,
        bias="qkvo" if attention_bias else "",
        mlp_bias=mlp_bias,
        activation=activation,
    )
