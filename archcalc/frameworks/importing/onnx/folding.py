"""What operators give on constants: the sizes, targets and indices that a graph computes.

Numbers that depend on a symbol stay its formulas: arrays of `Size` keep them through sums, products
and quotients.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np

from archcalc.frameworks.importing.onnx.tensors import Fixed, Node, array_of
from archcalc.frameworks.importing.sizes import Size
from archcalc.frameworks.importing.values import NotLoweredError
from archcalc.symbolic.limits import LIMITS

__all__ = ["FOLDED", "as_array", "axes_of", "shape_array", "slices_of", "whole"]

Fold: TypeAlias = Callable[..., Any]

FOLDED: dict[str, Fold] = {}
"""By operator: from the node and its inputs as arrays to what comes out, one or a list."""


def _folds(*names: str) -> Callable[[Fold], Fold]:
    def register(fold: Fold) -> Fold:
        FOLDED.update(dict.fromkeys(names, fold))
        return fold

    return register


def _bounded(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape that is computed in full.

    Raises:
        NotLoweredError: it has too many elements, or none can have it.
    """
    made = tuple(int(n) for n in shape)
    if any(n < 0 for n in made) or prod(made) > LIMITS.onnx_numbers:
        raise NotLoweredError(f"a constant of shape {made} is not computed")
    return made


def whole(values: Any) -> list[Any]:
    """A constant as a list of sizes, formulas kept.

    >>> whole(np.array([[2.0, 3.0]]))
    [2, 3]
    """
    return [v if isinstance(v, Size) else int(v) for v in np.asarray(values).reshape(-1)]


def axes_of(node: Node, index: int, name: str = "axes") -> list[int] | None:
    """Axes by an attribute, as until version 12, or by an input, as since."""
    given = node.input(index)
    if given is not None:
        return whole(array_of(given))
    value = node.get(name)
    return None if value is None else [value] if isinstance(value, int) else list(value)


def as_array(made: Any) -> Any:
    """What a fold gave, a single number too, as an array; a formula stays one."""
    if isinstance(made, Fixed):
        return made
    if not isinstance(made, Size):
        return np.asarray(made)
    single = np.empty((), dtype=object)
    single[()] = made
    return single


def _has_formulas(array: Any) -> bool:
    return array.dtype == object and any(isinstance(one, Size) for one in array.reshape(-1))


def _array(values: Sequence[Any], shape: Sequence[int] | None = None) -> Any:
    """An array that holds sizes as they are."""
    some = any(isinstance(v, Size) for v in values)
    made = np.empty(len(values), dtype=object) if some else np.array(values)
    if some:
        made[:] = values
    return made if shape is None else made.reshape(shape)


def _like(function: Callable[..., Any]) -> Fold:
    """Element by element, by numpy, or one by one where there are formulas."""

    def fold(node: Node, *arrays: Any) -> Any:
        _bounded(np.broadcast_shapes(*(np.shape(one) for one in arrays)))
        with np.errstate(all="ignore"):
            return np.asarray(function(*arrays))

    return fold


def _divide(a: Any, b: Any) -> Any:
    if np.any(b == 0):
        raise NotLoweredError("a constant is divided by 0")
    whole_numbers = all(x.dtype == object or np.issubdtype(x.dtype, np.integer) for x in (a, b))
    return operator.floordiv(a, b) if whole_numbers else np.divide(*map(_plain, (a, b)))


def _plain(array: Any) -> Any:
    """Formulas as the numbers that they have."""
    return array.astype(float) if array.dtype == object else array


def _times(a: Any, b: Any) -> Any:
    """A product, where whole factors with a point keep a formula a formula."""
    if a.dtype == object or b.dtype == object:
        a, b = (x if x.dtype == object or np.any(x != np.floor(x)) else x.astype(int).astype(object)
                for x in (a, b))  # fmt: skip
    return operator.mul(a, b)


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """What leaves whole numbers as they are."""
    return lambda a: a if a.dtype == object else function(a)


FOLDED.update(
    {
        "Add": _like(operator.add), "Sub": _like(operator.sub), "Mul": _like(_times),
        "Div": _like(_divide), "Neg": _like(operator.neg),
        "Equal": _like(operator.eq), "Less": _like(operator.lt), "Greater": _like(operator.gt),
        "LessOrEqual": _like(operator.le), "GreaterOrEqual": _like(operator.ge),
        "And": _like(np.logical_and), "Or": _like(np.logical_or), "Not": _like(np.logical_not),
        "Floor": _like(_kept(np.floor)), "Ceil": _like(_kept(np.ceil)),
        "Round": _like(_kept(np.round)), "Abs": _like(abs),
        "Sqrt": _like(lambda a: np.sqrt(_plain(a))),
        "Reciprocal": _like(lambda a: np.divide(1.0, _plain(a))),
        "Mod": _like(lambda a, b: _divide(a, b) * 0 + a % b),
        "Pow": _like(lambda a, b: np.power(_plain(a), _plain(b))),
        "Exp": _like(lambda a: np.exp(_plain(a))), "Log": _like(lambda a: np.log(_plain(a))),
        "Sin": _like(lambda a: np.sin(_plain(a))), "Cos": _like(lambda a: np.cos(_plain(a))),
        "Where": _like(lambda c, a, b: np.where(c.astype(bool), a, b)),
    }
)  # fmt: skip


@_folds("Max", "Min")
def _extreme(node: Node, *arrays: Any) -> Any:
    function = np.maximum if node.op == "Max" else np.minimum
    made = arrays[0]
    for other in arrays[1:]:
        made = function(made, other)
    return made


@_folds("Identity", "CastLike", "Dropout")
def _same(node: Node, x: Any, *rest: Any) -> Any:
    return x


@_folds("Cast")
def _cast(node: Node, x: Any) -> Any:
    if x.dtype == object:
        return x
    from onnx import helper

    kind = np.dtype(helper.tensor_dtype_to_np_dtype(node.get("to", 1)))
    return x.astype(kind if kind.kind in "biuf" else np.float32)


@_folds("Size")
def _size(node: Node, x: Any) -> Any:
    return np.array(x.size)


@_folds("ConstantOfShape")
def _filled(node: Node, shape: Any) -> Any:
    asked = whole(shape)
    if _has_formulas(shape) or prod(map(int, asked)) > LIMITS.onnx_numbers:
        return Fixed(tuple(asked))
    sizes = _bounded(asked)
    value = node.get("value")
    if value is None:
        return np.zeros(sizes, np.float32)
    from onnx import numpy_helper

    return np.full(sizes, numpy_helper.to_array(value).reshape(-1)[0])


@_folds("Range")
def _range(node: Node, start: Any, limit: Any, step: Any) -> Any:
    first, last, by = (_plain_number(x.reshape(-1)[0]) for x in (start, limit, step))
    if not by:
        raise NotLoweredError("a range with a step of 0")
    if any(isinstance(one, Size) for one in (first, last, by)):
        return Fixed((-((first - last) // by),))
    _bounded([max(0, -int((first - last) // by))])
    return np.arange(first, last, by)


def _plain_number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@_folds("Gather")
def _gather(node: Node, x: Any, index: Any) -> Any:
    axis = node.get("axis", 0)
    _bounded((*index.shape, *(n for i, n in enumerate(x.shape) if i != axis % x.ndim)))
    return np.take(x, index.astype(int), axis=axis)


@_folds("Concat")
def _concat(node: Node, *arrays: Any) -> Any:
    _bounded([sum(x.size for x in arrays)])
    return np.concatenate(arrays, axis=node.get("axis", 0))


@_folds("Unsqueeze")
def _unsqueeze(node: Node, x: Any, axes: Any = None) -> Any:
    given = whole(axes) if axes is not None else list(node.get("axes", ()))
    return np.expand_dims(x, tuple(given))


@_folds("Squeeze")
def _squeeze(node: Node, x: Any, axes: Any = None) -> Any:
    given = whole(axes) if axes is not None else node.get("axes")
    return np.squeeze(x, None if given is None else tuple(given))


@_folds("Reshape")
def _reshape(node: Node, x: Any, target: Any = None) -> Any:
    sizes = whole(target) if target is not None else list(node.get("shape", ()))
    if not node.get("allowzero", 0):
        sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return x.reshape([int(n) for n in sizes])


@_folds("Transpose")
def _transpose(node: Node, x: Any) -> Any:
    return np.transpose(x, node.get("perm"))


@_folds("Expand")
def _expand(node: Node, x: Any, shape: Any) -> Any:
    if _has_formulas(shape) or prod(map(int, whole(shape))) > LIMITS.onnx_numbers:
        sizes: Any = [*(1,) * (x.ndim - shape.size), *whole(shape)]
        own = (*(1,) * (len(sizes) - x.ndim), *x.shape)
        return Fixed(tuple(a if b == 1 else b for a, b in zip(sizes, own, strict=True)))
    sizes = tuple(int(n) for n in whole(shape))
    return np.broadcast_to(x, _bounded(np.broadcast_shapes(x.shape, sizes)))


@_folds("Tile")
def _tile(node: Node, x: Any, repeats: Any) -> Any:
    times = whole(repeats)
    _bounded([n * by for n, by in zip(x.shape, times, strict=True)])
    return np.tile(x, times)


@_folds("Slice")
def _slice(node: Node, x: Any, *rest: Any) -> Any:
    places = [slice(None)] * x.ndim
    for axis, part in slices_of(node, x.ndim):
        places[axis] = part
    return x[tuple(places)]


def slices_of(node: Node, rank: int) -> list[tuple[int, slice]]:
    """What a Slice takes of which axis."""
    starts, ends = axes_of(node, 1, "starts") or [], axes_of(node, 2, "ends") or []
    axes = axes_of(node, 3, "axes")
    steps = axes_of(node, 4, "steps") or [1] * len(starts)
    axes = list(range(len(starts))) if axes is None else axes
    return [
        (axis % rank, slice(_end(start), _end(end), step))
        for axis, start, end, step in zip(axes, starts, ends, steps, strict=True)
    ]


def _end(place: Any) -> Any:
    """A place on an axis; what is beyond every axis is its end."""
    return None if abs(int(place)) >= 2**31 - 1 else place


@_folds("ReduceProd")
def _product(node: Node, x: Any, axes: Any = None) -> Any:
    return _reduced(node, np.multiply.reduce, x, axes)


@_folds("ReduceSum")
def _sum(node: Node, x: Any, axes: Any = None) -> Any:
    return _reduced(node, np.add.reduce, x, axes)


@_folds("ReduceMax")
def _maximum(node: Node, x: Any, axes: Any = None) -> Any:
    return _reduced(node, np.maximum.reduce, x, axes)


@_folds("ReduceMin")
def _minimum(node: Node, x: Any, axes: Any = None) -> Any:
    return _reduced(node, np.minimum.reduce, x, axes)


def _reduced(node: Node, function: Any, x: Any, axes: Any) -> Any:
    given = whole(axes) if axes is not None else node.get("axes")
    along = tuple(range(x.ndim)) if given is None else tuple(given)
    return np.asarray(function(x, axis=along, keepdims=bool(node.get("keepdims", 1))))


@_folds("Split")
def _split(node: Node, x: Any, parts: Any = None) -> Any:
    axis = node.get("axis", 0)
    sizes = whole(parts) if parts is not None else node.get("split")
    if sizes is None:
        return np.array_split(x, len(node.outputs), axis)
    return np.split(x, np.cumsum([int(n) for n in sizes])[:-1], axis)


def shape_array(shape: Sequence[Any], node: Node) -> Any:
    """What Shape gives."""
    start, end = node.get("start", 0), node.get("end")
    return _array(list(shape)[slice(start, end)])
