"""Loops: what makes a row stand for many calls, and which of them multiply which quantity."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.costs import Loop, Macs, Parameters, TrainingFlops
from archcalc.costs.loops import active, called, often, owned, positions
from archcalc.network.substitution import network_symbols, substitute
from tests.sampling import examples


def _loops(net: ac.Network, shape: Any, path: str) -> list[tuple[str, Any, Any]]:
    return [(loop.kind, loop.count, loop.active) for loop in net.trace(shape).row(path).loops]


def test_loops_stand_from_outside_in() -> None:
    block = ac.Repeat(ac.Residual(ac.TimeDistributed(ac.Dense("d", name="inner"))), "L")
    net = ac.Sequential([ac.TimeDistributed(block)])
    L, t, w = ac.symbols("L t w")
    assert _loops(net, ("w", "t", "d"), "inner") == [
        ("steps", w, w), ("copies", L, L), ("steps", t, t)
    ]  # fmt: skip


def test_what_changes_nothing_is_no_loop() -> None:
    net = ac.Repeat(ac.TimeDistributed(ac.Dense(4, name="inner")), 1)
    assert _loops(net, (1, 4), "inner") == []


def test_copies_own_weights_and_steps_do_not() -> None:
    """Nested by hand: a loop in Python for each loop of the row."""
    loops = (Loop.copies(3), Loop.steps(5), Loop.again(2), Loop.experts(7, 4))
    there, met, run = set(), set(), 0
    for copy, _step, _turn, expert in product(range(3), range(5), range(2), range(7)):
        there.add((copy, expert))
        if expert < 4:
            met.add((copy, expert))
            run += 1
    assert often(owned(loops)) == len(there)
    assert often(active(loops)) == len(met)
    assert often(called(loops)) * positions(loops)[0] == run


@pytest.mark.parametrize("depth", range(5))
@pytest.mark.parametrize("cost", [Parameters(), Macs(), TrainingFlops()])
def test_how_many_copies_there_are_may_be_a_number_of_a_copy(depth: int, cost: Any) -> None:
    """A triangle: one block in the first copy, two in the second, …."""
    net = ac.Sequential([ac.Repeat(ac.Repeat(ac.Dense("n"), "i + 1"), "L", index="i")])
    blocks = depth * (depth + 1) // 2
    by_hand = ac.Sequential([ac.Dense(6) for _ in range(blocks)])
    total = net.trace("n").cost(cost)
    if depth:
        assert total(n=6, L=depth) == by_hand.trace(6).cost(cost)


def test_a_recurrence_at_each_of_several_positions_starts_anew_at_each() -> None:
    """What goes back in time goes back over the steps of one sequence, not over all of them."""
    once = ac.Sequential([ac.RNN(ac.LSTMCell(5))])
    often_ = ac.Sequential([ac.TimeDistributed(ac.RNN(ac.LSTMCell(5)))])
    alone = once.trace((7, 3)).cost(TrainingFlops())
    assert often_.trace((4, 7, 3)).cost(TrainingFlops()) == 4 * alone()


# --- Loops in loops, held to torch ---------------------------------------------------------------

_VALUES = {"d": 3, "f": 5, "t": 2, "E": 3, "k": 2, "L": 2, "S": 3}


def _mixture(block: ac.Layer) -> ac.Model:
    x = ac.Input(("d",))
    scores = ac.Dense("E", "softmax")(x)
    return ac.Model(x, ac.Experts(block, "E", "k")([x, scores]))


_LOOPS = {
    "copies": lambda block: ac.Repeat(block, "L"),
    "again": lambda block: ac.Repeat(block, "S", shared=True),
    "none": lambda block: ac.Repeat(block, "M - 1"),
    "around": ac.Residual,
    "experts": _mixture,
    "frozen": lambda block: ac.Sequential([ac.Dense("d", trainable=False), block]),
    "twice": lambda block: ac.Sequential([block, block]),
}


@examples(1 / 8, least=25)
@given(
    nest=st.lists(st.sampled_from(sorted(_LOOPS)), max_size=4),
    steps=st.booleans(),
    stem=st.booleans(),
    many=st.integers(0, 2),
)
@example(nest=["again", "copies", "again"], steps=True, stem=False, many=2)
@example(nest=["copies", "experts", "again"], steps=True, stem=False, many=2)
@example(nest=["experts", "again", "copies"], steps=False, stem=False, many=2)
@example(nest=["again", "frozen", "again"], steps=False, stem=False, many=2)
@example(nest=["none", "twice", "frozen"], steps=False, stem=False, many=0)
@example(nest=["none", "around", "copies", "none"], steps=False, stem=False, many=1)
def test_nested_loops_are_what_torch_runs(
    nest: list[str], steps: bool, stem: bool, many: int
) -> None:
    """`many` is how many copies there are of what may have none."""
    block: ac.Layer = ac.Sequential([ac.Dense("f"), ac.Dense("d", trainable=False)])
    for kind in nest:
        block = _LOOPS[kind](block)
    layers = [*[ac.Dense("d")] * stem, block, ac.Dense("d", trainable=False), ac.Dense("f")]
    values = {**_VALUES, "M": many + 1}
    net = ac.Sequential([ac.TimeDistributed(layers) if steps else ac.Sequential(layers)],
                        input_shape=("t", "d") if steps else "d")  # fmt: skip
    there = {symbol.name: values[symbol.name] for symbol in network_symbols(net)}
    module = substitute(net, there).to_torch()
    x = torch.randn(1, *([2, 3] if steps else [3]))
    trace = net.trace()

    def at(formula: ac.Formula) -> Any:
        names = {symbol.name for symbol in formula.symbols}
        return formula(**{name: value for name, value in values.items() if name in names})

    assert at(trace.parameters) == sum(p.numel() for p in module.parameters())
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert at(trace.trainable_parameters) == trained
    assert at(trace.flops) == _flops(module, x, backward=False)
    assert at(trace.cost(TrainingFlops())) == _flops(module, x, backward=True)


def _flops(module: nn.Module, x: torch.Tensor, backward: bool) -> int:
    with FlopCounterMode(display=False) as counter:
        y = module(x)
        if backward:
            y.sum().backward()
    return int(counter.get_total_flops())
