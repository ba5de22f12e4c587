"""The table of layers, and the line that sums up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from archcalc.costs import Macs, Parameters, Statistics, WeightBytes
from archcalc.costs.loops import numbered
from archcalc.explain.columns import Cell, Line, chosen, counted, lines_of
from archcalc.explain.document import (
    Amount,
    Block,
    Code,
    Document,
    Inline,
    Inlines,
    Paragraph,
    Table,
    joined,
)
from archcalc.explain.looped import cell, loops_data
from archcalc.explain.renderable import Renderable
from archcalc.explain.text import Look, render
from archcalc.formula import Formula
from archcalc.layers.values import as_data
from archcalc.network import Network, Row, Trace, traced
from archcalc.symbolic.ordered import plain

__all__ = [
    "Summary",
    "amount",
    "binary_bytes",
    "closing",
    "in_seconds",
    "notices",
    "plain_formula",
    "summarize",
    "summary_text",
]


@dataclass(frozen=True, repr=False)
class Summary(Renderable):
    """One row a layer: name, class, output shape, parameters, MACs; and the totals.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> print(summarize(Sequential([Dense(10)], input_shape=784).trace()))
    layer  class  output  parameters   MACs
    ───────────────────────────────────────
    input             784
    dense  Dense       10       7,850  7,840
    total 7,850 parameters (all trainable), 7,840 MACs, 30.66 KiB as float32
    """

    trace: Trace
    columns: tuple[str, ...] = ()
    depth: int | None = None

    def document(self) -> Document:
        table = _table(self.trace, chosen(self.columns), lines_of(self.trace, self.depth))
        parts = (table, *numbering(self.trace), *closing(self.trace))
        return Document("Summary", (*parts, *notices(self.trace)))

    def to_dict(self) -> dict[str, Any]:
        trace = self.trace
        return {
            "inputs": [as_data(x) for x in trace.inputs],
            "outputs": [as_data(x) for x in trace.outputs],
            "layers": [_row_dict(row) for row in trace.rows],
            "parameters": plain_formula(trace.parameters),
            "trainable_parameters": plain_formula(trace.trainable_parameters),
            "active_parameters": plain_formula(trace.active_parameters),
            "statistics": plain_formula(trace.statistics),
            "macs": plain_formula(trace.macs),
            "warnings": list(trace.warnings),
        }


def summarize(
    network: Network | Trace | str | os.PathLike[str],
    *,
    columns: str | Iterable[str] = (),
    depth: int | None = None,
    **values: Any,
) -> Summary:
    """The table of a network, of its trace, or of a file that describes one.

    Args:
        network: the network.
        columns: columns besides the usual ones: ``"input"``, ``"kernel"``, ``"share"`` (of all
            parameters), ``"depth"``, ``"trainable"`` and ``"flops"``.
        depth: blocks deeper than this are one line each, with their totals; all layers are shown
            where it is left out.
        values: numbers, or formulas, for its symbols, as in ``k=3``.

    Raises:
        SpecificationError: there is no such column, or no such depth.

    >>> from archcalc.layers import Conv2D, Dense, Flatten
    >>> from archcalc.network import Sequential
    >>> body = Sequential([Conv2D(8, 3), Flatten()], name="body")
    >>> net = Sequential([body, Dense(10)], input_shape=(8, 8, 1))
    >>> print(summarize(net, columns=["kernel", "share"], depth=1))
    layer  class       output  parameters   MACs  kernel   share
    ────────────────────────────────────────────────────────────
    input               8×8×1
    body   Sequential     288          80  2,592           2.69%
    dense  Dense           10       2,890  2,880          97.31%
    total 2,970 parameters (all trainable), 5,472 MACs, 11.60 KiB as float32
    """
    trace = traced(network, **values)
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    chosen(names)
    lines_of(trace, depth)
    return Summary(trace, names, depth)


def summary_text(
    trace: Trace,
    columns: str | Iterable[str] = (),
    depth: int | None = None,
    width: int | None = None,
) -> str:
    """The table of `trace` as text, no wider than `width` where that can be."""
    return render(summarize(trace, columns=columns, depth=depth).document(), Look(width))


def _table(trace: Trace, extra: Sequence[tuple[str, Cell]], lines: Sequence[Line]) -> Table:
    repeated = any(_times(line) for line in lines)
    kept = trace.statistics != 0
    head = ["layer", "class", *(["times"] if repeated else []), "output", "parameters"]
    head += [*(["statistics"] if kept else []), "MACs", *(name for name, _ in extra)]
    blank: tuple[Inlines, ...] = ((),) * (len(extra) + kept + 2)
    body: list[tuple[Inlines, ...]] = [
        (("input",), (), *([()] if repeated else []), (x,), *blank) for x in trace.inputs
    ]
    for line in lines:
        row = line.rows[-1]
        cells: list[Inlines] = [(Code(line.path),), (line.kind,)]
        cells += [_times(line)] if repeated else []
        cells += [joined(row.outputs), _parameters(line)]
        cells += [counted(line.count(Statistics()))] if kept else []
        cells += [counted(line.count(Macs())), *(shown(line, trace) for _, shown in extra)]
        body.append(tuple(cells))
    return Table(tuple(head), "ll" + "r" * (len(head) - 2), tuple(body))


def _times(line: Line) -> Inlines:
    return () if line.folded else cell(line.rows[0])


def _parameters(line: Line) -> Inlines:
    row = line.rows[0]
    if not line.folded and row.shared and row.applied.weights:
        return ("shared",)
    own = counted(line.count(Parameters()))
    if line.folded or not row.ties:
        return own
    owner = f"tied to {row.ties[0].owner}"
    return (*own, f", {owner}") if row.weights else (owner,)


def _row_dict(row: Row) -> dict[str, Any]:
    return {
        "path": row.path,
        "layer": type(row.layer).__name__,
        "loops": loops_data(row),
        "shared": row.shared,
        "ties": {tie.weight: str(tie) for tie in row.ties},
        "output": as_data(row.output),
        "outputs": [as_data(y) for y in row.outputs],
        "parameters": plain_formula(Formula(Parameters().of(row))),
        "statistics": plain_formula(Formula(Statistics().of(row))),
        "macs": plain_formula(Formula(Macs().of(row))),
    }


def plain_formula(formula: Formula) -> int | str:
    """A formula as an int, or as text that archcalc reads back."""
    value = formula() if formula.is_number else None
    return value if isinstance(value, int) else formula.to_python()


def numbering(trace: Trace) -> tuple[Block, ...]:
    """What the numbers of copies that differ are called, and what they run through."""
    found = dict.fromkeys(copies for row in trace.rows for copies in numbered(row.loops))
    parts: list[Inline] = []
    for copies in found:
        last = Amount(plain(copies.count) - 1)
        parts.extend(["; " if parts else "", Amount(copies.index), " is the number of a copy, "])
        parts.extend(["0 … ", last])
    return (Paragraph(tuple(parts)),) if parts else ()


def closing(trace: Trace) -> tuple[Block, ...]:
    """The totals in a line, and what must hold for them."""
    learned, trainable = trace.parameters, trace.trainable_parameters
    content: list[Inline] = ["total ", amount(learned), " parameters"]
    if trainable != learned:
        content.extend([" (", amount(trainable), " trainable)"])
    elif learned != 0:
        content.append(" (all trainable)")
    if any(loop.kind == "experts" for row in trace.rows for loop in row.loops):
        content.extend([", ", amount(trace.active_parameters), " active"])
    if trace.statistics != 0:
        content.extend([", ", amount(trace.statistics), " statistics"])
    content.extend([", ", amount(trace.macs), " MACs"])
    size = trace.cost(WeightBytes("float32"))
    if size.is_number:
        content.append(f", {binary_bytes(int(size))} as float32")
    blocks = [Paragraph(tuple(content), "total")]
    if trace.requirements:
        needs = "; ".join(str(r) for r in trace.requirements)
        blocks.append(Paragraph((f"requires {needs}",)))
    return tuple(blocks)


def amount(formula: Formula, *, signed: bool = False) -> Amount:
    """A formula as a result."""
    return Amount(formula() if formula.is_number else formula.ordered, signed)


def notices(trace: Trace) -> tuple[Block, ...]:
    """What is legal but rarely meant."""
    return tuple(
        Paragraph((Code(n.path), f": {n.remark.message} [{n.remark.code}]"), "warning")
        for n in trace.notices
    )


def binary_bytes(count: int) -> str:
    """Bytes in the unit that reads best.

    >>> binary_bytes(2_168_920), binary_bytes(512)
    ('2.07 MiB', '512 bytes')
    """
    size, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    for unit in units:
        if size < 1024 or unit == units[-1]:
            return f"{count:,} bytes" if unit == "bytes" else f"{size:,.2f} {unit}"
        size /= 1024
    return f"{count:,} bytes"


def in_seconds(time: Fraction) -> str:
    """A time in the unit that reads best.

    >>> in_seconds(Fraction(3, 2000))
    '1.5 ms'
    """
    for unit, size in (("s", 1), ("ms", 1000), ("µs", 10**6)):
        if time * size >= 1:
            return f"{float(time * size):.4g} {unit}"
    return f"{float(time * 10**9):.4g} ns"
