"""The commands, put together."""

from __future__ import annotations

import sys
from typing import Annotated

from typer import Abort, Context, Exit, Option, Typer

from archcalc import __version__
from archcalc.cli.comparing import compare
from archcalc.cli.converting import convert
from archcalc.cli.deploying import llm
from archcalc.cli.documenting import docs
from archcalc.cli.formats import example, layers, schema
from archcalc.cli.networks import conventions, cost, derive, summary
from archcalc.cli.questions import reconcile, solve
from archcalc.cli.reporting import draw, report
from archcalc.cli.searching import search
from archcalc.cli.sweeping import sweep
from archcalc.cli.terminal import coloured
from archcalc.cli.verifying import verify

__all__ = ["Abort", "app"]

app = Typer(
    rich_markup_mode="rich" if coloured(sys.stdout) else None,  # loaded for colours only
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        print(f"archcalc {__version__}")
        raise Exit


@app.callback(invoke_without_command=True)
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


for command in (
    summary,
    derive,
    reconcile,
    compare,
    cost,
    conventions,
    llm,
    verify,
    solve,
    sweep,
    search,
    report,
    draw,
    convert,
    docs,
    layers,
    example,
    schema,
):
    app.command()(command)
