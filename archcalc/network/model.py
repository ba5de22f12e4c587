"""A network of any form: what lies between input tensors and output tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import field_validator

from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.forms import Form
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.tensor import Tensor
from archcalc.symbolic.errors import CycleError, InvalidLayerError, quoted
from archcalc.symbolic.shape import Shape

__all__ = ["Model"]


class Model(Network):
    """What lies between tensors of the functional API.

    Args:
        inputs: a tensor made by `Input`, or several.
        outputs: what comes out, one or several.

    Raises:
        CycleError: an output depends on an input that is not named.

    >>> from archcalc.layers import Add, Dense
    >>> from archcalc.network import Input
    >>> x = Input((10,))
    >>> shared = Dense(10)
    >>> Model(x, Add()([shared(x), shared(shared(x))])).trace().parameters
    110
    """

    form: ClassVar[Form] = "model"

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    source: ClassVar[str] = "https://keras.io/api/models/model/"

    @field_validator("inputs", "outputs", mode="before")
    @classmethod
    def _tensors(cls, value: Any) -> Any:
        if isinstance(value, Mapping):  # Keras takes tensors by name
            value = tuple(value.values())
        given = tuple(value) if isinstance(value, Sequence) else (value,)
        items = tuple(t.tensor() if hasattr(t, "tensor") else t for t in given)
        for item in items:
            if not isinstance(item, Tensor):
                raise InvalidLayerError(
                    f"{quoted(item)} is not a tensor",
                    code="not-a-tensor",
                    hint="start from Input(shape) and call layers",
                )
        if not items:
            raise InvalidLayerError("a model needs at least one tensor", code="not-a-tensor")
        return items

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.graph()  # a model whose outputs do not come from its inputs is refused at once

    @cached_property
    def calls(self) -> tuple[tuple[Layer, tuple[Tensor, ...]], ...]:
        """The layers that are called between inputs and outputs, in order, and on what."""
        return tuple(self._calls.values())

    @cached_property
    def _calls(self) -> dict[int, tuple[Layer, tuple[Tensor, ...]]]:
        made: dict[int, tuple[Layer, tuple[Tensor, ...]]] = {}
        for tensor in _in_order(self.inputs, self.outputs):
            made.setdefault(id(tensor.call), (_layer(tensor), tensor.inputs))
        return made

    @cached_property
    def _graph(self) -> Graph:
        numbers = {call: number for number, call in enumerate(self._calls)}
        named = {id(tensor): Ref(INPUT, i) for i, tensor in enumerate(self.inputs)}

        def place(tensor: Tensor) -> Ref:
            return named.get(id(tensor)) or Ref(numbers[id(tensor.call)], tensor.index)

        calls = [(layer, tuple(map(place, inputs))) for layer, inputs in self.calls]
        return Graph.of(len(self.inputs), calls, tuple(map(place, self.outputs)))

    def graph(self) -> Graph:
        return self._graph

    def own_inputs(self) -> tuple[Shape, ...]:
        return tuple(tensor.shape for tensor in self.inputs)

    def __hash__(self) -> int:
        return hash((type(self), *(x.shape for x in (*self.inputs, *self.outputs))))

    def given(self) -> dict[str, Any]:
        return {
            "inputs": [t.shape for t in self.inputs],
            "outputs": [t.shape for t in self.outputs],
        }


def _layer(tensor: Tensor) -> Layer:
    if tensor.layer is None:
        raise CycleError(
            f"an output depends on an input of shape {tensor.shape!r} that the model does not name",
            code="input-not-named",
            hint="list every Input in Model(inputs, …)",
        )
    return tensor.layer


def _in_order(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Tensor]:
    """Every tensor between, each after those it is made from; no recursion, for deep models."""
    seen = {id(tensor) for tensor in inputs}
    order: list[Tensor] = []
    pending: list[tuple[Tensor, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while pending:
        tensor, ready = pending.pop()
        if ready:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            pending.append((tensor, True))
            pending.extend((t, False) for t in reversed(tensor.inputs))
    return _owners_first(order)


def _owners_first(order: list[Tensor]) -> list[Tensor]:
    """The same with who owns a weight before who is tied to it, as a file has them, unless the
    owner is made from what is tied."""
    for tensor in [t for t in order if t.layer is not None and t.layer.tied]:
        for tie in tensor.layer.tied if tensor.layer else ():
            owner = next((t for t in order if t.layer is tie.owner), None)
            at = order.index(tensor)
            if owner is None or order.index(owner) < at:
                continue
            needed = _behind(owner)
            if tensor.call not in {t.call for t in needed.values()}:
                moved = [t for t in order[at:] if id(t) in needed]
                left = [t for t in order[at:] if id(t) not in needed]
                order = [*order[:at], *moved, *left]
    return order


def _behind(tensor: Tensor) -> dict[int, Tensor]:
    """A tensor and all that it is made from."""
    found: dict[int, Tensor] = {}
    pending = [tensor]
    while pending:
        one = pending.pop()
        if id(one) not in found:
            found[id(one)] = one
            pending.extend(one.inputs)
    return found
