"""The version of the file format: what a file says, and what is read.

A file of a version is read for ever; `docs/files.md` says what may change within one.  A newer
version is refused before anything else in the file is looked at, since what it would be blamed for
is only that this archcalc does not know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc._version import __version__
from archcalc.network.spec.diagnostics import Complaints, kind_of

__all__ = ["VERSION", "format_version"]

VERSION = 1
"""The version that is written, and the newest that is read."""

_UNSAID = 1
"""The version of a file that says none.  It stays 1 when there are newer ones."""


def format_version(mapping: Mapping[Any, Any], errors: Complaints) -> int:
    """The version that a mapping says it is of, or 1 where it says none.

    Raises:
        SpecificationError: it is no version (code ``bad-version``), or one that only a newer
            archcalc reads (``newer-version``, with both numbers in `values`).

    >>> format_version({"layers": []}, Complaints()), format_version({"archcalc": 1}, Complaints())
    (1, 1)
    >>> format_version({"archcalc": 7}, Complaints())
    Traceback (most recent call last):
    archcalc.symbolic.errors.SpecificationError: archcalc: this is of version 7 of the format, ...
    """
    place = ("archcalc",)
    version = mapping.get("archcalc", _UNSAID)
    errors.check_plain(version, place)
    if not isinstance(version, int) or isinstance(version, bool):
        errors.refuse(
            f"the version of the format is {kind_of(version)}, not a whole number", place,
            code="bad-version", hint=f"write archcalc: {VERSION}, or leave it out",
        )  # fmt: skip
    if version < 1:
        errors.refuse(
            f"there is no version {version} of the format; the first is 1", place,
            code="bad-version", hint=f"write archcalc: {VERSION}, or leave it out",
        )  # fmt: skip
    if version > VERSION:
        errors.refuse(
            f"this is of version {version} of the format, and archcalc {__version__} reads "
            f"{_versions()}",
            place, code="newer-version", values={"version": version, "reads": VERSION},
            hint=f"it needs an archcalc that reads version {version}: "
            "pip install --upgrade archcalc",
        )  # fmt: skip
    return version


def _versions() -> str:
    return "version 1" if VERSION == 1 else f"versions 1 to {VERSION}"
