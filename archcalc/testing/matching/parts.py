"""What a network and a framework's model are made of, in the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.network.unroll import Call, Unrolled
from archcalc.testing.matching.steps import Between

__all__ = ["ITSELF", "Built", "Owners", "Part", "Ran", "Shapes", "Weights", "parts_of"]

Shapes: TypeAlias = tuple[tuple[int, ...], ...]
Weights: TypeAlias = Mapping[str, tuple[int, ...]]


ITSELF = "itself"
"""What a model is called that is one layer."""


@dataclass(frozen=True)
class Part:
    """A layer of ours that owns weights.

    Attributes:
        path: where it is.
        applied: the layer on its inputs.
    """

    path: str
    applied: Applied

    @property
    def weights(self) -> dict[str, tuple[int, ...]]:
        """The shape of each weight."""
        return {weight.name: tuple(weight.shape) for weight in self.applied.weights}

    @property
    def outputs(self) -> Shapes:
        """The shapes that come out."""
        return tuple(tuple(shape) for shape in self.applied.outputs)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return sum(int(work.macs) for work in self.applied.work)


@dataclass(frozen=True)
class Built:
    """A layer of theirs that owns weights.

    Attributes:
        name: what the model calls it.
        kind: its class.
        raw: the shape of each weight, as the framework has it.
        outputs: what came out of it when it was first called; ``None`` where that is not known.
        macs: multiply-accumulates of one sample; ``None`` where they were not counted.
        ours: its weights by our names, in our order of axes, if it is what a layer of ours is
            there; ``None`` where it is something else.
        tied: which of its weights are those of a layer before it, and what they are called there.
        trained: whether anything in it can be; a mask that a module keeps for itself cannot.
        read: the layer of ours that it is by its arguments; ``None`` where they cannot be read.
        learns: whether each of its parameters is trained.
        unused: whether the model has it and never calls it.
    """

    name: str
    kind: str
    raw: Weights
    outputs: Shapes | None = None
    macs: int | None = None
    ours: Callable[[Applied], Weights | None] = field(default=lambda applied: None, compare=False)
    tied: Mapping[str, str] = field(default_factory=dict)
    trained: bool = True
    read: Layer | None = None
    learns: Mapping[str, bool] = field(default_factory=dict)
    unused: bool = False

    @property
    def parameters(self) -> int:
        """How many numbers its weights are."""
        return sum(prod(shape) for shape in self.raw.values())

    @property
    def adds(self) -> int:
        """How many numbers it has that no layer before it has."""
        return sum(prod(shape) for name, shape in self.raw.items() if name not in self.tied)

    @property
    def is_needed(self) -> bool:
        """Whether a network without it is another one."""
        return self.trained and self.tied.keys() != self.raw.keys()


class Ran:
    """What a model gave and multiplied when it was run.

    Attributes:
        outputs: what came out of all of it.
        flops: of `BATCH` samples; below 0 where they were not counted.
        refused: why it did not run, if it did not.
        failed: the module in which it did not.
        seen: what came out of each layer with weights, and what it multiplied.
        order: the layers with weights in the order in which they ended.
        between: what was done after each of them; after ``""``, before the first.
        used: the tensors, by name, that something was computed with outside of their module.
    """

    def __init__(self) -> None:
        self.outputs: Any = None
        self.flops = -1
        self.refused = ""
        self.failed = ""
        self.seen: dict[str, tuple[Any, int]] = {}
        self.order: list[str] = []
        self.between: dict[str, Between] = {"": Between()}
        self.used: set[str] = set()


class Owners:
    """Who had a tensor first."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def tied(self, layer: str, tensors: Iterable[tuple[str, Any]]) -> dict[str, str]:
        """Those tensors of a layer that one before it has too, and what they are called there."""
        found = {}
        for name, tensor in tensors:
            first = self._names.setdefault(id(tensor), f"{layer}.{name}")
            if first != f"{layer}.{name}":
                found[name] = first
        return found


def parts_of(made: Unrolled) -> list[Part]:
    """The layers of a network that own weights, in the order in which they are called."""
    return [
        Part(call.path, call.applied)
        for number, call in enumerate(made.calls)
        if call.owner == number and call.lender is None and _owns(call)
    ]


def _owns(call: Call) -> bool:
    return bool(call.applied.weights)
