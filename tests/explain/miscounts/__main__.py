"""The rates, on the screen: ``python -m tests.explain.miscounts [cases] [how …]``."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict

import archcalc as ac
from tests.explain.miscounts.drawing import HOWS, case
from tests.explain.miscounts.judging import judge
from tests.explain.miscounts.noise import noise


def main() -> None:
    arguments = [a for a in sys.argv[1:] if not a.startswith("-")]
    cases = int(arguments[0]) if arguments else 200
    pairs = "--pairs" in sys.argv
    show = "--show" in sys.argv
    for how in arguments[1:] or HOWS:
        verdicts: dict[str, Counter[str]] = defaultdict(Counter)
        start = time.perf_counter()
        slowest = (0.0, -1)
        for seed in range(cases):
            drawn = case(seed, how, 2 if pairs else 1)
            if drawn is None:
                continue
            net, claims, causes = drawn
            began = time.perf_counter()
            try:
                verdict, found = judge(net, claims, causes)
            except Exception as error:  # the rates count what fails, and go on
                verdict, found = "error", f"{type(error).__name__}: {error}"
            slowest = max(slowest, (time.perf_counter() - began, seed))
            for cause in causes:
                verdicts[cause.kind][verdict] += 1
            verdicts[""][verdict] += 1
            if show and verdict not in ("right", "listed"):
                print(
                    f"-- {how} seed {seed}: {verdict}; {[(c.kind, c.layers[:3], c.number) for c in causes]}"
                )
                print(str(found)[:1500])
        took = time.perf_counter() - start
        total = verdicts.pop("")
        n = sum(total.values())
        good = total["right"] + total["listed"]
        print(
            f"\n{how}{' pairs' if pairs else ''}: {n} cases, {took:.0f} s (slowest {slowest[0]:.2f} s, seed {slowest[1]})"
        )
        print(
            f"  found {good / n:.1%} (listed {total['listed'] / n:.1%}), wrong alone {total['wrong'] / n:.1%}, unexplained {total['unexplained'] / n:.1%}, error {total['error'] / n:.1%}"
        )
        for kind, v in sorted(
            verdicts.items(),
            key=lambda kv: (kv[1]["right"] + kv[1]["listed"]) / sum(kv[1].values()),
        ):
            m = sum(v.values())
            print(f"    {kind:24}{m:5}  found {(v['right'] + v['listed']) / m:6.1%}  {dict(v)}")


def noises() -> None:
    """How many random numbers are explained."""
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    told: Counter[tuple[str, int, str]] = Counter()
    for seed in range(cases):
        net, claims, _ = noise(seed)
        try:
            found = ac.reconcile(net, **claims.arguments)
            said = "nothing" if found.explained is False else "explained"
        except ac.ArchcalcError as error:
            said, found = "error", error
        told[claims.how, (0, 2, 3)[seed // 3 % 3], said] += 1
        if said == "explained" and "--show" in sys.argv:
            print(f"-- noise seed {seed}\n{str(found)[:1200]}")
    explained = sum(n for (*_, said), n in told.items() if said == "explained")
    print(f"noise: explained {explained / cases:.2%} of {cases}; {dict(told)}")


noises() if "noise" in sys.argv else main()
