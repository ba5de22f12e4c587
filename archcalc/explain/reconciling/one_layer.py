"""How people miscount one layer by itself: the counts that readings of its rule lead to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from archcalc.explain.reconciling.edit import EDITS, Finding, Place, Variant
from archcalc.explain.reconciling.quantities import quantity_of
from archcalc.explain.reconciling.terms import size_of
from archcalc.network import Row

__all__ = ["miscounts"]


def miscounts(row: Row, most: int = 2) -> Iterator[tuple[int, tuple[Finding, ...]]]:
    """Wrong counts of the parameters of `row`, the likeliest first, each with what went wrong.

    Args:
        row: the layer, with numbers.
        most: how many edits there may be.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> row = Sequential([Conv2D(32, 3)], input_shape=(32, 32, 3)).trace().rows[0]
    >>> [(count, [f.kind for f in found]) for count, found in miscounts(row)][:2]
    [(864, ['missing-bias']), (320, ['missing-input-channels'])]
    """
    place = Place(row, (), quantity_of("parameters"))
    readings = [
        variant
        for edit in EDITS
        for variant in edit.at(place)
        if variant.read is not None and not variant.moves and variant.inputs is None
    ]
    ways = [some for size in range(1, most + 1) for some in combinations(readings, size)]
    ways.sort(key=lambda some: sum(variant.bits for variant in some))
    for some in ways:
        if len({variant.touches for variant in some}) < len(some):
            continue
        found = _made(place, some)
        if found and all(f.amount for f in found):
            yield place.count - sum(f.amount for f in found), found


def _made(place: Place, some: tuple[Variant, ...]) -> tuple[Finding, ...]:
    """What several readings, one after the other, take away from a count."""
    found, terms = [], place.terms
    for variant in some:
        assert variant.read is not None
        read = variant.read(terms)
        amount = size_of(terms) - size_of(read)
        found.append(Finding(place.row.path, variant.kind, amount, variant.words))
        terms = read
    return tuple(found)
