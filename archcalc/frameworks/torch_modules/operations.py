"""Modules around torch's functions that take axes apart, put them together, and move positions.

Axes are counted with the batch as 0, as torch counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = [
    "Expand",
    "ExpandDims",
    "Flip",
    "Roll",
    "Select",
    "Slice",
    "Split",
    "Squeeze",
    "Stack",
    "Tile",
    "Transpose",
    "Unbind",
]


class Operation(nn.Module):  # type: ignore[misc]
    """A function of torch and what it is told."""

    def __init__(self, **told: Any) -> None:
        super().__init__()
        self.told = told

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.told.items())


class Slice(Operation):
    """A stretch of an axis."""

    def __init__(self, axis: int, start: int, stop: int | None, step: int) -> None:
        super().__init__(axis=axis, start=start, stop=stop, step=step)
        self.axis, self.places = axis, slice(start, stop, step)

    def forward(self, x: Tensor) -> Tensor:
        before = self.axis % x.ndim
        return x[(*[slice(None)] * before, self.places)]


class Select(Operation):
    """One position of an axis."""

    def __init__(self, axis: int, index: int) -> None:
        super().__init__(axis=axis, index=index)
        self.axis, self.index = axis, index

    def forward(self, x: Tensor) -> Tensor:
        return x.select(self.axis, self.index)


class Split(Operation):
    """An axis in parts."""

    def __init__(self, sections: int | Sequence[int], axis: int) -> None:
        super().__init__(sections=sections, axis=axis)
        self.sections, self.axis = sections, axis

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        if isinstance(self.sections, int):
            equal: tuple[Tensor, ...] = x.tensor_split(self.sections, self.axis)
            return equal
        parts: tuple[Tensor, ...] = x.split(list(self.sections), self.axis)
        return parts


class Unbind(Operation):
    """Every position of an axis."""

    def __init__(self, count: int, axis: int) -> None:
        super().__init__(count=count, axis=axis)
        self.axis = axis

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        every: tuple[Tensor, ...] = x.unbind(self.axis)
        return every


class Stack(Operation):
    """Along a new axis."""

    def __init__(self, axis: int) -> None:
        super().__init__(axis=axis)
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.stack(inputs, self.axis)


class ExpandDims(Operation):
    """A new axis of length 1."""

    def __init__(self, axis: int) -> None:
        super().__init__(axis=axis)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(self.axis)


class Squeeze(Operation):
    """An axis of length 1 taken away."""

    def __init__(self, axis: int) -> None:
        super().__init__(axis=axis)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        return x.squeeze(self.axis)


class Expand(Operation):
    """An axis of length 1 stretched."""

    def __init__(self, axis: int, size: int) -> None:
        super().__init__(axis=axis, size=size)
        self.axis, self.size = axis, size

    def forward(self, x: Tensor) -> Tensor:
        sizes = [-1] * x.ndim
        sizes[self.axis] = self.size
        return x.expand(sizes)


class Tile(Operation):
    """An axis several times over."""

    def __init__(self, times: int, axis: int, each: bool) -> None:
        super().__init__(times=times, axis=axis, each=each)
        self.times, self.axis, self.each = times, axis, each

    def forward(self, x: Tensor) -> Tensor:
        if self.each:
            return x.repeat_interleave(self.times, self.axis)
        counts = [1] * x.ndim
        counts[self.axis] = self.times
        return x.repeat(counts)


class Flip(Operation):
    """Axes from the last position to the first."""

    def __init__(self, axis: Sequence[int]) -> None:
        super().__init__(axis=axis)
        self.axis = tuple(axis)

    def forward(self, x: Tensor) -> Tensor:
        return x.flip(self.axis)


class Roll(Operation):
    """Positions moved around an axis."""

    def __init__(self, shift: int, axis: int) -> None:
        super().__init__(shift=shift, axis=axis)
        self.shift, self.axis = shift, axis

    def forward(self, x: Tensor) -> Tensor:
        return x.roll(self.shift, self.axis)


class Transpose(Operation):
    """Two axes in one another's place."""

    def __init__(self, axis1: int, axis2: int) -> None:
        super().__init__(axis1=axis1, axis2=axis2)
        self.axes = axis1, axis2

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(*self.axes)
