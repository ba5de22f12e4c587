"""What is set in LaTeX compiles, where there is a LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import archcalc as ac
from archcalc.explain.latex import render
from tests.sampling import NIGHTLY, slow

pytestmark = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")

HEAD = r"""\documentclass{article}
\usepackage[a4paper,margin=15mm]{geometry}
\usepackage{amsmath,booktabs}
\begin{document}\raggedright
"""


def compiled(parts: list[str], folder: Path) -> str:
    """What pdflatex says of a document with these parts."""
    (folder / "page.tex").write_text("\n\n".join([HEAD, *parts, r"\end{document}"]), "utf-8")
    said = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    return said.stdout.decode("utf-8", "replace")


def explanations(net: ac.Network) -> Iterator[str]:
    """A network, as it is explained."""
    yield render(ac.explain.derive(net).document())
    yield render(ac.explain.summarize(net.trace()).document())


@slow
def test_explanations_compile(tmp_path: Path) -> None:
    net = ac.load("docs/examples/mnist_symbols.yaml")
    claims = {"conv2d": 288, "dense": 540988, "dense_1": 541988}
    found = ac.reconcile("docs/examples/mnist_cnn.yaml", running=claims)
    hostile = ac.Sequential([ac.Dense("n", name=r"a_\b%{$^~#&}é×⌊")], input_shape=8)
    attention = ac.Sequential([ac.MultiHeadAttention(8, 64)], input_shape=("t", 512))
    parts = [*explanations(net), found.to_latex(), *explanations(hostile), *explanations(attention)]
    said = compiled(parts, tmp_path)
    assert "Output written on page.pdf" in said, said[-2000:]
    wrong = compiled([r"\undefined"], tmp_path)
    assert "Output written on page.pdf" not in wrong


@slow
def test_tables_of_formulas_keep_to_the_page(tmp_path: Path) -> None:
    sheet = ac.deploy("docs/examples/gpt2_small.yaml", length=1024, memory="24GiB")
    both = ac.compare("docs/examples/mnist_symbols.yaml", "docs/examples/mnist_deeper.yaml")
    said = compiled([sheet.to_latex(), both.to_latex()], tmp_path)
    over = [float(points) for points in re.findall(r"Overfull \\hbox \((\S+)pt", said)]
    assert "Output written on page.pdf" in said, said[-2000:]
    assert max(over, default=0) < 60, over  # points; a formula in brackets is not broken


@pytest.mark.skipif(not NIGHTLY, reason="it is every layer of the catalogue")
def test_every_layer_of_the_catalogue_compiles(tmp_path: Path) -> None:
    catalogue = import_module("catalogue")
    kinds = [kind for family in catalogue.PAGES for kind in catalogue.layers_of(family)]
    steps = [catalogue._step(catalogue.example(kind)) for kind in kinds]
    assert len(steps) > 200
    said = compiled([render(step.document()) for step in steps], tmp_path)
    assert "Output written on page.pdf" in said, said[-2000:]
