"""Memory and operations of random networks: copies are copies apart, symbols are numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given

import archcalc as ac
from archcalc.costs import Cost, EveryFlops, PeakBytes, SavedBytes
from archcalc.network import Network, Trace
from archcalc.network.substitution import network_symbols, substitute
from archcalc.network.tracer import Tracer
from archcalc.testing import networks

COSTS: tuple[Cost[ac.Formula], ...] = (PeakBytes(), SavedBytes(), EveryFlops())


def apart(net: Network) -> Trace:
    """The trace in which copies of a block are followed one by one."""
    tracer, shapes = Tracer(unroll=True), net.own_inputs()
    assert shapes is not None
    results = net._walked(tracer, shapes)
    return Trace(net, shapes, tuple(tracer.rows), results, tuple(tracer.extra))


@given(networks())
def test_copies_together_are_copies_one_by_one(net: Network) -> None:
    assume("Experts" not in repr(net))  # experts apart are followed one by one, and not joined
    together, one_by_one = net.trace(), apart(net)
    for cost in COSTS:
        assert together.cost(cost) == one_by_one.cost(cost)


@given(networks(symbolic=True))
def test_a_formula_gives_what_the_numeric_network_gives(net: Network) -> None:
    values = {s.name: int(re.sub(r"\D", "", s.name)) for s in network_symbols(net)}
    number = substitute(net, values).trace()
    for cost in COSTS:
        formula = net.trace().cost(cost)
        named = {s.name: values[s.name] for s in formula.symbols}
        assert formula(**named) == number.cost(cost)


@pytest.mark.parametrize(
    "layer", [ac.ReLU(inplace=True), ac.Dropout(0), ac.Activation("linear"), ac.Identity()]
)
def test_what_is_its_input_is_stored_once(layer: ac.Layer) -> None:
    trace = ac.Sequential([ac.Conv2D(8, 3), layer]).trace((10, 10, 3))
    assert trace.activations == 10 * 10 * 3 + 8 * 8 * 8 == 812
    trained = ac.Sequential([ac.Conv2D(8, 3), ac.Dropout(0.5)]).trace((10, 10, 3))
    assert trained.activations == 812 + 512  # while training it has an output of its own
    assert trained.cost(PeakBytes()) == 812 * 4  # at inference it gives its input
