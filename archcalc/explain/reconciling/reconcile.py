"""Reconciliation: what lies between a person's count and the right one.

A cause is an edit, after which the network is counted again.  What no edit explains is said to be
unexplained.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from archcalc.explain.reconciling.claims import Claimable
from archcalc.explain.reconciling.placing import with_copies
from archcalc.explain.reconciling.quantities import quantity_of
from archcalc.explain.reconciling.result import Reconciliation
from archcalc.explain.reconciling.sizes import by_value
from archcalc.explain.reconciling.sums import Sums
from archcalc.network import Network, Trace, traced
from archcalc.symbolic.errors import EvaluationError, LookupFailedError

__all__ = ["reconcile"]


def reconcile(
    network: Network | Trace | str | os.PathLike[str],
    *,
    of: str = "parameters",
    running: Mapping[str, Claimable] | None = None,
    layers: Mapping[str, Claimable] | None = None,
    total: Claimable | None = None,
    where: Mapping[str, Any] | None = None,
    **values: Any,
) -> Reconciliation:
    """What lies between what a person counted and the right numbers.

    Args:
        network: the network, its trace, or a file that describes it.
        of: what was counted: ``"parameters"``, ``"total_params"``, ``"trainable_parameters"``,
            ``"statistics"``, ``"macs"``, ``"flops"``, ``"activations"``, ``"bytes"`` of weights,
            ``"activation_bytes"``, ``"shape"``, ``"length"`` or ``"receptive_field"``.
        running: running totals after some of the layers, by name.
        layers: counts of single layers, or of blocks, by name: numbers; the formula that was
            written, as ``"3x3x3x64 + 64"``; a rounded figure as ``"1.2M"``; or shapes.  One copy
            of a repeated block is called by its number, as ``"blocks/0"``.
        total: the total, likewise; of shapes, what comes out.
        where: what the letters of formulas stand for, as in ``{"n": 32}``.
        values: numbers, or formulas, for the network's symbols, as in ``k=3``.

    Raises:
        LookupFailedError: there is no such layer, or no such quantity.
        EvaluationError: nothing is claimed, or it is no count.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Conv2D(32, 3, padding="same")], input_shape=(32, 32, 3))
    >>> print(reconcile(net, layers={"conv2d": "32*(3*3)"}))
    conv2d  claimed 32*(3*3) = 288  is 896  +576  the 3 input channels were left out of k·k·c_in·f
                                             +32  the bias was left out: one per filter, f = 32
    total   claimed 288             is 896  +608  fully explained: 576 + 32
    """
    trace = traced(network, **values)
    quantity = quantity_of(of)
    if running is None and layers is None and total is None:
        raise EvaluationError(
            "nothing is claimed",
            hint="give running=, layers= or total=",
            code="nothing-claimed",
        )
    if running and layers:
        raise EvaluationError(
            "running totals and counts of layers are two ways to claim the same",
            code="claimed-twice",
            hint="give one of running= and layers=",
        )
    if (running is not None and not running) or (layers is not None and not layers):
        raise LookupFailedError("no layer is claimed", hint="name a layer and its count")
    trace = with_copies(trace, [*(running or ()), *(layers or ())])
    letters = dict(where or {})
    if not quantity.adds_up:
        return by_value(trace, quantity, running or layers or {}, total, letters)
    if any(not isinstance(a, int) for a in map(quantity.amount, trace.rows)):
        from archcalc.explain.reconciling.symbolic import by_symbols

        return by_symbols(trace, quantity, layers, total, letters, running)
    return Sums(trace, quantity, letters).answer(running, layers, total)
