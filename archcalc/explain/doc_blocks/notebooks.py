"""Where the texts of a notebook's Markdown cells stand in its file, so that one alone can change.

A notebook is JSON.  Writing it anew would change how all of it is set; so the text of a cell is
found by its place in the file, and only that is put in place of what was there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import JSONDecodeError

from archcalc.symbolic.errors import SpecificationError

__all__ = ["Cell", "markdown_cells"]

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Cell:
    """The text of a Markdown cell.

    Attributes:
        number: which cell it is, counted from 1.
        text: what it says.
        start, end: where that is in the file.
        around: where it is a list of lines, what stands before the first, between two, and after
            the last; ``None`` where it is one string.
    """

    number: int
    text: str
    start: int
    end: int
    around: tuple[str, str, str] | None

    def encoded(self, text: str) -> str:
        """Another text, as the notebook has it."""
        if self.around is None:
            return json.dumps(text, ensure_ascii=False)
        before, between, after = self.around
        lines = (json.dumps(line, ensure_ascii=False) for line in text.splitlines(keepends=True))
        return f"{before}{between.join(lines)}{after}"


def markdown_cells(text: str) -> list[Cell]:
    """The Markdown cells of a notebook, in order.

    Raises:
        SpecificationError: this is not a notebook.

    >>> file = '{"cells": [{"cell_type": "markdown", "source": ["# A\\\\n", "b"]}]}'
    >>> [(cell.number, cell.text, file[cell.start : cell.end]) for cell in markdown_cells(file)]
    [(1, '# A\\nb', '["# A\\\\n", "b"]')]
    """
    try:
        return list(_cells(text))
    except (JSONDecodeError, RecursionError, IndexError) as error:
        raise SpecificationError(
            f"this is not a notebook: {error}", code="not-a-notebook",
            hint="a notebook is a JSON file with a list of cells",
        ) from None  # fmt: skip


def _cells(text: str) -> Iterator[Cell]:
    for key, start, _ in _members(text, _skip(text, 0)):
        if key != "cells":
            continue
        for number, (place, _) in enumerate(_items(text, start), 1):
            parts = {key: (begin, end) for key, begin, end in _members(text, place)}
            if "source" in parts and _value(text, parts.get("cell_type")) == "markdown":
                cell = _cell(text, number, *parts["source"])
                if cell is not None:
                    yield cell


def _value(text: str, span: tuple[int, int] | None) -> object:
    return json.loads(text[slice(*span)]) if span else None


def _cell(text: str, number: int, start: int, end: int) -> Cell | None:
    source = json.loads(text[start:end])
    if isinstance(source, str):
        return Cell(number, source, start, end, None)
    if not (isinstance(source, list) and all(isinstance(line, str) for line in source)):
        return None
    places = list(_items(text, start))
    if not places:
        return None
    before, after = text[start : places[0][0]], text[places[-1][1] : end]
    between = text[places[0][1] : places[1][0]] if len(places) > 1 else f",{before[1:]}"
    return Cell(number, "".join(source), start, end, (before, between, after))


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _expect(text: str, place: int, sign: str) -> int:
    if text[place : place + 1] != sign:
        raise JSONDecodeError(f"Expecting {sign!r}", text, place)
    return place + 1


def _end(text: str, place: int) -> int:
    """Where the value that begins at `place` ends."""
    return _DECODER.raw_decode(text, place)[1]


def _members(text: str, place: int) -> Iterator[tuple[str, int, int]]:
    """The members of an object: each key, and where its value stands."""
    place = _skip(text, _expect(text, place, "{"))
    while text[place : place + 1] != "}":
        key, place = _DECODER.raw_decode(text, place)
        place = _skip(text, _expect(text, _skip(text, place), ":"))
        end = _end(text, place)
        yield str(key), place, end
        place = _next(text, end, "}")


def _items(text: str, place: int) -> Iterator[tuple[int, int]]:
    """Where the items of a list stand."""
    place = _skip(text, _expect(text, place, "["))
    while text[place : place + 1] != "]":
        end = _end(text, place)
        yield place, end
        place = _next(text, end, "]")


def _next(text: str, place: int, closing: str) -> int:
    place = _skip(text, place)
    return place if text[place : place + 1] == closing else _skip(text, _expect(text, place, ","))
