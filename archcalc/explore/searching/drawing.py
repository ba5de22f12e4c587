"""Answers in a picture: a quantity over a symbol, with the bound and the answer marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from archcalc.explain.canvas import PlotCanvas, count_axis
from archcalc.explore.axis import Axis
from archcalc.explore.searching.optimum import Optimum, value_at
from archcalc.explore.searching.question import Question
from archcalc.formula.formula import Formula
from archcalc.symbolic.errors import ArchcalcError, PictureError
from archcalc.symbolic.numbers import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_optimum", "draw_solution"]

_POINTS = 200
"""A curve goes through no more values than this."""

_MOST_PANELS = 6
"""No more symbols than this are drawn."""

_ABOVE = 2.5
"""No more than so many times the value of the answer is shown above it."""

_LINE, _MARK, _FAINT = "#3b82f6", "#f97316", "#9ca3af"

Value = int | Fraction | None


def draw_solution(
    formula: Formula,
    unknown: str,
    answer: int,
    bound: int | Fraction,
    *,
    title: str,
    path: str | PathLike[str] | None = None,
) -> Figure:
    """A formula over its one symbol, up to twice the answer.

    Args:
        formula: what was solved.
        unknown: its symbol.
        answer: the value that was found.
        bound: what the formula had to meet.
        title: what the formula counts.
        path: the file to write; without it pyplot shows the figure.

    Raises:
        PictureError: the file cannot be written, or its ending says no format.
        FrameworkError: matplotlib is not installed.
    """
    canvas = PlotCanvas(path)
    figure, (panel,) = canvas.panels(1, 1, (7.0, 4.2))
    places = _spread(Axis(unknown, range(1, max(2 * answer, 10) + 1)), answer)
    _curve(panel, places, partial(_evaluated, formula, {}, unknown), _LINE)
    panel.axhline(float(bound), color=_FAINT, linewidth=1.2, linestyle="--")
    panel.annotate(
        shown(bound), (1, float(bound)), xycoords=("axes fraction", "data"), ha="right",
        xytext=(0, 4), textcoords="offset points", color="#4b5563",
    )  # fmt: skip
    there = formula(**{unknown: answer})
    _mark(panel, unknown, answer, there)
    panel.annotate(
        shown(there), (answer, float(there)), ha="left", va="top",
        xytext=(8, -4), textcoords="offset points", color=_MARK,
    )  # fmt: skip
    panel.set_xlabel(unknown)
    panel.set_ylabel(title)
    return canvas.done(figure)


def draw_optimum(
    found: Optimum, *, title: str = "", path: str | PathLike[str] | None = None
) -> Figure:
    """The objective along each symbol through the best configuration.

    What breaks a constraint is drawn faintly.

    Args:
        found: the answer of a search.
        title: what the objective counts.
        path: the file to write; without it pyplot shows the figure.

    Raises:
        PictureError: no symbol varies, nothing was found, or the file cannot be written.
        FrameworkError: matplotlib is not installed.
    """
    varying = [axis for axis in found.question.axes if axis.size > 1][:_MOST_PANELS]
    if found.best is None or found.value is None or not varying:
        raise PictureError("there is nothing to draw: no symbol varies, or nothing was found")
    best, question = found.best, found.question
    canvas = PlotCanvas(path)
    figure, panels = canvas.panels(1, len(varying), (1.5 + 3.6 * len(varying), 4.0))
    for panel, axis in zip(panels, varying, strict=True):
        places = _spread(axis, best[axis.name])
        others = {n: v for n, v in best.items() if n in question.objective.known_symbols}
        along = partial(_evaluated, question.objective, others, axis.name)
        _curve(panel, places, along, _FAINT)
        _curve(panel, places, partial(_allowed, question, best, axis.name), _LINE)
        _mark(panel, axis.name, best[axis.name], found.value)
        panel.set_xlabel(axis.name)
    top = _ABOVE * float(found.value)
    if panels[0].get_ylim()[1] > top > 0:  # what is far above shows nothing of what is near
        panels[0].set_ylim(0, top)
    panels[0].set_ylabel(title or "objective")
    figure.suptitle(f"{title or 'objective'} = {shown(found.value)}")
    panels[0].plot([], [], color=_LINE, label="meets every condition")
    panels[0].plot([], [], color=_FAINT, label="does not")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return canvas.done(figure)


def _spread(axis: Axis, through: int) -> list[int]:
    """Some values of an axis as they rise, evenly spread over it, one given value among them."""
    last, count = axis.size - 1, min(_POINTS, axis.size)
    places = (last * i // max(count - 1, 1) for i in range(count))
    return sorted({*map(axis.at, places), through})


def _curve(panel: Axes, places: Sequence[int], value: Callable[[int], Value], ink: str) -> None:
    found = [value(n) for n in places]
    height = [np.nan if v is None else float(v) for v in found]
    style = "o-" if len(places) <= 40 else "-"
    panel.plot(places, height, style, color=ink, markersize=3.5, linewidth=1.6)
    count_axis(panel.xaxis)
    locator: Any = panel.xaxis.get_major_locator()
    locator.set_params(integer=True)
    count_axis(panel.yaxis)


def _evaluated(formula: Formula, others: Mapping[str, int], name: str, n: int) -> Value:
    """The value where the network exists; where the formula has not got the symbol, as it is."""
    own = {**others, name: n} if name in formula.known_symbols else dict(others)
    try:
        value: Value = formula(**own)
    except ArchcalcError:
        return None
    return value


def _allowed(question: Question, best: Mapping[str, int], name: str, n: int) -> Value:
    """The value where every constraint is met too."""
    return value_at(question, {**best, name: n})


def _mark(panel: Axes, name: str, answer: int, value: int | Fraction) -> None:
    panel.plot([answer], [float(value)], "o", color=_MARK, markersize=7, zorder=5)
    panel.set_title(f"{name} = {answer:,}", fontsize="medium", color=_MARK)
