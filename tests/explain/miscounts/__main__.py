"""The rates, on the screen, with what was missed where ``--show`` is given.

``python -m tests.explain.miscounts 200 layers total`` for single mistakes, ``--pairs`` for two,
``python -m tests.explain.miscounts 300 noise`` for random numbers.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from typing import Any

import archcalc as ac
from tests.explain.miscounts.drawing import HOWS, case
from tests.explain.miscounts.judging import judge
from tests.explain.miscounts.noise import noise

_VERDICTS = ("right", "listed", "wrong", "unlisted", "unexplained", "error")


def mistakes(how: str, cases: int, many: int, show: bool) -> None:
    """How often the cause is found, by kind."""
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    start, slowest = time.perf_counter(), (0.0, -1)
    for seed in range(cases):
        net, claims, causes = case(seed, how, many)
        began = time.perf_counter()
        found: Any
        try:
            verdict, found = judge(net, claims, causes)
        except Exception as error:  # what fails is counted, and the others are looked at
            verdict, found = "error", f"{type(error).__name__}: {error}"
        slowest = max(slowest, (time.perf_counter() - began, seed))
        for name in ("", *(cause.kind for cause in causes)):
            verdicts[name][verdict] += 1
        if show and verdict not in ("right", "listed"):
            made = [(cause.kind, cause.layers[:3], cause.number) for cause in causes]
            print(f"-- {how} seed {seed}: {verdict}; {made}\n{str(found)[:1500]}")
    took = time.perf_counter() - start
    print(f"\n{how}, {many} at once: {cases} cases, {took:.0f} s; slowest {slowest}")
    for name, counted in sorted(verdicts.items(), key=lambda item: _found(item[1])):
        rates = ", ".join(f"{v} {counted[v]}" for v in _VERDICTS if counted[v])
        print(f"    {name or 'ALL':24} found {_found(counted):6.1%} of {counted.total()}: {rates}")


def _found(counted: Counter[str]) -> float:
    return (counted["right"] + counted["listed"]) / counted.total()


def noises(cases: int, show: bool) -> None:
    """How many random numbers are explained."""
    told: Counter[tuple[str, int, bool]] = Counter()
    for seed in range(cases):
        net, claims, digits = noise(seed)
        found = ac.reconcile(net, **claims.arguments)
        explained = found.explained is not False
        told[claims.how, digits, explained] += 1
        if explained and show:
            print(f"-- noise seed {seed}\n{str(found)[:1200]}")
    for (how, digits, explained), n in sorted(told.items()):
        print(f"    {how:8} {digits or 'all'} digits: {'' if explained else 'not '}explained {n}")
    share = sum(n for (*_, explained), n in told.items() if explained) / cases
    print(f"random numbers explained: {share:.2%} of {cases}")


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    cases, show = int(words[0]) if words else 200, "--show" in sys.argv
    for how in words[1:] or HOWS:
        if how == "noise":
            noises(cases, show)
        else:
            mistakes(how, cases, 2 if "--pairs" in sys.argv else 1, show)


if __name__ == "__main__":
    main()
