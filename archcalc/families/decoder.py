"""Language models that read from left to right: blocks over embeddings, and a head over words.

A decoder is what `decoder` makes of blocks; a block is what `block` makes of attention (or whatever
mixes positions) and an MLP (or experts), by where its norms stand.  Runs of equal blocks are one
`Repeat`, so that depth may be a symbol; `runs` finds them in a pattern.

Sources: Radford et al., *GPT-2* (2019), section 2.3; Touvron et al., *LLaMA* (2023), section 2.2;
Wang and Komatsuzaki, *GPT-J* (2021), for blocks whose parts stand side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias, TypeVar

from archcalc.families.attention import Norm
from archcalc.families.parts import read_dim
from archcalc.layers import (
    Add,
    Dense,
    Embedding,
    Layer,
    LayerNormalization,
    PositionEmbedding,
    RMSNormalization,
)
from archcalc.network import Input, Model, Repeat, Sequential
from archcalc.symbolic.dims import DimLike

__all__ = ["Order", "Run", "block", "decoder", "layer_norm", "rms_norm", "runs"]

Order: TypeAlias = Literal["before", "after", "both", "result", "beside", "beside, two norms"]
"""Where the norms of a block stand: before each part (GPT-2, Llama); after each sum (BERT); before
and after each part (Gemma 2); on what each part gives (OLMo 2); or the parts stand side by side, on
one norm (GPT-J) or each on its own (GPT-NeoX)."""

Run: TypeAlias = tuple[DimLike, Layer | Sequence[Layer]]
"""How often a block stands, or several in turn; a number or a symbol."""

T = TypeVar("T")

rms_norm: Norm = RMSNormalization
"""The norm of Llama: a factor for each feature."""

layer_norm: Norm = partial(LayerNormalization, epsilon=1e-5)
"""The norm of GPT-2: a factor and an offset for each feature."""

MIXING, FEEDING = "input_layernorm", "post_attention_layernorm"
AFTER_MIXING, AFTER_FEEDING = "post_mixer_layernorm", "post_feedforward_layernorm"
"""What the norms of a block are called: before each part, and after it."""


def block(
    width: DimLike,
    mixer: Layer,
    feed: Layer | None = None,
    *,
    norm: Norm = rms_norm,
    order: Order = "before",
    name: str = "block",
    extra: Sequence[Sequence[DimLike]] = (),
) -> Model:
    """What mixes positions, what acts on each, their shortcuts and their norms: one layer.

    Args:
        width: the features that come in, and go out.
        mixer: attention, or a state space: ``(t, width)`` to the same.
        feed: an MLP or experts; ``None`` where the mixer is all, as in Mamba.
        norm: what makes a norm of a name.
        order: where the norms stand.
        name: what the network is called.
        extra: the shapes of further inputs, all of which the mixer takes.

    >>> from archcalc.families.attention import attention
    >>> from archcalc.families.feedforward import gated_mlp
    >>> one = block("d", attention("d", "a", "g", "e"), gated_mlp("d", "f"))
    >>> one.trace(("t", "d")).parameters.collect("d")
    d·(2·a·e + 2·e·g + 3·f + 2)
    """
    x, others = Input(("t", read_dim("width", width))), [Input(shape) for shape in extra]
    if order.startswith("beside"):
        return Model([x, *others], _side_by_side(x, others, mixer, feed, norm, order), name=name)
    y = _beside(x, lambda z: mixer(z, *others), norm, order, MIXING, AFTER_MIXING)
    if feed is not None:
        y = _beside(y, feed, norm, order, FEEDING, AFTER_FEEDING)
    return Model([x, *others], y, name=name)


def _beside(
    x: Any, part: Callable[[Any], Any], norm: Norm, order: Order, before: str, after: str
) -> Any:
    """What comes in and what the part makes of it, added."""
    if order == "after":
        return norm(name=before)(Add(name=f"{before}_sum")(x, part(x)))
    y = part(norm(name=before)(x)) if order in ("before", "both") else part(x)
    if order == "result":
        y = norm(name=before)(y)
    elif order == "both":
        y = norm(name=after)(y)
    return Add(name=f"{before}_sum")(x, y)


def _side_by_side(
    x: Any, others: Sequence[Any], mixer: Layer, feed: Layer | None, norm: Norm, order: Order
) -> Any:
    y = norm(name=MIXING)(x)
    z = y if order == "beside" else norm(name=FEEDING)(x)
    return Add(name="sum")(x, mixer(y, *others), *(() if feed is None else (feed(z),)))


def runs(kinds: Iterable[T], make: Callable[[T], Layer]) -> list[Run]:
    """The blocks of a pattern: equal ones in a row are one, and so are periods.

    Args:
        kinds: what each layer is, in order.
        make: what makes the block of a kind.

    >>> runs("ddssss", lambda kind: Dense(8, name=kind))
    [(2, Dense(units=8, name='d')), (4, Dense(units=8, name='s'))]
    >>> [(times, len(blocks)) for times, blocks in runs("wfwfwf", lambda kind: Dense(8, name=kind))]
    [(3, 2)]
    """
    rest = tuple(kinds)
    found: list[Run] = []
    while rest:
        period, times = _longest(rest)
        part = [make(kind) for kind in rest[:period]]  # each anew: one block is one set of weights
        found.append((times, part[0] if period == 1 else part))
        rest = rest[period * times :]
    return found


def _longest(kinds: Sequence[Any]) -> tuple[int, int]:
    """The period from the front that covers the most layers, the shortest of such."""
    best = (1, 1)
    for period in range(1, len(kinds) // 2 + 1):
        times = 1
        while kinds[times * period : (times + 1) * period] == kinds[:period]:
            times += 1
        if times > 1 and times * period > best[0] * best[1]:
            best = (period, times)
    return best


def decoder(
    blocks: Sequence[Run],
    width: DimLike,
    vocab: DimLike,
    *,
    norm: Norm | None = rms_norm,
    positions: DimLike | None = None,
    position_offset: int = 0,
    embedding_norm: Norm | None = None,
    embedding_width: DimLike | None = None,
    tied: bool = False,
    head: bool = True,
    head_bias: bool = False,
    length: DimLike = "t",
    shared: Layer | None = None,
) -> Model:
    """A language model of blocks: words become vectors, and vectors scores of words.

    Args:
        blocks: how often each block stands, and the block; see `runs`.
        width: how long the vector of each word is.
        vocab: how many words there are.
        norm: what makes the norm after the last block; ``None`` for none.
        positions: how many positions have a learned vector; ``None`` for none.
        position_offset: how many rows of those stand before the first position's.
        embedding_norm: what makes a norm of the embeddings; ``None`` for none.
        embedding_width: how long the rows of the table of words are, with projections to `width`
            and back; `width`, without projections, where ``None``.
        tied: whether the head is the table of words, transposed.
        head: whether there is a head; without one, vectors come out.
        head_bias: whether the head adds a bias, which is its own where its kernel is tied.
        length: how many words a sequence has.
        shared: what all blocks take beside their input, made of the embeddings once.

    >>> from archcalc.families.attention import attention
    >>> from archcalc.families.feedforward import gated_mlp
    >>> one = block("d", attention("d", "a", "g", "e"), gated_mlp("d", "f"))
    >>> decoder([("L", one)], "d", "V", tied=True).trace().parameters.collect("L", "d")
    L·d·(2·a·e + 2·e·g + 3·f + 2) + d·(V + 1)
    """
    d, words = read_dim("width", width), read_dim("vocab", vocab)
    e = d if embedding_width is None else read_dim("embedding_width", embedding_width)
    tokens = Input((read_dim("length", length),), name="tokens")
    table = Embedding(words, e, name="embed_tokens")
    y = table(tokens)
    if e != d:
        y = Dense(d, use_bias=False, name="project_in")(y)
    if positions is not None:
        rows = read_dim("positions", positions)
        y = Add(name="embedded")(
            y, PositionEmbedding(rows, position_offset, name="embed_positions")(y)
        )
    if embedding_norm is not None:
        y = embedding_norm(name="embed_norm")(y)
    beside = [] if shared is None else [shared(y)]
    for stack in _stacks(blocks):
        y = stack(y, *beside)
    if norm is not None:
        y = norm(name="norm")(y)
    if e != d:
        y = Dense(e, use_bias=False, name="project_out")(y)
    if head:
        ties = {"kernel": table} if tied else {}
        lies = {"kernel": ("width", "vocab")}
        y = Dense(words, use_bias=head_bias, tied=ties, name="lm_head", weight_axes=lies)(y)
    return Model(tokens, y)


def _stacks(blocks: Sequence[Run]) -> list[Repeat]:
    """One `Repeat` a run; its name is numbered where there are several."""
    made = []
    for number, (times, of) in enumerate(blocks):
        name = "layers" if len(blocks) == 1 else f"layers_{number}"
        inner = of if isinstance(of, Layer) else _in_turn(of)
        made.append(Repeat(inner, read_dim("layers", times, minimum=1), name=name))
    return made


def _in_turn(blocks: Sequence[Layer]) -> Layer:
    named = [layer.model_copy(update={"name": f"block_{i}"}) for i, layer in enumerate(blocks)]
    return Sequential(named)
