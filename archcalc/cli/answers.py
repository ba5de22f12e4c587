"""Printing an answer in the format that was asked for, and the warnings beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Protocol

from archcalc.cli.options import Format

__all__ = ["Answer", "show", "warn"]


class Answer(Protocol):
    """What can be written in every format."""

    def to_text(self) -> str: ...
    def to_markdown(self) -> str: ...
    def to_latex(self) -> str: ...
    def to_html(self) -> str: ...
    def to_json(self) -> str: ...


def show(answer: Answer, how: Format) -> None:
    """Print `answer`."""
    writers = {
        Format.text: answer.to_text,
        Format.markdown: answer.to_markdown,
        Format.latex: answer.to_latex,
        Format.html: answer.to_html,
        Format.json: answer.to_json,
    }
    print(writers[how]().rstrip("\n"))


def warn(warnings: Iterable[str], how: Format) -> None:
    """Print warnings where a person reads them, apart from the answer."""
    if how is Format.text:
        for warning in warnings:
            print("warning:", warning, file=sys.stderr)
