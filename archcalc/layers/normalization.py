"""Normalization of channels over positions and batches: batch, group, instance, local response.

Sources: Ioffe and Szegedy (2015) for batch, Wu and He (2018) for group, Ulyanov et al. (2016) for
instance normalization, Krizhevsky et al. (2012) for local responses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archcalc.layers.axes import axis_indices
from archcalc.layers.base import Layer, leading_axes
from archcalc.layers.convolution import divided
from archcalc.layers.facts import (
    Arithmetic,
    ArithmeticKind,
    Kept,
    Primitive,
    Saved,
    Weight,
)
from archcalc.layers.fields import Groups, Size, hyper
from archcalc.layers.kept import AFFINE, RUNNING
from archcalc.layers.sight import Sight, Sights, Stretch, all_of, channels
from archcalc.symbolic.dims import Dim, exact_div, lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "BatchNormalization",
    "GroupNormalization",
    "InstanceNormalization",
    "LocalResponseNormalization",
]


class Normalizing(Layer, abstract=True):
    """What comes out has the shape of what goes in."""

    def output_shape(self, x: Shape) -> Shape:
        return x

    def _over_groups(
        self, x: Shape, kind: ArithmeticKind, groups: tuple[Dim, ...], size: Dim, mean: bool = True
    ) -> tuple[Arithmetic, ...]:
        """A mean (where one is taken) and a mean square for each group, a root, a quotient."""
        every, between = (*groups, size), (*groups, lower(plain(size) - 1))
        moved: list[tuple[Primitive, tuple[Dim, ...]]] = [
            ("addition", between),
            ("division", groups),
            ("addition", every),
        ]
        parts: list[tuple[Primitive, tuple[Dim, ...]]] = [
            *(moved if mean else ()),
            ("multiplication", every),
            ("addition", between),
            ("division", groups),
            ("addition", groups),
            ("square root", groups),
            ("division", every),
        ]
        scale, center = getattr(self, "scale", False), getattr(self, "center", False)
        parts.extend([("multiplication", every)] * scale)
        parts.extend([("addition", every)] * center)
        return (Arithmetic(kind, tuple(parts), tuple(x), tuple(x), affine=scale or center),)

    def _over_axes(self, x: Shape) -> tuple[tuple[Dim, ...], Dim]:
        """How many groups there are where each runs over the axes of the weights, and how large."""
        axes = self._axes(x)
        return (
            tuple(dim for axis, dim in enumerate(x) if axis not in axes),
            product(x[axis] for axis in axes),
        )

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return _named(x, self._axes(x))

    def together(self, x: Shape) -> tuple[int, ...]:
        """The axes along which all is normalised together, at inference."""
        return ()

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        (views,) = super().sights(output, x)
        return ({**views, **{axis: all_of(x[axis], axis) for axis in self.together(x)}},)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        self._axes(x)
        return ()

    def incoming(self, *inputs: Shape) -> Dim | None:
        (x,) = inputs
        axes = self._axes(x)
        return x[axes[0]] if len(axes) == 1 else None

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        spatial = getattr(self, "spatial", None)
        ranks = {None: (len(inputs[0]),), 1: (1, 2)}.get(spatial, ((spatial or 0) + 1,))
        if len(inputs[0]) not in ranks:
            raise ShapeError(
                f"{type(self).__name__} over {spatial} spatial axes takes "
                f"{' or '.join(map(str, ranks))} axes without the batch, not {len(inputs[0])}: "
                f"{inputs[0]!r}",
                code="wrong-number-of-axes",
                values={"input": inputs[0]},
                hint="use the one for as many axes as come in",
            )

    def expected(self, *inputs: Any) -> tuple[Requirement, ...]:
        sizes = getattr(self, "normalized_shape", None)
        if sizes is None:
            return super().expected(*inputs)
        (x,) = inputs
        pairs = zip(sorted(self._axes(x)), sizes, strict=True)
        return tuple(_as_long(x[axis], size) for axis, size in pairs)

    def _axes(self, x: Shape) -> tuple[int, ...]:
        """The axes that the weights run along."""
        axis = self.axis
        numbers = (axis,) if isinstance(axis, int) else axis
        return axis_indices(numbers, x)

    def _along(self, x: Shape) -> Shape:
        return Shape(x[axis] for axis in sorted(self._axes(x)))

    if TYPE_CHECKING:  # every subclass declares it

        @property
        def axis(self) -> int | tuple[int, ...]: ...


def _named(x: Shape, axes: tuple[int, ...]) -> tuple[str, ...]:
    """The one normalised axis is ``c``, the others go by their rank."""
    others = iter(leading_axes(len(x) - 1)) if len(axes) == 1 else iter(leading_axes(len(x)))
    return tuple("c" if len(axes) == 1 and i in axes else next(others) for i in range(len(x)))


def _as_long(found: Dim, expected: Dim) -> Requirement:
    return Requirement(
        found,
        Relation.EQUAL,
        expected,
        "it was made for an axis of {expected}, and one of {found} comes in",
        code="features-differ",
        hint="normalized_shape gives the sizes of the last axes of the input",
        details=(("expected", expected), ("found", found)),
    )


def affine(shape: Shape, scale: bool, center: bool) -> tuple[Weight, ...]:
    gamma = (Weight("gamma", shape, "scale"),) if scale else ()
    return (*gamma, Weight("beta", shape, "offset")) if center else gamma


_STATISTICS = ("moving_mean", "moving_variance")
_RENORM = ("moving_stddev", "renorm_mean", "renorm_stddev")


def _statistics(shape: Shape, *names: str) -> tuple[Weight, ...]:
    return tuple(Weight(name, shape, "statistic") for name in names)


class BatchNormalization(Normalizing):
    """Normalised over the batch, one mean and variance a channel.

    The running mean and variance are statistics: Keras counts them as non-trainable weights, torch
    as buffers; they are not learned.

    Args:
        axis: the axis of the channels, counted as in Keras from 1 (0 is the batch).
        momentum, epsilon: as in Keras; they change no size.  Without a momentum running statistics
            are means of all batches, as in torch.
        center: whether an offset (beta) is learned.
        scale: whether a factor (gamma) is learned.
        track_running_stats: whether running statistics are kept, as in torch.
        renorm: whether batches are renormalised, as in Keras (Ioffe, 2017), which keeps three more
            statistics.
        spatial: how many spatial axes must come in, as torch's ``BatchNorm2d`` takes two; any
            number where it is ``None``.  For 1 there may be none as well.

    >>> [(w.name, w.size, w.learned) for w in BatchNormalization().weights(Shape((8, 8, 32)))][1:3]
    [('beta', 32, True), ('moving_mean', 32, False)]
    """

    axis: int = -1
    momentum: float | None = 0.99
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True
    track_running_stats: bool = True
    renorm: bool = Field(default=False, kw_only=True)
    spatial: Literal[1, 2, 3] | None = Field(default=None, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (*AFFINE, *RUNNING)
    source: ClassVar[str] = "https://arxiv.org/abs/1502.03167 (algorithm 1)"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        """At inference, by the running statistics."""
        channels = tuple(self._along(x))
        parts: list[tuple[Primitive, tuple[Dim, ...]]] = [
            ("addition", channels),
            ("square root", channels),
            ("division", channels),
            ("addition", tuple(x)),
            ("multiplication", tuple(x)),
        ]
        parts.extend([("multiplication", tuple(x))] * self.scale)
        parts.extend([("addition", tuple(x))] * self.center)
        affine = self.scale or self.center
        return (Arithmetic("batch normalization", tuple(parts), tuple(x), tuple(x), affine=affine),)

    def saves(self, x: Shape, y: Shape) -> Saved:
        channels = self._along(x)
        own = (
            Kept("mean", channels, "statistic", of_batch=True),
            Kept("deviation", channels, "statistic", of_batch=True),
        )
        return Saved((0,), own=own)

    def together(self, x: Shape) -> tuple[int, ...]:
        """None, unless no statistics are kept for inference."""
        return () if self.track_running_stats else _beside(self._axes(x), x)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        shape = self._along(x)
        learned = affine(shape, self.scale, self.center)
        kept = _statistics(shape, *_STATISTICS) if self.track_running_stats else ()
        return (*learned, *kept, *(_statistics(shape, *_RENORM) if self.renorm else ()))


def _beside(axes: tuple[int, ...], x: Shape) -> tuple[int, ...]:
    """All other axes."""
    return tuple(axis for axis in range(len(x)) if axis not in axes)


def _in_groups(axis: int, n: Dim, group: Dim) -> Sight:
    """Each of `n` sees those of its own group."""
    if not isinstance(group, int):
        return all_of(n, axis) if group == n else channels(n)
    return Sight(axis, (Stretch(0, group),) * group, group, group)


class GroupNormalization(Normalizing):
    """Normalised over groups of channels.

    Args:
        groups: how many groups; −1 makes every channel one.
        axis: the axis of the channels, counted as in Keras from 1.
        epsilon: as in Keras.
        center: whether an offset (beta) is learned.
        scale: whether a factor (gamma) is learned.

    >>> sum(w.size for w in GroupNormalization(8).weights(Shape((16, 16, 64))))
    128
    >>> GroupNormalization(-1).requirements(Shape((16, 16, 3)))
    ()
    """

    groups: Groups = hyper("g", default=32)
    axis: int = -1
    epsilon: float = 1e-3
    center: bool = True
    scale: bool = True

    built_with: ClassVar[tuple[str, ...]] = AFFINE
    source: ClassVar[str] = "https://arxiv.org/abs/1803.08494"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        groups = self._groups(x)
        return self._over_groups(x, "group normalization", groups, exact_div(product(x), *groups))

    def saves(self, x: Shape, y: Shape) -> Saved:
        groups = Shape(self._groups(x))
        own = (Kept("mean", groups, "statistic"), Kept("deviation", groups, "statistic"))
        return Saved((0,), own=own)

    def _groups(self, x: Shape) -> tuple[Dim, ...]:
        return (self._along(x)[0] if self.groups == -1 else self.groups,)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return affine(self._along(x), self.scale, self.center)

    def together(self, x: Shape) -> tuple[int, ...]:
        return _beside(self._axes(x), x)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """All positions, and the channels of the group."""
        (axis,) = self._axes(x)
        groups = x[axis] if self.groups == -1 else self.groups
        group = x[axis] if groups == 1 else floor_div(x[axis], groups)
        (views,) = super().sights(output, x)
        return ({**views, axis: _in_groups(axis, x[axis], group)},)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        channels = self._along(x)[0]
        return () if self.groups == -1 else (divided(channels, self.groups, "groups", "channels"),)


class LocalResponseNormalization(Normalizing):
    """Divided by what neighbouring channels say at the same position, as in AlexNet; torch's.

    Nothing is learned.  torch's ``CrossMapLRN2d`` is the same on two spatial axes.

    Args:
        size: how many neighbouring channels.
        alpha, beta, k: as in torch; they change no size.
        axis: the axis of the channels, counted as in Keras from 1.
        spatial: as in `BatchNormalization`; two for ``CrossMapLRN2d``.

    >>> LocalResponseNormalization(5, k=2.0).output_shape(Shape((55, 55, 96)))
    (55, 55, 96)
    """

    size: Size = hyper("n", counts="")
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0
    axis: int = -1
    spatial: Literal[1, 2, 3] | None = Field(default=None, kw_only=True)

    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html"
    )

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return self._axes(x)


class InstanceNormalization(Normalizing):
    """Normalised over the positions of each sample and channel; torch's, which Keras has not.

    There must be more than one position: the one value of a channel less its mean is nothing.

    Args:
        axis: the axis of the channels, counted as in Keras from 1.
        epsilon: as in torch.
        center: whether an offset (beta) is learned.
        scale: whether a factor (gamma) is learned.
        track_running_stats: whether running statistics are kept.
        momentum: as in `BatchNormalization`.
        spatial: as in `BatchNormalization`.

    >>> InstanceNormalization().weights(Shape((64, 64, 3)))
    ()
    """

    axis: int = -1
    epsilon: float = 1e-5
    center: bool = False
    scale: bool = False
    track_running_stats: bool = False
    momentum: float | None = Field(default=0.9, kw_only=True)
    spatial: Literal[1, 2, 3] | None = Field(default=None, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1607.08022"

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        groups = tuple(self._along(x))
        size = product(dim for axis, dim in enumerate(x) if axis not in self._axes(x))
        return self._over_groups(x, "instance normalization", groups, size)

    def saves(self, x: Shape, y: Shape) -> Saved:
        groups = self._along(x)
        own = (Kept("mean", groups, "statistic"), Kept("deviation", groups, "statistic"))
        return Saved((0,), own=own)

    def together(self, x: Shape) -> tuple[int, ...]:
        """All positions, unless running statistics stand for them."""
        return () if self.track_running_stats else _beside(self._axes(x), x)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        (channels,) = self._axes(x)
        positions = product(dim for axis, dim in enumerate(x) if axis != channels)
        return (
            Requirement(
                positions,
                Relation.AT_LEAST,
                2,
                "there is nothing to normalise over: each channel has {positions} position",
                code="too-few-positions",
                hint="use BatchNormalization or LayerNormalization",
                details=(("positions", positions),),
            ),
        )

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        shape = self._along(x)
        learned = affine(shape, self.scale, self.center)
        return (
            (*learned, *_statistics(shape, *_STATISTICS)) if self.track_running_stats else learned
        )
