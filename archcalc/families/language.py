"""Language models of one shape of layer or of several, by what they are made of: as data.

A `LanguageModel` says which parts a model has and how large each is; `network` puts them together
from `attention`, `mlp`, `experts`, `block` and `decoder`.  Families that have names are fields of
it: ``ac.families.gpt2(layers=12)`` is ``language_model(**LANGUAGE_MODELS["gpt2"], layers=12)``.

Sources: those of `archcalc.families.decoder`; of each family its paper and its code in
https://github.com/huggingface/transformers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from archcalc.families.attention import Norm, attention, latent_attention
from archcalc.families.decoder import Order, Run, block, decoder, runs
from archcalc.families.feedforward import Between, experts, gated_mlp, mlp
from archcalc.families.parts import one_of, read_dim
from archcalc.layers import Layer, LayerNormalization, LinearPositionBias, RMSNormalization
from archcalc.network import Model
from archcalc.symbolic.dims import DimLike, lower

__all__ = ["LANGUAGE_MODELS", "LanguageModel", "language_model"]

_EPSILON = 1e-5

NORMS: dict[str, Norm] = {
    "rms": RMSNormalization,
    "layer": partial(LayerNormalization, epsilon=_EPSILON),
    "factor": partial(LayerNormalization, epsilon=_EPSILON, center=False),
    "bare": partial(LayerNormalization, epsilon=_EPSILON, center=False, scale=False),
}
"""Norms by name: with a factor; a factor and an offset; a factor alone; without weights."""

NormName: TypeAlias = Literal["rms", "layer", "factor", "bare"]

Kind: TypeAlias = tuple[bool, bool]
"""What a layer is: whether its attention has a window, and whether it has experts."""


@dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """What a decoder is made of, and every size, each its own.

    Attributes:
        layers: how many layers.
        width: how long the vector of each word is.
        ffn: the features between the dense layers of an MLP.
        vocab: how many words there are.
        heads: how many heads of queries.
        kv_heads: how many of keys and values; as many where ``None``.
        head_dim: how wide queries and keys are in each head.
        norm: the norms: see `NORMS`.
        order: where the norms of a layer stand; see `archcalc.families.decoder.Order`.
        bias: the projections of attention that add a bias, by letters of ``"qkvo"``.
        fused: whether one projection gives queries, keys and values.
        qk_norm: over what queries and keys are normalised: ``"head"``, ``"joined"`` (all heads),
            ``"each"`` (with a factor for each head); ``""`` for no norm.
        qk_norm_of: the norm of queries and keys; `norm` where ``None``.
        rotary: whether positions are turned into queries and keys, or how many features are.
        alibi: whether scores fall with the distance.
        sinks: whether each head learns a sink.
        soft_cap: what scores are kept below.
        window: how near a key must be to be seen, in layers that have a window.
        windows: for each layer whether it has the window; all where empty, if there is one.
        query_latent: how long the latent of queries is in latent attention; ``None`` without.
        latent: how long that of keys and values is; ``None`` without latent attention, in which
            `head_dim` is the part that is not turned.
        rotary_dim: how wide the part of it is that is turned.
        value_dim: how wide values are in it.
        latent_bias: whether its projections to latents and its output add a bias.
        gated: whether an MLP has a gate.
        mlp_bias: whether its dense layers add a bias.
        fused_mlp: whether one kernel gives gate and values.
        activation: the function in it.
        experts: how many experts there are; ``None`` without.
        active: how many of them a token meets.
        expert_ffn: the features in each.
        shared_ffn: the features of the expert that every token meets; ``None`` without.
        shared_gate: whether what that gives has a gate.
        shared_bias: whether its dense layers add a bias.
        router_bias: whether the router adds a bias.
        expert_bias: whether experts add biases.
        sparse: for each layer whether it has experts; all where empty, if there are any.
        dense_first: how many layers before those with experts have none, a number or a symbol.
        positions: how many positions have a learned vector; ``None`` for none.
        position_offset: how many rows stand before the first position's.
        embedding_norm: whether embeddings are normalised.
        embedding_width: how long the rows of the table are; `width` where ``None``.
        final_norm: whether there is a norm after the last layer.
        tied: whether the head is the table of words.
        head: whether there is a head.
        head_bias: whether it adds a bias.
        length: how many words a sequence has.
    """

    layers: DimLike = "L"
    width: DimLike = "d"
    ffn: DimLike = "f"
    vocab: DimLike = "V"
    heads: DimLike = "a"
    kv_heads: DimLike | None = None
    head_dim: DimLike = "e"
    norm: NormName = "rms"
    order: Order = "before"
    bias: str = ""
    fused: bool = False
    qk_norm: Literal["", "head", "joined", "each"] = ""
    qk_norm_of: NormName | None = None
    rotary: bool | DimLike = True
    alibi: bool = False
    sinks: bool = False
    soft_cap: float | None = None
    window: DimLike | None = None
    windows: Sequence[bool] = ()
    query_latent: DimLike | None = None
    latent: DimLike | None = None
    rotary_dim: DimLike = "p"
    value_dim: DimLike = "v"
    latent_bias: bool = False
    gated: bool = True
    mlp_bias: bool = False
    fused_mlp: bool = False
    activation: Between = "silu"
    experts: DimLike | None = None
    active: DimLike = "k"
    expert_ffn: DimLike = "f_e"
    shared_ffn: DimLike | None = None
    shared_gate: bool = False
    shared_bias: bool = False
    router_bias: bool = False
    expert_bias: bool = False
    sparse: Sequence[bool] = ()
    dense_first: DimLike = 0
    positions: DimLike | None = None
    position_offset: int = 0
    embedding_norm: bool = False
    embedding_width: DimLike | None = None
    final_norm: bool = True
    tied: bool = False
    head: bool = True
    head_bias: bool = False
    length: DimLike = "t"

    def network(self) -> Model:
        """The network, from a sequence of words to a score of each word at each place."""
        norm = self._norm()
        return decoder(
            self._runs(),
            self.width,
            self.vocab,
            norm=norm if self.final_norm else None,
            positions=self.positions,
            position_offset=self.position_offset,
            embedding_norm=norm if self.embedding_norm else None,
            embedding_width=self.embedding_width,
            tied=self.tied,
            head=self.head,
            head_bias=self.head_bias,
            length=self.length,
            shared=LinearPositionBias(self.heads, name="alibi") if self.alibi else None,
        )

    def _norm(self) -> Norm:
        return one_of("norm", self.norm, NORMS)

    def _runs(self) -> Sequence[Run]:
        """The layers, by what each is."""
        total = read_dim("layers", self.layers)
        windowed, sparse = self.window is not None, self.experts is not None
        if not self.windows and not self.sparse:
            first = read_dim("dense_first", self.dense_first, minimum=0) if sparse else 0
            last = self._layer((windowed, sparse))
            if first == 0:
                return [(total, last)]
            return [(first, self._layer((windowed, False))), (lower(total - first), last)]
        if not isinstance(total, int):
            total = max(len(self.windows), len(self.sparse))
        windows = self.windows or [windowed] * total
        having = self.sparse or [sparse and i >= int(self.dense_first) for i in range(total)]  # type: ignore[arg-type]
        return runs(zip(windows, having, strict=True), self._layer)

    def _layer(self, kind: Kind) -> Layer:
        windowed, sparse = kind
        d = self.width
        mixer = self._mixer(self.window if windowed else None)
        extra = [(read_dim("heads", self.heads), 1, "t")] if self.alibi else []
        feed = self._experts() if sparse else self._mlp(self.ffn)
        return block(d, mixer, feed, norm=self._norm(), order=self.order, extra=extra)

    def _mixer(self, window: DimLike | None) -> Layer:
        if self.latent is not None:
            return latent_attention(
                self.width,
                self.heads,
                latent=self.latent,
                query_latent=self.query_latent,
                head_dim=self.head_dim,
                rotary_dim=self.rotary_dim,
                value_dim=self.value_dim,
                bias="ao" if self.latent_bias else "",
            )
        over = self.qk_norm or "head"
        return attention(
            self.width,
            self.heads,
            self.kv_heads,
            self.head_dim,
            bias=self.bias,
            fused=self.fused,
            norm=one_of("qk_norm_of", self.qk_norm_of or self.norm, NORMS)
            if self.qk_norm
            else None,
            norm_over=over,
            rotary=self.rotary,
            window=window,
            sinks=self.sinks,
            soft_cap=self.soft_cap,
            scores=self.alibi,
        )

    def _norm_of_heads(self) -> Norm | None:
        if not self.qk_norm:
            return None
        return one_of("qk_norm_of", self.qk_norm_of or self.norm, NORMS)

    def _mlp(self, hidden: DimLike) -> Layer:
        if not self.gated:
            return mlp(self.width, hidden, self.activation, use_bias=self.mlp_bias)
        return gated_mlp(
            self.width, hidden, self.activation, use_bias=self.mlp_bias, fused=self.fused_mlp
        )

    def _experts(self) -> Layer:
        d, function = self.width, self.activation
        one = gated_mlp(
            d, self.expert_ffn, function, use_bias=self.expert_bias, name="expert", axes=()
        )
        shared = None
        if self.shared_ffn is not None:
            shared = gated_mlp(
                d, self.shared_ffn, function, use_bias=self.shared_bias, name="shared_experts"
            )
        return experts(
            d,
            one,
            "E" if self.experts is None else self.experts,
            self.active,
            shared=shared,
            shared_gate=self.shared_gate,
            router_bias=self.router_bias,
        )


def language_model(**parts: Any) -> Model:
    """A decoder of the parts and sizes that are named: see `LanguageModel`.

    Args:
        parts: the fields of `LanguageModel`.

    Raises:
        DimensionError: a size is no dimension.
        SpecificationError: a choice is none of those there are.

    >>> P = language_model(kv_heads="g", qk_norm="head").trace().parameters
    >>> P.collect("L", "d")
    L·(d·(2·a·e + 2·e·g + 3·f + 2) + 2·e) + d·(2·V + 1)
    """
    return LanguageModel(**parts).network()


_GPT = {"norm": "layer", "gated": False, "mlp_bias": True, "activation": "gelu", "rotary": False}
_SIDE_BY_SIDE = {**_GPT, "rotary": True, "order": "beside", "head_bias": True}
_GEMMA = {"activation": "gelu", "tied": True, "kv_heads": "g"}
_GROUPED = {"kv_heads": "g"}
_SPARSE = {"kv_heads": "g", "experts": "E"}
_LATENT = {
    "latent": "r", "query_latent": "q", "head_dim": "n", "experts": "E", "shared_ffn": "s*f_e",
    "dense_first": "z",
}  # fmt: skip

LANGUAGE_MODELS: Mapping[str, Mapping[str, Any]] = {
    "gpt2": {**_GPT, "bias": "qkvo", "fused": True, "positions": "S", "tied": True},
    "gpt_neo": {**_GPT, "bias": "o", "positions": "S", "tied": True},
    "gptj": _SIDE_BY_SIDE,
    "gpt_neox": {
        **_GPT, "rotary": True, "bias": "qkvo", "fused": True, "order": "beside, two norms",
    },
    "opt": {
        **_GPT, "bias": "qkvo", "positions": "S + 2", "position_offset": 2, "tied": True,
        "activation": "relu",
    },
    "bloom": {
        **_GPT, "bias": "qkvo", "fused": True, "alibi": True, "embedding_norm": True, "tied": True,
    },
    "falcon": {
        **_GPT, "rotary": True, "mlp_bias": False, "fused": True, "kv_heads": "g", "tied": True,
        "order": "beside",
    },
    "mpt": {
        "norm": "factor", "gated": False, "activation": "gelu", "rotary": False, "fused": True,
        "alibi": True, "tied": True,
    },
    "llama": _GROUPED,
    "mistral": {**_GROUPED, "window": "W"},
    "mixtral": _SPARSE,
    "qwen2": {**_GROUPED, "bias": "qkv"},
    "qwen2_moe": {**_SPARSE, "bias": "qkv", "shared_ffn": "f_s", "shared_gate": True},
    "qwen3": {**_GROUPED, "qk_norm": "head"},
    "qwen3_moe": {**_SPARSE, "qk_norm": "head"},
    "gemma": _GEMMA,
    "gemma2": {**_GEMMA, "order": "both", "soft_cap": 50.0},
    "gemma3": {**_GEMMA, "order": "both", "qk_norm": "head"},
    "phi": {**_SIDE_BY_SIDE, "bias": "qkvo"},
    "phi3": {**_GROUPED, "fused": True, "fused_mlp": True},
    "phimoe": {**_SPARSE, "norm": "layer"},
    "deepseek_v2": _LATENT,
    "deepseek_v3": _LATENT,
    "gpt_oss": {
        **_SPARSE, "bias": "qkvo", "sinks": True, "router_bias": True, "expert_bias": True,
    },
    "olmo": {**_GROUPED, "norm": "bare"},
    "olmo2": {**_GROUPED, "order": "result", "qk_norm": "joined"},
    "olmoe": {**_SPARSE, "qk_norm": "joined"},
    "starcoder2": {
        **_GPT, "rotary": True, "kv_heads": "g", "bias": "qkvo", "tied": True,
    },
    "stablelm": {**_GROUPED, "norm": "layer"},
    "cohere": {**_GROUPED, "norm": "factor", "order": "beside", "tied": True},
    "glm": {**_GROUPED, "bias": "qkv", "fused_mlp": True},
    "glm4": {**_GROUPED, "bias": "qkv", "fused_mlp": True, "order": "both"},
    "glm4_moe": {**_SPARSE, "shared_ffn": "s*f_e", "dense_first": "z"},
    "nemotron": {
        **_GROUPED, "norm": "layer", "gated": False, "activation": "relu2", "rotary": True,
    },
    "persimmon": {
        "norm": "layer", "gated": False, "mlp_bias": True, "activation": "relu2", "fused": True,
        "bias": "qkvo", "qk_norm": "head",
    },
    "codegen": {**_SIDE_BY_SIDE, "fused": True},
    "gpt_bigcode": {
        **_GPT, "bias": "qkvo", "fused": True, "kv_heads": 1, "positions": "S", "tied": True,
    },
}  # fmt: skip
"""Families that have names: the fields of `LanguageModel` that make each; sizes stay open."""
