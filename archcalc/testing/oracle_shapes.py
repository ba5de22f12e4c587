"""The oracle for what computes: a function must give the shapes that the network says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archcalc.layers.base import Layer
from archcalc.network.unroll import unroll
from archcalc.symbolic.errors import shorten
from archcalc.symbolic.shape import Shape
from archcalc.testing.hiding import assertions
from archcalc.testing.matching.in_torch import input_kinds

__all__ = ["ShapesError", "assert_shapes"]

__tracebackhide__ = assertions


class ShapesError(AssertionError):
    """A function gives other shapes than the network says, or fails.

    Attributes:
        expected: the shapes that the network says.
        given: the shapes that came out; ``None`` where the function failed.
    """

    def __init__(self, message: str, expected: tuple[Any, ...], given: tuple[Any, ...] | None):
        super().__init__(message)
        self.expected = expected
        self.given = given


def assert_shapes(
    fn: Callable[..., Any],
    net: Layer,
    *,
    input_shape: Any = None,
    batch: int | None = 2,
    make: Callable[[tuple[int, ...], str], Any] | None = None,
) -> None:
    """That ``fn(*inputs)`` gives arrays of the shapes that the network says.

    Args:
        fn: takes an array for every input of the network, and gives one or several.
        net: a network of numbers, or a layer.
        input_shape: what goes in, where the network does not know it.
        batch: how many samples; ``None`` where `fn` takes one sample without that axis.
        make: makes an array of a shape, and of what it holds: ``"numbers"``, ``"indices"`` or
            ``"strings"``; of NumPy where ``None``.

    Raises:
        ShapesError: other shapes come out, or the function fails; it is an `AssertionError`.

    >>> from archcalc.layers import Dense
    >>> import numpy as np
    >>> assert_shapes(lambda x: x @ np.ones((4, 3)), Dense(3), input_shape=4)
    >>> assert_shapes(lambda x: x @ np.ones((4, 2)), Dense(3), input_shape=4)
    Traceback (most recent call last):
    archcalc.testing.oracle_shapes.ShapesError: Dense(units=3) on 4 gives 3, not 2
    """
    made = unroll(net, input_shape)
    first = () if batch is None else (batch,)
    make = make or _zeros
    arrays = [
        make((*first, *x), kind) for x, kind in zip(made.inputs, input_kinds(made), strict=True)
    ]
    expected = tuple(tuple(shape) for shape in made.output_shapes)
    said = f"{shorten(repr(net), 400)} on {_shown(made.inputs)} gives {_shown(expected)}"
    try:
        result = fn(*arrays)
    except Exception as error:
        message = f"{said}; the function fails: {type(error).__name__}: {shorten(str(error), 200)}"
        raise ShapesError(message, expected, None) from error
    results = result if isinstance(result, list | tuple) else (result,)
    whole = tuple(tuple(map(int, value.shape)) for value in results)
    if whole != tuple((*first, *shape) for shape in expected):
        given = tuple(shape[len(first) :] for shape in whole)
        odd = "" if given != expected else f", in a batch of {whole[0][0]} for {batch}"
        raise ShapesError(f"{said}, not {_shown(given)}{odd}", expected, given)


def _zeros(shape: tuple[int, ...], kind: str) -> Any:
    import numpy as np

    if kind == "strings":
        return np.full(shape, "a")
    return np.zeros(shape, np.int64 if kind == "indices" else np.float32)


def _shown(shapes: Any) -> str:
    return ", ".join(str(Shape(shape)) for shape in shapes)
