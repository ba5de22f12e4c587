"""What is known of the terminal, or of whatever else is written to."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

__all__ = ["coloured", "encoding_of", "is_terminal", "width_of"]

_NARROWEST = 40
"""In a narrower terminal lines are broken as if it had so many columns."""


def is_terminal(stream: TextIO) -> bool:
    """Whether a person sees what is written there."""
    return bool(getattr(stream, "isatty", lambda: False)())


def coloured(stream: TextIO) -> bool:
    """Whether to write colours: in a terminal, unless NO_COLOR says no or FORCE_COLOR says yes.

    See https://no-color.org and https://force-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """How many columns a terminal has; ``None`` for a file or a pipe, which has no end of them."""
    if not is_terminal(stream):
        return None
    return max(shutil.get_terminal_size().columns, _NARROWEST)


def encoding_of(stream: TextIO) -> str:
    """The encoding of what is written there."""
    return getattr(stream, "encoding", None) or "utf-8"
