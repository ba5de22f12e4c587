"""A directive that lists what each class of an installed framework is in archcalc.

``{coverage} keras`` becomes a table of Keras' classes and our layers, and one of the classes that
are out of scope with the reasons.  A framework that is not installed is said to be missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from catalogue import PAGES, layers_of, short
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from archcalc.frameworks.coverage import FACTS, Coverage, Framework, coverage
from archcalc.symbolic.errors import FrameworkError

NAMES: dict[str, str] = {"keras": "Keras", "torch": "torch"}


def tables(framework: Framework) -> str:
    """What is known of a framework, as Markdown.

    >>> print(tables("torch").partition("|")[0])
    torch ...: ... classes, ... of them layers of archcalc, ... out of scope, 0 unknown.
    """
    try:
        rows = coverage(framework)
    except FrameworkError as error:
        return f"{NAMES[framework]} was not there when these pages were built: {error.message}."
    ours, without = [row for row in rows if row.layer], [row for row in rows if not row.layer]
    unknown = sum(not row.why for row in without)
    said = (
        f"{NAMES[framework]} {version(framework)}: {len(rows)} classes, {len(ours)} of them layers "
        f"of archcalc, {len(without) - unknown} out of scope, {unknown} unknown."
    )
    return "\n".join((said, "", *_covered(ours), "", *_reasons(without), *_arguments(ours)))


def _covered(rows: list[Coverage]) -> Iterator[str]:
    yield f"| class | in archcalc | {' | '.join(FACTS)} |"
    yield f"|---|---|{':-:|' * len(FACTS)}"
    place = {kind.__name__: short(family) for family in PAGES for kind in layers_of(family)}
    for row in rows:
        name = f"`{row.name}`" + (f" (`{row.alias}`)" if row.alias else "")
        link = f"[{row.layer}](catalogue/{place[row.layer]}.md#{row.layer.lower()})"
        note = f": {row.why}" if row.why else ""
        ticks = " | ".join("✓" if fact in row.tested else "" for fact in FACTS)
        yield f"| {name} | {link}{note} | {ticks} |"


def _reasons(rows: list[Coverage]) -> Iterator[str]:
    """Classes that share a reason share a line."""
    yield from ("| out of scope | why |", "|---|---|")
    for why in dict.fromkeys(row.why for row in rows):
        names = ", ".join(f"`{row.name}`" for row in rows if row.why == why)
        yield f"| {names} | {why or 'unknown to archcalc'} |"


def _arguments(rows: list[Coverage]) -> Iterator[str]:
    """Arguments that are refused, and those that are taken and not built, a line for each."""
    refused = [(name, why, row.name) for row in rows for name, why in row.refused.items()]
    unbuilt = [(name, why, row.name) for row in rows for name, why in row.unbuilt.items()]
    for title, found in (("refused but at its default", refused), ("not built again", unbuilt)):
        if found:
            yield from ("", f"| {title} | why | of |", "|---|---|---|")
        for name, why in dict.fromkeys((name, why) for name, why, _ in found):
            kinds = [f"`{kind}`" for *said, kind in found if said == [name, why]]
            every = "every class" if len(kinds) == len(rows) else ", ".join(kinds)
            yield f"| `{name}` | {why} | {every} |"


class CoverageDirective(SphinxDirective):
    """The tables of the framework that is named."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # what is installed may have changed
        return self.parse_text_to_nodes(tables(self.arguments[0]))


def setup(app: Any) -> dict[str, bool]:
    """Offer the directive ``coverage``."""
    app.add_directive("coverage", CoverageDirective)
    return {"parallel_read_safe": True}
