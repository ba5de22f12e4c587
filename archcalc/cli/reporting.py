"""Pages and drawings: ``report`` and ``draw``."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

from typer import Argument, Option

from archcalc.cli.options import Calls, File, Inputs, Output, Values, pairs

__all__ = ["draw", "report"]


def report(
    file: File,
    other: Annotated[
        str | None,
        Argument(metavar="[FILE]", help="Another network, beside the first.", show_default=False),
    ] = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    output: Output = None,
) -> None:
    """A page whose numbers move: drawing, table, derivation, and a slider for every symbol."""
    # Imported here, as in every command, so that --help does not wait for it.
    from archcalc.cli.answers import say
    from archcalc.cli.reading import open_network
    from archcalc.explain import report as reported
    from archcalc.explain.live.live_page import title_of

    files = [file] if other is None else [file, other]
    called = pairs(calls, "--call")
    traces = [open_network(name, inputs, called).trace({}) for name in files]
    titles = [title_of(name, trace) for name, trace in zip(files, traces, strict=True)]
    page = reported(*traces, titles=titles, values=pairs(values, "--set"))
    if output and PurePath(output).suffix:
        page.save(output)
    else:
        say(page.to_html(), output)


def draw(
    file: File,
    right: Annotated[bool, Option("--right", help="To the right, not down the page.")] = False,
    depth: Annotated[
        int | None, Option(min=0, help="How many blocks are open.", show_default=False)
    ] = None,
    width: Annotated[
        str | None, Option(help="Cards as wide as their parameters or macs.", show_default=False)
    ] = None,
    mermaid: Annotated[bool, Option("--mermaid", help="As a flowchart of Mermaid.")] = False,
    dot: Annotated[bool, Option("--dot", help="As a graph of Graphviz.")] = False,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    output: Output = None,
) -> None:
    """The network drawn, as SVG."""
    from archcalc.cli.answers import say
    from archcalc.cli.reading import trace_with
    from archcalc.explain import draw as drawn

    trace = trace_with(file, pairs(values, "--set"), inputs, pairs(calls, "--call"))
    direction = "right" if right else "down"
    drawing = drawn(trace, direction=direction, depth=depth, width=width)  # type: ignore[arg-type]
    if mermaid:
        say(drawing.to_mermaid(), output)
    elif dot:
        say(drawing.to_dot(), output)
    elif output and PurePath(output).suffix:
        drawing.save(output)
    else:
        say(drawing.to_svg(), output)
