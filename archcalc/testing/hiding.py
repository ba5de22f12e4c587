"""Frames of this library that a failing test does not show: they say nothing of what failed."""

from __future__ import annotations

from typing import Any

__all__ = ["assertions"]


def assertions(caught: Any) -> bool:
    """Whether pytest hides a frame: for what is asserted, and not for a fault of ours.

    A module says ``__tracebackhide__ = assertions``; ``pytest --full-trace`` shows all the same.
    """
    return isinstance(caught.value, AssertionError)
