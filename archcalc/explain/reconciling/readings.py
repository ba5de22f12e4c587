"""Edits of how a rule is read: a weight left out, a factor dropped, a symbol taken for another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from math import prod
from typing import ClassVar

from sympy import Expr, Symbol

from archcalc.explain.reconciling.edit import Edit, Place, Variant, register_edit
from archcalc.explain.reconciling.terms import (
    Factor,
    Term,
    Terms,
    added,
    counted_once,
    in_values,
    left_out,
    omitted,
    only,
    size_of,
    twice,
)
from archcalc.layers.applied import Applied
from archcalc.layers.fields import counts_of
from archcalc.layers.notation import notation_of
from archcalc.symbolic import ArchcalcError
from archcalc.symbolic.symbols import symbol

__all__ = ["rule_text"]


def rule_text(place: Place, term: Term) -> str:
    """The rule of one product, and what it comes to: ``n_in·n_out = 1,000``."""
    return f"{bare_rule(place, term)} = {term.size // term.times:,}"


def bare_rule(place: Place, term: Term) -> str:
    """The rule of one product as a person writes it: ``k·k·c_in·f``."""
    parts = [place.shown(f.rule) for f in term.factors if f.rule != 1]
    bracketed = [f"({p})" if " " in p and not p.startswith("⌊") else p for p in parts]
    return "·".join(bracketed) or "1"


def _owner(place: Place, term: Term) -> str:
    """What there is one bias for: a filter, a unit, an output channel."""
    fields = [place.notation.fields.get(f.rule) for f in term.factors if isinstance(f.rule, Symbol)]
    found = next((name for name in fields if name), None)
    return found.removesuffix("s").replace("_", " ") if found else "output channel"


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
            f"the layer was not counted: {_all_rules(place)}",
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
        text = partial(_left_out, place, term)
        return Variant(
            text, partial(omitted, names=frozenset([term.name])), kind=kind,
            bits=self._USUAL.get(term.role, self.bits), tag=(self.kind, term.name),
            touches=("weight", term.name),
        )  # fmt: skip


def _left_out(place: Place, term: Term) -> str:
    return f"{term.name} was left out: {rule_text(place, term)}"


def _nothing(terms: Terms) -> Terms:
    return ()


def _all_rules(place: Place) -> str:
    return ", ".join(f"{term.name} {rule_text(place, term)}" for term in place.terms[:4])


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


class FactorLeftOut(Edit):
    """A factor of the rule dropped, in one product or in all: channels, gates, one side of k."""

    kind = "factor-left-out"
    bits = 4.5

    def variants(self, place: Place) -> Iterator[Variant]:
        seen: dict[Expr | int, list[Term]] = {}
        for term in place.terms:
            for rule in dict.fromkeys(f.rule for f in term.factors if f.value != 1):
                seen.setdefault(rule, []).append(term)
        for rule, terms in seen.items():
            yield from self._dropped(place, rule, terms)

    def _dropped(self, place: Place, rule: Expr | int, terms: list[Term]) -> Iterator[Variant]:
        value = next(f.value for f in terms[0].factors if f.rule == rule)
        often = max(sum(f.rule == rule for f in term.factors) for term in terms)
        gates = isinstance(rule, int) and getattr(place.row.layer, "gates", 0) == rule
        if gates:
            read = partial(left_out, rule=rule, names=None)
            yield Variant(
                partial(self._gates, place, rule, read), read, kind="gates-counted-once", bits=2.0,
                tag=("gates",), touches=("factor", rule),
            )  # fmt: skip
            for other in {1, 2, 3, 4} - {1, rule}:
                yield Variant(
                    f"{other} gates were counted, not {rule}",
                    partial(_gates_as, rule=rule, other=other), kind="gates-miscounted", bits=4.0,
                    tag=("gates", other), touches=("factor", rule),
                )  # fmt: skip
        weights = [t for t in terms if t.role != "bias"]
        if isinstance(rule, int) and not gates and not weights:
            return  # how many biases there are is a convention
        if not gates and len(weights) == 1:
            yield self._in_one(place, rule, value, weights[0], often)
        elif not gates or len(weights) > 1:
            if not gates:
                yield Variant(
                    f"{_factor_name(place, rule, value)} was left out everywhere",
                    partial(left_out, rule=rule, names=None),
                    bits=self.bits - 1, tag=(self.kind, rule), touches=("factor", rule),
                )  # fmt: skip
            for term in weights:
                yield self._in_one(place, rule, value, term, often)

    def _in_one(
        self, place: Place, rule: Expr | int, value: int, term: Term, often: int
    ) -> Variant:
        read = partial(left_out, rule=rule, names=frozenset([term.name]))
        whole = bare_rule(place, term)
        kind, bits, text = (
            self.kind,
            self.bits,
            f"{_factor_name(place, rule, value)} was left out",
        )
        tag: tuple[object, ...] = (kind, term.name, rule)
        channels = isinstance(rule, Expr) and rule.has(symbol("c_in"))
        if channels:
            kind, bits, tag = "missing-input-channels", 1.5, ("input channels", term.name, rule)
            text = f"the {value} input channels were left out"
        elif often > 1 or place.notation.fields.get(rule) == "kernel_size":
            kind, bits, tag = "side-left-out", 3.0, ("side-left-out", rule)
            text = f"one side of the kernel, {place.shown(rule)} = {value:,}, was left out"
            if place.notation.fields.get(rule) != "kernel_size":
                text = f"one {place.shown(rule)} = {value:,} was left out"
        return Variant(
            f"{text} of {whole}", read, kind=kind, bits=bits, tag=tag,
            touches=("factor", rule, term.name),
        )  # fmt: skip

    def _gates(self, place: Place, rule: int, read: partial[Terms]) -> str:
        terms = read(place.terms)
        shown = sum_text(place, terms)
        return f"the gates were counted once, not {rule} times: {shown} = {size_of(terms):,}"


def _factor_name(place: Place, rule: Expr | int, value: int) -> str:
    if isinstance(rule, int):
        return f"the factor {rule}"
    name = place.named(rule) if isinstance(rule, Symbol) else place.shown(rule)
    return f"{name} = {value:,}"


def sum_text(place: Place, terms: Terms) -> str:
    """A sum of products by rule, with the last factor taken out where all have it."""
    lists = [[f for f in t.factors if f.rule != 1] for t in terms]
    last = lists[0][-1].rule if lists and lists[0] else None
    if last is not None and len(lists) > 1 and all(fs and fs[-1].rule == last for fs in lists):
        inner = " + ".join("·".join(place.shown(f.rule) for f in fs[:-1]) or "1" for fs in lists)
        return f"({inner})·{place.shown(last)}"
    return " + ".join(bare_rule(place, term) for term in terms) or "0"


def _gates_as(terms: Terms, rule: int, other: int) -> Terms:
    def read(factor: Factor) -> Factor:
        return Factor(other, other) if factor.rule == rule else factor

    return tuple([replace(t, factors=tuple(map(read, t.factors))) for t in terms])


class FactorAgain(Edit):
    """A factor taken once too often: k cubed, positions that do not multiply weights."""

    kind = "factor-twice"
    bits = 6.0

    def variants(self, place: Place) -> Iterator[Variant]:
        for term in place.terms:
            if term.role == "bias":
                continue
            for factor in {f.rule: f for f in term.factors if f.value > 1}.values():
                yield Variant(
                    f"{place.shown(factor.rule)} = {factor.value:,} was taken once too often in "
                    f"{bare_rule(place, term)}",
                    partial(_again, factor=factor, name=term.name),
                    tag=(self.kind, term.name, factor.rule),
                    touches=("factor", factor.rule, term.name),
                )  # fmt: skip


def _again(terms: Terms, factor: Factor, name: str) -> Terms:
    return tuple([replace(t, factors=(factor, *t.factors)) if t.name == name else t for t in terms])


class OtherDimension(Edit):
    """One symbol of the rule read as another dimension in sight, or as 1, in all weights or one."""

    kind = "other-dimension"
    bits = 3.5

    def variants(self, place: Place) -> Iterator[Variant]:
        values = {s: v for s, v in place.notation.values.items() if isinstance(v, int)}
        rules = [f.rule for term in place.terms for f in term.factors]
        used = [s for s in values if any(isinstance(r, Expr) and r.has(s) for r in rules)]
        sight = self._in_sight(place, values)
        for one in used:
            if place.notation.fields.get(one) == "groups":
                yield self._groups(place, one, values)
                continue
            for value, name in sight.items():
                if value != values[one]:
                    sorts = {_sort(place, s) for s, v in values.items() if v == value}
                    yield from self._as(place, one, value, name, values, sorts)

    def _in_sight(self, place: Place, values: dict[Symbol, int]) -> dict[int, str]:
        """The dimensions that a person sees at this layer, and what they are called."""
        found: dict[int, str] = {}
        for one, value in values.items():
            found.setdefault(value, f"{place.named(one)} = {value:,}")
        for size in place.row.output:
            if isinstance(size, int):
                found.setdefault(size, f"{size:,}, of the output")
        for x in place.row.inputs[:1]:
            for size in x:
                if isinstance(size, int):
                    found.setdefault(size, f"{size:,}, of the input")
        found.pop(1, None)
        return found

    def _as(
        self,
        place: Place,
        one: Symbol,
        value: int,
        name: str,
        values: dict[Symbol, int],
        sorts: set[str],
    ) -> Iterator[Variant]:
        here = f"{place.named(one)} = {values[one]:,}"
        kind, bits = self.kind, self.bits if "=" in name else self.bits + 1.5
        if self._is_axis(place, one) and self._is_axis(place, value):
            kind, bits = "other-axis", 2.5 if len(place.row.inputs[0]) == 2 else 4.5
        elif _sort(place, one) not in sorts:
            bits += 4.0
        yield Variant(
            f"{name} was taken for {place.named(one)}, which is {values[one]:,}",
            partial(in_values, values=values, put={one: value}), kind=kind,
            bits=bits, tag=(kind, one, name.split(" = ")[0]), touches=("symbol", one),
        )  # fmt: skip
        holding = [
            t for t in place.terms
            if any(isinstance(f.rule, Expr) and f.rule.has(one) for f in t.factors)
        ]  # fmt: skip
        if len(holding) > 1:
            for term in holding:
                yield Variant(
                    f"{name} was taken for {here} in {term.name}",
                    partial(in_values, values=values, put={one: value},
                            names=frozenset([term.name])),
                    bits=bits + (3.0 if term.role == "bias" else 1.5),
                    tag=(self.kind, term.name, one, name.split(" = ")[0]),
                    touches=("symbol", one, term.name),
                )  # fmt: skip

    def _is_axis(self, place: Place, what: Symbol | int) -> bool:
        """Whether a symbol, or a number, is an axis of the input."""
        if isinstance(what, int):
            return any(what in x for x in place.row.inputs[:1])
        return what not in place.notation.fields

    def _groups(self, place: Place, one: Symbol, values: dict[Symbol, int]) -> Variant:
        c_in = values.get(symbol("c_in"), 0)
        count = values[one]
        return Variant(
            f"groups were ignored: each filter sees {c_in // count} of {c_in} channels",
            partial(in_values, values=values, put={one: 1}),
            kind="groups-ignored", bits=2.5, touches=("symbol", one),
        )  # fmt: skip


def _sort(place: Place, one: Symbol) -> str:
    """What a symbol is a number of: features, positions, or a property of a window."""
    field = place.notation.fields.get(one)
    if field is not None:
        return counts_of(type(place.row.layer)).get(field, "") or field
    names = place.row.layer.axis_names_for(place.row.inputs[0]) if place.row.inputs else ()
    return "features" if names and one.name == names[-1] else "positions"


class MisjudgedBias(Edit):
    """One bias for all, one for each input, or one for each kernel."""

    kind = "one-bias"
    bits = 3.5
    by_size = True

    def variants(self, place: Place) -> Iterator[Variant]:
        biases = [term for term in place.terms if term.role == "bias"]
        inputs = next((v for s in _INPUTS if isinstance(v := place.values.get(s), int)), 1)
        if len(biases) != 1 or place.quantity.name not in _OF_WEIGHTS:
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
_OF_WEIGHTS = ("parameters", "total_params", "trainable_parameters", "bytes")


class BiasForEachKernel(Edit):
    """A bias for a kernel that has none, as for the depthwise step of a separable convolution."""

    kind = "bias-for-each-kernel"
    bits = 3.5

    def variants(self, place: Place) -> Iterator[Variant]:
        if place.quantity.name not in _OF_WEIGHTS:
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
                    partial(_with, more=(more,)), tag=(self.kind, term.name), touches="bias",
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


class AtEachPosition(Edit):
    """Weights counted at each position of the output, as if positions did not share them."""

    kind = "counted-at-each-position"
    bits = 3.5
    by_size = True

    def variants(self, place: Place) -> Iterator[Variant]:
        axes = [axis for axis, _ in place.row.applied.windows or ()]
        y, x = place.row.output, place.row.inputs[0] if place.row.inputs else ()
        if not axes or len(y) != len(x) or place.quantity.name not in _OF_WEIGHTS:
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
        if not weighed or not y or place.quantity.name not in _OF_WEIGHTS:
            return
        channels = y[-1]
        axes = place.row.layer.feature_axes(y) if len(place.row.inputs) == 1 else ()
        if len(axes) == 1 and axes[0] < len(y):
            channels = y[axes[0]]
        if isinstance(channels, int):
            factors = (Factor(2, 2), Factor(channels, channels))
            yield Variant(
                f"a normalization was counted after it: 2·{channels:,} = {2 * channels:,} too many",
                partial(_with, more=(Term("normalization", "scale", factors, 1),)),
                touches="normalization",
            )  # fmt: skip


def _bias_of(terms: Terms, name: str, count: int) -> Terms:
    factors = (Factor(count, count),)
    return tuple([replace(t, factors=factors) if t.name == name else t for t in terms])


class ExtraBias(Edit):
    """A bias counted where ``use_bias=False`` leaves it out."""

    kind = "extra-bias"
    bits = 2.5

    def variants(self, place: Place) -> Iterator[Variant]:
        layer = place.row.layer
        if getattr(layer, "use_bias", True) or place.quantity.name not in _OF_WEIGHTS:
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
                partial(_with, more=extra), touches="bias",
            )  # fmt: skip


def _with(terms: Terms, more: Terms) -> Terms:
    return added(terms, *more)


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
    MissingBias(), MissingWeight(), WeightTwice(), FactorLeftOut(), FactorAgain(),
    OtherDimension(), MisjudgedBias(), BiasForEachKernel(), ExtraBias(), AtEachPosition(),
    AddedNormalization(), CountedOnce(),
)  # fmt: skip

for _edit in EVERY:
    register_edit(_edit)
