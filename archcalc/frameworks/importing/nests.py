"""Tensors wherever they stand among arguments, and in what a model gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

__all__ = ["mapped", "tensors_in"]


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors, in order.

    >>> from torch import ones
    >>> [len(x) for x in tensors_in({"a": ones(3), "b": [ones(2), None]})]
    [3, 2]
    """
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [x for held in value for x in tensors_in(held)]
    if isinstance(value, Mapping):
        return [x for held in value.values() for x in tensors_in(held)]
    return []


def mapped(value: Any, kind: type | tuple[type, ...], made: Callable[[Any], Any]) -> Any:
    """The same with something made of each value of a kind.

    >>> mapped(["a", (1, 2)], int, str)
    ['a', ('1', '2')]
    """
    if isinstance(value, kind):
        return made(value)
    if isinstance(value, Mapping):
        return {key: mapped(held, kind, made) for key, held in value.items()}
    if type(value) in (tuple, list):
        return type(value)(mapped(held, kind, made) for held in value)
    return value
