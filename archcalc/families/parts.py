"""What several families are made of, and how their arguments are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeVar

from archcalc.layers import BatchNormalization, Conv2D, Layer
from archcalc.symbolic.dims import Dim, DimLike, as_dim
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted

__all__ = ["Dims", "convolution", "normalized", "one_of", "read_dim", "read_dims"]

Dims = Iterable[DimLike]
"""What is accepted for several dimensions: one for each stage."""

T = TypeVar("T")


def read_dim(name: str, value: object, minimum: int = 1) -> Dim:
    """An argument that is a dimension.

    Raises:
        DimensionError: it is none; the error says which argument.

    >>> read_dim("width", "2*c")
    2*c
    >>> read_dim("width", 0)
    Traceback (most recent call last):
    archcalc.symbolic.errors.DimensionError: width: 0 is not a dimension; it must be at least 1 ...
    """
    try:
        return as_dim(value, minimum=minimum)
    except ArchcalcError as error:
        raise error.at(name) from None


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


def convolution(filters: DimLike, kernel: int, strides: DimLike = 1, groups: DimLike = 1) -> Conv2D:
    """A convolution without bias that keeps what its stride does not take away."""
    pad: int | Literal["valid"] = kernel // 2 or "valid"
    return Conv2D(filters, kernel, strides=strides, padding=pad, groups=groups, use_bias=False)


def normalized(
    filters: DimLike, kernel: int, strides: DimLike = 1, groups: DimLike = 1
) -> list[Layer]:
    """A convolution and the normalization that takes the place of its bias."""
    return [convolution(filters, kernel, strides, groups), BatchNormalization()]
