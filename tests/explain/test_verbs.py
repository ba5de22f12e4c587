"""The same verbs for the same things: networks, traces and files, with values by keyword."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac

FILE = Path(__file__).parents[2] / "docs/examples/mnist_symbols.yaml"

THINGS: dict[str, Callable[[], Any]] = {
    "network": lambda: ac.load(FILE),
    "trace": lambda: ac.load(FILE).trace(),
    "path": lambda: FILE,
    "name": lambda: str(FILE),
}
VALUES = {"k": 3, "f": 32, "n": 100}


@pytest.mark.parametrize("thing", THINGS)
def test_every_verb_takes_every_thing(thing: str) -> None:
    made = THINGS[thing]()
    # 320 + 540,900 + 1,010, as Keras counts
    assert ac.derive(made, **VALUES).trace.parameters == 542_230
    assert ac.summarize(made, **VALUES).trace.parameters == 542_230
    assert ac.account(made, **VALUES)["weights"].result == 4 * 542_230
    assert ac.reconcile(made, total=542_230, **VALUES).right
    assert ac.conventions(made, **VALUES).found == ac.conventions(FILE, **VALUES).found
    assert ac.compare(made, FILE, **VALUES).difference == 0
    table = ac.sweep(made, k=[3], f=[32], n=[100, 101])
    assert table["parameters"].tolist() == [542_230, 547_649]


def test_values_may_be_formulas_and_some() -> None:
    assert ac.derive(FILE, n="2*m", k=3).trace.parameters(f=32, m=50) == 542_230
    shape = ac.Sequential([ac.Dense("n")]).trace(("d",))
    assert ac.derive(shape, d=784, n=10).trace.parameters == 7_850


@pytest.mark.parametrize("verb", [ac.derive, ac.summarize, ac.account, ac.conventions])
def test_a_symbol_that_is_not_there_is_an_error(verb: Callable[..., Any]) -> None:
    with pytest.raises(ac.ArchcalcError, match="there is no symbol q"):
        verb(FILE, q=3)


def test_a_comparison_puts_values_in_where_they_belong() -> None:
    deeper = FILE.with_name("mnist_deeper.yaml")
    assert str(ac.compare(FILE, deeper, **VALUES)).startswith("542,230 → 179,926: ")
    with pytest.raises(ac.ArchcalcError, match="there is no symbol q in either"):
        ac.compare(FILE, deeper, q=1)
