"""Whatever comes in: an answer or our own error, nothing executed, in little time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

import archcalc as ac
from archcalc.network.substitution import substitute
from tests.fuzzing.doors import DOORS
from tests.fuzzing.inputs import mutated_text
from tests.fuzzing.watching import raised, shown
from tests.sampling import slow

PROFILE = os.environ.get("ARCHCALC_PROFILE", "ci" if os.environ.get("CI") else "dev")

INPUTS = {
    "dev": {"formula": 500, "yaml": 50, "toml": 50, "json": 50, "mapping": 100,
            "assume": 100, "where": 100, "options": 5},
    "ci": {"formula": 5_000, "yaml": 500, "toml": 500, "json": 500, "mapping": 800,
           "assume": 1_000, "where": 1_000, "options": 20},
    "nightly": {"formula": 1_000_000, "yaml": 30_000, "toml": 30_000, "json": 30_000,
                "mapping": 50_000, "assume": 100_000, "where": 100_000, "options": 10_000},
}.get(PROFILE, {})  # fmt: skip
"""How many inputs each door is given; none where other profiles ask about something else."""


def seed() -> int:
    """Another one every night; one that stays where a change is judged."""
    given = os.environ.get("ARCHCALC_FUZZ_SEED")
    if given is not None:
        return int(given)
    return Random().randrange(10**6) if PROFILE == "nightly" else 1


@slow
@pytest.mark.parametrize("door", DOORS)
def test_nothing_but_our_own_errors(door: str, tmp_path: Path) -> None:
    """In a process of its own, which is ended where an input takes for ever."""
    journal, count = tmp_path / "journal", INPUTS.get(door, 50)
    command = [sys.executable, "-m", "tests.fuzzing", door, str(count), str(seed()), str(journal)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    if done.returncode < 0:
        data = journal.read_bytes()
        given = data[8 : 8 + int.from_bytes(data[:8], "big")]
        pytest.fail(f"{' '.join(command)} ended by signal {-done.returncode} at {given!r}")
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]


# --- What was found once, and must not come back --------------------------------------------------

FOUND: list[tuple[str, Any]] = [
    ("where", "1<f²"),
    ("mapping", {"input": 4, "layers": [{"Dense": [10**5000]}]}),
    ("mapping", {"input": 4, "layers": [10**5000]}),
    ("mapping", [10**5000]),
    ("formula", "(a**20 - b**20)//(a - b)"),
    ("formula", f"∑(⌊h/{'2^' * 20}i⌋ for i < L)"),
    *(("yaml", f"input: [4]\nlayers: [{{Repeat: {{block: [{{Dense: {'2**' * 7}i}}], times: {n}, "
       "index: i}}]") for n in ("L", 5)),
    ("options", (0, "n=9**9**n")),
    ("options", (5, "conv2d=2147483648")),
    ("assume", "h % 32 //3 = 0"),  # took seconds before it was given up, as did the next
    ("assume", "8<=f/2%32=0"),
]  # fmt: skip


def test_numbers_put_in_become_no_tower() -> None:
    tower, net = "9**9**k", ac.loads("input: [4]\nlayers: [{Dense: 9**9**k}]")
    assert net.trace().parameters.expr == ac.parse(f"5*{tower}")
    for put_in in (
        lambda: substitute(net, {"k": 9}),
        lambda: ac.Formula(tower)(k=9),
        lambda: ac.Formula(f"{tower}*h")(k=9),
        lambda: ac.Formula(f"∑(⌊h/{'2^' * 20}i⌋ for i < L)")(h=5, L=3),
        lambda: ac.Formula(f"{tower}*h").solve("h", at_most=10**6, k=9),
        lambda: ac.sweep({"n": ac.Formula(f"{tower}*h")}, k=[1, 9], h=[1]),
    ):
        with pytest.raises(ac.errors.EvaluationError, match="too large"):
            put_in()


class Unshowable:
    """What has no text."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("value", [Unshowable(), [Unshowable()], 10**5000, [10**5000]], ids=type)
def test_a_value_that_cannot_be_shown_is_refused_all_the_same(value: Any) -> None:
    for mapping in (
        value,
        {"input": value, "layers": ["Flatten"]},
        {"input": 4, "layers": value},
        {"input": 4, "layers": [value]},
        {"input": 4, "layers": [{"Dense": value}]},
        {"input": 4, "layers": [{"Dense": {"units": value}}]},
        {"input": 4, "layers": [{"Dense": {"units": 3, "activation": value}}]},
        {"input": 4, "layers": [{"Conv2D": {"filters": 3, "kernel_size": 1, "padding": value}}]},
        {"input": 4, "layers": [{"Dense": 3, "name": value}]},
    ):
        with pytest.raises(ac.ArchcalcError) as caught:
            ac.from_dict(mapping)
        assert len(str(caught.value)) < 1_000
    with pytest.raises(ac.ArchcalcError):
        ac.Dense(value)
    with pytest.raises(ac.ArchcalcError):
        ac.parse(value)


@pytest.mark.parametrize(("door", "given"), FOUND, ids=lambda x: shown(x)[:40])
def test_what_was_found_once(door: str, given: Any) -> None:
    assert raised(DOORS[door].enter, given) == ""


# --- The watch sees what it is there for ----------------------------------------------------------


def _works(text: str) -> None:
    for _ in range(60_000_000):
        len(text)


def _fills(text: str) -> None:
    b"1" * (300 * 2**20)


def _floods(text: str) -> None:
    raise ac.errors.ExpressionError("a" * 5_000)


MISTAKES = {
    "exec(text)": "it does exec",
    "__import__('os').system('true')": "it does os.system",
    "open('trap', 'w')": "it does open",
    "__import__('antigravity_')": "it does import",
    "1/0": "ZeroDivisionError at ",
    "sys.exit()": "SystemExit at ",
    "_works(text)": "it makes more than 5,000,000 calls",
    "_fills(text)": "it uses ",
    "_floods(text)": "its message is long",
    "int(text)": "",
}


@slow
def test_the_watch_sees_each_kind_of_mistake(tmp_path: Path) -> None:
    """An audit hook stays for ever, so that this too is a process of its own."""
    program = f"""
import sys
from tests.fuzzing.doors import Door
from tests.fuzzing.watching import Watch
from tests.fuzzing.test_fuzzing import MISTAKES, ac, _works, _fills, _floods
for code, said in MISTAKES.items():
    door = Door(lambda random: "7", eval(f"lambda text: ({{code}})"))
    problem = Watch(door, {str(tmp_path / "journal")!r}).problem("7")
    assert problem.startswith(said) and bool(problem) == bool(said), (code, problem)
print("all seen")
"""
    here = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    root = {"cwd": tmp_path, "env": {**os.environ, **here}}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, **root)
    assert done.stdout == "all seen\n", done.stderr[-2000:]


def test_a_seed_makes_the_same_inputs() -> None:
    for name in ("formula", "yaml", "options"):
        made = [[DOORS[name].made(Random(f"3 {i}")) for i in range(50)] for _ in range(2)]
        assert made[0] == made[1]
        assert len({repr(text) for text in made[0]}) > 40


def test_many_inputs_are_nearly_right() -> None:
    """Half-way in is where mistakes are: some are read, and most get past the first character."""
    read = 0
    for i in range(400):
        try:
            DOORS["formula"].enter(DOORS["formula"].made(Random(f"{i}")))
            read += 1
        except ac.ArchcalcError:
            pass
    assert 40 < read < 360
    assert mutated_text(Random(1), ["a + b"], ["c"]) != "a + b"
