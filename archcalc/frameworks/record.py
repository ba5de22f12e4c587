"""What a record is: a layer of ours as a class of each framework, read both ways.

A record is data, and keyed by the class of the layer itself.  Building a framework's layer reads it
from our fields to their arguments; reading a framework's layer goes through the same entries the
other way round (`archcalc.frameworks.lookup`).  What a framework has not got, the record says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.symbolic.shape import Shape

__all__ = [
    "UNKNOWN",
    "Absent",
    "Argument",
    "Chain",
    "Convert",
    "Entry",
    "Given",
    "Name",
    "Only",
    "Order",
    "Record",
    "Table",
    "Tensor",
    "choice",
    "each",
    "same",
    "same_tensors",
]

Convert: TypeAlias = Callable[[Any, Shape], Any]
"""A value in the other's terms, given the input shape."""

Chain: TypeAlias = list[tuple[str, Layer]]
"""Layers one after the other, each with the suffix of its name; that without has the weights."""

Given: TypeAlias = Mapping[str, Any]
"""A framework's arguments by name, those that were left out at their defaults."""

Order: TypeAlias = Literal["format", "axis first", "axis last", "features first"]
"""How torch takes the axes of an input: as `data_format` says, or with those of the field `axis`
first or last, or the last axis first."""


def _as_it_is(value: Any, x: Shape) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Argument:
    """One of our fields, and the argument that says it there.

    Attributes:
        field: our field.
        name: their argument.
        encode: our value in their terms.
        decode: their value in ours.
    """

    field: str
    name: str
    encode: Convert = _as_it_is
    decode: Convert = _as_it_is


@dataclass(frozen=True, slots=True)
class Only:
    """A field for which the framework has no argument: there it always has one of these values."""

    field: str
    values: tuple[Any, ...]
    why: str

    def allows(self, value: Any) -> bool:
        """Whether the framework can say `value`."""
        return value in self.values


@dataclass(frozen=True, slots=True)
class Tensor:
    """One weight: our name and theirs, and how the axes of one stand to those of the other.

    A weight of ours that is kept in several ways has a row for each; the one that is there counts.

    Attributes:
        ours: our name, such as ``"kernel"``.
        theirs: theirs, such as ``"weight"``; with its sublayers before it, ``"query/kernel"`` in
            Keras and ``"out_proj.weight"`` in torch.
        order: a pattern of `archcalc.frameworks.axis_order`; empty where the order is the same.
        split: an axis of the pattern, and the field that says how long it is.
        part: which of how many equal parts of theirs, along its first axis, where theirs holds
            several of ours: torch's ``in_proj_weight`` has query, key and value in this order.
        row: which of how many rows of ours theirs is, where ours holds several of theirs: Keras'
            ``bias`` of a GRU has torch's ``bias_ih`` and ``bias_hh`` in this order.
        gates: where gates stand in another order, the place in ours of each of theirs.
    """

    ours: str
    theirs: str
    order: str = ""
    split: tuple[str, str] | None = None
    part: tuple[int, int] | None = None
    row: tuple[int, int] | None = None
    gates: tuple[int, ...] = ()

    @property
    def turned(self) -> bool | None:
        """Whether theirs is ours with its two axes exchanged; ``None`` where it is neither.

        >>> Tensor("kernel", "weight", "i o -> o i").turned, Tensor("bias", "bias").turned
        (True, False)
        """
        if self.split or self.part or self.row or self.gates:
            return None
        before, _, after = self.order.partition(" -> ")
        if before.split() == after.split():
            return False
        exchanged = before.split() == after.split()[::-1] and len(before.split()) == 2
        return True if exchanged else None

    def within(self, whole: Any) -> Any:
        """Of an array of theirs, what is ours: a view, where arrays have views.

        >>> Tensor("key_bias", "in_proj_bias", part=(1, 3)).within([1, 2, 3, 4, 5, 6])
        [3, 4]
        """
        if self.part is None:
            return whole
        place, many = self.part
        rows = len(whole) // many
        return whole[place * rows : (place + 1) * rows]


@dataclass(frozen=True, slots=True)
class Entry:
    """A layer of ours as a class of theirs.

    Attributes:
        cls: their class, by name; by the number of axes of the input, or by what `by` says, where
            that decides.  Our name where nothing is said, and ``{n}`` stands for the number of axes
            that the layer slides along.  A name that begins with a dot is a module that archcalc
            brings; a class of one's own is given itself.
        arguments: our fields as their arguments.
        joint: our fields that follow from several of their arguments.
        called: our fields that are said when their layer is called.
        implied: their arguments that follow from the input: name and value.
        only: our fields that the framework has no argument for.
        applied_outside: our fields that are said by layers before and after, not by an argument.
        unsaid: our fields that are another framework's and mean nothing here: how its tensors are
            kept in memory, or a size that it is told and that is checked before anything is built.
        tensors: the weights, in our order.
        by: the field that decides the class, or the question to the layer and its input that does.
        limits: what else must hold of the layer, and why.
        call_args: our inputs as the arguments of their call, where they are not one as it is or
            several in a list.
        uncounted: why torch's ``FlopCounterMode`` sees none of its products, where it sees none.
        needs: the package that must be there beside the framework, where one must.
        chain: in Keras, the layers of ours that Keras has and that say it, one after the other.
        first_step: in Keras, whether it is called as the first step of a sequence, where it is
            given one input alone, as cells are.
        also: in Keras, further classes that are saved and read as this layer, by name; each with
            the fields that follow from its config in another way than the arguments say.
        core: in torch, the function of `archcalc.frameworks.torch_cores` that makes its parts,
            ``"module.function"``, where it is more than the class with the arguments; in Keras,
            that of `archcalc.frameworks.keras_operations` where it is no layer there.
        order: in torch, how the class takes the axes of the input.
    """

    cls: str | type | Mapping[Any, str] = ""
    arguments: tuple[Argument, ...] = ()
    joint: tuple[tuple[str, Callable[[Mapping[str, Any]], Any]], ...] = ()
    called: tuple[Argument, ...] = ()
    implied: tuple[tuple[str, Callable[[Shape], Any]], ...] = ()
    only: tuple[Only, ...] = ()
    applied_outside: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    by: str | Callable[[Any, Shape], Any] | None = None
    limits: tuple[tuple[Callable[[Any], bool], str], ...] = ()
    call_args: Callable[..., tuple[Any, ...]] | None = None
    uncounted: str = ""
    needs: str = ""
    chain: Callable[[Any, Applied], Chain] | None = None
    first_step: bool = False
    also: Mapping[str, Callable[[Given], Given]] = field(default_factory=dict)
    core: str = ""
    order: Order = "format"

    def named(self, layer: type[Layer]) -> Entry:
        """The entry with the names of the classes written out for a layer."""
        if isinstance(self.cls, type):
            return self
        if isinstance(self.cls, str):
            return replace(self, cls=_written_out(self.cls, layer) or layer.__name__)
        return replace(self, cls={k: _written_out(name, layer) for k, name in self.cls.items()})

    def beside(self, part: Entry) -> Entry:
        """The entry with the arguments, tensors and limits of another."""
        return replace(
            self,
            arguments=(*self.arguments, *part.arguments),
            tensors=(*self.tensors, *part.tensors),
            only=(*self.only, *part.only),
            limits=(*self.limits, *part.limits),
        )

    def classes(self) -> tuple[str, ...]:
        """Their classes, by name."""
        if isinstance(self.cls, type):
            return (self.cls.__name__,)
        return (self.cls,) if isinstance(self.cls, str) else tuple(dict.fromkeys(self.cls.values()))

    def fields(self) -> tuple[str, ...]:
        """Our fields that it says, in one way or another."""
        names = [argument.field for argument in (*self.arguments, *self.called)]
        names += [field for field, _ in self.joint]
        names += [only.field for only in self.only] + [*self.applied_outside, *self.unsaid]
        return tuple(dict.fromkeys([*names, *([self.by] if isinstance(self.by, str) else [])]))


@dataclass(frozen=True, slots=True)
class Absent:
    """A layer that the framework has not got, and why."""

    why: str
    hint: str = ""


UNKNOWN = Absent("nothing is known of this layer there")


@dataclass(frozen=True)
class Name:
    """A name of torch's for a layer: its arguments in order, and what they say here.

    Attributes:
        name: torch's class; ``{n}`` stands for the number of axes that the layer slides along.
        arguments: torch's arguments in torch's order with their defaults, as Python writes them.
        fixed: our fields that torch always has at these values.
        more: our fields that follow from several of its arguments, or in another way than the
            entry of the layer says.
        check: raises where torch refuses arguments that each are valid.
        make: the layer or network from the arguments, where it is not one class with fields.
        kept: from a module of the class to an argument, where it has no attribute of that name.
        refused: its arguments that `check` takes at their defaults alone, and why.
    """

    name: str
    arguments: str = ""
    fixed: Given = field(default_factory=dict)
    more: Callable[[Given], Given] = lambda given: {}
    check: Callable[[Given], None] = lambda given: None
    make: Callable[[Given], Layer] | None = None
    kept: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """What a layer is in every framework.

    Attributes:
        layer: the class.
        keras: as a class of Keras.
        torch: as a class of torch.
        names: what torch calls it, for ``archcalc.torch.nn`` and for files.
        ranges: values of its fields that random tests draw, where their types do not say them;
            of several that go together, ``"min_val max_val"``, in tuples.  The first are those
            that are left where a framework takes no others.
    """

    layer: type[Layer]
    keras: Entry | Absent = UNKNOWN
    torch: Entry | Absent = UNKNOWN
    names: tuple[Name, ...] = ()
    ranges: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for framework in ("keras", "torch"):
            entry = getattr(self, framework)
            if isinstance(entry, Entry):
                object.__setattr__(self, framework, entry.named(self.layer))
        names = tuple(replace(n, name=_written_out(n.name, self.layer)) for n in self.names)
        object.__setattr__(self, "names", names)

    def beside(self, part: Record) -> Record:
        """The record with what another says of a class that this layer is made from."""
        made = replace(self, ranges={**part.ranges, **self.ranges})
        for framework in ("keras", "torch"):
            own, more = getattr(self, framework), getattr(part, framework)
            if isinstance(own, Entry) and isinstance(more, Entry):
                object.__setattr__(made, framework, own.beside(more))
        return made


def _written_out(name: str, layer: type[Layer]) -> str:
    return name.format(n=getattr(layer, "rank", ""))


def each(*layers: type[Layer], **record: Any) -> tuple[Record, ...]:
    """The records of layers that differ in their number of axes, or in their names alone.

    >>> from archcalc.layers import Conv1D, Conv2D
    >>> [record.torch.cls for record in each(Conv1D, Conv2D, torch=Entry("Conv{n}d"))]
    ['Conv1d', 'Conv2d']
    """
    return tuple(Record(layer, **record) for layer in layers)


class Table(Mapping[type[Layer], Entry | Absent]):
    """What every layer is in one framework, by its class.

    Args:
        framework: its name in a record.
        title: its name in text.
        find: the record of a class, if it has one.
        every: all records of the catalogue.
    """

    def __init__(
        self,
        framework: Literal["keras", "torch"],
        title: str,
        find: Callable[[type[Layer]], Record | None],
        every: Callable[[], Iterable[Record]],
    ) -> None:
        self.framework = framework
        self.title = title
        self._find = find
        self._every = every

    def __getitem__(self, layer: type[Layer]) -> Entry | Absent:
        record = self._find(layer)
        if record is None:
            raise KeyError(layer)
        found: Entry | Absent = getattr(record, self.framework)
        return found

    def __iter__(self) -> Iterator[type[Layer]]:
        return (record.layer for record in self._every())

    def __len__(self) -> int:
        return len(tuple(self._every()))

    def entry(self, layer: type[Layer]) -> Entry | None:
        """What a class is there; ``None`` where it is nothing."""
        found = self.get(layer)
        return found if isinstance(found, Entry) else None


def same(*fields: str) -> tuple[Argument, ...]:
    """Fields that the framework calls as we do.

    >>> same("units", "use_bias")[1].name
    'use_bias'
    """
    return tuple(Argument(field, field) for field in fields)


def same_tensors(*names: str) -> tuple[Tensor, ...]:
    """Weights that the framework calls as we do and keeps in the same order."""
    return tuple(Tensor(name, name) for name in names)


def choice(pairs: Mapping[Any, Any]) -> tuple[Convert, Convert]:
    """The two converters of a field whose values have other names there.

    >>> there, back = choice({"bilinear": "linear"})
    >>> there("bilinear", Shape()), back("linear", Shape())
    ('linear', 'bilinear')
    """
    backwards = {theirs: ours for ours, theirs in pairs.items()}
    return (lambda value, x: pairs[value]), (lambda value, x: backwards[value])
