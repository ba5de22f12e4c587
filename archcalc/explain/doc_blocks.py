"""Blocks in documents that archcalc fills: found, filled, and compared with what they should say.

    <!-- archcalc: mnist_cnn.yaml derivation -->
    …
    <!-- /archcalc -->

Everything here is a function of text; what reads and writes files stands above.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TypeAlias

from archcalc.explain.derivation import derive
from archcalc.explain.renderable import Renderable
from archcalc.explain.summary import summarize
from archcalc.network import Trace, load
from archcalc.network.substitution import substitute
from archcalc.symbolic.errors import SpecificationError, shorten

__all__ = ["Block", "Stale", "filled", "find_blocks", "said_by_files", "stale_blocks"]

_OPEN = re.compile(r"^[ \t]*<!--[ \t]*archcalc:(?P<order>[^\n]*?)-->[ \t]*$", re.MULTILINE)
_CLOSE = re.compile(r"^[ \t]*<!--[ \t]*/archcalc[ \t]*-->[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)

_VIEWS: dict[str, Callable[[Trace], Renderable]] = {"derivation": derive, "summary": summarize}
"""What a block may say of a network."""


@dataclass(frozen=True)
class Block:
    """A block of a document.

    Attributes:
        file: the architecture file that it is about, as it is written there.
        view: what it says of it: ``"derivation"`` or ``"summary"``.
        values: numbers for symbols, as they are written: ``(("f", "64"),)``.
        text: what stands in it.
        line: where it begins.
        start, end: where the text lies in the document.
    """

    file: str
    view: str
    values: tuple[tuple[str, str], ...]
    text: str
    line: int
    start: int
    end: int


Say: TypeAlias = Callable[[Block], str]
"""What a block should say, as Markdown."""


@dataclass(frozen=True)
class Stale:
    """A block that does not say what it should.

    Attributes:
        block: the block.
        text: what it should say.
    """

    block: Block
    text: str

    def diff(self, name: str = "document") -> str:
        """What would change, line by line."""
        lines = self.block.text.splitlines(), self.text.splitlines()
        shown = f"{name}, line {self.block.line}", self.block.file
        return "\n".join(unified_diff(*lines, *shown, lineterm="", n=1))


def find_blocks(text: str) -> list[Block]:
    """The blocks of a document in Markdown; what stands in fenced code is only shown.

    Raises:
        SpecificationError: a block has no end, no file, or is of no known kind.

    >>> page = "# A\\n<!-- archcalc: a.yaml derivation -->\\nold\\n<!-- /archcalc -->\\n"
    >>> [(block.file, block.view, block.text, block.line) for block in find_blocks(page)]
    [('a.yaml', 'derivation', 'old\\n', 2)]
    """
    return list(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    place = 0
    while opened := _OPEN.search(text, place):
        place = opened.end()
        if _in_fence(text, opened.start()):
            continue
        line = text.count("\n", 0, opened.start()) + 1
        closed = _CLOSE.search(text, place)
        following = _OPEN.search(text, place)
        if closed is None or (following and following.start() < closed.start()):
            raise _wrong(line, "this block has no end", "write <!-- /archcalc --> after it")
        start = min(opened.end() + 1, closed.start())
        order = _order(opened["order"], line)
        yield Block(*order, text[start : closed.start()], line, start, closed.start())
        place = closed.end()


def _in_fence(text: str, place: int) -> bool:
    return len(_FENCE.findall(text, 0, place)) % 2 == 1


def _order(order: str, line: int) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """The file, what is said of it, and values for symbols."""
    try:
        words = shlex.split(order)
    except ValueError as error:
        raise _wrong(line, f"{shorten(order, 60)}: {error}", "") from None
    values = tuple(_value(word, line) for word in words if "=" in word)
    rest = [word for word in words if "=" not in word]
    if len(rest) not in (1, 2):
        hint = "write <!-- archcalc: FILE derivation -->"
        raise _wrong(line, f"{shorten(order.strip(), 60)!r} is not a file and a view", hint)
    view = rest[1] if len(rest) == 2 else "derivation"
    if view not in _VIEWS:
        hint = f"there are {', '.join(_VIEWS)}"
        raise _wrong(line, f"{shorten(view, 40)!r} is nothing to say of a network", hint)
    return rest[0], view, values


def _value(word: str, line: int) -> tuple[str, str]:
    name, _, value = word.partition("=")
    if not name or not value:
        raise _wrong(line, f"{shorten(word, 40)!r} gives no symbol a value", "write f=64")
    return name, value


def _wrong(line: int, message: str, hint: str) -> SpecificationError:
    return SpecificationError(message, code="bad-block", path=f"line {line}", hint=hint)


def stale_blocks(text: str, say: Say) -> list[Stale]:
    """The blocks of a document that do not say what they should.

    Raises:
        ArchcalcError: a block is none, or what it is about cannot be read.
    """
    wanted = ((block, _set(say(block))) for block in find_blocks(text))
    return [Stale(block, said) for block, said in wanted if block.text != said]


def filled(text: str, say: Say) -> str:
    """The document with every block saying what it should.

    Raises:
        ArchcalcError: as for `stale_blocks`.

    >>> filled("<!-- archcalc: a.yaml -->\\n<!-- /archcalc -->", lambda block: "new")
    '<!-- archcalc: a.yaml -->\\nnew\\n<!-- /archcalc -->'
    """
    for stale in reversed(stale_blocks(text, say)):
        text = text[: stale.block.start] + stale.text + text[stale.block.end :]
    return text


def _set(said: str) -> str:
    return f"{said.strip()}\n"


def said_by_files(folder: Path) -> Say:
    """What blocks should say of the files that they name, which are looked for in `folder`."""

    def say(block: Block) -> str:
        network = substitute(load(folder / block.file), dict(block.values))
        return _VIEWS[block.view](network.trace()).to_markdown()

    return say
