"""The one symbol factory: every dimension symbol is a positive integer, known by its name."""

from __future__ import annotations

import keyword
import unicodedata
from functools import lru_cache
from typing import Any

from sympy import Symbol

from archcalc.symbolic.errors import DimensionError, quoted
from archcalc.symbolic.limits import LIMITS

__all__ = ["symbol", "symbols"]


@lru_cache(maxsize=4096)
def symbol(name: str) -> Symbol:
    """The positive-integer symbol called `name`; the same name is always the same symbol.

    Raises:
        DimensionError: `name` is not an identifier.

    >>> import sympy
    >>> symbol("k") == sympy.Symbol("k", integer=True, positive=True)
    True
    """
    normal = unicodedata.normalize("NFKC", name)  # as Python itself reads a name
    known = name.isidentifier() and normal.isidentifier() and not keyword.iskeyword(normal)
    if not known or name.startswith("_") or len(normal) > LIMITS.name:
        raise DimensionError(
            f"{quoted(name)} is not a name for a symbol",
            code="bad-symbol-name",
            hint="use a letter followed by letters, digits or underscores",
        )
    return Symbol(normal, integer=True, positive=True)


def symbols(names: str) -> Any:
    """Positive-integer symbols from names separated by spaces or commas.

    One name gives one symbol, several give a tuple, as in sympy.

    Raises:
        DimensionError: no name is given, or one is not an identifier.

    >>> symbols("k f n")
    (k, f, n)
    >>> symbols("h")
    h
    """
    made = tuple(symbol(part) for part in names.replace(",", " ").split())
    if not made:
        raise DimensionError("symbols() needs at least one name", code="bad-symbol-name")
    return made[0] if len(made) == 1 else made
