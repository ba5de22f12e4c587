"""Explanations as HTML with MathML, which browsers set without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from archcalc.explain import text
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
    Strong,
    Table,
)
from archcalc.symbolic.printing import to_mathml
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shape import Shape

__all__ = ["STYLE", "inline", "page", "render", "styled"]

_RULES = """
.archcalc { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; overflow-x: auto; }
.archcalc table { border-collapse: collapse; border: 0; margin: .4rem 0 1rem; font-size: inherit; }
.archcalc th, .archcalc td { border: 0; padding: .15rem .8rem .15rem 0; text-align: left;
  vertical-align: baseline; font-size: inherit; white-space: normal; max-width: none; }
.archcalc td.r, .archcalc th.r { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; padding-left: .8rem; }
.archcalc thead th { font-weight: 600; border-bottom: 1px solid currentColor; }
.archcalc tbody tr, .archcalc tbody tr:nth-child(n) { background: none; }
.archcalc tbody tr:hover { background: color-mix(in srgb, currentColor 7%, transparent); }
.archcalc tr.total td { border-top: 1px solid currentColor; font-weight: 600; }
.archcalc caption { caption-side: bottom; text-align: left; padding-top: .3rem; }
.archcalc p { margin: .4rem 0; }
.archcalc code { font: .92em ui-monospace, monospace; background: none; color: inherit;
  padding: 0; overflow-wrap: break-word; }
.archcalc math { math-style: normal; }
.archcalc mn { font-family: system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.archcalc .entry > h4 { margin: 1rem 0 0; font-size: 1em; font-weight: 400;
  white-space: pre-wrap; }
.archcalc .entry > h4 code { font-weight: 600; }
.archcalc .entry table { margin-top: .1rem; }
.archcalc .entry td:first-child, .archcalc .entry td.note { opacity: .65; }
.archcalc .entry td:first-child { min-width: 4.2rem; }
.archcalc .entry td:nth-child(2) { min-width: 30rem; }
.archcalc .entry td.note { padding-left: 1.5rem; }
.archcalc .warning { border-left: 3px solid #d90; padding-left: .8rem; }
.archcalc .total { font-weight: 600; }
@media (max-width: 40rem) { .archcalc .entry td:nth-child(2) { min-width: 0; } }
"""

STYLE = _RULES.replace(".archcalc ", ".archcalc.archcalc ")
"""What a fragment looks like: the page's own ink and ground, so that it is light on dark pages.

The class stands twice so that notebooks' own rules for tables and code give way.
"""

_PAGE = """
:root { color-scheme: light dark; --ink: #1c2024; --ground: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6e9; --ground: #16181c; } }
@media print { :root { --ink: #000; --ground: #fff; } }
body { color: var(--ink); background: var(--ground); margin: 2rem auto; padding: 0 1.2rem;
  max-width: 64rem; }
"""


def render(document: Document) -> str:
    """`document` as a fragment: one ``div`` of class ``archcalc``."""
    return _division(document, "")


def styled(document: Document) -> str:
    """`document` as a fragment with its style, for a notebook, whose pages have none for it."""
    return _division(document, f"<style>{STYLE}</style>\n")


def page(document: Document) -> str:
    """`document` as a page that stands by itself, and loads nothing."""
    head = (
        '<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{_escaped(document.title)}</title>\n<style>{_PAGE}{STYLE}</style>"
    )
    body = f"<body>\n{render(document)}\n</body>"
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n{body}\n</html>'


def _division(document: Document, before: str) -> str:
    blocks = "\n".join(_block(block) for block in document.blocks)
    return f'<div class="archcalc">\n{before}{blocks}\n</div>'


def _escaped(words: str) -> str:
    return escape(visible(words))


def _block(block: Block) -> str:
    match block:
        case Paragraph(content, kind):
            mark = f' class="{kind}"' if kind else ""
            word = "<strong>Warning:</strong> " if kind == "warning" else ""
            return f"<p{mark}>{word}{_line(content)}</p>"
        case Entry(title, rules):
            rows = "\n".join(
                f"<tr><td>{_escaped(rule.label)}</td><td>{_line(rule.content)}</td>"
                f'<td class="note">{_line(rule.note)}</td></tr>'
                for rule in rules
            )
            table = f"<table>\n{rows}\n</table>" if rules else ""
            return f'<section class="entry"><h4>{_line(title)}</h4>{table}</section>'
        case Table():
            return _table(block)
        case Picture(svg, _):
            return f"<figure>{svg}</figure>"


def _table(table: Table) -> str:
    body = [
        _row(row, table.align, "total" if i >= len(table.rows) - table.footer else "")
        for i, row in enumerate(table.rows)
    ]
    cells = zip(table.head, table.align, strict=True)
    head = "".join(f'<th class="{side}">{_escaped(name)}</th>' for name, side in cells)
    shown = f"<thead><tr>{head}</tr></thead>\n" if any(table.head) else ""
    caption = f"<caption>{_line(table.caption)}</caption>\n" if table.caption else ""
    return f"<table>\n{caption}{shown}<tbody>\n{chr(10).join(body)}\n</tbody></table>"


def _row(row: tuple[Iterable[Inline], ...], align: str, kind: str) -> str:
    cells = "".join(
        f'<td class="{side}">{_line(cell)}</td>' for cell, side in zip(row, align, strict=True)
    )
    return f'<tr class="{kind}">{cells}</tr>' if kind else f"<tr>{cells}</tr>"


def _line(content: Iterable[Inline]) -> str:
    return "".join(inline(part) for part in content)


def inline(part: Inline) -> str:
    """A part of a line."""
    match part:
        case str():
            return _escaped(part)
        case Math(expression, values, order):
            return to_mathml(expression, values, order)
        case Amount(value) if isinstance(value, int):
            return _escaped(text.inline(part))
        case Amount(value):
            return f"{text.plus(part)}{to_mathml(value)}"
        case Code(name):
            return f"<code>{_escaped(name)}</code>"
        case Strong(words):
            return f"<strong>{_escaped(words)}</strong>"
        case Shape():
            return " × ".join(part.factors(to_mathml, "({})")) or "scalar"
