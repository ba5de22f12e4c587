"""Several values of a symbol as they are written on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archcalc.symbolic.errors import SpecificationError, quoted

if TYPE_CHECKING:
    from archcalc.formula import Formula

__all__ = ["check_symbols", "integers"]

_RANGE = re.compile(r"([0-9_]{1,40}):([0-9_]{1,40})(?::([0-9_]{1,40}))?")
_LIST = re.compile(r"[0-9_]{1,40}(?:,[0-9_]{1,40}){0,9999}")


def integers(text: str, option: str) -> Sequence[int]:
    """``1:100`` as every number from 1 to 100, ``8:64:8`` as every eighth, ``1,3,5`` as these.

    Raises:
        SpecificationError: it is neither, or there is no number in it.

    >>> integers("1:4", "--over"), list(integers("8:64:28", "--over")), integers("1,3,5", "--over")
    (range(1, 5), [8, 36, 64], [1, 3, 5])
    """
    bare = text.replace(" ", "")
    found = _RANGE.fullmatch(bare)
    try:
        if found:
            first, last, step = (int(part or 1) for part in found.groups())
            if first <= last and step:
                return range(first, last + 1, step)
        elif _LIST.fullmatch(bare):
            return [int(part) for part in bare.split(",")]
    except ValueError:  # an underscore where none may stand
        pass
    raise SpecificationError(
        f"{option}: {quoted(text, 60)} is no range of values", code="bad-option",
        hint="write 1:100, 8:512:8 or 1,3,5; both ends of a range belong to it",
    )  # fmt: skip


def check_symbols(formulas: Iterable[Formula], ranges: Mapping[str, Any]) -> None:
    """Refuse formulas with symbols for which there are no values.

    Raises:
        SpecificationError: there is one.
    """
    needed = sorted({s.name for formula in formulas for s in formula.symbols})
    missing = [name for name in needed if name not in ranges]
    if missing:
        raise SpecificationError(
            f"there are no values for {', '.join(missing)}", code="symbols-left",
            hint=f"give --over {missing[0]}=1:64, or one value with --set {missing[0]}=8",
        )  # fmt: skip
