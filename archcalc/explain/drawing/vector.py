"""Drawings of networks as SVG that takes the page's own ink."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape, unescape

from archcalc.explain.drawing.clear_places import ClearPlaces, curves_of
from archcalc.explain.drawing.parts import Card, Words
from archcalc.explain.drawing.placing import LETTER, SMALL, TITLE, Placed, Route, Standing
from archcalc.explain.svg import INK, Edge, Point, Svg, SvgCanvas
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.shape import Shape, needs_brackets

__all__ = ["Shown", "as_svg"]

_TAGS = re.compile("<[^>]*>")

Shown = Callable[[Dim, bool], str]
"""How a dimension stands in the drawing, as markup, alone or with neighbours."""

INKS = {"product": "#3b82f6", "window": "#f97316", "merge": "#10b981", "other": "#8b8fa3"}
"""The colours of cards: what multiplies with weights, what slides, what joins, and the rest."""


def plainly(dim: Dim, neighbours: bool) -> str:
    """A dimension as text, in brackets where its neighbours need them."""
    text = escape(to_text(dim))
    return f"({text})" if neighbours and needs_brackets(dim) else text


def as_svg(
    placed: Placed,
    title: str,
    description: str,
    shown: Shown = plainly,
    noted: Callable[[Standing], str] | None = None,
    centre: float | None = None,
) -> Svg:
    """What is placed, drawn.

    Args:
        placed: the cards, blocks and lines.
        title: what is drawn.
        description: the drawing in words, for those who do not see it.
        shown: how a dimension stands in it.
        noted: what is said of a card where a pointer rests on it.
        centre: what stands in the middle of it, so that drawings can stand one below the other.
    """
    canvas = SvgCanvas()
    for standing in placed.standing:
        if standing.opened:
            _block(canvas, standing, shown, noted)
    canvas.open("g", "flow", fill="none", stroke=INK, stroke_opacity="0.6", stroke_width="1.4")
    for route in placed.routes:
        canvas.curve(curves_of(route.points, placed.down), "way")
    canvas.close("g")
    canvas.open("g", "flow", fill=INK, fill_opacity="0.6")
    for route in placed.routes:
        if route.ends:
            canvas.arrow(route.points[-1], "tip", _heading(route.points, placed.down))
    canvas.close("g")
    for standing in placed.standing:
        if not standing.opened:
            _card(canvas, standing, shown, noted)
    clear = ClearPlaces(placed)
    for route in placed.routes:
        _words(canvas, route, shown, clear)
    if centre is not None:
        canvas.centre(centre)
    return canvas.svg(title, description)


def _block(canvas: SvgCanvas, block: Standing, shown: Shown, noted: object) -> None:
    canvas.card((block.x, block.y), block.wide, block.high, INK, "block", strong=False)
    canvas.rich(
        (block.x + 9, block.y + 15),
        *_rich(block.label[0], shown),
        anchor="start", size=TITLE, kind="name",
    )  # fmt: skip


def _card(
    canvas: SvgCanvas,
    card: Standing,
    shown: Shown,
    noted: Callable[[Standing], str] | None,
) -> None:
    part = card.part
    ink = INKS[part.kind] if isinstance(part, Card) else INK
    canvas.open("g", "part", noted(card) if noted else "")
    if part.times != 1:
        canvas.card((card.x + 4, card.y + 4), card.wide, card.high, ink, "behind", strong=False)
    kind = part.kind if isinstance(part, Card) else "folded"
    canvas.card((card.x, card.y), card.wide, card.high, ink, kind, strong=kind != "folded")
    middle, y = card.x + card.wide / 2, card.y + (card.high - _tall(card)) / 2 + TITLE - 1
    for i, words in enumerate(card.label):
        size = SMALL if i else TITLE
        canvas.rich((middle, y), *_rich(words, shown), anchor="middle", size=size,
                    kind="more" if i else "name")  # fmt: skip
        y += SMALL + 4
    canvas.close("g")


def _tall(card: Standing) -> float:
    return TITLE + (SMALL + 4) * (len(card.label) - 1)


def _rich(words: Words, shown: Shown) -> tuple[str, str]:
    """Words as text, and as markup."""
    markup = []
    for word in words:
        if isinstance(word, str):
            markup.append(escape(word))
        elif isinstance(word, Shape):
            parts = [shown(dim, len(word) > 1) for dim in word]
            markup.append("×".join(parts) or "scalar")
        else:
            markup.append(shown(word, False))
    made = "".join(markup)
    return unescape(_TAGS.sub("", made)), made


def _heading(points: Sequence[Point], down: bool) -> Edge:
    """Where a line points to in the end: along the way that things flow, unless it is straight."""
    (a, b), (x, y) = points[-2:]
    if a == x:
        return "below" if y > b else "above"
    if b == y:
        return "right" if x > a else "left"
    return "below" if down else "right"


def _words(canvas: SvgCanvas, route: Route, shown: Shown, clear: ClearPlaces) -> None:
    if not route.words:
        return
    text, markup = _rich(route.words, shown)
    spot, anchor = clear.spot_of(route, len(text) * SMALL * LETTER)
    canvas.rich(spot, text, markup, anchor=anchor, size=SMALL, kind="shape")
