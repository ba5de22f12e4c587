"""What torch's functions give, by shape alone: for code that is read and not run.

The lowering of a function asks what came out where that says more than its layers do: into which
axes a view goes, how many parts a split has.  One rule a function answers it here, with the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

from archcalc.frameworks.importing.values import NotLoweredError

__all__ = ["SHAPES"]

Sizes: TypeAlias = tuple[int, ...]
Rule: TypeAlias = Callable[..., list[Sizes]]

SHAPES: dict[str, Rule] = {}
"""By torch's name: from the shapes of the tensors, and the other arguments as they are."""


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        SHAPES.update(dict.fromkeys(names, rule))
        return rule

    return register


def _flat(sizes: Sequence[Any]) -> Sizes:
    one = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple) else sizes
    return tuple(one)


def _filled(total: int, sizes: Sizes) -> Sizes:
    """The sizes with the one that is left open as long as the elements allow.

    >>> _filled(12, (3, -1))
    (3, 4)
    """
    known = prod(size for size in sizes if size != -1)
    fits = known and (total % known == 0 if -1 in sizes else total == known)
    if not fits:
        raise NotLoweredError(f"{sizes} has not as many elements as the tensor, of any batch")
    return tuple(total // known if size == -1 else size for size in sizes)


@_rule("view", "reshape", "_unsafe_view")
def _reshape(x: Sizes, *sizes: Any, shape: Any = None) -> list[Sizes]:
    return [_filled(prod(x), _flat(sizes if shape is None else (shape,)))]


@_rule("view_as", "reshape_as", "expand_as")
def _like(x: Sizes, other: Sizes) -> list[Sizes]:
    return [other]


@_rule("flatten")
def _flatten(x: Sizes, start_dim: int = 0, end_dim: int = -1) -> list[Sizes]:
    first, last = start_dim % len(x), end_dim % len(x)
    return [(*x[:first], prod(x[first : last + 1]), *x[last + 1 :])]


@_rule("unflatten")
def _unflatten(x: Sizes, dim: int, sizes: Sizes) -> list[Sizes]:
    axis = dim % len(x)
    return [(*x[:axis], *_filled(x[axis], tuple(sizes)), *x[axis + 1 :])]


@_rule("unsqueeze")
def _unsqueeze(x: Sizes, dim: int) -> list[Sizes]:
    place = dim % (len(x) + 1)
    return [(*x[:place], 1, *x[place:])]


@_rule("expand", "broadcast_to")
def _expand(x: Sizes, *sizes: Any) -> list[Sizes]:
    target = _flat(sizes)
    padded = (1,) * (len(target) - len(x)) + x
    return [tuple(b if a == -1 else a for a, b in zip(target, padded, strict=True))]


@_rule("stack")
def _stack(tensors: Sequence[Sizes], dim: int = 0) -> list[Sizes]:
    place = dim % (len(tensors[0]) + 1)
    return [(*tensors[0][:place], len(tensors), *tensors[0][place:])]


@_rule("unbind", "__iter__")
def _unbind(x: Sizes, dim: int = 0) -> list[Sizes]:
    axis = dim % len(x)
    return [(*x[:axis], *x[axis + 1 :])] * x[axis]


@_rule("chunk", "tensor_split", "unsafe_chunk")
def _chunk(x: Sizes, chunks: int, dim: int = 0) -> list[Sizes]:
    return _split(x, -(-x[dim % len(x)] // chunks), dim)


@_rule("split", "unsafe_split", "split_with_sizes")
def _split(x: Sizes, split_size: Any, dim: int = 0) -> list[Sizes]:
    axis = dim % len(x)
    length = x[axis]
    if isinstance(split_size, int):
        whole, rest = divmod(int(length), int(split_size))
        parts: Sequence[int] = [split_size] * whole + ([length % split_size] if rest else [])
    else:
        parts = split_size
    return [(*x[:axis], part, *x[axis + 1 :]) for part in parts]


@_rule("matmul", "__matmul__", "bmm", "mm")
def _matmul(a: Sizes, b: Sizes) -> list[Sizes]:
    if min(len(a), len(b)) < 2:
        raise NotLoweredError("a product with a vector")
    leading = a[:-2] if len(a) >= len(b) else b[:-2]
    return [(*leading, a[-2], b[-1])]


@_rule("cat", "concat", "concatenate")
def _cat(tensors: Sequence[Sizes], dim: int = 0, axis: int | None = None) -> list[Sizes]:
    first = tensors[0]
    place = (dim if axis is None else axis) % len(first)
    length = sum(tensor[place] for tensor in tensors)
    return [(*first[:place], length, *first[place + 1 :])]


@_rule("pad")
def _pad(x: Sizes, pad: Sequence[int], mode: str = "constant", value: Any = None) -> list[Sizes]:
    made = list(x)
    for back, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), start=1):
        made[-back] = made[-back] + before + after
    return [tuple(made)]


@_rule("interpolate", "upsample")
def _interpolate(x: Sizes, size: Any = None, *_: Any, **__: Any) -> list[Any]:
    """The size that is asked for; nothing where a factor is, of which the layer says it."""
    if size is None:
        return [None]
    asked = (size,) * (len(x) - 2) if isinstance(size, int) else tuple(size)
    return [(*x[:2], *asked)]
