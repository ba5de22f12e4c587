"""Products of inputs among one another: of matrices, and in Einstein's notation.

What they multiply are activations, so that training has a gradient for each of the two.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import field_validator

from archcalc.layers.base import Layer
from archcalc.layers.einsum import contraction
from archcalc.layers.facts import Arithmetic, Operand, Saved, Work
from archcalc.layers.merging import broadcast, broadcasting
from archcalc.layers.needs import same_length
from archcalc.layers.sight import (
    Sight,
    Sights,
    aligned,
    all_of,
    itself,
)
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Einsum", "Matmul"]

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch."


def _product(summed: Shape, positions: Shape, *of: tuple[int, ...]) -> Work:
    """The product of two activations, each made from some of the inputs."""
    return Work("matmul", summed, positions, activations=tuple(map(Operand, of)))


class Matmul(Layer):
    """The matrix product of two inputs over their last two axes; those before are stretched.

    Args:
        transpose_first: whether the last two axes of the first are exchanged before.
        transpose_second: whether those of the second are.

    The scores of attention in eight heads:

    >>> Matmul(transpose_second=True).output_shape(Shape((8, 10, 64)), Shape((8, 20, 64)))
    (8, 10, 20)
    """

    transpose_first: bool = False
    transpose_second: bool = False

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    keeps_ones: ClassVar[bool] = True
    source: ClassVar[str] = f"{_TORCH}matmul.html"

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if min(map(len, inputs)) < 2:
            raise ShapeError(
                f"Matmul takes inputs of two axes or more, not {inputs[0]!r} and {inputs[1]!r}",
                code="wrong-number-of-axes",
                hint="ExpandDims makes a row or a column of a vector",
            )

    def _ends(self, x: Shape, y: Shape) -> tuple[Shape, Shape]:
        """The last two axes of each as they are multiplied."""
        first, second = x[-2:], y[-2:]
        return (
            first[::-1] if self.transpose_first else first,
            second[::-1] if self.transpose_second else second,
        )

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        (rows, _), (_, columns) = self._ends(x, y)
        before = broadcast(x[:-2], y[:-2])
        return Shape((*before, rows, columns))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(for_others=tuple(range(len(shapes) - 1)))

    def windows(self, x: Shape, y: Shape) -> None:
        return None

    def sights(self, output: int, x: Shape, y: Shape) -> tuple[Sights, ...]:
        rows, columns = len(x) - 2 + self.transpose_first, len(y) - 1 - self.transpose_second
        rank = max(len(x), len(y))
        before = x[:-2], y[:-2]
        found = []
        for place, (other, kept, there) in enumerate(((x, rows, rank - 2), (y, columns, rank - 1))):
            views = {axis: all_of(dim) for axis, dim in enumerate(other)}
            views |= aligned(before, place)
            found.append({**views, kept: itself(there)})
        return tuple(found)

    def work(self, x: Shape, y: Shape, out: Shape) -> tuple[Work, ...]:
        (_, summed), _ = self._ends(x, y)
        return (_product(Shape((summed,)), out, (0,), (1,)),)

    def requirements(self, x: Shape, y: Shape) -> tuple[Requirement, ...]:
        (_, a), (b, _) = self._ends(x, y)
        what = "the axis that a matrix product is summed along"
        met = () if a == b else (same_length(what, a, b, hint="is an axis to be transposed?"),)
        return (*broadcasting("Matmul", x[:-2], y[:-2]), *met)


class Einsum(Layer):
    """One or two inputs in Einstein's notation: products, sums over letters, other orders of axes.

    Args:
        equation: as in torch; the batch is the first axis of every part, by a letter or in an
            ellipsis that each begins with.

    >>> Einsum("bhqd,bhkd->bhqk").output_shape(Shape((8, 10, 64)), Shape((8, 20, 64)))
    (8, 10, 20)
    """

    equation: str

    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    keeps_ones: ClassVar[bool] = True
    source: ClassVar[str] = f"{_TORCH}einsum.html"

    @field_validator("equation", mode="after")
    @classmethod
    def _is_one(cls, equation: str) -> str:
        contraction(equation)
        return equation

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        takes = len(contraction(self.equation).terms)
        if len(inputs) != takes:
            raise ShapeError(
                f"the equation {self.equation!r} is of {takes} input{'s' * (takes != 1)}, not of "
                f"{len(inputs)}",
                code="wrong-number-of-inputs",
            )
        contraction(self.equation).letters(tuple(map(len, inputs)))

    def _named(self, inputs: tuple[Shape, ...]) -> tuple[dict[str, Dim], tuple[str, ...]]:
        """How long each letter is, where it is stretched, and those that come out."""
        *terms, out = contraction(self.equation).letters(tuple(map(len, inputs)))
        lengths: dict[str, Dim] = {}
        for term, x in zip(terms, inputs, strict=True):
            for letter, dim in zip(term, x, strict=True):
                if lengths.get(letter, 1) == 1:
                    lengths[letter] = dim
        return lengths, out

    def output_shape(self, *inputs: Shape) -> Shape:
        lengths, out = self._named(inputs)
        return Shape(lengths[letter] for letter in out)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(for_others=tuple(range(len(shapes) - 1)))

    def windows(self, *inputs: Shape) -> None:
        return None

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        *terms, out = contraction(self.equation).letters(tuple(map(len, inputs)))
        lengths, _ = self._named(inputs)
        places = {letter: place for place, letter in enumerate(out)}

        def view(letter: str, dim: Dim) -> Sight:
            stretched = dim == 1 and lengths[letter] != 1
            whole = stretched or letter not in places
            return all_of(dim, places.get(letter)) if whole else itself(places[letter])

        pairs = zip(terms, inputs, strict=True)
        return tuple(
            {i: view(*named) for i, named in enumerate(zip(term, x, strict=True))}
            for term, x in pairs
        )

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        """None where nothing is summed over both: they are then multiplied element by element."""
        *inputs, out = shapes
        lengths, _ = self._named(tuple(inputs))
        summed = Shape(lengths[letter] for letter in contraction(self.equation).summed)
        return (_product(summed, out, (0,), (1,)),) if summed else ()

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        *terms, _ = contraction(self.equation).letters(tuple(map(len, inputs)))
        lengths, _ = self._named(inputs)
        return tuple(
            same_length(f"the length of {letter!r}", lengths[letter], dim)
            for term, x in zip(terms, inputs, strict=True)
            for letter, dim in zip(term, x, strict=True)
            if dim not in (1, lengths[letter])
        )
