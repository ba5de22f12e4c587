"""Explanations as an HTML fragment with MathML, which browsers set without scripts."""

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
    Strong,
    Table,
)
from archcalc.symbolic.printing import to_mathml
from archcalc.symbolic.shape import Shape, is_sum

__all__ = ["STYLE", "page", "render"]

STYLE = """
.archcalc { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; }
.archcalc table { border-collapse: collapse; margin: .4rem 0 1rem; }
.archcalc th, .archcalc td { padding: .15rem .8rem; text-align: left; vertical-align: baseline; }
.archcalc td.r, .archcalc th.r { text-align: right; font-variant-numeric: tabular-nums; }
.archcalc thead th { border-bottom: 1px solid currentColor; }
.archcalc tr.total td { border-top: 1px solid currentColor; font-weight: 600; }
.archcalc math { math-style: normal; }
.archcalc mn { font-family: system-ui, sans-serif; }
.archcalc .entry > h4 { margin: 1rem 0 0; font-size: 1rem; font-weight: 400; }
.archcalc .entry > h4 code { font-weight: 600; }
.archcalc .entry td:first-child { color: #667; min-width: 3.6rem; }
.archcalc .entry td:nth-child(2) { min-width: 32rem; }
.archcalc .entry td.note { color: #667; padding-left: 2rem; white-space: nowrap; }
.archcalc .warning { border-left: 3px solid #d90; padding-left: .8rem; }
.archcalc .total { font-weight: 600; }
"""


def render(document: Document) -> str:
    """`document` as a fragment: one ``div`` of class ``archcalc``."""
    blocks = "\n".join(_block(block) for block in document.blocks)
    return f'<div class="archcalc">\n{blocks}\n</div>'


def page(document: Document) -> str:
    """`document` as a page that stands by itself."""
    title = escape(document.title)
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f"<!doctype html>\n<html><head>{head}</head><body>\n{render(document)}\n</body></html>"


def _block(block: Block) -> str:
    match block:
        case Paragraph(content, kind):
            mark = f' class="{kind}"' if kind else ""
            return f"<p{mark}>{_line(content)}</p>"
        case Entry(title, rules):
            rows = "\n".join(
                f"<tr><td>{escape(rule.label)}</td><td>{_line(rule.content)}</td>"
                f'<td class="note">{_line(rule.note)}</td></tr>'
                for rule in rules
            )
            table = f"<table>\n{rows}\n</table>" if rules else ""
            return f'<section class="entry"><h4>{_line(title)}</h4>{table}</section>'
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    body = [
        _row(row, table.align, "total" if i >= len(table.rows) - table.footer else "")
        for i, row in enumerate(table.rows)
    ]
    cells = zip(table.head, table.align, strict=True)
    head = "".join(f'<th class="{side}">{escape(name)}</th>' for name, side in cells)
    shown = f"<thead><tr>{head}</tr></thead>\n" if any(table.head) else ""
    caption = f"<caption>{_line(table.caption)}</caption>\n" if table.caption else ""
    return f"<table>\n{caption}{shown}<tbody>\n{chr(10).join(body)}\n</tbody></table>"


def _row(row: tuple[Iterable[Inline], ...], align: str, kind: str) -> str:
    cells = "".join(
        f'<td class="{side}">{_line(cell)}</td>' for cell, side in zip(row, align, strict=True)
    )
    return f'<tr class="{kind}">{cells}</tr>' if kind else f"<tr>{cells}</tr>"


def _line(content: Iterable[Inline]) -> str:
    return "".join(_inline(part) for part in content)


def _inline(part: Inline) -> str:
    match part:
        case str():
            return escape(part)
        case Math(expression, values, order):
            return to_mathml(expression, values, order)
        case Amount(value) if isinstance(value, int):
            return escape(text.inline(part))
        case Amount(value):
            return f"{text.plus(part)}{to_mathml(value)}"
        case Code(name):
            return f"<code>{escape(name)}</code>"
        case Strong(words):
            return f"<strong>{escape(words)}</strong>"
        case Shape():
            dims = [f"({to_mathml(dim)})" if is_sum(dim) else to_mathml(dim) for dim in part]
            return " × ".join(dims) or "scalar"
