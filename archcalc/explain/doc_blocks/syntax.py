"""How each kind of document marks a block, what in it is only shown, and how an answer is set.

A document of each kind can be read by everybody else's tools: a mark is a comment of its language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import dedent

from archcalc.explain import latex, markdown, rst
from archcalc.explain.document import Amount, Document, Inlines
from archcalc.explain.text import inline

__all__ = ["LATEX", "MARKDOWN", "RST", "Span", "Syntax"]

Span = tuple[int, int]
"""Where something begins and ends in a text."""


@dataclass(frozen=True)
class Syntax:
    """The marks of one kind of document.

    Attributes:
        name: what it is called.
        opening: an opening mark; its group ``order`` is what the block says.
        closing: a closing mark.
        defining: a mark before a listing that describes a network; its group ``name`` names it.
        shown: where the text is a listing, in which a mark is only shown.
        listing: the listing right after a place, if there is one.
        marks: the two marks, for messages.
        block: an answer of whole paragraphs, as text.
        inline: an answer within a line, as text.
        named: a definition by which the text refers to an answer; none where `inline` is possible
            anywhere.
        apart: whether an empty line must stand between a mark and an answer.
        within: whether a mark may stand within a line.
    """

    name: str
    opening: re.Pattern[str]
    closing: re.Pattern[str]
    defining: re.Pattern[str]
    shown: Callable[[str], list[Span]]
    listing: Callable[[str, int], str | None]
    marks: tuple[str, str]
    block: Callable[[Document], str]
    inline: Callable[[Inlines], str]
    named: Callable[[str, str], str] | None = None
    apart: bool = False
    within: bool = False


def _plain(content: Inlines) -> Inlines:
    """A number by itself is digits: no formula, whose marks a reader of the source would see."""
    match content:
        case (Amount(value) as number,) if isinstance(value, int):
            return (inline(number),)
    return content


# Markdown

_FENCE = re.compile(
    r"^[ \t>]{0,12}(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]{1,4}[ \t>]{0,4})*"
    r"(?P<mark>`{3,}|~{3,})(?P<rest>[^\n]*)$",
    re.MULTILINE,
)
"""A fence; within a list, at the beginning of an item too, and within a quotation."""
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")


def _fences(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Fenced code: where it begins, where its first line does, where its last ends, and itself."""
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            if not (fence["mark"][0] == "`" and "`" in fence["rest"]):
                opened = fence
        elif (
            fence["mark"][0] == opened["mark"][0]
            and len(fence["mark"]) >= len(opened["mark"])
            and not (fence["item"] or fence["rest"].strip())
        ):
            yield opened.start(), min(opened.end() + 1, fence.start()), fence.start(), fence.end()
            opened = None
    if opened is not None:
        yield opened.start(), min(opened.end() + 1, len(text)), len(text), len(text)


_LINE = re.compile(r"[^\n]*\n?")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")


def _code_by_spaces(text: str, fences: list[Span]) -> Iterator[Span]:
    """Lines that four spaces make code: after an empty line, and within no item of a list."""
    in_list, in_code, after_empty = False, False, True
    for line in _LINE.finditer(text):
        words = line[0].expandtabs(4)
        if not words.strip():
            after_empty = True
            continue
        deep = words.startswith("    ")
        if not any(start <= line.start() < end for start, end in fences):
            if _ITEM.match(words):
                in_list, in_code = True, False
            elif not deep:
                in_list, in_code = in_list and not (after_empty and words[0] != " "), False
            elif in_code or (after_empty and not in_list):
                in_code = True
                yield line.span()
        after_empty = False


def _shown_in_markdown(text: str) -> list[Span]:
    fences = [(start, end) for start, _, _, end in _fences(text)]
    spans: list[Span] = []
    place = 0
    for start, end in [*sorted([*fences, *_code_by_spaces(text, fences)]), (len(text), len(text))]:
        spans.extend(found.span() for found in _CODE_SPAN.finditer(text, place, start))
        spans.append((start, end))
        place = end
    return spans


def _fenced(text: str, place: int) -> str | None:
    for start, first, last, _ in _fences(text):
        if start >= place:
            listing = re.sub(r"^[ \t]*>[> \t]?", "", text[first:last], flags=re.MULTILINE)
            return listing if not text[place:start].strip() else None
    return None


MARKDOWN = Syntax(
    "Markdown",
    re.compile(r"<!--[ \t]*archcalc:(?P<order>[^\n]*?)-->"),
    re.compile(r"<!--[ \t]*/archcalc[ \t]*-->"),
    re.compile(r"<!--[ \t]*archcalc-network:(?P<name>[^\n]*?)-->"),
    _shown_in_markdown,
    _fenced,
    ("<!-- archcalc: FILE derivation -->", "<!-- /archcalc -->"),
    markdown.render,
    lambda content: markdown.line(_plain(content)),
    within=True,
)


# reStructuredText

_LITERAL = re.compile(
    r"^(?P<indent>[ \t]*)(?:\.\.[ \t]+(?:code-block|code|sourcecode|parsed-literal|prompt|raw|math)"
    r"::[^\n]*|(?!\.\.[ \t])[^\n]*::[ \t]*)$",
    re.MULTILINE,
)


def _indented(text: str, begin: int, indent: int) -> Span:
    """The lines from `begin` on that are indented deeper, or empty."""
    end = begin
    for line in text[begin:].splitlines(keepends=True):
        depth = len(line) - len(line.lstrip())
        if line.strip() and depth <= indent:
            break
        end += len(line)
    return begin, end


def _shown_in_rst(text: str) -> list[Span]:
    spans: list[Span] = []
    for opened in _LITERAL.finditer(text):
        if not spans or opened.start() >= spans[-1][1]:
            spans.append(_indented(text, min(opened.end() + 1, len(text)), len(opened["indent"])))
    return spans


def _literal(text: str, place: int) -> str | None:
    opened = _LITERAL.search(text, place)
    if opened is None or text[place : opened.start()].strip():
        return None
    begin, end = _indented(text, min(opened.end() + 1, len(text)), len(opened["indent"]))
    lines = text[begin:end].splitlines()
    while lines and (not lines[0].strip() or re.match(r"\s+:[\w-]+:", lines[0])):
        del lines[0]  # the options of a directive
    return dedent("\n".join(lines))


def _substitution(name: str, said: str) -> str:
    return f".. |{name}| replace:: {said}"


RST = Syntax(
    "reStructuredText",
    re.compile(r"^[ \t]*\.\.[ \t]+archcalc:(?!:)(?P<order>[^\n]*)$", re.MULTILINE),
    re.compile(r"^[ \t]*\.\.[ \t]+/archcalc[ \t]*$", re.MULTILINE),
    re.compile(r"^[ \t]*\.\.[ \t]+archcalc-network:(?!:)(?P<name>[^\n]*)$", re.MULTILINE),
    _shown_in_rst,
    _literal,
    (".. archcalc: FILE derivation", ".. /archcalc"),
    rst.render,
    lambda content: rst.line(_plain(content)),
    named=_substitution,
    apart=True,
)


# LaTeX

_ENVIRONMENT = r"(?P<kind>verbatim\*?|Verbatim|lstlisting|minted|alltt|comment)"
_BEGIN = re.compile(rf"\\begin\{{{_ENVIRONMENT}\}}(?:\[[^\]\n]*\])?(?:\{{[^}}\n]*\}})?")


def _listings(text: str) -> Iterator[tuple[int, int, int, int]]:
    place = 0
    while opened := _BEGIN.search(text, place):
        closing = f"\\end{{{opened['kind']}}}"
        last = text.find(closing, opened.end())
        last = len(text) if last < 0 else last
        place = min(last + len(closing), len(text))
        yield opened.start(), opened.end(), last, place


def _shown_in_latex(text: str) -> list[Span]:
    return [(start, end) for start, _, _, end in _listings(text)]


def _listed(text: str, place: int) -> str | None:
    for start, first, last, _ in _listings(text):
        if start >= place:
            return text[first:last] if not text[place:start].strip() else None
    return None


def _command(name: str, said: str) -> str:
    return rf"\newcommand{{\{name}}}{{{said}}}"


LATEX = Syntax(
    "LaTeX",
    re.compile(r"^[ \t]*%+[ \t]*archcalc:(?P<order>[^\n]*)$", re.MULTILINE),
    re.compile(r"^[ \t]*%+[ \t]*/archcalc[ \t]*$", re.MULTILINE),
    re.compile(r"^[ \t]*%+[ \t]*archcalc-network:(?P<name>[^\n]*)$", re.MULTILINE),
    _shown_in_latex,
    _listed,
    ("% archcalc: FILE derivation", "% /archcalc"),
    latex.render,
    latex.line,
    named=_command,
)
