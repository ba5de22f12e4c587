"""A network written another way: ``convert``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from typer import Option

from archcalc.cli.options import Calls, File, Inputs, Output, Values, pairs

__all__ = ["Target", "convert"]


class Target(StrEnum):
    """What a network is written as."""

    torch = "torch"
    keras = "keras"
    python = "python"
    yaml = "yaml"
    toml = "toml"
    json = "json"


def convert(
    file: File,
    to: Annotated[
        Target, Option("--to", help="Code of a framework or of archcalc, or a file of archcalc.")
    ],
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    output: Output = None,
) -> None:
    """A network as source code to paste, or as a file: archcalc convert model.py --to torch."""
    # Imported here, as in every command, so that --help does not wait for it.
    from archcalc.cli.answers import say
    from archcalc.cli.reading import open_network
    from archcalc.frameworks import to_source
    from archcalc.network import dumps, substitute

    opened = open_network(file, inputs, pairs(calls, "--call"))
    with opened.located():
        given = pairs(values, "--set")
        network = substitute(opened.network, given) if given else opened.network
        match to:
            case Target.torch | Target.keras | Target.python:
                language: Any = to.value
                say(to_source(network, language), output)
            case _:
                say(dumps(network, to.value), output)
