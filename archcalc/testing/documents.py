"""Documents that stay true: their blocks say what archcalc derives."""

from __future__ import annotations

from pathlib import Path

from archcalc.explain.doc_blocks import Page, Stale, say_with
from archcalc.frameworks.opening import beside
from archcalc.testing.hiding import assertions

__all__ = ["StaleError", "assert_document"]

__tracebackhide__ = assertions


class StaleError(AssertionError):
    """Blocks of a document do not say what they should."""


def assert_document(file: str | Path, *, update: bool = False) -> None:
    """That every block of a document says what archcalc derives.

    Args:
        file: a document in Markdown, reStructuredText or LaTeX, or a notebook; files that its
            blocks name are looked for beside it.
        update: whether to fill the blocks instead.

    Raises:
        StaleError: one does not; it is an `AssertionError`, and shows the lines that differ.
        ArchcalcError: a block is not of the form it should be, or what it is about cannot be read;
            with the document's name and the line.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "page.md"
    >>> _ = (file.parent / "net.yaml").write_text("input: 784\\nlayers: [{Dense: 10}]")
    >>> _ = file.write_text("<!-- archcalc: net.yaml parameters -->7,840<!-- /archcalc -->")
    >>> assert_document(file)
    Traceback (most recent call last):
    ...
    archcalc.testing.documents.StaleError: page.md: 1 block out of date
    <BLANKLINE>
    --- page.md, line 1
    +++ net.yaml parameters
    @@ -1 +1 @@
    -7,840
    +7,850
    <BLANKLINE>
    archcalc docs page.md, or pytest --archcalc-update, writes what it should say
    >>> assert_document(file, update=True)
    >>> assert_document(file)
    """
    place = Path(file)
    page = Page(place.name, place.read_bytes().decode("utf-8"))
    say = say_with(beside(place.parent))
    stale = page.stale(say)
    if stale and update:
        place.write_bytes(page.filled(say).encode("utf-8"))
    elif stale:
        raise StaleError(_said(page.name, stale))


def _said(name: str, stale: list[Stale]) -> str:
    count = f"{len(stale)} block{'s' * (len(stale) > 1)}"
    they = "it" if len(stale) == 1 else "they"
    hint = f"archcalc docs {name}, or pytest --archcalc-update, writes what {they} should say"
    diffs = [one.diff(name) for one in stale]
    return "\n\n".join([f"{name}: {count} out of date", *diffs, hint])
