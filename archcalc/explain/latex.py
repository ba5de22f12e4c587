"""Explanations as LaTeX, for a document that loads amsmath and booktabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Entry,
    Inline,
    Inlines,
    Math,
    Paragraph,
    Picture,
    Rule,
    Strong,
    Table,
)
from archcalc.explain.inline_math import inline_math, joined
from archcalc.explain.text import line as plain_line
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shape import Shape

__all__ = ["escaped", "line", "render"]

_LINE = 80
"""More letters than this are too many for a line."""

_WIDE = 28
"""Columns of more letters than this are broken into lines where a table is too wide."""

_LEAST = 0.17
"""A share of the line that a formula needs; where columns have less, letters are small."""

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "→": r"$\to$",
        "×": r"$\times$",
        "·": r"$\cdot$",
        "−": r"$-$",
        "≥": r"$\ge$",
        "≤": r"$\le$",
        "<": r"$<$",
        ">": r"$>$",
        "⌊": r"$\lfloor$",
        "⌋": r"$\rfloor$",
        "⌈": r"$\lceil$",
        "⌉": r"$\rceil$",
        "²": r"\textsuperscript{2}",
        "`": r"\textasciigrave{}",
        "…": r"\ldots{}",
        "µ": r"\textmu{}",
    }
)


def escaped(words: str) -> str:
    """Running text with what LaTeX takes for commands made harmless.

    >>> escaped("100 % of c_in")
    '100 \\\\% of c\\\\_in'
    """
    return visible(words).translate(_SPECIAL)


def render(document: Document) -> str:
    """`document` as LaTeX, without a last line end."""
    return "\n\n".join(_block(block) for block in document.blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph(content, kind):
            if kind == "warning":
                return rf"\paragraph{{Warning}} {line(content)}"
            return rf"\noindent\textbf{{{line(content)}}}" if kind == "total" else line(content)
        case Entry(title, rules):
            if not rules:
                return rf"\paragraph{{{line(title)}}}"
            return f"\\paragraph{{{line(title)}}}\\mbox{{}}\\\\\n{_rules(rules)}"
        case Table():
            return _table(block)
        case Picture(_, mermaid):
            lines = (rf"{escaped(words).replace(' ', '~')}\\" for words in mermaid.splitlines())
            return "\n".join([r"{\ttfamily\small\noindent", *lines, "}"])


def _rules(rules: Sequence[Rule]) -> str:
    """Rules as columns as wide as they are, or in lines that are broken where that is too much."""
    contents = max(len(plain_line(rule.content)) for rule in rules)
    notes = max(len(plain_line(rule.note)) for rule in rules)
    columns, ragged = "ll", ""
    if contents + notes > _LINE:
        columns = r"p{0.6\linewidth}p{0.28\linewidth}" if notes else r"p{0.88\linewidth}l"
        ragged = r"\raggedright "
    rows = [f"{escaped(r.label)} & {ragged}{line(r.content)} & {ragged if notes else ''}"
            rf"{line(r.note)} \tabularnewline" for r in rules]  # fmt: skip
    begin = rf"\begin{{tabular}}{{@{{}}l{columns}@{{}}}}"
    return "\n".join([begin, *rows, r"\end{tabular}"])


def _table(table: Table) -> str:
    columns, starts, small = _columns(table)
    rows = [_row((line(cell) for cell in row), starts) for row in table.rows]
    if table.footer:
        rows.insert(len(rows) - table.footer, r"\midrule")
    head = _row((escaped(heading) for heading in table.head), starts)
    top = [r"\toprule", head, r"\midrule"] if any(table.head) else [r"\toprule"]
    begin, end = rf"\begin{{tabular}}{{{columns}}}", r"\end{tabular}"
    if small:
        begin = r"{\footnotesize\setlength{\tabcolsep}{3pt}\noindent" + "\n" + begin
        end += r"\par}"
    under = ["", line(table.caption)] if table.caption else []
    return "\n".join([begin, *top, *rows, r"\bottomrule", end, *under])


def _row(cells: Iterable[str], starts: Sequence[str]) -> str:
    parts = (start + cell if cell else "" for start, cell in zip(starts, cells, strict=True))
    return rf"{' & '.join(parts)} \tabularnewline"


def _columns(table: Table) -> tuple[str, list[str], bool]:
    """Columns as wide as they are; where that is too much, lines break in those that are wide.

    Also what each cell of a column begins with, and whether letters have to be small.
    """
    columns = zip(table.head, *table.rows, strict=True)
    widths = [max(_letters(cell) for cell in column) for column in columns]
    wide = sum(width for width in widths if width > _WIDE)
    if not wide or sum(widths) + 2 * len(widths) <= _LINE:
        return table.align, [""] * len(widths), False
    whole = 0.9 - 0.02 * len(widths) - (sum(widths) - wide) / _LINE
    made, starts, small = "", [], False
    for width, side in zip(widths, table.align, strict=True):
        share = whole * width / wide
        broken = width > _WIDE
        small |= broken and share < _LEAST
        made += rf"p{{{max(share, _LEAST):.2f}\linewidth}}" if broken else side
        ragged = r"\raggedleft " if side == "r" else r"\raggedright "
        starts.append(ragged if broken else "")
    return made, starts, small


def _letters(cell: str | Inlines) -> int:
    return len(cell if isinstance(cell, str) else plain_line(cell))


def line(content: Iterable[Inline]) -> str:
    return joined(_inline(part) for part in content)


def _inline(part: Inline) -> str:
    match part:
        case str():
            return escaped(part)
        case Math() | Amount() | Shape():
            return inline_math(part)
        case Code(name):
            return rf"\texttt{{{escaped(name)}}}"
        case Strong(words):
            return rf"\textbf{{{escaped(words)}}}"
