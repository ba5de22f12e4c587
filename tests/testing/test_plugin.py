"""The pytest plugin, in projects of its own: budgets, golden architectures, blocks of documents."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import pytest
from torch import nn

import archcalc as ac
from archcalc.testing import (
    BoundError,
    BudgetError,
    SnapshotError,
    assert_budget,
    assert_snapshot,
)
from tests.sampling import slow

ROOT = Path(__file__).parents[2]

NET = ac.Sequential([ac.Dense(100), ac.Dense(10)], input_shape=784)


def project(folder: Path, **files: str) -> None:
    """A project of these files; ``__`` stands for a dot in their names."""
    (folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\narchcalc_documents = ["*.md", "docs/*.md"]\n'
    )
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in a project, with the plugin and what starts processes, and without all else."""
    plugins = ["-p", "archcalc.testing.plugin", "-p", "xdist.plugin"]
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugins, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **alone},
        capture_output=True,
        text=True,
    )


# Budgets


def test_a_budget_of_every_kind_of_model(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    ac.save(NET, file)
    torch_net = nn.Sequential(nn.Linear(784, 100), nn.Linear(100, 10))
    L = keras.layers
    keras_net = keras.Sequential([keras.Input((784,)), L.Dense(100), L.Dense(10)])
    for model in (NET, NET.trace(), file, str(file), torch_net, keras_net):
        assert_budget(model, input_shape=784 if model is NET else None, parameters="<= 79_510")
        assert_budget(model, parameters=79_510, total_params="== 79,510", trainable_parameters=">0")
        with pytest.raises(BudgetError, match="79,510 is not <= 79,509: 1 too many"):
            assert_budget(model, parameters="<= 79_509")
    for model in (NET, file, keras_net):
        assert_budget(model, macs="<= 7.94e4", flops="== 158_800")
    assert_budget(torch_net, input_shape=(784,), macs="== 79_400")
    assert_budget(nn.Embedding(9, 4), input_shape=(5,), macs="== 0", parameters="== 36")


def test_statistics_are_told_apart() -> None:
    net = ac.Sequential([ac.Conv2D(4, 1), ac.BatchNormalization()], input_shape=(3, 3, 2))
    wanted = {"parameters": "== 20", "total_params": "== 28", "trainable_parameters": "== 20"}
    assert_budget(net, **wanted)
    assert_budget(net.to_torch(), **wanted)
    assert_budget(net.to_keras(), **wanted)


def test_a_broken_budget_says_by_how_much_and_which_layers_cost_most() -> None:
    with pytest.raises(BudgetError) as caught:
        assert_budget(NET, parameters="<= 50_000", macs=">= 8e4")
    assert str(caught.value).splitlines() == [
        "Sequential is not within its budget",
        "  parameters  79,510 is not <= 50,000: 29,510 too many (59.0 %)",
        "    dense    78,500",
        "    dense_1   1,010",
        "  macs  79,400 is not >= 80,000: 600 too few (0.8 %)",
        "    dense    78,400",
        "    dense_1   1,000",
    ]
    assert caught.value.measured == {"parameters": 79_510, "macs": 79_400}


@pytest.mark.parametrize(
    ("model", "limits", "said"),
    [
        (NET, {}, "no limit is given"),
        (NET, {"parameters": "few"}, "parameters='few' is no limit"),
        (NET, {"parameters": "<= 1e-3"}, "is no limit"),
        (NET, {"parameters": True}, "is no limit"),
        (NET, {"parameter": "<= 1"}, "parameter is no quantity; there are parameters"),
        (nn.Linear(2, 2), {"activations": "<= 1"}, "activations is not known of Linear"),
        (nn.Linear(2, 2), {"macs": "<= 1"}, "does not know what it takes"),
        ("nowhere.yaml", {"parameters": "<= 1"}, "there is no such file"),
        (3, {"parameters": "<= 1"}, "3 is no network"),
    ],
)
def test_a_budget_that_cannot_be_asked(model: Any, limits: dict[str, Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        assert_budget(model, **limits)
    assert said in str(caught.value)
    assert isinstance(caught.value, BoundError) or model is not NET


BUDGET = """
import archcalc as ac

NET = ac.Sequential([ac.Dense(100), ac.Dense(10)], input_shape=784)

def test_within(assert_budget):
    assert_budget(NET, parameters="<= 79_510")

def test_beyond(assert_budget):
    assert_budget(NET, parameters="<= 79_509")
"""


def test_the_fixture_of_budgets(tmp_path: Path) -> None:
    project(tmp_path, test_budget__py=BUDGET)
    result = run(tmp_path)
    assert "1 failed, 1 passed" in result.stdout, result.stdout + result.stderr
    assert "79,510 is not <= 79,509: 1 too many (0.0 %)" in result.stdout


FAILING = """
import archcalc as ac
from archcalc.testing import assert_budget, assert_formula, assert_snapshot
from hypothesis.strategies import integers

NET = ac.Sequential([ac.Dense(100), ac.Dense(10)], input_shape=784)

def test_budget():
    assert_budget(NET, parameters="<= 1")

def test_snapshot(archcalc_snapshot, tmp_path):
    archcalc_snapshot(NET)

def test_file(tmp_path):
    assert_snapshot(NET, tmp_path / "golden.txt")

def test_formula():
    assert_formula("n + 1", lambda n: n, n=integers(1, 3))
"""


@slow
def test_a_failing_assertion_shows_the_test_and_not_this_library(tmp_path: Path) -> None:
    project(tmp_path, test_failing__py=FAILING)
    result = run(tmp_path)
    assert "4 failed" in result.stdout, result.stdout + result.stderr
    assert "archcalc/testing" not in result.stdout.replace("\\", "/")
    assert f"{tmp_path / '__archcalc__' / 'test_failing' / 'test_snapshot.txt'} does not" in (
        result.stdout
    )
    assert "golden.txt does not exist yet" in result.stdout
    assert "archcalc/testing" in run(tmp_path, "--full-trace").stdout


# Golden architectures


SNAPSHOT = """
import archcalc as ac
import pytest

@pytest.mark.parametrize("units", [{units}])
def test_net(archcalc_snapshot, units):
    archcalc_snapshot(ac.Sequential([ac.Dense(units), ac.Dense(10)], input_shape=784))
    archcalc_snapshot(ac.Dense(units), "alone", input_shape=784)
"""


@slow
def test_golden_architectures(tmp_path: Path) -> None:
    project(tmp_path, test_nets__py=SNAPSHOT.format(units="100, 50"))
    missing = run(tmp_path)
    assert "2 failed" in missing.stdout
    assert "does not exist yet; pytest --archcalc-update writes it" in missing.stdout
    assert run(tmp_path, "--archcalc-update", "-n", "2").returncode == 0
    written = sorted(file.name for file in (tmp_path / "__archcalc__" / "test_nets").iterdir())
    assert written == [
        *("test_net-100-alone.txt", "test_net-100.txt"),
        *("test_net-50-alone.txt", "test_net-50.txt"),
    ]
    golden = tmp_path / "__archcalc__" / "test_nets" / "test_net-100.txt"
    golden.write_text(golden.read_text("utf-8").replace("units=100", "units=90"), encoding="utf-8")
    changed = run(tmp_path)
    assert "1 failed, 1 passed" in changed.stdout
    assert "the architecture has changed" in changed.stdout
    assert "-dense  Dense(units=90)" in changed.stdout
    assert "+dense  Dense(units=100)" in changed.stdout


def test_a_golden_architecture_is_readable(tmp_path: Path) -> None:
    file = tmp_path / "golden.txt"
    net = ac.Sequential(
        [ac.Conv2D("c", 3), ac.Repeat(ac.Dense("c"), "L"), ac.Flatten()], input_shape=(9, 9, 1)
    )
    assert_snapshot(net, file, update=True)
    assert file.read_text("utf-8").splitlines() == [
        "input  9×9×1",
        "conv2d  Conv2D(filters='c', kernel_size=3)  → 7×7×c  10·c parameters  441·c MACs",
        "repeat/dense  L times Dense(units='c')  → 7×7×c  (c + 1)·c parameters  49·c² MACs",
        "flatten  Flatten()  → 49·c",
        "output 49·c",
        "total  10·c + L·(c + 1)·c parameters, 0 statistics, 441·c + 49·c²·L MACs",
    ]
    assert_snapshot(net, file)


def test_models_of_frameworks_are_written_down_too(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    assert_snapshot(module, tmp_path / "torch.txt", update=True)
    module[0].weight.requires_grad = False
    with pytest.raises(SnapshotError) as caught:
        assert_snapshot(module, tmp_path / "torch.txt")
    assert "-0.weight  3×4\n+0.weight  3×4  not trained" in str(caught.value)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="fc")])
    assert_snapshot(model, tmp_path / "keras.txt", update=True)
    golden = (tmp_path / "keras.txt").read_text("utf-8")
    assert "fc  Dense(units=3" in golden
    assert "→ 3  15 parameters  12 MACs" in golden
    with pytest.raises(ac.ArchcalcError, match="3 is no network"):
        assert_snapshot(3, tmp_path / "x.txt")


# Documents


YAML = "input: 784\nlayers: [{Dense: n}]\n"
PAGE = """# A page

<!-- archcalc: net.yaml summary n=10 -->
<!-- /archcalc -->

```markdown
<!-- archcalc: this is only shown -->
```

<!-- archcalc: net.yaml -->
old
<!-- /archcalc -->

The end.
"""


@slow
def test_blocks_of_documents(tmp_path: Path) -> None:
    project(tmp_path, net__yaml=YAML, README__md=PAGE, plain__md="# No blocks\n")
    stale = run(tmp_path)
    assert "1 failed" in stale.stdout, stale.stdout + stale.stderr
    assert "README.md: 2 blocks out of date" in stale.stdout
    assert "--- README.md, line 3" in stale.stdout
    assert "-old" in stale.stdout
    assert "pytest --archcalc-update" in stale.stdout
    assert run(tmp_path, "--archcalc-update").returncode == 0
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| `dense` | Dense | $10$ | $7{,}850$ | $7{,}840$ |" in text
    assert text.startswith("# A page")
    assert text.endswith("<!-- /archcalc -->\n\nThe end.\n")
    assert run(tmp_path).returncode == 0


FIXTURE = """
def test_page(assert_document):
    assert_document("page.tex")
"""


@slow
def test_the_fixture_that_watches_a_document(tmp_path: Path) -> None:
    page = "It has\n% archcalc: net.yaml parameters n=10\n7\n% /archcalc\nparameters.\n"
    project(tmp_path, net__yaml=YAML, page__tex=page, test_page__py=FIXTURE)
    stale = run(tmp_path)
    assert "page.tex: 1 block out of date" in stale.stdout, stale.stdout + stale.stderr
    assert "+$7{,}850$" in stale.stdout
    assert run(tmp_path, "--archcalc-update").returncode == 0
    assert (tmp_path / "page.tex").read_text("utf-8") == page.replace("\n7\n", "\n$7{,}850$\n")
    assert run(tmp_path).returncode == 0


def test_a_document_that_cannot_be_filled_is_said(tmp_path: Path) -> None:
    project(tmp_path, README__md="<!-- archcalc: gone.yaml -->\n<!-- /archcalc -->\n")
    result = run(tmp_path)
    assert "there is no such file" in result.stdout
    assert "Traceback" not in result.stdout


def test_documents_are_left_alone_where_nothing_is_asked(tmp_path: Path) -> None:
    project(tmp_path, README__md=PAGE)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    assert run(tmp_path).returncode == 5  # no tests
