"""Documents that check themselves: ``docs``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

if TYPE_CHECKING:
    from archcalc.explain.doc_blocks import Page, Say, Stale

__all__ = ["docs"]

EXPLAINED_NO = 1


def docs(
    files: Annotated[
        list[Path],
        Argument(
            metavar="FILES...",
            help="Documents: Markdown (.md), reStructuredText (.rst), LaTeX (.tex), notebooks "
            "(.ipynb).",
            show_default=False,
        ),
    ],
    check: Annotated[
        bool, Option("--check", help="Change nothing; show what is out of date, and exit with 1.")
    ] = False,
    importing: Annotated[
        bool,
        Option("--import", help="Let blocks name module:attribute. Importing a module runs it."),
    ] = False,
) -> None:
    """Fill the blocks of documents with what archcalc derives: archcalc docs README.md --check."""
    # Imported here, as in every command, so that --help does not wait for it.
    from archcalc.cli.answers import say
    from archcalc.explain.doc_blocks import say_with
    from archcalc.frameworks.opening import beside

    stale = 0
    for file in files:
        page = _page(file)
        telling = say_with(beside(file.parent, importing=importing))
        found = _stale(file, page, telling)
        stale += len(found)
        if found and not check:
            _write(file, page.filled(telling))
        say(_told(file, found, check))
    if stale and check:
        say(_ending(stale, files))
        raise Exit(EXPLAINED_NO)


def _page(file: Path) -> Page:
    from archcalc.explain.doc_blocks import Page
    from archcalc.symbolic.errors import SpecificationError

    try:
        page = Page(str(file), file.read_bytes().decode("utf-8"))
    except (OSError, ValueError) as error:
        why = "it is not text in UTF-8" if isinstance(error, ValueError) else f"{error.strerror}"
        raise SpecificationError(
            f"it cannot be read: {why}", code="unreadable", path=str(file)
        ) from None
    _ = page.syntax  # the error of another kind of file comes before anything is done
    return page


def _stale(file: Path, page: Page, telling: Say) -> list[Stale]:
    from archcalc.symbolic.errors import ArchcalcError

    try:
        return page.stale(telling)
    except ArchcalcError as error:
        raise error.in_file(str(file)) from None


def _write(file: Path, text: str) -> None:
    from archcalc.symbolic.errors import SpecificationError

    try:
        file.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise SpecificationError(
            f"it cannot be written: {error.strerror}", code="unwritable", path=str(file)
        ) from None


def _told(file: Path, stale: Sequence[Stale], check: bool) -> str:
    if not stale:
        return f"{file}: up to date"
    count = f"{len(stale)} block{'s' * (len(stale) > 1)}"
    if not check:
        return f"{file}: {count} filled"
    return "\n\n".join([f"{file}: {count} out of date", *(one.diff(str(file)) for one in stale)])


def _ending(stale: int, files: Sequence[Path]) -> str:
    named = " ".join(map(str, files)) if len(files) < 4 else "the same files"
    return f"\n{stale} out of date; archcalc docs {named} fills {'it' if stale == 1 else 'them'}"
