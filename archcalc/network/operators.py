"""Python's operators on tensors of the functional API, as Keras' tensors have them.

Each calls a layer: ``x + y`` is ``Add()([x, y])``, ``x / 255`` is ``Divide(255)(x)``, and
``x[:, 0]`` is ``Select(1, 0)(x)``.  What is no tensor and no number is left to Python.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.symbolic.errors import ShapeError, quoted

__all__ = ["Operators"]


class Operators:
    """What has a shape, and takes part in arithmetic by calling layers.

    >>> from archcalc.network import Input
    >>> x = Input((10, 64))
    >>> x[:, 0] * 2 + 1, x[:, 2:6] @ x[:, 0, :, None]
    (<Tensor (64,) from Rescaling>, <Tensor (4, 1) from Matmul>)
    """

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return _two(self, other, "Add", lambda value: _made("Rescaling", 1.0, value))

    def __radd__(self, other: Any) -> Any:
        return _two(other, self, "Add", lambda value: _made("Rescaling", 1.0, value))

    def __sub__(self, other: Any) -> Any:
        return _two(self, other, "Subtract", lambda value: _made("Rescaling", 1.0, -value))

    def __rsub__(self, other: Any) -> Any:
        return _two(other, self, "Subtract", lambda value: _made("Rescaling", -1.0, value))

    def __mul__(self, other: Any) -> Any:
        return _two(self, other, "Multiply", lambda value: _made("Rescaling", value))

    def __rmul__(self, other: Any) -> Any:
        return _two(other, self, "Multiply", lambda value: _made("Rescaling", value))

    def __truediv__(self, other: Any) -> Any:
        return _two(self, other, "Divide", lambda value: _made("Divide", value))

    def __rtruediv__(self, other: Any) -> Any:
        if isinstance(other, Real):
            return _made("Function", "reciprocal")(self) * other
        return _two(other, self, "Divide", lambda value: NotImplemented)

    def __pow__(self, other: Any) -> Any:
        return _two(self, other, "Power", lambda value: _made("Power", value))

    def __matmul__(self, other: Any) -> Any:
        return _made("Matmul")(self, other) if _is_tensor(other) else NotImplemented

    def __neg__(self) -> Any:
        return _made("Function", "negative")(self)

    def __abs__(self) -> Any:
        return _made("Function", "absolute")(self)

    def __lt__(self, other: Any) -> Any:
        return _compared("less", self, other)

    def __le__(self, other: Any) -> Any:
        return _compared("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return _compared("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return _compared("greater_equal", self, other)

    def __getitem__(self, index: Any) -> Any:
        """Positions along axes; the first index is the batch's, and is ``:``.

        Raises:
            ShapeError: it is not, or what is asked for is no position, stretch or new axis.
        """
        made: Any = self
        axis = 1
        for part in _written_out(index, len(made.shape) + 1):
            if part is None:
                made = _made("ExpandDims", axis)(made)
            elif isinstance(part, slice):
                start, stop, step = part.start or 0, part.stop, part.step or 1
                made = (
                    made if part == slice(None) else _made("Slice", axis, start, stop, step)(made)
                )
            else:
                made = _made("Select", axis, part)(made)
                continue
            axis += 1
        return made


def _written_out(index: Any, axes: int) -> list[Any]:
    """What is asked of each axis but the batch's, with ``:`` for those that ``...`` stands for."""
    parts = list(index) if isinstance(index, tuple) else [index]
    asked = sum(part is not None and part is not Ellipsis for part in parts)
    if asked > axes or sum(part is Ellipsis for part in parts) > 1:
        raise ShapeError(
            f"{quoted(index, 60)} is not for {axes} axes, the batch with them",
            code="wrong-number-of-axes",
        )
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        parts[place : place + 1] = [slice(None)] * (axes - asked)
    if not parts or parts[0] != slice(None):
        raise ShapeError(
            f"{quoted(index, 60)} takes apart the batch",
            code="batch-in-shape",
            hint="the first index is the batch's, as in Keras: x[:, 0]",
        )
    return parts[1:]


def _made(name: str, *arguments: Any) -> Layer:
    """A layer by its name: its module is loaded where it is first wanted."""
    return layer_class(name)(*arguments)


def _is_tensor(value: Any) -> bool:
    """Whether it is a tensor, or a layer that stands for one."""
    return isinstance(value, Operators) or hasattr(value, "tensor")


def _two(a: Any, b: Any, name: str, constant: Callable[[float], Any], **how: Any) -> Any:
    """A layer on two tensors, or on one what `constant` makes of the number beside it."""
    if _is_tensor(a) and _is_tensor(b):
        return layer_class(name)(**how)(a, b)
    tensor, number = (a, b) if _is_tensor(a) else (b, a)
    if isinstance(number, bool) or not isinstance(number, Real):
        return NotImplemented
    return constant(float(number))(tensor)


def _compared(how: Any, a: Any, b: Any) -> Any:
    return _two(a, b, "Compare", lambda value: _made("Compare", how, value), how=how)
