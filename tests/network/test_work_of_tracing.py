"""How much is done to follow a network, counted: what is equal is worked out once in a trace."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from typing import Any, ClassVar

import pytest

import archcalc as ac
from archcalc.costs import Macs, Parameters
from archcalc.layers.applied import Applied
from tests.counting import at_most


def blocks(count: int, width: Any = 8) -> ac.Sequential:
    """Equal blocks, each with layers of its own."""
    made = [
        ac.Residual([ac.Conv2D(width, 3, padding="same"), ac.BatchNormalization(), ac.ReLU()])
        for _ in range(count)
    ]
    return ac.Sequential(made, input_shape=("h", "w", width))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a layer of each class is put on shapes."""
    counts: Counter[str] = Counter()
    once = Applied.__init__

    def counted(self: Applied, layer: Any, inputs: Any) -> None:
        counts[type(layer).__name__] += 1
        once(self, layer, inputs)

    monkeypatch.setattr(Applied, "__init__", counted)
    return counts


@pytest.mark.parametrize("width", [8, "c"])
def test_equal_layers_on_equal_shapes_are_worked_out_once(width: Any, made: Counter[str]) -> None:
    trace = blocks(20, width).trace()
    assert len(trace.rows) == 80
    assert made == {"Conv2D": 1, "BatchNormalization": 1, "ReLU": 1, "Add": 1}


def test_another_trace_works_out_its_own(made: Counter[str]) -> None:
    net = blocks(3)
    first, second = net.trace(), net.trace()
    assert made == {"Conv2D": 2, "BatchNormalization": 2, "ReLU": 2, "Add": 2}
    pairs = zip(first.rows, second.rows, strict=True)
    assert all(one.applied is not other.applied for one, other in pairs)


class Counting(Parameters):
    """Parameters, and how often a row is asked for them."""

    asked: ClassVar[list[str]] = []

    def of(self, row: Any) -> Any:
        self.asked.append(row.path)
        return super().of(row)


def test_a_total_asks_each_of_the_rows_that_differ() -> None:
    Counting.asked.clear()
    trace = blocks(20, "c").trace()
    assert trace.cost(Counting()) == trace.parameters == ac.Formula("20*(9*c**2 + 3*c)")
    assert len(Counting.asked) == 4


def test_alike_rows_stand_for_all() -> None:
    shared = ac.Dense(8)
    inner = ac.Repeat(ac.Dense(8), "L")
    net = ac.Sequential([ac.Dense(8), shared, ac.Dense(8), shared, inner], input_shape=8)
    trace = net.trace()
    found = [(row.path, count) for row, count in trace.alike]
    assert found == [("dense", 3), ("dense_1", 1), ("repeat/dense", 1)]
    assert trace.parameters == ac.Formula("3*72 + 72*L")
    assert trace.macs == ac.Formula("4*64 + 64*L")
    one_by_one = sum(times * amount for times, amount in Macs().by_row(trace.rows))
    assert trace.macs == ac.Formula(one_by_one)


def chain(length: int) -> ac.Sequential:
    layers = [ac.Conv2D(8, 3, padding="same") for _ in range(length)]
    return ac.Sequential(layers, input_shape=(32, 32, 8))


def test_a_longer_chain_takes_as_much_more_work() -> None:
    nets = {length: chain(length) for length in (100, 200, 1_000)}
    counts = {}
    for length, net in nets.items():
        net.trace()  # names are made up, and classes built
        with at_most(1_000_000) as count:
            int(net.trace().parameters)
        counts[length] = count.calls
    each = (counts[200] - counts[100]) / 100
    assert counts[1_000] <= counts[100] + 900 * each * 1.01
    assert each < 40


def test_a_trace_goes_with_its_last_use() -> None:
    """Without the collector, which would have to go through everything."""
    trace = chain(3).trace()
    assert int(trace.parameters) == trace.macs() // 32**2 + 24
    gone = weakref.ref(trace)
    gc.disable()
    try:
        del trace
        assert gone() is None
    finally:
        gc.enable()


def test_a_formula_knows_the_symbols_of_a_trace_that_is_gone() -> None:
    parameters = ac.Sequential([ac.Conv2D(8, 3)], input_shape=("h", "w", "c")).trace().parameters
    assert sorted(parameters.accepted_symbols) == ["c", "h", "w"]
    assert parameters(h=9, w=9, c=1) == 80
