"""Numbers that remember the formula they come from.

Code that is read for a network computes with sizes.  A size that is a symbol is a number while the
code is read, so that whatever expects a number finds one, and carries its formula to the layer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import sympy

from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import floor_div

__all__ = ["OfSize", "Sized", "formula", "sized"]


class Sized(int):
    """A number that stands for a formula.

    >>> from archcalc.symbolic import symbol
    >>> h = Sized.of(224, symbol("h"))
    >>> h // 2 + 1, formula(h // 2 + 1)
    (113, h//2 + 1)
    """

    dim: Dim

    @classmethod
    def of(cls, number: int, dim: Dim) -> Sized:
        """The number that stands for `dim`."""
        made = cls(number)
        made.dim = dim
        return made

    def _sympy_(self) -> Any:
        return sympy.sympify(self.dim)

    def __truediv__(self, other: Any) -> Any:
        return OfSize(int(self) / other) if isinstance(other, int | float) else NotImplemented

    def __pow__(self, other: Any, modulus: Any = None) -> Any:
        if isinstance(other, int) and not isinstance(other, Sized) and 0 <= other <= 8:
            return sized(int(self) ** other, lower(sympy.sympify(self.dim) ** other))
        return OfSize(int(self) ** float(other))

    def __neg__(self) -> Any:
        return sized(-int(self), lower(-sympy.sympify(self.dim)))


class OfSize(float):
    """A number that was divided: it no longer knows its formula, and is refused as a size."""


def sized(number: int, dim: Dim) -> int:
    """A number as it is where the formula is one; else a number that remembers it.

    >>> type(sized(3, 3)).__name__
    'int'
    """
    return Sized.of(number, dim) if not isinstance(dim, int) else dim


def formula(value: Any) -> Any:
    """The formula that a number stands for; anything else as it is."""
    return value.dim if isinstance(value, Sized) else value


def _remainder(a: Any, b: Any) -> Any:
    return a - b * floor_div(a, b)


_COMPUTED: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "floordiv": floor_div,
    "mod": _remainder,
}  # fmt: skip


def _both(name: str, compute: Callable[[Any, Any], Any]) -> None:
    plain: Callable[[int, int], int] = getattr(operator, name)

    def forward(self: Sized, other: Any) -> Any:
        if type(other) not in (int, Sized):
            return NotImplemented if isinstance(other, int) else getattr(int, f"__{name}__")(self, other)
        return sized(plain(int(self), int(other)), lower(compute(self.dim, formula(other))))

    def backward(self: Sized, other: Any) -> Any:
        if type(other) is not int:
            return NotImplemented
        return sized(plain(other, int(self)), lower(compute(other, self.dim)))

    setattr(Sized, f"__{name}__", forward)
    setattr(Sized, f"__r{name}__", backward)


for _name, _compute in _COMPUTED.items():
    _both(_name, _compute)
