"""Numbers and categories as integers, and integers as vectors: bins, hashes, one-hot and counts.

``output_mode`` says what comes out: ``"int"``, the integers themselves; ``"one_hot"``, a vector for
each of them (an axis of length 1 gives way to it); ``"multi_hot"`` and ``"count"``, one vector for
all along an axis, which says what is there, or how often.

Source: https://keras.io/api/layers/preprocessing_layers/categorical/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, model_validator

from archcalc.layers.base import Layer
from archcalc.layers.fields import OptionalSize, Size, hyper
from archcalc.layers.ranges import as_list
from archcalc.layers.sight import Sights, all_of, at_position, itself, without_one
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["CategoryEncoding", "Discretization", "HashedCrossing", "Hashing"]

OutputMode: TypeAlias = Literal["int", "one_hot", "multi_hot", "count"]
"""What comes out."""

Salt: TypeAlias = Annotated[int | tuple[int, int] | None, as_list]
"""What makes hashes others: a number, or two."""


class Encoding(Layer, abstract=True):
    """What becomes of integers by `output_mode`, given how many there may be (`depth`)."""

    one_axis: ClassVar[bool] = True
    """Whether what is there, or how often, is asked along one axis only: for more, Keras promises
    another shape than it gives."""

    keeps_ones: ClassVar[bool] = True
    takes: ClassVar[str] = "indices"
    not_counted: ClassVar[str] = "it looks up, compares or hashes, and multiplies nothing"
    source: ClassVar[str] = "https://keras.io/api/layers/preprocessing_layers/categorical/"

    if TYPE_CHECKING:  # every subclass declares it

        @property
        def output_mode(self) -> str: ...

        def depth(self) -> Dim:
            """How long each vector is."""
            ...

    @property
    def joins(self) -> bool:
        """Whether all along an axis become one vector."""
        return self.output_mode not in ("int", "one_hot")

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        axes = len(inputs[0])
        if self.joins and (axes < 1 or (axes > 1 and self.one_axis)):
            raise ShapeError(
                f"{type(self).__name__} with output_mode {self.output_mode!r} takes "
                f"{'one axis' if self.one_axis else 'at least one axis'} without the batch, "
                f"not {axes}: {inputs[0]!r}",
                code="wrong-number-of-axes",
                values={"input": inputs[0]},
                hint="use output_mode='one_hot', or a Reshape before it",
            )

    def output_shape(self, x: Shape) -> Shape:
        return encoded(x, self.output_mode, 1 if self.output_mode == "int" else self.depth())

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        """All along the first axis become one vector, or each integer one, or stays one."""
        return tuple(self._seen(x, len(self.output_shape(*inputs))) for x in inputs)

    def _seen(self, x: Shape, rank: int) -> Sights:
        if self.joins:
            return without_one(0, len(x), all_of(x[0]))
        gone = self.output_mode == "one_hot" and rank == len(x)
        views = {axis: itself(axis) for axis in range(len(x))}
        return {**views, len(x) - 1: at_position(0)} if gone else views

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return several(x[-1]) if x and self.output_mode == "one_hot" else ()


def encoded(x: Shape, output_mode: str, depth: Dim) -> Shape:
    """What comes of integers of shape `x`, each one of `depth`.

    >>> [encoded(Shape((5, 4)), mode, 9) for mode in ("int", "one_hot", "count")]
    [(5, 4), (5, 4, 9), (4, 9)]
    """
    if output_mode == "int":
        return x
    if output_mode != "one_hot":
        return Shape((*x[1:], depth))
    return x.replace(-1, depth) if x and x[-1] == 1 else Shape((*x, depth))


def several(dim: Dim) -> tuple[Requirement, ...]:
    """That an axis taken for one of several places is not one of a single place."""
    if isinstance(dim, int):
        return ()
    return (
        Requirement(
            dim,
            Relation.AT_LEAST,
            2,
            "an axis of length {size} gives way to the vectors, and others do not",
            code="axis-of-one",
            hint="write 1 where the axis is 1 long",
            details=(("size", dim),),
        ),
    )


class _Binned(Encoding, abstract=True):
    """Integers below `num_bins`."""

    if TYPE_CHECKING:

        @property
        def num_bins(self) -> Dim: ...

    def depth(self) -> Dim:
        return self.num_bins


class CategoryEncoding(Encoding):
    """Integers as vectors.

    Args:
        num_tokens: how many integers there are, from 0.
        output_mode: what comes out; see above.
        sparse: whether the vectors are kept sparse; their shape is the same.

    >>> CategoryEncoding(10, "one_hot").output_shape(Shape((7,)))
    (7, 10)
    >>> CategoryEncoding(10, "count").output_shape(Shape((7,)))
    (10,)
    """

    num_tokens: Size = hyper("V")
    output_mode: Literal["one_hot", "multi_hot", "count"] = "multi_hot"
    sparse: bool = False

    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/categorical/category_encoding/"
    )

    def depth(self) -> Dim:
        return self.num_tokens


class Discretization(Encoding):
    """Numbers as the bins that they fall into.

    The vectors of ``"multi_hot"`` and ``"count"`` are for all along the first axis.

    Args:
        bin_boundaries: where one bin ends and the next begins; one bin more than boundaries.
        num_bins: how many bins, where Keras is to find the boundaries (``adapt``).
        epsilon: how exactly it finds them.
        output_mode: what comes out; see above.
        sparse: whether the vectors are kept sparse; their shape is the same.

    >>> Discretization([0.0, 1.0, 2.0], output_mode="one_hot").output_shape(Shape((5,)))
    (5, 4)
    """

    bin_boundaries: Annotated[tuple[float, ...] | None, as_list] = None
    num_bins: OptionalSize = hyper("b", default=None)
    epsilon: float = Field(default=0.01, gt=0, le=1)
    output_mode: OutputMode = "int"
    sparse: bool = False

    built_with: ClassVar[tuple[str, ...]] = ("dtype",)
    one_axis: ClassVar[bool] = False
    takes: ClassVar[str] = "numbers"
    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/numerical/discretization/"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Any:
        if bool(self.bin_boundaries) == (self.num_bins is not None):
            raise InvalidLayerError(
                "it takes boundaries or a number of bins",
                code="contradicting-arguments",
                hint="give one of the two",
            )
        return self

    def depth(self) -> Dim:
        if self.num_bins is not None:
            return self.num_bins
        return len(self.bin_boundaries or ()) + 1


class Hashing(_Binned):
    """Integers or text as the bins that their hashes fall into.

    In Keras 3.15 two axes of length 1 at the end give way to a vector, not one, and where none does
    Keras promises another shape than it gives; this is what it gives.

    Args:
        num_bins: how many bins.
        mask_value: what falls into the first bin, which nothing else then does.
        salt: a number, or two, that makes the hashes others.
        output_mode: what comes out; see above.
        sparse: whether the vectors are kept sparse; their shape is the same.

    >>> Hashing(64).output_shape(Shape((7,)))
    (7,)
    >>> Hashing(64, output_mode="one_hot").output_shape(Shape((7,)))
    (7, 64)
    """

    num_bins: Size = hyper("b")
    mask_value: int | str | None = None
    salt: Salt = None
    output_mode: OutputMode = "int"
    sparse: bool = False

    source: ClassVar[str] = "https://keras.io/api/layers/preprocessing_layers/categorical/hashing/"

    def _hashed(self, x: Shape) -> Shape:
        """What Keras encodes."""
        return x[:-1] if self.output_mode == "one_hot" and x and x[-1] == 1 else x

    def output_shape(self, x: Shape) -> Shape:
        return super().output_shape(self._hashed(x))

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        return super().requirements(self._hashed(x))


class HashedCrossing(_Binned):
    """Several categories as one: the bin that the hash of all of them together falls into.

    Each input is one number a sample, ``()`` or ``(1,)`` without the batch.

    Args:
        num_bins: how many bins.
        output_mode: ``"int"`` or ``"one_hot"``.
        sparse: whether the vectors are kept sparse; their shape is the same.

    >>> HashedCrossing(64, "one_hot").output_shape(Shape((1,)), Shape((1,)))
    (64,)
    """

    num_bins: Size = hyper("b")
    output_mode: Literal["int", "one_hot"] = "int"
    sparse: bool = False

    arity: ClassVar[tuple[int, int | None]] = (2, None)
    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/"
    )

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if {len(x) for x in inputs} not in ({0}, {1}):
            given = " and ".join(map(repr, inputs))
            raise ShapeError(
                f"HashedCrossing takes one number a sample of every input, not {given}",
                code="wrong-number-of-axes",
                values={"inputs": inputs},
                hint="each input is () or (1,) without the batch, and all are alike",
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        return encoded(inputs[0], self.output_mode, self.depth())

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        return tuple(
            Requirement(
                dim,
                Relation.EQUAL,
                1,
                "HashedCrossing takes one number a sample of every input, not {size}",
                code="more-than-one-number",
                details=(("size", dim),),
            )
            for x in inputs
            for dim in x
        )
