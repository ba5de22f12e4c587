"""Writing a picture to the file that was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

from typer import Option

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PlotOption", "save"]

PlotOption: TypeAlias = Annotated[
    str | None,
    Option(
        "--plot",
        metavar="FILE",
        help="Draw it too, as .png, .svg or .pdf.",
        show_default=False,
    ),
]


def save(figure: Figure, file: str) -> None:
    """Write `figure`; the name of the file says in which format.

    Raises:
        SpecificationError: there is no such format, or the file cannot be written.
    """
    from archcalc.symbolic.errors import SpecificationError, shorten

    kind = Path(file).suffix.lower().removeprefix(".")
    known = figure.canvas.get_supported_filetypes()
    if kind not in known:
        raise SpecificationError(
            f"--plot {shorten(repr(file), 60)}: the name does not say which format this is",
            code="bad-option", hint=f"end it in {', '.join(f'.{k}' for k in sorted(known))}",
        )  # fmt: skip
    try:
        figure.savefig(file, format=kind)
    except OSError as error:
        raise SpecificationError(
            f"--plot {shorten(repr(file), 60)} cannot be written: {error.strerror}",
            code="bad-option",
        ) from None
