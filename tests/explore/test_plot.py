"""Pictures of tables: which one, what is drawn in it, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from archcalc.explore import Table, sweep
from archcalc.symbolic import EvaluationError, PictureError, UnknownSymbolError

FORMULAS = {"parameters": "(k**2 + 1)*f", "macs": "k**2*f*((29 - k)//2)**2"}
RANGES = {"k": [1, 3, 5], "f": range(8, 73, 8), "n": 1}


@pytest.fixture
def table() -> Table:
    return sweep({**FORMULAS, "units": "n"}, **RANGES)


def drawn(table: Table, path: Path, *columns: str, **options: Any) -> Any:
    """The figure, which is written to a file that is a picture."""
    figure = table.plot(*columns, path=path / "plot.png", **options)
    picture = imread(path / "plot.png")
    assert picture.std() > 0.01
    return figure


def test_one_symbol_gives_curves(table: Table, tmp_path: Path) -> None:
    figure = drawn(table.where("k == 3"), tmp_path, "parameters", "macs")
    assert [panel.get_ylabel() for panel in figure.axes] == ["parameters", "macs"]
    assert figure.axes[-1].get_xlabel() == "f"
    assert figure.get_suptitle() == "k = 3, n = 1"
    for panel, per_filter in zip(figure.axes, (10, 9 * 13**2), strict=True):
        (curve,) = panel.lines
        assert curve.get_xdata().tolist() == list(range(8, 73, 8))
        assert curve.get_ydata().tolist() == [per_filter * f for f in range(8, 73, 8)]


def test_two_symbols_give_a_map(table: Table, tmp_path: Path) -> None:
    figure = drawn(table, tmp_path, "parameters")
    panel, bar = figure.axes
    assert (panel.get_xlabel(), panel.get_ylabel(), bar.get_ylabel()) == ("f", "k", "parameters")
    (mesh,) = panel.collections
    want = [[(k * k + 1) * f for f in range(8, 73, 8)] for k in (1, 3, 5)]
    assert mesh.get_array().tolist() == want
    holes = drawn(table.where("k != 3 or f > 16"), tmp_path, "parameters")
    assert np.isnan(holes.axes[0].collections[0].get_array().filled(np.nan)).sum() == 2


def test_a_third_symbol_gives_a_map_for_each_value(tmp_path: Path) -> None:
    table = sweep("k*f*n", k=[1, 3], f=range(1, 9), n=range(1, 17))
    figure = drawn(table, tmp_path)
    assert [panel.get_title() for panel in figure.axes[:2]] == ["k = 1", "k = 3"]
    first, second = (panel.collections[0].get_array() for panel in figure.axes[:2])
    assert np.array_equal(second, 3 * first)


@pytest.mark.parametrize("many", [40, 3000])
def test_two_quantities_give_the_front(many: int, tmp_path: Path) -> None:
    table = sweep(FORMULAS, k=[1, 3, 5], f=range(8, 8 + many))
    figure = drawn(table, tmp_path, largest="macs")
    (panel,) = figure.axes
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("parameters", "macs")
    front = table.pareto("parameters", "macs", largest="macs")
    curve = next(line for line in panel.lines if line.get_label().startswith("Pareto"))
    assert curve.get_xdata().tolist() == front["parameters"].tolist()
    assert curve.get_ydata().tolist() == front["macs"].tolist()
    assert {f"configurations: {3 * many:,}", f"Pareto front: {len(front):,}"} == {
        text.get_text() for text in panel.get_legend().get_texts()
    }
    again = drawn(front, tmp_path)
    assert len(again.axes[0].lines) == 1


def test_numbers_beyond_64_bits_and_fractions(tmp_path: Path) -> None:
    table = sweep({"flops": "6*d**2*D", "half": "d/2"}, d=range(1, 9), D=10**24)
    figure = drawn(table, tmp_path)
    assert figure.axes[0].lines[0].get_ydata()[-1] == pytest.approx(6 * 64 * 1e24)
    assert figure.axes[1].lines[0].get_ydata().tolist() == [d / 2 for d in range(1, 9)]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "PNG"])
def test_formats(table: Table, tmp_path: Path, ending: str) -> None:
    table.plot("macs", path=str(tmp_path / f"p.{ending}"))
    assert (tmp_path / f"p.{ending}").stat().st_size > 1_000


def test_what_is_refused(table: Table, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"a picture needs two configurations .* there is 1; "):
        table.where("k == 3 and f == 8").plot()
    with pytest.raises(PictureError, match="there is 0; sweep wider ranges"):
        table.where("k > 9").plot()
    with pytest.raises(UnknownSymbolError, match="no column q here"):
        table.plot("q")
    with pytest.raises(EvaluationError, match="largest names q, which is not one of"):
        table.plot("macs", "parameters", largest="q")
    with pytest.raises(PictureError, match=r"has no ending of a picture; write plot\.png"):
        table.plot(path=tmp_path / "plot.xyz")
    with pytest.raises(PictureError, match="cannot be written: No such file"):
        table.plot(path=tmp_path / "nowhere" / "plot.png")
    many = sweep("a*b*c*d", a=[1, 2], b=[1, 2], c=[1, 2], d=[1, 2])
    with pytest.raises(PictureError, match="a, b, c, d all vary: too much for one picture"):
        many.plot()
    with pytest.raises(PictureError, match="2,001 × 2,000 cells are too many"):
        sweep("a*b", a=range(1, 2002), b=range(1, 2001)).plot()


def test_pyplot_shows_what_has_no_file() -> None:
    """In a process of its own, as pyplot keeps its figures."""
    code = (
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt\n"
        "from archcalc import sweep\n"
        "figure = sweep('h**2', h=range(1, 9)).plot()\n"
        "assert plt.figure(1) is figure\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
