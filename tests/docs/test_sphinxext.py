"""The Sphinx extension: two small projects build without a warning, and a stale number is found."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.console import strip_escape_sequences
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tests.sampling import slow

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
PROJECTS = {"sphinx_rst": "index.rst", "sphinx_myst": "index.md"}

pytestmark = slow


@dataclass(frozen=True)
class Built:
    """How a build ended.

    Attributes:
        failed: whether it did; a warning is an error.
        said: warnings and errors.
    """

    failed: bool
    said: str


def build(project: Path, builder: str = "html", **settings: str) -> Built:
    """A project built with warnings as errors, into its folder ``out``."""
    said, out = io.StringIO(), project / "out"
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            str(project), str(project), str(out), str(out / ".doctrees"), builder,
            confoverrides=settings, status=None, warning=said, warningiserror=True,
        )  # fmt: skip
        app.build()
        return Built(app.statuscode != 0, strip_escape_sequences(said.getvalue()))


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one of the projects."""
    return Path(shutil.copytree(EXAMPLES / request.param, tmp_path / request.param))


def page(project: Path) -> Path:
    return project / PROJECTS[project.name]


def test_a_project_is_built_and_says_what_is_true(project: Path) -> None:
    result = build(project)
    assert result == Built(False, "")
    text = (project / "out" / "index.html").read_text(encoding="utf-8")
    words = " ".join(re.sub(r"<[^>]*>", "", text).split())
    assert "It has 542,230 parameters" in words
    assert "540,900" in words
    assert text.count("<math") > 20
    assert re.search(r'<a class="reference internal" href="#digits-dense">', text)
    assert "mathjax" not in text.lower()


OTHERS = [
    ("text", "index.txt", "(n_in + 1)·n_out = (5408 + 1)·100 = 540,900"),
    ("latex", "convolutions.tex", r"n_{\mathrm{in}}"),
]


@pytest.mark.parametrize(("builder", "file", "said"), OTHERS)
def test_other_builders_set_formulas_in_their_way(
    tmp_path: Path, builder: str, file: str, said: str
) -> None:
    project = Path(shutil.copytree(EXAMPLES / "sphinx_rst", tmp_path / "sphinx_rst"))
    result = build(project, builder)
    assert result == Built(False, "")
    assert said in (project / "out" / file).read_text(encoding="utf-8")


def test_formulas_as_sphinx_sets_its_own(project: Path) -> None:
    result = build(project, "html", archcalc_math="sphinx")
    assert result == Built(False, "")
    text = (project / "out" / "index.html").read_text(encoding="utf-8")
    assert "<math" not in text
    assert r"n_{\mathrm{in}}" in text


STALE = {
    "a number in the text": ("540,900 <", "540,800 <", "the text says 540,800"),
    "a block": ("542,230", "541,988", r"541,988"),
}


@pytest.mark.parametrize("where", STALE)
def test_a_stale_number_is_found(project: Path, where: str) -> None:
    fresh, stale, said = STALE[where]
    text = page(project).read_text(encoding="utf-8")
    assert text.count(fresh) == 1
    page(project).write_text(text.replace(fresh, stale), encoding="utf-8")
    result = build(project, "dummy")
    assert result.failed
    assert said in result.said
    assert "stale" in result.said
    assert f"{page(project).name}:" in result.said


def test_the_network_changes_under_the_text(project: Path) -> None:
    file = project / "mnist.yaml"
    file.write_text(file.read_text("utf-8").replace("filters: 32", "filters: 16"), encoding="utf-8")
    result = build(project, "dummy")
    assert result.failed
    assert "the text says 540,900, and mnist.yaml parameters dense is 270,500" in result.said


def test_what_cannot_be_answered_is_an_error_at_its_line(project: Path) -> None:
    role = "{archcalc}" if page(project).suffix == ".md" else ":archcalc:"
    with page(project).open("a", encoding="utf-8") as file:
        file.write(f"\n{role}`no.yaml macs`\n")
    result = build(project, "dummy")
    assert result.failed
    assert "there is no such file" in result.said
    assert "Traceback" not in result.said


def test_a_module_is_not_imported_unless_it_may_be(project: Path) -> None:
    text = page(project).read_text(encoding="utf-8")
    text = text.replace("mnist.yaml parameters", "evil:net parameters", 1)
    page(project).write_text(text, encoding="utf-8")
    (project / "evil.py").write_text("open('executed', 'w')\n", encoding="utf-8")
    result = build(project, "dummy")
    assert "not-allowed" in result.said
    assert not (project / "executed").exists()
