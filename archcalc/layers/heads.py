"""Attention in heads: projections before and after a core that has no weights.

Each layer is one class with weights of its own, as in Keras and in torch.  Its facts are folded
over its parts: a projection says its weights and its product, the core says what queries, keys and
values take and which of them meet.

Sources: Vaswani et al. (2017) for heads, Ainslie et al. (2023) for heads that share keys and
values.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, field_validator

from archcalc.layers.attention import (
    KEYS_AND_VALUES,
    Core,
    equal_dims,
    equal_shapes,
    query_value_key,
    shares_kept,
)
from archcalc.layers.axes import axis_indices
from archcalc.layers.convolution import divided
from archcalc.layers.facts import Kept, Saved, Unstated, Weight
from archcalc.layers.fields import OptionalAxes, OptionalSize, ShapeField, Size, hyper, option
from archcalc.layers.projections import Heads
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = ["GroupQueryAttention", "MultiHeadAttention"]


def _as_wide(what: str, expected: Dim, found: Dim) -> Requirement:
    return Requirement(
        found,
        Relation.EQUAL,
        expected,
        f"it was made for a {what} of {{expected}} features, and {{found}} come in",
        code="features-differ",
        hint="embed_dim, kdim and vdim are the features of query, key and value",
        details=(("expected", expected), ("found", found)),
    )


_IN_TORCH = ("query", "key", "value")


class MultiHeadAttention(Heads):
    """Attention in heads: ``softmax(q·kᵀ/√key_dim)·v`` for each, joined by a projection.

    Inputs are the query ``(t, d)``, the value ``(t_kv, d_v)`` and the key ``(t_kv, d_k)``; the
    output is ``(t, d)``.  There may be more axes of positions: all are attended over, or those of
    `attention_axes`, and the others go side by side.

    torch's ``nn.MultiheadAttention(embed_dim, num_heads)`` is this with ``key_dim =
    embed_dim/num_heads``; weights follow from the inputs, and what torch is told is checked.

    Args:
        num_heads: how many heads.
        key_dim: how wide queries and keys are in each head.
        value_dim: how wide values are in each head; as wide as keys where ``None``.
        dropout: the part of the scores that is dropped while training.
        use_bias: whether every projection adds a bias.
        target_shape: the features that come out: one number, or several for several axes; those of
            the query where ``None``.  Keras' name, ``output_shape``, is taken as well.
        attention_axes: the axes attended over, counted as in Keras from 1; all where ``None``.
        sliding_window: how near a key must be to a query, ``|i − j| < sliding_window``, to be seen.
        flash_attention: Keras' choice of kernel; it changes no size.
        use_gate: whether the heads are multiplied with a gate made from the query (Qiu et al.,
            2025).
        add_bias_kv: whether a learned key and value are added to the sequence, as in torch.
        add_zero_attn: whether a key and a value of zeros are added to the sequence, as in torch.
        return_attention_scores: whether the scores ``(num_heads, t, t_kv)`` come out too.
        use_causal_mask: whether a query sees no key that comes after it; Keras says so at the call.
        embed_dim: how wide all heads are together, as torch is told: a multiple of `num_heads`.
        kdim, vdim: the features that keys and values must have, as torch is told: `embed_dim` where
            that alone is given.

    >>> attention = MultiHeadAttention(num_heads=8, key_dim=64)
    >>> sum(w.size for w in attention.weights(Shape((10, 512))))
    1050624
    >>> attention.output_shape(Shape((10, 512)), Shape((20, 768)))
    (10, 512)
    """

    num_heads: Size = hyper("a", counts="parts")
    key_dim: Size = hyper("k", per="num_heads")
    value_dim: OptionalSize = hyper("v", default=None, per="num_heads")
    dropout: float = Field(default=0.0, ge=0, le=1)
    use_bias: bool = True
    target_shape: ShapeField = hyper("d_out", default=None, called=("target_shape", "output_shape"))
    attention_axes: OptionalAxes = option(default=None)
    sliding_window: OptionalSize = option(default=None, counts="positions")
    flash_attention: bool | None = None
    use_gate: bool = Field(default=False, kw_only=True)
    add_bias_kv: bool = Field(default=False, kw_only=True)
    add_zero_attn: bool = Field(default=False, kw_only=True)
    return_attention_scores: bool = Field(default=False, kw_only=True)
    use_causal_mask: bool = Field(default=False, kw_only=True)
    embed_dim: OptionalSize = option(default=None, kw_only=True, counts="incoming")
    kdim: OptionalSize = option(default=None, kw_only=True, counts="incoming")
    vdim: OptionalSize = option(default=None, kw_only=True, counts="incoming")

    source: ClassVar[str] = "https://arxiv.org/abs/1706.03762 (section 3.2.2)"

    def __call__(self, *tensors: Any, **how: Any) -> Any:
        """As every layer; what torch is told is called as torch's: on query, key and value.

        A list of them is Keras' query, value and key.
        """
        if self.embed_dim is None:
            return super().__call__(*tensors, **how)
        if len(tensors) == len(_IN_TORCH):
            query, key, value = tensors
            tensors = (query, value, key)
        if how.pop("need_weights", False):
            raise InvalidLayerError(
                "MultiheadAttention: need_weights is not said of a call here",
                code="unknown-argument",
                hint="MultiHeadAttention(…, return_attention_scores=True) gives every head's",
            )
        if how.pop("is_causal", False):
            how["use_causal_mask"] = True
        how.pop("average_attn_weights", None)
        return super().__call__(*tensors, **how)

    def expected(self, *inputs: Any) -> tuple[Requirement, ...]:
        query, value, key = query_value_key(inputs)
        width = self.embed_dim
        each = (
            ("query", width, query),
            ("key", width if self.kdim is None else self.kdim, key),
            ("value", width if self.vdim is None else self.vdim, value),
        )
        known = [(what, size, x[-1]) for what, size, x in each if size is not None]
        heads = (
            ()
            if self.embed_dim is None
            else (divided(self.embed_dim, self.num_heads, "num_heads", "features (embed_dim)"),)
        )
        wide = tuple(_as_wide(what, size, found) for what, size, found in known)
        return (*super().expected(*inputs), *heads, *wide)

    @field_validator("attention_axes", mode="after")
    @classmethod
    def _each_once(cls, axes: Any) -> Any:
        if axes is not None and (len(set(axes)) < len(axes) or not axes):
            raise InvalidLayerError(
                f"{axes} are not axes to attend over",
                code="wrong-number-of-values",
                hint="name each axis once, or leave attention_axes out for all of them",
            )
        return axes

    def heads(self) -> dict[str, Shape]:
        narrow, wide = Shape((self.num_heads, self.key_dim)), self.joined()
        gate = {"gate": wide} if self.use_gate else {}
        return {"query": narrow, "key": narrow, **gate, "value": wide}

    def joined(self) -> Shape:
        width = self.key_dim if self.value_dim is None else self.value_dim
        return Shape((self.num_heads, width))

    def features(self, query: Shape) -> Shape:
        return query[-1:] if self.target_shape is None else self.target_shape

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        made = super().weights(*inputs)
        if not self.add_bias_kv:
            return made
        key, value = product((self.num_heads, self.key_dim)), product(self.joined())
        added = (("bias_k", key), ("bias_v", value))
        return (*made, *(Weight(name, Shape((1, 1, size))) for name, size in added))

    def is_torchs(self, query: Shape) -> bool:
        """Whether torch's module is this: heads that are together as wide as the query."""
        return bool(
            len(query) == 2
            and self.num_heads * self.key_dim == query[-1]
            and self.value_dim in (None, self.key_dim)
            and self.target_shape in (None, query[-1:])
            and not self.use_gate
            and self.sliding_window is None
        )

    def saves(self, *shapes: Shape) -> Saved | Unstated:
        """As torch's module does it on the CPU, with time as the first axis.

        Source: ``torch.nn.functional.multi_head_attention_forward``.  It takes flash attention
        where no scores are asked for and none are dropped; otherwise it scales queries (where no
        scores are asked for, keys as well) and keeps the scores.
        """
        inputs = shapes[:-1]
        query, core = inputs[0], self.core(*inputs)
        if not self.is_torchs(query):
            return Unstated("torch's module has no heads of other widths, no gate and no window")
        flash = not (self.dropout or self.return_attention_scores)
        sums: tuple[Kept, ...] = (
            Kept("log-sum-exp", Shape((self.num_heads, *core.queries)), "statistic"),
        )
        if core.mask.added and self.use_causal_mask:  # keys that are added are seen from everywhere
            sums = (*sums, Kept("mask", Shape((*core.queries, *core.keys)), of_batch=True))
        scaled = (Kept("scaled queries", query), *self._scaled_keys(core, query))
        kept = (*scaled, *shares_kept(self.scores(*inputs), self.dropout))
        beside = sums if flash else kept
        own = (*self._projected(inputs, core, flash), *beside, Kept("heads", query))
        return Saved(for_weights=tuple(range(len(inputs))), own=own)

    def _scaled_keys(self, core: Core, query: Shape) -> tuple[Kept, ...]:
        if self.return_attention_scores:
            return ()
        return (Kept("scaled keys", Shape((*core.keys, query[-1]))),)

    def _projected(self, inputs: tuple[Shape, ...], core: Core, flash: bool) -> tuple[Kept, ...]:
        """What is kept of queries, keys and values: all that one product has made of one input.

        Of one input torch makes queries, keys and values by one product, of two keys and values by
        another; what is added to keys and values makes tensors of their own of both.
        """
        (positions, width), keys = inputs[0], core.keys
        added, one = self.add_bias_kv or self.add_zero_attn, len(inputs) == 1
        if one and not added:
            return (Kept("queries, keys and values", Shape((positions, 3, width))),)
        many = 3 if one else 1
        queries = (Kept("queries", Shape((positions, many, width))),) if flash else ()
        whole = flash or self.return_attention_scores or (len(inputs) == 2 and not added)
        return (*queries, Kept("keys and values", Shape((*keys, 1 + whole, width))))

    def core(self, *inputs: Shape) -> Core:
        core = super().core(*inputs)
        return replace(core, mask=replace(core.mask, added=self.add_bias_kv + self.add_zero_attn))

    def _added(self, name: str) -> tuple[str, ...]:
        return (f"bias_{name[0]}",) if self.add_bias_kv and name in ("key", "value") else ()

    def attended(self, query: Shape, key: Shape) -> tuple[Shape, Shape, Shape]:
        axes = self.attended_axes(query)
        apart = Shape(dim for i, dim in enumerate(query[:-1]) if i not in axes)
        found = Shape(key[i] for i in axes)
        added = self.add_bias_kv + self.add_zero_attn
        if added:
            found = Shape((lower(found[0] + added), *found[1:]))
        return apart, Shape(query[i] for i in axes), found

    def meeting(self, query: Shape) -> tuple[int, ...]:
        return self.attended_axes(query)

    def attended_axes(self, x: Shape) -> tuple[int, ...]:
        """Where in `x` the axes are that are attended over.

        Raises:
            ShapeError: one of them holds the features.
        """
        if self.attention_axes is None:
            return tuple(range(len(x) - 1))
        axes = axis_indices(self.attention_axes, x)
        if len(x) - 1 in axes:
            raise ShapeError(
                f"attention_axes {self.attention_axes} of {x!r}: the last axis holds the features",
                code="no-such-axis",
                values={"attention_axes": self.attention_axes, "input": x},
                hint="attend over the axes of positions, before it",
            )
        return axes

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        plain = ("sliding_window", "use_causal_mask", "add_bias_kv", "add_zero_attn")
        asked = [name for name in plain if getattr(self, name)]
        if asked and len(inputs[0]) > 2:
            raise ShapeError(
                f"MultiHeadAttention with {asked[0]} takes one axis of positions, (t, d), not "
                f"{inputs[0]!r}",
                code="wrong-number-of-axes",
                values={"input": inputs[0]},
                hint="a Reshape before it makes one axis of several",
            )

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        query, value, key = query_value_key(inputs)
        attended = self.attended_axes(query)
        beside = [i for i in range(len(query) - 1) if i not in attended]
        return (
            *equal_shapes(value[:-1], key[:-1], KEYS_AND_VALUES),
            *equal_shapes(
                Shape(query[i] for i in beside),
                Shape(value[i] for i in beside),
                "queries and values differ in an axis that is not attended over",
            ),
        )


class GroupQueryAttention(Heads):
    """Attention in heads, of which several share keys and values.

    Inputs are the query ``(t, d)``, the value ``(t_kv, d)`` and the key ``(t_kv, d_k)``; the output
    is ``(t, d)``.  As many key-value heads as query heads make it `MultiHeadAttention`, one makes
    it multi-query attention.

    Args:
        head_dim: how wide queries, keys and values are in each head.
        num_query_heads: how many heads.
        num_key_value_heads: how many keys and values there are for them; a divisor of the heads.
        dropout: the part of the scores that is dropped while training.
        use_bias: whether every projection adds a bias.
        sliding_window: how near a key must be to a query, ``|i − j| < sliding_window``, to be seen.
        flash_attention: Keras' choice of kernel; it changes no size.
        use_gate: whether the heads are multiplied with a gate made from the query.
        return_attention_scores: whether the scores ``(num_query_heads, t, t_kv)`` come out too.
        use_causal_mask: whether a query sees no key that comes after it; Keras says so at the call.

    Llama 3 8B, with 8 keys and values for 32 heads:

    >>> attention = GroupQueryAttention(128, 32, 8, use_bias=False)
    >>> [w.size for w in attention.weights(Shape((8192, 4096)))]
    [16777216, 4194304, 4194304, 16777216]
    """

    head_dim: Size = hyper("k", per="num_query_heads")
    num_query_heads: Size = hyper("a", counts="parts")
    num_key_value_heads: Size = hyper("g", counts="parts")
    dropout: float = Field(default=0.0, ge=0, le=1)
    use_bias: bool = True
    sliding_window: OptionalSize = option(default=None, counts="positions")
    flash_attention: bool | None = None
    use_gate: bool = Field(default=False, kw_only=True)
    return_attention_scores: bool = Field(default=False, kw_only=True)
    use_causal_mask: bool = Field(default=False, kw_only=True)

    axis_names: ClassVar[tuple[str, ...]] = ("t", "d")
    source: ClassVar[str] = "https://arxiv.org/abs/2305.13245 (section 2.2)"

    def heads(self) -> dict[str, Shape]:
        every, shared = self.joined(), Shape((self.num_key_value_heads, self.head_dim))
        gate = {"gate": every} if self.use_gate else {}
        return {"query": every, "key": shared, **gate, "value": shared}

    def joined(self) -> Shape:
        return Shape((self.num_query_heads, self.head_dim))

    def features(self, query: Shape) -> Shape:
        return query[-1:]

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        query, value, key = query_value_key(inputs)
        heads, shared = self.num_query_heads, self.num_key_value_heads
        (_, asked), (_, found) = query, value
        return (
            divided(heads, shared, "num_key_value_heads", "query heads"),
            *equal_dims(asked, found, "queries and values have different numbers of features"),
            *equal_shapes(value[:-1], key[:-1], KEYS_AND_VALUES),
        )
