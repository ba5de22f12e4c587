"""A directive that shows what other tools count of the same models, as it was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

FILE = Path(__file__).parents[2] / "tests" / "data" / "tools.json"
_NO_COUNT = ("seconds", "error")


def table(measured: dict[str, Any]) -> Iterator[str]:
    """A line for each tool and model, as Markdown.

    >>> told = {"MACs": 8, "seconds": 0.5}
    >>> list(table({"models": {"A": {"tool": told}}, "versions": {"tool": "1"}}))[2]
    '| A | tool | – | MACs 8 | 0.5 s |'
    """
    yield from ("| model | tool | parameters | work, in its own words | CPU time |",
                "|---|---|---:|---|---:|")  # fmt: skip
    for model, tools in measured["models"].items():
        for tool, told in tools.items():
            work = ", ".join(f"{word} {count:,}" for word, count in told.items()
                             if word not in (*_NO_COUNT, "parameters"))  # fmt: skip
            said = work or f"no answer: {told['error']}".replace("|", r"\|")
            parameters = f"{told['parameters']:,}" if "parameters" in told else "–"
            seconds = f"{told['seconds']} s" if "seconds" in told else "–"
            yield f"| {model} | {tool} | {parameters} | {said} | {seconds} |"


class ToolsDirective(SphinxDirective):
    """What was measured, and with which versions."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(FILE))
        measured = json.loads(FILE.read_text("utf-8"))
        versions = ", ".join(f"{name} {v}" for name, v in measured["versions"].items())
        return self.parse_text_to_nodes("\n".join([*table(measured), "", f"With {versions}."]))


def setup(app: Any) -> dict[str, bool]:
    """Offer the directive ``tools``."""
    app.add_directive("tools", ToolsDirective)
    return {"parallel_read_safe": True}
