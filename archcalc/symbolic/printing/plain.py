"""Words made harmless, and signs that an encoding has not got spelled in those that it has.

Names come from anywhere: from files, from other people's models.  What would move a cursor, end a
line or turn the direction of writing is shown as Python writes it, in every format alike.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category

__all__ = ["spelled", "visible"]


def visible(words: str) -> str:
    r"""`words` with every character that is invisible spelled out.

    >>> print(visible("stage\n1\x1b[2J"))
    stage\n1\x1b[2J
    """
    return words if words.isprintable() else "".join(map(_seen, words))


def _seen(c: str) -> str:
    if c.isprintable() or category(c) == "Zs":
        return c
    return c.encode("unicode_escape").decode("ascii")


_SPELLED = {
    "×": "x", "·": "*", "−": "-", "→": "->", "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "√": "sqrt", "∛": "cbrt", "Σ": "sum",
    "…": "...", "⋮": ":", "─": "-", "—": "-", "–": "-", "µ": "u", "’": "'", "∈": "in", "½": "1/2",
    "%": "%", "\u202f": " ", "\u00a0": " ",
}  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ", "0123456789+-ni", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))


def spelled(words: str, encoding: str) -> str:
    """`words` in the signs of an encoding, for a terminal that cannot show others.

    >>> spelled("⌊(h − k)/s⌋ + 1 = k² → 26×26", "ascii")
    'floor((h - k)/s) + 1 = k^2 -> 26x26'
    >>> spelled("k² → 26×26", "latin-1")
    'k² -> 26×26'
    """
    if words.isascii() or all(_has(encoding, c) for c in set(words)):
        return words
    parts: list[str] = []
    raised = False
    for c in words:
        known = _has(encoding, c)
        if c in _RAISED and not known:
            parts.append(_RAISED[c] if raised else f"^{_RAISED[c]}")
        elif c in _LOWERED and not known:
            parts.append(_LOWERED[c])
        else:
            parts.append(c if known else _SPELLED.get(c, c))
        raised = c in _RAISED
    return "".join(parts).encode(encoding, "backslashreplace").decode(encoding)


@lru_cache(maxsize=1024)
def _has(encoding: str, c: str) -> bool:
    try:
        c.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
