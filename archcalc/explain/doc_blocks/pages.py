"""A document as it lies in a file: Markdown, reStructuredText, LaTeX, or a notebook's cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath

from archcalc.explain.doc_blocks.blocks import (
    Say,
    Stale,
    described,
    filled,
    has_blocks,
    stale_blocks,
)
from archcalc.explain.doc_blocks.notebooks import Cell, markdown_cells
from archcalc.explain.doc_blocks.syntax import LATEX, MARKDOWN, RST, Syntax
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted

__all__ = ["SUFFIXES", "Page"]

_KINDS: Mapping[str, Syntax] = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".rst": RST,
    ".tex": LATEX,
}
_NOTEBOOK = ".ipynb"

SUFFIXES = (*_KINDS, _NOTEBOOK)
"""How the names of documents end."""


@dataclass(frozen=True)
class Page:
    """A document.

    Attributes:
        name: the name of its file, by whose ending it is known what kind it is.
        text: what is in the file.

    >>> page = Page("a.md", "It has <!-- archcalc: a.yaml macs -->?<!-- /archcalc --> MACs.\\n")
    >>> page.has_blocks
    True
    >>> print(page.filled(lambda block: ("1,000",)), end="")
    It has <!-- archcalc: a.yaml macs -->1,000<!-- /archcalc --> MACs.
    """

    name: str
    text: str

    @property
    def syntax(self) -> Syntax:
        """How its blocks are marked.

        Raises:
            SpecificationError: it is not a kind of document that has blocks.
        """
        suffix = PurePath(self.name).suffix.lower()
        if suffix == _NOTEBOOK:
            return MARKDOWN
        if suffix not in _KINDS:
            raise SpecificationError(
                f"{quoted(PurePath(self.name).name, 60)} is not a document that has blocks",
                code="unknown-format", hint=f"names of documents end in {', '.join(SUFFIXES)}",
            )  # fmt: skip
        return _KINDS[suffix]

    @property
    def is_notebook(self) -> bool:
        """Whether its text is in cells."""
        return PurePath(self.name).suffix.lower() == _NOTEBOOK

    @property
    def has_blocks(self) -> bool:
        """Whether there is a block in it."""
        if self.is_notebook:
            return "archcalc:" in self.text and any(
                has_blocks(cell.text) for cell in markdown_cells(self.text)
            )
        return has_blocks(self.text, self.syntax)

    def stale(self, say: Say) -> list[Stale]:
        """The blocks that do not say what they should, in order.

        Raises:
            ArchcalcError: a block is not of the form it should be, or what it is about cannot be
                read; with its line, and its cell.
        """
        if not self.is_notebook:
            return stale_blocks(self.text, say, self.syntax)
        cells = markdown_cells(self.text)
        networks = _described(cells)
        return [s for cell in cells for s in _stale_in(cell, say, networks)]

    def filled(self, say: Say) -> str:
        """The text with every block saying what it should; nothing else in it changes.

        Raises:
            ArchcalcError: as for `stale`.
        """
        if not self.is_notebook:
            return filled(self.text, say, self.syntax)
        text, cells = self.text, markdown_cells(self.text)
        networks = _described(cells)
        for cell in reversed(cells):
            if _stale_in(cell, say, networks):
                fresh = cell.encoded(filled(cell.text, say, networks=networks))
                text = text[: cell.start] + fresh + text[cell.end :]
        return text


def _described(cells: Iterable[Cell]) -> dict[str, str]:
    """The networks that all cells describe."""
    found: dict[str, str] = {}
    for cell in cells:
        with _in_cell(cell):
            found |= described(cell.text)
    return found


def _stale_in(cell: Cell, say: Say, networks: Mapping[str, str]) -> list[Stale]:
    if "archcalc:" not in cell.text:
        return []
    with _in_cell(cell):
        stale = stale_blocks(cell.text, say, networks=networks)
    return [replace(one, cell=cell.number) for one in stale]


@contextmanager
def _in_cell(cell: Cell) -> Iterator[None]:
    """Errors from inside say which cell they are about."""
    try:
        yield
    except ArchcalcError as error:
        raise error.in_file(f"cell {cell.number}") from None
