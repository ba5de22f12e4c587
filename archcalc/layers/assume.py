"""What must hold of sizes so that a network is what it is: said by itself, and shown."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias

from sympy import Symbol

from archcalc.layers.base import Layer
from archcalc.layers.facts import Remark, Storage
from archcalc.layers.fields import Position
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.substitution import substitute

__all__ = ["Assume"]

Stated: TypeAlias = Literal["at least", "equal to", "a multiple of"]

Otherwise: TypeAlias = Literal["refused", "other", "as many products"]
"""What happens where it does not hold: the model refuses; it computes otherwise; it computes
otherwise, with as many products and weights."""

_RELATIONS = {
    "at least": Relation.AT_LEAST,
    "equal to": Relation.EQUAL,
    "a multiple of": Relation.MULTIPLE_OF,
}


class Assume(Layer):
    """A condition on sizes: what goes in comes out, and where it does not hold there is an error.

    Where one symbol is to be equal to a number, it is that number in what comes out.

    Args:
        left: a size, such as ``"h"``.
        relation: how it stands to the other: ``"at least"``, ``"equal to"``, ``"a multiple of"``.
        right: the other.
        why: what is wrong where it does not hold; ``{left}`` in it stands for the first size.
        otherwise: what happens where it does not hold; with ``"as many products"`` it is no
            requirement but a remark.

    >>> from archcalc.symbolic import symbols
    >>> Assume("h", "equal to", 224).output_shape(Shape((3, symbols("h"), 8)))
    (3, 224, 8)
    """

    left: Position
    relation: Stated
    right: Position
    why: str = ""
    otherwise: Otherwise = "refused"

    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/export.html (guards)"

    def storage(self, training: bool = True) -> Storage:
        return "input"

    def output_shape(self, x: Shape) -> Shape:
        known = self.relation == "equal to" and isinstance(self.left, Symbol)
        if not known or self.otherwise == "as many products":
            return x
        values: dict[Any, Dim] = {self.left: self.right}
        return Shape(dim if isinstance(dim, int) else lower(substitute(dim, values)) for dim in x)

    def _statement(self) -> str:
        return f"{to_text(self.left)} is {self.relation} {to_text(self.right)}"

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        if self.otherwise == "as many products":
            return ()
        message = self.why or (
            "{left} is not " + f"{self.relation} " + "{right}: the model computes otherwise there"
        )
        hint = "" if self.otherwise == "refused" else "read the model again at such a size"
        return (
            Requirement(
                self.left,
                _RELATIONS[self.relation],
                self.right,
                message,
                code="assumption-fails",
                hint=hint,
                details=(("left", self.left), ("right", self.right)),
            ),
        )

    def remarks(self, *inputs: Any) -> tuple[Remark, ...]:
        if self.otherwise != "as many products":
            return ()
        said = (
            f"this holds where {self._statement()}; elsewhere the model computes otherwise, with "
            "as many products and weights at the sizes that were tried"
        )
        return (Remark("assumption", said),)
