"""What a missing field of each type is: made of transformers' own classes, as data.

Run with transformers installed: ``python tests/data/make_huggingface_defaults.py``.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from archcalc.frameworks.huggingface.fields import (
    Choice,
    Image,
    Labels,
    Letters,
    Rounded,
    Sparse,
    Starts,
    Switched,
    Windows,
)
from archcalc.frameworks.huggingface.types import TYPES

HOME = Path(__file__).parents[2] / "archcalc" / "frameworks" / "huggingface" / "defaults.json"

SIZED = re.compile(
    r"(^|_)(n|num|d)_\w+|_(size|dim|dims|layers|heads|experts?|rank|bias|width|ratio|groups)$"
)
"""As in the reader."""


def keys_of(source: Any) -> set[str]:
    """The keys that a source asks for."""
    if isinstance(source, str):
        return set() if source.startswith("=") else {source.partition("??")[0].strip()}
    if isinstance(source, Choice | Rounded | Starts):
        return {source.key}
    if isinstance(source, Labels):
        return {source.key, source.table}
    if isinstance(source, Image):
        return {source.size, source.channels}
    if isinstance(source, Letters):
        return set(source.of)
    if isinstance(source, Switched):
        return {source.key} | keys_of(source.yes) | keys_of(source.no)
    if isinstance(source, Windows):
        return {source.types, source.period_key, source.since, source.switch} - {""}
    if isinstance(source, Sparse):
        return {source.types, source.first, source.last, source.step, source.never} - {""}
    return set()


def declared(cls: type) -> dict[str, Any]:
    """The defaults as they are declared, before one follows from another."""
    found: dict[str, Any] = {}
    for part in dataclasses.fields(cls):
        if part.default is not dataclasses.MISSING:
            found[part.name] = part.default
        elif part.default_factory is not dataclasses.MISSING:
            found[part.name] = part.default_factory()
    return found


def main() -> None:
    defaults, aliases, uncounted = {}, {}, set()
    used: set[str] = set()
    for name, kind in sorted(TYPES.items()):
        cls = CONFIG_MAPPING[name]
        asked = set().union(*(keys_of(s) for s in kind.sources.values()), kind.refuses)
        every = declared(cls)
        defaults[name] = {key: every[key] for key in sorted(asked) if key in every}
        named = {k: v for k, v in cls.attribute_map.items() if v in asked}
        if named:
            aliases[name] = named
        used |= asked | set(named)
        uncounted |= {key for key in every if SIZED.search(key) and key not in asked}
    data = {
        "made of": f"transformers {transformers.__version__}",
        "defaults": defaults,
        "aliases": aliases,
        "uncounted": sorted(uncounted),
    }
    HOME.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
