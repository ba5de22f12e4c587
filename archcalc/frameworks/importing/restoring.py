"""A module is left exactly as it was, whatever its code does while it is run."""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["WrittenTensors", "left_as_it_was", "surroundings_as_they_were"]

_CONTAINERS = (dict, list, set, deque)
_SIMPLE = frozenset((bool, int, float, str, bytes, type(None), Tensor, nn.Parameter))
_NOT_OWN = frozenset((*sys.stdlib_module_names, "torch", "numpy"))
"""Whose objects are not a model's own, such as loggers: what they hold is left alone."""


@contextmanager
def left_as_it_was(module: nn.Module) -> Iterator[None]:
    """For a run in evaluation mode: attributes, weights, hooks and random states come back.

    Lists, mappings and objects that modules hold are followed as far as they go.

    >>> layer = nn.Dropout()
    >>> with left_as_it_was(layer):
    ...     layer.seen, layer.p = True, 0.0
    >>> layer.training, layer.p, hasattr(layer, "seen")
    (True, 0.5, False)
    """
    held = _Held(module.modules())
    weights = [(w, w.requires_grad, w.grad) for w in module.parameters()]
    for part in module.modules():
        part.__dict__["training"] = False
    try:
        with surroundings_as_they_were():
            yield
    finally:
        held.put_back()
        for weight, learned, gradient in weights:
            if weight.requires_grad is not learned:
                weight.requires_grad_(learned)
            if weight.grad is not gradient:
                weight.grad = gradient


@contextmanager
def surroundings_as_they_were() -> Iterator[None]:
    """For a run of a model's code: random states and torch's kind of numbers come back.

    >>> before = torch.get_rng_state()
    >>> with surroundings_as_they_were():
    ...     seeded = torch.manual_seed(0)
    >>> bool((torch.get_rng_state() == before).all())
    True
    """
    states = random.getstate(), torch.random.get_rng_state(), _numpy_state()
    floating = torch.get_default_dtype()
    try:
        yield
    finally:
        torch.set_default_dtype(floating)
        random.setstate(states[0])
        torch.random.set_rng_state(states[1])
        if states[2] is not None:
            sys.modules["numpy"].random.set_state(states[2])


class WrittenTensors:
    """Tensors with numbers that a run writes into, which come back.

    A model's weights are replaced while it is run; other tensors that it holds are not.
    """

    def __init__(self) -> None:
        self._before: dict[int, tuple[Tensor, Tensor]] = {}

    def before(self, function: Any, args: Any, kwargs: Any) -> None:
        """Keep the numbers that an operator is about to change."""
        for place, taken in enumerate(function._schema.arguments):
            if taken.alias_info is None or not taken.alias_info.is_write:
                continue
            value = args[place] if place < len(args) else kwargs.get(taken.name)
            for tensor in value if isinstance(value, list | tuple) else (value,):
                if type(tensor) in (Tensor, nn.Parameter) and not tensor.is_meta:
                    with torch._C._DisableTorchDispatch():
                        self._before.setdefault(id(tensor), (tensor, tensor.detach().clone()))

    def put_back(self) -> None:
        """Give every tensor the numbers that it had."""
        with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
            for tensor, numbers in reversed(self._before.values()):  # a whole after its parts
                tensor.data.copy_(numbers)


class _Held:
    """What objects hold in their attributes, and these in turn.

    Args:
        parts: the modules to begin with.
    """

    def __init__(self, parts: Iterable[nn.Module]) -> None:
        self._attributes: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._containers: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        every = list(parts)
        self._seen.update(map(id, every))
        pending: list[Any] = []
        for part in every:
            self._keep(part.__dict__, pending)
        while pending:
            self._follow(pending.pop(), pending)

    def _keep(self, held: dict[str, Any], pending: list[Any]) -> None:
        self._attributes.append((held, held.copy()))
        pending.extend(value for value in held.values() if _may_change(value))

    def _follow(self, value: Any, pending: list[Any]) -> None:
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, (*_CONTAINERS, tuple)):
            if not isinstance(value, tuple):
                self._containers.append((value, value.copy()))
            inside = value.values() if isinstance(value, dict) else value
            pending.extend(v for v in inside if isinstance(v, _CONTAINERS) or _may_change(v))
        else:
            self._keep(value.__dict__, pending)

    def put_back(self) -> None:
        """Everything as it was."""
        for held, before in self._attributes:
            for name in [name for name in held if name not in before]:
                del held[name]
            for name, value in before.items():
                held[name] = value
                if isinstance(value, _CONTAINERS) and value and id(value) not in self._seen:
                    value.clear()
        for value, before in self._containers:
            if not _same(value, before):
                _refill(value, before)


def _may_change(value: Any) -> bool:
    """Whether something holds what a run may change; what is empty is emptied again."""
    if type(value) in _SIMPLE:
        return False
    if isinstance(value, (*_CONTAINERS, tuple)):
        return bool(value)
    own = isinstance(value, nn.Module) or type(value).__module__.split(".")[0] not in _NOT_OWN
    return own and type(getattr(value, "__dict__", None)) is dict


def _same(now: Any, before: Any) -> bool:
    """Whether the same things are held, each by its identity."""
    if len(now) != len(before):
        return False
    if isinstance(now, dict):
        pairs = zip(now.items(), before.items(), strict=True)
        return all(a[0] == b[0] and a[1] is b[1] for a, b in pairs)
    return all(a is b for a, b in zip(now, before, strict=True))


def _refill(value: Any, inside: Any) -> None:
    value.clear()
    value.extend(inside) if isinstance(value, list | deque) else value.update(inside)


def _numpy_state() -> Any:
    numpy = sys.modules.get("numpy")
    return numpy.random.get_state() if numpy is not None else None
