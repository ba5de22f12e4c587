"""Edits of the biases: left out, one for all, one for each input, and where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from sympy import Symbol

from archcalc.explain.reconciling.edit import Edit, Place, Variant, register_edit
from archcalc.explain.reconciling.quantities import OF_WEIGHTS
from archcalc.explain.reconciling.rule_words import bare_rule, rule_text
from archcalc.explain.reconciling.terms import Factor, Term, Terms, added, omitted, size_of
from archcalc.layers.applied import Applied
from archcalc.layers.notation import notation_of
from archcalc.symbolic import ArchcalcError
from archcalc.symbolic.symbols import symbol


class MissingBias(Edit):
    """The biases of a layer left out."""

    kind = "missing-bias"
    bits = 1.0

    def variants(self, place: Place) -> Iterator[Variant]:
        biases = [term for term in place.terms if term.role == "bias"]
        if biases:
            names = frozenset(term.name for term in biases)
            yield Variant(
                partial(self._text, place, biases),
                partial(omitted, names=names),
                touches="bias",
            )
            if len(biases) > 1:
                for term in biases:
                    yield Variant(
                        f"{term.name} was left out: {rule_text(place, term)}",
                        partial(omitted, names=frozenset([term.name])),
                        bits=4.5, tag=(self.kind, term.name), touches="bias",
                    )  # fmt: skip

    def _text(self, place: Place, biases: list[Term]) -> str:
        if len(biases) == 1:
            (term,) = biases
            return f"the bias was left out: one per {_owner(place, term)}, {rule_text(place, term)}"
        each = ", ".join(f"{term.name} {rule_text(place, term)}" for term in biases)
        return f"the biases were left out: {each}"


def _owner(place: Place, term: Term) -> str:
    """What there is one bias for: a filter, a unit, an output channel."""
    fields = [place.notation.fields.get(f.rule) for f in term.factors if isinstance(f.rule, Symbol)]
    found = next((name for name in fields if name), None)
    return found.removesuffix("s").replace("_", " ") if found else "output channel"


class MisjudgedBias(Edit):
    """One bias for all, one for each input, or one for each kernel."""

    kind = "one-bias"
    bits = 3.5
    by_size = True

    def variants(self, place: Place) -> Iterator[Variant]:
        biases = [term for term in place.terms if term.role == "bias"]
        inputs = next((v for s in _INPUTS if isinstance(v := place.values.get(s), int)), 1)
        if len(biases) != 1 or place.quantity.name not in OF_WEIGHTS:
            return
        (term,) = biases
        shown, size = bare_rule(place, term), term.size // term.times
        ways = (
            ("one-bias", 1, f"one bias was counted for all: there are {shown} = {size:,}"),
            ("bias-per-input", inputs, f"a bias was counted for each input: it is {shown}"),
            ("bias-per-kernel", size * inputs,
             f"a bias was counted for every input channel: {inputs:,} times too many"),
        )  # fmt: skip
        for kind, count, text in ways:
            if count != size:
                yield Variant(
                    text, partial(_bias_of, name=term.name, count=count), kind=kind,
                    bits=3.0 if kind != "bias-per-input" else 4.5, touches="bias",
                )  # fmt: skip


_INPUTS = (symbol("c_in"), symbol("n_in"))


def _bias_of(terms: Terms, name: str, count: int) -> Terms:
    factors = (Factor(count, count),)
    return tuple([replace(t, factors=factors) if t.name == name else t for t in terms])


class BiasForEachKernel(Edit):
    """A bias for a kernel that has none, as for the depthwise step of a separable convolution."""

    kind = "bias-for-each-kernel"
    bits = 3.0

    def variants(self, place: Place) -> Iterator[Variant]:
        if place.quantity.name not in OF_WEIGHTS:
            return
        if not any(term.role == "bias" for term in place.terms):
            return
        named = {work.weight: work.bias for work in place.row.applied.work if work.weight}
        there = {term.name for term in place.terms}
        for term in place.terms:
            if term.role != "kernel" or named.get(term.name, "") in there or len(there) < 3:
                continue
            outs = _results(place, term)
            if outs:
                count = size_of((Term("", "", outs),))
                shown = "·".join(place.shown(f.rule) for f in outs if f.rule != 1)
                more = Term(f"bias of {term.name}", "bias", outs, term.times)
                yield Variant(
                    f"a bias was counted for {term.name}, which has none: {shown} = {count:,} too "
                    "many",
                    partial(added, more=(more,)), tag=(self.kind, term.name), touches="bias",
                )  # fmt: skip


def _results(place: Place, term: Term) -> tuple[Factor, ...]:
    """The factors of how many results a kernel has: what is neither a side of its window nor summed
    over."""
    weight = next((w for w in place.row.applied.weights if w.name == term.name), None)
    sides = [f for f in term.factors
             if place.notation.fields.get(f.rule) != "kernel_size"]  # fmt: skip
    if weight is None or not sides:
        return ()
    return tuple(sides if weight.outputs == 0 else sides[-1:])


class ExtraBias(Edit):
    """A bias counted where ``use_bias=False`` leaves it out."""

    kind = "extra-bias"
    bits = 2.5

    def variants(self, place: Place) -> Iterator[Variant]:
        layer = place.row.layer
        if getattr(layer, "use_bias", True) or place.quantity.name not in OF_WEIGHTS:
            return
        try:
            applied = Applied(layer.model_copy(update={"use_bias": True}), place.row.inputs)
            row = replace(place.row, applied=applied)
            terms = place.quantity.terms(row, notation_of(applied))
        except ArchcalcError:
            return
        extra = tuple(t for t in terms if t.role == "bias")
        if extra:
            yield Variant(
                f"a bias was counted, but use_bias is False: {size_of(extra):,} too many",
                partial(added, more=extra), touches="bias",
            )  # fmt: skip


EVERY: Iterable[Edit] = (MissingBias(), MisjudgedBias(), BiasForEachKernel(), ExtraBias())

for _edit in EVERY:
    register_edit(_edit)
