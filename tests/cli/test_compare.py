"""compare: with numbers and symbols, and its plots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

import archcalc as ac

Run = Callable[..., Any]

TOWERS = ("docs/examples/alexnet.yaml", "docs/examples/alexnet_single_tower.yaml")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """The network of the tutorial and the one with a second convolution, with symbols."""
    start = [{"Conv2D": {"filters": "f", "kernel_size": "k"}}, {"MaxPooling2D": 2}]
    end = ["Flatten", {"Dense": "n"}, {"Dense": 10}]
    more = [{"Conv2D": [64, 3]}, {"MaxPooling2D": 2}]
    files = tmp_path / "small.json", tmp_path / "deep.json"
    for file, layers in zip(files, ([*start, *end], [*start, *more, *end]), strict=True):
        file.write_text(json.dumps({"input": [28, 28, 1], "layers": layers}))
    return str(files[0]), str(files[1])


def test_symbols_are_compared(run: Run, pair: tuple[str, str]) -> None:
    answer = run("compare", *pair, "--set", "k=3", "--set", "f=32")
    assert (answer.code, answer.err) == (0, "")
    assert answer.lines[0].endswith(": the new layer conv2d_1 adds 18,496, dense loses 3808·n")
    assert answer.lines[1:3] == [
        "parameters: the first is smaller for n ≤ 4, the second is smaller from n = 5 on",
        "MACs: the first is smaller for n ≤ 585, the second is smaller from n = 586 on",
    ]


@pytest.mark.parametrize("how", ["text", "markdown", "latex", "html", "json"])
def test_every_format(run: Run, pair: tuple[str, str], how: str) -> None:
    answer = run("compare", *pair, "--format", how)
    assert (answer.code, answer.err) == (0, "")
    assert "\n\n\n" not in answer.out
    if how == "json":
        data = json.loads(answer.out)
        small, deep = (ac.load(file).trace() for file in pair)
        assert ac.Formula(data["difference"]) == deep.parameters - small.parameters
        assert data["verdict"]["smaller"] == "depends"


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89P")],
)
def test_a_plot_is_written_in_the_format_of_its_name(
    run: Run, tmp_path: Path, kind: str, begins: bytes
) -> None:
    file = tmp_path / f"plot.{kind}"
    with_plot = run("compare", *TOWERS, "--plot", str(file))
    assert with_plot == run("compare", *TOWERS)
    assert file.read_bytes().startswith(begins)


def test_a_plot_over_a_symbol_marks_where_one_overtakes_the_other(
    run: Run, pair: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "plot.svg"
    answer = run(
        *("compare", *pair, "--set", "k=3", "--set", "f=32"),
        *("--plot", str(file), "--over", "n=1:1000"),
    )
    assert (answer.code, answer.err) == (0, "")
    drawn = file.read_text(encoding="utf-8")
    for words in ("parameters", "MACs", "first", "second", "n = 5", "n = 586"):
        assert f"<!-- {words} -->" in drawn


def drawn(figure: Figure) -> list[dict[str, list[tuple[float, float]]]]:
    """The points of each curve, by panel and name."""
    return [
        {str(line.get_label()): list(zip(*line.get_data(), strict=True)) for line in axes.lines[:2]}
        for axes in figure.axes
    ]


def test_what_is_drawn_is_what_is_counted(pair: tuple[str, str]) -> None:
    small, deep = (ac.load(file).trace() for file in pair)
    found = ac.compare(small, deep)
    parameters, macs = drawn(found.plot_along("k", range(1, 29), n=100, f=32))
    for panel, of in ((parameters, "parameters"), (macs, "macs")):
        for name, trace in (("first", small), ("second", deep)):
            last = 27 if name == "first" else 21  # beyond there the pools no longer fit
            total = getattr(trace, of)
            assert panel[name] == [(k, total(k=k, n=100, f=32)) for k in range(1, last + 1)]
    wide = drawn(found.plot_along("n", range(1, 10**15), k=3, f=32))[0]["first"]
    assert len(wide) <= 402
    assert (wide[0][0], wide[-1][0]) == (1, 10**15 - 1)


def test_every_crossing_is_marked_once() -> None:
    """n² and 11·n − 28 are equal at 4 and at 7, and nowhere else."""
    square = ac.Sequential([ac.Dense("n", use_bias=False)], input_shape="n")
    linear = ac.Sequential([ac.Dense("11*n - 28", use_bias=False)], input_shape=1)
    axes, _ = ac.compare(square, linear).plot_along("n", range(3, 20)).axes
    assert [text.get_text() for text in axes.texts] == ["n = 4", "n = 7"]
    assert [line.get_xdata()[0] for line in axes.lines[2:]] == [4, 7]
    small = ac.Sequential([ac.Dense(3)], input_shape=4)
    with pytest.raises(ac.errors.UnknownSymbolError, match="there are only numbers"):
        ac.compare(small, small).plot_along("n", range(1, 9))


def test_bars_are_what_each_layer_counts() -> None:
    small = ac.Sequential([ac.Dense(3), ac.ReLU(), ac.Dense(2)], input_shape=4)
    figure = ac.compare(small, small.remove("dense_1")).plot()
    parameters, macs = figure.axes
    assert [bar.get_width() for bar in parameters.patches] == [15, 8, 15, 0]
    assert [bar.get_width() for bar in macs.patches] == [12, 6, 12, 0]
    assert [text.get_text() for text in parameters.get_yticklabels()] == ["dense", "dense_1"]
    assert [text.get_text() for text in parameters.texts] == ["15", "8", "15", "—"]


def test_of_many_layers_the_largest_are_drawn() -> None:
    net = ac.families.resnet50()
    figure = ac.compare(net, net.replace("dense", ac.Dense(10))).plot()
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert len(names) == 40
    assert {"stem/conv2d", "dense"} < set(names)
    assert figure.get_supxlabel() == "the 40 largest of 59 layers"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plot", "p.png"], "f, k, n are no number yet; put numbers in with --set, and --over"),
        (["--plot", "p.png", "--over", "n=1:9"], "f, k are no number yet"),
        (["--over", "n=1:9"], "--over is for a plot; add --plot"),
        (["--plot", "p.png", "--over", "n=9:1"], "--over: '9:1' is no range of values"),
        (["--plot", "p.png", "--over", "n=1:9:0"], "is no range of values"),
        (["--plot", "p.png", "--over", "n=1__:9"], "is no range of values"),
        (["--plot", "p.png", "--over", "n=0:9"], "n = 0 is not a positive integer"),
        (["--plot", "p.png", "--over", "n=3"], "a curve takes at least two values of n"),
        (["--plot", "p.png", "--over", "n"], "--over 'n' is not NAME=VALUE"),
        (["--plot", "p.png", "--over", "q=1:9"], "there is no symbol q here"),
        (["--plot", "p.png", "--over", f"n=1,{10**39}", "--set", "k=99", "--set", "f=1"], "kernel"),
        (["--plot", "p.doc", *(f"--set={s}=3" for s in "fkn")], "has no ending of a picture"),
        (["--plot", "no/p.png", *(f"--set={s}=3" for s in "fkn")], "cannot be written: No such"),
    ],
)  # fmt: skip
def test_plots_that_are_none(
    run: Run, pair: tuple[str, str], arguments: list[str], said: str
) -> None:
    answer = run("compare", *pair, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_a_network_that_exists_nowhere_along_a_symbol(pair: tuple[str, str]) -> None:
    found = ac.compare(*(ac.load(file) for file in pair))
    with pytest.raises(ac.errors.PictureError, match="the first network exists at none of these k"):
        found.plot_along("k", range(100, 200), n=1, f=1)
    with pytest.raises(ac.errors.EvaluationError, match="too large to be drawn"):
        found.plot_along("n", [1, 10**400], k=1, f=1)
    nothing = ac.compare(*[ac.Sequential([ac.ReLU()], input_shape=3)] * 2)
    with pytest.raises(ac.errors.PictureError, match="no layer of these networks counts anything"):
        nothing.plot()


def test_models_are_compared_on_what_goes_into_them(run: Run, tmp_path: Path) -> None:
    """One shape for both, or one of its own for the second; the same for arguments."""
    torch_code, keras_code = tmp_path / "first.py", tmp_path / "second.py"
    torch_code.write_text(
        "from torch import nn\n\ndef make(width=8):\n"
        "    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU())\n"
    )
    keras_code.write_text(
        "from keras import Sequential, layers\n\nmodel = Sequential([layers.Conv2D(8, 3)])\n"
    )
    first, second = f"{torch_code}:make", str(keras_code)
    answer = run("compare", first, first, "--input", "3,9,9", "--call", "width=16",
                 "--other-call", "width=4")  # fmt: skip
    assert answer.lines[0].startswith("448 → 112: ")
    answer = run("compare", first, second, "--input", "3,9,9", "--other-input", "9,9,3")
    assert answer.lines[0].startswith("224 → 224")
    answer = run("compare", first, second, "--input", "3,9,9")
    assert answer.lines[0].startswith("224 → 656")
