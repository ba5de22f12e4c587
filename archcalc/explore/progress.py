"""How far long work has come, shown where a person may be waiting."""

from __future__ import annotations

import sys
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any

__all__ = ["Progress", "Unseen"]

_PATIENCE = 1.0
"""Seconds before anything is shown: short work ends without."""


class Progress:
    """A bar on the standard error; none where that is no terminal and no notebook.

    Args:
        total: how much there is to do.
        what: what is counted, such as ``"configurations"``.

    >>> with Progress(1_000, "configurations") as progress:
    ...     progress.advance(1_000)
    """

    def __init__(self, total: int, what: str) -> None:
        self.total = total
        self.what = what
        self.done = 0
        self._start = monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, many: int) -> None:
        """So many more are done."""
        self.done += many
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done)
        elif monotonic() - self._start > _PATIENCE and _is_watched():
            self._show()

    def _show(self) -> None:
        # Loaded here: most work is done before anybody waits for it.
        from rich.console import Console
        from rich.errors import LiveError
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            TimeRemainingColumn(),
        )
        bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = bar.add_task(self.what, total=self.total, completed=self.done)
        with suppress(LiveError):  # somebody else shows something already
            bar.start()
            self._bar = bar


class Unseen(Progress):
    """The progress of a part of some work, whose own progress is shown."""

    def advance(self, many: int) -> None:
        self.done += many


def _is_watched() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules
