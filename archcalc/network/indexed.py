"""Networks of copies whose layers may depend on the number of the copy."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

from pydantic import field_validator, model_validator
from sympy import Expr, Symbol

from archcalc.layers.base import Layer
from archcalc.layers.fields import option
from archcalc.network.base import Network
from archcalc.network.substitution import substitute_in_layer, symbols_in
from archcalc.network.tracer import Value
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.sums import Index, index_for
from archcalc.symbolic.symbols import symbol

__all__ = ["Indexed"]


class Indexed(Network, abstract=True):
    """What networks share that hold copies: a subclass has a field `index`, which may be empty.

    In the parts that are copied, the symbol of that name stands for the number of the copy, counted
    from 0; outside of them it means nothing.
    """

    index: str = option(default="", kw_only=True)

    @property
    def count(self) -> Dim:
        """How many copies there are."""
        raise TypeError(f"{type(self).__name__} does not say how many copies it has: define count")

    def parts(self) -> tuple[Layer, ...]:
        """What is copied."""
        raise TypeError(f"{type(self).__name__} does not say what is copied: define parts()")

    @field_validator("index")
    @classmethod
    def _is_name(cls, value: str) -> str:
        return symbol(value).name if value else value

    @model_validator(mode="after")
    def _starts(self) -> Self:
        if not self.bound <= self._symbols:
            raise InvalidLayerError(
                f"nothing that is copied depends on {self.index}, the number of the copy",
                code="unused-index",
                hint=f"write what does, such as Dense('n*2**{self.index}'), or leave index out",
            )
        if isinstance(self.count, Expr) and self.bound & self.count.free_symbols:
            raise InvalidLayerError(
                f"{self.index} is the number of a copy, and cannot say how many there are",
                code="captured-index",
                hint="call it something else",
            )
        for part in self.parts():
            self.copied(part, 0)
        return self

    @property
    def bound(self) -> frozenset[Symbol]:
        """The symbol that stands for the number of a copy, where there is one."""
        return frozenset({symbol(self.index)} if self.index else ())

    @cached_property
    def _symbols(self) -> frozenset[Symbol]:
        return frozenset().union(*map(symbols_in, self.parts()))

    def copied(self, part: Layer, number: Dim) -> Layer:
        """A part as it is in copy `number`; the same object whenever it is asked for."""
        if not self.index:
            return part
        key = (id(part), number)
        if key not in self._copies:
            self._copies[key] = substitute_in_layer(part, dict.fromkeys(self.bound, number))
        return self._copies[key]

    @cached_property
    def _copies(self) -> dict[tuple[int, Dim], Layer]:
        return {}  # kept, since layers are told apart by which objects they are

    def numbering(self, left: Dim, *values: Any) -> Index:
        """An index for the copies that are left, called like nothing near them."""
        dims = [dim for value in values if isinstance(value, Value) for dim in value.shape]
        return index_for(left, *(self._symbols - self.bound), *dims, preferred=self.index)
