"""The middle of attention as decoders have it: windows, sinks, positions in the scores, a cache."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archcalc.layers.attention import Core
from archcalc.layers.base import Layer
from archcalc.layers.facts import (
    Arithmetic,
    Operand,
    Primitive,
    Saved,
    State,
    Storage,
    Unstated,
    Weight,
    Work,
)
from archcalc.layers.fields import OptionalSize, option
from archcalc.layers.functions import elementwise
from archcalc.layers.mask import Mask
from archcalc.layers.sdpa import ScaledDotProductAttention
from archcalc.symbolic.shape import Shape

__all__ = ["Cached", "CoreAttention"]

_QUERY_AND_KEYS = 3
"""A query, a key and a value: no number that is added to the scores."""


class CoreAttention(ScaledDotProductAttention):
    """Attention of queries, keys and values in heads, as the layers of a language model have it.

    Inputs are the query ``(a, t, e)``, the key ``(g, t_kv, e)`` and the value ``(g, t_kv, e_v)``,
    and maybe numbers that are added to the scores, ``(a, t, t_kv)`` or with axes of length 1: those
    of a relative position.  Beside them the mask is known: causal, a window, both or none.

    Args:
        is_causal: whether a query sees no key behind it.
        dropout: the part of the weights that is dropped while training.
        scale: what the scores are multiplied with; ``1/√e`` where ``None``.
        enable_gqa: whether keys and values may have fewer heads than queries, each for several.
        sliding_window: how near a key must be to a query, ``|i − j| < sliding_window``, to be seen.
        sinks: whether each head learns a number that takes a share of its scores and gives nothing,
            as in gpt-oss.
        soft_cap: what scores are kept below, smoothly: ``c·tanh(score/c)``, as in Gemma 2.
        keeps: whether keys and values are kept for later queries; ``"nothing"`` in an encoder, and
            where something else is kept that they are made from, as in latent attention.

    Sources: Vaswani et al., *Attention Is All You Need* (2017), section 3.2; Beltagy et al.,
    *Longformer* (2020), for windows; Xiao et al., *Efficient Streaming Language Models with
    Attention Sinks* (2023); Gemma team, *Gemma 2* (2024), section 2, for caps.

    Raises:
        ShapeError: the inputs are not a query, a key and a value of as many axes.

    >>> attention = CoreAttention(True, enable_gqa=True, sliding_window=4096)
    >>> heads = Shape((32, 8192, 128)), Shape((8, 8192, 128)), Shape((8, 8192, 128))
    >>> attention.output_shape(*heads)
    (32, 8192, 128)
    >>> [kept.factors for kept in attention.state(*heads)]
    [(4096, 8, 128), (4096, 8, 128)]
    """

    sliding_window: OptionalSize = option(default=None, kw_only=True, counts="positions")
    sinks: bool = Field(default=False, kw_only=True)
    soft_cap: float | None = Field(default=None, kw_only=True, gt=0)
    keeps: Literal["keys and values", "nothing"] = Field(default="keys and values", kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1706.03762 (section 3.2)"

    @property
    def plain(self) -> bool:
        """Whether it is what torch's function is without a mask that is an input."""
        return self.sliding_window is None and not self.sinks and self.soft_cap is None

    def allows_both_masks(self) -> bool:
        return True

    def core(self, query: Shape, key: Shape) -> Core:
        mask = Mask(self.is_causal, self.sliding_window)
        return Core(query[:-2], query[-2:-1], key[-2:-1], mask)

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        heads = tuple(range(len(x) - 2)) if self.sinks else ()  # each has a number of its own
        return (*heads, *super().feature_axes(x))

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        heads = Shape(inputs[0][:-2])
        return (Weight("sinks", heads, "free"),) if self.sinks else ()

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        query, key = shapes[:2]
        scores = self.core(query, key).scores
        each: dict[Primitive, int] = {}
        if self.soft_cap is not None:
            each |= {"multiplication": 1, "division": 1, "transcendental": 1}
        if len(shapes) > _QUERY_AND_KEYS + 1:
            each["addition"] = 1
        return (
            *elementwise("elementwise", scores, each),
            *super().arithmetic(*shapes),
        )

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        query, key, value = shapes[:3]
        core = self.core(query, key)
        names = ("sinks",) if self.sinks else ()
        scores = Operand((0, 1, *range(3, len(shapes) - 1)), names)
        return (
            core.scored(query[-1:], Operand((0,)), Operand((1,))),
            core.weighed(value[-1:], scores, Operand((2,))),
        )

    def saves(self, *shapes: Shape) -> Saved | Unstated:
        """As torch's function does it, where it is no more than that."""
        if self.plain and len(shapes) == _QUERY_AND_KEYS + 1:
            return super().saves(*shapes)
        return self._defined(*shapes[:3])

    def state(self, query: Shape, key: Shape, value: Shape, *mask: Shape) -> tuple[State, ...]:
        return () if self.keeps == "nothing" else super().state(query, key, value)


class Cached(Layer):
    """What comes in goes out, and is kept for later tokens: a latent that keys are made from.

    The input is ``(t, …)``; each position adds its features.

    Args:
        sliding_window: how many positions are kept at most; all where ``None``.

    The latent of DeepSeek-V3 with its rotary key, 576 numbers a token:

    >>> Cached().output_shape(Shape((4096, 576)))
    (4096, 576)
    >>> Cached().state(Shape((4096, 576)))[0].size
    2359296
    """

    sliding_window: OptionalSize = option(default=None, kw_only=True, counts="positions")

    source: ClassVar[str] = "https://arxiv.org/abs/2405.04434 (section 2.1.2)"

    def storage(self, training: bool = True) -> Storage:
        return "input"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def state(self, x: Shape) -> tuple[State, ...]:
        window = self.sliding_window
        return (State("latent", Shape(x[1:]), steps=x[0], grows=True, window=window),)
