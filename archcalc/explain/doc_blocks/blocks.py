"""Blocks in documents that archcalc fills: found, filled, and compared with what they should say.

    <!-- archcalc: mnist_cnn.yaml derivation -->
    …
    <!-- /archcalc -->

Everything here is a function of text: what opens files stands above, and nothing is executed.
"""

from __future__ import annotations

import re
import shlex
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from types import MappingProxyType
from typing import TypeAlias

from archcalc.explain.doc_blocks.syntax import MARKDOWN, Span, Syntax
from archcalc.explain.document import Document, Inlines
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted, shorten

__all__ = [
    "Answer",
    "Block",
    "Say",
    "Stale",
    "block_of",
    "described",
    "filled",
    "find_blocks",
    "has_blocks",
    "stale_blocks",
]

_NAME = re.compile(r"[^\W\d]\w*")
_LEAD = re.compile(r"[ \t>]*")
"""What stands before a mark on a line of its own: within a list, or a quotation of Markdown."""
_MOST_CHARACTERS = 4_000_000
"""More than any document that people write has; a mark is looked for in no more."""


@dataclass(frozen=True)
class Block:
    """A block of a document.

    Attributes:
        source: the network that it is about: a file, as the document names it, or ``"#name"`` for
            one that the document describes itself.
        view: what it says of it, such as ``"derivation"`` or ``"parameters"``.
        arguments: what the view is of: the path of a layer, another network.
        values: numbers for symbols, as the document has them: ``(("f", "64"),)``.
        name: what the document calls the answer, where it refers to it elsewhere.
        networks: what the document itself describes, by name, as YAML.
        text: what stands in it.
        line: where it begins.
        start, end: where the text lies in the document.
        whole: whether it has lines of its own, and is not a part of a sentence.
        lead: what each of those lines begins with, where it is part of a list or of a quotation.
    """

    source: str
    view: str
    arguments: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    name: str
    networks: tuple[tuple[str, str], ...]
    text: str
    line: int
    start: int
    end: int
    whole: bool = True
    lead: str = ""


Answer: TypeAlias = Document | Inlines
"""Paragraphs, or what stands within a sentence."""

Say: TypeAlias = Callable[[Block], Answer]
"""What a block should say."""


@dataclass(frozen=True)
class Stale:
    """A block that does not say what it should.

    Attributes:
        block: the block.
        text: what it should say.
        cell: which cell of a notebook it stands in, counted from 1; 0 elsewhere.
    """

    block: Block
    text: str
    cell: int = 0

    def diff(self, name: str = "document") -> str:
        """What would change, line by line."""
        lines = self.block.text.splitlines(), self.text.splitlines()
        name = f"{name}, cell {self.cell}" if self.cell else name
        shown = f"{name}, line {self.block.line}", f"{self.block.source} {self.block.view}"
        return "\n".join(unified_diff(*lines, *shown, lineterm="", n=1))


def has_blocks(text: str, syntax: Syntax = MARKDOWN) -> bool:
    """Whether there is a mark at all, which is quick to see."""
    return "archcalc:" in text and syntax.opening.search(text) is not None


def find_blocks(
    text: str, syntax: Syntax = MARKDOWN, networks: Mapping[str, str] = MappingProxyType({})
) -> list[Block]:
    """The blocks of a document; a mark in a listing is only shown.

    Args:
        text: the document.
        syntax: how documents of its kind mark a block.
        networks: what other parts of the document describe, by name, as YAML.

    Raises:
        SpecificationError: a block has no end, no network, or is not of the form it should be.

    >>> page = "# A\\n<!-- archcalc: a.yaml derivation -->\\nold\\n<!-- /archcalc -->\\n"
    >>> [(block.source, block.view, block.text, block.line) for block in find_blocks(page)]
    [('a.yaml', 'derivation', 'old\\n', 2)]
    >>> page = "It has <!-- archcalc: a.yaml parameters f=8 -->90<!-- /archcalc --> parameters."
    >>> [(block.view, block.values, block.text, block.whole) for block in find_blocks(page)]
    [('parameters', (('f', '8'),), '90', False)]
    """
    if len(text) > _MOST_CHARACTERS:
        raise SpecificationError(
            f"{len(text):,} characters are more than the {_MOST_CHARACTERS:,} that a document may "
            "have", code="too-large",
        )  # fmt: skip
    shown = _Spans(syntax.shown(text))
    known = {**networks, **dict(_networks(text, syntax, shown))}
    return list(_blocks(text, syntax, shown, tuple(known.items())))


def described(text: str, syntax: Syntax = MARKDOWN) -> dict[str, str]:
    """The networks that a document describes, by name, as YAML.

    Raises:
        SpecificationError: no listing follows a name, or two networks have it.

    >>> described("<!-- archcalc-network: one -->\\n```yaml\\ninput: 3\\n```\\n")
    {'one': 'input: 3\\n'}
    """
    if "archcalc-network:" not in text:
        return {}
    return dict(_networks(text, syntax, _Spans(syntax.shown(text))))


class _Spans:
    """Parts of a text, in order."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._starts = [start for start, _ in spans]

    def __contains__(self, place: int) -> bool:
        last = bisect_right(self._starts, place) - 1
        return last >= 0 and place < self._spans[last][1]


def _networks(text: str, syntax: Syntax, shown: _Spans) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for mark in syntax.defining.finditer(text):
        if mark.start() in shown:
            continue
        name, line = mark["name"].strip(), _line_of(text, mark.start())
        if not _NAME.fullmatch(name) or name in seen:
            wrong = "is the name of two networks" if name in seen else "is not a name"
            raise _wrong(line, f"{quoted(name, 40)} {wrong}", "write archcalc-network: mnist")
        listing = syntax.listing(text, mark.end())
        if listing is None:
            raise _wrong(line, f"no listing follows that describes {name}", "put the YAML there")
        seen.add(name)
        yield name, listing


def block_of(order: str, syntax: Syntax, networks: Mapping[str, str], *, whole: bool) -> Block:
    """A block by what its mark says, where a tool has marks of its own.

    Args:
        order: the network, the view, and so on: ``"mnist_cnn.yaml rule conv2d f=64"``.
        syntax: of the document it stands in.
        networks: what the document describes itself, by name, as YAML.
        whole: whether the answer has lines of its own.

    Raises:
        SpecificationError: it names no network, or is not of the form it should be.
    """
    parts = _order(order, 1, syntax)
    return Block(*parts, tuple(networks.items()), "", 1, 0, 0, whole)


def _blocks(
    text: str, syntax: Syntax, shown: _Spans, networks: tuple[tuple[str, str], ...]
) -> Iterator[Block]:
    place = 0
    while opened := syntax.opening.search(text, place):
        place = opened.end()
        if opened.start() in shown:
            continue
        line = _line_of(text, opened.start())
        closed, following = (
            _after(pattern, text, place, shown) for pattern in (syntax.closing, syntax.opening)
        )
        if closed is None or (following and following.start() < closed.start()):
            raise _wrong(line, "this block has no end", f"write {syntax.marks[1]} after it")
        order = _order(opened["order"], line, syntax)
        whole = _alone(text, opened) and _alone(text, closed)
        start, end = _inside(text, opened, closed) if whole else (opened.end(), closed.start())
        lead = _lead(text, opened) if whole else ""
        yield Block(*order, networks, text[start:end], line, start, end, whole, lead)
        place = closed.end()


def _after(pattern: re.Pattern[str], text: str, place: int, shown: _Spans) -> re.Match[str] | None:
    found = pattern.search(text, place)
    while found and found.start() in shown:
        found = pattern.search(text, found.end())
    return found


def _alone(text: str, mark: re.Match[str]) -> bool:
    """Whether nothing else stands on the line of a mark."""
    end = text.find("\n", mark.end())
    before = text[_line_start(text, mark) + len(_lead(text, mark)) : mark.start()]
    around = before + text[mark.end() : None if end < 0 else end]
    return not around.strip() and "\n" not in text[mark.start() : mark.end()]


def _line_start(text: str, mark: re.Match[str]) -> int:
    return text.rfind("\n", 0, mark.start()) + 1


def _lead(text: str, mark: re.Match[str]) -> str:
    found = _LEAD.match(text, _line_start(text, mark))
    return found[0] if found else ""


def _inside(text: str, opened: re.Match[str], closed: re.Match[str]) -> Span:
    """The lines between two marks that have lines of their own."""
    start = text.find("\n", opened.end()) + 1
    end = text.rfind("\n", 0, closed.start()) + 1
    return start, max(start, end)


def _line_of(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _order(
    order: str, line: int, syntax: Syntax
) -> tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...], str]:
    """The network, what is said of it, of which part, values for symbols, and a name."""
    try:
        words = shlex.split(order)
    except ValueError as error:
        raise _wrong(line, f"{shorten(order, 60)}: {error}", "") from None
    values = dict(_value(word, line) for word in words if "=" in word)
    rest = [word for word in words if "=" not in word]
    if not rest:
        hint = f"write {syntax.marks[0]}"
        raise _wrong(line, f"{quoted(order.strip(), 60)} names no network", hint)
    name = values.pop("as", "")
    if name and (syntax.named is None or not _NAME.fullmatch(name)):
        wrong = f"names no answers in {syntax.name}" if syntax.named is None else "is not a name"
        raise _wrong(line, f"as={shorten(name, 40)} {wrong}", "write as=parameters")
    view = rest[1] if len(rest) > 1 else "derivation"
    return rest[0], view, tuple(rest[2:]), tuple(values.items()), name


def _value(word: str, line: int) -> tuple[str, str]:
    name, _, value = word.partition("=")
    if not name or not value:
        raise _wrong(line, f"{quoted(word, 40)} gives no symbol a value", "write f=64")
    return name, value


def _wrong(line: int, message: str, hint: str) -> SpecificationError:
    return SpecificationError(message, code="bad-block", path=f"line {line}", hint=hint)


def stale_blocks(
    text: str,
    say: Say,
    syntax: Syntax = MARKDOWN,
    networks: Mapping[str, str] = MappingProxyType({}),
) -> list[Stale]:
    """The blocks of a document that do not say what they should.

    Args:
        text: the document.
        say: what a block should say.
        syntax: how documents of its kind mark a block.
        networks: what other parts of the document describe.

    Raises:
        ArchcalcError: a block is not of the form it should be, or what it is about cannot be read;
            with its line.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    found = find_blocks(text, syntax, networks)
    wanted = [(block, _set(block, say, syntax, newline)) for block in found]
    return [Stale(block, said) for block, said in wanted if block.text != said]


def filled(
    text: str,
    say: Say,
    syntax: Syntax = MARKDOWN,
    networks: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The document with every block saying what it should; nothing else in it changes.

    Args:
        text: the document.
        say: what a block should say.
        syntax: how documents of its kind mark a block.
        networks: what other parts of the document describe.

    Raises:
        ArchcalcError: as for `stale_blocks`.

    >>> filled("Of <!-- archcalc: a.yaml parameters --><!-- /archcalc --> in all", lambda b: ("8",))
    'Of <!-- archcalc: a.yaml parameters -->8<!-- /archcalc --> in all'
    """
    for stale in reversed(stale_blocks(text, say, syntax, networks)):
        text = text[: stale.block.start] + stale.text + text[stale.block.end :]
    return text


def _set(block: Block, say: Say, syntax: Syntax, newline: str) -> str:
    """What a block should say, as it stands in the document."""
    try:
        answer = say(block)
    except ArchcalcError as error:
        raise error.in_file(f"line {block.line}") from None
    if isinstance(answer, Document):
        if not block.whole or block.name:
            hint = f"put the marks on lines of their own: {syntax.marks[0]}"
            raise _wrong(block.line, f"a {block.view} is more than a part of a line", hint)
        said = syntax.block(answer)
    else:
        said = syntax.inline(answer)
        said = syntax.named(block.name, said) if block.name and syntax.named else said
    if not block.whole:
        return said.replace("\n", " ")
    around = "\n" if syntax.apart else ""
    said = f"{around}{said.strip()}\n{around}"
    return _led(said, block.lead).replace("\n", newline)


def _led(said: str, lead: str) -> str:
    """Lines as a list or a quotation has them; those that say nothing end where they begin."""
    return "".join(
        f"{lead}{line}\n" if line else f"{lead.rstrip()}\n" for line in said.split("\n")[:-1]
    )
