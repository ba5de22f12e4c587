"""The tool itself: a planted mistake is what is imported, and what notices it is told apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.mutation.covering import ASKED, ROOMS, stages, targets
from tests.mutation.mutants import mutants
from tests.sampling import slow

ROOT = Path(__file__).parents[2]

PROGRAM = """
from pathlib import Path
from tests.mutation.mutants import mutants
from tests.mutation.running import judge
file = "archcalc/costs/time.py"
found = mutants(file, Path(file).read_text(encoding="utf-8"))
counted = next(m for m in found if m.after.startswith("read * bytes_of(self.dtype) +"))
print(judge(counted, [(file,)]).how, judge(None, [(file,)]).how)
print(judge(counted, [("tests/symbolic/test_evaluate.py",)]).how)
"""


@slow
def test_a_mistake_is_planted_where_examples_and_tests_see_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    assert done.stdout.split() == ["killed", "survived", "survived"], done.stderr[-2000:]


def test_a_false_answer_becomes_no_other_untrue_one() -> None:
    asked = "def f(x){}:\n    return False"
    assert [m.after for m in mutants("m.py", asked.format(" -> bool"))] == ["True"]
    assert [m.after for m in mutants("m.py", asked.format(""))] == ["True", "return None"]


@slow
def test_every_module_with_formulas_is_asked_about() -> None:
    found = targets()
    assert {room for room in ROOMS for file in found if file.startswith(room)} == set(ROOMS)
    made = {file: mutants(file, ROOT.joinpath(file).read_text(encoding="utf-8")) for file in found}
    assert sum(map(len, made.values())) > 5_000
    assert all(stages(file) for file in found)
    paths = {path for stages in ASKED.values() for stage in stages for path in stage}
    assert all(ROOT.joinpath(path).exists() for path in paths)
