"""Encoders of words, read from both sides: BERT and what came of it.

Sources: Devlin et al., *BERT* (2018), section 3; Liu et al., *RoBERTa* (2019); Sanh et al.,
*DistilBERT* (2019); Lan et al., *ALBERT* (2019), section 3.1; Clark et al., *ELECTRA* (2020).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from archcalc.families.attention import attention
from archcalc.families.decoder import Order, block, layer_norm
from archcalc.families.feedforward import Between, mlp
from archcalc.families.parts import one_of, read_dim
from archcalc.layers import Add, Dense, Embedding, Layer, PositionEmbedding, Select
from archcalc.layers.functions import ActivationName
from archcalc.layers.positions import SegmentEmbedding
from archcalc.network import Input, Model, Parameter, Repeat, Sequential
from archcalc.symbolic.dims import Dim, DimLike, exact_div

__all__ = ["ENCODERS", "EncoderHead", "encoder"]

EncoderHead: TypeAlias = Literal[
    "none", "pooler", "masked", "both", "classes", "each", "span", "replaced"
]
"""What stands after the last layer: nothing; what is made of the first word; scores of the words
that were masked; both, with two scores of whether sentences follow one another; scores of classes
of what is made of the first word, or of each word; of each word whether a span begins or ends
there; or whether it was replaced."""


def encoder(
    layers: DimLike = "L",
    width: DimLike = "d",
    ffn: DimLike = "f",
    vocab: DimLike = "V",
    heads: DimLike = "a",
    head_dim: DimLike = "e",
    *,
    positions: DimLike = "S",
    position_offset: int = 0,
    types: DimLike | None = 2,
    embedding_width: DimLike | None = None,
    groups: DimLike | None = None,
    inner: int = 1,
    order: Order = "after",
    activation: Between = "gelu",
    head: EncoderHead = "pooler",
    classes: DimLike = "K",
    tied: bool = True,
    spare_bias: bool = False,
    length: DimLike = "t",
) -> Model:
    """An encoder of words: each attends to all, and norms stand after the sums.

    Args:
        layers: how many layers.
        width: how long the vector of each word is.
        ffn: the features between the dense layers of an MLP.
        vocab: how many words there are.
        heads, head_dim: how many heads, and how wide each is.
        positions: how many positions have a learned vector.
        position_offset: how many rows of those stand before the first position's.
        types: how many segments a sequence may have, with a vector each; ``None`` for none.
        embedding_width: how long the rows of the tables are, with a projection to `width`, also
            where it is as long; `width`, without one, where ``None``.
        groups: how many groups layers are in, all of a group with the same weights, as in ALBERT;
            ``None`` where each has its own.
        inner: how many layers a group has that differ.
        order: where the norms of a layer stand.
        activation: the function in an MLP.
        head: what stands after the last layer.
        classes: how many classes are told apart, where the head tells some apart.
        tied: whether the head is the table of words; where it is not, BERT's holds a second bias,
            which nothing reads.
        length: how many words a sequence has.

    Raises:
        DimensionError: an argument is no dimension.

    >>> P = encoder(head="none").trace().parameters
    >>> P.collect("L", "d")
    L·(d·(4·a·e + 2·f + 6) + 3·a·e + f) + d·(S + V + 4)
    >>> encoder(12, 768, 3072, 30522, 12, 64, positions=512).trace().parameters
    109482240
    """
    d, words = read_dim("width", width), read_dim("vocab", vocab)
    e = d if embedding_width is None else read_dim("embedding_width", embedding_width)
    tokens = Input((read_dim("length", length),), name="tokens")
    table = Embedding(words, e, name="embed_tokens")
    y: Any = table(tokens)
    rows = PositionEmbedding(
        read_dim("positions", positions), position_offset, name="embed_positions"
    )
    parts = [y, rows(y)]
    if types is not None:
        parts.append(SegmentEmbedding(read_dim("types", types), name="embed_types")(y))
    y = layer_norm(name="embed_norm")(Add(name="embedded")(*parts))
    if embedding_width is not None:
        y = Dense(d, name="project_in")(y)

    def layer() -> Layer:
        mixer = attention(
            d, heads, None, head_dim, bias="qkvo", rotary=False, causal=False, keeps=False
        )
        feed = mlp(d, ffn, activation)
        return block(d, mixer, feed, norm=layer_norm, order=order)

    for stack in _stacks(layers, groups, inner, layer):
        y = stack(y)
    function: ActivationName = "relu" if activation == "relu2" else activation
    return Model(tokens, _ends(head, y, (d, e), table, tied, spare_bias, function, classes))


def _stacks(layers: DimLike, groups: DimLike | None, inner: int, layer: Any) -> list[Repeat]:
    total = read_dim("layers", layers)
    if groups is None:
        return [Repeat(layer(), total, name="layers")]
    count = read_dim("groups", groups)
    if not isinstance(count, int):
        count = 1
    if isinstance(total, int):
        times: list[Dim] = [*Counter(i * count // total for i in range(total)).values()]
    else:
        times = [exact_div(total, count)] * count
    return [
        Repeat(
            _several(layer, inner), n, shared=True, name=f"layers_{i}" if count > 1 else "layers"
        )
        for i, n in enumerate(times)
    ]


def _several(layer: Any, inner: int) -> Layer:
    if inner == 1:
        made: Layer = layer()
        return made
    return Sequential([layer().model_copy(update={"name": f"block_{i}"}) for i in range(inner)])


def _ends(
    head: EncoderHead, y: Any, widths: tuple[Dim, Dim], table: Embedding, tied: bool,
    spare: bool, function: ActivationName, classes: DimLike,
) -> list[Any]:  # fmt: skip
    """What comes out, of what the last layer gives."""
    wide, narrow = widths

    def words() -> list[Any]:
        z = layer_norm(name="head_norm")(Dense(narrow, function, name="head_transform")(y))
        count = table.input_dim
        scores = Dense(count, tied={"kernel": table} if tied else {}, name="lm_head")(z)
        return [scores, Parameter((count,), name="spare_bias")] if spare and not tied else [scores]

    def pooled() -> Any:
        return Dense(wide, "tanh", name="pooler")(Select(1, 0, name="first")(y))

    def scored(z: Any, count: DimLike, name: str = "classifier") -> Any:
        return Dense(read_dim("classes", count), name=name)(z)

    ends: dict[str, Callable[[], list[Any]]] = {
        "none": lambda: [y],
        "pooler": lambda: [y, pooled()],
        "masked": words,
        "both": lambda: [*words(), scored(pooled(), 2, "next_sentence")],
        "classes": lambda: [scored(pooled(), classes)],
        "each": lambda: [scored(y, classes)],
        "span": lambda: [scored(y, 2, "span")],
        "replaced": lambda: [scored(Dense(wide, function, name="judged")(y), 1, "replaced")],
    }
    return one_of("head", head, ends)()


ENCODERS: Mapping[str, Mapping[str, Any]] = {
    "bert": {},
    "roberta": {"types": 1, "position_offset": 2},
    "distilbert": {"types": None, "head": "none"},
    "albert": {"embedding_width": "q", "groups": 1},
    "electra": {"embedding_width": "q", "head": "none"},
}
"""Families that have names: the arguments of `encoder` that make each; sizes stay open."""
