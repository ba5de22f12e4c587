"""About the file format: ``schema``."""

from __future__ import annotations

__all__ = ["schema"]


def schema() -> None:
    """The JSON Schema of architecture files."""
    # Imported here, as in every command, so that --help does not wait for it.
    from archcalc.network.spec.json_text import write_json
    from archcalc.network.spec.schema import json_schema

    print(write_json(json_schema()))
