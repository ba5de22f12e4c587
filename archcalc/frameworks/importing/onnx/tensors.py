"""What a name in an ONNX graph may stand for, beside a tensor that depends on the input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from archcalc.frameworks.importing.values import NotLoweredError

__all__ = ["Fixed", "Node", "Several", "Stored", "array_of", "is_number", "one_number"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A constant of which the shape is all that is known.

    Attributes:
        shape: its dimensions.
    """

    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor of the file.

    Attributes:
        name: the initialiser's.
        shape: its dimensions.
        is_weight: whether training changes it: numbers with a point, and more than one of them.
        numbers: what reads its numbers, ``None`` where the file does not have them.
    """

    name: str
    shape: tuple[int, ...]
    is_weight: bool
    numbers: Callable[[], Any] | None = None

    def transposed(self, order: tuple[int, ...]) -> Stored:
        """The same weight with its axes in another order."""
        return Stored(self.name, tuple(self.shape[a] for a in order), self.is_weight, None)


@dataclass(frozen=True, slots=True)
class Several:
    """A sequence of tensors, which ONNX has as one value.

    Attributes:
        parts: the tensors.
    """

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One operator on what its inputs stand for.

    Attributes:
        op: its name, with the domain before it where that is not ONNX's own.
        name: the node's.
        given: its inputs: `Value`, an array, `Fixed`, `Stored`, or ``None`` where one is left out.
        outputs: the names of its outputs, empty where nothing takes one.
        attributes: by name.
        version: of the operators.
        proto: the node itself.
    """

    op: str
    name: str
    given: tuple[Any, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    version: int
    proto: Any

    def input(self, index: int) -> Any:
        """An input, ``None`` where it is left out."""
        return self.given[index] if index < len(self.given) else None

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute; text as text."""
        value = self.attributes.get(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def array_of(given: Any) -> Any:
    """The numbers of a constant.

    Raises:
        NotLoweredError: they depend on the input, or the file does not hold them.
    """
    if isinstance(given, np.ndarray):
        return given
    if isinstance(given, Stored) and given.numbers is not None:
        return given.numbers()
    if isinstance(given, Stored | Fixed):
        raise NotLoweredError("it depends on numbers that the file does not hold")
    raise NotLoweredError("it depends on numbers that are computed from the input")


def is_number(given: Any) -> bool:
    """Whether it is a constant of one element, whatever its axes."""
    return isinstance(given, np.ndarray) and given.size == 1


def one_number(given: Any) -> Any:
    """The element of a constant of one element, as Python has it."""
    found = array_of(given).reshape(-1)[0]
    return found.item() if isinstance(found, np.generic) else found
