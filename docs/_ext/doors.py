"""A directive that says where each public name is: at the top, or behind which package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import archcalc


def table() -> Iterator[str]:
    """Every name, by where it is, as Markdown.

    >>> rows = {row.split("|")[1].strip(): row for row in table()}
    >>> "`reconcile`" in rows["`archcalc`"], "`ShapeError`" in rows["`archcalc.errors`"]
    (True, True)
    """
    top = set(dir(archcalc))
    layers = {name for name in top if isinstance(kind := getattr(archcalc, name), type)
              and issubclass(kind, archcalc.Layer)}  # fmt: skip
    yield from ("| where | names |", "|---|---|")
    said = sorted(top - layers - set(archcalc._DOORS) - {"__version__"})
    yield f"| `archcalc` | every layer and network; {_listed(said)} |"
    seen = set(top)
    for door in ("errors", "costs", "formula", "explain", "explore", "layers", "network",
                 "symbolic"):  # fmt: skip
        names = [n for n in getattr(archcalc, door).__all__ if n not in seen]
        seen.update(names)
        yield f"| `archcalc.{door}` | {_listed(names)} |"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


class DoorsDirective(SphinxDirective):
    """The table of public names."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        return self.parse_text_to_nodes("\n".join(table()))


def setup(app: Any) -> dict[str, bool]:
    """Offer the directive ``doors``."""
    app.add_directive("doors", DoorsDirective)
    return {"parallel_read_safe": True}
