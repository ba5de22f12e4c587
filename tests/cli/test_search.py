"""archcalc search and the pictures of solve: answers that a loop would give, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

MNIST = "docs/examples/mnist_symbols.yaml"
OVER = ["--over", "k=1,3,5", "--over", "f=8:40:4", "--over", "n=1:30"]


def by_hand(k: int, f: int, n: int) -> tuple[int, int]:
    """Weights, and multiply-accumulates, of each layer of the little CNN."""
    side = 28 - k + 1
    flat = (side // 2) ** 2 * f
    parameters = (k * k * f + f) + (flat * n + n) + (n * 10 + 10)
    return parameters, side * side * k * k * f + flat * n + n * 10


GRID = [(k, f, n) for k in (1, 3, 5) for f in range(8, 41, 4) for n in range(1, 31)]


def test_the_most_work_within_a_budget(run: Run) -> None:
    within = [at for at in GRID if by_hand(*at)[0] <= 50_000]
    k, f, n = max(within, key=lambda at: by_hand(*at)[1])
    parameters, macs = by_hand(k, f, n)
    given = ["--maximize", "macs", "--subject-to", "parameters <= 50_000", *OVER]
    answer = run("search", MNIST, *given)
    assert (answer.code, answer.err) == (0, "")
    assert answer.lines[:3] == [
        f"k = {k}, f = {f}, n = {n}",
        f"macs = {macs:,}",
        f"parameters <= 50_000: {parameters:,}",
    ]
    assert answer.lines[3].startswith(f"{len(GRID):,} configurations: ")
    found = json.loads(run("search", MNIST, *given, "--format", "json").out)
    assert found["best"] == {"k": k, "f": f, "n": n}
    assert (found["objective"], found["value"], found["complete"]) == ("macs", macs, True)
    certificate = found["certificate"]
    counted = certificate["evaluated"] + sum(e["count"] for e in certificate["excluded"])
    assert counted == certificate["total"] == len(GRID)


def test_formulas_and_several_conditions(run: Run) -> None:
    allowed = [at for at in GRID if 10**5 <= by_hand(*at)[1] < 4e5 and at[1] % 8 == 0 and at[2] > 3]
    k, f, n = min(allowed, key=lambda at: by_hand(*at)[0] + 100 * at[2])
    answer = run(
        "search", MNIST, "--minimize", "parameters + 100*n", "--subject-to", "1e5 <= macs < 4e5",
        "--subject-to", "f % 8 == 0", "--subject-to", "n > 3", *OVER,
    )  # fmt: skip
    assert answer.lines[0] == f"k = {k}, f = {f}, n = {n}"
    ratio = run("search", MNIST, "--maximize", "macs/parameters", *OVER)
    best = max(GRID, key=lambda at: by_hand(*at)[1] / by_hand(*at)[0])
    assert ratio.lines[0] == "k = {}, f = {}, n = {}".format(*best)


def test_some_values_may_be_set(run: Run) -> None:
    answer = run(
        "search", MNIST, "--maximize", "n", "--subject-to", "parameters <= 100_000",
        "--over", "n=1:1000", "--set", "k=3", "--set", "f=32",
    )  # fmt: skip
    assert answer.lines[0] == "n = 18"


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        (["--maximize", "macs", "--subject-to", "parameters <= 10", *OVER], 1,
         "no configuration meets parameters <= 10: the nearest is 1,381 at k = 5, f = 8, n = 1"),
        (OVER, 2, "one objective is needed; give --maximize macs, or --minimize parameters"),
        (["--maximize", "macs", "--minimize", "macs", *OVER], 2, "one objective is needed"),
        (["--maximize", "macs", "--over", "k=3"], 2, "there are no values for f, n; give --over"),
        (["--maximize", "sizes", *OVER], 2, "there are no values for sizes"),
        (["--maximize", "macs)", *OVER], 2, "'macs)' has a ) that closes nothing"),
        (["--maximize", "macs", "--subject-to", "size < 3", *OVER], 2, "there is no symbol size"),
        (["--maximize", "macs", "--subject-to", "macs == 3", *OVER], 2,
         "what is counted has a limit, and no exact value; write it with <= or >="),
        (["--maximize", "macs", "--over", "k=0:3", "--over", "f=8", "--over", "n=3"], 2,
         "k = 0 is not a positive integer"),
        (["--maximize", "macs", "--over", "k=3:1"], 2, "is no range of values"),
    ],
)  # fmt: skip
def test_how_it_ends(run: Run, given: list[str], code: int, text: str) -> None:
    answer = run("search", MNIST, *given)
    assert (answer.code, answer.out) == (code, "")
    assert text in answer.err
    assert answer.err.startswith("error: ")
    assert answer.err.count("\n") == 1


PNG = b"\x89PNG\r\n\x1a\n"


def test_pictures(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "found.png"
    given = ["--maximize", "macs", "--subject-to", "parameters <= 50_000", *OVER]
    assert run("search", MNIST, *given, "--plot", str(file)).code == 0
    assert file.read_bytes().startswith(PNG)
    solved = tmp_path / "solved.svg"
    symbols = ["--set", "k=3", "--set", "f=32", "--at-most", "100_000"]
    answer = run("solve", MNIST, "n", *symbols, "--plot", str(solved))
    assert answer.lines == ["n = 18", "parameters = 97,872"]
    assert "<svg" in solved.read_text()
    refused = run("solve", MNIST, "n", *symbols, "--plot", str(tmp_path / "solved.txt"))
    assert refused.code == 2
    assert "has no ending of a picture" in refused.err


def test_what_a_picture_shows(tmp_path: Path) -> None:
    from archcalc.explore import search
    from archcalc.explore.searching.drawing import draw_solution
    from archcalc.formula import Formula
    from archcalc.symbolic import PictureError

    line = draw_solution(
        Formula("3*n + 1"), "n", 7, 22, title="parameters", path=tmp_path / "line.png"
    )
    (panel,) = line.axes
    curve, bound, answer = panel.get_lines()
    assert list(curve.get_ydata()) == [3 * n + 1 for n in range(1, 15)]
    assert set(bound.get_ydata()) == {22}
    assert (list(answer.get_xdata()), list(answer.get_ydata())) == ([7], [22])

    found = search(maximize="f*n", subject_to="f*n <= 30", f=range(1, 9), n=range(1, 9))
    drawn = found.plot(tmp_path / "found.png", title="product")
    assert [panel.get_xlabel() for panel in drawn.axes] == ["f", "n"]
    everything, allowed = (line.get_ydata() for line in drawn.axes[0].get_lines()[:2])
    n = found.best["n"]
    assert list(everything) == [f * n for f in range(1, 9)]
    assert [v for v in allowed if v == v] == [f * n for f in range(1, 9) if f * n <= 30]
    with pytest.raises(PictureError, match="no symbol varies"):
        search(maximize="f", f=3).plot(tmp_path / "none.png")
