"""The JSON Schema is published with the pages, and is what the command prints."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from archcalc.cli import main
from archcalc.network.spec.version import VERSION

NAME = f"archcalc-{VERSION}.json"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pages stand that link to the schema, one of them in a folder."""
    place = tmp_path_factory.mktemp("pages")
    source, out = place / "source", place / "out"
    (source / "more").mkdir(parents=True)
    link = "# A page\n\nSee {schema}`the schema`.\n"
    (source / "index.md").write_text(f"{link}\n```{{toctree}}\nmore/page\n```\n", encoding="utf-8")
    (source / "more" / "page.md").write_text(link, encoding="utf-8")
    settings = {"extensions": ["myst_parser", "published_schema"]}
    with docutils_namespace():  # what the extensions register is gone afterwards
        app = Sphinx(source, None, out, place / "seen", "html", settings, warningiserror=True,
                     status=None)  # fmt: skip
        app.build()
    return out


@pytest.mark.parametrize("page", ["index.html", "more/page.html"])
def test_pages_link_to_it(built: Path, page: str) -> None:
    _, _, rest = (built / page).read_text(encoding="utf-8").partition('external" href="')
    address, _, rest = rest.partition('">')
    assert rest.startswith("the schema</a>")
    assert (built / page).parent.joinpath(address).resolve() == built / "schema" / NAME


def test_it_is_what_the_command_prints(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = (built / "schema" / NAME).read_text(encoding="utf-8")
    main(["schema"])
    assert capsys.readouterr().out == published
    jsonschema.Draft202012Validator(json.loads(published)).validate(
        {"archcalc": VERSION, "input": [784], "layers": [{"Dense": 10}]}
    )
