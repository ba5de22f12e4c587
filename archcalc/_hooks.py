"""What a lower floor asks for and a higher floor gives: lists that are filled from above.

Layers know nothing of tests, and files nothing of frameworks.  Each goes through its list here, and
`archcalc` itself, which knows every floor, puts in what is there.  A list holds functions that load
what they need when they are called, so that filling it loads nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = [
    "DRAWN",
    "FILE_ENDINGS",
    "FILE_NAMES",
    "FILE_READERS",
    "ON_NEW_LAYER",
    "SHOWN_AS_HTML",
    "SOLVED_TOGETHER",
]

ON_NEW_LAYER: list[Callable[[type], None]] = []
"""Called with every class of layers when it is made."""

FILE_NAMES: list[Callable[[], Mapping[str, Any]]] = []
"""Further names that files may call layers by, each with what makes a layer of its arguments."""

FILE_ENDINGS: list[Callable[[], Iterable[str]]] = []
"""How the names of files of other programs end that are read."""

FILE_READERS: list[Callable[[str | os.PathLike[str]], Callable[[Any, Any], Any] | None]] = []
"""What reads the files of other programs, by a path: a function of the path and of what goes into
the network, or ``None`` where the file is none of theirs."""

DRAWN: list[Callable[..., Any]] = []
"""What draws a trace, which takes the explanations' own pictures."""

SHOWN_AS_HTML: list[Callable[[Any], str]] = []
"""What notebooks show of a thing, which is made from the document that explains it."""

SOLVED_TOGETHER: list[Callable[..., dict[str, int]]] = []
"""How a formula is solved for several unknowns, which takes a search."""
