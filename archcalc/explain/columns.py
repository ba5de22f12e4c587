"""The columns of a summary: those that are always there, and those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sympy import Expr

from archcalc.costs import Additive, Flops, Parameters, TrainableParameters
from archcalc.costs.base import total
from archcalc.explain.document import Amount, Inlines, joined
from archcalc.formula import Formula
from archcalc.layers import Layer
from archcalc.network import Network, Row, Trace
from archcalc.network.edit import places_of
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import SpecificationError, quoted
from archcalc.symbolic.shape import Shape

__all__ = ["EXTRA", "Blocks", "Cell", "Line", "chosen", "counted", "lines_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a summary: one row of a trace, or all rows of a block that is folded.

    Attributes:
        path: where it is.
        kind: the class of the layer, or of the block.
        rows: what it stands for.
        folded: whether it is a block.
        depth: how many networks it is in, itself counted.
    """

    path: str
    kind: str
    rows: tuple[Row, ...]
    folded: bool = False
    depth: int = 1

    def count(self, cost: Additive) -> Dim:
        """What one call costs; of a block all its calls together."""
        return total(cost.by_row(self.rows)) if self.folded else cost.of(self.rows[0])


def lines_of(trace: Trace, depth: int | None) -> list[Line]:
    """The lines of a summary, with blocks below `depth` folded into one.

    Raises:
        SpecificationError: `depth` is no positive number.
    """
    if depth is not None and (not isinstance(depth, int) or depth < 1):
        raise SpecificationError(
            f"{quoted(depth, 40)} is no depth", code="bad-depth", hint="give 1, 2 or more"
        )
    blocks = Blocks.of(trace)
    around = {row.path: blocks.around(row.path) for row in trace.rows}

    def block(row: Row) -> tuple[str, bool]:
        paths = around[row.path]
        folded = depth is not None and len(paths) > depth
        return paths[depth - 1] if depth is not None and folded else row.path, folded

    lines: list[Line] = []
    for (path, folded), rows in groupby(trace.rows, block):
        if folded:
            lines.append(Line(path, blocks.kind(path), tuple(rows), True, depth or 1))
        else:
            lines.extend(_open(row, len(around[row.path])) for row in rows)
    return lines


def _open(row: Row, depth: int) -> Line:
    return Line(row.path, type(row.layer).__name__, (row,), False, depth)


@dataclass(frozen=True, slots=True)
class Blocks:
    """What stands in a network, by its path, and the beginnings of names with a ``/`` in them."""

    places: Mapping[str, Layer]
    begun: frozenset[str]

    @classmethod
    def of(cls, trace: Trace) -> Blocks:
        network = trace.network
        places = places_of(network) if isinstance(network, Network) else {}
        begun = {start for path in places for start in _starts(path)}
        return cls({path: place.layer for path, place in places.items()}, frozenset(begun))

    def around(self, path: str) -> list[str]:
        """The paths of what is around a row, from the outside, and its own.

        A ``/`` in a name parts nothing: ``conv1/bn`` stands in no block that is called ``conv1``.
        The number of a copy, which is no name, is a block.
        """
        names = [start for start in _starts(path) if self._is_block(start)]
        return [*names, path]

    def _is_block(self, path: str) -> bool:
        return path in self.places or path not in self.begun

    def kind(self, path: str) -> str:
        """The class of a block; nothing where copies are told apart by a number."""
        layer = self.places.get(path)
        return "" if layer is None else type(layer).__name__


def _starts(path: str) -> Iterator[str]:
    """What stands before each ``/``."""
    return (path[:at] for at, letter in enumerate(path) if letter == "/")


def counted(amount: Dim) -> Inlines:
    """A count in a cell."""
    if isinstance(amount, Expr):
        return (Amount(Formula(amount).ordered),)
    return (Amount(amount),) if amount else ("0",)


def _kernel(line: Line, _: Trace) -> Inlines:
    row = line.rows[0]
    fields = type(row.layer).model_fields
    if line.folded or not row.windows or not {"kernel_size", "pool_size"} & fields.keys():
        return ()
    return (Shape(window.kernel for _, window in row.windows),)


def _share(line: Line, trace: Trace) -> Inlines:
    whole = trace.parameters
    part = Formula(total(Parameters().by_row(line.rows)))
    if not (part.is_number and whole.is_number and whole != 0):
        return ()
    return (f"{100 * int(part) / int(whole):.2f}%",) if part != 0 else ("0%",)


def _depth(line: Line, _: Trace) -> Inlines:
    return (Amount(line.depth),)


def _trainable(line: Line, _: Trace) -> Inlines:
    learned, trained = line.count(Parameters()), line.count(TrainableParameters())
    if learned == 0:
        return ()
    return ("yes" if trained == learned else "no" if trained == 0 else "partly",)


def _inputs(line: Line, _: Trace) -> Inlines:
    return joined(line.rows[0].inputs)


def _flops(line: Line, _: Trace) -> Inlines:
    return counted(line.count(Flops()))


Cell = Callable[[Line, Trace], Inlines]

EXTRA: dict[str, Cell] = {
    "input": _inputs,
    "kernel": _kernel,
    "share": _share,
    "depth": _depth,
    "trainable": _trainable,
    "flops": _flops,
}
"""The columns that are there on request; ``share`` is that of all parameters."""

_HEADS = {"flops": "FLOPs"}


def chosen(names: str | Iterable[str]) -> Sequence[tuple[str, Cell]]:
    """The columns of these names, each with its heading.

    Raises:
        SpecificationError: there is no such column.

    >>> [head for head, _ in chosen(["kernel", "share"])]
    ['kernel', 'share']
    """
    asked = [names] if isinstance(names, str) else list(names)
    for name in asked:
        if name not in EXTRA:
            raise SpecificationError(
                f"there is no column {quoted(name, 40)}", code="unknown-column",
                hint=f"a summary has {', '.join(EXTRA)} on request",
            )  # fmt: skip
    return [(_HEADS.get(name, name), EXTRA[name]) for name in dict.fromkeys(asked)]
