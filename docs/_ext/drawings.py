"""Directives that show networks: drawn, and as a report whose numbers move.

Both are made when the pages are built, from a file beside the page, or from ``module:attribute``.
A drawing stands in the page, in the ink of its text; a report is a file of its own, in a frame.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

import archcalc
from archcalc.frameworks.opening import beside

FOLDER = "reports"
"""Where the reports are published, from the first page."""


class _Showing(SphinxDirective):
    """What both share: the network that they name, and its values."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"set": directives.unchanged}

    def network(self) -> archcalc.Network:
        name = self.arguments[0]
        _, path = self.env.relfn2path(name)
        if Path(path).is_file():
            self.env.note_dependency(path)
        return beside(Path(self.env.relfn2path(".")[1]), importing=True)(name)

    def values(self) -> dict[str, int]:
        given = self.options.get("set", "").split()
        return {name: int(value) for name, _, value in (word.partition("=") for word in given)}


class DrawingDirective(_Showing):
    """``drawing``: `archcalc.Network.draw` in the page."""

    option_spec: ClassVar[dict[str, Any]] = {
        **_Showing.option_spec,
        "direction": directives.unchanged,
        "depth": directives.nonnegative_int,
        "width": directives.unchanged,
        "without-shapes": directives.flag,
        "caption": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        asked = {name: self.options[name] for name in ("direction", "depth", "width")
                 if name in self.options}  # fmt: skip
        shapes = "without-shapes" not in self.options
        drawing = archcalc.explain.draw(self.network(), **asked, shapes=shapes, **self.values())
        svg = drawing.to_svg()
        said = self.options.get("caption")
        caption = f"<figcaption>{escape(said)}</figcaption>" if said else ""
        way = "right" if asked.get("direction") == "right" else "down"
        figure = f'<figure class="archcalc-drawing {way}">{svg}{caption}</figure>'
        return [nodes.raw("", figure, format="html")]


class ReportDirective(_Showing):
    """``report-page``: `archcalc.report`, published beside the page and shown in a frame."""

    app: ClassVar[Any]

    def run(self) -> list[nodes.Node]:
        title = self.arguments[0].rpartition("/")[2]
        page = archcalc.report(self.network(), titles=[title], **self.values())
        name = re.sub(r"\W+", "-", self.arguments[0]).strip("-")
        file = f"{FOLDER}/{name}.html"
        made = Path(self.app.outdir) / file
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(page.to_html(), encoding="utf-8")
        here = self.app.builder.get_target_uri(self.env.docname)
        link = escape(relative_uri(here, file))
        said = escape(f"A report of {title}")
        frame = (
            f'<iframe class="archcalc-report" src="{link}" title="{said}" loading="lazy"></iframe>'
            f'<p><a href="{link}">The page by itself</a></p>'
        )
        return [nodes.raw("", frame, format="html")]


def setup(app: Any) -> dict[str, bool]:
    """Offer the directives ``drawing`` and ``report-page``."""
    app.add_directive("drawing", DrawingDirective)
    app.add_directive("report-page", type("ReportHere", (ReportDirective,), {"app": app}))
    return {"parallel_read_safe": True}
