"""What a hyperparameter that is a formula must be: whole, and no less than its field allows.

`archcalc.layers.fields` says for each type of field what a number of it is at least.  The same
bound is asked of a formula, as a requirement like any other, once its symbols get numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Expr, fraction, together

from archcalc.layers.base import Layer
from archcalc.layers.fields import least_of
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import is_whole, least_value
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["all_bounds", "field_bounds", "shape_bounds"]


@dataclass(frozen=True, slots=True, repr=False)
class _OfField(Requirement):
    """A requirement of one field; its error says what the formula became, and with which numbers.

    The first of `details` is the field, the others are the symbols of its formula.
    """

    def _said(self) -> str:
        (_, value), *symbols = self.details
        known = [f"{name} = {to_text(dim)}" for name, dim in symbols if isinstance(dim, int)]
        is_number = not isinstance(value, Expr) or value.is_number
        came = f"is {to_text(value)}" if is_number else "never is"
        return f"{self.message}, and {came}" + (f" with {', '.join(known)}" if known else "")


def field_bounds(layer: Layer) -> tuple[Requirement, ...]:
    """What must hold of the fields of `layer` that are formulas.

    >>> from archcalc.layers import Conv2D
    >>> for needed in field_bounds(Conv2D("d - 8", "2*k - 3", padding="p - 2")):
    ...     print(needed)
    d ≥ 9
    k ≥ 2
    p ≥ 2
    """
    needs: list[Requirement] = []
    for name, bound in least_of(type(layer)).items():
        value = getattr(layer, name)
        if not isinstance(value, int):  # a number was held to its bound when the layer was made
            needs.extend(_of_value(name, value, bound.minimum))
    return tuple(needs)


def all_bounds(layer: Layer) -> tuple[Requirement, ...]:
    """The same of `layer` and of the layers that it holds, such as one whose kernel it divides.

    Those in a network are asked where they are called.
    """
    held = (part for part in layer.key if isinstance(part, Layer))
    inside = (needed for part in held for needed in all_bounds(part))
    return (*field_bounds(layer), *inside)


def shape_bounds(shape: Shape) -> tuple[Requirement, ...]:
    """What must hold of an input shape whose dimensions are formulas.

    >>> print(*shape_bounds(Shape(("d", 28))))
    <BLANKLINE>
    """
    return tuple(_of_value("input_shape", shape, 1))


def _of_value(name: str, value: Any, least: int) -> Iterable[Requirement]:
    if isinstance(value, Expr):
        return _of_dim(name, value, least)
    if not isinstance(value, tuple):
        return ()
    if value and value.count(value[0]) == len(value):
        return _of_value(name, value[0], least)
    parts = [(f"{name}[{i}]", part) for i, part in enumerate(value)]
    return (needed for said, part in parts for needed in _of_value(said, part, least))


def _of_dim(name: str, dim: Expr, least: int) -> Iterator[Requirement]:
    whole, lowest = is_whole(dim), least_value(dim)
    if whole and lowest is not None and lowest >= least:
        return
    symbols = sorted(dim.free_symbols, key=lambda s: str(s))
    details: tuple[tuple[str, Dim], ...] = ((name, dim), *((str(s), s) for s in symbols))
    subject = f"{name} = {to_text(dim)}"
    if not whole:
        above, below = fraction(together(dim))
        yield _OfField(
            lower(above), Relation.MULTIPLE_OF, lower(below),
            f"{subject} must be a whole number",
            code="field-not-whole", details=details,
        )  # fmt: skip
    if whole or least > 1 or not dim.is_positive:
        yield _OfField(
            dim, Relation.AT_LEAST, least,
            f"{subject} must be at least {least}",
            code="field-too-small", details=details,
        )  # fmt: skip
