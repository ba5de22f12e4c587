"""Pictures of a table: a curve, a map, or a front, whichever its columns make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from archcalc.explain.canvas import PlotCanvas, count_axis
from archcalc.explore.sweeping.rows import Rows
from archcalc.explore.sweeping.scales import as_floats, colours_for, scale_of
from archcalc.formula.compiling.operations import Array
from archcalc.symbolic.errors import PictureError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
from archcalc.symbolic.limits import LIMITS

__all__ = ["plot"]

_MOST_PANELS = 6
_MANY = 5_000
"""More points than this are shown by how many there are at each place."""

_STEEP = 100_000
"""A curve that grows by more than this factor is drawn on a logarithmic scale."""

_LINE, _FRONT, _POINTS = "#1f5fa8", "#c8322b", "#9db4cf"


def plot(
    table: Rows, columns: Sequence[str], largest: str | Sequence[str], canvas: PlotCanvas
) -> Figure:
    """The picture that suits what varies in `table`.

    Raises:
        PictureError: there is nothing to see, or more than a picture holds.
    """
    shown = tuple(columns) or table.quantities
    varying = [name for name in table.symbols if len(np.unique(table[name])) > 1]
    if len(table) < 2 or not varying:
        raise PictureError(
            f"a picture needs two configurations at least, and there is {len(table)}",
            hint="sweep wider ranges, or loosen the condition",
        )
    if len(varying) == 1:
        return _curves(table, varying[0], shown, canvas)
    if len(shown) > 1:
        return _front(table, shown[0], shown[1], largest, canvas)
    return _maps(table, varying, shown[0], canvas)


def _curves(table: Rows, by: str, shown: Sequence[str], canvas: PlotCanvas) -> Figure:
    """Each quantity along the one symbol that varies, one above the other."""
    figure, panels = canvas.panels(len(shown), 1, (7.0, 1.4 + 2.6 * len(shown)))
    ordered = table.sort(by)
    x = as_floats(ordered[by])
    for panel, name in zip(panels, shown, strict=True):
        style = "o-" if len(x) <= 40 else "-"
        y = as_floats(ordered[name])
        panel.plot(x, y, style, color=_LINE, markersize=3.5, linewidth=1.6)
        panel.set_yscale(scale_of(y, _STEEP))
        count_axis(panel.yaxis)
        panel.set_ylabel(name)
        panel.grid(alpha=0.25, linewidth=0.6)
    count_axis(panels[-1].xaxis)
    panels[-1].set_xlabel(by)
    figure.suptitle(_fixed(table, [by]), fontsize="medium")
    return canvas.done(figure)


def _maps(table: Rows, varying: Sequence[str], shown: str, canvas: PlotCanvas) -> Figure:
    """One quantity over two symbols; a third one gives a map for each of its values."""
    by_length = sorted(varying, key=lambda name: -len(np.unique(table[name])))
    x, y, *third = by_length
    panes = [int(v) for v in np.unique(table[third[0]])] if third else []
    if len(third) > 1 or len(panes) > _MOST_PANELS:
        raise PictureError(
            f"{', '.join(varying)} all vary: too much for one picture of {shown}",
            code="too-much-to-show",
            hint="hold some of them with where(), or name two columns to plot against one another",
        )
    tables = [table.where(f"{third[0]} == {value}") for value in panes] or [table]
    figure, panels = canvas.panels(1, len(tables), (2.2 + 4.0 * len(tables), 4.2))
    values = as_floats(table[shown])
    mesh: Any = None
    for i, (panel, part) in enumerate(zip(panels, tables, strict=True)):
        mesh = _map(panel, part, (x, y), shown, values, canvas)
        panel.set_xlabel(x)
        panel.set_ylabel(y if i == 0 else "")
        if third:
            panel.set_title(f"{third[0]} = {panes[i]:,}", fontsize="medium")
    bar = figure.colorbar(mesh, ax=panels, label=shown, pad=0.02)
    count_axis(bar.ax.yaxis)
    figure.suptitle(_fixed(table, varying), fontsize="medium")
    return canvas.done(figure)


def _map(
    panel: Axes, table: Rows, by: tuple[str, str], shown: str, values: Array, canvas: PlotCanvas
) -> Any:
    (xs, column), (ys, row) = (np.unique(table[name], return_inverse=True) for name in by)
    if len(xs) * len(ys) > LIMITS.picture_cells:
        raise PictureError(
            f"{len(xs):,} × {len(ys):,} cells are too many for one picture",
            code="too-much-to-show", hint="take every tenth value: range(1, 10_000, 10)",
        )  # fmt: skip
    cells = np.full((len(ys), len(xs)), np.nan)
    cells[row, column] = as_floats(table[shown])
    mesh = panel.pcolormesh(
        as_floats(xs), as_floats(ys), cells,
        norm=colours_for(values), cmap="viridis", shading="nearest", rasterized=True,
    )  # fmt: skip
    for axis, ticks in ((panel.xaxis, xs), (panel.yaxis, ys)):
        count_axis(axis)
        if len(ticks) <= 8:
            axis.set_ticks(as_floats(ticks))
    return mesh


def _front(table: Rows, x: str, y: str, largest: str | Sequence[str], canvas: PlotCanvas) -> Figure:
    """One quantity against another: all configurations, and those that no other beats."""
    falling = {largest} if isinstance(largest, str) else set(largest)
    figure, (panel,) = canvas.panels(1, 1, (7.2, 4.8))
    xs, ys = as_floats(table[x]), as_floats(table[y])
    panel.set_xscale(scale_of(xs))
    panel.set_yscale(scale_of(ys))
    front = table if _is_curve(xs, ys) else table.pareto(x, y, largest=largest)
    if front is not table:
        _cloud(panel, xs, ys)
    fx, fy = as_floats(front[x]), as_floats(front[y])
    order = np.lexsort((fy, fx))
    panel.plot(
        fx[order], fy[order], "o-" if len(fx) <= 60 else "-", color=_FRONT, markersize=3.5,
        linewidth=1.6, drawstyle="steps-pre" if x in falling else "steps-post",
        label=f"Pareto front: {len(front):,}",
    )  # fmt: skip
    for axis, name in ((panel.xaxis, x), (panel.yaxis, y)):
        count_axis(axis)
        axis.set_label_text(name)
    panel.grid(alpha=0.25, linewidth=0.6)
    panel.legend(loc="best", framealpha=0.9, edgecolor="none")
    varying = [name for name in table.symbols if len(np.unique(table[name])) > 1]
    figure.suptitle(_fixed(table, varying), fontsize="medium")
    return canvas.done(figure)


def _is_curve(xs: Array, ys: Array) -> bool:
    """Whether the points are a front already: from left to right they rise, or they fall."""
    steps = np.diff(ys[np.lexsort((ys, xs))])
    return bool((steps >= 0).all() or (steps <= 0).all())


def _cloud(panel: Axes, xs: Array, ys: Array) -> None:
    label = f"configurations: {len(xs):,}"
    if len(xs) <= _MANY:
        panel.plot(xs, ys, ".", color=_POINTS, markersize=3, label=label, rasterized=True)
        return
    panel.hexbin(
        xs, ys, bins="log", gridsize=90, cmap="Blues", mincnt=1, linewidths=0.1,
        xscale=_scale(panel.get_xscale()), yscale=_scale(panel.get_yscale()),
    )  # fmt: skip
    panel.plot([], [], "h", color=_POINTS, label=label)


def _scale(name: str) -> Literal["linear", "log"]:
    return "log" if name == "log" else "linear"


def _fixed(table: Rows, varying: Sequence[str]) -> str:
    """What does not vary, for the title."""
    rest = [name for name in table.symbols if name not in varying]
    return ", ".join(f"{name} = {table[name][0]:,}" for name in rest)
