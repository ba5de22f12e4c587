"""The JSON Schema of architecture files, published with the pages that link to it.

It is made when the pages are built, by what ``archcalc schema`` prints, and stands in a file with
the version of the format in its name.  ``{schema}`the schema` `` is a link to it from any page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxRole
from sphinx.util.osutil import relative_uri

from archcalc.network.spec.json_text import write_json
from archcalc.network.spec.schema import json_schema
from archcalc.network.spec.version import VERSION

FILE = f"schema/archcalc-{VERSION}.json"
"""Where it is published, from the first page."""


class SchemaLink(SphinxRole):
    """A link to the schema, with the text given."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self.app = app

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        page = self.app.builder.get_target_uri(self.env.docname)
        return [nodes.reference("", self.text, refuri=relative_uri(page, FILE))], []


def write(app: Any, error: Exception | None) -> None:
    """Write the schema beside the built pages."""
    if error is None and app.builder.format == "html":
        file = Path(app.outdir) / FILE
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{write_json(json_schema())}\n", encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Offer the role ``schema``, and publish what it leads to."""
    app.add_role("schema", SchemaLink(app))
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
