"""Numbers that nobody counted: random ones around the truth, exact and rounded."""

from __future__ import annotations

from math import exp, log, log10
from random import Random

import archcalc as ac
from tests.explain.miscounts.mistakes import KINDS, Claims
from tests.explain.miscounts.networks import ImpossibleError, Shape, Spec, build, count, draw

__all__ = ["noise"]

HOWS = ("layers", "running", "total")


def noise(seed: int, most: int = 50) -> tuple[ac.Sequential, Claims, int]:
    """A wrong number of a layer, of a running total or of a whole network of up to `most` layers.

    Of two numbers one is uniform in its logarithm, between a tenth of the truth and ten times it;
    the other lies near the truth, within a tenth of it, and is not what a mistake leads to.  Of
    three one is rounded to two digits and one to three.  The last value says to how many, 0 for
    exact.
    """
    r = Random(f"noise {seed}")
    how, digits, near = HOWS[seed % 3], (0, 2, 3)[seed // 3 % 3], bool(seed // 9 % 2)
    while True:
        net, shape = draw(r, most)
        each = {row.path: row.params for row in count(net, shape) if row.params}
        path = r.choice(sorted(each))
        right = sum(each.values()) if how == "total" else each[path]
        wrong = _rounded((_near if near else _far)(r, right), digits)
        if wrong < 1 or wrong in (right, _rounded(right, digits)):
            continue
        if near and wrong in _mistaken(net, shape, "" if how == "total" else path, r):
            continue
        if how == "layers":
            return build(net, shape), Claims(how, {"layers": {path: wrong}}), digits
        if how == "total":
            return build(net, shape), Claims(how, {"total": wrong}), digits
        running, so_far = {}, 0
        for name, n in each.items():
            so_far += wrong if name == path else n
            running[name] = so_far
        return build(net, shape), Claims(how, {"running": running}), digits


def _far(r: Random, right: int) -> int:
    return int(right * exp(r.uniform(-log(10), log(10))))


def _near(r: Random, right: int) -> int:
    return int(right * r.uniform(0.9, 1.1))


def _mistaken(net: tuple[Spec, ...], shape: Shape, path: str, r: Random) -> set[int]:
    """What one mistake, of those that are tried, makes of a layer, or of all."""
    found = set()
    for kind in KINDS.values():
        for wrong in kind(net, shape, r):
            try:
                rows = wrong.counted()
            except ImpossibleError:
                continue
            found.add(sum(row.params for row in rows if path in ("", row.path)))
    return found


def _rounded(number: int, digits: int) -> int:
    if not digits or number < 1:
        return number
    scale = max(0, int(log10(number)) + 1 - digits)
    return int(round(number / 10**scale) * 10**scale)
