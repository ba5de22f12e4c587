"""What a module was built from, kept with it, so that what archcalc builds is read back whole.

torch has many layers as several modules: those that turn axes, pad or call a function stand before
and after the one with the weights.  Of these, and of the modules that archcalc brings, the
arguments say less than the layer did, so the layer itself is kept.  What was changed since then is
not what was built, and is not trusted.
"""

from __future__ import annotations

from typing import Any

from archcalc.layers.base import Layer

__all__ = ["built_from", "with_origin"]

_KEPT = "_archcalc_origin"


def with_origin(module: Any, layer: Layer) -> Any:
    """`module`, which remembers the layer that it was built from, and how it looked then."""
    setattr(module, _KEPT, (layer, repr(module)))
    return module


def built_from(module: Any) -> Layer | None:
    """The layer that a module was built from; ``None`` where nothing is known or it was changed.

    >>> class Module:
    ...     width = 3
    ...     def __repr__(self):
    ...         return f"Module({self.width})"
    >>> from archcalc.layers import Dense
    >>> made = with_origin(Module(), Dense(3))
    >>> built_from(made)
    Dense(units=3)
    >>> made.width = 4
    >>> built_from(made) is None
    True
    """
    layer, looked = getattr(module, _KEPT, (None, ""))
    return layer if looked == repr(module) else None
