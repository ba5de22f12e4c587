"""Printing an answer in the format that was asked for, or writing it to a file."""

from __future__ import annotations

import os
import sys
from typing import Any, Protocol

from archcalc.cli.options import Format
from archcalc.cli.terminal import coloured, encoding_of, width_of
from archcalc.explain.document import Document
from archcalc.explain.text import Look, render
from archcalc.symbolic.errors import SpecificationError, shorten
from archcalc.symbolic.printing.plain import spelled

__all__ = ["Answer", "format_for", "look", "say", "show"]

_ENDINGS = {
    ".html": Format.html, ".htm": Format.html, ".md": Format.markdown, ".tex": Format.latex,
    ".json": Format.json,
}  # fmt: skip


class Answer(Protocol):
    """What can be written in every format."""

    def document(self) -> Document: ...
    def to_markdown(self) -> str: ...
    def to_latex(self) -> str: ...
    def to_html(self, *, page: bool = False) -> str: ...
    def to_json(self) -> str: ...


def look() -> Look:
    """How text is set on the standard output."""
    stream = sys.stdout
    return Look(width_of(stream), coloured(stream), encoding_of(stream))


def format_for(how: Format | None, output: str | None) -> Format:
    """The format that was asked for, or else that of the file's ending."""
    if how is not None:
        return how
    return _ENDINGS.get(os.path.splitext(output or "")[1].lower(), Format.text)


def show(answer: Answer, how: Format | None, output: str | None = None) -> None:
    """Print `answer`, or write it to a file; as HTML it is a page that stands by itself.

    Raises:
        SpecificationError: the file cannot be written.
    """
    match format_for(how, output):
        case Format.text:
            shown = render(answer.document(), Look() if output else look())
        case Format.markdown:
            shown = answer.to_markdown()
        case Format.latex:
            shown = answer.to_latex()
        case Format.html:
            shown = answer.to_html(page=True)
        case Format.json:
            shown = answer.to_json()
    say(shown, output)


def say(words: Any, output: str | None = None) -> None:
    """Print words in the signs that the terminal has, or write them to a file as they are.

    Raises:
        SpecificationError: the file cannot be written.
    """
    text = str(words).rstrip("\n") + "\n"
    if output is None:
        sys.stdout.write(spelled(text, encoding_of(sys.stdout)))
        return
    try:
        with open(output, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SpecificationError(
            f"it cannot be written: {why.lower()}", code="not-written", path=shorten(output, 200)
        ) from None
