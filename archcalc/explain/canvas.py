"""What all pictures share: the figure, where it goes, and axes that count."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING

from archcalc.formula.optional import optional
from archcalc.symbolic.errors import PictureError, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = ["PlotCanvas", "count_axis"]


class PlotCanvas:
    """Where a picture goes: into a file, or to pyplot, which shows it.

    Args:
        path: the file, whose ending says the format; ``None`` for pyplot.

    Raises:
        FrameworkError: matplotlib is not installed.
        PictureError: the ending is none that matplotlib writes.
    """

    def __init__(self, path: str | PathLike[str] | None = None) -> None:
        self.matplotlib = optional("matplotlib", "archcalc[plot]")
        self.path = None if path is None else fspath(path)
        if self.path is not None:
            self._check_format(self.path)

    def _check_format(self, path: str) -> None:
        base = optional("matplotlib.backend_bases", "archcalc[plot]")
        known = base.FigureCanvasBase.get_supported_filetypes()
        ending = path.rpartition(".")[2].lower()
        if ending not in known:
            raise PictureError(
                f"{shorten(path, 60)} has no ending of a picture", code="bad-format",
                hint="write plot.png, plot.svg or plot.pdf",
            )  # fmt: skip

    def panels(
        self, rows: int, columns: int, size: tuple[float, float], *, same_height: bool = True
    ) -> tuple[Figure, Sequence[Axes]]:
        """A figure with axes in it, row by row, those of a row of one scale or each of its own."""
        if self.path is None and "ipykernel" not in sys.modules:
            make = optional("matplotlib.pyplot", "archcalc[plot]").figure
        elif self.path is None:  # a notebook shows the figure that is returned
            make = optional("archcalc.explain.figures", "archcalc[plot]").ShownFigure
        else:
            make = optional("matplotlib.figure", "archcalc[plot]").Figure
        figure = make(figsize=size, layout="constrained")
        axes = figure.subplots(
            rows,
            columns,
            squeeze=False,
            sharex="col" if rows > 1 else False,
            sharey="row" if same_height else False,
        )
        for panel in axes.flat:
            panel.spines[["top", "right"]].set_visible(False)
        return figure, list(axes.flat)

    def done(self, figure: Figure) -> Figure:
        """The figure, in its file if it has one.

        Raises:
            PictureError: the file cannot be written.
        """
        if self.path is not None:
            try:
                figure.savefig(self.path, dpi=160)
            except OSError as error:
                raise PictureError(
                    f"{shorten(self.path, 60)} cannot be written: {error.strerror}",
                    code="not-written",
                ) from error
        return figure


def count_axis(axis: Axis) -> None:
    """Ticks that count: thousands apart, millions and more by SI prefixes."""
    ticker = optional("matplotlib.ticker", "archcalc[plot]")
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: _count(value)))
    axis.set_minor_formatter(ticker.NullFormatter())


def _count(value: float) -> str:
    """A count, short.

    >>> [_count(v) for v in (0.5, 25, 1_500, 2_500_000, 6e23)]
    ['0.5', '25', '1,500', '2.5 M', '600 Z']
    """
    for size, prefix in _PREFIXES:
        if abs(value) >= size:
            return f"{value / size:,.4g} {prefix}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


_PREFIXES = [(10.0 ** (3 * power), "MGTPEZY"[power - 2]) for power in range(8, 1, -1)]
