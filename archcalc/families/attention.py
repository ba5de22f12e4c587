"""Attention of language models as a network: projections, norms, positions, the core, the output.

Every size is its own: how wide a head is follows from nothing, and keys may be of fewer heads than
queries.  Kernels keep the axis of heads, so that what is split over devices by heads can be seen.

Sources: Vaswani et al., *Attention Is All You Need* (2017), section 3.2; Ainslie et al., *GQA*
(2023), section 2.2; DeepSeek-AI, *DeepSeek-V2* (2024), section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from archcalc.families.parts import read_dim
from archcalc.layers import (
    Cached,
    Concatenate,
    CoreAttention,
    Dense,
    EinsumDense,
    ExpandDims,
    Layer,
    LayerNormalization,
    Multiply,
    RMSNormalization,
    RotaryEmbedding,
    Split,
    Tile,
)
from archcalc.network import Input, Model, Parameter
from archcalc.network.tensor import Tensor
from archcalc.symbolic.dims import Dim, DimLike, lower

__all__ = ["Norm", "attention", "latent_attention"]

Norm: TypeAlias = Callable[..., Layer]
"""What makes a norm of a name: ``norm(name="q_norm")``."""

Spread: TypeAlias = Literal["head", "joined", "each"]
"""Over what queries and keys are normalised: the features of a head, with one factor for all heads
or one each, or those of all heads together."""


@dataclass(frozen=True, slots=True)
class _Heads:
    """How many heads there are of queries and of keys, and how wide each is."""

    queries: Dim
    keys: Dim
    width: Dim
    values: Dim

    @property
    def grouped(self) -> bool:
        return bool(self.queries != self.keys)


def attention(
    width: DimLike,
    heads: DimLike = "a",
    kv_heads: DimLike | None = None,
    head_dim: DimLike = "e",
    *,
    value_dim: DimLike | None = None,
    bias: str = "",
    fused: bool = False,
    norm: Norm | None = None,
    norm_over: Spread = "head",
    rotary: bool | DimLike = True,
    causal: bool = True,
    window: DimLike | None = None,
    sinks: bool = False,
    soft_cap: float | None = None,
    scores: bool = False,
    memory: bool = False,
    keeps: bool = True,
    name: str = "self_attn",
) -> Model:
    """Attention with its projections, as a network of ``(t, width)``.

    Args:
        width: the features that come in, and go out.
        heads: how many heads of queries there are.
        kv_heads: how many heads of keys and values; as many as of queries where ``None``.
        head_dim: how wide queries and keys are in each head.
        value_dim: how wide values are; as wide as keys where ``None``.
        bias: the projections that add a bias, by their letters: ``"qkv"`` in Qwen2, ``"qkvo"`` in
            GPT-2, ``"qvo"`` in Whisper.
        fused: whether one projection gives queries, keys and values.
        norm: what makes the norm of queries and keys; ``None`` for none.
        norm_over: whether each head is normalised by itself, ``"head"``, also with factors of its
            own, ``"each"``, or all heads together, ``"joined"``.
        rotary: whether positions are turned into queries and keys, or how many features of a head.
        causal: whether a query sees no key behind it.
        window: how near a key must be to a query to be seen; any where ``None``.
        sinks: whether each head learns a sink.
        soft_cap: what scores are kept below, smoothly.
        scores: whether a further input ``(a, t, t)`` is added to the scores.
        memory: whether keys and values are made of a second input, ``(s, width)``.
        keeps: whether keys and values are kept for later tokens.
        name: what the network is called.

    >>> attention("d", "a", "g", "e").trace(("t", "d")).parameters.collect("d")
    d·e·(2·a + 2·g)
    """
    d = read_dim("width", width)
    shape = _heads(heads, kv_heads, head_dim, value_dim)
    x = Input(("t", d))
    others = [Input(("s", d))] if memory else []
    others += [Input((shape.queries, "t", "t"))] if scores else []
    source = others[0] if memory else x
    if fused:
        made = _split(x, shape, bias)
    else:
        made = tuple(
            _projected(letter, source if letter != "q" else x, count, wide, bias)
            for letter, count, wide in (
                ("q", shape.queries, shape.width),
                ("k", shape.keys, shape.width),
                ("v", shape.keys, shape.values),
            )
        )
    q, k, v = made
    if norm is not None:
        q, k = (_normed(y, norm, letter, norm_over) for y, letter in ((q, "q"), (k, "k")))
    if rotary is not False and not memory:
        turned = None if rotary is True else read_dim("rotary", rotary)
        q, k = (RotaryEmbedding(turned, name=f"{n}_rotary")(y) for y, n in ((q, "q"), (k, "k")))
    core = CoreAttention(
        causal and not memory,
        enable_gqa=shape.grouped,
        sliding_window=window,
        sinks=sinks,
        soft_cap=soft_cap,
        keeps="keys and values" if keeps else "nothing",
        name="core",
    )
    y = core(q, k, v, *(others[-1:] if scores else []))
    return Model([x, *others], _output(y, d, bias), name=name)


def _heads(
    heads: DimLike, kv_heads: DimLike | None, head_dim: DimLike, value_dim: DimLike | None
) -> _Heads:
    queries, wide = read_dim("heads", heads), read_dim("head_dim", head_dim)
    keys = queries if kv_heads is None else read_dim("kv_heads", kv_heads)
    values = wide if value_dim is None else read_dim("value_dim", value_dim)
    return _Heads(queries, keys, wide, values)


_DOWN = {"kernel": ("width", "latent")}
"""What the axes of a kernel are that makes a latent."""


def _made(of: str, name: str, heads: Dim | None, bias: bool) -> dict[str, Any]:
    """What the axes of a kernel are that makes heads, and of its bias, which are split by heads."""
    made = ((name, heads), "")
    return {"kernel": (of, *made)} | ({"bias": ((name, heads), "", "")} if bias else {})


def _projected(letter: str, x: Tensor, heads: Dim, wide: Dim, bias: str) -> Any:
    axes = "ae" if letter in bias else None
    lies = _made("width", "heads" if letter == "q" else "kv heads", heads, axes is not None)
    return EinsumDense(
        "btd,dae->bate",
        (heads, None, wide),
        bias_axes=axes,
        name=f"{letter}_proj",
        weight_axes=lies,
    )(x)


def _split(x: Tensor, heads: _Heads, bias: str) -> tuple[Any, ...]:
    """Queries, keys and values of one projection, head by head."""
    every = lower(heads.queries + 2 * heads.keys)
    axes = "ae" if "q" in bias else None
    whole = EinsumDense(
        "btd,dae->bate",
        (every, None, heads.width),
        bias_axes=axes,
        name="qkv_proj",
        weight_axes=_made("width", "heads", None, axes is not None),
    )(x)
    return tuple(Split((heads.queries, heads.keys, heads.keys), axis=1, name="split")(whole))


def _normed(y: Any, norm: Norm, letter: str, over: Spread) -> Any:
    name = f"{letter}_norm"
    if over == "joined":
        return norm(name=name, axis=(1, 3))(y)
    if over == "head":
        return norm(name=name)(y)
    heads, _, wide = y.shape
    bare = LayerNormalization(scale=False, center=False, name=f"{letter}_normed")(y)
    return Multiply(name=f"{letter}_scaled")(bare, Parameter((heads, 1, wide), name=name))


def _output(y: Any, width: Dim, bias: str) -> Any:
    axes = "d" if "o" in bias else None
    lies = {"kernel": (("heads", y.shape[0]), "", "width")}
    return EinsumDense(
        "bate,aed->btd", (None, width), bias_axes=axes, name="o_proj", weight_axes=lies
    )(y)


def latent_attention(
    width: DimLike,
    heads: DimLike = "a",
    *,
    latent: DimLike = "r",
    query_latent: DimLike | None = "q",
    head_dim: DimLike = "n",
    rotary_dim: DimLike = "p",
    value_dim: DimLike = "v",
    bias: str = "",
    name: str = "self_attn",
) -> Model:
    """Attention whose keys and values are made of a latent vector of each token: DeepSeek's MLA.

    What is kept for later tokens is the latent and one rotary key, for all heads together.

    Args:
        width: the features that come in, and go out.
        heads: how many heads there are.
        latent: how long the latent of keys and values is.
        query_latent: how long that of queries is; queries are made of the input where ``None``.
        head_dim: how wide queries and keys are in each head, without the rotary part.
        rotary_dim: how wide the rotary part is, of which all heads share the key.
        value_dim: how wide values are in each head.
        bias: ``"a"`` where the projections to latents add a bias, ``"o"`` where the output does.
        name: what the network is called.

    >>> mla = latent_attention("d", "a").trace(("t", "d"))
    >>> mla.parameters.collect("d")
    d·(a·v + p + q + r) + q + q·a·(n + p) + r + r·a·(n + v)
    >>> from archcalc.costs import Cache
    >>> mla.cost(Cache()).factor()
    t·(p + r)
    """
    d, a = read_dim("width", width), read_dim("heads", heads)
    n, p = read_dim("head_dim", head_dim), read_dim("rotary_dim", rotary_dim)
    r, v = read_dim("latent", latent), read_dim("value_dim", value_dim)
    x = Input(("t", d))
    down = "a" in bias
    if query_latent is None:
        q = _projected("q", x, a, lower(n + p), "")
    else:
        small = Dense(
            read_dim("query_latent", query_latent),
            use_bias=down,
            name="q_a_proj",
            weight_axes=_DOWN,
        )(x)
        q = _raised("q_b_proj", RMSNormalization(name="q_a_layernorm")(small), a, lower(n + p))
    kept = Cached(name="cached")(
        Dense(lower(r + p), use_bias=down, name="kv_a_proj_with_mqa", weight_axes=_DOWN)(x)
    )
    low, shared = Split((r, p), axis=2, name="split")(kept)
    raised = _raised("kv_b_proj", RMSNormalization(name="kv_a_layernorm")(low), a, lower(n + v))
    k, values = Split((n, v), axis=3, name="keys_values")(raised)
    rotary = RotaryEmbedding(name="k_rotary")(ExpandDims(1, name="one_head")(shared))
    own, turned = Split((n, p), axis=3, name="query_parts")(q)
    queries = Concatenate(name="queries")([own, RotaryEmbedding(name="q_rotary")(turned)])
    keys = Concatenate(name="keys")([k, Tile(a, axis=1, name="every_head")(rotary)])
    y = CoreAttention(True, keeps="nothing", name="core")(queries, keys, values)
    return Model(x, _output(y, d, bias), name=name)


def _raised(name: str, x: Any, heads: Dim, wide: Dim) -> Any:
    lies = _made("latent", "heads", heads, False)
    return EinsumDense("btr,rae->bate", (heads, None, wide), name=name, weight_axes=lies)(x)
