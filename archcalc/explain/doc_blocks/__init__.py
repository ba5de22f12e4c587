"""Documents that check themselves: blocks that archcalc fills, in four kinds of document."""

from archcalc.explain.doc_blocks.blocks import Answer, Block, Say, Stale, block_of, find_blocks
from archcalc.explain.doc_blocks.pages import SUFFIXES, Page
from archcalc.explain.doc_blocks.syntax import LATEX, MARKDOWN, RST, Syntax
from archcalc.explain.doc_blocks.views import VIEWS, Open, View, say_with

__all__ = [
    "LATEX",
    "MARKDOWN",
    "RST",
    "SUFFIXES",
    "VIEWS",
    "Answer",
    "Block",
    "Open",
    "Page",
    "Say",
    "Stale",
    "Syntax",
    "View",
    "block_of",
    "find_blocks",
    "say_with",
]
