"""The functional API: inputs, and layers called on what came before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.kept import read
from archcalc.network.forms import is_network
from archcalc.network.naming import name_of
from archcalc.network.operators import Operators
from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError, ShapeError, quoted, shorten
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape
from archcalc.symbolic.shown import Shown

__all__ = ["Input", "InputLayer", "Tensor", "called", "every"]


class Tensor(Operators, Shown):
    """What a layer gives when it is called: a shape, known at once, and where it comes from.

    Made by `Input` and by calling layers; a `Model` is what lies between tensors.
    """

    __slots__ = ("call", "index", "inputs", "layer", "name", "shape")
    __iter__ = None  # by its positions, Python would ask for one after the other

    def __init__(
        self,
        shape: Shape,
        layer: Layer | None = None,
        inputs: tuple[Tensor, ...] = (),
        index: int = 0,
        name: str | None = None,
        call: object = None,
    ) -> None:
        self.shape = shape
        self.layer = layer
        self.inputs = inputs
        self.index = index
        self.name = name
        self.call = call  # one object a call, shared by all that comes out of it

    def take(self, layer: Layer, others: tuple[Any, ...]) -> Any:
        """Call `layer` on this tensor and `others`; called by ``layer(tensor)``.

        Raises:
            ShapeError: the layer cannot take these shapes.
        """
        tensors = tuple(t.tensor() if hasattr(t, "tensor") else t for t in (self, *others))
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise ShapeError(
                    f"{type(layer).__name__} is called on tensors, not on {quoted(tensor)}",
                    code="not-a-tensor",
                )
        try:
            made = called(layer, tensors)
        except ArchcalcError as error:
            raise error.at(name_of(layer)) from None
        return made[0] if len(made) == 1 else made

    def __repr__(self) -> str:
        origin = type(self.layer).__name__ if self.layer else "Input"
        return f"<Tensor {self.shape!r} from {origin}>"


def every(result: Any) -> tuple[Tensor, ...]:
    """All that a call gives, also the states that torch has in a tuple of their own."""
    if not isinstance(result, tuple):
        return (result,)
    return tuple(tensor for part in result for tensor in every(part))


def called(
    layer: Layer, tensors: tuple[Tensor, ...], outputs: Iterable[Shape] | None = None
) -> tuple[Tensor, ...]:
    """What `layer` gives when it is called on `tensors`, one an output.

    Args:
        layer: any layer or network.
        tensors: what it is called on.
        outputs: the shapes that come out, where they have been worked out before.

    Raises:
        ShapeError: the layer cannot take these shapes.
    """
    if outputs is None:
        shapes = tuple(tensor.shape for tensor in tensors)
        whole = is_network(layer)
        outputs = layer.output_shapes(*shapes) if whole else Applied(layer, shapes).outputs
    call = object()
    return tuple(Tensor(y, layer, tensors, i, call=call) for i, y in enumerate(outputs))


def Input(
    shape: ShapeLike | int | str | None = None,
    name: str | None = None,
    *,
    batch_shape: Iterable[Any] | None = None,
    **kept: Any,
) -> Tensor:
    """An input of the functional API, or the first of a `Sequential`.

    Args:
        shape: its dimensions without the batch, numbers or symbols.
        name: what to call it.
        batch_shape: its dimensions with the batch before them, instead of `shape`.
        kept: Keras' ``batch_size``, ``dtype``, ``sparse`` and ``optional``, on which nothing here
            depends; ``tensor`` and ``ragged`` may be left out only.

    Raises:
        InvalidLayerError: there is no shape, or an argument that Keras has not got either.

    >>> from archcalc.layers import Conv2D
    >>> y = Conv2D("c", 7, strides=2, padding=3)(Input(("h", "w", 3)))
    >>> y.shape
    (⌈h/2⌉, ⌈w/2⌉, c)
    >>> Input(batch_shape=(None, 28, 28, 1), dtype="float32").shape
    (28, 28, 1)
    """
    for key, value in kept.items():
        if key not in _KEPT:
            raise InvalidLayerError(
                f"Input: {shorten(key, 60)} is not an argument",
                code="unknown-argument",
                hint=f"it takes shape, name, batch_shape, {', '.join(_KEPT)}",
            )
        read("Input", key, value)
    if shape is None and batch_shape is not None:
        shape = tuple(batch_shape)[1:]
    if shape is None:
        raise InvalidLayerError(
            "Input: shape is missing", code="missing-argument", hint="give it without the batch"
        )
    return Tensor(as_shape(shape), name=name)


InputLayer = Input
"""Keras' layer of that name, as the first of a `Sequential`."""

_KEPT = ("batch_size", "dtype", "sparse", "optional", "tensor", "ragged")
