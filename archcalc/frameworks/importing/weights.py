"""Torch's weights as ours: what they are called here, and which are another layer's."""

from __future__ import annotations

from collections.abc import Mapping

from archcalc.frameworks.importing.values import NotLoweredError
from archcalc.frameworks.lookup import entry_of
from archcalc.frameworks.record import Tensor
from archcalc.frameworks.records import TORCH
from archcalc.layers.base import Layer
from archcalc.layers.ties import Tie
from archcalc.symbolic.errors import FrameworkError

__all__ = ["our_names", "ties_of"]


def our_names(layer: Layer) -> dict[str, str]:
    """Our name of each of torch's weights, where a record says it.

    >>> from archcalc.layers import Dense
    >>> our_names(Dense(3))
    {'weight': 'kernel', 'bias': 'bias'}
    """
    return {tensor.theirs: tensor.ours for tensor in _tensors(layer)}


def ties_of(layer: Layer, owners: Mapping[str, tuple[Layer, str]]) -> tuple[Tie, ...]:
    """Weights of a layer that are others' in torch.

    Args:
        layer: the layer.
        owners: of each of its weights, the layer that has it, and what that calls it.

    Raises:
        NotLoweredError: the two layers lay out the one tensor of torch's unlike one another.
    """
    return tuple(Tie(o, owner, _told(layer, o, owner, name)) for o, (owner, name) in owners.items())


def _told(layer: Layer, own: str, owner: Layer, name: str) -> str:
    """The name of a weight of another, and that it is turned where both ways might fit."""
    mine, theirs = _tensor(layer, own), _tensor(owner, name)
    if mine is None or theirs is None or _layout(mine) == _layout(theirs):
        return name
    if mine.turned is None or theirs.turned is None:
        raise NotLoweredError(f"{own} is laid out unlike {name}, whose numbers it has")
    is_table = {own, name} == {"kernel", "embeddings"}  # which is turned unless it is said
    return f"{name}.T" if mine.turned != theirs.turned and not is_table else name


def _layout(tensor: Tensor) -> tuple[object, ...]:
    return tensor.order, tensor.split, tensor.part, tensor.row, tensor.gates


def _tensor(layer: Layer, weight: str) -> Tensor | None:
    return next((tensor for tensor in _tensors(layer) if tensor.ours == weight), None)


def _tensors(layer: Layer) -> tuple[Tensor, ...]:
    try:
        return tuple(entry_of(TORCH, layer).tensors)
    except FrameworkError:
        return ()
