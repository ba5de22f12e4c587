"""Two networks in a picture: their layers side by side, or their totals along a symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.explain.canvas import PlotCanvas, count_axis
from archcalc.explain.svg import FIRST, SECOND
from archcalc.formula import Formula
from archcalc.formula.crossing import Crossover, crossover
from archcalc.formula.values import read_values
from archcalc.symbolic.errors import (
    EvaluationError,
    NoSolutionError,
    PictureError,
    RequirementError,
)
from archcalc.symbolic.numbers import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Bar", "Pair", "Total", "bars", "curves"]

_SIDES = (("first", FIRST), ("second", SECOND))
"""What the two networks are called, and their ink."""

_MOST_BARS = 40
"""Of more layers than this only the largest are drawn."""

_MOST_POINTS = 400
"""A curve is drawn through no more values than this, evenly spread over those that are given."""

_MOST_MARKED = 100
_MOST_SAID = 9
"""No more crossings than this are marked, and no more of those are said."""

Pair = tuple[Formula | None, Formula | None]
"""A count of the first network, and of the second; ``None`` where one has not got the layer."""


Total = tuple[str, Formula, Formula]
"""What is counted, and the total of each network."""


class Bar(NamedTuple):
    """A layer, and for each panel what it counts in both networks."""

    name: str
    pairs: tuple[Pair, ...]


def bars(titles: Sequence[str], layers: Sequence[Bar], canvas: PlotCanvas) -> Figure:
    """What both networks count at each layer, with a panel for each of `titles`.

    Raises:
        PictureError: symbols are left, or no layer counts anything.
    """
    _refuse_symbols(n for bar in layers for pair in bar.pairs for n in pair if n is not None)
    counted = [bar for bar in layers if any(_number(n) for pair in bar.pairs for n in pair)]
    if not counted:
        raise PictureError("no layer of these networks counts anything")
    drawn = _largest(counted)
    size = (4.4 * len(titles) + 1.5, 1.2 + 0.42 * len(drawn))
    figure, panels = canvas.panels(1, len(titles), size, same_height=False)
    for i, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        _bar_panel(axes, [bar.pairs[i] for bar in drawn])
        axes.set_yticks(range(len(drawn)), [bar.name if i == 0 else "" for bar in drawn])
        axes.set_ylim(len(drawn) - 0.4, -0.6)
        axes.set_title(title)
    if len(drawn) < len(counted):
        figure.supxlabel(f"the {len(drawn)} largest of {len(counted)} layers", fontsize="small")
    _legend(figure, panels[0])
    return canvas.done(figure)


def _largest(layers: Sequence[Bar]) -> list[Bar]:
    """Those that count most in any panel, in their order."""
    sizes = [[sum(map(_number, pair)) for pair in bar.pairs] for bar in layers]
    most = [max(column) or 1 for column in zip(*sizes, strict=True)]
    shares = [max(n / top for n, top in zip(row, most, strict=True)) for row in sizes]
    kept = sorted(range(len(layers)), key=shares.__getitem__, reverse=True)[:_MOST_BARS]
    return [layers[i] for i in sorted(kept)]


def _bar_panel(axes: Axes, pairs: Sequence[Pair]) -> None:
    for side, (name, ink) in enumerate(_SIDES):
        counts = [pair[side] for pair in pairs]
        places = [i + (side - 0.5) * 0.4 for i in range(len(pairs))]
        drawn = axes.barh(places, [float(_number(n)) for n in counts], 0.38, color=ink, label=name)
        said = ["—" if n is None else f"{_number(n):,}" for n in counts]
        axes.bar_label(drawn, said, padding=3, fontsize="x-small")
    axes.margins(x=0.3)
    count_axis(axes.xaxis)


def _number(count: Formula | None) -> int:
    return 0 if count is None else int(count)


def _refuse_symbols(formulas: Iterable[Formula], but: str = "") -> None:
    left = {s.name for formula in formulas for s in formula.symbols} - {but}
    if left:
        raise PictureError(
            f"{', '.join(sorted(left))} {'is' if len(left) == 1 else 'are'} no number yet",
            code="symbols-left",
            hint="give numbers, or the values of one symbol along which both are drawn",
        )


def curves(
    symbol: str,
    values: Iterable[int],
    totals: Sequence[Total],
    others: Mapping[str, Any],
    canvas: PlotCanvas,
) -> Figure:
    """Both totals along the values of a symbol, a panel for each, with the crossings marked.

    Args:
        symbol: the symbol.
        values: at least two.
        totals: what is counted, and the total of each network.
        others: numbers for other symbols.
        canvas: where it goes.

    Raises:
        UnknownSymbolError: no total has such a symbol.
        PictureError: symbols are left, or a network exists at none of `values`.
        EvaluationError: a value is no positive integer, or a total is too large to be drawn.
    """
    known = {n: s for _, *pair in totals for total in pair for n, s in total.known_symbols.items()}
    along = _points(symbol, values)
    for n in along:
        read_values({symbol: n, **others}, known)
    figure, panels = canvas.panels(1, len(totals), (5.0 * len(totals), 4.0), same_height=False)
    for axes, (title, *pair) in zip(panels, totals, strict=True):
        _curve_panel(axes, symbol, along, [_with(total, others) for total in pair])
        axes.set_title(title)
    _legend(figure, panels[0])
    return canvas.done(figure)


def _points(symbol: str, values: Iterable[int]) -> list[int]:
    """The values to draw through, in order: all, or as many as can be seen.

    Raises:
        EvaluationError: there are not two of them.
    """
    try:
        given = values if isinstance(values, range) else sorted(set(values))
    except TypeError:
        given = []
    if len(given) < 2:
        raise EvaluationError(
            f"a curve takes at least two values of {symbol}",
            code="too-few-values",
            hint=f"give {symbol} a range, such as 1 to 100",
        )
    return sorted({*given[:: -(-len(given) // _MOST_POINTS)], given[-1]})


def _with(total: Formula, values: Mapping[str, Any]) -> Formula:
    return Formula(total(**{n: v for n, v in values.items() if n in total.known_symbols}))


def _crossings(symbol: str, first: Formula, second: Formula) -> list[int]:
    """The values from which on another is the larger, or both are equal, where they are found."""
    if symbol not in {**first.known_symbols, **second.known_symbols}:
        return []
    try:
        found = crossover(first, second, symbol)
    except NoSolutionError:
        return []
    if not isinstance(found, Crossover):
        return []
    return [b.low for a, b in pairwise(found.runs) if b.larger != a.larger != "neither"]


def _curve_panel(axes: Axes, symbol: str, points: Sequence[int], pair: Sequence[Formula]) -> None:
    _refuse_symbols(pair, but=symbol)
    for total, (name, ink) in zip(pair, _SIDES, strict=True):
        known = [(n, at) for n in points if (at := _at(total, symbol, n)) is not None]
        if not known:
            raise PictureError(
                f"the {name} network exists at none of these {symbol}",
                code="no-network",
                hint="give other values",
            )
        axes.plot(*zip(*known, strict=True), color=ink, label=name)
    _mark(axes, symbol, [n for n in _crossings(symbol, *pair) if points[0] <= n <= points[-1]])
    axes.set_xlabel(symbol)
    count_axis(axes.yaxis)


def _mark(axes: Axes, symbol: str, crossings: Sequence[int]) -> None:
    """A line at each crossing, and what the first ones are."""
    for n in crossings[:_MOST_MARKED]:
        axes.axvline(n, color="0.5", linewidth=0.8, linestyle=":")
    for place, n in enumerate(crossings[:_MOST_SAID]):
        axes.annotate(
            f"{symbol} = {n:,}", (n, 1), xycoords=("data", "axes fraction"),
            xytext=(3, -3 - 11 * place), textcoords="offset points", va="top", fontsize="small",
        )  # fmt: skip


def _at(total: Formula, symbol: str, n: int) -> float | None:
    """The total at a value; ``None`` where there is no such network."""
    try:
        return float(total(**{symbol: n}) if symbol in total.known_symbols else int(total))
    except RequirementError:
        return None
    except OverflowError:
        raise EvaluationError(
            f"at {symbol} = {shown(n)} the total is too large to be drawn",
            code="too-large",
            hint="give smaller values",
        ) from None


def _legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=len(names), frameon=False)
