"""More positions, or another number of them, by repetition or interpolation.

Sources: https://keras.io/api/layers/reshaping_layers/; torch's ``Upsample``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import Field, model_validator

from archcalc.layers.base import AxisWindow, Layer, leading_axes
from archcalc.layers.facts import Arithmetic, Primitive, Remark, Saved
from archcalc.layers.fields import OptionalRatios, OptionalSizes, Sizes, hyper, option
from archcalc.layers.functions import elementwise
from archcalc.layers.requirements import something
from archcalc.layers.scaling import scaled, spread
from archcalc.layers.sight import (
    BY_NUMBERS,
    Sight,
    Sights,
    between,
    channels,
    in_place,
    repeated,
    unknown,
)
from archcalc.layers.spatial import DataFormat, Spatial, per_axis
from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["UpSampling1D", "UpSampling2D", "UpSampling3D", "Upsample"]


def interpolated(mode: str, rank: int, x: Shape, y: Shape) -> tuple[Arithmetic, ...] | None:
    """What interpolation computes: between two neighbours along each axis, ``a + w·(b − a)``.

    Nothing where positions are repeated; not said of the modes that look at more neighbours.
    """
    if mode.startswith("nearest"):
        return (Arithmetic("nearest interpolation", (), tuple(x), tuple(y)),)
    if "linear" not in mode:
        return None
    between = 2**rank - 1
    each: dict[Primitive, int] = {"addition": 2 * between, "multiplication": between}
    return elementwise("linear interpolation", y, each, x)


_TAPS = {"linear": 2, "bilinear": 2, "trilinear": 2, "bicubic": 4}
"""How many positions a value between others is made of, along each axis."""

_SHIFTS = {"nearest": Fraction(0), "nearest-exact": Fraction(1, 2)}
"""Where within itself a position lies that takes the value of another."""


def interpolating(
    mode: str, ratios: Mapping[int, Fraction | None], x: Shape, features: int
) -> Sights | None:
    """What interpolation sees of `x`; ``None`` where no rule says.

    Args:
        mode: how values between others are made.
        ratios: how many times as many positions come out, along each axis of positions; ``None``
            where a symbol says.
        x: the shape that goes in.
        features: the axis of the channels.
    """
    if mode not in _TAPS and mode not in _SHIFTS:
        return None

    def view(axis: int, times: Fraction | None) -> Sight:
        if times is None:
            return unknown(BY_NUMBERS)
        if mode in _SHIFTS:
            return repeated(axis, times, _SHIFTS[mode])
        return between(axis, times, _TAPS[mode])

    views = {axis: view(axis, times) for axis, times in ratios.items()}
    return in_place(x, {**views, features % len(x): channels(x[features])})


def ratios_of(
    axes: Iterable[int], before: Iterable[Dim], after: Iterable[Dim]
) -> dict[int, Fraction | None]:
    """How many times as many positions there are after, along each axis."""
    pairs = zip(axes, before, after, strict=True)
    return {
        axis: Fraction(m, n) if isinstance(m, int) and isinstance(n, int) else None
        for axis, n, m in pairs
    }


class _UpSampling(Spatial, abstract=True):
    size: Sizes = hyper("s", default=(2,))
    data_format: DataFormat = "channels_last"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] = "nearest"

    _spread = per_axis("size")

    source: ClassVar[str] = "https://keras.io/api/layers/reshaping_layers/up_sampling2d/"

    def output_shape(self, x: Shape) -> Shape:
        pairs = zip(self.extent(x), self.size, strict=True)
        return self.shaped(tuple(n * s for n, s in pairs), self.channels(x))

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...] | None:
        return interpolated(self.interpolation, self.rank, x, y)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        if self.interpolation != "nearest":
            return None
        pairs = zip(self.spatial_axes(), self.size, strict=True)
        return tuple((axis, TransposedWindow(s, s)) for axis, s in pairs)

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        taps = _TAPS.get(self.interpolation)
        if taps is None or not all(isinstance(times, int) for times in self.size):
            return super().sights(output, x)
        pairs = zip(self.spatial_axes(), self.size, strict=True)
        views = {axis: between(axis, int(times), taps) for axis, times in pairs}
        return (in_place(x, {**views, self.channel_axis(): channels(self.channels(x))}),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return ()


class UpSampling1D(_UpSampling):
    """Every position several times, over time.

    Args:
        size: how many times: one number, or one an axis.
        data_format: whether the channels are the last axis or the first.
        interpolation: how values between are made; it changes no shape.

    >>> UpSampling1D().output_shape(Shape((98, 50)))
    (196, 50)
    """

    rank: ClassVar[int] = 1


class UpSampling2D(_UpSampling):
    """Every position several times, over height and width.

    Args:
        size: how many times: one number, or one an axis.
        data_format: whether the channels are the last axis or the first.
        interpolation: how values between are made; it changes no shape.

    >>> UpSampling2D().output_shape(Shape((26, 26, 32)))
    (52, 52, 32)
    """

    rank: ClassVar[int] = 2


class UpSampling3D(_UpSampling):
    """Every position several times, over depth, height and width.

    Args:
        size: how many times: one number, or one an axis.
        data_format: whether the channels are the last axis or the first.
        interpolation: how values between are made; it changes no shape.

    >>> UpSampling3D().output_shape(Shape((8, 16, 16, 4)))
    (16, 32, 32, 4)
    """

    rank: ClassVar[int] = 3


Interpolation: TypeAlias = Literal[
    "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"
]

_SMOOTH = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
"""The modes that put values between others, and on how many spatial axes."""


class Upsample(Layer):
    """Interpolation to a size, or to a multiple or fraction of it; torch's.

    Whole multiples, each position repeated, are also `UpSampling1D` to `UpSampling3D`, Keras' name.
    A ratio is exact: 0.7 is 7/10, so that ``⌊7·h/10⌋`` comes out; where torch's product of floats
    gives another size, a remark says both.

    Args:
        size: the spatial size that comes out: one number, or one an axis; or
        scale_factor: what the size is multiplied by: one ratio, or one an axis.
        mode: how values between are made; it changes no shape.
        align_corners: whether the first and last positions stay where they are; for the modes that
            put values between others.
        data_format: whether the channels are the first axis, as in torch, or the last.
        recompute_scale_factor: whether values are made by the ratio of the sizes in place of the
            one that is given; it changes no size.

    >>> Upsample(scale_factor=1.5).output_shape(Shape((32, 26, 26)))
    (32, 39, 39)
    >>> Upsample(224, mode="bilinear", data_format="channels_last").output_shape(Shape((32, 32, 3)))
    (224, 224, 3)
    """

    size: OptionalSizes = hyper("n", default=None, counts="positions")
    scale_factor: OptionalRatios = option(default=None)
    mode: Interpolation = "nearest"
    align_corners: bool | None = None
    data_format: DataFormat = "channels_first"
    recompute_scale_factor: Literal[True] | None = Field(default=None, kw_only=True)

    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html"

    @model_validator(mode="after")
    def _size_or_scale(self) -> Any:
        if (self.size is None) == (self.scale_factor is None):
            raise InvalidLayerError(
                "give size or scale_factor, one of the two", code="size-or-ratio"
            )
        if self.recompute_scale_factor and self.scale_factor is None:
            raise InvalidLayerError(
                "recompute_scale_factor is for a scale_factor, not for a size",
                code="invalid-argument",
                hint="leave it out",
            )
        if self.align_corners is not None and self.mode not in _SMOOTH:
            raise InvalidLayerError(
                f"mode {self.mode!r} has no align_corners",
                code="invalid-argument",
                hint=f"leave it out, or use one of {', '.join(_SMOOTH)}",
            )
        return self

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        rank = len(inputs[0]) - 1
        given = len(self.size or self.scale_factor or ())
        if rank not in (1, 2, 3) or given not in (1, rank) or _SMOOTH.get(self.mode, rank) != rank:
            values = "1 value" if given == 1 else f"{given} values"
            raise ShapeError(
                f"Upsample by {values} in mode {self.mode!r} does not fit {inputs[0]!r}",
                code="wrong-number-of-axes",
                hint="channels and one to three spatial axes; linear is for one of them, bilinear "
                "and bicubic for two, trilinear for three",
            )

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        spatial = leading_axes(len(x) - 1)
        return ("c_in", *spatial) if self._first() else (*spatial, "c_in")

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (0 if self._first() else -1,)

    def _first(self) -> bool:
        return self.data_format == "channels_first"

    def extent(self, x: Shape) -> Shape:
        """The spatial dimensions of `x`."""
        return x[1:] if self._first() else x[:-1]

    def output_shape(self, x: Shape) -> Shape:
        before = self.extent(x)
        if self.scale_factor is not None:
            after = scaled(before, spread(self.scale_factor, len(before)))
        else:
            after = spread(self.size or (), len(before))
        return Shape((x[0], *after)) if self._first() else Shape((*after, x[-1]))

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...] | None:
        return interpolated(self.mode, len(x) - 1, x, y)

    def saves(self, x: Shape, y: Shape) -> Saved:
        return Saved()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        """Where whole multiples are repeated, each position writes as many."""
        ratios = spread(self.scale_factor or (), len(x) - 1)
        whole = all(ratio.denominator == 1 for ratio in ratios)
        if self.mode != "nearest" or not ratios or not whole:
            return None
        return tuple(
            (axis, TransposedWindow(int(ratio), int(ratio)))
            for axis, ratio in zip(self._spatial(x), ratios, strict=True)
        )

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        if self.align_corners or self.windows(x) is not None:
            return super().sights(output, x)
        (own,), axes = self.feature_axes(x), self._spatial(x)
        ratios = ratios_of(axes, self.extent(x), self.extent(self.output_shape(x)))
        if self.scale_factor is not None and not self.recompute_scale_factor:
            told = spread(self.scale_factor, len(axes))
            ratios = {axis: Fraction(ratio) for axis, ratio in zip(axes, told, strict=True)}
        views = interpolating(self.mode, ratios, x, own)
        return super().sights(output, x) if views is None else (views,)

    def _spatial(self, x: Shape) -> range:
        return range(1, len(x)) if self._first() else range(len(x) - 1)

    def remarks(self, x: Shape) -> tuple[Remark, ...]:
        """Where a framework's product of floats falls short of what the ratio says."""
        before, after = self.extent(x), self.extent(self.output_shape(x))
        ratios = spread(self.scale_factor or (), len(before))
        found = [
            Remark(
                "ratio-in-floats",
                f"the ratio {ratio} of {n} is {out}; torch multiplies floats, and gives "
                f"{int(n * float(ratio))}; a size says which is meant",
            )
            for n, out, ratio in zip(before, after, ratios, strict=False)
            if isinstance(n, int) and int(n * float(ratio)) != out
        ]
        return tuple(found)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        if self.scale_factor is None:
            return ()
        out = self.output_shape(x)
        return tuple(something(out[i], x[i], self.axis_word(x, i)) for i in self._spatial(x))
