"""Ranges by the names of their symbols, also of symbols that are called as an option is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from archcalc.symbolic.errors import EvaluationError, shorten

__all__ = ["how_to_give", "ranges_by_name"]


def ranges_by_name(more: Any, ranges: Mapping[str, Any]) -> dict[str, Any]:
    """All ranges, in the order in which they were given.

    Args:
        more: those in a mapping, if there is one.
        ranges: those by keyword.

    Raises:
        EvaluationError: `more` is no mapping, or one symbol has a range in both.

    >>> ranges_by_name({"chunks": range(1, 9)}, {"n": 3})
    {'chunks': range(1, 9), 'n': 3}
    """
    if more is None:
        return dict(ranges)
    if not isinstance(more, Mapping):
        raise EvaluationError(
            f"{shorten(more, 40)} is no mapping from symbols to their ranges", code="bad-ranges",
            hint='give one such as {"n": range(1, 65)}, or write n=range(1, 65)',
        )  # fmt: skip
    read = {str(name): values for name, values in more.items()}
    for name in read.keys() & ranges.keys():
        raise EvaluationError(
            f"{name} has two ranges", code="value-twice", values={"name": name},
            hint="give one of them",
        )  # fmt: skip
    return {**read, **ranges}


def how_to_give(name: str, last: int, options: Collection[str]) -> str:
    """How a symbol is given a range, of a function whose keywords `options` mean something else.

    >>> how_to_give("n", 64, ("chunks",)), how_to_give("chunks", 64, ("chunks",))
    ('give one, as in n=range(1, 65), or a number', 'give one in a mapping, as chunks=... is an \
option: {"chunks": range(1, 65)}')
    """
    if name in options:
        shown = f'{{"{name}": range(1, {last + 1})}}'
        return f"give one in a mapping, as {name}=... is an option: {shown}"
    return f"give one, as in {name}=range(1, {last + 1}), or a number"
