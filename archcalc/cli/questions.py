"""What is asked of a network: ``reconcile`` and ``solve``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from typer import Argument, Exit, Option

from archcalc.cli.options import Calls, File, FormatOption, Inputs, Output, Values, pairs
from archcalc.cli.plots import PlotOption

__all__ = ["reconcile", "solve"]


class Quantity(StrEnum):
    """What is counted."""

    parameters = "parameters"
    macs = "macs"
    flops = "flops"
    activations = "activations"


class Plain(StrEnum):
    """How an answer of a few numbers is written."""

    text = "text"
    json = "json"


def reconcile(
    file: File,
    running: Annotated[
        list[str] | None,
        Option(metavar="LAYER=COUNT", help="A running total after a layer. May be repeated."),
    ] = None,
    layer: Annotated[
        list[str] | None,
        Option(
            metavar="LAYER=COUNT",
            help="The count of one layer or block: a number, a formula as (5*5+1)*64, a rounded "
            "figure as 1.2M, a shape as 28x28x32. May be repeated.",
        ),
    ] = None,
    total: Annotated[
        str | None, Option(metavar="COUNT", help="The total, also rounded, as 138M.")
    ] = None,
    of: Annotated[
        str,
        Option(
            metavar="QUANTITY",
            help="What was counted: parameters, macs, flops, activations, bytes, shape, length, "
            "receptive_field, …",
        ),
    ] = "parameters",
    where: Annotated[
        list[str] | None,
        Option(metavar="LETTER=NUMBER", help="A letter of the formulas. May be repeated."),
    ] = None,
    derive: Annotated[
        bool, Option("--derive", help="Show both derivations of every finding side by side.")
    ] = False,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """What lies between a count that someone made and the right one.

    Exits with 0 where the count is right or the difference is explained, with 1 where some of it
    is not.
    """
    from archcalc.cli.answers import show
    from archcalc.cli.reading import count, open_network
    from archcalc.explain import reconcile as reconciled
    from archcalc.symbolic.errors import SpecificationError

    if not (running or layer or total):
        raise SpecificationError(
            "there is nothing to reconcile", code="bad-option",
            hint="give --running conv2d=288, --layer conv2d=288 or --total 541,988",
        )  # fmt: skip
    claims: dict[str, Any] = {"of": of}
    if running:
        given = pairs(running, "--running").items()
        claims["running"] = {name: _claim(text, "--running") for name, text in given}
    if layer:
        claims["layers"] = dict(pairs(layer, "--layer"))
    if total:
        claims["total"] = _claim(total, "--total")
    if where:
        letters = pairs(where, "--where").items()
        claims["where"] = {name: count(text, "--where") for name, text in letters}
    opened = open_network(file, inputs, pairs(calls, "--call"))
    trace = opened.trace(pairs(values, "--set"))
    with opened.located():
        result = reconciled(trace, **claims)
    show(result.derivation() if derive else result, how, output)
    if not (result.right or result.explained):
        raise Exit(1)


def _claim(text: str, option: str) -> int | str:
    """A number with its separators read, or what else a person wrote."""
    from archcalc.cli.reading import count
    from archcalc.explain.reconciling.claims import looks_written

    return text if looks_written(text) else count(text, option)


def solve(
    file: File,
    symbol: Annotated[str, Argument(metavar="SYMBOL", help="The unknown.", show_default=False)],
    at_most: Annotated[str | None, Option(help="The largest value within this budget.")] = None,
    at_least: Annotated[str | None, Option(help="The smallest value that reaches this.")] = None,
    equals: Annotated[str | None, Option(help="The value that gives exactly this.")] = None,
    of: Annotated[Quantity, Option(help="What is counted.")] = Quantity.parameters,
    plot: PlotOption = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    how: Annotated[Plain, Option("--format", help="How to write the answer.")] = Plain.text,
    output: Output = None,
) -> None:
    """The value of a symbol at which a total meets a budget, exactly.

    Exits with 1 where there is none.
    """
    from archcalc.cli.answers import say
    from archcalc.cli.reading import bound as read_bound
    from archcalc.cli.reading import open_network
    from archcalc.symbolic.errors import SpecificationError

    given = {"at_most": at_most, "at_least": at_least, "equals": equals}
    bounds = {
        name: read_bound(text, f"--{name.replace('_', '-')}")
        for name, text in given.items()
        if text is not None
    }
    if len(bounds) != 1:
        raise SpecificationError(
            "one bound is needed", code="bad-option",
            hint="give --at-most, --at-least or --equals",
        )  # fmt: skip
    opened = open_network(file, inputs, pairs(calls, "--call"))
    trace = opened.trace(pairs(values, "--set"))
    with opened.located():
        formula = getattr(trace, of.value)
        answer = formula.solve(symbol, **bounds)
        there = formula(**{symbol: answer})
        if plot is not None:
            from archcalc.explore.searching.drawing import draw_solution

            (bound,) = bounds.values()
            draw_solution(formula, symbol, answer, bound, title=of.value, path=plot)
    say(_solution(symbol, answer, of.value, there, how), output)


def _solution(symbol: str, answer: int, of: str, there: Any, how: Plain) -> str:
    if how is Plain.json:
        from json import dumps

        return dumps({"symbol": symbol, "value": answer, of: _plain(there)})
    value = f"{there:,}" if isinstance(there, int) else str(there)
    return f"{symbol} = {answer:,}\n{of} = {value}"


def _plain(value: Any) -> int | str:
    return value if isinstance(value, int) else str(value)
