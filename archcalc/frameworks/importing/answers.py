"""What is answered in torch's place while a model is recorded, because only shapes are asked.

Some functions refuse sizes that are symbols, or ask much about them; others take long to find the
shape of what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import _VF, Tensor
from torch.nn import functional

__all__ = ["answered", "within_layer"]


def answered(func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """What a function of the model's gives where sizes are symbols; ``None`` where torch says it.

    >>> answered(functional.pad, (torch.zeros(2, 3), (1, 1)), {}).shape
    torch.Size([2, 5])
    """
    if func is functional.pad:
        pad = kwargs.get("pad", args[1] if len(args) > 1 else ())
        return _padded(args[0], pad)
    if func in (Tensor.view, Tensor.reshape, torch.reshape) and not kwargs:
        target = args[1] if len(args) == 2 and isinstance(args[1], tuple | list) else args[1:]
        if target and all(isinstance(n, int | torch.SymInt) for n in target):
            return _reshaped(args[0], target)
    return None


def _padded(x: Tensor, pad: Sequence[Any]) -> Tensor:
    shape = list(x.shape)
    for back, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), start=1):
        shape[-back] = shape[-back] + before + after
    return x.new_empty(shape)


def _reshaped(x: Tensor, target: Sequence[Any]) -> Tensor:
    """A view; one size may be left open, which is what is left of the others.

    Sizes that stand on both sides are cancelled by what they are: torch simplifies quotients of
    products of formulas, which takes long.
    """
    known = [n for n in target if not _is_open(n)]
    if len(known) == len(target):
        return x.new_empty(list(target))
    left, over = list(x.shape), []
    for n in known:
        same = next((i for i, size in enumerate(left) if _as_written(size) == _as_written(n)), None)
        if same is None:
            over.append(n)
        else:
            del left[same]
    filled = prod(left) if not over else prod(left) // prod(over)
    return x.new_empty([filled if _is_open(n) else n for n in target])


def _is_open(size: Any) -> bool:
    return isinstance(size, int) and size == -1


def _as_written(size: Any) -> Any:
    return size.node.expr if isinstance(size, torch.SymInt) else size


def within_layer(func: Any, args: Any, kwargs: Mapping[str, Any], plain: bool) -> Any:
    """What a function gives within a layer, of which only the shape is needed.

    Args:
        func: the function.
        args, kwargs: what it is called with.
        plain: whether every size is a number.
    """
    if func is functional.batch_norm and _fits(args[0], (*args[1:5], *kwargs.values())):
        return torch.empty_like(args[0])
    if (
        not plain
        and func is functional.layer_norm
        and tuple(args[0].shape)[-len(args[1]) :] == tuple(args[1])
    ):
        return torch.empty_like(args[0])
    if not plain and func is functional.linear:
        return args[0].new_empty((*args[0].shape[:-1], args[1].shape[0]))
    if func in _RECURRENT and len(args) > 2 and isinstance(args[2], list):
        return _recurrent(*args)
    return func(*args, **kwargs)


def _fits(x: Tensor, weights: Sequence[Any]) -> bool:
    """Whether a norm takes its input: torch looks at that only where it computes."""
    with torch._C.DisableTorchFunction():
        return all(w.shape == x.shape[1:2] for w in weights if isinstance(w, Tensor))


_RECURRENT: frozenset[Callable[..., Any]] = frozenset(
    (_VF.lstm, _VF.gru, _VF.rnn_tanh, _VF.rnn_relu)
)


def _recurrent(x: Tensor, states: Any, *rest: Any) -> tuple[Tensor, ...]:
    """Every step's output and the last states: torch goes through the steps, as many as samples."""
    both_ways = rest[-2]
    several = states if isinstance(states, tuple) else (states,)
    units = several[0].shape[-1] * (2 if both_ways else 1)
    return x.new_empty((*x.shape[:-1], units)), *(torch.empty_like(one) for one in several)
