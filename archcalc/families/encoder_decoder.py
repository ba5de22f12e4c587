"""Encoders with a decoder that attends to what they give: T5, BART, Whisper.

Sources: Vaswani et al., *Attention Is All You Need* (2017), figure 1; Raffel et al., *T5* (2019),
section 2.1; Lewis et al., *BART* (2019); Radford et al., *Whisper* (2022), section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.families.attention import Norm, attention
from archcalc.families.decoder import Order
from archcalc.families.feedforward import Between, gated_mlp, mlp
from archcalc.families.language import NORMS, NormName
from archcalc.families.parts import one_of, read_dim
from archcalc.layers import (
    Add,
    Conv1D,
    Dense,
    Embedding,
    Layer,
    PositionEmbedding,
    RelativePositionBias,
)
from archcalc.network import Input, Model, Parameter, Repeat
from archcalc.symbolic.dims import Dim, DimLike

__all__ = ["ENCODER_DECODERS", "encoder_decoder"]


def encoder_decoder(
    layers: DimLike = "L",
    decoder_layers: DimLike = "M",
    width: DimLike = "d",
    ffn: DimLike = "f",
    vocab: DimLike = "V",
    heads: DimLike = "a",
    head_dim: DimLike = "e",
    *,
    decoder_ffn: DimLike | None = None,
    decoder_heads: DimLike | None = None,
    decoder_head_dim: DimLike | None = None,
    norm: NormName = "layer",
    order: Order = "before",
    bias: str = "qkvo",
    gated: bool = False,
    mlp_bias: bool = True,
    activation: Between = "gelu",
    buckets: DimLike | None = None,
    positions: DimLike | None = None,
    decoder_positions: DimLike | None = None,
    position_offset: int = 0,
    embedding_norm: bool = False,
    final_norm: bool = True,
    mels: DimLike | None = None,
    tied: bool = True,
    tables_apart: bool = False,
    head: bool = True,
    source_length: DimLike = "s",
    length: DimLike = "t",
) -> Model:
    """An encoder of a source, and a decoder that reads what was written and what the encoder gives.

    Args:
        layers, decoder_layers: how many layers each has.
        width: how long the vector of each word is.
        ffn, decoder_ffn: the features in the MLPs of each; the encoder's where ``None``.
        vocab: how many words there are.
        heads, head_dim, decoder_heads, decoder_head_dim: the heads of each, and how wide one is.
        norm: the norms; see `archcalc.families.language.NORMS`.
        order: where the norms of a layer stand: ``"before"`` or ``"after"``.
        bias: the projections of attention that add a bias, by letters of ``"qkvo"``.
        gated: whether an MLP has a gate.
        mlp_bias: whether its dense layers add a bias.
        activation: the function in it.
        buckets: how many distances have a learned number for each head, in either stack, as in T5;
            ``None`` for none.
        positions, decoder_positions: how many positions have a learned vector, in either stack;
            ``None`` for none.
        position_offset: how many rows of those stand before the first position's.
        embedding_norm: whether embeddings are normalised.
        final_norm: whether there is a norm after the last layer of each stack.
        mels: how many channels of sound the source has, which two convolutions read; words where
            ``None``.
        tied: whether the head is the table of words.
        tables_apart: whether each stack has a table of its own, beside one that nothing reads, as
            BART without ties has in transformers; its head is then tied to none.
        head: whether there is a head.
        source_length: how many words the source has; of sound, twice as many frames.
        length: how many words the target has.

    Raises:
        DimensionError: an argument is no dimension.

    >>> t5 = encoder_decoder(
    ...     6, 6, 512, 2048, 32128, 8, 64, norm="rms", bias="", mlp_bias=False, buckets=32
    ... )
    >>> t5.trace().parameters
    60506624
    """
    d, words = read_dim("width", width), read_dim("vocab", vocab)
    made: Norm = one_of("norm", norm, NORMS)
    s, t = read_dim("source_length", source_length), read_dim("length", length)
    table = Embedding(words, d, name="decoder_tokens" if tables_apart else "embed_tokens")
    of_source = Embedding(words, d, name="encoder_tokens") if tables_apart else table
    tokens = Input((t,), name="tokens")
    if mels is None:
        source = Input((s,), name="source")
        y: Any = of_source(source)
    else:
        source = Input((2 * s, read_dim("mels", mels)), name="source")
        y = _heard(source, d)
    scored = buckets is not None

    def feed(hidden: DimLike) -> Layer:
        if gated:
            return gated_mlp(d, hidden, activation, use_bias=mlp_bias)
        return mlp(d, hidden, activation, use_bias=mlp_bias)

    a, e = read_dim("heads", heads), read_dim("head_dim", head_dim)
    y = _placed(y, positions, position_offset, made if embedding_norm else None, "encoder_")
    both = attention(
        d, a, None, e, bias=bias, rotary=False, causal=False, keeps=False, scores=scored
    )
    block = _block(d, feed(ffn), made, order, both, a)
    beside = _distances(y, a, buckets, "encoder_bias")
    y = Repeat(block, read_dim("layers", layers), name="encoder")(y, *beside)
    memory = made(name="encoder_norm")(y) if final_norm else y

    b = a if decoder_heads is None else read_dim("decoder_heads", decoder_heads)
    wide = e if decoder_head_dim is None else read_dim("decoder_head_dim", decoder_head_dim)
    z = _placed(table(tokens), decoder_positions, position_offset,
                made if embedding_norm else None, "decoder_")  # fmt: skip
    mixer = attention(d, b, None, wide, bias=bias, rotary=False, scores=scored)
    cross = attention(d, b, None, wide, bias=bias, rotary=False, memory=True, name="cross_attn")
    hidden = ffn if decoder_ffn is None else decoder_ffn
    block = _block(d, feed(hidden), made, order, mixer, b, cross)
    beside = _distances(z, b, buckets, "decoder_bias")
    z = Repeat(block, read_dim("decoder_layers", decoder_layers), name="decoder")(
        z, memory, *beside
    )
    if final_norm:
        z = made(name="decoder_norm")(z)
    if head:
        ties = {"kernel": table} if tied and not tables_apart else {}
        z = Dense(words, use_bias=False, tied=ties, name="lm_head")(z)
    spare = [Parameter((words, d), name="spare_table")] if tables_apart else []
    return Model([source, tokens], [z, *spare])


def _distances(y: Any, heads: Dim, buckets: DimLike | None, name: str) -> list[Any]:
    """What is added to the scores of a stack, if something is."""
    return [] if buckets is None else [RelativePositionBias(heads, buckets, name=name)(y)]


def _heard(source: Any, width: Dim) -> Any:
    """Sound as vectors: two convolutions, the second with every other position."""
    once = Conv1D(width, 3, padding=1, activation="gelu", name="conv1")(source)
    return Conv1D(width, 3, strides=2, padding=1, activation="gelu", name="conv2")(once)


def _placed(y: Any, positions: DimLike | None, offset: int, norm: Norm | None, name: str) -> Any:
    """Positions added, and normalised."""
    if positions is not None:
        rows = read_dim("positions", positions)
        table = PositionEmbedding(rows, offset, name=f"{name}positions")
        y = Add(name=f"{name}embedded")(y, table(y))
    return y if norm is None else norm(name=f"{name}embed_norm")(y)


def _block(
    width: Dim, feed: Layer, norm: Norm, order: Order, mixer: Layer, heads: Dim,
    cross: Layer | None = None,
) -> Model:  # fmt: skip
    """A layer of either stack: attention, maybe to the memory, and an MLP."""
    x = Input(("t", width))
    memory = [Input(("s", width))] if cross is not None else []
    scored = _inputs(mixer) > 1
    scores = [Input((heads, "t", "t"))] if scored else []
    parts: list[tuple[str, Layer, list[Any]]] = [("self_attn_norm", mixer, scores)]
    if cross is not None:
        parts.append(("cross_attn_norm", cross, memory))
    parts.append(("mlp_norm", feed, []))
    y: Any = x
    for name, part, others in parts:
        if order == "after":
            y = norm(name=name)(Add(name=f"{name}_sum")(y, part(y, *others)))
        else:
            y = Add(name=f"{name}_sum")(y, part(norm(name=name)(y), *others))
    return Model([x, *memory, *scores], y, name="block")


def _inputs(layer: Layer) -> int:
    found: int = layer.graph().arity  # type: ignore[attr-defined]
    return found


_T5 = {"norm": "rms", "bias": "", "mlp_bias": False, "buckets": 32, "activation": "relu"}

ENCODER_DECODERS: Mapping[str, Mapping[str, Any]] = {
    "t5": _T5,
    "bart": {
        "order": "after", "positions": "S", "decoder_positions": "S", "position_offset": 2,
        "embedding_norm": True, "final_norm": False,
    },
    "mbart": {
        "positions": "S", "decoder_positions": "S", "position_offset": 2, "embedding_norm": True,
    },
    "whisper": {"bias": "qvo", "positions": "S", "decoder_positions": "P", "mels": "m"},
}  # fmt: skip
"""Families that have names: the arguments of `encoder_decoder` that make each; sizes stay open."""
