"""How many examples a property gets in the gate, and how many in `nightly`."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["NIGHTLY", "examples"]

NIGHTLY = settings().max_examples >= 2_000
"""Whether this is the profile that may take hours."""


def examples(times: float, *, nightly: float | None = None, least: int = 1) -> settings:
    """The profile's number of examples so many times over; in `nightly` as many as is said there.

    >>> examples(1).max_examples == settings().max_examples
    True
    """
    many = times if nightly is None or not NIGHTLY else nightly
    return settings(max_examples=max(least, int(many * settings().max_examples)))
