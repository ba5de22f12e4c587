"""Where a token stands: turned into queries and keys, learned of each place, or of each distance.

Sources: Su et al., *RoFormer* (2021), for rotary embeddings; Vaswani et al. (2017), section 3.5,
and Radford et al., *GPT-2* (2019), for tables; Raffel et al., *T5* (2019), section 2.1, for
distances; Press et al., *ALiBi* (2021), section 3, for linear biases.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from archcalc.layers.base import Layer
from archcalc.layers.facts import Arithmetic, Kept, Saved, Weight
from archcalc.layers.fields import OptionalSize, Size, hyper, option
from archcalc.layers.functions import elementwise
from archcalc.layers.requirements import multiple
from archcalc.layers.sight import Sights, all_of, channels, in_place
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "LinearPositionBias",
    "PositionEmbedding",
    "RelativePositionBias",
    "RotaryEmbedding",
    "SegmentEmbedding",
]


class RotaryEmbedding(Layer):
    """Pairs of features turned by an angle that grows with the position: ``x·cos + rot(x)·sin``.

    It has no weights.  The input is ``(…, t, e)``, such as queries ``(a, t, e)``.

    Args:
        width: how many of the features are turned, an even number; all of them where ``None``.

    >>> RotaryEmbedding().output_shape(Shape((32, 128, 64)))
    (32, 128, 64)
    >>> RotaryEmbedding(32).arithmetic(Shape((8, 10, 80)), Shape((8, 10, 80)))[0].count
    7680
    """

    width: OptionalSize = option(default=None)

    source: ClassVar[str] = "https://arxiv.org/abs/2104.09864 (equation 34)"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def _turned(self, x: Shape) -> Dim:
        return x[-1] if self.width is None else self.width

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        turned = x.replace(-1, self._turned(x))
        return elementwise("elementwise", turned, {"multiplication": 2, "addition": 1})

    def saves(self, x: Shape, y: Shape) -> Saved:
        angles = Shape((*x[-2:-1], self._turned(x)))
        names = ("cosines", "sines")
        return Saved(own=tuple(Kept(name, angles, of_batch=True, once=True) for name in names))

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """Of the features, all: each is turned into another."""
        return (in_place(x, {len(x) - 1: channels(x[-1])}),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        turned = self._turned(x)
        even = multiple(turned, 2, "features are turned in pairs, and {size} is odd")
        return (even,) if self.width is None else (even, _enough(x[-1], self.width))


def _enough(found: Dim, needed: Dim) -> Requirement:
    return Requirement(
        found,
        Relation.AT_LEAST,
        needed,
        "{needed} features are turned, and {found} come in",
        code="too-few-features",
        hint="width is at most the features of a head",
        details=(("needed", needed), ("found", found)),
    )


class _Table(Layer, abstract=True):
    """A learned vector for each position, looked up in a table; of the input the length counts."""

    axis_names: ClassVar[tuple[str, ...]] = ("t", "d")
    looked_up: ClassVar[str]
    """What has a vector each: the field that says how many."""

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (-1,)

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(own=(Kept(self.looked_up, Shape(shapes[0][:1]), "index", of_batch=True),))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        rows = getattr(self, self.looked_up)
        return (Weight("embeddings", Shape((rows, x[-1])), "embedding"),)

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        """None: of the input only the length counts."""
        return ()


class PositionEmbedding(_Table):
    """A learned vector for each of the first positions, to be added to what stands there.

    The input is ``(t, d)``, of which only the length counts; the vectors ``(t, d)`` come out.

    Args:
        positions: how many positions have a vector; a sequence is at most as long.
        offset: how many rows stand before that of the first position: 2 in RoBERTa and OPT, where
            they are counted in `positions`.

    >>> PositionEmbedding(1024).weights(Shape((128, 768)))[0].shape
    (1024, 768)
    >>> PositionEmbedding(1024).output_shape(Shape((128, 768)))
    (128, 768)
    """

    positions: Size = hyper("S", counts="rows")
    offset: int = Field(default=0, ge=0)

    looked_up: ClassVar[str] = "positions"
    source: ClassVar[str] = "https://arxiv.org/abs/1706.03762 (section 3.5)"

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        rows = lower(self.positions - self.offset)
        return (
            Requirement(
                rows,
                Relation.AT_LEAST,
                x[0],
                "there are vectors for {rows} positions, and the sequence is {length} long",
                code="sequence-too-long",
                hint="give a shorter sequence, or more positions",
                details=(("rows", rows), ("length", x[0])),
            ),
        )


class SegmentEmbedding(_Table):
    """A learned vector for each segment of a sequence, to be added to what stands there: BERT's.

    The input is ``(t, d)``, of which only the length counts; the vectors ``(t, d)`` come out.

    Args:
        segments: how many segments there may be.

    >>> SegmentEmbedding(2).weights(Shape((128, 768)))[0].shape
    (2, 768)
    >>> SegmentEmbedding(2).output_shape(Shape((128, 768)))
    (128, 768)
    """

    segments: Size = hyper("T", counts="rows")

    looked_up: ClassVar[str] = "segments"
    source: ClassVar[str] = "https://arxiv.org/abs/1810.04805 (section 3)"


class RelativePositionBias(Layer):
    """A learned number for each distance and head, to be added to scores: T5's.

    The inputs are queries and keys, ``(t, d)`` and ``(t_kv, d)``, of which only the lengths count,
    or queries alone; ``(a, t, t_kv)`` comes out.

    Args:
        heads: how many heads have numbers of their own.
        buckets: how many distances are told apart; those far away share one.

    >>> RelativePositionBias(12).output_shape(Shape((128, 512)))
    (12, 128, 128)
    >>> RelativePositionBias(12).weights(Shape((128, 512)))[0].shape
    (32, 12)
    """

    heads: Size = hyper("a", counts="parts")
    buckets: Size = hyper("R", default=32, counts="rows")

    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    keeps_ones: ClassVar[bool] = True
    source: ClassVar[str] = "https://arxiv.org/abs/1910.10683 (section 2.1)"

    def output_shape(self, *inputs: Shape) -> Shape:
        return Shape((self.heads, inputs[0][0], inputs[-1][0]))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        distances = Shape((shapes[0][0], shapes[-2][0]))
        return Saved(own=(Kept("distances", distances, "index", of_batch=True),))

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return (Weight("embeddings", Shape((self.buckets, self.heads)), "embedding"),)

    def windows(self, *inputs: Shape) -> None:
        return None

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        return tuple(_length_alone(x) for x in inputs)

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        """None: of the inputs only the lengths count."""
        return ()


class LinearPositionBias(Layer):
    """A number that falls with the distance, another slope for each head: ALiBi's, without weights.

    The input is ``(t, d)``, of which only the length counts; ``(a, 1, t)`` comes out, as BLOOM has
    it: what is the same for all scores of a query changes no share.

    Args:
        heads: how many heads have a slope of their own.

    >>> LinearPositionBias(16).output_shape(Shape((128, 1024)))
    (16, 1, 128)
    """

    heads: Size = hyper("a", counts="parts")

    keeps_ones: ClassVar[bool] = True
    source: ClassVar[str] = "https://arxiv.org/abs/2108.12409 (section 3)"

    def output_shape(self, x: Shape) -> Shape:
        return Shape((self.heads, 1, x[0]))

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        return elementwise("elementwise", y, {"multiplication": 1})

    def saves(self, *shapes: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        return (_length_alone(x),)

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        """None: of the input only the length counts."""
        return ()


def _length_alone(x: Shape) -> Sights:
    return in_place(x, {axis: all_of(n, 0) for axis, n in enumerate(x)})
