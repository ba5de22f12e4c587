"""Configurations of Hugging Face among other JSON files: how one is told.

It stands beside what reads them, which other JSON files have no need of.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["holds_configuration"]

_LARGEST = 10_000_000
"""No configuration has more characters."""

_TELLING = (
    "model_type",
    "architectures",
    "hidden_size",
    "num_hidden_layers",
    "transformers_version",
)
"""Keys of which a configuration has one, and no network of archcalc any."""


def holds_configuration(path: str | os.PathLike[str]) -> bool:
    """Whether a JSON file is a configuration, be it one that does not say its ``model_type``."""
    file = Path(path)
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return False
        text = file.read_text(encoding="utf-8-sig")
        data = json.loads(text) if any(f'"{key}"' in text for key in _TELLING) else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and not data.keys().isdisjoint(_TELLING)
