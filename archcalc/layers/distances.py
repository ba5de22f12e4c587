"""How near two inputs are to one another; torch's.

Sources: torch's ``CosineSimilarity`` and ``PairwiseDistance``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from archcalc.layers.axes import axis_index
from archcalc.layers.base import Layer
from archcalc.layers.facts import Arithmetic, Primitive
from archcalc.layers.merging import broadcast, broadcasting
from archcalc.layers.sight import Sights, aligned, all_of, without_one
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["CosineSimilarity", "PairwiseDistance"]

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


class _Distance(Layer, abstract=True):
    """One number from two vectors, for all vectors of an axis; axes of length 1 are stretched."""

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    keeps_ones: ClassVar[bool] = True

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if len(inputs[0]) != len(inputs[1]):
            raise ShapeError(
                f"{type(self).__name__} takes two inputs of as many axes, not {inputs[0]!r} and "
                f"{inputs[1]!r}",
                code="branches-differ",
                hint="torch would take one's batch for the other's axis",
            )

    def windows(self, x: Shape, y: Shape) -> None:
        return None

    def compared(self, rank: int) -> tuple[int, bool]:
        """The axis that the vectors run along, and whether it stays, at length 1."""
        raise TypeError(f"{type(self).__name__} does not say which axis it compares along")

    def sights(self, output: int, x: Shape, y: Shape) -> tuple[Sights, ...]:
        axis, stays = self.compared(len(x))
        found = []
        for place, shape in enumerate((x, y)):
            whole = all_of(shape[axis], axis if stays else None)
            gone = without_one(axis, len(shape), whole)
            views = aligned((x, y), place)
            moved = {
                i: replace(view, along=i if stays else gone[i].along) for i, view in views.items()
            }
            found.append({**moved, axis: whole})
        return tuple(found)

    def requirements(self, x: Shape, y: Shape) -> tuple[Requirement, ...]:
        return broadcasting(type(self).__name__, x, y)


class CosineSimilarity(_Distance):
    """The cosine of the angle between two vectors.

    Args:
        dim: the axis that the vectors run along, counted from 1 (0 is the batch).
        eps: as in torch; it changes no shape.

    >>> CosineSimilarity(dim=2).output_shape(Shape((20, 64)), Shape((20, 64)))
    (20,)
    """

    dim: int = 1
    eps: float = 1e-8

    source: ClassVar[str] = f"{_TORCH}CosineSimilarity.html"

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        merged = broadcast(x, y)
        axis = axis_index(self.dim, merged)
        return Shape((*merged[:axis], *merged[axis + 1 :]))

    def arithmetic(self, x: Shape, y: Shape, out: Shape) -> tuple[Arithmetic, ...]:
        """Three sums of products, two roots, their product, and a quotient."""
        both = broadcast(x, y)
        size = both[axis_index(self.dim, both)]
        parts: tuple[tuple[Primitive, tuple[Dim, ...]], ...] = (
            ("multiplication", (3, *both)),
            ("addition", (3, *out, lower(plain(size) - 1))),
            ("square root", (2, *out)),
            ("multiplication", tuple(out)),
            ("division", tuple(out)),
        )
        return (Arithmetic("reduction", parts, tuple(both), tuple(out), size),)

    def compared(self, rank: int) -> tuple[int, bool]:
        return axis_index(self.dim, Shape((1,) * rank)), False


class PairwiseDistance(_Distance):
    """The p-norm of the difference of two vectors along the last axis.

    Args:
        p: the degree of the norm.
        eps: as in torch; it changes no shape.
        keepdim: whether the last axis stays, at length 1.

    >>> PairwiseDistance(keepdim=True).output_shape(Shape((20, 64)), Shape((20, 64)))
    (20, 1)
    """

    p: float = 2.0
    eps: float = 1e-6
    keepdim: bool = False

    source: ClassVar[str] = f"{_TORCH}PairwiseDistance.html"

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        kept = broadcast(x, y)[:-1]
        return Shape((*kept, 1)) if self.keepdim else kept

    def arithmetic(self, x: Shape, y: Shape, out: Shape) -> tuple[Arithmetic, ...]:
        """A difference, a small number added, powers, their sum, and a root."""
        both = broadcast(x, y)
        groups, size = both[:-1], both[-1]
        powers: Primitive = "multiplication" if self.p == 2 else "transcendental"
        root: Primitive = "square root" if self.p == 2 else "transcendental"
        parts: tuple[tuple[Primitive, tuple[Dim, ...]], ...] = (
            ("addition", (2, *both)),
            (powers, tuple(both)),
            ("addition", (*groups, lower(plain(size) - 1))),
            (root, tuple(groups)),
        )
        return (Arithmetic("reduction", parts, tuple(both), tuple(out), size),)

    def compared(self, rank: int) -> tuple[int, bool]:
        return rank - 1, self.keepdim
