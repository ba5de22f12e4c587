"""Edits of how often a weight is counted: not at all, twice, at each position, once for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from math import prod
from typing import ClassVar

from archcalc.explain.reconciling.edit import Edit, Place, Variant, register_edit
from archcalc.explain.reconciling.quantities import OF_WEIGHTS
from archcalc.explain.reconciling.rule_words import left_out_text, rule_text, rules_text
from archcalc.explain.reconciling.terms import (
    Factor,
    Term,
    Terms,
    added,
    counted_once,
    omitted,
    only,
    twice,
)


class MissingWeight(Edit):
    """A weight that is no bias left out, or all but one."""

    kind = "missing-weight"
    bits = 4.0
    _USUAL: ClassVar[dict[str, float]] = {
        "recurrent kernel": 2.5, "scale": 3.0, "offset": 3.0, "embedding": 3.0, "statistic": 3.0,
    }  # fmt: skip

    def variants(self, place: Place) -> Iterator[Variant]:
        terms = place.terms
        others = [term for term in terms if term.role != "bias"]
        for term in others:
            if len(terms) > 1:
                yield self._one(place, term)
        yield from self._products(place)
        if not terms or all(term.size == 0 for term in terms):
            return
        yield Variant(
            f"the layer was not counted: {rules_text(place)}",
            _nothing,
            bits=3.0 if len(others) < 2 else 3.5,
            tag=("not-counted", type(place.row.layer).__name__),
            touches="all",
        )
        if len(terms) > 1 and not (len(terms) == 2 and len(others) == 1):
            for term in others:
                rest = [t for t in terms if t.name != term.name]
                parts = tuple(self._one(place, t) for t in rest)
                yield Variant(
                    f"only {term.name} was counted: {rule_text(place, term)}",
                    partial(only, names=frozenset([term.name])),
                    bits=3.5, tag=("only", term.name), touches="all",
                    parts=parts if len(rest) <= 3 else (),
                )  # fmt: skip

    def _products(self, place: Place) -> Iterator[Variant]:
        """A product left out with the bias that goes with it, as a projection is."""
        there = {term.name: term for term in place.terms}
        done = [w for w in place.row.applied.work if w.weight in there and w.bias in there]
        if len(done) > 1:
            for work in done:
                names = (work.weight, work.bias)
                shown = ", ".join(f"{n} {rule_text(place, there[n])}" for n in names)
                word = work.weight.removesuffix("_kernel")
                yield Variant(
                    f"the {word} projection was left out: {shown}",
                    partial(omitted, names=frozenset(names)), kind="missing-projection", bits=3.5,
                    tag=("missing-projection", word), touches=("weight", work.weight),
                )  # fmt: skip

    def _one(self, place: Place, term: Term) -> Variant:
        kind = "missing-bias" if term.role == "bias" else self.kind
        text = partial(left_out_text, place, term)
        return Variant(
            text, partial(omitted, names=frozenset([term.name])), kind=kind,
            bits=self._USUAL.get(term.role, self.bits), tag=(self.kind, term.name),
            touches=("weight", term.name),
        )  # fmt: skip


def _nothing(terms: Terms) -> Terms:
    return ()


class WeightTwice(Edit):
    """A weight counted twice."""

    kind = "weight-twice"
    bits = 5.0

    def variants(self, place: Place) -> Iterator[Variant]:
        for term in place.terms:
            yield Variant(
                f"{term.name} was counted twice: {rule_text(place, term)} too many",
                partial(twice, names=frozenset([term.name])),
                bits=4.0 if term.role == "bias" else self.bits,
                tag=(self.kind, term.name), touches=("weight", term.name),
            )  # fmt: skip
        if len(place.terms) > 1:
            names = frozenset(term.name for term in place.terms)
            yield Variant(
                "the layer was counted twice", partial(twice, names=names),
                tag=(self.kind, type(place.row.layer).__name__), touches="all",
            )  # fmt: skip


class AtEachPosition(Edit):
    """Weights counted at each position of the output, as if positions did not share them."""

    kind = "counted-at-each-position"
    bits = 3.5
    by_size = True

    def variants(self, place: Place) -> Iterator[Variant]:
        axes = [axis for axis, _ in place.row.applied.windows or ()]
        y, x = place.row.output, place.row.inputs[0] if place.row.inputs else ()
        if not axes or len(y) != len(x) or place.quantity.name not in OF_WEIGHTS:
            return
        sizes = [y[axis] for axis in axes]
        many = prod(n for n in sizes if isinstance(n, int))
        if many < 2 or not all(isinstance(n, int) for n in sizes):
            return
        shown = "·".join(map(str, sizes))
        kernels = frozenset(t.name for t in place.terms if t.role != "bias")
        every = frozenset(t.name for t in place.terms)
        for names, what in ((every, "the weights were"), (kernels, "the kernel was")):
            yield Variant(
                f"{what} counted at each of the {shown} = {many:,} positions, which share them",
                partial(_times_more, number=many, names=names),
                bits=self.bits, tag=(self.kind, what), touches="positions",
            )  # fmt: skip


def _times_more(terms: Terms, number: int, names: frozenset[str]) -> Terms:
    factor = Factor(number, number)
    return tuple(
        [replace(t, factors=(*t.factors, factor)) if t.name in names else t for t in terms]
    )


class AddedNormalization(Edit):
    """A normalization counted after a layer, of which there is none."""

    kind = "norm-added"
    bits = 4.0
    by_size = True

    def variants(self, place: Place) -> Iterator[Variant]:
        y = place.row.output
        weighed = any(t.role in ("kernel", "recurrent kernel") for t in place.terms)
        if not weighed or not y or place.quantity.name not in OF_WEIGHTS:
            return
        channels = y[-1]
        axes = place.row.layer.feature_axes(y) if len(place.row.inputs) == 1 else ()
        if len(axes) == 1 and axes[0] < len(y):
            channels = y[axes[0]]
        if isinstance(channels, int):
            factors = (Factor(2, 2), Factor(channels, channels))
            yield Variant(
                f"a normalization was counted after it: 2·{channels:,} = {2 * channels:,} too many",
                partial(added, more=(Term("normalization", "scale", factors, 1),)),
                touches="normalization",
            )  # fmt: skip


class CountedOnce(Edit):
    """One copy of a repeated block, or one expert, counted for all."""

    kind = "counted-once"
    bits = 3.0

    def variants(self, place: Place) -> Iterator[Variant]:
        times = max((term.times for term in place.terms), default=1)
        if times > 1:
            start = place.row.rounds[0].start if place.row.rounds else -1
            yield Variant(
                f"it stands there {times:,} times and was counted once", counted_once,
                tag=(self.kind, start), touches="times",
            )  # fmt: skip
            for other, word in (
                (times - 1, "one too few"),
                (times + 1, "one too many"),
            ):
                if other > 1:
                    yield Variant(
                        f"{other:,} copies were counted, {word}: there are {times:,}",
                        partial(_times_as, times=other), kind="copies-miscounted", bits=5.0,
                        tag=("copies", start, other), touches="times",
                    )  # fmt: skip


def _times_as(terms: Terms, times: int) -> Terms:
    return tuple([replace(t, times=times) if t.times > 1 else t for t in terms])


EVERY: Iterable[Edit] = (
    MissingWeight(), WeightTwice(), AtEachPosition(), AddedNormalization(), CountedOnce(),
)  # fmt: skip

for _edit in EVERY:
    register_edit(_edit)
