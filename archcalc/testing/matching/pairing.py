"""Which layer of theirs each layer of ours is: by the order in which they stand, or by name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from archcalc.explain.alignment import aligned
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
    return aligned(ours, theirs, _likeness)


def _alike(
    ours: Sequence[Part], theirs: Sequence[Built], mine: Sequence[Key], other: Sequence[Key]
) -> Pairs:
    """The pairs of equal keys, those of one key in order."""
    places: dict[Key, list[int]] = defaultdict(list)
    for place, key in enumerate(other):
        places[key].append(place)
    return [(part, theirs[places[key].pop(0)]) for part, key in zip(ours, mine, strict=True)]


def _likeness(ours: Part, theirs: Built) -> float:
    """What a pair saves of the cost of two layers without partners, less what a difference costs.

    One that need not be there costs nothing where it has no partner.
    """
    saved = _ONE + (_ONE if theirs.is_needed else 0.0)
    return saved if same_weights(ours, theirs) else saved - _CHANGE


_ONE, _CHANGE = 1.0, 1.5


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
