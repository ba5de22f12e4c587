"""What a network costs to keep and to train, each figure with its formula."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Max, Rational, Symbol

from archcalc.costs import (
    ActivationBytes,
    Activations,
    ConventionEffect,
    EveryFlops,
    Formats,
    GradientBytes,
    OptimizerBytes,
    StepTime,
    Tally,
    Traffic,
    TrainingBytes,
    TrainingFlops,
    WeightBytes,
)
from archcalc.costs.memory import slots_of
from archcalc.costs.number_formats import bytes_of
from archcalc.explain.counting_choices import choices, choices_data
from archcalc.explain.document import (
    Amount,
    Block,
    Document,
    Inlines,
    Math,
    Paragraph,
    Table,
    equation,
)
from archcalc.explain.renderable import Renderable
from archcalc.explain.summary import amount, binary_bytes, in_seconds
from archcalc.explain.text import line
from archcalc.formula import Formula
from archcalc.network import Network, Trace, traced
from archcalc.symbolic.dims import Dim, DimLike, as_dim
from archcalc.symbolic.errors import SpecificationError
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.symbols import symbol

__all__ = ["Account", "CostLine", "account", "in_seconds"]


@dataclass(frozen=True, slots=True, repr=False)
class CostLine(Shown):
    """One figure: its name, its rule with what the symbols stand for, and the result.

    Attributes:
        name: what it is.
        rule: the general rule.
        values: what its symbols stand for.
        result: the value, a formula where symbols are left.
        unit: of the result.
    """

    name: str
    rule: Any
    values: dict[Symbol, Dim]
    result: Formula
    unit: str

    def __repr__(self) -> str:
        return f"<{self.name}: {line(self.shown())}, {line(self.forms())}>"

    def forms(self) -> Inlines:
        """The rule, and the numbers put in."""
        order = tuple(self.values)
        return equation(Math(self.rule, {}, order), Math(self.rule, self.values, order))

    def shown(self) -> Inlines:
        """The result, also in a unit that reads well."""
        if not self.result.is_number:
            return (Amount(self.result.ordered), f" {self.unit}")
        value = self.result()
        if self.unit == "seconds":
            return (in_seconds(Fraction(value)),)
        if self.unit == "bytes" and value >= 1024:
            return (Amount(value), f" bytes, {binary_bytes(value)}")
        return (Amount(value), f" {self.unit}")


@dataclass(frozen=True, repr=False)
class Account(Renderable):
    """Bytes, FLOPs and time of training, each with its formula.

    Attributes:
        figures: in order.
        setting: batch, optimizer and number format, in words.
        notes: what else is to be known.
        conventions: those that would give other FLOPs.
    """

    figures: tuple[CostLine, ...]
    setting: str
    notes: tuple[str, ...] = ()
    conventions: tuple[ConventionEffect, ...] = ()

    def __getitem__(self, name: str) -> CostLine:
        return next(figure for figure in self.figures if figure.name == name)

    def document(self) -> Document:
        rows = tuple(((f.name,), f.shown(), f.forms()) for f in self.figures)
        blocks: list[Block] = [Paragraph((self.setting,)), Table(("", "", ""), "lrl", rows)]
        blocks.extend(Paragraph((note,)) for note in self.notes)
        if self.conventions:
            forward = amount(self.conventions[0].amount)
            blocks.append(Paragraph(("one sample, forward: ", forward, " FLOPs")))
        blocks.extend(choices(self.conventions))
        return Document("Cost", tuple(blocks))

    def to_dict(self) -> dict[str, Any]:
        return {
            "setting": self.setting,
            "figures": {f.name: _data(f) for f in self.figures},
            "conventions": choices_data(self.conventions),
        }


def _data(figure: CostLine) -> dict[str, Any]:
    result = figure.result
    value = result() if result.is_number else result.to_python()
    shown = str(value) if isinstance(value, Fraction) else value
    return {"value": shown, "unit": figure.unit, "rule": str(Formula(figure.rule))}


def account(
    network: Network | Trace | str | os.PathLike[str],
    *,
    batch: DimLike = 1,
    optimizer: str = "sgd",
    dtype: str = "float32",
    formats: str | Formats | None = None,
    recompute: tuple[str, ...] = (),
    tally: str | Tally | None = None,
    peak_flops: int | Fraction | None = None,
    bandwidth: int | Fraction | None = None,
    **values: Any,
) -> Account:
    """Bytes for weights, gradients, optimizer state and activations, FLOPs and time of a step.

    Args:
        network: a network, its trace, or a file that describes one.
        batch: samples in a batch, a number or a symbol.
        optimizer: a name in `archcalc.costs.OPTIMIZERS`.
        dtype: a name in `archcalc.costs.DTYPES`, for everything that is stored.
        formats: in its place a format for each kind, by a name in `archcalc.costs.FORMATS` or as
            `archcalc.costs.Formats`; activations are then what the backward pass needs.
        recompute: with `formats`, the blocks that are computed once more; see `SavedBytes`.
        tally: also every operation, forward; a name in `archcalc.costs.TALLIES`, or a `Tally`.
        peak_flops, bandwidth: FLOP/s and bytes/s of the machine; both give a bound on the time.
        values: numbers, or formulas, for its symbols, as in ``k=3``.

    Raises:
        LookupFailedError: the optimizer, a number format, a block or a tally is not known.
        SpecificationError: something is recomputed, and no formats are given.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> result = account(Sequential([Dense(10)]).trace(784), batch=32, optimizer="adam")
    >>> result["optimizer state"].result
    62800
    """
    trace, size = traced(network, **values), as_dim(batch)
    figures = [*_memory(trace, size, optimizer, dtype), _compute(trace, size)]
    notes: list[str] = []
    if recompute and formats is None:
        raise SpecificationError(
            "what is recomputed is said with formats, one for each kind of what is stored",
            code="bad-option",
            hint="give formats, such as 'float32'",
        )
    if formats is not None:
        step = TrainingBytes(size, optimizer, formats, recompute=recompute)
        figures = [*_by_kind(trace, step), figures[-1]]
    if tally is not None:
        figures.append(_every(trace, EveryFlops(tally), notes))
    if peak_flops is not None and bandwidth is not None:
        figures.extend(_time(trace, size, optimizer, dtype, peak_flops, bandwidth))
        notes.append(
            "Time is a lower bound: arithmetic at peak, and weights and optimizer state moved once "
            "each way; activations may stay on the chip."
        )
    stored = dtype if formats is None else formats if isinstance(formats, str) else "own formats"
    setting = f"batch {size}, {optimizer}, {stored}"
    found = tuple(c for c in trace.conventions if c.convention.quantity == "flops")
    return Account(tuple(figures), setting, tuple(notes), found)


def _value(formula: Formula) -> Dim:
    return int(formula) if formula.is_number else formula.expr


def _memory(trace: Trace, batch: Dim, optimizer: str, dtype: str) -> list[CostLine]:
    each, slots = bytes_of(dtype), slots_of(optimizer)
    b, m, n = symbol("bytes"), symbol("slots"), symbol("batch")
    total, trained, a = symbol("weights"), symbol("trained"), symbol("activations")
    counts = {
        total: _value(trace.total_params),
        trained: _value(trace.trainable_parameters),
        a: _value(trace.cost(Activations())),
        b: each,
        n: batch,
    }

    def figure(name: str, cost: Any, *factors: Symbol) -> CostLine:
        values = {f: counts[f] for f in factors if f is not m} | (
            {m: slots} if m in factors else {}
        )
        return CostLine(name, OrderedMul(*factors), values, trace.cost(cost), "bytes")

    figures = [
        figure("weights", WeightBytes(dtype), total, b),
        figure("gradients", GradientBytes(dtype), trained, b),
        figure("optimizer state", OptimizerBytes(optimizer, dtype), m, trained, b),
        figure("activations", ActivationBytes(batch, dtype), n, a, b),
    ]
    if not slots:  # nothing is kept, and 0 is no dimension
        figures[2] = CostLine("optimizer state", 0, {}, Formula(0), "bytes")
    parts = [f.result for f in figures]
    names = [symbol(name) for name in ("weights", "gradients", "state", "activations")]
    whole = parts[0] + parts[1] + parts[2] + parts[3]
    return [*figures, CostLine("together", OrderedAdd(*names), {}, whole, "bytes")]


def _by_kind(trace: Trace, step: TrainingBytes) -> list[CostLine]:
    """The bytes of each kind in its format, and all together."""
    figures: list[CostLine] = []
    for part in step.parts(trace):
        name = part.name.partition(" ")[0]
        slots, numbers, each = symbol("slots"), symbol(name), symbol("bytes")
        values: dict[Symbol, Dim] = {slots: part.slots} if part.slots > 1 else {}
        values |= {numbers: _value(part.elements)} | ({each: part.each} if part.each > 1 else {})
        figures.append(CostLine(part.name, OrderedMul(*values), values, part.bytes, "bytes"))
    names = [symbol(figure.name.partition(" ")[0]) for figure in figures]
    whole = sum((figure.result for figure in figures), Formula(0))
    return [*figures, CostLine("together", OrderedAdd(*names), {}, whole, "bytes")]


def _every(trace: Trace, cost: EveryFlops, notes: list[str]) -> CostLine:
    """Every operation of one sample, with a note of what is left out."""
    left = cost.uncounted(trace)
    if left:
        notes.append(f"not counted: {'; '.join(f'{x.path}: {x.why}' for x in left)}")
    rest = trace.cost(cost)
    name = cost.tally if isinstance(cost.tally, str) else cost.tally.name
    values = {symbol("operations"): _value(rest)}
    rule = symbol("operations")
    return CostLine(f"forward, {name}", rule, values, rest, "FLOPs")


def _compute(trace: Trace, batch: Dim) -> CostLine:
    one = _value(trace.cost(TrainingFlops(1)))
    n, step = symbol("batch"), symbol("step")
    total = trace.cost(TrainingFlops(batch))
    return CostLine("FLOPs a step", OrderedMul(n, step), {n: batch, step: one}, total, "FLOPs")


def _time(
    trace: Trace,
    batch: Dim,
    optimizer: str,
    dtype: str,
    peak: int | Fraction,
    bandwidth: int | Fraction,
) -> list[CostLine]:
    flops = trace.cost(TrainingFlops(batch))
    moved = trace.cost(Traffic(batch, optimizer, dtype))
    time = trace.cost(StepTime(peak, bandwidth, batch, optimizer, dtype))
    f, p, t, w, c = (symbol(n) for n in ("FLOPs", "peak", "traffic", "bandwidth", "compute"))

    def rate(name: str, above: Symbol, under: Symbol, amount: Formula, speed: Any) -> CostLine:
        values = {above: _value(amount), under: Rational(Fraction(speed))}
        return CostLine(name, above / under, values, amount / Fraction(speed), "seconds")

    return [
        _moved(trace, batch, optimizer, dtype, moved),
        rate("compute time", f, p, flops, peak),
        rate("traffic time", t, w, moved, bandwidth),
        CostLine("time a step ≥", Max(c, t), {}, time, "seconds"),
    ]


def _moved(trace: Trace, batch: Dim, optimizer: str, dtype: str, moved: Formula) -> CostLine:
    weights, state, n, x, b = (
        symbol(name) for name in ("weights", "state", "batch", "inputs", "bytes")
    )
    values = {
        weights: _value(trace.cost(WeightBytes(dtype))),
        state: _value(trace.cost(OptimizerBytes(optimizer, dtype))),
        n: batch,
        x: _value(sum((Formula(shape.elements) for shape in trace.inputs), Formula(0))),
        b: bytes_of(dtype),
    }
    rule = OrderedAdd(OrderedMul(2, OrderedAdd(weights, state)), OrderedMul(n, x, b))
    return CostLine("traffic", rule, values, moved, "bytes")
