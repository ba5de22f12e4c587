"""Two networks side by side: ``compare``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from archcalc.cli.options import Calls, File, FormatOption, Inputs, Output, Values, pairs
from archcalc.cli.plots import PlotOption

if TYPE_CHECKING:
    from archcalc.cli.reading import Opened
    from archcalc.explain import Comparison
    from archcalc.network import Trace

__all__ = ["compare"]


def compare(
    first: File,
    second: Annotated[str, Argument(metavar="FILE", help="Another network.", show_default=False)],
    inputs: Inputs = None,
    calls: Calls = None,
    other_inputs: Annotated[
        list[str] | None,
        Option(
            "--other-input",
            metavar="SHAPE",
            help="What goes into the second, where it is not what goes into the first.",
            show_default=False,
        ),
    ] = None,
    other_calls: Annotated[
        list[str] | None,
        Option(
            "--other-call",
            metavar="NAME=VALUE",
            help="An argument of the function that makes the second, in place of those of --call.",
            show_default=False,
        ),
    ] = None,
    values: Values = None,
    plot: PlotOption = None,
    over: Annotated[
        str | None,
        Option(
            metavar="NAME=VALUES",
            help="Draw both totals over a symbol's values, such as n=1:100, n=8:512:8 or n=1,3,5.",
            show_default=False,
        ),
    ] = None,
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """Two networks side by side: what each layer adds, loses and keeps, and which is smaller when.

    What --input and --call say is said of both, unless --other-input and --other-call say otherwise
    of the second.  A plot shows parameters and MACs layer by layer, or with --over the totals over
    a symbol.
    """
    from archcalc.cli.answers import show
    from archcalc.cli.reading import open_network
    from archcalc.explain import compare as compared

    symbol = _symbol(over, plot)
    called = pairs(calls, "--call")
    other = pairs(other_calls, "--other-call") or called
    both = [
        open_network(first, inputs, called),
        open_network(second, other_inputs or inputs, other),
    ]
    found = compared(*_traces(both, pairs(values, "--set")))
    if plot is not None:
        _draw(found, symbol, plot)
    show(found, how, output)


def _symbol(over: str | None, plot: str | None) -> tuple[str, Sequence[int]] | None:
    """The symbol to draw over, and its values."""
    if over is None:
        return None
    from archcalc.cli.ranges import integers
    from archcalc.symbolic.errors import SpecificationError

    if plot is None:
        raise SpecificationError(
            "--over is for a plot", code="bad-option", hint="add --plot plot.png"
        )
    ((name, text),) = pairs([over], "--over").items()
    return name, integers(text, "--over")


def _draw(found: Comparison, over: tuple[str, Sequence[int]] | None, plot: str) -> None:
    from archcalc.symbolic.errors import PictureError

    try:
        if over is None:
            found.plot(plot)
        else:
            found.plot_along(*over, path=plot)
    except PictureError as error:
        if error.code != "symbols-left":
            raise
        raise PictureError(
            error.message, code=error.code, hint="put numbers in with --set, and --over for one"
        ) from None


def _traces(both: Sequence[Opened], given: Mapping[str, str]) -> list[Trace]:
    """Both networks, each with those values put in whose symbols it has."""
    from archcalc.symbolic.errors import UnknownSymbolError

    known = sorted({name for opened in both for name in opened.symbols})
    for name in given:
        if name not in known:
            raise UnknownSymbolError(
                f"there is no symbol {name[:40]} in either",
                hint=f"the symbols are {', '.join(known) or 'none'}",
            )
    return [
        opened.trace({name: v for name, v in given.items() if name in opened.symbols})
        for opened in both
    ]
