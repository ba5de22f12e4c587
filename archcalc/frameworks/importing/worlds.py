"""The tensors without data that stand in for real ones while a model is recorded.

There are two kinds: those of the meta device, whose sizes are numbers, and torch's fake tensors,
whose sizes may be symbols, so that what a model's own code computes from a size is a formula.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

from archcalc.frameworks.importing.batch import BATCH
from archcalc.frameworks.importing.graph import Condition
from archcalc.frameworks.importing.values import number
from archcalc.symbolic.shape import Shape

__all__ = ["BATCH", "Numbers", "World", "as_sizes", "world_of"]


class World(Protocol):
    """Where a model runs without data."""

    plain: bool
    """Whether every size is a number."""

    def input(self, shape: Shape, dtype: Any) -> Tensor:
        """A tensor that goes in, the batch before its shape."""

    def weight(self, weight: Tensor) -> Tensor:
        """What stands in for a weight."""

    def empty(self, shape: Any, dtype: Any = None) -> Tensor:
        """A tensor of a shape, the batch among it."""

    def strided(self, shape: Any, stride: Any, dtype: Any) -> Tensor:
        """A tensor of a shape with its elements in an order, made where nobody notices."""

    def like(self, tensor: Tensor) -> Tensor:
        """Another tensor of the shape of one."""

    def simple(self, tensor: Tensor) -> Tensor:
        """A tensor that was made, with its sizes in as few words as can be."""

    def own(self, tensor: Tensor) -> Tensor:
        """A real tensor that the model holds as an attribute, without its data."""

    def running(self) -> Any:
        """While this lasts, new tensors are of this kind."""

    def size(self, size: Any) -> int:
        """A size as torch has it: a number, or a `Size`."""

    def by_value(self, size: Any) -> Hashable:
        """A size as what is equal for equal ones only."""

    def asked(self) -> int:
        """How many questions about symbols have been answered."""

    def not_of_the_model(self, first: int) -> None:
        """Questions since the `first` were asked by torch, not by the model's own code."""

    def conditions(self) -> tuple[Condition, ...]:
        """What the model's own code asked of symbols."""

    def points(self) -> tuple[Mapping[Any, int], ...]:
        """Other sizes at which everything that was asked has the same answer."""


class Numbers:
    """Tensors of the meta device.

    Args:
        sizes: what symbols in shapes stand for.
    """

    plain = True

    def __init__(self, sizes: Mapping[Any, int]) -> None:
        self._sizes = sizes

    def input(self, shape: Shape, dtype: Any) -> Tensor:
        return self.empty((BATCH, *(number(dim, self._sizes) for dim in shape)), dtype)

    def weight(self, weight: Tensor) -> Tensor:
        if weight.is_meta:
            return weight
        made = torch.empty(weight.shape, dtype=weight.dtype, device="meta")
        return made.requires_grad_(weight.requires_grad) if weight.requires_grad else made

    def empty(self, shape: Any, dtype: Any = None) -> Tensor:
        return torch.empty(tuple(shape), dtype=dtype, device="meta")

    def strided(self, shape: Any, stride: Any, dtype: Any) -> Tensor:
        with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
            return torch.empty_strided(shape, stride, dtype=dtype, device="meta")

    def like(self, tensor: Tensor) -> Tensor:
        return torch.empty_like(tensor)

    def simple(self, tensor: Tensor) -> Tensor:
        return tensor

    def own(self, tensor: Tensor) -> Tensor:
        return tensor if tensor.is_meta else tensor.detach().to("meta")

    @contextmanager
    def running(self) -> Iterator[None]:
        with torch.device("meta"):
            yield

    def size(self, size: Any) -> int:
        return int(size)

    def by_value(self, size: Any) -> Hashable:
        return size  # type: ignore[no-any-return]

    def asked(self) -> int:
        return 0

    def not_of_the_model(self, first: int) -> None:
        pass

    def conditions(self) -> tuple[Condition, ...]:
        return ()

    def points(self) -> tuple[Mapping[Any, int], ...]:
        return ()


def as_sizes(shape: Any, world: World) -> tuple[int, ...]:
    """A tensor's shape as numbers and `Size`s."""
    return tuple(shape) if world.plain else tuple(map(world.size, shape))


def world_of(sizes: Mapping[Any, int]) -> World:
    """Where a model runs whose inputs have these symbols."""
    if not sizes:
        return Numbers(sizes)
    from archcalc.frameworks.importing.symbolic_world import Symbols

    return Symbols(sizes)
