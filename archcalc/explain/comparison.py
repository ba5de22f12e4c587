"""Two networks side by side: which layers are new, gone or changed, and what that does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

from sympy import Symbol

from archcalc.costs import Additive, Macs, Parameters
from archcalc.costs.base import total
from archcalc.explain.alignment import aligned_rows, same_call
from archcalc.explain.canvas import PlotCanvas
from archcalc.explain.chart import Bar, Pair, bars, curves
from archcalc.explain.document import (
    Block,
    Code,
    Document,
    Inline,
    Inlines,
    Paragraph,
    Table,
)
from archcalc.explain.renderable import Renderable
from archcalc.explain.summary import amount, plain_formula
from archcalc.explain.text import inline
from archcalc.explain.verdict import Verdict
from archcalc.formula import Formula
from archcalc.formula.crossing import Crossover, SymbolicCrossover, crossover
from archcalc.formula.rewrite import shortest
from archcalc.formula.sign import signs_of
from archcalc.network import Network, Row, Trace, traced
from archcalc.network.spec.files import trace_symbols
from archcalc.symbolic.errors import ArchcalcError, UnknownSymbolError
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shown import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Change", "Comparison", "compare"]


@dataclass(frozen=True, slots=True, repr=False)
class Change(Shown):
    """One layer of either network, or the same place in both.

    Attributes:
        before, after: the row in each network; ``None`` where it is not there.
        parameters: how the parameters change.
        macs: how the MACs change.
    """

    before: Row | None
    after: Row | None
    parameters: Formula
    macs: Formula

    def __repr__(self) -> str:
        counts = (amount(n, signed=True) for n in (self.parameters, self.macs))
        parameters, macs = map(inline, counts)
        return f"<{visible(self.path)} {self.kind}: {parameters} parameters, {macs} MACs>"

    @property
    def kind(self) -> str:
        """``"same"``, ``"changed"``, ``"added"`` or ``"removed"``."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "same" if same_call(self.before, self.after) else "changed"

    @property
    def path(self) -> str:
        """Where it is."""
        row = self.after or self.before
        return row.path if row else ""


@dataclass(frozen=True, repr=False)
class Comparison(Renderable):
    """Aligned layers, the difference of the totals, and which is the smaller when.

    Attributes:
        before, after: the traces.
        changes: the layers of both, aligned.
    """

    before: Trace
    after: Trace
    changes: tuple[Change, ...]

    @cached_property
    def difference(self) -> Formula:
        """How the parameters change, in total: a formula in the symbols of both."""
        return _difference(self.before.parameters, self.after.parameters)

    @cached_property
    def macs_difference(self) -> Formula:
        """How the MACs change, in total."""
        return _difference(self.before.macs, self.after.macs)

    @cached_property
    def verdict(self) -> Verdict:
        """Which has fewer parameters, and when."""
        return Verdict("parameters", self.difference)

    @cached_property
    def macs_verdict(self) -> Verdict:
        """Which has fewer MACs, and when."""
        return Verdict("MACs", self.macs_difference)

    def crossover(self, symbol: str | Symbol, /, **values: Any) -> Crossover | SymbolicCrossover:
        """Where the parameters of one overtake those of the other as `symbol` grows.

        Args:
            symbol: the symbol that grows.
            values: numbers, or expressions, for other symbols; see `archcalc.crossover`.

        Raises:
            UnknownSymbolError: neither network has such a symbol.
            NoSolutionError: both exist at no value of the symbol, or it cannot be decided.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> wide = Sequential([Dense("n"), Dense(10)], input_shape="d")
        >>> deep = Sequential([Dense(32), Dense("n"), Dense(10)], input_shape="d")
        >>> compare(wide, deep).crossover("n", d=784)
        the first is smaller for n ≤ 33, the second is smaller from n = 34 on
        """
        return crossover(self.before.parameters, self.after.parameters, symbol, **values)

    def macs_crossover(
        self, symbol: str | Symbol, /, **values: Any
    ) -> Crossover | SymbolicCrossover:
        """Where the MACs of one overtake those of the other; otherwise like `crossover`."""
        return crossover(self.before.macs, self.after.macs, symbol, **values)

    def plot(self, path: str | PathLike[str] | None = None) -> Figure:
        """Parameters and MACs of both networks, layer by layer, as a figure of matplotlib.

        Args:
            path: the file to write; without it pyplot shows the figure.

        Raises:
            PictureError: symbols are left, or the file cannot be written.
            FrameworkError: matplotlib is not installed.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> a, b = (Sequential([Dense(n), Dense(10)], input_shape=784) for n in (100, 50))
        >>> [axes.get_title() for axes in compare(a, b).plot().axes]
        ['parameters', 'MACs']
        """
        layers = [
            Bar(change.path, tuple(_sides(cost, change) for cost in (Parameters(), Macs())))
            for change in self.changes
        ]
        return bars(("parameters", "MACs"), layers, PlotCanvas(path))

    def plot_along(
        self,
        symbol: str | Symbol,
        values: Iterable[int],
        more: Mapping[str, Any] | None = None,
        /,
        *,
        path: str | PathLike[str] | None = None,
        **others: Any,
    ) -> Figure:
        """Both totals along the values of a symbol, with the values at which they cross.

        Args:
            symbol: the symbol that grows.
            values: its values, at least two.
            more: numbers for a symbol that is called ``path``.
            path: the file to write; without it pyplot shows the figure.
            others: numbers for all other symbols.

        Raises:
            UnknownSymbolError: neither network has such a symbol.
            EvaluationError: there are not two values, or one is no positive integer.
            PictureError: other symbols are left, a network exists at none of the values, or the
                file cannot be written.
            FrameworkError: matplotlib is not installed.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> a, b = (Sequential([Dense("n"), Dense(m)], input_shape=784) for m in (10, "n"))
        >>> figure = compare(a, b).plot_along("n", range(1, 33))
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['n = 10']
        """
        totals = (
            ("parameters", self.before.parameters, self.after.parameters),
            ("MACs", self.before.macs, self.after.macs),
        )
        return curves(str(symbol), values, totals, {**(more or {}), **others}, PlotCanvas(path))

    def headline(self) -> Inlines:
        """The totals, and the layers that matter most for the change."""
        parts: list[Inline] = [amount(self.before.parameters), " → ", amount(self.after.parameters)]
        for i, change in enumerate(self._most()):
            parts.extend([": " if i == 0 else ", ", *_phrase(change)])
        if all(change.kind == "same" for change in self.changes):
            parts.append(": nothing changes")
        return tuple(parts)

    def _most(self) -> Sequence[Change]:
        """The three changes of parameters that matter most, in order."""
        sizes = [_size(change.parameters) for change in self.changes]
        said = [i for i, change in enumerate(self.changes) if change.parameters != 0]
        most = sorted(said, key=sizes.__getitem__, reverse=True)[:_NAMED]
        return [self.changes[i] for i in sorted(most)]

    def document(self) -> Document:
        head = ("layer", "class", "", "parameters", "", "change", "MACs change")
        rows = tuple(_cells(change) for change in self.changes)
        totals = (self.before.parameters, self.after.parameters)
        footer: tuple[Inlines, ...] = (
            *(("total",), (), ()),
            *((amount(formula),) for formula in totals),
            *(_changed(formula) for formula in (self.difference, self.macs_difference)),
        )
        blocks: list[Block] = [
            Paragraph(self.headline(), "total"),
            *self._verdicts(),
            Table(head, "lllrrrr", (*rows, footer), footer=1),
        ]
        return Document("Comparison", tuple(blocks))

    def _verdicts(self) -> list[Block]:
        """What a number does not say by itself: which is the smaller, and who has a symbol."""
        blocks: list[Block] = []
        for verdict, of in ((self.verdict, "parameters"), (self.macs_verdict, "macs")):
            if not all(getattr(trace, of).is_number for trace in (self.before, self.after)):
                blocks.append(Paragraph(verdict.said()))
        first, second = (_symbols(trace) for trace in (self.before, self.after))
        for which, own in (("first", first - second), ("second", second - first)):
            if own:
                blocks.append(Paragraph((f"only the {which} depends on {', '.join(sorted(own))}",)))
        return blocks

    def to_dict(self) -> dict[str, Any]:
        totals = (self.before, self.after)
        return {
            "parameters": [plain_formula(trace.parameters) for trace in totals],
            "difference": plain_formula(self.difference),
            "verdict": self.verdict.to_dict(),
            "macs": [plain_formula(trace.macs) for trace in totals],
            "macs_difference": plain_formula(self.macs_difference),
            "macs_verdict": self.macs_verdict.to_dict(),
            "layers": [
                {
                    "kind": change.kind,
                    "before": change.before.path if change.before else None,
                    "after": change.after.path if change.after else None,
                    "parameters": plain_formula(change.parameters),
                    "macs": plain_formula(change.macs),
                }
                for change in self.changes
            ],
        }


_NAMED = 3
"""As many changes are named in the headline."""

_EACH = 100
"""Which changes matter most is judged with every symbol at this."""


def _size(formula: Formula) -> Fraction:
    try:
        return abs(Fraction(evaluate(formula.expr, dict.fromkeys(formula.symbols, _EACH))))
    except ArchcalcError:
        return Fraction(0)


def _symbols(trace: Trace) -> set[str]:
    return {*trace.parameters.known_symbols, *trace.macs.known_symbols}


def _phrase(change: Change) -> Inlines:
    words = {"added": "the new layer ", "removed": "the removed layer "}.get(change.kind, "")
    signs = signs_of(change.parameters)
    if not signs & {-1, 1}:
        return (words, Code(change.path), " stays")
    if -1 not in signs:
        return (words, Code(change.path), " adds ", amount(change.parameters))
    if 1 not in signs:
        return (words, Code(change.path), " loses ", amount(-change.parameters))
    return (words, Code(change.path), " changes by ", amount(change.parameters))


def _cells(change: Change) -> tuple[Inlines, ...]:
    row = change.after or change.before
    layer = type(row.layer).__name__ if row else ""
    sides = [_side(side) for side in (change.before, change.after)]
    mark = "" if change.kind == "same" else change.kind
    differences = (_changed(change.parameters), _changed(change.macs))
    return ((Code(change.path),), (layer,), (mark,), *sides, *differences)


def _changed(formula: Formula) -> Inlines:
    return (amount(formula, signed=True),) if formula != 0 else ("0",)


def _side(row: Row | None) -> Inlines:
    return ("—",) if row is None else (amount(_counted(Parameters(), row)),)


def _counted(cost: Additive, row: Row | None) -> Formula:
    return Formula(0) if row is None else Formula(total(cost.by_row([row])))


def _sides(cost: Additive, change: Change) -> Pair:
    """What both networks count there, as numbers."""
    first, second = (
        None if row is None else _counted(cost, row) for row in (change.before, change.after)
    )
    return first, second


def _difference(before: Formula, after: Formula) -> Formula:
    """What comes to `before`, as short as it can be said."""
    difference = after if before == 0 else after - before
    return Formula(shortest(difference.ordered), difference.requirements)


def compare(
    before: Network | Trace | str | os.PathLike[str],
    after: Network | Trace | str | os.PathLike[str],
    **values: Any,
) -> Comparison:
    """What changes from one network to another, layer by layer.

    Args:
        before, after: networks, their traces, or files that describe them.
        values: numbers, or formulas, for the symbols of either, as in ``k=3``.

    Raises:
        UnknownSymbolError: a value for a symbol that neither has.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> a = Sequential([Dense(100), Dense(10)], input_shape=784)
    >>> b = Sequential([Dense(50), Dense(10)], input_shape=784)
    >>> compare(a, b)
    79,510 → 39,760: dense loses 39,250, dense_1 loses 500
    layer    class           parameters           change  MACs change
    ─────────────────────────────────────────────────────────────────
    dense    Dense  changed      78,500  39,250  −39,250      −39,200
    dense_1  Dense  changed       1,010     510     −500         −500
    ─────────────────────────────────────────────────────────────────
    total                        79,510  39,760  −39,750      −39,700
    """
    first, second = _traces(before, after, values)
    changes = [_change(a, b) for a, b in aligned_rows(first.rows, second.rows)]
    return Comparison(first, second, tuple(changes))


def _traces(before: Any, after: Any, values: Mapping[str, Any]) -> tuple[Trace, Trace]:
    """Both traces, each with the values that are for a symbol of it."""
    first, second = traced(before), traced(after)
    names = [trace_symbols(trace) for trace in (first, second)]
    unknown = [name for name in values if not any(name in known for known in names)]
    if unknown:
        known = ", ".join(sorted({*names[0], *names[1]})) or "none"
        raise UnknownSymbolError(
            f"there is no symbol {unknown[0][:40]} in either", hint=f"the symbols are {known}"
        )
    both = [
        traced(trace, **{name: value for name, value in values.items() if name in known})
        for trace, known in zip((first, second), names, strict=True)
    ]
    return both[0], both[1]


def _change(a: Row | None, b: Row | None) -> Change:
    counts = (Parameters(), Macs())
    parameters, macs = (_difference(_counted(c, a), _counted(c, b)) for c in counts)
    return Change(a, b, parameters, macs)
