"""How many examples a property gets: in development, in the gate, and in `nightly`."""

from __future__ import annotations

import pytest
from hypothesis import settings

__all__ = ["DEV", "NIGHTLY", "examples", "nightly", "slow"]

NIGHTLY = settings().max_examples >= 500
"""Whether this is the profile that may take an hour."""

DEV = settings().max_examples < 20
"""Whether this is the profile of somebody who waits for it."""

slow = pytest.mark.skipif(DEV, reason="it takes seconds; the profiles ci and nightly run it")
"""A test that the gate runs, and that somebody who types ``pytest`` need not wait for."""


nightly = pytest.mark.skipif(not NIGHTLY, reason="it takes long; the profile nightly runs it")
"""A test that only `nightly` runs."""


def examples(times: float = 1, *, nightly: int | None = None, least: int = 1) -> settings:
    """The profile's number of examples so many times over; in `nightly` as many as is said there.

    >>> examples().max_examples == settings().max_examples
    True
    """
    if NIGHTLY and nightly is not None:
        return settings(max_examples=nightly)
    return settings(max_examples=max(least, int(times * settings().max_examples)))
