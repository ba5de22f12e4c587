"""Configurations of Hugging Face among other JSON files: how one is told.

It stands beside what reads them, which other JSON files have no need of.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["holds_model_type"]

_LARGEST = 10_000_000
"""No configuration has more characters."""


def holds_model_type(path: str | os.PathLike[str]) -> bool:
    """Whether a JSON file is a configuration: an object that says its ``model_type``."""
    file = Path(path)
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return False
        text = file.read_text(encoding="utf-8-sig")
        data = json.loads(text) if '"model_type"' in text else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and "model_type" in data
