"""Configurations of Hugging Face among other JSON files: how one is told, and what reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archcalc.frameworks.huggingface.reading import from_huggingface
from archcalc.network import Network

__all__ = ["holds_model_type", "read_config_file"]

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


def read_config_file(path: str | os.PathLike[str], input_shape: Sequence[Any] | None) -> Network:
    """The network that a configuration describes.

    Args:
        path: the file.
        input_shape: what goes in: how many words, where that is no symbol.

    Raises:
        ArchcalcError: as `from_huggingface`.
    """
    return from_huggingface(path, length=input_shape[0] if input_shape else "t")
