"""Arguments and options that several commands take, each written once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

from typer import Argument, Option

__all__ = ["Calls", "File", "Format", "FormatOption", "Inputs", "Output", "Values", "pairs"]


class Format(StrEnum):
    """How an answer is written."""

    text = "text"
    markdown = "markdown"
    latex = "latex"
    html = "html"
    json = "json"


File: TypeAlias = Annotated[
    str,
    Argument(
        metavar="FILE",
        help="A network: a .yaml, .toml or .json file, a .keras, .h5 or .onnx file, source code "
        "such as model.py or model.py:name, module:attribute, or - for standard input.",
        show_default=False,
    ),
]

Inputs: TypeAlias = Annotated[
    list[str] | None,
    Option(
        "--input",
        metavar="SHAPE",
        help="What goes into a model of torch or Keras, such as 3,224,224 or 3,h,w. "
        "Once for each input.",
        show_default=False,
    ),
]

Calls: TypeAlias = Annotated[
    list[str] | None,
    Option(
        "--call",
        metavar="NAME=VALUE",
        help="An argument of the function that makes the network, as Python writes it. "
        "May be repeated.",
        show_default=False,
    ),
]

Values: TypeAlias = Annotated[
    list[str] | None,
    Option(
        "--set",
        metavar="NAME=VALUE",
        help="Put a number, or a formula of symbols, in for a symbol. May be repeated.",
        show_default=False,
    ),
]

FormatOption: TypeAlias = Annotated[
    Format | None,
    Option(
        "--format",
        help="How to write the answer; by default as the ending of --output says, else as text.",
        show_default=False,
    ),
]

Output: TypeAlias = Annotated[
    str | None,
    Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the answer to a file instead.",
        show_default=False,
    ),
]


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping.

    Raises:
        SpecificationError: one has no ``=``, no name or no value, or a name is given twice.

    >>> pairs(["f=64", "dense/1=2*k"], "--set")
    {'f': '64', 'dense/1': '2*k'}
    """
    read: dict[str, str] = {}
    for text in given or []:
        name, equals, value = (part.strip() for part in text.rpartition("="))
        if not (equals and name and value):
            raise _refused(f"{option} {text!r} is not NAME=VALUE", f"write {option} f=64")
        if name in read:
            raise _refused(f"{option} gives {name} twice", "give it once")
        read[name] = value
    return read


def _refused(message: str, hint: str) -> Exception:
    # Loaded here so that the start of every command does not wait for sympy.
    from archcalc.symbolic.errors import SpecificationError

    return SpecificationError(message, code="bad-option", hint=hint)
