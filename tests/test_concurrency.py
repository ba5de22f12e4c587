"""Many threads at once get what one gets, and nothing that is kept grows with use."""

from __future__ import annotations

import ast
import gc
import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import archcalc as ac
from tests.sampling import NIGHTLY, slow

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.joinpath("archcalc").rglob("*.py"))

WORK = """
import json, sys, warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

sys.setswitchinterval(1e-5)  # threads take turns as often as they can

import archcalc as ac

warnings.simplefilter("ignore")
FILES = sorted(p for p in Path("docs/examples").glob("*.*") if p.suffix not in (".py", ".ipynb"))
FORMULAS = ["(k² + 1)·f + (⌊(29 − k)/2⌋²·f + 1)·n", "⌈h/2^k⌉·f", "max(h - k, 3)//2 + f % 7",
            "∑(⌊h/2^i⌋·f for i < k)", "((h + 1)//2 + 1)//2 + n", "min(f, n)*(k + 1)**3"]
VALUES = {"k": 3, "f": 32, "n": 10, "h": 224}

def of_file(path):
    trace = ac.load(path).trace()
    P = trace.parameters
    numbers = {s.name: 8 for s in P.symbols}
    return [str(P), str(trace.macs), str(trace.summary()), trace.derivation().to_text(),
            str(P(**numbers)), ac.dumps(ac.load(path))]

def of_formula(text):
    F = ac.Formula(text)
    numbers = {s.name: VALUES[s.name] for s in F.symbols}
    value = F(**numbers)
    part = F(k=2) if "k" in numbers else F
    return [str(F), str(value), str(part), F.to_latex(), F.to_python(),
            str(ac.Formula(F.to_text()) == F), str(F.sensitivity(**numbers))]

def of_symbols(number):
    c, h = ac.symbols("c h")
    net = ac.Sequential([ac.Conv2D(c * number, 3, padding="same"), ac.LayerNormalization(),
                         ac.Repeat([ac.Conv2D(c * number, 3, strides=2)], 2), ac.Flatten(),
                         ac.Dense("n")], input_shape=(h, h, 3))
    trace = net.trace()
    return [str(trace.parameters), str(trace.macs), str(trace.output)]

JOBS = [(of_file, f) for f in FILES] + [(of_formula, t) for t in FORMULAS]
JOBS = (JOBS + [(of_symbols, n) for n in range(1, 6)]) * 2

def done(threads):
    if threads == 1:
        return [work(given) for work, given in JOBS]
    together = Barrier(threads)
    with ThreadPoolExecutor(threads, initializer=together.wait) as pool:
        return list(pool.map(lambda job: job[0](job[1]), JOBS))
"""

FIRST = [
    "ac.Conv2D(4, 3).__class__.__name__",
    "str(ac.Sequential([ac.LSTM('u')], input_shape=(5, 'd')).trace().parameters)",
    "str(ac.loads('input: [9]\\nlayers: [{Dense: 3}, nn.ReLU]').trace().parameters)",
    "str(ac.families.resnet(depths=(1, 1), width='c', classes=3).trace().output)",
    "str(ac.Sequential([ac.torch.nn.Linear(3, 'n')], input_shape=3).trace().parameters)",
    "str(ac.MultiHeadAttention(2, 'e').__class__)",
    "str(ac.Formula('k**2').solve('k', at_most=99))",
    "str(ac.sweep({'n': ac.Formula('k')}, k=[1, 2]).best('n'))",
    "ac.layers.layer_class('SpectralNormalization').__name__",
    "str(set(ac.layers.layer_classes()) >= {'Conv2D', 'LSTM', 'Lambda', 'TextVectorization'})",
    "str(ac.compare(ac.Sequential([ac.Dense(1)], input_shape=2), "
    "ac.Sequential([ac.Dense(2)], input_shape=2)))",
    "str(ac.parse('⌈h/2⌉'))",
]
"""What each thread asks for first: every one loads something else, and some the same."""


def printed(program: str) -> Any:
    """What a program prints as JSON, in a process that has loaded nothing before."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@slow
def test_eight_threads_get_what_one_gets() -> None:
    alone, together = (printed(f"{WORK}\nprint(json.dumps(done({n})))") for n in (1, 8))
    assert len(alone) > 40
    assert together == alone


@slow
def test_what_is_loaded_when_first_used_may_be_used_first_by_many() -> None:
    program = """
        import json, sys
        from concurrent.futures import ThreadPoolExecutor
        from threading import Barrier
        sys.setswitchinterval(1e-5)
        import archcalc as ac
        FIRST = {first!r}
        together = Barrier(len(FIRST))
        def ask(text):
            {wait}
            return eval(text)
        with ThreadPoolExecutor(len(FIRST)) as pool:
            print(json.dumps(list({mapped}(ask, FIRST))))
    """
    made = textwrap.dedent(program)
    alone = printed(made.format(first=FIRST, wait="pass", mapped="map"))
    for turn in range(0, len(FIRST), 2 if NIGHTLY else 8):
        first = FIRST[turn:] + FIRST[:turn]
        together = printed(made.format(first=first, wait="together.wait()", mapped="pool.map"))
        assert dict(zip(first, together, strict=True)) == dict(zip(FIRST, alone, strict=True))


# --- Caches ---------------------------------------------------------------------------------------


def unbounded(source: str) -> list[int]:
    """The lines on which a cache without a bound is made."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "functools":
            found += [node.lineno for name in node.names if name.name == "cache"]
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "functools.cache":
            found.append(node.lineno)
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if "lru_cache" not in ast.unparse(decorator):
                continue
            given = decorator.keywords if isinstance(decorator, ast.Call) else []
            sizes = [k.value for k in given if k.arg == "maxsize"]
            if not sizes or not (isinstance(sizes[0], ast.Constant) and sizes[0].value):
                found.append(decorator.lineno)
    return found


@slow
def test_every_cache_is_bounded() -> None:
    wrong = {str(path): unbounded(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: lines for path, lines in wrong.items() if lines} == {}
    assert sum(path.read_text(encoding="utf-8").count("@lru_cache(maxsize=") for path in SOURCES)


@pytest.mark.parametrize(
    "source",
    [
        "from functools import cache\n@cache\ndef f(x): ...",
        "import functools\n@functools.cache\ndef f(x): ...",
        "@lru_cache(maxsize=None)\ndef f(x): ...",
        "@lru_cache\ndef f(x): ...",
        "@functools.lru_cache()\ndef f(x): ...",
    ],
)
def test_that_test_can_fail(source: str) -> None:
    assert unbounded(source)


def kept() -> Iterator[tuple[str, int]]:
    """What modules and classes of archcalc hold in mappings, lists and sets, and how much it is."""
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] == "archcalc" and isinstance(module, ModuleType):
            for key, value in list(vars(module).items()):
                if isinstance(value, dict | list | set) and not key.startswith("__"):
                    yield f"{name}.{key}", len(value)
                if isinstance(value, type) and value.__module__ == name:
                    for inner, held in list(vars(value).items()):
                        if isinstance(held, dict | list | set):
                            yield f"{name}.{key}.{inner}", len(held)


def used(first: int, last: int) -> None:
    """Networks that all differ: in their numbers, their symbols, their names, and as files."""
    for n in range(first, last):
        width = ac.symbols(f"c{n}")
        net = ac.Sequential(
            [
                ac.Conv2D(width + n, 3, padding="same", name=f"stem{n}"),
                ac.MaxPooling2D(2),
                ac.Flatten(),
                ac.Dense(n + 1, activation="relu"),
            ],
            input_shape=(8 + n % 7, f"w{n}", 3),
        )
        trace = net.trace()
        trace.parameters(**{width.name: n + 1, f"w{n}": 6})
        if n % 10 == 0:
            ac.loads(ac.dumps(net)).trace().derivation().to_text()
            ac.parse(f"⌊(h{n} + {n})/{n + 2}⌋·c{n}")


@slow
def test_nothing_that_is_kept_grows_with_use() -> None:
    used(0, 100)
    before = dict(kept())
    assert len(before) > 20
    used(100, 1_100 if NIGHTLY else 400)
    after = dict(kept())
    assert {
        name: (before[name], after[name]) for name in before if after[name] > before[name]
    } == {}


def test_what_grows_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    grown: list[int] = []
    monkeypatch.setattr("archcalc.network.tracer.grown", grown, raising=False)
    before = dict(kept())
    grown.append(1)
    assert dict(kept()) == {**before, "archcalc.network.tracer.grown": 1}


def test_a_network_is_forgotten_when_nothing_refers_to_it() -> None:
    def alive() -> int:
        gc.collect()
        return sum(type(thing) in (ac.Sequential, ac.Trace) for thing in gc.get_objects())

    used(0, 20)
    before = alive()
    used(20, 60)
    assert alive() <= before
