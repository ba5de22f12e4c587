"""Modules that look at the numbers of their input, run for real on two small batches.

What comes out of both says which axes are the batch; of what is computed nothing is kept.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils.flop_counter import FlopCounterMode

from archcalc.frameworks.importing.equal_modules import OwnForward
from archcalc.frameworks.importing.nests import mapped, tensors_in
from archcalc.frameworks.importing.restoring import surroundings_as_they_were
from archcalc.frameworks.importing.worlds import BATCH, World

__all__ = ["Tail", "run_for_real"]

_MOST_ELEMENTS = 1 << 26
"""How many elements the weights and one input may have together, so that a run is affordable."""

_BATCHES = (2, 3)


@dataclass(frozen=True)
class Tail:
    """What came out of a module.

    Attributes:
        outputs: with (shape, kind of numbers) in the places of tensors.
        flops: what torch counts for it at the batch of the recording.
    """

    outputs: Any
    flops: int

    def empty(self, world: World) -> Any:
        """The same with tensors without data."""
        return mapped(self.outputs, _Seen, lambda seen: world.empty(seen.shape, seen.dtype))


@dataclass(frozen=True)
class _Seen:
    shape: tuple[int, ...]
    dtype: Any


def run_for_real(module: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> Tail | None:
    """What a module gives; ``None`` where it is too large, fails, or mixes its samples.

    Args:
        module: it is left as it was.
        args, kwargs: what it is called with: tensors without data.
    """
    one = sum(int(x.numel()) // BATCH for x in tensors_in((args, dict(kwargs))))
    if one + sum(w.numel() for w in module.parameters()) > _MOST_ELEMENTS:
        return None
    found = []
    try:
        with (
            _disable_current_modes(), torch._C.DisableTorchFunction(), torch.no_grad(),
            surroundings_as_they_were(),
        ):  # fmt: skip
            real = _real(module)
            for batch in _BATCHES:
                found.append(_run(real, args, kwargs, batch))
    except Exception:  # whatever a model's own code raises: it cannot be run here
        return None
    (first, flops), (second, more) = found
    try:
        outputs = _together(first, second)
    except ValueError:
        return None
    each = more - flops
    return Tail(outputs, flops + (BATCH - _BATCHES[0]) * each)


def _real(module: nn.Module) -> nn.Module:
    """A copy that holds numbers, in evaluation mode."""
    made = copy.deepcopy(module)
    if any(w.is_meta for w in (*made.parameters(), *made.buffers())):
        made = made.to_empty(device="cpu")
        for weight in (*made.parameters(), *made.buffers()):
            weight.data.fill_(0.5) if weight.is_floating_point() else weight.data.zero_()
    for part in made.modules():
        if isinstance(part.__dict__.get("forward"), OwnForward):
            del part.__dict__["forward"]
    return made.eval()


def _run(module: nn.Module, args: Any, kwargs: Mapping[str, Any], batch: int) -> tuple[Any, int]:
    def filled(x: Tensor) -> Tensor:
        shape = [int(n) // BATCH * batch if int(n) % BATCH == 0 else int(n) for n in x.shape]
        made = torch.zeros(shape, dtype=x.dtype)
        return made.uniform_() if made.is_floating_point() else made

    with FlopCounterMode(display=False) as counter:
        made = module(*mapped(args, Tensor, filled), **mapped(dict(kwargs), Tensor, filled))
    return made, int(counter.get_total_flops())


def _together(first: Any, second: Any) -> Any:
    """What came out, with the batch of the recording where two batches differ.

    Raises:
        ValueError: sizes differ otherwise than the batches do.
    """
    if isinstance(first, Tensor):
        if first.ndim != second.ndim:
            raise ValueError("axes differ")
        return _Seen(tuple(map(_size, first.shape, second.shape)), first.dtype)
    if isinstance(first, Mapping):
        return {key: _together(held, second[key]) for key, held in first.items()}
    if isinstance(first, Sequence) and not isinstance(first, str):
        if len(first) != len(second):
            raise ValueError("as many as there are samples")
        return tuple(map(_together, first, second))
    return first


def _size(a: int, b: int) -> int:
    if a == b:
        return a
    if a * _BATCHES[1] == b * _BATCHES[0]:
        return a // _BATCHES[0] * BATCH
    raise ValueError("a size that is no multiple of the batch")
