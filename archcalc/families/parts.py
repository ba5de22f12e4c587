"""What several families are made of, and how their arguments are read."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isfinite
from typing import Any, Literal, TypeVar

from sympy import Expr, Rational, fraction, sympify, together

from archcalc.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    Layer,
    Multiply,
)
from archcalc.layers.functions import ActivationName
from archcalc.network import Parallel
from archcalc.symbolic.compare import largest
from archcalc.symbolic.dims import Dim, DimLike, as_expr, lower, read_dim
from archcalc.symbolic.division import ceil_div, floor_div
from archcalc.symbolic.errors import ArchcalcError, DimensionError, SpecificationError, quoted

__all__ = [
    "Dims",
    "ceiled",
    "convolution",
    "depthwise",
    "floored",
    "normalized",
    "one_of",
    "read_dim",
    "read_dims",
    "read_ratio",
    "rounded",
    "squeezed",
]

Dims = Iterable[DimLike]
"""What is accepted for several dimensions: one for each stage."""

T = TypeVar("T")


def read_dims(name: str, values: Any) -> tuple[Dim, ...]:
    """An argument that is several dimensions, at least one.

    Raises:
        SpecificationError: it is no list.
        DimensionError: one of them is no dimension; the error says which.

    >>> read_dims("depths", (3, "n"))
    (3, n)
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise SpecificationError(
            f"{quoted(values, 60)} is not a list of dimensions",
            code="not-a-list", path=name, hint="give one for each stage, such as (3, 4, 6, 'n')",
        )  # fmt: skip
    read = tuple(read_dim(f"{name}[{i}]", value) for i, value in enumerate(values))
    if not read:
        raise SpecificationError(
            "there is no stage", code="not-a-list", path=name, hint="give at least one number"
        )
    return read


def one_of(name: str, value: str, choices: dict[str, T]) -> T:
    """What an argument chooses.

    Raises:
        SpecificationError: it is no choice.

    >>> one_of("block", "basic", {"basic": 1, "bottleneck": 4})
    1
    """
    if not isinstance(value, str) or value not in choices:
        raise SpecificationError(
            f"{quoted(value, 60)} is not a choice",
            code="not-a-choice", path=name, hint=f"choices are {', '.join(choices)}",
        )  # fmt: skip
    return choices[value]


def convolution(
    filters: DimLike, kernel: int, strides: DimLike = 1, groups: DimLike = 1, *, bias: bool = False
) -> Conv2D:
    """A convolution that keeps what its stride does not take away."""
    pad: int | Literal["valid"] = kernel // 2 or "valid"
    return Conv2D(filters, kernel, strides=strides, padding=pad, groups=groups, use_bias=bias)


def normalized(
    filters: DimLike, kernel: int, strides: DimLike = 1, groups: DimLike = 1, *, bias: bool = False
) -> list[Layer]:
    """A convolution and the normalization that takes the place of its bias, if it has none."""
    return [convolution(filters, kernel, strides, groups, bias=bias), BatchNormalization()]


def depthwise(kernel: int, strides: DimLike = 1) -> list[Layer]:
    """A convolution of each channel by itself, and the normalization in the place of its bias."""
    return [
        DepthwiseConv2D(kernel, strides, padding=kernel // 2, use_bias=False),
        BatchNormalization(),
    ]


def squeezed(
    channels: DimLike, inside: DimLike, activation: ActivationName, gate: ActivationName
) -> Parallel:
    """Each channel times a number that is made from the mean of all channels.

    Source: Hu et al., *Squeeze-and-Excitation Networks* (2017), section 3.
    """
    made = [
        *(GlobalAveragePooling2D(keepdims=True), Conv2D(inside, 1), Activation(activation)),
        *(Conv2D(channels, 1), Activation(gate)),
    ]
    return Parallel([[], made], Multiply(), name="squeezed")


def read_ratio(name: str, value: object) -> Expr:
    """An argument that is a factor above 0, exactly: a number, a fraction, or a formula.

    Raises:
        DimensionError: it is none; the error says which argument.

    >>> read_ratio("width", 1.4), read_ratio("width", "w/8")
    (7/5, w/8)
    """
    if isinstance(value, float) and value > 0 and isfinite(value):
        value = Rational(Fraction(value).limit_denominator(1_000))
    try:
        made = as_expr(value if not isinstance(value, Fraction) else Rational(value))
    except ArchcalcError as error:
        raise error.at(name) from None
    ratio: Expr = sympify(made, strict=True)
    if ratio.is_number and not ratio > 0:
        raise DimensionError(f"{quoted(value, 60)} is no factor above 0").at(name)
    return ratio


def floored(expression: Expr, divisor: int) -> Dim:
    """``⌊expression/divisor⌋``, where the expression may have fractions in it."""
    numerator, denominator = fraction(together(expression))
    return floor_div(lower(numerator), lower(denominator * divisor))


def ceiled(expression: Expr, divisor: int = 1) -> Dim:
    """``⌈expression/divisor⌉``, where the expression may have fractions in it.

    >>> ceiled(read_ratio("depth", 2.2)), ceiled(read_ratio("depth", "3*n/5"))
    (3, (3*n + 4)//5)
    """
    numerator, denominator = fraction(together(expression))
    return ceil_div(lower(numerator), lower(denominator * divisor))


def rounded(width: Expr, to: int = 8) -> Dim:
    """A number of channels as a multiple of 8: the nearest, but no less than nine tenths of it.

    Source: ``_make_divisible`` of the authors' MobileNet code, which torchvision and Keras have
    too: ``max(8, ⌊(v + 4)/8⌋·8)``, and 8 more where that is below ``0.9·v``.

    >>> [rounded(read_ratio("width", v)) for v in (24, 16.8, 18, 11, 3)]
    [24, 16, 24, 16, 8]
    >>> rounded(read_ratio("width", "3*w/4"))
    Max(8, 8*((3*w + 16)//32), 8*((27*w + 319)//320))
    """
    near = floored(width + Rational(to, 2), to)
    least = ceiled(width * Rational(9, 10), to)
    return lower(largest(largest(to, to * near), to * least))
