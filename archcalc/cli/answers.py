"""Printing an answer in the format that was asked for."""

from __future__ import annotations

from typing import Protocol

from archcalc.cli.options import Format

__all__ = ["Answer", "show"]


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
