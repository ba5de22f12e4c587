"""Work counted, in place of time: a loaded machine is slower, and does not do more."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class TooMuchWorkError(AssertionError):
    """More functions were called than were allowed."""


class Count:
    """How many functions have been called."""

    calls = 0


@contextmanager
def at_most(calls: int) -> Iterator[Count]:
    """Fail as soon as more than `calls` functions, of Python or of C, are called in this block."""
    count = Count()

    def look(frame: FrameType, event: str, arg: Any) -> None:
        if event in ("call", "c_call"):
            count.calls += 1
            if count.calls > calls:
                sys.setprofile(before)
                raise TooMuchWorkError(f"more than {calls:,} calls")

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield count
    finally:
        sys.setprofile(before)
