"""The derivation: every number of a trace with the rule it follows from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr

from archcalc.costs import ReceptiveField
from archcalc.costs.base import ordered_sum
from archcalc.costs.choice import Quantity
from archcalc.costs.loops import in_turn, owned, positions, repeated
from archcalc.costs.loops import often as count_of
from archcalc.costs.receptive import Field, Fields
from archcalc.explain import text
from archcalc.explain.counting_choices import choices, choices_data
from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Entry,
    Inline,
    Inlines,
    Math,
    Paragraph,
    Rule,
    equation,
    joined,
)
from archcalc.explain.looped import by_position, loops_data, numbers, there, times
from archcalc.explain.renderable import Renderable
from archcalc.explain.running import Counting, RunningTotal
from archcalc.explain.summary import closing, notices, plain_formula
from archcalc.explain.text import line
from archcalc.formula import Formula
from archcalc.layers.facts import Weight, Work
from archcalc.layers.notation import Notation, notation_of
from archcalc.layers.values import as_data
from archcalc.layers.window import Window
from archcalc.network import Network, Row, Trace, traced
from archcalc.network.ties import TiedWeight
from archcalc.symbolic.compare import equal
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.ordered import (
    OrderedAdd,
    OrderedMul,
    plain,
    product_of,
    sum_of_products,
)
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.symbols import symbol

__all__ = ["Derivation", "LayerDerivation", "Step", "Term", "derive", "general_factors"]


@dataclass(frozen=True, slots=True, repr=False)
class Term(Shown):
    """One quantity: its general rule, the numbers that stand for the symbols, and the result.

    Attributes:
        name: what it is: ``"height"``, ``"kernel"``, ``"params"``, ….
        rule: the general rule, in the layer's own notation.
        notation: what the symbols stand for.
        result: the value.
        of: which of several quantities of that name it is, in words.
    """

    name: str
    rule: Expr | int
    notation: Notation
    result: Dim
    of: str = ""

    def forms(self) -> Inlines:
        """The rule, the numbers put in, and the result."""
        order = self.notation.order
        return equation(
            Math(self.rule, {}, order),
            Math(self.rule, self.notation.values, order),
            Amount(self.result),
        )

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        order = self.notation.order
        return {
            "name": self.name,
            "rule": to_text(self.rule, {}, order),
            "numbers": to_text(self.rule, self.notation.values, order),
            "result": as_data(self.result),
            **({"of": self.of} if self.of else {}),
        }

    def __repr__(self) -> str:
        return f"{self.name} {line(self.forms())}"


@dataclass(frozen=True, slots=True, repr=False)
class Step(Shown):
    """One layer of a derivation.

    Attributes:
        row: the row of the trace.
        size, weights, params, statistics, macs: what the layer does, each with its rule.
        field: the receptive field after it, along the first axis it slides along.
        so_far: the running total of parameters.
    """

    row: Row
    size: tuple[Term, ...]
    weights: tuple[Term, ...]
    params: Term | None
    statistics: Term | None
    macs: tuple[Term, ...]
    field: tuple[Inlines, ...]
    so_far: RunningTotal

    @property
    def running(self) -> Formula:
        """The parameters so far."""
        return self.so_far.formula

    def rules(self, *, running: bool = True) -> list[Rule]:
        """The lines of the step.

        Args:
            running: whether the running total stands beside the parameters.
        """
        rules = [Rule(term.name, term.forms()) for term in self.size]
        if self.weights:
            rules.append(Rule("weights", _listed(self.weights)))
        if self.params:
            note = _running(self.row, self.so_far) if running else _kept(self.row)
            rules.append(Rule("params", self.params.forms(), note))
        if self.statistics:
            rules.append(Rule("stats", self.statistics.forms(), ("not learned",)))
        rules.extend(_products(self.macs))
        rules.extend(Rule("field", content) for content in self.field)
        return rules

    def title(self) -> Inlines:
        """Name, class, and the shapes that go in and come out."""
        row = self.row
        said = (*times(row), *numbers(row))
        often: Inlines = ("  ", *said) if said else ()
        arrow: Inlines = (*joined(row.inputs), " → ") if row.inputs else ()
        shapes = (*arrow, *joined(row.outputs))
        return (
            Code(row.path),
            "  ",
            type(row.layer).__name__,
            "   ",
            *shapes,
            *by_position(row),
            *often,
        )

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        terms = {"size": self.size, "weights": self.weights, "macs": self.macs}
        single = {"params": self.params, "statistics": self.statistics}
        return {
            "path": self.row.path,
            "layer": type(self.row.layer).__name__,
            "loops": loops_data(self.row),
            "shared": self.row.shared,
            "ties": {tie.weight: str(tie) for tie in self.row.ties},
            "inputs": [as_data(x) for x in self.row.inputs],
            "output": as_data(self.row.output),
            "outputs": [as_data(y) for y in self.row.outputs],
            **{name: [term.to_dict() for term in group] for name, group in terms.items()},
            **{name: term.to_dict() if term else None for name, term in single.items()},
            **self.so_far.to_dict(),
        }

    def entry(self) -> Entry:
        """The step as it is shown."""
        return Entry(self.title(), tuple(self.rules()))

    def document(self) -> Document:
        """The step by itself."""
        return Document(self.row.path, (self.entry(),))

    def __repr__(self) -> str:
        return text.render(self.document())


@dataclass(frozen=True, repr=False)
class Derivation(Renderable):
    """Layer by layer: the rule, the numbers put in, the result and the running total.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> print(Sequential([Dense(10)], input_shape=784).trace().derivation())
    input 784
    dense  Dense   784 → 10
      weights  kernel n_in·n_out = 784·10 = 7,840,  bias n_out = 10
      params   (n_in + 1)·n_out = (784 + 1)·10 = 7,850                       running 7,850
      MACs     n_in·n_out = 784·10 = 7,840
    total 7,850 parameters (all trainable), 7,840 MACs, 30.66 KiB as float32
    """

    trace: Trace
    steps: tuple[Step, ...]

    def document(self) -> Document:
        blocks: list[Block] = [_inputs(self.trace)]
        blocks.extend(step.entry() for step in self.steps)
        if any(step.field for step in self.steps):
            blocks.append(Paragraph((_LEGEND,)))
        blocks.extend(closing(self.trace))
        blocks.extend(choices(self.trace.conventions, *_SAID))
        blocks.extend(notices(self.trace))
        return Document("Derivation", tuple(blocks))

    def of(self, path: str) -> LayerDerivation:
        """The derivation of one layer, or of every layer of one block.

        Raises:
            LookupFailedError: nothing is at the path.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> derive(Sequential([Dense(10), Dense(1)], input_shape=4)).of("dense_1")
        dense_1  Dense   10 → 1
          weights  kernel n_in·n_out = 10·1 = 10,  bias n_out = 1
          params   (n_in + 1)·n_out = (10 + 1)·1 = 11                                 running 61
          MACs     n_in·n_out = 10·1 = 10
        """
        below = f"{path.rstrip('/')}/"
        found = [s for s in self.steps if s.row.path == path or s.row.path.startswith(below)]
        if not found:
            row = self.trace.row(path)
            found = [step for step in self.steps if step.row is row]
        return LayerDerivation(path, tuple(found))

    def to_dict(self) -> dict[str, Any]:
        trace = self.trace
        return {
            "inputs": [as_data(x) for x in trace.inputs],
            "outputs": [as_data(x) for x in trace.outputs],
            "steps": [step.to_dict() for step in self.steps],
            "parameters": plain_formula(trace.parameters),
            "statistics": plain_formula(trace.statistics),
            "macs": plain_formula(trace.macs),
            "conventions": choices_data(trace.conventions, *_SAID),
            "requirements": [str(r) for r in trace.requirements],
            "warnings": list(trace.warnings),
        }


@dataclass(frozen=True, repr=False)
class LayerDerivation(Renderable):
    """The derivation of one layer, or of the layers of one block.

    Attributes:
        path: where it is.
        steps: its layers.
    """

    path: str
    steps: tuple[Step, ...]

    def document(self) -> Document:
        return Document(self.path, tuple(step.entry() for step in self.steps))

    def to_dict(self) -> dict[str, Any]:
        return {"path": self.path, "steps": [step.to_dict() for step in self.steps]}


_SAID: tuple[Quantity, ...] = ("parameters", "macs")
"""The quantities that are derived, whose conventions are therefore said."""

_LEGEND = (
    "field: input positions one output sees; R before the layer, j the step between its inputs"
)


def derive(network: Network | Trace | str | os.PathLike[str], **values: Any) -> Derivation:
    """The derivation of every number of a network, of its trace, or of a file that describes one.

    Args:
        network: the network.
        values: numbers, or formulas, for its symbols, as in ``k=3``.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> derivation = derive(Sequential([Conv2D(32, 3)], input_shape=(28, 28, 1)).trace())
    >>> derivation.steps[0].params.result
    320
    """
    trace = traced(network, **values)
    known: dict[int, Notation] = {}
    counted = Counting()
    steps = []
    fields = _Fields(trace)
    for row in trace.rows:
        key = id(row.applied)
        notation = known.get(key) or known.setdefault(key, notation_of(row.applied))
        steps.append(_step(row, _stepped(notation, positions(row.loops)), fields, counted))
    return Derivation(trace, tuple(steps))


def _stepped(notation: Notation, steps: Sequence[Dim]) -> Notation:
    """The notation of a layer that is called at so many positions: its work is done as often."""
    work, values = notation.work, dict[Any, Dim]()
    for number, count in reversed(list(enumerate(steps, 1))):
        often = symbol("T" if len(steps) == 1 else f"T_{number}")
        work = tuple(done.in_steps(often) for done in work)
        values[often] = count
    return replace(notation, work=work, values={**values, **notation.values}) if steps else notation


def _step(row: Row, notation: Notation, fields: _Fields, counted: Counting) -> Step:
    pairs = list(zip(notation.weights, row.applied.weights, strict=True))
    tied = {tie.weight: tie for tie in row.ties}
    learned = [(rule, real) for rule, real in pairs if real.learned and real.name not in tied]
    kept = [(rule, real) for rule, real in pairs if not real.learned]
    params = _together("params", learned, notation)
    if params is not None and not row.shared:
        counted.add(row.path, *repeated(owned(row.loops), params.result))
    return Step(
        row,
        _size(row, notation),
        tuple(_weight(rule, real, notation, tied.get(real.name)) for rule, real in pairs),
        params,
        _together("stats", kept, notation),
        _macs(notation.work, row.work, notation),
        fields.after(row, notation),
        counted.so_far(),
    )


def general_factors(shape: Sequence[Dim], notation: Notation) -> tuple[Dim, ...]:
    """The factors of a size as a person writes them: products open, ones left out."""
    ranks = {s: i for i, s in enumerate(notation.order)}
    factors: list[Dim] = []
    for dim in shape:
        parts = dim.args if isinstance(dim, Expr) and dim.is_Mul and _whole(dim) else (dim,)
        factors.extend(sorted(parts, key=lambda part: ranks.get(part, -1)))
    return tuple(factor for factor in factors if factor != 1)


def _whole(product: Expr) -> bool:
    return all(not (part.is_Pow and part.exp.is_negative) for part in product.args)


def _size(row: Row, notation: Notation) -> tuple[Term, ...]:
    """A line for every axis that a rule works out; axes that share rule and numbers share one."""
    names = row.layer.axis_names_for(row.inputs[0]) if row.inputs else ()
    found: dict[tuple[str, str], Term] = {}
    for axis, rule in enumerate(notation.output):
        if not isinstance(rule, Expr) or rule.is_Symbol:
            continue
        numbers = to_text(rule, notation.values, notation.order)
        same_axes = bool(names) and len(row.output) == len(row.inputs[0])
        word = row.layer.axis_word(row.inputs[0], axis) if same_axes else "size"
        bare = to_text(rule.xreplace({symbol(names[axis]): symbol("n")})) if same_axes else word
        found.setdefault((bare, numbers), Term(word, rule, notation, row.output[axis]))
    terms = tuple(found.values())
    if len(terms) == 1:
        return (Term("size", terms[0].rule, notation, terms[0].result),)
    return terms


def _weight(rule: Weight, real: Weight, notation: Notation, tie: TiedWeight | None) -> Term:
    name = f"{real.name} (tied to {tie})" if tie else real.name
    return Term(name, _product(rule.shape, notation), notation, _written([real.shape]))


def _product(factors: Sequence[Dim], notation: Notation) -> Expr:
    return product_of(general_factors(factors, notation))


def _together(name: str, pairs: Sequence[tuple[Weight, Weight]], notation: Notation) -> Term | None:
    if not pairs:
        return None
    rule = sum_of_products([general_factors(rule.shape, notation) for rule, _ in pairs])
    return Term(name, rule, notation, _written([real.shape for _, real in pairs]))


def _written(shapes: Iterable[Sequence[Dim]]) -> Dim:
    size = ordered_sum(shapes)
    return size if isinstance(size, int) else Formula(size).ordered


def _macs(rules: Sequence[Work], real: Sequence[Work], notation: Notation) -> tuple[Term, ...]:
    """A line for each kind of product; those that are alike, as of three projections, share one."""
    alike: dict[tuple[str, tuple[Dim, ...]], list[Work]] = {}
    for rule, done in zip(rules, real, strict=True):
        alike.setdefault((rule.kind, rule.factors), []).append(done)
    return tuple(
        Term(
            "MACs",
            sum_of_products([general_factors(factors, notation)] * len(found)),
            notation,
            _written([done.factors for done in found]),
            _multiplied(found) if len(alike) > 1 else "",
        )
        for (_, factors), found in alike.items()
    )


def _multiplied(found: Sequence[Work]) -> str:
    """What products multiply: weights by their names, or activations only."""
    names = dict.fromkeys(done.weight for done in found if done.weight)
    return ", ".join(names) or "of activations"


def _products(terms: Sequence[Term]) -> list[Rule]:
    """The lines of several kinds of products, and what they come to together."""
    rules = [Rule("MACs", term.forms(), (term.of,) if term.of else ()) for term in terms]
    if len(terms) > 1:
        parts = OrderedAdd(*[term.result for term in terms])
        whole = Formula(parts)
        value = whole() if whole.is_number else whole.ordered
        rules.append(Rule("MACs", equation(Math(parts), Amount(value)), ("together",)))
    return rules


def _listed(terms: Sequence[Term]) -> Inlines:
    parts: list[Inline] = []
    for term in terms:
        parts.extend([",  "] if parts else [])
        parts.extend([f"{term.name} ", *term.forms()])
    return tuple(parts)


def _kept(row: Row) -> Inlines:
    return ("shared, counted once",) if row.shared else there(row)


def _running(row: Row, so_far: RunningTotal) -> Inlines:
    if row.shared:
        return ("shared, counted once",)
    said = there(row)
    return (*said, *([", "] if said else []), *so_far.shown())


def _inputs(trace: Trace) -> Paragraph:
    return Paragraph(("input ", *joined(trace.inputs)))


def _slides(field: Field) -> bool:
    """Whether one window says what is seen."""
    return len(field.phases) < 2 and field.reach == "window"


class _Fields:
    """The receptive field, row by row, for as long as it is defined."""

    def __init__(self, trace: Trace) -> None:
        self._found: list[Fields] = ReceptiveField().by_row(trace)
        self._trace = trace
        self._place = {id(row): i for i, row in enumerate(trace.rows)}

    def after(self, row: Row, notation: Notation) -> tuple[Inlines, ...]:
        """The line that says how the field grows along the first axis that `row` slides along."""
        sliding = [(axis, w) for axis, w in notation.windows if isinstance(w, Window)]
        if not sliding or len(row.sources) != 1:
            return ()
        axis, window = sliding[0]
        before = self._before(row, axis)
        place = self._found[self._place[id(row)]]
        after = next((f for f in place.values() if before and f.axis == before.axis), None)
        if before is None or after is None or not (_slides(before) and _slides(after)):
            return ()
        size, jump = symbol("R"), symbol("j")
        loops = in_turn(row.loops)
        often = (symbol("copies"),) if loops else ()
        grown = OrderedAdd(size, OrderedMul(*often, window.span - 1, jump))
        values = {**notation.values, size: before.size, jump: before.stride}
        values |= dict.fromkeys(often, count_of(loops))
        if often and not equal(substitute(plain(grown), values), after.size):
            return ()  # copies that see differently far have no one rule
        order = (size, *often, *notation.order, jump)
        forms = equation(Math(grown, {}, order), Math(grown, values, order), Amount(after.size))
        return ((*forms, ", stride ", Amount(after.stride)),)

    def _before(self, row: Row, axis: int) -> Field | None:
        source = row.sources[0]
        if source < 0:
            return Field(axis, along=axis)
        if any(turn.kind != "copies" for turn in self._trace.rows[source].rounds):
            return None  # its axes are those of a step
        return next((f for f in self._found[source].values() if f.along == axis), None)
