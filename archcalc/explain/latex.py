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
    rows = [f"{' & '.join(line(cell) for cell in row)} \\\\" for row in table.rows]
    if table.footer:
        rows.insert(len(rows) - table.footer, r"\midrule")
    head = " & ".join(escaped(heading) for heading in table.head)
    top = [r"\toprule", rf"{head} \\", r"\midrule"] if any(table.head) else [r"\toprule"]
    begin, end = rf"\begin{{tabular}}{{{table.align}}}", r"\end{tabular}"
    under = ["", line(table.caption)] if table.caption else []
    return "\n".join([begin, *top, *rows, r"\bottomrule", end, *under])


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
