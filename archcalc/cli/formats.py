"""About what files say: ``schema``, ``layers`` and ``example``."""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from archcalc.cli.options import FormatOption, Output

__all__ = ["example", "layers", "schema"]


def schema(output: Output = None) -> None:
    """The JSON Schema of architecture files."""
    # Imported here, as in every command, so that --help does not wait for it.
    from archcalc.cli.answers import say
    from archcalc.network.spec.json_text import write_json
    from archcalc.network.spec.schema import json_schema

    say(write_json(json_schema()), output)


def layers(
    pattern: Annotated[
        str,
        Argument(
            metavar="[PATTERN]",
            help="A layer's name for its card, or a part of names, such as conv or '*Pool*'.",
        ),
    ] = "*",
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """The layers there are, or one of them: its arguments and its formulas."""
    from archcalc.cli.answers import show
    from archcalc.explain.cards import layers_like

    show(layers_like(pattern), how, output)


def example(
    name: Annotated[
        str | None, Argument(metavar="[NAME]", help="Which; without one they are listed.")
    ] = None,
    output: Output = None,
) -> None:
    """A network to begin with, as a file: archcalc example mnist | archcalc derive -."""
    from archcalc.cli.answers import say
    from archcalc.cli.examples import EXAMPLES, example_text

    if name is None:
        say("\n".join(f"{known:<8}  {what}" for known, (what, _) in EXAMPLES.items()), output)
    else:
        say(example_text(name), output)
