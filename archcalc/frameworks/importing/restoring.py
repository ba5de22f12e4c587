"""A module is left exactly as it was, whatever its code does while it is run."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

__all__ = ["left_as_it_was"]


@contextmanager
def left_as_it_was(module: nn.Module) -> Iterator[None]:
    """For a run in evaluation mode: attributes, weights, hooks and random states come back.

    >>> layer = nn.Dropout()
    >>> with left_as_it_was(layer):
    ...     layer.seen, layer.p = True, 0.0
    >>> layer.training, layer.p, hasattr(layer, "seen")
    (True, 0.5, False)
    """
    parts = [(part, _kept(part)) for part in module.modules()]
    states = random.getstate(), torch.random.get_rng_state(), _numpy_state()
    for part, _ in parts:
        part.__dict__["training"] = False
    try:
        yield
    finally:
        for part, attributes in parts:
            _put_back(part, attributes)
        random.setstate(states[0])
        torch.random.set_rng_state(states[1])
        if states[2] is not None:
            sys.modules["numpy"].random.set_state(states[2])


def _kept(part: nn.Module) -> dict[str, Any]:
    """The attributes, and what those that hold several hold."""
    return {
        name: (value, value.copy() if isinstance(value, dict | list | set) else None)
        for name, value in part.__dict__.items()
    }


def _put_back(part: nn.Module, attributes: dict[str, Any]) -> None:
    for name in [name for name in part.__dict__ if name not in attributes]:
        del part.__dict__[name]
    for name, (value, inside) in attributes.items():
        part.__dict__[name] = value
        if inside is not None and not _same(value, inside):
            _refill(value, inside)


def _same(now: Any, before: Any) -> bool:
    """Whether the same things are held, each by its identity."""
    if isinstance(now, dict):
        pairs = zip(now.items(), before.items(), strict=False)
        return len(now) == len(before) and all(a[0] == b[0] and a[1] is b[1] for a, b in pairs)
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))


def _refill(value: Any, inside: Any) -> None:
    value.clear()
    if isinstance(value, list):
        value.extend(inside)
    else:
        value.update(inside)


def _numpy_state() -> Any:
    numpy = sys.modules.get("numpy")
    return numpy.random.get_state() if numpy is not None else None
