"""Loops: what makes a row stand for many calls, and which of them multiply which quantity."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

import archcalc as ac
from archcalc.costs import Loop, Macs, Parameters, TrainingFlops
from archcalc.costs.loops import active, called, often, owned, positions


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
