"""The page of limits says what the code has, and the code holds to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.costs import order
from archcalc.explain import alignment
from archcalc.explain.reconciling import following
from archcalc.frameworks.importing.onnx import controlflow
from archcalc.network import repeat
from archcalc.network.spec import diagnostics, files, json_text, toml_text, yaml_text
from archcalc.symbolic.limits import LIMITS

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "limits.md"

LIMITS_SHOWN = {
    "of a text that is read as a formula": {
        "characters": LIMITS.characters,
        "terms of a sum": LIMITS.terms,
        "brackets inside one another": LIMITS.nesting,
        "digits of a number": LIMITS.digits,
        "characters of a name": LIMITS.name,
        "different arguments of `max` and `min`, all together": LIMITS.arguments,
        "sums over copies": LIMITS.sums,
        "sums inside one another": LIMITS.nested_sums,
        "exponent that is a number": LIMITS.exponent,
        "degree of a sum": LIMITS.degree,
        "bits of a number that comes out": LIMITS.bits,
        "parts of what comes out": LIMITS.parts,
        "terms of what is divided, multiplied out": LIMITS.divided_terms,
    },
    "of a condition": {
        "characters": LIMITS.characters,
        "comparisons in one for `assume`": LIMITS.compared,
        "comparisons in one with `or`, `not` or `!=` for `search`": LIMITS.joined,
        "brackets and `not` inside one another": LIMITS.condition_nesting,
        "digits of a number such as `1e300`": LIMITS.decimal_digits,
    },
    "when values are substituted": {
        "bits of a power": LIMITS.power_bits,
        "terms of a sum over copies that has no closed form": LIMITS.summed,
        "values of one symbol in a sweep": LIMITS.axis_values,
    },
    "of work on a formula": {
        "terms of what `expand` multiplies out": LIMITS.expanded_terms,
        "numbers that `solve` looks at one by one": LIMITS.looked_at,
        "bits of what `solve` finds": LIMITS.solution_bits,
        "residue classes into which floors are taken apart": LIMITS.classes,
        "numbers for which `crossover` says one by one which is larger": LIMITS.told_apart,
        "operations on 64 bits of a `search` without a cluster, about": LIMITS.search_work,
        "residue classes in which two sides are compared": LIMITS.compared_classes,
        "cells of a picture of a sweep": LIMITS.picture_cells,
        "calls of a function whose formula is interpolated": LIMITS.calls,
        "pairs of layers that `compare` aligns": alignment._MOST_PAIRS,
        "layers that `reconcile` works out on other shapes": following.MOST_CALLS,
        "calls that `reconcile` looks at again": following.MOST_VISITS,
        "sets of calls tried for the best order of a network": order._MOST_STATES,
    },
    "of a file": {
        "characters of YAML": files._MOST_CHARACTERS["yaml"],
        "characters of TOML": files._MOST_CHARACTERS["toml"],
        "characters of JSON": files._MOST_CHARACTERS["json"],
        "digits of a number": yaml_text._MOST_DIGITS,
        "bits of a number in a mapping": diagnostics._MOST_BITS,
        "brackets and lists inside one another in YAML": yaml_text._MOST_NESTING,
        "parts of a dotted key in TOML": toml_text._MOST_PARTS,
        "layers in one list": diagnostics.MOST_LAYERS,
        "layers inside one another": diagnostics.MOST_NESTING,
    },
    "of source code": {
        "characters": LIMITS.source_characters,
        "expressions and statements followed for one statement": LIMITS.source_steps,
        "calls, statements and brackets inside one another": LIMITS.source_nesting,
        "layers": LIMITS.source_layers,
        "items of a list": LIMITS.source_items,
        "files beside it, from which it imports": LIMITS.source_files,
    },
    "of an ONNX model": {
        "bytes, external data apart": LIMITS.onnx_bytes,
        "nodes, functions inlined and loops unrolled": LIMITS.onnx_nodes,
        "numbers of a constant that is computed": LIMITS.onnx_numbers,
        "turns of a loop that is unrolled": controlflow._MOST_TURNS,
    },
    "of a network": {
        "copies of a block that changes its shape by no rule": repeat._MOST_COPIES,
        "copies of which each is asked whether a window fits": LIMITS.copies,
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
    assert said == LIMITS_SHOWN
    assert f"{LIMITS.dimension_bits:,} bits, and a shape at most {LIMITS.axes} axes" in text


def test_limits_that_stand_twice_are_one() -> None:
    assert yaml_text._MOST_DIGITS == json_text._MOST_DIGITS == toml_text._MOST_DIGITS


def test_every_limit_is_on_the_page_or_left_for_the_evaluation() -> None:
    shown = {value for table in LIMITS_SHOWN.values() for value in table.values()}
    silent = {"early_power_bits", "dimension_bits", "axes"}
    for field in fields(LIMITS):
        assert field.name in silent or getattr(LIMITS, field.name) in shown, field.name


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
