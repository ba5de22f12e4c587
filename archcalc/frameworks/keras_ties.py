"""Weights that a layer of Keras has of another: the one variable in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archcalc.frameworks.lookup import names_at
from archcalc.frameworks.records import KERAS
from archcalc.layers.base import Layer
from archcalc.network.ties import TiedWeight
from archcalc.network.unroll import Call
from archcalc.symbolic.errors import FrameworkError

__all__ = ["share_weights"]


def share_weights(built: Sequence[Any], call: Call, lenders: Sequence[tuple[Layer, Any]]) -> None:
    """Put the variables of others in the place of those that a layer made for itself.

    Args:
        built: the layers of Keras that a layer of ours is, called once.
        call: the call of it.
        lenders: for each of its ties the layer of ours that owns the weight, and those of Keras.

    Raises:
        FrameworkError: a weight is another's transposed, which no layer of Keras takes.
    """
    for (tie, _), (owner, theirs) in zip(call.ties, lenders, strict=True):
        mine = _variable(call.layer, built, tie.weight)
        other = _variable(owner, theirs, tie.of)
        if mine is None or other is None or tie.transposed:
            raise _refused(tie, call.path)
        for part, attribute in _held(*mine):
            _replace(part, attribute, mine[1], other[1])


def _variable(layer: Layer, built: Sequence[Any], name: str) -> tuple[Any, Any] | None:
    """The layer of Keras that has a weight of ours, and the variable."""
    for one in built:
        weights = list(getattr(one, "weights", ()))
        try:
            names = names_at(KERAS, layer, [weight.path for weight in weights])
        except ValueError:
            continue
        if name in names:
            return one, weights[names.index(name)]
    return None


def _held(layer: Any, mine: Any) -> list[tuple[Any, str]]:
    """The layers in `layer`, such as its cell, that have a variable, and what they call it."""
    places = [(part, *pair) for part in layer._flatten_layers() for pair in vars(part).items()]
    return [(part, name) for part, name, value in places if value is mine]


def _replace(layer: Any, attribute: str, mine: Any, other: Any) -> None:
    """Let an attribute of a layer be another variable, as Keras itself does where it quantizes.

    It takes the place of the first among the weights, whose order `set_weights` and files go by.
    """
    lists = (layer._trainable_variables, layer._non_trainable_variables)
    at = next((i for some in lists for i, each in enumerate(some) if each is mine), None)
    layer._tracker.unlock()
    layer._untrack_variable(mine)
    setattr(layer, attribute, other)
    for some in lists if at is not None else ():
        if some and some[-1] is other:
            some.insert(at, some.pop())
    layer._tracker.lock()


def _refused(tie: TiedWeight, path: str) -> FrameworkError:
    how = ", transposed, which no layer of Keras takes" if tie.transposed else ""
    return FrameworkError(
        f"Keras' layers have weights of their own, and {tie.weight} is {tie.owner}/{tie.of}{how}",
        code="tied-weights", path=path, hint="to_torch() builds it",
    )  # fmt: skip
