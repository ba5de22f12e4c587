"""``python -m tests.mutation --sample 200 --seed 1``: how many mistakes the tests notice."""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

from tests.mutation.covering import stages, targets
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.running import judge, preload

EQUIVALENT = Path(__file__).with_name("equivalent.json")
"""Mutants that mean the same as the code: ``file → {"before → after": why}``."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=200, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--only", default="", help="those of files whose names contain this")
    parser.add_argument("--line", type=int, default=0, help="those of one line")
    parser.add_argument("--part", default="1/1", help="2/3: the second third of the sample")
    chosen = parser.parse_args()
    sample = _sampled(chosen)
    explained = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    preload()
    seconds = {}
    for stage in dict.fromkeys(stage for mutant in sample for stage in stages(mutant.file)):
        clean = judge(None, [stage])
        print(f"{clean.seconds:.0f} s  {' '.join(stage)}", flush=True)
        if clean.how != "survived":
            sys.exit(f"the tests fail as it is: {clean.said}")
        seconds[stage] = clean.seconds
    counts = {"killed": 0, "endless": 0, "survived": 0, "equivalent": 0}
    for number, mutant in enumerate(sample, 1):
        if f"{mutant.before} → {mutant.after}" in explained.get(mutant.file, {}):
            counts["equivalent"] += 1
            continue
        verdict = judge(mutant, stages(mutant.file), seconds)
        counts[verdict.how] += 1
        said = "" if verdict.how == "survived" else f"   [{verdict.said}]"
        print(f"{number:>4} {verdict.how} {verdict.seconds:.0f} s  {mutant}{said}", flush=True)
    noticed, told = counts["killed"] + counts["endless"], len(sample) - counts["equivalent"]
    print(f"{counts}: {noticed} of {told}, {100 * noticed / max(told, 1):.1f} %")
    return 0


def _sampled(chosen: argparse.Namespace) -> list[Mutant]:
    files = [file for file in targets() if chosen.only in file]
    every = [m for f in files for m in mutants(f, Path(f).read_text(encoding="utf-8"))]
    every = [m for m in every if chosen.line in (0, m.line)]
    if chosen.sample and chosen.sample < len(every):
        every = random.Random(chosen.seed).sample(every, chosen.sample)
    part, parts = map(int, chosen.part.split("/"))
    return every[part - 1 :: parts]


if __name__ == "__main__":
    sys.exit(main())
