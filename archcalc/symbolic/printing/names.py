"""Symbols' names taken apart for typesetting: ``c_in`` is *c* with the subscript *in*."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["GREEK", "split_name"]

_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
)
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"


def _letter(name: str) -> str:
    case = "SMALL" if name.islower() else "CAPITAL"
    spelt = name.upper().replace("LAMBDA", "LAMDA")  # Unicode's own spelling
    return unicodedata.lookup(f"GREEK {case} LETTER {spelt}")


GREEK = {name: _letter(name) for name in f"{_SMALL} {_CAPITAL}".split()}
"""The letters that LaTeX has a command for, by the name of the command."""

_NUMBERED = re.compile(r"(.*[^\d_])(\d+)")


def split_name(name: str) -> tuple[str, list[str]]:
    """The base of a name and its subscripts.

    >>> split_name("c_in"), split_name("n1"), split_name("k_h_2"), split_name("bias")
    (('c', ['in']), ('n', ['1']), ('k', ['h', '2']), ('bias', []))

    Underscores that separate nothing stay in the base, so that ``a`` and ``a_`` look different.

    >>> split_name("_a_")
    ('_a_', [])
    """
    base, *subscripts = name.split("_")
    if not base or not all(subscripts):
        return name, []
    numbered = _NUMBERED.fullmatch(base)
    if numbered and not subscripts:
        return numbered[1], [numbered[2]]
    return base, subscripts
