"""Modules of torch that are equal but for the numbers in their weights, and what they give.

A model has few modules that differ: what is known of one holds for all that are equal to it, so it
is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from archcalc.frameworks.importing.nests import mapped

__all__ = ["LayersOnce", "OwnForward", "value_of"]

_PLAIN = frozenset((bool, int, float, str, type(None), torch.dtype, torch.device))
_HELD = ("_parameters", "_buffers")
_TENSORS = (Tensor, nn.Parameter)


class _NotComparedError(Exception):
    """Something holds what is not compared by value."""


def value_of(module: nn.Module) -> Hashable | None:
    """What a module of ``torch.nn`` is, without the numbers in its weights; equal modules give
    equal values.  ``None`` where it holds something else, such as hooks, or is of another class.

    >>> value_of(nn.Linear(3, 4)) == value_of(nn.Linear(3, 4)) != value_of(nn.Linear(3, 5))
    True
    >>> value_of(nn.Linear(3, 4)) == value_of(nn.Linear(3, 4, bias=False))
    False
    """
    with torch._C.DisableTorchFunction():  # nothing that is asked here is a call of a model's
        try:
            return _value(module)
        except _NotComparedError:
            return None


def _value(module: nn.Module) -> Hashable:
    kind = type(module)
    if not kind.__module__.startswith("torch.nn.modules"):
        raise _NotComparedError
    held: list[Any] = [kind]
    for name, value in module.__dict__.items():
        if type(value) in _PLAIN:
            held.append((name, value))
        elif name in _HELD:
            weights = ((n, None if w is None else _weight(w)) for n, w in value.items())
            held.append((name, *weights))
        elif name == "_modules":
            held.extend((n, None if part is None else _value(part)) for n, part in value.items())
        elif not isinstance(value, OwnForward):
            held.append((name, _sequence(value)))
    return tuple(held)


def _weight(weight: Any) -> Hashable:
    if type(weight) not in _TENSORS:
        raise _NotComparedError
    return weight.shape, weight.dtype, weight.requires_grad


def _sequence(value: Any) -> Hashable:
    """Nothing, or several plain values."""
    if type(value) in (tuple, list):
        return tuple(part if type(part) in _PLAIN else _sequence(part) for part in value)
    if value or not hasattr(value, "__len__"):
        raise _NotComparedError
    return ()


@dataclass(frozen=True, slots=True)
class _Given:
    """What a layer gave: of each tensor its sizes, strides and kind, or which of its inputs it is.

    Attributes:
        outputs: nested as they came out.
        flops: what was counted.
    """

    outputs: Any
    flops: Any


@dataclass(frozen=True, slots=True)
class _New:
    shape: tuple[Any, ...]
    stride: tuple[Any, ...]
    dtype: Any


class OwnForward:
    """A `forward` that stands in a module's place while it is recorded, and in no copy of it.

    Args:
        forward: what is done instead.
    """

    def __init__(self, forward: Callable[..., Any]) -> None:
        self._forward = forward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._forward(*args, **kwargs)

    def __deepcopy__(self, memo: Any) -> OwnForward:
        return self


class LayersOnce:
    """Layers of ``torch.nn`` that are run once for all that are equal, on equal inputs.

    They compute nothing while a model is recorded: of what comes out only the sizes are asked.

    Args:
        world: where they run.
        counter: what counts their products.
    """

    def __init__(self, world: Any, counter: Any) -> None:
        self._world = world
        self._counter = counter
        self._known: dict[Hashable, _Given] = {}

    def instead(self, module: nn.Module) -> OwnForward:
        """What stands in the place of the `forward` of a layer."""
        forward = module.forward

        def once(*args: Any, **kwargs: Any) -> Any:
            with torch._C.DisableTorchFunction():
                key, tensors = self._key(module, args, kwargs)
                known = self._known.get(key) if key is not None else None
                if known is not None:
                    self._counter.flops = known.flops
                    return self._made(known.outputs, tensors)
            made = forward(*args, **kwargs)
            with torch._C.DisableTorchFunction():
                made = self._simple(made, tensors)
                if key is not None:
                    try:
                        outputs = self._outputs(made, tensors)
                        self._known[key] = _Given(outputs, self._counter.flops)
                    except _NotComparedError:
                        pass
            return made

        return OwnForward(once)

    def _simple(self, made: Any, given: Sequence[Tensor]) -> Any:
        """What a layer made, its sizes in few words; what it was given stays what it is."""
        if self._world.plain:
            return made
        old = {id(tensor) for tensor in given}
        return mapped(made, Tensor, lambda x: x if id(x) in old else self._world.simple(x))

    def _key(self, module: nn.Module, args: Any, kwargs: Any) -> tuple[Hashable, list[Tensor]]:
        tensors: list[Tensor] = []
        try:
            return (_value(module), self._described((args, kwargs), tensors)), tensors
        except _NotComparedError:
            return None, tensors

    def _described(self, value: Any, tensors: list[Tensor]) -> Hashable:
        """Arguments by value; the tensors among them are collected."""
        if type(value) in _PLAIN:
            return value  # type: ignore[no-any-return]
        if isinstance(value, Tensor):
            first = next((i for i, x in enumerate(tensors) if x is value), None)
            if first is not None:
                return _New, first
            tensors.append(value)
            sizes = tuple(map(self._world.by_value, (*value.shape, *value.stride())))
            return type(value), sizes, value.dtype
        if isinstance(value, Mapping):
            return tuple((name, self._described(one, tensors)) for name, one in value.items())
        if isinstance(value, list | tuple):
            return type(value), *(self._described(one, tensors) for one in value)
        raise _NotComparedError

    def _outputs(self, made: Any, tensors: Sequence[Tensor]) -> Any:
        if isinstance(made, Tensor):
            first = next((i for i, x in enumerate(tensors) if x is made), None)
            if first is not None:
                return first
            return _New(tuple(made.shape), tuple(made.stride()), made.dtype)
        if type(made) in (tuple, list):
            return type(made)(self._outputs(one, tensors) for one in made)
        if made is None:
            return None
        raise _NotComparedError

    def _made(self, outputs: Any, tensors: Sequence[Tensor]) -> Any:
        if isinstance(outputs, _New):
            return self._world.strided(outputs.shape, outputs.stride, outputs.dtype)
        if isinstance(outputs, int):
            return tensors[outputs]
        if outputs is None:
            return None
        return type(outputs)(self._made(one, tensors) for one in outputs)
