"""Products of inputs among one another: of matrices, and in Einstein's notation.

What they multiply are activations, so that training has a gradient for each of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import field_validator

from archcalc.layers.base import Layer
from archcalc.layers.einsum import Step, contraction, together
from archcalc.layers.facts import Arithmetic, Kept, Operand, Primitive, Saved, Work
from archcalc.layers.functions import elementwise
from archcalc.layers.merging import broadcast, broadcasting
from archcalc.layers.requirements import same_length
from archcalc.layers.sight import (
    Sight,
    Sights,
    aligned,
    all_of,
    itself,
)
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, product

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
    """Inputs in Einstein's notation: products, sums over letters, other orders of axes.

    Several are multiplied from left to right, the first with the second, that with the third, and
    so on; a letter is summed as soon as nothing to come has it.  So does ``torch.einsum``, unless
    opt_einsum is installed and finds an order of fewer products.  A letter that stands twice in one
    input is its diagonal.

    Args:
        equation: as in torch; the batch is the first axis of every part, by a letter or in an
            ellipsis that each begins with.

    >>> Einsum("bhqd,bhkd->bhqk").output_shape(Shape((8, 10, 64)), Shape((8, 20, 64)))
    (8, 10, 20)

    The trace of a matrix adds 9 numbers to the first:

    >>> Einsum("bii->b").arithmetic(Shape((10, 10)), Shape(()))[0].count
    9

    A chain of matrices, 2·3·4 + 2·4·5 multiply-accumulates:

    >>> [work.macs for work in Einsum("bij,bjk,bkl->bil").work(
    ...     Shape((2, 3)), Shape((3, 4)), Shape((4, 5)), Shape((2, 5)))]
    [24, 40]
    """

    equation: str

    arity: ClassVar[tuple[int, int | None]] = (1, None)
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

    def input_names(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        """The letters of the equation; axes of an ellipsis are counted from the end."""
        *terms, _ = contraction(self.equation).letters(tuple(map(len, inputs)))
        return tuple(tuple(letter.replace(".", "a") for letter in term) for term in terms)

    def _lengths(self, inputs: tuple[Shape, ...]) -> tuple[Mapping[str, Dim], ...]:
        return contraction(self.equation).lengths(inputs)

    def _steps(self, inputs: tuple[Shape, ...]) -> tuple[Step, ...]:
        return contraction(self.equation).steps(inputs)

    def output_shape(self, *inputs: Shape) -> Shape:
        return Shape(self._lengths(inputs)[-1].values())

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        """One product a step; none where nothing is summed: there elements are multiplied."""
        return tuple(
            _product(
                Shape(step.first[letter] for letter in step.summed),
                Shape(step.kept.values()),
                tuple(range(number)),
                (number,),
            )
            for number, step in enumerate(self._steps(shapes[:-1]), 1)
            if step.summed
        )

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        """Sums over what one operand alone has, and products of elements."""
        first, *others, out = self._lengths(shapes[:-1])
        if not others:
            return _sums(first, tuple(letter for letter in first if letter not in out))
        found: list[Arithmetic] = []
        for step in self._steps(shapes[:-1]):
            for operand in (step.first, step.second):
                found += _sums(operand, step.alone(operand))
            if not step.summed:
                kept = Shape(step.kept.values())
                found += elementwise("elementwise", kept, {"multiplication": 1})
        return tuple(found)

    def saves(self, *shapes: Shape) -> Saved:
        """Every operand of a product, for the gradient of the other: summed, where it is before."""
        inputs, own = list[int](), list[Kept]()
        for number, step in enumerate(self._steps(shapes[:-1]), 1):
            for place, operand in ((number - 1, step.first), (number, step.second)):
                alone = step.alone(operand)
                if alone:
                    own.append(Kept("sum", _without(operand, alone)))
                elif place and operand is step.first:
                    own.append(Kept("product", Shape(operand.values())))
                else:
                    inputs.append(place)
        return Saved(for_others=tuple(inputs), own=tuple(own))

    def windows(self, *inputs: Shape) -> None:
        return None

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        *terms, _ = contraction(self.equation).letters(tuple(map(len, inputs)))
        *_, out = self._lengths(inputs)
        places = {letter: place for place, letter in enumerate(out)}

        def view(letter: str, dim: Dim) -> Sight:
            stretched = letter in out and dim == 1 and out[letter] != 1
            whole = stretched or letter not in places
            return all_of(dim, places.get(letter)) if whole else itself(places[letter])

        named = (zip(term, x, strict=True) for term, x in zip(terms, inputs, strict=True))
        return tuple({i: view(*axis) for i, axis in enumerate(axes)} for axes in named)

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        *terms, _ = self._lengths(inputs)
        lengths = together(*terms)
        *letters, _ = contraction(self.equation).letters(tuple(map(len, inputs)))
        named = zip(letters, inputs, terms, strict=True)
        diagonals = [
            (letter, term[letter], dim)
            for axes, x, term in named
            for letter, dim in zip(axes, x, strict=True)
            if dim != term[letter]
        ]
        stretched = [
            (letter, lengths[letter], dim)
            for term in terms
            for letter, dim in term.items()
            if dim not in (1, lengths[letter])
        ]
        return tuple(
            same_length(f"the length of {letter!r}", *both)
            for letter, *both in diagonals + stretched
        )


def _without(operand: Mapping[str, Dim], summed: tuple[str, ...]) -> Shape:
    return Shape(length for letter, length in operand.items() if letter not in summed)


def _sums(operand: Mapping[str, Dim], summed: tuple[str, ...]) -> tuple[Arithmetic, ...]:
    """What it takes to sum some letters of one operand."""
    if not summed:
        return ()
    left = _without(operand, summed)
    many = product(operand[letter] for letter in summed)
    parts: tuple[Primitive, tuple[Dim, ...]] = ("addition", (*left, lower(plain(many) - 1)))
    return (Arithmetic("reduction", (parts,), tuple(operand.values()), tuple(left)),)
