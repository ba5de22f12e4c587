"""What every explanation can do: be read in five formats."""

from __future__ import annotations

import json
from typing import Any

from archcalc.explain import html, latex, markdown, text
from archcalc.explain.document import Document

__all__ = ["Explained"]


class Explained:
    """What can be read as text, Markdown, LaTeX, HTML and JSON."""

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
        return markdown.render(self.document())

    def to_latex(self) -> str:
        """As LaTeX, for a document that loads amsmath and booktabs."""
        return latex.render(self.document())

    def to_html(self) -> str:
        """As an HTML fragment with MathML, which browsers set without scripts."""
        return html.render(self.document())

    def to_json(self) -> str:
        """As JSON; a formula is a string that archcalc reads back."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return self.to_text()
