"""Methods of a lower floor whose work is done on a higher one.

A trace offers its derivation and a network its Keras model, though explanations and frameworks
stand above both and import them.  Such a method names what does its work; it is looked up at the
call, as an entry point is, so that no module imports upwards.
"""

from __future__ import annotations

from typing import Any

from archcalc._loading import loaded

__all__ = ["late"]


def late(target: str) -> Any:
    """The function at ``"module:name"``, imported now.

    >>> late("math:gcd")(12, 18)
    6
    """
    module, _, name = target.partition(":")
    return getattr(loaded(module), name)
