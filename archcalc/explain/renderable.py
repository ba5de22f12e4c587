"""What every explanation can do: be read in five formats."""

from __future__ import annotations

import json
from typing import Any

from archcalc._loading import loaded
from archcalc.explain import text
from archcalc.explain.document import Document

__all__ = ["Renderable", "abridged", "json_text"]

_MOST_LINES = 60
"""More lines than this are not shown at the prompt."""


class Renderable:
    """What can be read as text, Markdown, LaTeX, HTML and JSON."""

    __slots__ = ()

    def document(self) -> Document:
        """What it says, as blocks."""
        raise TypeError(f"{type(self).__name__} does not say what it says: define document()")

    def to_dict(self) -> dict[str, Any]:
        """What it says, as data."""
        raise TypeError(f"{type(self).__name__} has no data: define to_dict()")

    def to_text(self) -> str:
        """As plain text."""
        return text.render(self.document())

    def to_markdown(self) -> str:
        """As GitHub-flavoured Markdown with LaTeX between dollar signs."""
        return _in("markdown:render", self.document())

    def to_latex(self) -> str:
        """As LaTeX, for a document that loads amsmath and booktabs."""
        return _in("latex:render", self.document())

    def to_html(self, *, page: bool = False) -> str:
        """As HTML with MathML, which browsers set without scripts.

        Args:
            page: a page that stands by itself, with its style; otherwise a fragment for a page that
                has one.
        """
        return _in("html:page" if page else "html:render", self.document())

    def to_json(self) -> str:
        """As JSON; a formula is a string that archcalc reads back."""
        return json_text(self.to_dict())

    def _repr_html_(self) -> str:
        return _in("html:styled", self.document())

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return abridged(self.to_text())


def _in(renderer: str, document: Document) -> str:
    """What a renderer makes of a document; it is loaded when it is first asked."""
    module, _, name = renderer.partition(":")
    made: str = getattr(loaded(f"archcalc.explain.{module}"), name)(document)
    return made


def abridged(words: str) -> str:
    """A text of many lines by its two ends, as the prompt shows it.

    >>> print(abridged("\\n".join(map(str, range(1000)))).splitlines()[40])
    ⋮ 940 more lines, which print() shows
    """
    lines = words.splitlines()
    if len(lines) <= _MOST_LINES:
        return words
    first, last = lines[: 2 * _MOST_LINES // 3], lines[-_MOST_LINES // 3 :]
    left = len(lines) - len(first) - len(last)
    return "\n".join([*first, f"⋮ {left:,} more lines, which print() shows", *last])


def json_text(value: Any) -> str:
    r"""Data as JSON in which every character that is not seen is written out.

    >>> print(json_text({"name": "a\x9b"}))
    {
      "name": "a\u009b"
    }
    """
    written = json.dumps(value, indent=2, ensure_ascii=False)
    if written.replace("\n", "").isprintable():
        return written
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in written)


def _escape(c: str) -> str:
    return json.dumps(c)[1:-1]
