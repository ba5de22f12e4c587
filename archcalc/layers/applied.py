"""A layer applied to input shapes: its facts, each computed once and only when asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.bounds import all_bounds
from archcalc.layers.facts import KINDS, Remark, State, Weight, Work
from archcalc.symbolic.errors import InvalidLayerError, quoted
from archcalc.symbolic.requirement import undecided
from archcalc.symbolic.shape import Shape

__all__ = ["Applied"]


class Applied:
    """`layer` on `inputs`: every fact it states there.

    Raises:
        ShapeError: the layer cannot take these shapes.
        RequirementError: something it requires does not hold, whatever the symbols.

    >>> from archcalc.layers import Conv2D
    >>> conv = Applied(Conv2D(32, 3), (Shape((28, 28, 1)),))
    >>> conv.output, [w.size for w in conv.weights], conv.work[0].macs
    ((26, 26, 32), [288, 32], 194688)
    """

    def __init__(self, layer: Layer, inputs: tuple[Shape, ...]) -> None:
        layer.check(*inputs)
        self.layer = layer
        self.inputs = inputs
        facts = (*layer.expected(*inputs), *layer.requirements(*inputs))
        needed = (*facts, *all_bounds(layer))  # a rule of the layer says more than a bound
        self.requirements = undecided(needed)
        self.outputs: tuple[Shape, ...] = layer.output_shapes(*inputs)
        self.output: Shape = self.outputs[0]

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """The tensors the layer owns.

        Raises:
            InvalidLayerError: the layer does not state them as weights in a sequence.
        """
        return _each(self.layer, "weights", self.layer.weights(*self.inputs), Weight)

    @cached_property
    def work(self) -> tuple[Work, ...]:
        """Its multiply-accumulates.

        Raises:
            InvalidLayerError: the layer does not state them as work in a sequence, or one names
                what it has not got.
        """
        stated = self.layer.work(*self.inputs, self.output)
        found = _each(self.layer, "work", stated, Work)
        if not self.layer.composed:
            states = {state.name for state in self.state}
            for done in found:
                _check_names(self.layer, done, self.weights, states)
            _check_biases(self.layer, found, self.weights)
        return found

    @cached_property
    def state(self) -> tuple[State, ...]:
        """What it keeps of a sequence for the next step.

        Raises:
            InvalidLayerError: the layer does not state it as states in a sequence.
        """
        return _each(self.layer, "state", self.layer.state(*self.inputs), State)

    @cached_property
    def windows(self) -> tuple[AxisWindow, ...] | None:
        """How it sees its input along each axis."""
        return self.layer.windows(*self.inputs)

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What is legal here but rarely meant."""
        return self.layer.remarks(*self.inputs)


F = TypeVar("F")


def _each(layer: Layer, name: str, stated: Any, kind: type[F]) -> tuple[F, ...]:
    """What a layer states, which is to be a sequence of facts of one kind."""
    if isinstance(stated, tuple | list) and all(isinstance(fact, kind) for fact in stated):
        return tuple(stated)
    raise InvalidLayerError(
        f"{name} of {type(layer).__name__} gives {quoted(stated, 60)}",
        code="invalid-facts",
        hint=f"return a tuple of {kind.__name__}; one alone is written ({kind.__name__}(...),)",
    )


def _check_names(layer: Layer, done: Work, weights: tuple[Weight, ...], states: set[str]) -> None:
    """Refuse a product that names a weight, a state, an input or a kind that there is not."""
    roles = {weight.name: weight.role for weight in weights}
    named = [done.weight, *(name for operand in done.activations for name in operand.weights)]
    wrong = [name for name in named if name and name not in roles]
    kept = [operand.state for operand in done.activations if operand.state]
    wrong += [name for name in kept if name not in states]
    most = layer.arity[1]
    inputs = [i for operand in done.activations for i in operand.inputs]
    if done.kind not in KINDS:
        wrong.append(done.kind)
    if wrong or (most is not None and any(not 0 <= i < most for i in inputs)):
        what = quoted(wrong[0], 60) if wrong else f"input {max(inputs)}"
        raise InvalidLayerError(
            f"the work of {type(layer).__name__} names {what}, which it has not got",
            code="unknown-fact",
            hint=f"its weights are {', '.join(roles) or 'none'}; "
            f"its states are {', '.join(sorted(states)) or 'none'}; "
            f"its inputs are counted from 0; kinds are {', '.join(KINDS)}",
        )


def _check_biases(layer: Layer, found: tuple[Work, ...], weights: tuple[Weight, ...]) -> None:
    """Refuse a bias that no product names beside one that is named and not there.

    A name alone may be absent: a layer that leaves its bias out says where it would be added.
    """
    named = {done.bias for done in found if done.bias}
    there = {weight.name for weight in weights if weight.role == "bias"}
    if named - there and there - named:
        raise InvalidLayerError(
            f"the work of {type(layer).__name__} names the bias {quoted(min(named - there), 60)}, "
            "which it has not got",
            code="unknown-fact",
            hint=f"its biases are {', '.join(sorted(there))}",
        )
