"""Which layer of theirs each layer of ours is: by the order in which they stand, or by name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from archcalc.symbolic.errors import LookupFailedError
from archcalc.testing.matching.parts import Built, Part

__all__ = ["Pairs", "by_name", "in_order", "same_weights"]

Key: TypeAlias = tuple[Any, ...]

Pairs: TypeAlias = list[tuple[Part | None, Built | None]]
"""Layers that belong together; ``None`` where one has no partner."""


def same_weights(ours: Part, theirs: Built) -> bool:
    """Whether both own the same tensors; of a class that is not known, in any order of axes."""
    known = theirs.ours(ours.applied)
    if known is not None:
        return dict(known) == ours.weights
    return _key(ours.weights.values()) == _key(theirs.raw.values())


def _key(shapes: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Shapes, whatever the order of axes and of tensors; axes of length 1 say nothing."""
    return tuple(sorted(tuple(sorted(dim for dim in x if dim != 1)) for x in shapes))


def in_order(ours: Sequence[Part], theirs: Sequence[Built]) -> Pairs:
    """The pairs in order; layers of branches may stand in another order."""
    mine = [_key(part.weights.values()) for part in ours]
    other = [_key(part.raw.values()) for part in theirs]
    if Counter(mine) == Counter(other):
        seen = [part.outputs is not None for part in theirs]
        if all(seen):
            first = [(key, _key(part.outputs)) for key, part in zip(mine, ours, strict=True)]
            second = [(key, _key(p.outputs or ())) for key, p in zip(other, theirs, strict=True)]
            if Counter(first) == Counter(second):
                return _alike(ours, theirs, first, second)
        return _alike(ours, theirs, mine, other)
    if len(ours) == len(theirs) and all(part.is_needed for part in theirs):
        return list(zip(ours, theirs, strict=True))
    return _aligned(ours, theirs)


def _alike(
    ours: Sequence[Part], theirs: Sequence[Built], mine: Sequence[Key], other: Sequence[Key]
) -> Pairs:
    """The pairs of equal keys, those of one key in order."""
    places: dict[Key, list[int]] = defaultdict(list)
    for place, key in enumerate(other):
        places[key].append(place)
    return [(part, theirs[places[key].pop(0)]) for part, key in zip(ours, mine, strict=True)]


def _aligned(ours: Sequence[Part], theirs: Sequence[Built]) -> Pairs:
    """The pairs of the alignment that leaves the fewest differences.

    Source: Wagner and Fischer (1974), where a change costs less than one layer fewer and one more.
    """
    cost = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in range(len(ours), -1, -1):
        for j in range(len(theirs), -1, -1):
            cost[i][j] = _best(cost, ours, theirs, i, j)
    pairs: Pairs = []
    i = j = 0
    while i < len(ours) or j < len(theirs):
        if i < len(ours) and j < len(theirs):
            change = 0.0 if same_weights(ours[i], theirs[j]) else _CHANGE
            if cost[i][j] == change + cost[i + 1][j + 1]:
                pairs.append((ours[i], theirs[j]))
                i, j = i + 1, j + 1
                continue
        if i < len(ours) and cost[i][j] == _ONE + cost[i + 1][j]:
            pairs.append((ours[i], None))
            i += 1
        else:
            pairs.append((None, theirs[j]))
            j += 1
    return pairs


_ONE, _CHANGE = 1.0, 1.5


def _more(theirs: Built) -> float:
    """What one layer more costs; one that need not be there costs nothing."""
    return _ONE if theirs.is_needed else 0.0


def _best(
    cost: list[list[float]], ours: Sequence[Part], theirs: Sequence[Built], i: int, j: int
) -> float:
    ways = []
    if i < len(ours):
        ways.append(_ONE + cost[i + 1][j])
    if j < len(theirs):
        ways.append(_more(theirs[j]) + cost[i][j + 1])
    if i < len(ours) and j < len(theirs):
        change = 0.0 if same_weights(ours[i], theirs[j]) else _CHANGE
        ways.append(change + cost[i + 1][j + 1])
    return min(ways, default=0.0)


def by_name(ours: Sequence[Part], theirs: Sequence[Built], names: Mapping[str, str]) -> Pairs:
    """The pairs of equal names, whatever stands between the parts of a path.

    Args:
        names: for layers that are called otherwise there, our paths and their names.

    Raises:
        LookupFailedError: a name of `names` is not there.
    """
    other = {part.name: part for part in theirs}
    _known(names, [part.path for part in ours])
    _known(names.values(), list(other))
    plain = {_plain(name): part for name, part in other.items()}
    pairs: Pairs = []
    used: set[int] = set()
    for part in ours:
        partner = (
            other.get(names[part.path]) if part.path in names else plain.get(_plain(part.path))
        )
        pairs.append((part, partner))
        used.add(id(partner))
    return [*pairs, *((None, part) for part in theirs if id(part) not in used)]


def _known(names: Iterable[str], there: Sequence[str]) -> None:
    for name in names:
        if name not in there:
            raise LookupFailedError(
                f"no layer with weights is called {name!r}",
                hint=f"there are {', '.join(there[:12])}",
            )


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()
