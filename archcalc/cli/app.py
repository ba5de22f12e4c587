"""The commands, put together."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

from typer import Abort, Context, Exit, Option, Typer

from archcalc import __version__
from archcalc._loading import loaded
from archcalc.cli.terminal import coloured

__all__ = ["Abort", "app_for"]

_HOMES = {
    "summary": "networks",
    "derive": "networks",
    "reconcile": "questions",
    "compare": "comparing",
    "cost": "networks",
    "conventions": "networks",
    "llm": "deploying",
    "verify": "verifying",
    "solve": "questions",
    "sweep": "sweeping",
    "search": "searching",
    "report": "reporting",
    "draw": "reporting",
    "convert": "converting",
    "docs": "documenting",
    "layers": "formats",
    "example": "formats",
    "schema": "formats",
}
"""The commands, in the order in which they are listed, and the modules they are in."""


def app_for(arguments: Sequence[str] = ()) -> Typer:
    """What reads a command line: with the command that its first argument names, or with all.

    One command alone is built much faster than all, which only help and mistakes need.
    """
    app = Typer(
        rich_markup_mode="rich" if coloured(sys.stdout) else None,  # loaded for colours only
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(archcalc)
    for name in [first for first in arguments[:1] if first in _HOMES] or _HOMES:
        app.command()(getattr(loaded(f"archcalc.cli.{_HOMES[name]}"), name))
    return app


def _show_version(asked: bool) -> None:
    if asked:
        print(f"archcalc {__version__}")
        raise Exit


def archcalc(
    context: Context,
    version: Annotated[
        bool, Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Neural-network arithmetic in closed form.

    Exit codes: 0 all is well, 1 the answer is no (nothing solves it, or a difference is not
    explained), 2 something cannot be read or understood.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())
