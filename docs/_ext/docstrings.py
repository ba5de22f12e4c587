"""Docstrings as they are meant: a colon in a sentence names no type, and two attributes are two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.ext import napoleon
from sphinx.ext.napoleon.docstring import GoogleDocstring

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["Docstring", "setup"]


class Docstring(GoogleDocstring):
    """Properties have sections as methods have, and a line of attributes may name several."""

    def _parse_attribute_docstring(self) -> list[str]:
        """The whole docstring: in place of a line that begins with a type."""
        self._what = "method"
        self._parse()
        return []

    def _consume_fields(self, *args: Any, **kwargs: Any) -> list[tuple[str, str, list[str]]]:
        fields = super()._consume_fields(*args, **kwargs)
        return [(each, kind, said) for names, kind, said in fields for each in names.split(", ")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Have napoleon read docstrings so."""
    app.setup_extension("sphinx.ext.napoleon")
    napoleon.GoogleDocstring = Docstring
    return {"parallel_read_safe": True}
