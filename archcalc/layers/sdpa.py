"""Attention as a function: the core alone, of queries, keys and values that are inputs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from archcalc.layers.attention import (
    KEYS_AND_VALUES,
    Core,
    equal_dims,
    equal_shapes,
    shares,
    shares_kept,
)
from archcalc.layers.axis import UNNAMED, Axis
from archcalc.layers.base import Layer
from archcalc.layers.convolution import divided
from archcalc.layers.facts import Arithmetic, Kept, Operand, Saved, State, Unstated, Work
from archcalc.layers.mask import Mask
from archcalc.layers.sight import (
    Sight,
    Sights,
    Stretch,
    aligned,
    all_of,
    channels,
    in_place,
    itself,
    parted,
)
from archcalc.symbolic.dims import exact_div
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["ScaledDotProductAttention"]

_PLAIN = 4
"""A query, a key, a value and what comes out: no mask."""

_WITH_HEADS = 3
"""The axes of a query with one of heads."""


def _shared_by(query: Shape, key: Shape, axis: int) -> Sight:
    """What each head of a query sees of fewer heads of keys: one, for several in a row."""
    if query[axis] == key[axis]:
        return itself(axis)
    each = exact_div(query[axis], key[axis])
    if not isinstance(each, int):
        return parted(key[axis], (axis,), "as many heads as a symbol says share each key")
    return Sight(axis, (Stretch(0, 1),) * each)


def _named(x: Shape, query: Shape) -> tuple[Axis, ...]:
    """What the axes of keys and values hold at one position: the last of those before is heads."""
    if len(x) < _WITH_HEADS:
        return ()
    shared = "heads" if x[-3] == query[-3] else "kv heads"
    return (*(UNNAMED for _ in x[:-3]), Axis(shared, x[-3]), UNNAMED)


class ScaledDotProductAttention(Layer):
    """Attention as a function of a query, a key and a value: ``softmax(q·kᵀ/√d)·v``.

    Inputs are in torch's order, which is not that of `Attention`: the query ``(t, d)``, the key
    ``(t_kv, d)`` and the value ``(t_kv, d_v)``, each with the same axes before, such as heads; and
    maybe a mask that is added to the scores, ``(t, t_kv)`` or with axes before, any of them 1.
    What a mask that is an input hides is not known here, and is counted.

    Args:
        is_causal: whether a query sees no key behind it; not beside a mask that is an input.
        dropout: the part of the weights that is dropped while training.
        scale: what the scores are multiplied with; ``1/√d`` where ``None``.
        enable_gqa: whether keys and values may have fewer heads than queries, each for several.

    >>> attention = ScaledDotProductAttention(is_causal=True)
    >>> attention.output_shape(Shape((12, 128, 64)), Shape((12, 128, 64)), Shape((12, 128, 64)))
    (12, 128, 64)
    """

    is_causal: bool = False
    dropout: float = Field(default=0.0, ge=0, le=1)
    scale: float | None = None
    enable_gqa: bool = False

    arity: ClassVar[tuple[int, int | None]] = (3, 4)
    keeps_ones: ClassVar[bool] = True
    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/"
        "torch.nn.functional.scaled_dot_product_attention.html"
    )

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        query, *others = inputs[:3]
        fewest = 3 if self.enable_gqa else 2
        if len(query) < fewest or any(len(x) != len(query) for x in others):
            heads = "(a, t, d)" if self.enable_gqa else "(t, d)"
            raise ShapeError(
                f"ScaledDotProductAttention takes inputs {heads}, or with more axes before, as "
                f"many in each; not {' and '.join(repr(x) for x in inputs[:3])}",
                code="wrong-number-of-axes",
                values={"inputs": inputs},
            )
        for mask in inputs[3:]:
            self._check_mask(mask, query)

    def allows_both_masks(self) -> bool:
        """Whether it may be causal and take a mask beside that."""
        return False

    def _check_mask(self, mask: Shape, query: Shape) -> None:
        if self.is_causal and not self.allows_both_masks():
            raise ShapeError(
                "ScaledDotProductAttention takes a mask or is_causal, not both",
                code="two-masks",
                hint="put both into the mask",
            )
        if not 2 <= len(mask) <= len(query):
            raise ShapeError(
                f"a mask of {len(query)} axes at most, (…, t, t_kv), not {mask!r}",
                code="wrong-number-of-axes",
                values={"mask": mask},
            )

    def input_names(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        """``a`` for heads, ``t`` and ``d``, and names of their own for what differs in the others.

        So the scores of a cross-attention read ``a·t·t_kv·d``.
        """
        query, key, value = inputs[:3]
        beside = len(query) - 2
        before = ("a",) if beside == 1 else tuple(f"a{i + 1}" for i in range(beside))
        shared = (*before[:-1], "g") if self.enable_gqa and key[:-2] != query[:-2] else before
        found = "t" if key[-2] == query[-2] else "t_kv"
        wide = "d" if value[-1] == query[-1] else "d_v"
        masks = tuple((*before, "t", found)[-len(mask) :] for mask in inputs[3:])
        return (*before, "t", "d"), (*shared, found, "d"), (*shared, found, wide), *masks

    def output_shape(self, query: Shape, key: Shape, value: Shape, *mask: Shape) -> Shape:
        return query.replace(-1, value[-1])

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        query, key = shapes[:2]
        return shares(self.core(query, key).scores)

    def saves(self, *shapes: Shape) -> Saved | Unstated:
        """As flash attention does it, where torch takes that on the CPU, else as it is defined.

        torch takes it with one axis of heads, without dropout, where values are as wide as keys.
        Source: Dao et al., *FlashAttention* (2022), section 3.1: of the scores of a query it keeps
        the logarithm of the sum of their exponentials alone.
        """
        query, key, value = shapes[:3]
        if len(query) != _WITH_HEADS or self.dropout or value[-1] != query[-1]:
            return self._defined(query, key, value)
        if len(shapes) > _PLAIN:
            return Unstated(
                "which kernel torch takes, and whether that keeps the mask, depends on whether the "
                "mask has a gradient"
            )
        return Saved((0, 1, 2), output=True, own=(Kept("log-sum-exp", query[:-1], "statistic"),))

    def saves_as_defined(self, *shapes: Shape) -> Saved:
        return self._defined(*shapes[:3])

    def _defined(self, query: Shape, key: Shape, value: Shape) -> Saved:
        """Queries and keys are scaled before their product, each by the root; heads are copied."""
        copied = self.enable_gqa and key[:-2] != query[:-2]
        every = Shape((*query[:-2], *key[-2:]))
        values = (Kept("values", Shape((*query[:-2], *value[-2:]))),) if copied else ()
        scaled = (Kept("scaled queries", query), Kept("scaled keys", every), *values)
        own = (*scaled, *shares_kept(self.core(query, key).scores, self.dropout))
        return Saved(() if copied else (2,), own=own)

    def windows(self, *inputs: Shape) -> None:
        return None

    def sights(
        self, output: int, query: Shape, key: Shape, value: Shape, *mask: Shape
    ) -> tuple[Sights, ...]:
        """A query sees itself and every key that its mask leaves, of its head and its batch."""
        time, last = len(query) - 2, len(query) - 1
        met = self.core(query, key).mask
        found = [in_place(query, {last: channels(query[last])})]
        for x in (key, value):
            heads = {time - 1: _shared_by(query, x, time - 1)} if self.enable_gqa else {}
            views = {**heads, time: met.sight(time, x[time]), last: channels(x[last])}
            found.append(in_place(x, views))
        return (*found, *(self._of_mask(x, query) for x in mask))

    def _of_mask(self, mask: Shape, query: Shape) -> Sights:
        """Its row, and all that stands in it."""
        views = aligned((mask, query), 0)
        return {**views, len(mask) - 1: all_of(mask[-1])}

    def core(self, query: Shape, key: Shape) -> Core:
        """Which queries meet which keys."""
        return Core(query[:-2], query[-2:-1], key[-2:-1], Mask(self.is_causal))

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        query, key, value = shapes[:3]
        core = self.core(query, key)
        scores = Operand((0, 1, *range(3, len(shapes) - 1)))
        return (
            core.scored(query[-1:], Operand((0,)), Operand((1,))),
            core.weighed(value[-1:], scores, Operand((2,))),
        )

    def state(self, query: Shape, key: Shape, value: Shape, *mask: Shape) -> tuple[State, ...]:
        core, named = self.core(query, key), (("keys", key), ("values", value))
        return tuple(
            core.kept(name, Shape((*x[:-2], x[-1])), _named(x, query)) for name, x in named
        )

    def requirements(
        self, query: Shape, key: Shape, value: Shape, *mask: Shape
    ) -> tuple[Requirement, ...]:
        own = query[:-3] if self.enable_gqa else query[:-2]
        beside = key[: len(own)]
        heads = (query[-3], key[-3]) if self.enable_gqa else None
        return (
            *equal_dims(query[-1], key[-1], "queries and keys have different numbers of features"),
            *equal_dims(value[-2], key[-2], KEYS_AND_VALUES),
            *equal_shapes(own, beside, "queries and keys differ in an axis before"),
            *equal_shapes(key[:-2], value[:-2], "keys and values differ in an axis before"),
            *((divided(*heads, "key heads", "query heads"),) if heads else ()),
            *(needed for x in mask for needed in self._masking(x, query, key)),
        )

    def _masking(self, mask: Shape, query: Shape, key: Shape) -> tuple[Requirement, ...]:
        """That a mask can be stretched to the scores."""
        scores = self.core(query, key).scores[-len(mask) :]
        kept = [(a, b) for a, b in zip(mask, scores, strict=True) if a != 1]
        masks, found = (Shape(dims) for dims in zip(*kept, strict=True)) if kept else ((), ())
        return equal_shapes(Shape(masks), Shape(found), "a mask and the scores differ")
