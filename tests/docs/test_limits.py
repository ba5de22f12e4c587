"""The page of limits says what the code has, and the code holds to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.explain import alignment, mistakes
from archcalc.explore.searching import combined, spreading
from archcalc.explore.sweeping import grid, plot
from archcalc.formula import between, conditions, crossing, problem, rewrite, statements
from archcalc.formula.compiling import bounds
from archcalc.network import repeat
from archcalc.network.spec import complaints, files, json_text, toml_text, yaml_text
from archcalc.symbolic import parser, requirement, residues, scanning, shape, sizes
from archcalc.symbolic.dims import _MOST_BITS as DIMENSION_BITS
from archcalc.symbolic.evaluate import _MOST_BITS as POWER_BITS
from archcalc.symbolic.evaluate import _MOST_TERMS as TERMS
from archcalc.symbolic.symbols import _LONGEST as NAME

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "limits.md"

LIMITS = {
    "of a text that is read as a formula": {
        "characters": scanning._MAX_CHARACTERS,
        "terms of a sum": parser._MAX_TERMS,
        "brackets inside one another": scanning.MAX_NESTING,
        "digits of a number": scanning.MAX_DIGITS,
        "characters of a name": NAME,
        "different arguments of `max` and `min`, all together": parser._MAX_ARGUMENTS,
        "sums over copies": parser._MAX_SUMS,
        "sums inside one another": parser._MAX_NESTED_SUMS,
        "exponent that is a number": sizes.MAX_EXPONENT,
        "degree of a sum": sizes.MAX_DEGREE,
        "bits of a number that comes out": sizes.MAX_BITS,
        "parts of what comes out": sizes._MAX_NODES,
        "terms of what is divided, multiplied out": sizes.MAX_TERMS,
    },
    "of a condition": {
        "characters": statements._MOST_CHARACTERS,
        "comparisons in one for `assume`": conditions._MOST_COMPARISONS,
        "comparisons in one with `or`, `not` or `!=` for `search`": combined._MOST_COMPARISONS,
        "brackets and `not` inside one another": statements._MOST_NESTING,
        "digits of a number such as `1e300`": statements._MOST_DIGITS,
    },
    "when numbers are put in": {
        "bits of a power": POWER_BITS,
        "terms of a sum over copies that has no closed form": TERMS,
        "values of one symbol in a sweep": grid._LONGEST,
    },
    "of work on a formula": {
        "terms of what `expand` multiplies out": rewrite._MOST_TERMS,
        "numbers that `solve` looks at one by one": between.Effort().values,
        "bits of what `solve` finds": between._MOST_DOUBLINGS,
        "residue classes into which floors are taken apart": problem._MOST_CLASSES,
        "numbers for which `crossover` says one by one which is larger": crossing._MOST_NUMBERS,
        "operations on 64 bits of a `search` without a cluster, about": spreading._MOST_WORK,
        "residue classes in which two sides are compared": residues._MOST_CLASSES,
        "cells of a picture of a sweep": plot._MOST_CELLS,
        "pairs of layers that `compare` aligns": alignment._MOST_PAIRS,
        "ways that `reconcile` tries for one layer": mistakes._MOST_WAYS,
    },
    "of a file": {
        "characters of YAML": files._MOST_CHARACTERS["yaml"],
        "characters of TOML": files._MOST_CHARACTERS["toml"],
        "characters of JSON": files._MOST_CHARACTERS["json"],
        "digits of a number": yaml_text._MOST_DIGITS,
        "bits of a number in a mapping": complaints._MOST_BITS,
        "brackets and lists inside one another in YAML": yaml_text._MOST_NESTING,
        "parts of a dotted key in TOML": toml_text._MOST_PARTS,
        "layers in one list": complaints.MOST_LAYERS,
        "layers inside one another": complaints.MOST_NESTING,
    },
    "of a network": {
        "copies of a block that changes its shape by no rule": repeat._MOST_COPIES,
        "copies of which each is asked whether a window fits": requirement._MOST_COPIES,
    },
}


def test_the_page_says_what_the_code_has() -> None:
    text = PAGE.read_text(encoding="utf-8")
    said: dict[str, dict[str, int]] = {}
    for line in text.splitlines():
        if found := re.fullmatch(r"\| (.+) \| (at most|[0-9,]+) \|", line):
            what, most = found.groups()
            if most == "at most":
                table = said.setdefault(what, {})
            else:
                table[what] = int(most.replace(",", ""))
    assert said == LIMITS
    assert f"{DIMENSION_BITS:,} bits, and a shape at most {shape._MOST_AXES} axes" in text


def test_limits_that_stand_twice_are_one() -> None:
    assert yaml_text._MOST_DIGITS == json_text._MOST_DIGITS == toml_text._MOST_DIGITS
    assert (POWER_BITS, TERMS) == (bounds._MOST_BITS, bounds.MOST_TERMS)


def _nested(n: int) -> str:
    return "(" * n + "k" + ")" * n


def _sums(n: int) -> str:
    return "+".join(["sum(h//2**i for i in range(L))"] * n)


def _of_parts(n: int) -> str:
    """Products of three symbols, each of four parts, and symbols alone, added up."""
    names = "abcdefghjklmnpqrstuvwxyz"
    products = ("*".join(three) for three in combinations(names, 3))
    whole, alone = divmod(n - 1, 4)
    return "+".join([*islice(products, whole), *("x1", "x2", "x3")[:alone]])


def _summed(n: int) -> str:
    text = "h"
    for name in "abcdefgh"[:n]:
        text = f"sum({text}//2**{name} for {name} in range(L))"
    return text


def _yaml_of(characters: int) -> str:
    text = "input: 4\nlayers: [Flatten]\n#"
    return text + "-" * (characters - len(text))


def _json_of(layers: int) -> str:
    return f'{{"input": 4, "layers": [{", ".join(["0"] * layers)}]}}'


def _layers(n: int) -> dict[str, Any]:
    inside: Any = {"Dense": 3}
    for _ in range(n):
        inside = {"Sequential": [inside]}
    return {"input": 4, "layers": [inside]}


_H = ac.Formula("h + k")
_ROWS = ac.sweep({"n": ac.Formula("h")}, h=[1, 2])
_OPEN = ac.Formula("sum(h//2**i for i in range(L))")
P = ac.parse

ENFORCED: dict[str, tuple[Callable[[int], object], int, int]] = {
    "characters": (lambda n: P("k" + " " * (n - 1)), 10_000, 10_001),
    "terms of a sum": (lambda n: P("+".join("k" * n)), 2_500, 2_501),
    "brackets": (lambda n: P(_nested(n)), 40, 41),
    "digits": (lambda n: P("9" * n), 600, 601),
    "name": (lambda n: P("x" * n), 64, 65),
    "arguments": (lambda n: P(f"max({','.join(f'a{i}' for i in range(n))})"), 12, 13),
    "sums": (lambda n: P(_sums(n)), 100, 101),
    "sums inside": (lambda n: P(_summed(n)), 4, 5),
    "exponent": (lambda n: P(f"k**{n}"), 1_000, 1_001),
    "degree": (lambda n: P(f"k**{n} + 1"), 60, 61),
    "bits": (lambda n: P(f"2**999*2**{n - 1001}"), 2_000, 2_001),
    "parts": (lambda n: P(_of_parts(n)), 5_000, 5_001),
    "terms": (lambda n: P(f"({'+'.join(f'a{i}' for i in range(n))})//7"), 250, 251),
    "assume": (lambda n: _H.assume("h <= 7" + " " * (n - 6)), 10_000, 10_001),
    "comparisons": (lambda n: _H.assume(" <= ".join(["1", "h", "k", "9"][: n + 1])), 2, 3),
    "where": (lambda n: _ROWS.where("h <= 7" + " " * (n - 6)), 10_000, 10_001),
    "not": (lambda n: _ROWS.where("not " * (n - 1) + "h <= 7"), 30, 31),
    "decimals": (lambda n: _ROWS.where(f"h <= 1e{n}"), 300, 301),
    "power": (lambda n: ac.Formula("2**k")(k=n // 2), 1_000_000, 1_000_002),
    "values": (lambda n: ac.sweep({"n": _H}, h=[1], k=range(1, n + 1)), 10, 10**9 + 1),
    "YAML": (lambda n: ac.loads(_yaml_of(n)), 250_000, 250_001),
    "TOML": (lambda n: ac.loads("input=4\nlayers=['Flatten']#" + "-" * (n - 27), "toml"),
             1_000_000, 1_000_001),
    "JSON": (lambda n: ac.loads('{"input":4,"layers":["Flatten"]}' + " " * (n - 32), "json"),
             4_000_000, 4_000_001),
    "mapping": (lambda n: ac.from_dict({"input": 4, "layers": [{"Dense": 2 ** (n - 1)}]}),
                1_024, 1_025),
    "key": (lambda n: ac.loads("input=4\nlayers=[{" + "Sequential." * (n - 1) + "x=3}]", "toml"),
            1, 65),
    "nesting": (lambda n: ac.from_dict(_layers(n)), 30, 65),
    "dimension": (lambda n: ac.Dense(2 ** (n - 1)), 1_024, 1_025),
    "axes": (lambda n: ac.Input((1,) * n), 64, 65),
}  # fmt: skip
"""How an input of a size is made, the largest that is taken, and one that is not."""


@pytest.mark.parametrize("what", ENFORCED)
def test_the_largest_is_taken_and_one_more_is_not(what: str) -> None:
    make, most, beyond = ENFORCED[what]
    if what != "key":
        make(most)
    with pytest.raises(ac.ArchcalcError) as caught:
        make(beyond)
    assert len(str(caught.value)) < 1_000


def test_the_sum_that_is_just_too_long() -> None:
    with pytest.raises(ac.errors.EvaluationError, match="20001 terms"):
        _OPEN(h=3, L=20_001)
