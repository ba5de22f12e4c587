"""Edits of the factors of a rule: one left out, taken twice, or read as another dimension."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from sympy import Expr, Symbol

from archcalc.explain.reconciling.edit import Edit, Place, Variant, register_edit
from archcalc.explain.reconciling.rule_words import bare_rule, factor_name, sum_text
from archcalc.explain.reconciling.terms import Factor, Term, Terms, in_values, left_out, size_of
from archcalc.layers.fields import counts_of
from archcalc.symbolic.symbols import symbol


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
        for term in weights if often > 1 else ():
            yield self._power(place, rule, value, term)
        if not gates and len(weights) == 1:
            yield self._in_one(place, rule, value, weights[0], often)
        elif not gates or len(weights) > 1:
            if not gates:
                yield Variant(
                    f"{factor_name(place, rule, value)} was left out everywhere",
                    partial(left_out, rule=rule, names=None),
                    bits=self.bits - 1, tag=(self.kind, rule), touches=("factor", rule),
                )  # fmt: skip
            for term in weights:
                yield self._in_one(place, rule, value, term, often)

    def _power(self, place: Place, rule: Expr | int, value: int, term: Term) -> Variant:
        """All of a factor that stands more than once: k·k."""
        many = sum(f.rule == rule for f in term.factors)
        shown = "·".join([place.shown(rule)] * many)
        whole = "the kernel, " if place.notation.fields.get(rule) == "kernel_size" else ""
        read = partial(left_out, rule=rule, names=frozenset([term.name]), times=many)
        return Variant(
            f"{whole}{shown} = {value**many:,}, was left out of {bare_rule(place, term)}", read,
            bits=self.bits + 0.25, tag=(self.kind, term.name, rule, many),
            touches=("factor", rule, term.name),
        )  # fmt: skip

    def _in_one(
        self, place: Place, rule: Expr | int, value: int, term: Term, often: int
    ) -> Variant:
        read = partial(left_out, rule=rule, names=frozenset([term.name]))
        whole = bare_rule(place, term)
        kind, bits, text = (
            self.kind,
            self.bits,
            f"{factor_name(place, rule, value)} was left out",
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


EVERY: Iterable[Edit] = (FactorLeftOut(), FactorAgain(), OtherDimension())

for _edit in EVERY:
    register_edit(_edit)
