"""A network followed from its input to its output, and everything that is counted on the way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from sympy import Expr, Symbol

from archcalc import costs
from archcalc._hooks import DRAWN
from archcalc.costs.base import alike
from archcalc.costs.choice import counted
from archcalc.formula import Formula
from archcalc.layers.base import Layer
from archcalc.layers.facts import Remark
from archcalc.network.tracer import HandedOn, Row, Value
from archcalc.symbolic.errors import LookupFailedError, shorten
from archcalc.symbolic.late import late
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.sums import Index

__all__ = ["Drawn", "Notice", "Readable", "Trace"]

if TYPE_CHECKING:
    from archcalc.costs import ConventionEffect, Cost, Field

R = TypeVar("R")


@dataclass(frozen=True, slots=True, repr=False)
class Notice(Shown):
    """A remark and the layer it is about."""

    path: str
    remark: Remark

    def __str__(self) -> str:
        return f"{visible(self.path)}: {self.remark.message} [{self.remark.code}]"

    __repr__ = __str__


class Readable(Protocol):
    """An explanation: the same, said in five formats, and as data."""

    def to_text(self) -> str: ...
    def to_markdown(self) -> str: ...
    def to_latex(self) -> str: ...
    def to_html(self) -> str: ...
    def to_json(self) -> str: ...
    def to_dict(self) -> dict[str, Any]: ...


class Drawn(Protocol):
    """A drawing, in three notations."""

    def to_svg(self) -> str: ...
    def to_mermaid(self) -> str: ...
    def to_dot(self) -> str: ...
    def save(self, path: str | os.PathLike[str]) -> None: ...


class Trace(Shown):
    """One row for every layer that is called, with every fact, and the costs folded from them.

    Attributes:
        network: what was followed.
        inputs: the shapes that went in.
        rows: what was called, in order.
        outputs: the shapes that came out.
        handed_on: by the row that a loop begins with and by how many are around it, what each of
            its turns hands on to the next.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Dense("n"), Dense(10)], input_shape=784).trace()
    >>> trace.parameters
    785·n + 10·(n + 1)
    >>> trace.parameters(n=100)
    79510
    """

    def __init__(
        self,
        network: Layer,
        inputs: tuple[Shape, ...],
        rows: tuple[Row, ...],
        results: tuple[Value, ...],
        extra: tuple[Requirement, ...] = (),
        handed_on: Mapping[tuple[int, int], Sequence[HandedOn]] = MappingProxyType({}),
    ) -> None:
        self.network = network
        self.inputs = inputs
        self.rows = rows
        self.results = results
        self.handed_on = handed_on
        self._extra = extra

    @property
    def outputs(self) -> tuple[Shape, ...]:
        """The shapes that come out."""
        return tuple(value.shape for value in self.results)

    @property
    def output(self) -> Shape:
        """The shape that comes out, the first where there are several."""
        return self.results[0].shape

    @property
    def ends(self) -> tuple[int, ...]:
        """Which row each output is of; ``−1 − i`` is input ``i`` itself."""
        return tuple(value.source for value in self.results)

    @property
    def end_outputs(self) -> tuple[int, ...]:
        """Which output of that row each is."""
        return tuple(value.output for value in self.results)

    @cached_property
    def alike(self) -> tuple[tuple[Row, int], ...]:
        """Rows of which each adds something else to a sum, and for how many rows each stands."""
        return alike(self.rows)

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """What must hold for the network to exist, each once, with the first layer that asks.

        What a network asks comes before what the layers ask that it is made of.
        """
        found: dict[tuple[object, ...], Requirement] = {}
        for needed in self._extra:
            found.setdefault(needed.key, needed)
        seen: set[tuple[object, ...]] = set()
        for row in self.rows:
            known = (id(row.applied), row.loops)
            if row.applied.requirements and known not in seen:
                seen.add(known)
                for needed in row.requirements:
                    found.setdefault(needed.key, needed)
        return tuple(found.values())

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """What is legal but rarely meant, each where it first happens on a path."""
        marked: dict[int, set[str]] = {}
        found: list[Notice] = []
        for i, row in enumerate(self.rows):
            above = set().union(*(marked.get(source, set()) for source in row.sources))
            given = any(source < 0 for source in row.sources)
            said = (r for r in row.applied.remarks if given or not r.of_input)
            fresh = [r for r in said if r.code not in above]
            found.extend(Notice(row.path, remark) for remark in fresh)
            marked[i] = above | {remark.code for remark in fresh}
        return tuple(found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notices as text."""
        return tuple(str(notice) for notice in self.notices)

    def cost(self, cost: Cost[R]) -> R:
        """What `cost` counts over this trace.

        >>> from archcalc.costs import Macs
        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense(10)]).trace(784).cost(Macs())
        7840
        """
        counted = cost.over(self)
        if isinstance(counted, Formula):  # it takes the network's symbols, whatever it depends on
            return counted.beside(self._apart._symbols)  # type: ignore[return-value]
        return counted

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols of the network, by name, also those that no total depends on.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense("n")], input_shape=("t", 3)).trace().symbols
        (n, t)
        """
        return tuple(sorted(self._symbols(), key=lambda s: s.name))

    @cached_property
    def _apart(self) -> Trace:
        """The same rows, for formulas to hold.

        A formula that held the trace, which keeps its formulas, would hold itself: both would take
        memory until the collector next goes through everything.
        """
        return Trace(
            self.network, self.inputs, self.rows, self.results, self._extra, self.handed_on
        )

    def _symbols(self) -> set[Symbol]:
        shapes = (*self.inputs, *(shape for row in self.rows for shape in row.outputs))
        layers = {id(row.layer): row.layer for row in self.rows}.values()
        fields = [getattr(x, name) for x in layers for name in type(x).model_fields]
        counts = (loop.count for row in self.rows for loop in row.loops)
        dims = (*counts, *(size for shape in shapes for size in shape), *_dims(fields))
        sizes = {dim for dim in dims if isinstance(dim, Expr)}
        found = {*self.parameters.known_symbols.values(), *self.macs.known_symbols.values()}
        free = found.union(*(size.free_symbols for size in sizes))
        return {s for s in free if not isinstance(s, Index)}

    @cached_property
    def parameters(self) -> Formula:
        """What is learned, as papers and torch's ``parameters()`` count."""
        return self.cost(costs.Parameters())

    @cached_property
    def active_parameters(self) -> Formula:
        """What is learned and met by one token: of experts, those that are run."""
        return self.cost(costs.ActiveParameters())

    @cached_property
    def trainable_parameters(self) -> Formula:
        """What is learned and not frozen by ``trainable=False``."""
        return self.cost(costs.TrainableParameters())

    @cached_property
    def statistics(self) -> Formula:
        """Running statistics: torch's buffers, Keras' non-trainable weights."""
        return self.cost(costs.Statistics())

    @cached_property
    def total_params(self) -> Formula:
        """Parameters and statistics together: Keras' "Total params"."""
        return self.cost(costs.TotalParameters())

    @cached_property
    def macs(self) -> Formula:
        """Multiply-accumulates of one sample, forward."""
        return self.cost(costs.Macs())

    @cached_property
    def flops(self) -> Formula:
        """FLOPs of one sample, forward: two a MAC, as torch's ``FlopCounterMode`` counts."""
        return self.cost(costs.Flops())

    @cached_property
    def activations(self) -> Formula:
        """Elements of the input and of every layer's output, of one sample."""
        return self.cost(costs.Activations())

    @cached_property
    def receptive_field(self) -> tuple[Field, ...]:
        """Size, stride and offset of what one output position sees, along each axis."""
        return self.cost(costs.ReceptiveField())

    @cached_property
    def conventions(self) -> tuple[ConventionEffect, ...]:
        """Where tools would count this trace differently: what is counted, and what they count.

        >>> from archcalc.layers import LSTM
        >>> from archcalc.network import Sequential
        >>> (bias,) = Sequential([LSTM(128)]).trace(("t", 128)).conventions[:1]
        >>> bias.convention.name, bias.choice.used_by, bias.amount
        ('recurrent bias', ('Keras',), 131584)
        >>> [(other.choice.used_by, other.difference, other.amount) for other in bias.others]
        [(('torch', 'cuDNN'), 512, 132096)]
        """
        return counted(self, costs.CONVENTIONS.values())

    def derivation(self) -> Readable:
        """Every number of this trace with the rule it follows from."""
        made: Readable = late("archcalc.explain.derivation:derive")(self)
        return made

    def summary(
        self,
        *,
        columns: str | Iterable[str] = (),
        depth: int | None = None,
        width: int | None = None,
    ) -> str:
        """The table of layers as text.

        Args:
            columns: columns besides the usual ones: ``"input"``, ``"kernel"``, ``"share"``,
                ``"depth"``, ``"trainable"``, ``"flops"``.
            depth: blocks deeper than this are one line each.
            width: of the terminal, at which cells are broken; nothing is where it is left out.

        Raises:
            SpecificationError: there is no such column, or no such depth.
        """
        text: str = late("archcalc.explain.summary:summary_text")(self, columns, depth, width)
        return text

    def draw(
        self,
        *,
        direction: Literal["down", "right"] = "down",
        depth: int | None = None,
        width: Literal["parameters", "macs"] | None = None,
        shapes: bool = True,
    ) -> Drawn:
        """The network drawn: SVG, which a notebook shows, and text for Mermaid and Graphviz.

        Equal blocks that follow one another are drawn once, with their number.

        Args:
            direction: ``"down"`` the page, or to the ``"right"``.
            depth: how many blocks around one another are open; by default the first of each kind
                is, as far as that is seen at a glance.
            width: cards are as wide as ``"parameters"`` or ``"macs"`` are many.
            shapes: whether the shapes of what flows are shown.

        Raises:
            SpecificationError: there is no such direction, depth or width.
            PictureError: widths are asked for, and symbols are left.
        """
        look = {"direction": direction, "depth": depth, "width": width, "shapes": shapes}
        made: Drawn = DRAWN[0](self, **look)
        return made

    def row(self, path: str) -> Row:
        """The row at `path`, or of that name where it is the only one.

        Raises:
            LookupFailedError: there is no such row.
        """
        found = [r for r in self.rows if r.path == path] or [r for r in self.rows if r.name == path]
        if len(found) != 1:
            known = ", ".join(row.path for row in self.rows[:12])
            raise LookupFailedError(
                f"{'no' if not found else 'more than one'} layer is called {path!r}",
                hint=f"there are {known}",
            )
        return found[0]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, path: str) -> Row:
        return self.row(path)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        many = f"{len(self.rows):,} layer{'' if len(self.rows) == 1 else 's'}"
        count = int(self.parameters) if self.parameters.is_number else self.parameters
        shown = f"{count:,}" if isinstance(count, int) else shorten(str(count), 120)
        return f"<Trace of {many}, {shown} parameters>"


def _dims(values: Iterable[Any]) -> Iterator[Any]:
    """Everything in fields, however deep."""
    for value in values:
        if isinstance(value, tuple):
            yield from _dims(value)
        else:
            yield value
