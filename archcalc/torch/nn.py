"""The layers under the names of ``torch.nn``: torch's arguments, order and defaults.

What comes of them are the layers of the catalogue, with channels first.  torch itself need not be
installed.  The features that torch wants to be told (``in_features``, ``in_channels``, …) are
checked against what comes.

>>> from archcalc.torch import nn
>>> net = nn.Sequential(
...     nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
...     nn.Linear(5408, 100), nn.Linear(100, 10),
... )
>>> net.trace((1, 28, 28)).parameters
542230
>>> nn.Sequential(nn.Linear(784, 10)).trace(5408)
Traceback (most recent call last):
archcalc.symbolic.errors.RequirementError: dense: it was made for 784 features, and 5408 come in...
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.frameworks.torch_api import TORCH_CLASSES, TorchClass
from archcalc.layers.base import Layer
from archcalc.network.sequential import Sequential as _Sequential

__all__ = ["Sequential"]


def Sequential(*layers: Layer | Mapping[str, Layer]) -> _Sequential:
    """Layers one after the other; torch takes them as they are, or one ``OrderedDict`` of them.

    >>> from collections import OrderedDict
    >>> from archcalc.torch import nn
    >>> net = Sequential(OrderedDict(hidden=nn.Linear(784, 100), out=nn.Linear(100, 10)))
    >>> [row.name for row in net.trace(784).rows]
    ['hidden', 'out']
    """
    if len(layers) == 1 and isinstance(layers[0], Mapping):
        return _Sequential([_named(layer, name) for name, layer in layers[0].items()])
    return _Sequential(list[Any](layers))


def _named(layer: Any, name: str) -> Any:
    return layer.model_copy(update={"name": name}) if isinstance(layer, Layer) else layer


def __getattr__(name: str) -> TorchClass:
    if name in TORCH_CLASSES:
        return TORCH_CLASSES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*TORCH_CLASSES, "Sequential"})
