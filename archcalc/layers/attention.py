"""Attention: every output is a mean of the values, weighted by how well a query fits their keys.

Sources: Luong et al. (2015) for products, Bahdanau et al. (2014) for additive scores, Vaswani et
al. (2017) for heads, Ainslie et al. (2023) for heads that share keys and values.

All take, in Keras' order, a query, a value and a key.  Without a key the value is the key too; a
query alone attends to itself.  A mask changes no count: the full product is counted, as torch's
``FlopCounterMode`` counts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from archcalc.layers.attending import (
    KEYS_AND_VALUES,
    Attending,
    equal_dims,
    equal_shapes,
    query_value_key,
    summed_tanh,
)
from archcalc.layers.axes import axis_indices
from archcalc.layers.convolution import divided
from archcalc.layers.facts import Arithmetic, Operand, Weight, Work
from archcalc.layers.fields import OptionalAxes, OptionalSize, ShapeField, Size, hyper, option
from archcalc.layers.functions import elementwise
from archcalc.layers.kept import EVERY, of_weights
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = ["AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"]


_FEATURES = "have different numbers of features"


class _OneHead(Attending, abstract=True):
    """Attention on the inputs as they are, with no projection before or after."""

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "seed")

    def output_shape(self, *inputs: Shape) -> Shape:
        query, value, _ = query_value_key(inputs)
        return query.replace(-1, value[-1])

    def scores(self, *inputs: Shape) -> Shape:
        query, _, key = query_value_key(inputs)
        return query.replace(-1, key[-2])

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        query, value, key = query_value_key(inputs)
        return (
            *equal_dims(query[-1], key[-1], f"queries and keys {_FEATURES}"),
            *equal_shapes(value[:-1], key[:-1], KEYS_AND_VALUES),
            *equal_shapes(query[:-2], value[:-2], "queries and values differ in an axis before"),
        )

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        inputs = shapes[:-1]
        query, value, _ = query_value_key(inputs)
        scores = self.scores(*inputs)
        names = tuple(weight.name for weight in self.weights(*inputs))
        weighed = (Operand((0, 2), names), Operand((1,)))
        return (
            *self._compared(scores, query[-1:]),
            Work("attention", value[-1:], scores, activations=weighed),
        )

    if TYPE_CHECKING:  # every subclass says it

        def _compared(self, scores: Shape, features: Shape) -> tuple[Work, ...]:
            """The products by which queries and keys become scores."""


class Attention(_OneHead):
    """Dot-product attention: ``softmax(q·kᵀ)·v``.

    Inputs are the query ``(t, d)``, the value ``(t_kv, d_v)`` and the key ``(t_kv, d)``; the output
    is ``(t, d_v)``.  There may be more axes before these; they are the same in all inputs.

    Args:
        use_scale: whether the scores are multiplied with one learned number.
        score_mode: ``"dot"`` multiplies query and key; ``"concat"`` sums ``tanh(q + k)`` instead
            and learns one number more.
        dropout: the part of the scores that is dropped while training.
        return_attention_scores: whether the scores ``(t, t_kv)`` come out too.

    >>> Attention().output_shape(Shape((10, 64)), Shape((20, 32)), Shape((20, 64)))
    (10, 32)
    """

    use_scale: bool = False
    score_mode: Literal["dot", "concat"] = "dot"
    dropout: float = Field(default=0.0, ge=0, le=1)
    return_attention_scores: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1508.04025 (equation 8)"

    @property
    def scales(self) -> bool:
        return self.use_scale

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        shared = super().arithmetic(*shapes)
        if self.score_mode == "dot":
            return shared
        scores = self.scores(*shapes[:-1])
        weighed = elementwise("elementwise", scores, {"multiplication": 1})
        return (*summed_tanh(scores, shapes[0][-1]), *weighed, *shared)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        scale = (Weight("scale", Shape(), "scale"),) if self.use_scale else ()
        concat: tuple[Weight, ...] = ()
        if self.score_mode == "concat":
            concat = (Weight("concat_score_weight", Shape(), "scale"),)
        return scale + concat

    def _compared(self, scores: Shape, features: Shape) -> tuple[Work, ...]:
        if self.score_mode != "dot":
            return ()
        pair = (Operand((0,)), Operand((2,)))
        return (Work("attention", features, scores, activations=pair),)


class AdditiveAttention(_OneHead):
    """Additive attention: the scores are ``scale·tanh(q + k)``, summed over the features.

    Inputs are the query ``(t, d)``, the value ``(t_kv, d_v)`` and the key ``(t_kv, d)``; the output
    is ``(t, d_v)``.  The projections that the paper puts before are Dense layers of their own.

    Args:
        use_scale: whether the factors of the sum are learned, one a feature; without them nothing
            is multiplied there.
        dropout: the part of the scores that is dropped while training.
        return_attention_scores: whether the scores ``(t, t_kv)`` come out too.

    >>> AdditiveAttention().weights(Shape((10, 64)), Shape((20, 64)))[0].shape
    (64,)
    """

    use_scale: bool = True
    dropout: float = Field(default=0.0, ge=0, le=1)
    return_attention_scores: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1409.0473 (appendix A.1.2)"

    @property
    def scales(self) -> bool:
        return False  # what it multiplies with stands within the sum, and is one of its products

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        scores = self.scores(*shapes[:-1])
        summed = not self.use_scale
        return (*summed_tanh(scores, shapes[0][-1], summed), *super().arithmetic(*shapes))

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return (Weight("scale", inputs[0][-1:], "kernel"),) if self.use_scale else ()

    def _compared(self, scores: Shape, features: Shape) -> tuple[Work, ...]:
        if not self.use_scale:
            return ()
        return (Work("attention", features, scores, "scale", (Operand((0, 2)),)),)


class _Heads(Attending, abstract=True):
    """Attention in several heads, each with projections of its own, and one projection of all."""

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("kernel", "bias"), "seed")

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        made: list[Weight] = []
        for name, x, heads in self.projections(*inputs):
            made += self._projection(name, Shape((x[-1], *heads)), heads)
        joined, features = self.joined(), self.features(inputs[0])
        return (*made, *self._projection("output", joined + features, features))

    def _projection(self, name: str, kernel: Shape, bias: Shape) -> list[Weight]:
        made = [Weight(f"{name}_kernel", kernel, "kernel"), Weight(f"{name}_bias", bias, "bias")]
        return made if self.use_bias else made[:1]

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        query, value, key = query_value_key(shapes[:-1])
        projections = self.projections(query, value, key)
        apart, asked, found = self.attended(query, key)
        pairs = (*apart, *asked, *found)
        heads, width = self.joined()
        joined = (heads, width, *self.features(query))
        q, k, v = (self._projected(name) for name in ("query", "key", "value"))
        scores = Operand((0, 2), q.weights + k.weights)
        result = Operand((0, 1, 2), scores.weights + v.weights)
        return (
            *(self._projecting(name, x, into) for name, x, into in projections),
            Work("attention", projections[0][2], pairs, activations=(q, k)),
            Work("attention", (heads, width), pairs, activations=(scores, v)),
            Work("matmul", joined, query[:-1], "output_kernel", (result,), "output_bias"),
        )

    def _projecting(self, name: str, x: Shape, into: Shape) -> Work:
        """The product that makes the heads `into` of `x`."""
        source = (Operand(self._projected(name).inputs),)
        kernel = (x[-1], *into)
        return Work("matmul", kernel, x[:-1], f"{name}_kernel", source, f"{name}_bias")

    def _projected(self, name: str) -> Operand:
        """What a projection gives: what it is made from, and with."""
        inputs = {"value": (1,), "key": (2,)}.get(name, (0,))
        return Operand(inputs, (f"{name}_kernel", *self._added(name)))

    def _added(self, name: str) -> tuple[str, ...]:
        """Learned positions that are added to what a projection gives."""
        return ()

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0][:-1] + self.features(inputs[0])

    def scores(self, *inputs: Shape) -> Shape:
        query, _, key = query_value_key(inputs)
        apart, asked, found = self.attended(query, key)
        return Shape((*apart, self.joined()[0], *asked, *found))

    def attended(self, query: Shape, key: Shape) -> tuple[Shape, Shape, Shape]:
        """The axes that go side by side, and those of the queries and keys that meet."""
        return Shape(), query[:1], key[:1]

    if TYPE_CHECKING:  # every subclass has them

        @property
        def use_bias(self) -> bool: ...
        def projections(self, *inputs: Shape) -> list[tuple[str, Shape, Shape]]:
            """Each projection: its name, what it acts on, and the heads it gives."""

        def joined(self) -> Shape:
            """The heads, and how wide each is, that the last projection joins."""

        def features(self, query: Shape) -> Shape:
            """What comes out at each position."""


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


class MultiHeadAttention(_Heads):
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
        sliding_window: how far a query sees to either side, as a mask; it changes no size.
        flash_attention: Keras' choice of kernel; it changes no size.
        use_gate: whether the heads are multiplied with a gate made from the query (Qiu et al.,
            2025).
        add_bias_kv: whether a learned key and value are added to the sequence, as in torch.
        add_zero_attn: whether a key and a value of zeros are added to the sequence, as in torch.
        return_attention_scores: whether the scores ``(num_heads, t, t_kv)`` come out too.
        embed_dim: how wide all heads are together, as torch is told: a multiple of `num_heads`.
        kdim, vdim: the features that keys and values must have, as torch is told: `embed_dim` where
            that alone is given.

    >>> attention = MultiHeadAttention(num_heads=8, key_dim=64)
    >>> sum(w.size for w in attention.weights(Shape((10, 512))))
    1050624
    >>> attention.output_shape(Shape((10, 512)), Shape((20, 768)))
    (10, 512)
    """

    num_heads: Size = hyper("a")
    key_dim: Size = hyper("k")
    value_dim: OptionalSize = hyper("v", default=None)
    dropout: float = Field(default=0.0, ge=0, le=1)
    use_bias: bool = True
    target_shape: ShapeField = hyper("d_out", default=None, called=("target_shape", "output_shape"))
    attention_axes: OptionalAxes = option(default=None)
    sliding_window: OptionalSize = option(default=None)
    flash_attention: bool | None = None
    use_gate: bool = Field(default=False, kw_only=True)
    add_bias_kv: bool = Field(default=False, kw_only=True)
    add_zero_attn: bool = Field(default=False, kw_only=True)
    return_attention_scores: bool = Field(default=False, kw_only=True)
    embed_dim: OptionalSize = option(default=None, kw_only=True)
    kdim: OptionalSize = option(default=None, kw_only=True)
    vdim: OptionalSize = option(default=None, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1706.03762 (section 3.2.2)"

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

    def projections(self, *inputs: Shape) -> list[tuple[str, Shape, Shape]]:
        query, value, key = query_value_key(inputs)
        narrow, wide = Shape((self.num_heads, self.key_dim)), self.joined()
        gate = [("gate", query, wide)] if self.use_gate else []
        return [("query", query, narrow), ("key", key, narrow), *gate, ("value", value, wide)]

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
        plain = ("sliding_window", "add_bias_kv", "add_zero_attn")
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


class GroupQueryAttention(_Heads):
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
        sliding_window: how far a query sees to either side, as a mask; it changes no size.
        flash_attention: Keras' choice of kernel; it changes no size.
        use_gate: whether the heads are multiplied with a gate made from the query.
        return_attention_scores: whether the scores ``(num_query_heads, t, t_kv)`` come out too.

    Llama 3 8B, with 8 keys and values for 32 heads:

    >>> attention = GroupQueryAttention(128, 32, 8, use_bias=False)
    >>> [w.size for w in attention.weights(Shape((8192, 4096)))]
    [16777216, 4194304, 4194304, 16777216]
    """

    head_dim: Size = hyper("k")
    num_query_heads: Size = hyper("a")
    num_key_value_heads: Size = hyper("g")
    dropout: float = Field(default=0.0, ge=0, le=1)
    use_bias: bool = True
    sliding_window: OptionalSize = option(default=None)
    flash_attention: bool | None = None
    use_gate: bool = Field(default=False, kw_only=True)
    return_attention_scores: bool = Field(default=False, kw_only=True)

    axis_names: ClassVar[tuple[str, ...]] = ("t", "d")
    source: ClassVar[str] = "https://arxiv.org/abs/2305.13245 (section 2.2)"

    def projections(self, *inputs: Shape) -> list[tuple[str, Shape, Shape]]:
        query, value, key = query_value_key(inputs)
        all_heads, shared = self.joined(), Shape((self.num_key_value_heads, self.head_dim))
        gate = [("gate", query, all_heads)] if self.use_gate else []
        return [("query", query, all_heads), ("key", key, shared), *gate, ("value", value, shared)]

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
