"""A Keras model before it becomes a network: layers with their configs, and calls between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Array", "At", "Call", "Dims", "Part", "Plan", "tensors"]

Dims: TypeAlias = tuple[int | None, ...]
"""A shape as Keras writes it, the batch first; what is open is ``None``."""


@dataclass(frozen=True, slots=True)
class At:
    """A tensor: which output of which call of which layer.

    Attributes:
        layer: the layer's name.
        call: which of its calls, from 0.
        output: which of the tensors that came out.
        shape: its shape where Keras wrote it down.
    """

    layer: str
    call: int
    output: int
    shape: Dims | None = None


@dataclass(frozen=True, slots=True)
class Array:
    """Numbers among the arguments of a call that are not computed: a constant, or a weight.

    Attributes:
        shape: of it.
        weight: of a weight, the variable itself.
    """

    shape: tuple[int, ...]
    weight: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """A layer or an operation, called once.

    Attributes:
        args: what it was called with; tensors are `At`.
        kwargs: the same by name.
        outputs: the shapes that came out, where Keras said them.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    outputs: tuple[Dims, ...] | None = None

    def inputs(self) -> list[At]:
        """The tensors that go in, in order, as often as they do."""
        return [*tensors(self.args), *(at for one in self.kwargs.values() for at in tensors(one))]


@dataclass(slots=True)
class Part:
    """A layer, an operation or a model inside a model.

    Attributes:
        name: as the model calls it.
        kind: Keras' class, by name.
        config: its arguments, as Keras writes them.
        calls: each time that it is called.
        is_layer: whether it is a layer, and no operation.
        why: why nothing more is known of it.
        trainable: whether it and all around it are trained.
        inner: of a model, what is in it.
        live: the layer itself, where there is one.
        held: of a layer that calls another at every step, that one, where it is known.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    calls: list[Call] = field(default_factory=list)
    is_layer: bool = True
    trainable: bool = True
    inner: Plan | None = None
    live: Any = None
    why: str = ""
    held: Part | None = None

    @property
    def key(self) -> int:
        """What is the same wherever the layer is called, in this model or in another."""
        return id(self if self.live is None else self.live)


@dataclass(slots=True)
class Plan:
    """A model.

    Attributes:
        name: of the model.
        parts: its layers and operations by name.
        inputs: the shapes that go in, by the name of the input, in order.
        outputs: what comes out.
        is_chain: whether it is a Sequential.
    """

    name: str
    parts: dict[str, Part]
    inputs: dict[str, Dims | None]
    outputs: tuple[At, ...]
    is_chain: bool = False


def tensors(value: Any) -> Iterator[At]:
    """The tensors among arguments, in order.

    >>> [at.layer for at in tensors(([At("x", 0, 0), 2], {"mask": At("m", 0, 0)}))]
    ['x', 'm']
    """
    if isinstance(value, At):
        yield value
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):  # as Keras orders them
            yield from tensors(value[key])
    elif isinstance(value, list | tuple):
        for held in value:
            yield from tensors(held)
    elif isinstance(value, slice):
        yield from tensors((value.start, value.stop, value.step))
