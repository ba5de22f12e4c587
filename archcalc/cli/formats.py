"""About the file format: ``schema``."""

from __future__ import annotations

__all__ = ["schema"]


def schema() -> None:
    """The JSON Schema of architecture files."""
    # Imported here, as in every command, so that --help does not wait for it.
    from json import dumps

    from archcalc.network.spec.schema import json_schema

    print(dumps(json_schema(), indent=2, ensure_ascii=False))
