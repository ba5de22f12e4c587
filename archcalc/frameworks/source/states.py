"""The states that torch's recurrent layers end in, made only where the source uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.reader import Reader, StatesWantedError

__all__ = ["State"]


@dataclass(slots=True, eq=False)
class State:
    """``h`` or ``c`` of ``output, (h, c) = lstm(x)``: one for each layer and direction.

    Attributes:
        reader: the reader.
        output: what the layer gives.
        units: of one direction.
        layers, ways: how many layers there are, and directions.
        memory: whether it is the memory, which is no output.
        value: of a single layer that was told so, the state itself.
        place: where the layer is called.
    """

    reader: Reader
    output: Value
    units: Any
    layers: int
    ways: int
    memory: bool
    value: Value | None
    place: tuple[int, int]

    @property
    def count(self) -> int:
        """How many there are."""
        return self.layers * self.ways

    def pick(self, index: int) -> Value:
        """One of them: that of the last layer is at an end of the output."""
        index = range(self.count)[index]
        if self.count == 1:
            if self.value is None:
                raise StatesWantedError(self.place)
            return self.value
        layer, way = divmod(index, self.ways)
        if self.memory or layer != self.layers - 1:
            raise NotLoweredError("of a recurrent stack only the states of the last layer are read")
        function, at = self.reader.bench.function, self.output.at
        time = 0 if at is None or at.axis != 0 else 1
        made: Value = function("select", (self.output, time, 0 if way else -1), {})
        if self.ways == 1:
            return made
        half: Value = function("narrow", (made, -1, way * self.units, self.units), {})
        return half

    def whole(self) -> Value:
        """All of them, one after the other along a first axis."""
        every = [self.pick(index) for index in range(self.count)]
        made: Value = self.reader.bench.function("stack", (every, 0), {})
        return made

    def squeezed(self) -> Value:
        """Without the first axis, where there is one."""
        return self.pick(0) if self.count == 1 else self.whole()
