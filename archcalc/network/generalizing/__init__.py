"""A network of numbers as one of a family: numbers become symbols wherever they are sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.generalizing.folding import Folding, lengths
from archcalc.network.generalizing.following import Following, rows_of
from archcalc.network.generalizing.readings import Numbers, Reading, input_kinds, readings
from archcalc.network.generalizing.report import Generalization, Kept, Replaced, depths_of, reported
from archcalc.network.substitution import network_symbols, substitute
from archcalc.network.trace import Trace
from archcalc.symbolic.errors import LookupFailedError, ShapeError, shorten
from archcalc.symbolic.shape import Shape

__all__ = ["Generalization", "Kept", "Reading", "Replaced", "generalize"]


def generalize(network: Network, given: Mapping[str, Any]) -> Network:
    """`network` with symbols for its sizes; see `Network.generalize`.

    Args:
        network: any network that was given its input shapes.
        given: the numbers that symbols stand for, by the names of the symbols.
    """
    before = network.trace()
    numbers = readings(network, before, given, lengths(network))
    if not numbers.readings:
        return network
    shapes = tuple(
        Shape(numbers.of(dim, kind) for dim, kind in zip(shape, kinds, strict=True))
        for shape, kinds in zip(before.inputs, input_kinds(before), strict=True)
    )
    ends = [before.rows[end].layer.key for end in before.ends if end >= 0]
    rows = frozenset(n for layer in everything(network) for n in rows_of(layer))
    made = Following(numbers, ends, rows).network(network, before.inputs, shapes)
    after = made.trace()
    _agrees(before, after, numbers)
    folding = Folding(made, numbers.copies)
    is_deep = any(r.kind == "copies" for r in numbers.readings)
    family: Network = folding.layer(made) if is_deep else made
    last = after if family is made else family.trace()
    _agrees(before, last, numbers)
    if family is network:
        family = network.model_copy()
    depths = {r.symbol.name: r.number for r in numbers.readings if r.kind == "copies"}
    used = {s.name for s in network_symbols(made)}
    in_step = substitute(made, {name: n for name, n in depths.items() if name in used})
    folded = [*depths_of(network, made), *folding.folded]
    made_of = reported(before, in_step.trace(), folded, last, numbers)
    _uses_all(family, made_of)
    family.__dict__["generalization"] = made_of
    return family


def _uses_all(family: Network, made_of: Generalization) -> None:
    """Every symbol stands somewhere.

    Raises:
        LookupFailedError: one does not: no layer could have it where its number stands.
    """
    there = network_symbols(family)
    for reading in made_of.readings:
        if reading.symbol not in there:
            kept = [str(one) for one in made_of.kept if one.number % reading.number == 0]
            raise LookupFailedError(
                f"nothing could become {reading.symbol} = {reading.number}",
                code="nothing-generalized",
                hint=shorten("; ".join(kept), 300),
            )


def _agrees(before: Trace, after: Trace, numbers: Numbers) -> None:
    """At the numbers that the symbols stand for, everything is as it was.

    Raises:
        ShapeError: it is not.
    """
    at = {r.symbol.name: r.number for r in numbers.readings}
    for what in ("parameters", "total_params", "macs"):
        old, new = getattr(before, what), getattr(after, what)
        known = {name: n for name, n in at.items() if name in new.accepted_symbols}
        found = new(**known)
        if found != old:
            raise ShapeError(
                f"{what.replace('_', ' ')} would be {found}, not {old}",
                code="not-generalized",
                values=at,
                hint="leave out the symbol that stands for several things",
            )
