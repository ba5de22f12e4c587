"""The notebooks show what running them gives."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.docs.notebooks import NOTEBOOKS, ran, ran_here, texts
from tests.sampling import NIGHTLY


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_running_it_gives(path: Path) -> None:
    shown = texts(nbformat.read(path, as_version=4))
    assert len([text for text in shown if text]) >= 12
    assert ran_here(path) == shown


@pytest.mark.skipif(not NIGHTLY, reason="a kernel takes seconds")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_kernel_gives_the_same(path: Path) -> None:
    assert texts(ran(path)) == texts(nbformat.read(path, as_version=4))
