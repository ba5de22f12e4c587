"""Figures that notebooks show by themselves, also where nothing told them how."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

__all__ = ["ShownFigure"]


class ShownFigure(Figure):
    """A figure apart from pyplot, so that it is shown once, where it is the value of a cell."""

    def _repr_png_(self) -> bytes:
        drawn = BytesIO()
        self.savefig(drawn, format="png", dpi=110)
        return drawn.getvalue()
