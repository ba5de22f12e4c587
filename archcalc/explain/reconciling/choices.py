"""Edits of a convention: what another tool counts is no mistake, but another choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from archcalc.costs import Flops, Macs
from archcalc.explain.counting_choices import who
from archcalc.explain.reconciling.edit import Edit, Place, Variant, register_edit
from archcalc.explain.reconciling.quantities import OF_WEIGHTS
from archcalc.explain.reconciling.terms import Factor, Term, Terms, added
from archcalc.symbolic import ArchcalcError

__all__ = ["OtherConvention"]


_SHARED = 1.0
"""The cost of counting again what is shared, where something is: it is what people do with it."""


class OtherConvention(Edit):
    """What every other choice of each convention would count."""

    kind = "convention"
    bits = 2.0

    def variants(self, place: Place) -> Iterator[Variant]:
        row = place.row
        if place.quantity.name in OF_WEIGHTS and not row.applied.weights:
            return
        for convention in place.quantity.conventions():
            base = self._counted(convention.base, place)
            each = [self._counted(choice, place) for choice in convention.choices]
            if place.count in each:
                base = place.count  # what is claimed is itself a choice, as with the statistics
            for choice, other in zip(convention.choices, each, strict=True):
                if base is None or other is None or other == base:
                    continue
                kind = convention.kind_of(choice)
                yield Variant(
                    f"{convention.name}: {choice.meaning}, as in {who(choice)}",
                    partial(_counted_as, term=Term(kind, "convention", (_factor(other - base),))),
                    kind=kind, bits=_SHARED if convention.name == "shared weights" else -1.0,
                    tag=(kind,), touches=("convention", convention.name),
                )  # fmt: skip
        if place.quantity.name == "macs" and place.terms:
            with_bias = self._counted(Flops(bias=True, per_mac=1), place)
            base = self._counted(Macs(), place)
            if with_bias is not None and base is not None and with_bias != base:
                term = Term("bias additions", "convention", (_factor(with_bias - base),))
                yield Variant(
                    f"the additions of biases were counted: {with_bias - base:,} too many",
                    partial(_counted_as, term=term), kind="bias-additions-counted", bits=2.0,
                    tag=("bias-additions-counted",), touches=("convention", "bias additions"),
                )  # fmt: skip
            yield Variant(
                "FLOPs were counted, two a MAC", partial(_times, number=2), kind="flops-for-macs",
                bits=2.0, tag=("flops-for-macs",), touches=("unit",),
            )  # fmt: skip
        if place.quantity.unit == "bytes" and place.terms:
            yield from _widths(row.path)

    def _counted(self, cost: object, place: Place) -> int | None:
        try:
            ((times, amount),) = cost.by_row([place.row])  # type: ignore[attr-defined]
        except (ArchcalcError, ValueError):
            return None
        return times * amount if isinstance(times, int) and isinstance(amount, int) else None


def _widths(path: str) -> Iterator[Variant]:
    for width, bits, word in ((1, 2.5, "elements were counted, one byte each"),
                              (2, 2.5, "two bytes each, as float16"),
                              (8, 3.0, "eight bytes each, as float64")):  # fmt: skip
        yield Variant(
            f"{word}: float32 has 4", partial(_bytes, width=width), kind="other-width",
            bits=bits, tag=("width", width), touches=("unit",),
        )  # fmt: skip


def _factor(number: int) -> Factor:
    return Factor(number, number)


def _counted_as(terms: Terms, term: Term) -> Terms:
    return added(terms, (term,))


def _times(terms: Terms, number: int) -> Terms:

    return tuple([replace(t, factors=(_factor(number), *t.factors)) for t in terms])


def _bytes(terms: Terms, width: int) -> Terms:

    return tuple([replace(t, factors=(*t.factors[:-1], Factor(width, width))) for t in terms])


register_edit(OtherConvention())
