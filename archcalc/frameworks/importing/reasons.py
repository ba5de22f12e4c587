"""What a model does where a condition of its code does not hold: it is run there and asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from archcalc.frameworks.importing.graph import Condition, Graph
from archcalc.frameworks.importing.values import number
from archcalc.layers.assume import Assume
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.requirement import Relation, Requirement

__all__ = ["assumptions"]

_STEPS = (37, -37, 1, -1, 64, -64, 13, -13, 128, -128, 5, 200, -200)
"""How far from the sizes that were recorded others are looked for."""

_SIZES = (16, 8, 24, 4, 31, 48, 63, 96, 112, 160, 192, 224)
"""Sizes that are tried as they are, the likely first."""

_TRIED = 3
"""At how many sizes the products are compared where the model computes otherwise."""

_SAID = {
    Relation.AT_LEAST: "at least",
    Relation.EQUAL: "equal to",
    Relation.MULTIPLE_OF: "a multiple of",
}


def assumptions(
    graph: Graph,
    sizes: Mapping[Any, int],
    look: Callable[[Mapping[Any, int]], int],
    expected: Callable[[Mapping[Any, int]], int | None],
) -> list[Assume]:
    """A layer for every condition that is not always met.

    Args:
        graph: what was recorded with symbols.
        sizes: what they stood for.
        look: the FLOPs of a run at other sizes; it raises where the model refuses them.
        expected: what the network says of them; ``None`` where it says that they cannot be.
    """
    made: list[Assume] = []
    for asked in graph.conditions:
        if _holds(asked, {}) is True:
            continue
        made.append(_assumed(asked, sizes, look, expected, graph.conditions))
    return made


def _assumed(
    asked: Condition, sizes: Mapping[Any, int], look: Any, expected: Any,
    others: Sequence[Condition],
) -> Assume:  # fmt: skip
    for tried, values in enumerate(_elsewhere(asked, sizes, others), start=1):
        try:
            flops = look(values)
        except FrameworkError as error:
            return _layer(asked, "refused", _words(error, asked, values))
        if flops != expected(values):
            return _layer(asked, "other", "")
        if tried == _TRIED:
            return _layer(asked, "as many products", "")
    return _layer(asked, "other", "")


def _layer(asked: Condition, otherwise: Any, why: str) -> Assume:
    stated: Any = _SAID[asked.relation]
    return Assume(asked.left, stated, asked.right, why, otherwise)


def _words(error: FrameworkError, asked: Condition, values: Mapping[Any, int]) -> str:
    """What the model said, with the size that it was tried at as a place for another."""
    said = str(error.__cause__ or error).strip().splitlines()
    text = (said[0] if said else "the model refuses it").replace("{", "(").replace("}", ")")
    tried = str(number(asked.left, values))
    return text.replace(tried, "{left}") if text.count(tried) == 1 else text


def _elsewhere(
    asked: Condition, sizes: Mapping[Any, int], others: Sequence[Condition]
) -> Iterator[dict[Any, int]]:
    """Sizes where a condition does not hold, and the others do as far as can be."""
    free = {s for side in (asked.left, asked.right) for s in getattr(side, "free_symbols", ())}
    found: list[tuple[int, int, dict[Any, int]]] = []
    for symbol in sorted(free & set(sizes), key=str):
        for size in (*(sizes[symbol] + step for step in _STEPS), *_SIZES):
            values = {**sizes, symbol: size}
            if values[symbol] >= 1 and not _holds(asked, values):
                broken = sum(not _holds(other, values) for other in others)
                found.append((broken, len(found), values))
    for _, _, values in sorted(found, key=lambda one: one[:2]):
        yield values


def _holds(asked: Condition, values: Mapping[Any, int]) -> bool | None:
    stated = Requirement(asked.left, asked.relation, asked.right, "", code="assumption-fails")
    return (stated.at(dict(values)) if values else stated).holds()
