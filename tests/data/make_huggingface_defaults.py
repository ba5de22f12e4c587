"""What a missing field of each type is: made of transformers' own classes, as data.

Run with transformers installed: ``python tests/data/make_huggingface_defaults.py``.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from archcalc.frameworks.huggingface.defaults import SIZED
from archcalc.frameworks.huggingface.types import TYPES

HOME = Path(__file__).parents[2] / "archcalc" / "frameworks" / "huggingface" / "defaults.json"


def declared(cls: Any) -> dict[str, Any]:
    """The defaults as they are declared, before one follows from another."""
    found: dict[str, Any] = {}
    for part in dataclasses.fields(cls):
        if part.default is not dataclasses.MISSING:
            found[part.name] = part.default
        elif part.default_factory is not dataclasses.MISSING:
            found[part.name] = part.default_factory()
    return {cls.attribute_map.get(name, name): value for name, value in found.items()} | found


def main() -> None:
    defaults, aliases, uncounted = {}, {}, {}
    for name, kind in sorted(TYPES.items()):
        cls = CONFIG_MAPPING[name]
        asked = kind.keys()
        every = declared(cls)
        defaults[name] = {key: every[key] for key in sorted(asked) if key in every}
        named = {k: v for k, v in cls.attribute_map.items() if v in asked} | dict(kind.aliases)
        if named:
            aliases[name] = named
        known = {*every, *cls.attribute_map, *cls().to_dict()} - asked - set(named)
        uncounted[name] = sorted(filter(SIZED.search, known))
    data = {
        "made of": f"transformers {transformers.__version__}",
        "defaults": defaults,
        "aliases": aliases,
        "uncounted": uncounted,
    }
    HOME.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
