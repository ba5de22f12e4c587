"""Numbers that nobody counted: random ones around the truth, exact and rounded."""

from __future__ import annotations

from math import exp, log10
from random import Random

import archcalc as ac
from tests.explain.miscounts.mistakes import Claims
from tests.explain.miscounts.networks import build, count, draw

__all__ = ["noise"]


def noise(seed: int, most: int = 50) -> tuple[ac.Sequential, Claims, int]:
    """A wrong number of a layer, of a running total or of a whole network of up to `most` layers.

    The number is uniform in its logarithm, between a tenth of the truth and ten times it; of three
    one is rounded to two digits and one to three.  The last value says to how many, 0 for exact.
    """
    r = Random(f"noise {seed}")
    while True:
        net, shape = draw(r, most)
        each = {row.path: row.params for row in count(net, shape) if row.params}
        how = ("layers", "running", "total")[seed % 3]
        digits = (0, 2, 3)[seed // 3 % 3]
        path = r.choice(sorted(each))
        right = each[path] if how == "layers" else sum(each.values())
        wrong = _rounded(int(right * exp(r.uniform(-2.3, 2.3))), digits)
        if wrong < 1 or wrong == right or wrong == _rounded(right, digits):
            continue
        if how == "layers":
            return build(net, shape), Claims(how, {"layers": {path: wrong}}), digits
        if how == "total":
            return build(net, shape), Claims(how, {"total": wrong}), digits
        running, so_far = {}, 0
        for name, n in each.items():
            so_far += n
            running[name] = so_far
        at = r.randrange(len(running))
        names = list(running)
        before = running[names[at - 1]] if at else 0
        step = _rounded(int(each[names[at]] * exp(r.uniform(-2.3, 2.3))), digits)
        if step < 1 or step == each[names[at]]:
            continue
        shift = step - each[names[at]]
        for name in names[at:]:
            running[name] += shift
        assert running[names[at]] == before + step
        return build(net, shape), Claims(how, {"running": running}), digits


def _rounded(number: int, digits: int) -> int:
    if not digits or number < 1:
        return number
    scale = max(0, int(log10(number)) + 1 - digits)
    return int(round(number / 10**scale) * 10**scale)
