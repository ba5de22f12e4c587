"""A layer applied to input shapes: its facts, each computed once and only when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.bounds import all_bounds
from archcalc.layers.facts import KINDS, Arithmetic, Remark, Saved, State, Unstated, Weight, Work
from archcalc.layers.frozen import as_told
from archcalc.layers.functions import TOGETHER
from archcalc.layers.sight import Sights, together
from archcalc.symbolic.errors import (
    ArchcalcError,
    DimensionError,
    InvalidLayerError,
    RequirementError,
    quoted,
)
from archcalc.symbolic.requirement import undecided
from archcalc.symbolic.shape import Shape, as_shape
from archcalc.symbolic.shown import Shown

__all__ = ["Applied"]


class Applied(Shown):
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
        try:
            self.requirements = undecided(needed)
        except RequirementError as error:
            raise _with_remarks(error, layer.remarks(*inputs)) from None
        self.outputs: tuple[Shape, ...] = _shapes(layer, layer.output_shapes(*inputs))
        self.output: Shape = self.outputs[0]

    def said(self) -> str:
        """The layer's class, and the shapes that go in and come out."""
        sides = (", ".join(map(str, shapes)) for shapes in (self.inputs, self.outputs))
        return f"{type(self.layer).__name__}, {' → '.join(filter(None, sides))}"

    def __repr__(self) -> str:
        return f"<{self.said()}>"

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """The tensors the layer owns.

        Raises:
            InvalidLayerError: the layer does not state them as weights in a sequence.
        """
        try:
            stated = self.layer.weights(*self.inputs)
        except DimensionError as error:
            raise InvalidLayerError(
                f"weights of {type(self.layer).__name__}: {error.message}",
                code="invalid-facts",
                hint=error.hint or "a weight's shape is a tuple of dimensions",
            ) from None
        found = _each(self.layer, "weights", stated, Weight)
        return as_told(self.layer, found, self.inputs)

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
    def arithmetic(self) -> tuple[Arithmetic, ...] | None:
        """What the layer does beside its products; ``None`` where it does not say.

        Raises:
            InvalidLayerError: the layer does not state it as arithmetic in a sequence.
        """
        stated = self.layer.arithmetic(*self.inputs, self.output)
        return None if stated is None else _each(self.layer, "arithmetic", stated, Arithmetic)

    @cached_property
    def saves(self) -> Saved | Unstated:
        """What the layer keeps for its backward pass; `Unstated` where it does not say.

        Raises:
            InvalidLayerError: the layer does not state it as `Saved`.
        """
        stated = self.layer.saves(*self.inputs, self.output)
        if stated is None or isinstance(stated, Unstated):
            return stated or Unstated()
        return _each(self.layer, "saves", (stated,), Saved)[0]

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

    def sights(self, output: int = 0) -> tuple[Sights, ...]:
        """What positions of an output see of each axis of each input."""
        if output not in self._sights:
            self._sights[output] = self._seen(output)
        return self._sights[output]

    @cached_property
    def _sights(self) -> dict[int, tuple[Sights, ...]]:
        return {}

    def _seen(self, output: int) -> tuple[Sights, ...]:
        seen = self.layer.sights(output, *self.inputs)
        function = getattr(self.layer, "activation", None)
        if function in TOGETHER and self.outputs[output]:
            made = self.outputs[output]
            return tuple(together(views, len(made) - 1, made[-1]) for views in seen)
        return seen

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What is legal here but rarely meant."""
        return self.layer.remarks(*self.inputs)


def _with_remarks(error: RequirementError, remarks: Iterable[Remark]) -> RequirementError:
    """The error, with what is remarkable of a network's input, as that may be why."""
    said = [remark.message for remark in remarks if remark.of_input]
    hint = "; ".join(filter(None, (*said, error.hint)))
    return RequirementError(
        error.message, code=error.code, path=error.path, values=error.values, hint=hint
    )


def _shapes(layer: Layer, stated: Any) -> tuple[Shape, ...]:
    """What a layer says comes out, a plain tuple or a number also as a shape.

    Raises:
        InvalidLayerError: it is no shape.
    """
    listed = isinstance(stated, tuple | list) and bool(stated)
    if listed and all(isinstance(shape, Shape) for shape in stated):
        return tuple(stated)
    one = listed and type(layer).output_shapes is Layer.output_shapes
    try:
        if one or (listed and all(isinstance(shape, tuple | list) for shape in stated)):
            return tuple(map(as_shape, stated))
        why = "not a tuple of shapes"
    except ArchcalcError as error:
        why = error.message
    method, given = ("output_shape", stated[0]) if one else ("output_shapes", stated)
    raise InvalidLayerError(
        f"{method} of {type(layer).__name__} gives {quoted(given, 60)}: {why}",
        code="invalid-facts",
        hint="return a Shape, such as x.replace(-1, self.units)",
    )


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
