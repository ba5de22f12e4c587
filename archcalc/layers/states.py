"""What takes the states before its first step: how they are given, and what must hold of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from archcalc.layers.base import Layer, flat_list
from archcalc.symbolic.errors import ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["TakesStates", "check_states", "in_layers", "same_state"]


class TakesStates:
    """What is called on a sequence and on the states before its first step.

    Keras has a state as its features ``(u,)``, torch with an axis of layers and directions before
    them, ``(1, u)``.  What is given torch's has torch's come out: ``y, (h, c) = lstm(x, (h, c))``.
    """

    in_one: ClassVar[bool] = True
    """Whether its states may have an axis of layers and directions."""

    def __call__(self, *tensors: Any, initial_state: Any = (), **how: Any) -> Any:
        """Apply the layer in the functional API.

        Args:
            tensors: the input, and its states after it: torch's ``lstm(x, (h, c))``.
            initial_state: the states by name, as Keras has them: one, or a list of them.
            how: Keras' ``training``, and a ``mask`` that is ``None``.

        Raises:
            ShapeError: it cannot take these shapes.
        """
        made = super().__call__(*tensors, initial_state, **how)  # type: ignore[misc]
        given = self.nested([getattr(x, "shape", ()) for x in flat_list((tensors, initial_state))])
        return (*made[:-given], made[-given:]) if given else made

    def nested(self, inputs: Sequence[Sequence[Any]]) -> int:
        """How many states come out in a tuple of their own, the last; 0 where none do."""
        states = inputs[1:]
        return len(states) if self.in_one and in_layers(states) and len(states) > 1 else 0


_IN_LAYERS = 2
"""The axes of a state with an axis of layers and directions before its features."""


def in_layers(states: Sequence[Sequence[Any]]) -> bool:
    """Whether states have an axis of layers and directions before their features, as in torch."""
    return bool(states) and len(states[0]) == _IN_LAYERS


def check_states(layer: Layer, given: Sequence[Shape], kept: Sequence[Sequence[Shape]]) -> None:
    """Raise where states are not as many, or have not as many axes, as in one of the ways.

    Args:
        layer: what takes them.
        given: the states that it is given.
        kept: the ways, each with the shapes of the states that it takes.

    Raises:
        ShapeError: saying what it takes.
    """
    ranks = [len(x) for x in given]
    if not given or ranks in ([len(x) for x in way] for way in kept):
        return
    ways = " or ".join(dict.fromkeys(", ".join(map(repr, way)) for way in kept))
    raise ShapeError(
        f"{type(layer).__name__} keeps {ways}, and is given {', '.join(map(repr, given))}",
        code="state-differs",
        hint="give all of its states, or none",
    )


def same_state(given: Shape, kept: Shape) -> Iterator[Requirement]:
    """That a state that is given is as large as the one that is kept."""
    for axis, (found, size) in enumerate(zip(given, kept, strict=True)):
        if found == size:
            continue
        what = "features" if axis == len(kept) - 1 else "layers and directions"
        yield Requirement(
            found,
            Relation.EQUAL,
            size,
            f"the state that is given has {{given}} {what}, and the layer keeps {{size}}",
            code="state-differs",
            hint="give states of the size of the units",
            details=(("given", found), ("size", size)),
        )
