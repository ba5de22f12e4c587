"""Words that mean something else than a dimension, as the catalogue of layers declares them.

Layers stand above formulas, and fill this in when they are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["declare", "meaning"]

_MEANINGS: dict[str, str] = {}


def declare(words: Mapping[str, str]) -> None:
    """Say what words mean, such as ``{"relu": "an activation"}``."""
    _MEANINGS.update(words)


def meaning(word: object) -> str:
    """What a word means; empty where it may be a symbol.

    >>> declare({"relu": "an activation"})
    >>> meaning("relu"), meaning("width")
    ('an activation', '')
    """
    return _MEANINGS.get(word.strip().lower(), "") if isinstance(word, str) else ""
