"""Attention: every output is a mean of the values, weighted by how well a query fits their keys.

Sources: Luong et al. (2015) for products, Bahdanau et al. (2014) for additive scores.  Heads are in
`archcalc.layers.heads`.

All take, in Keras' order, a query, a value and a key.  Without a key the value is the key too; a
query alone attends to itself.  What a mask hides is counted all the same, as torch's
``FlopCounterMode`` counts it; ``Flops(mask="exact")`` leaves it out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archcalc.layers.attending import (
    KEYS_AND_VALUES,
    Attending,
    Core,
    equal_dims,
    equal_shapes,
    query_value_key,
    summed_tanh,
)
from archcalc.layers.facts import Arithmetic, Operand, State, Weight, Work
from archcalc.layers.functions import elementwise
from archcalc.layers.kept import EVERY
from archcalc.layers.mask import Mask
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["AdditiveAttention", "Attention"]


_FEATURES = "have different numbers of features"


class _OneHead(Attending, abstract=True):
    """Attention on the inputs as they are, with no projection before or after."""

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "seed")

    def output_shape(self, *inputs: Shape) -> Shape:
        query, value, _ = query_value_key(inputs)
        return query.replace(-1, value[-1])

    def core(self, *inputs: Shape) -> Core:
        """Which queries meet which keys."""
        query, _, key = query_value_key(inputs)
        return Core(query[:-2], query[-2:-1], key[-2:-1], Mask(self.use_causal_mask))

    def scores(self, *inputs: Shape) -> Shape:
        return self.core(*inputs).scores

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        """The inputs as they come: the value is the key where there is no other."""
        core, (_, value, key) = self.core(*inputs), query_value_key(inputs)
        names = (("keys", key), ("values", value)) if len(inputs) > 2 else (("values", value),)
        return tuple(core.kept(name, Shape((*x[:-2], x[-1]))) for name, x in names)

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
        core = self.core(*inputs)
        names = tuple(weight.name for weight in self.weights(*inputs))
        weighed = core.weighed(value[-1:], Operand((0, 2), names), Operand((1,)))
        return (*self._compared(core, query[-1:]), weighed)

    if TYPE_CHECKING:  # every subclass says it

        def _compared(self, core: Core, features: Shape) -> tuple[Work, ...]:
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
        use_causal_mask: whether a query sees no key that comes after it; Keras says so at the call.

    >>> Attention().output_shape(Shape((10, 64)), Shape((20, 32)), Shape((20, 64)))
    (10, 32)
    """

    use_scale: bool = False
    score_mode: Literal["dot", "concat"] = "dot"
    dropout: float = Field(default=0.0, ge=0, le=1)
    return_attention_scores: bool = Field(default=False, kw_only=True)
    use_causal_mask: bool = Field(default=False, kw_only=True)

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

    def _compared(self, core: Core, features: Shape) -> tuple[Work, ...]:
        if self.score_mode != "dot":
            return ()
        return (core.scored(features, Operand((0,)), Operand((2,))),)


class AdditiveAttention(_OneHead):
    """Additive attention: the scores are ``scale·tanh(q + k)``, summed over the features.

    Inputs are the query ``(t, d)``, the value ``(t_kv, d_v)`` and the key ``(t_kv, d)``; the output
    is ``(t, d_v)``.  The projections that the paper puts before are Dense layers of their own.

    Args:
        use_scale: whether the factors of the sum are learned, one a feature; without them nothing
            is multiplied there.
        dropout: the part of the scores that is dropped while training.
        return_attention_scores: whether the scores ``(t, t_kv)`` come out too.
        use_causal_mask: whether a query sees no key that comes after it; Keras says so at the call.

    >>> AdditiveAttention().weights(Shape((10, 64)), Shape((20, 64)))[0].shape
    (64,)
    """

    use_scale: bool = True
    dropout: float = Field(default=0.0, ge=0, le=1)
    return_attention_scores: bool = Field(default=False, kw_only=True)
    use_causal_mask: bool = Field(default=False, kw_only=True)

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

    def _compared(self, core: Core, features: Shape) -> tuple[Work, ...]:
        """Every sum of a query and a key with the scale, which takes the place of a key."""
        if not self.use_scale:
            return ()
        summed = core.scored(features, Operand((0, 2)), Operand())
        return (replace(summed, weight="scale", activations=summed.activations[:1]),)
