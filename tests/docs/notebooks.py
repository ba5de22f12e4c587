"""Notebooks of the documentation: run, and what they show written down or compared.

``python -m tests.docs.notebooks`` runs each in a kernel and writes what it shows into its file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import nbformat

__all__ = ["NOTEBOOKS", "ran", "ran_here", "texts"]

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def ran(path: Path) -> nbformat.NotebookNode:
    """A notebook as a kernel runs it, in the folder where it is."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}},
                            record_timing=False, store_widget_state=False)  # fmt: skip
    client.execute()
    return notebook


def ran_here(path: Path) -> list[str]:
    """What each cell shows as text, run in this process, which takes no kernel."""
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell()
    shown = []
    with chdir(path.parent), redirect_stdout(io.StringIO()):
        for cell in _code(nbformat.read(path, as_version=4)):
            found = shell.run_cell(cell.source)
            found.raise_error()
            value = found.result
            shown.append(
                "" if value is None else shell.display_formatter.format(value)[0]["text/plain"]
            )
    return shown


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """What each cell shows as text, as the file has it."""
    return ["".join(_said(output) for output in cell.outputs) for cell in _code(notebook)]


def _code(notebook: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def _said(output: nbformat.NotebookNode) -> str:
    return str(output.data["text/plain"] if "data" in output else output.get("text", ""))


if __name__ == "__main__":
    for each in NOTEBOOKS:
        nbformat.write(ran(each), each)
