"""Tells Hypothesis how layers are drawn, so that ``st.from_type(archcalc.Conv2D)`` works by itself.

Hypothesis calls `register` when it is imported (an entry point of the group ``hypothesis``).  What
is loaded by then is told at once, and every class of layers that is made later when it is made; so
nothing is loaded for it, and a layer of one's own is known as well.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["register", "tell"]

_LARGEST = 16
"""Up to which number ``st.builds`` draws a dimension that is not given."""


def register() -> None:
    """Tell Hypothesis of every class of layers that is loaded."""
    registry = sys.modules.get("archcalc.layers.registry")
    for cls in list(getattr(registry, "known_layers", {}).values()):
        tell(cls)


def tell(cls: type) -> None:
    """Tell Hypothesis of a class of layers, and of those that it is a kind of."""
    from hypothesis import strategies as st

    from archcalc.layers.fields import Dimension  # loaded by now, as there is a layer

    st.register_type_strategy(Dimension, st.integers(1, _LARGEST))
    for kind in cls.__mro__:
        if kind.__module__.partition(".")[0] != "pydantic" and _is_layers(kind):
            st.register_type_strategy(kind, _strategy)


def _is_layers(cls: Any) -> bool:
    return hasattr(cls, "output_shapes")


def _strategy(cls: Any) -> Any:
    """Called when a value of the class is first asked for.

    Also when it is one of anything that layers happen to be, as ``Iterable[int]``: every class of
    pydantic can be gone through.  Then nobody means a layer.
    """
    if not _is_layers(cls):
        return NotImplemented
    from archcalc.testing.from_type import strategy_for

    return strategy_for(cls)
