"""Transformers as torch has them: attention and two dense layers, with what stands around them.

They state no fact of their own: each is a graph of `MultiHeadAttention`, `Dense`,
`LayerNormalization`, `Dropout` and `Add`, whose layers have the names of torch's submodules.

Source: Vaswani et al., *Attention Is All You Need* (2017), section 3; norms first: Xiong et al.,
*On Layer Normalization in the Transformer Architecture* (2020), figure 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, field_validator

from archcalc.layers.base import Layer
from archcalc.layers.convolution import divided
from archcalc.layers.core import Dense
from archcalc.layers.feature_normalization import LayerNormalization
from archcalc.layers.fields import Count, Size, option
from archcalc.layers.functions import ActivationName
from archcalc.layers.heads import MultiHeadAttention
from archcalc.layers.merging import Add
from archcalc.layers.regularization import Dropout
from archcalc.network.base import Network
from archcalc.network.fields import Block, Layers, OptionalBlock
from archcalc.network.forms import as_layer
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.repeat import Repeat
from archcalc.symbolic.dims import Dim, exact_div
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]


_EPSILON = 1e-5
"""torch's, for every norm of which nothing else is said."""


class _Calls(list[tuple[Layer, tuple[Ref, ...]]]):
    """The calls of a graph in the making."""

    def __call__(self, layer: Layer, *fed: Ref) -> Ref:
        """Call `layer` on what `fed` names; what comes out of it."""
        self.append((layer, fed))
        return Ref(len(self) - 1)


class _TransformerLayer(Network, abstract=True):
    """What encoder and decoder layers share: their arguments, and how a part stands among norms."""

    d_model: Size
    nhead: Size = option(counts="parts")
    dim_feedforward: Size = option(default=2048)
    dropout: float = Field(default=0.1, ge=0, le=1)
    activation: ActivationName = "relu"
    layer_norm_eps: float = _EPSILON
    batch_first: bool = False
    norm_first: bool = False
    bias: bool = True
    instead: Layers = option(default=(), kw_only=True)

    stands_open: ClassVar[bool] = True
    source: ClassVar[str] = "https://arxiv.org/abs/1706.03762 (section 3.1)"

    @cached_property
    def _graph(self) -> Graph:
        calls = _Calls()
        end = Ref(INPUT)
        for i, (dropout, part) in enumerate(self._parts(calls), start=1):
            end = self._beside(calls, end, part, f"norm{i}", dropout)
        return Graph.of(self._arity, calls, (end,)).with_layers(self.instead)

    def graph(self) -> Graph:
        return self._graph

    takes_parts: ClassVar[bool] = True

    def with_parts(self, parts: Mapping[str, Layer]) -> Self:
        kept = [layer for layer in self.instead if layer.name not in parts]
        return self.model_copy(update={"instead": (*kept, *parts.values())})

    def _beside(
        self, calls: _Calls, x: Ref, part: Callable[[Ref], Ref], norm: str, dropout: str
    ) -> Ref:
        """`x` and what the part makes of it, added; normalised before the part, or after."""
        made = LayerNormalization(
            epsilon=self.layer_norm_eps, center=self.bias, name=norm, trainable=self.trainable
        )
        fed = calls(made, x) if self.norm_first else x
        drop = Dropout(self.dropout, name=dropout, trainable=self.trainable)
        total = calls(Add(), x, calls(drop, part(fed)))
        return total if self.norm_first else calls(made, total)

    def _attention(self, name: str) -> MultiHeadAttention:
        return MultiHeadAttention(
            self.nhead,
            exact_div(self.d_model, self.nhead),
            dropout=self.dropout,
            use_bias=self.bias,
            name=name,
            trainable=self.trainable,
        )

    def _feedforward(self, calls: _Calls) -> Callable[[Ref], Ref]:
        common: dict[str, Any] = {"use_bias": self.bias, "trainable": self.trainable}
        wide = Dense(self.dim_feedforward, self.activation, name="linear1", **common)
        narrow = Dense(self.d_model, name="linear2", **common)
        drop = Dropout(self.dropout, name="dropout", trainable=self.trainable)
        return lambda x: calls(narrow, calls(drop, calls(wide, x)))

    def needs(self, *inputs: Shape) -> tuple[Requirement, ...]:
        return (
            divided(self.d_model, self.nhead, "nhead", "features (d_model)"),
            *(_wide(x, self.d_model) for x in inputs),
        )

    # Each kind says what it is made of.

    _arity: ClassVar[int] = 1

    def _parts(self, calls: _Calls) -> list[tuple[str, Callable[[Ref], Ref]]]:
        """The dropout after each part, and the part."""
        return [("dropout1", lambda x: calls(self._attention("self_attn"), x))]


def _wide(x: Shape, d_model: Dim) -> Requirement:
    return Requirement(
        d_model,
        Relation.EQUAL,
        x[-1],
        "d_model is {d_model}, but the input has {features} features",
        code="d-model-differs",
        hint="make d_model the features of the input",
        details=(("d_model", d_model), ("features", x[-1])),
    )


class TransformerEncoderLayer(_TransformerLayer):
    """Self-attention, then two dense layers, each with a shortcut and a norm: ``(t, d_model)``.

    Args:
        d_model: the features of the input, and of the output.
        nhead: how many heads; a divisor of `d_model`.
        dim_feedforward: the features between the two dense layers.
        dropout: the part that is dropped after each part, and of the scores.
        activation: the function between the two dense layers.
        layer_norm_eps: as in torch; it changes no size.
        batch_first: where torch has the batch; shapes here have none.
        norm_first: whether norms come before the parts instead of after the sums.
        bias: whether dense layers, attention and norms add a bias.
        instead: layers in the place of those of the same name (``"self_attn"``, ``"linear1"``, …):
            `with_lora` puts adapters there.

    >>> TransformerEncoderLayer(512, 8).output_shape(Shape((10, 512)))
    (10, 512)
    >>> TransformerEncoderLayer("d", "a", "4*d").trace(("t", "d")).parameters.collect("d")
    12·d² + 13·d
    """

    def _parts(self, calls: _Calls) -> list[tuple[str, Callable[[Ref], Ref]]]:
        return [*super()._parts(calls), ("dropout2", self._feedforward(calls))]


class TransformerDecoderLayer(_TransformerLayer):
    """Self-attention, attention to a memory, two dense layers: ``(t, d_model)`` and a memory.

    The inputs are the target and the memory, ``(t_kv, d_model)``; the target's shape comes out.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation: as in `TransformerEncoderLayer`.
        layer_norm_eps, batch_first, norm_first, bias, instead: as there.

    >>> TransformerDecoderLayer(512, 8).output_shape(Shape((20, 512)), Shape((10, 512)))
    (20, 512)
    >>> block = TransformerDecoderLayer("d", "a", "4*d")
    >>> block.trace(("t", "d"), ("s", "d")).parameters.collect("d")
    16·d² + 19·d
    """

    _arity: ClassVar[int] = 2

    def _parts(self, calls: _Calls) -> list[tuple[str, Callable[[Ref], Ref]]]:
        memory = Ref(INPUT, 1)
        attend = self._attention("multihead_attn")
        return [
            *super()._parts(calls),
            ("dropout2", lambda x: calls(attend, x, memory)),
            ("dropout3", self._feedforward(calls)),
        ]


class _Stack(Network, abstract=True):
    """A block several times over, and a norm after the last."""

    source: ClassVar[str] = "https://arxiv.org/abs/1706.03762 (section 3.1)"

    @field_validator("encoder_layer", "decoder_layer", "norm", mode="before", check_fields=False)
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        if value is None or value is False:
            return None
        return LayerNormalization(epsilon=_EPSILON) if value is True else as_layer(value)

    @cached_property
    def _graph(self) -> Graph:
        calls = _Calls()
        repeated = Repeat(self._block(), self.num_layers, name="layers")
        inputs = tuple(Ref(INPUT, i) for i in range(repeated.graph().arity))
        end = calls(repeated, *inputs)
        if self.norm is not None:
            named = self.norm if self.norm.name else self.norm.model_copy(update={"name": "norm"})
            end = calls(named, end)
        return Graph.of(len(inputs), calls, (end,))

    def graph(self) -> Graph:
        return self._graph

    def origin(self, layer: Layer) -> Layer:
        last = self.graph().nodes[-1].layer
        return self.norm if self.norm is not None and layer is last else layer

    def inside(self, *inputs: Shape) -> tuple[Shape, ...]:
        """The shapes that the first layer inside gets, and every other."""
        return inputs

    if TYPE_CHECKING:  # every subclass has them, each in the order of its own arguments

        @property
        def num_layers(self) -> Dim: ...
        @property
        def norm(self) -> Layer | None: ...
        def _block(self) -> Layer: ...


class TransformerEncoder(_Stack):
    """Encoder layers one after the other, each with weights of its own: ``(t, d_model)``.

    Args:
        encoder_layer: a `TransformerEncoderLayer`, or any block that keeps its shape.
        num_layers: how many; a number or a symbol.
        norm: what comes after the last, a `LayerNormalization` or just ``True``.

    >>> TransformerEncoder(TransformerEncoderLayer(512, 8), 6).output_shape(Shape((10, 512)))
    (10, 512)
    >>> block = TransformerEncoderLayer("d", "a", "4*d")
    >>> TransformerEncoder(block, "L").trace(("t", "d")).parameters.collect("L", "d")
    L·(12·d² + 13·d)
    """

    encoder_layer: Block
    num_layers: Count
    norm: OptionalBlock = option(default=None)

    def _block(self) -> Layer:
        return self.encoder_layer


class TransformerDecoder(_Stack):
    """Decoder layers one after the other, all attending to the same memory.

    The inputs are the target ``(t, d_model)`` and the memory ``(t_kv, d_model)``.

    Args:
        decoder_layer: a `TransformerDecoderLayer`, or any block of two inputs.
        num_layers: how many; a number or a symbol.
        norm: what comes after the last, a `LayerNormalization` or just ``True``.

    >>> decoder = TransformerDecoder(TransformerDecoderLayer(512, 8), 6, norm=True)
    >>> decoder.output_shape(Shape((20, 512)), Shape((10, 512)))
    (20, 512)
    """

    decoder_layer: Block
    num_layers: Count
    norm: OptionalBlock = option(default=None)

    def _block(self) -> Layer:
        return self.decoder_layer


class Transformer(Network):
    """An encoder, and a decoder that attends to what comes out of it.

    The inputs are the source ``(t_kv, d_model)`` and the target ``(t, d_model)``; embeddings and
    the projection to words are layers before and after.

    Args:
        d_model: the features of source and target.
        nhead: how many heads; a divisor of `d_model`.
        num_encoder_layers, num_decoder_layers: how many layers; numbers or symbols.
        dim_feedforward, dropout, activation: as in `TransformerEncoderLayer`.
        custom_encoder, custom_decoder: what stands in the place of encoder and decoder.
        layer_norm_eps, batch_first, norm_first, bias: as in `TransformerEncoderLayer`.

    The base model of the paper, without its embeddings; torch adds a norm after each stack:

    >>> transformer = Transformer()
    >>> transformer.output_shape(Shape((10, 512)), Shape((20, 512)))
    (20, 512)
    >>> transformer.trace(("s", 512), ("t", 512)).parameters
    44140544
    """

    d_model: Size = option(default=512)
    nhead: Size = option(default=8, counts="parts")
    num_encoder_layers: Count = option(default=6)
    num_decoder_layers: Count = option(default=6)
    dim_feedforward: Size = option(default=2048)
    dropout: float = Field(default=0.1, ge=0, le=1)
    activation: ActivationName = "relu"
    custom_encoder: OptionalBlock = option(default=None)
    custom_decoder: OptionalBlock = option(default=None)
    layer_norm_eps: float = _EPSILON
    batch_first: bool = False
    norm_first: bool = False
    bias: bool = True

    source: ClassVar[str] = "https://arxiv.org/abs/1706.03762 (figure 1)"

    @cached_property
    def _graph(self) -> Graph:
        calls = _Calls()
        memory = calls(self.custom_encoder or self._encoder(), Ref(INPUT, 0))
        end = calls(self.custom_decoder or self._decoder(), Ref(INPUT, 1), memory)
        return Graph.of(2, calls, (end,))

    def graph(self) -> Graph:
        return self._graph

    takes_parts: ClassVar[bool] = True

    def with_parts(self, parts: Mapping[str, Layer]) -> Self:
        return self.model_copy(update={f"custom_{name}": part for name, part in parts.items()})

    def _encoder(self) -> Layer:
        block = TransformerEncoderLayer(**self._shared())
        return TransformerEncoder(block, self.num_encoder_layers, self._norm(), name="encoder")

    def _decoder(self) -> Layer:
        block = TransformerDecoderLayer(**self._shared())
        return TransformerDecoder(block, self.num_decoder_layers, self._norm(), name="decoder")

    def _norm(self) -> LayerNormalization:
        return LayerNormalization(
            epsilon=self.layer_norm_eps, center=self.bias, trainable=self.trainable
        )

    def _shared(self) -> dict[str, Any]:
        """The arguments that encoder and decoder layers have in common with this."""
        apart = ("name", "instead")
        names = (name for name in _TransformerLayer.model_fields if name not in apart)
        return {name: getattr(self, name) for name in names}
