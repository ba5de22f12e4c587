"""The option for a picture beside an answer."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from typer import Option

__all__ = ["PlotOption"]

PlotOption: TypeAlias = Annotated[
    str | None,
    Option(
        "--plot",
        metavar="FILE",
        help="Draw it too, as .png, .svg or .pdf.",
        show_default=False,
    ),
]
