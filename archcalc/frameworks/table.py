"""What an entry of a framework's table is: a layer of ours as a class of theirs, read both ways.

A table is data.  Building a framework's layer reads it from our fields to their arguments
(`arguments_of`); reading a framework's layer goes through the same entries the other way round
(`fields_of`).  What cannot be said by an entry is not in the table, and the table says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = [
    "Absent",
    "Argument",
    "Convert",
    "Entry",
    "Only",
    "Table",
    "Tensor",
    "arguments_of",
    "choice",
    "class_of",
    "entry_of",
    "fields_of",
    "handed",
    "is_whole",
    "objection",
    "ranked",
    "said_when_called",
    "same",
    "same_tensors",
    "theirs",
]

Convert: TypeAlias = Callable[[Any, Shape], Any]
"""A value in the other's terms, given the input shape."""


def _as_it_is(value: Any, x: Shape) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Argument:
    """One of our fields, and the argument that says it there.

    Attributes:
        field: our field.
        name: their argument.
        there: our value in their terms.
        back: their value in ours.
    """

    field: str
    name: str
    there: Convert = _as_it_is
    back: Convert = _as_it_is


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
            that decides.  A name that begins with a dot is a module that archcalc brings.
        arguments: our fields as their arguments.
        joint: our fields that follow from several of their arguments.
        called: our fields that are said when their layer is called.
        implied: their arguments that follow from the input: name and value.
        only: our fields that the framework has no argument for.
        around: our fields that are said by layers before and after, not by an argument.
        unsaid: our fields that are another framework's and mean nothing here: how its tensors are
            kept in memory, or a size that it is told and that is checked before anything is built.
        tensors: the weights, in our order.
        by: the field that decides the class, or the question to the layer and its input that does.
        limits: what else must hold of the layer, and why.
        handed: our inputs as the arguments of their call, where they are not one as it is or
            several in a list.
        uncounted: why torch's ``FlopCounterMode`` sees none of its products, where it sees none.
        needs: the package that must be there beside the framework, where one must.
    """

    cls: str | Mapping[Any, str]
    arguments: tuple[Argument, ...] = ()
    joint: tuple[tuple[str, Callable[[Mapping[str, Any]], Any]], ...] = ()
    called: tuple[Argument, ...] = ()
    implied: tuple[tuple[str, Callable[[Shape], Any]], ...] = ()
    only: tuple[Only, ...] = ()
    around: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    by: str | Callable[[Any, Shape], Any] | None = None
    limits: tuple[tuple[Callable[[Any], bool], str], ...] = ()
    handed: Callable[..., tuple[Any, ...]] | None = None
    uncounted: str = ""
    needs: str = ""

    def fields(self) -> tuple[str, ...]:
        """Our fields that it says, in one way or another."""
        names = [argument.field for argument in (*self.arguments, *self.called)]
        names += [field for field, _ in self.joint]
        names += [only.field for only in self.only] + [*self.around, *self.unsaid]
        return tuple(dict.fromkeys([*names, *([self.by] if isinstance(self.by, str) else [])]))


@dataclass(frozen=True, slots=True)
class Absent:
    """A layer that the framework has not got, and why."""

    why: str
    hint: str = ""


Table: TypeAlias = Mapping[str, Entry | Absent]
"""The entry of every layer, by the name of our class."""


def same(*fields: str) -> tuple[Argument, ...]:
    """Fields that the framework calls as we do.

    >>> same("units", "use_bias")[1].name
    'use_bias'
    """
    return tuple(Argument(field, field) for field in fields)


def same_tensors(*names: str) -> tuple[Tensor, ...]:
    """Weights that the framework calls as we do and keeps in the same order."""
    return tuple(Tensor(name, name) for name in names)


def theirs(*names: str, entry: Entry) -> dict[str, Entry]:
    """Layers whose class there has our name, and whose entries are otherwise the same.

    >>> theirs("Add", "Subtract", entry=Entry(""))["Add"].cls
    'Add'
    """
    return {name: replace(entry, cls=name) for name in names}


def ranked(
    ours: str, there: str, entry: Entry, ranks: tuple[int, ...] = (1, 2, 3)
) -> dict[str, Entry]:
    """The entries of a layer that comes in several dimensions.

    >>> ranked("Conv{n}D", "Conv{n}d", Entry(""))["Conv2D"].cls
    'Conv2d'
    """
    return {ours.format(n=n): replace(entry, cls=there.format(n=n)) for n in ranks}


def choice(pairs: Mapping[Any, Any]) -> tuple[Convert, Convert]:
    """The two converters of a field whose values have other names there.

    >>> there, back = choice({"bilinear": "linear"})
    >>> there("bilinear", Shape()), back("linear", Shape())
    ('linear', 'bilinear')
    """
    backwards = {theirs: ours for ours, theirs in pairs.items()}
    return (lambda value, x: pairs[value]), (lambda value, x: backwards[value])


def entry_of(table: Table, layer: Layer, framework: str) -> Entry:
    """The entry of `layer`.

    Raises:
        FrameworkError: the framework has not got it, or not with the values of its fields.
    """
    kind = type(layer).__name__
    entry = table.get(kind, Absent("nothing is known of this layer there"))
    if isinstance(entry, Absent):
        raise _refusal(framework, f"{framework} has no {kind}: {entry.why}", layer, entry.hint)
    why_not = objection(entry, layer)
    if why_not:
        raise _refusal(framework, f"{kind}: {why_not}", layer)
    return entry


def objection(entry: Entry, layer: Layer) -> str:
    """Why the framework has not got `layer` with the values of its fields; empty where it has."""
    for only in entry.only:
        value = getattr(layer, only.field)
        if not only.allows(value):
            return f"{only.field}={value!r}: {only.why}"
    return next((why for holds, why in entry.limits if not holds(layer)), "")


def _refusal(framework: str, message: str, layer: Layer, hint: str = "") -> FrameworkError:
    return FrameworkError(
        message, code=f"not-in-{framework.lower()}", values={"layer": layer}, hint=hint
    )


def is_whole(table: Table, layer: Layer) -> bool:
    """Whether a framework has `layer`, be it a network of ours, as one layer of its own.

    A network that it has only with other values is taken apart.
    """
    entry = table.get(type(layer).__name__)
    return isinstance(entry, Entry) and not (isinstance(layer, Network) and objection(entry, layer))


def class_of(entry: Entry, layer: Layer, x: Shape) -> str:
    """The name of their class for `layer` on an input of shape `x`."""
    if isinstance(entry.cls, str):
        return entry.cls
    if entry.by is None:
        return entry.cls[len(x)]
    return entry.cls[getattr(layer, entry.by) if isinstance(entry.by, str) else entry.by(layer, x)]


def arguments_of(entry: Entry, layer: Layer, x: Shape) -> dict[str, Any]:
    """Their arguments, from our fields.

    Where several fields are one argument there (torch's ``affine`` is a factor *and* an offset), it
    is on if any of them is.

    >>> from archcalc.frameworks.tables import TORCH
    >>> from archcalc.layers import Dense
    >>> arguments_of(TORCH["Dense"], Dense(100), Shape((5408,)))
    {'out_features': 100, 'bias': True, 'in_features': 5408}
    """
    made: dict[str, Any] = {}
    for argument in entry.arguments:
        value = argument.there(getattr(layer, argument.field), x)
        made[argument.name] = made.get(argument.name, False) or value
    return {**made, **{name: value(x) for name, value in entry.implied}}


def fields_of(entry: Entry, arguments: Mapping[str, Any], x: Shape) -> dict[str, Any]:
    """Our fields, from their arguments: `arguments_of` the other way round.

    >>> from archcalc.frameworks.tables import TORCH
    >>> fields_of(TORCH["GroupNormalization"], {"num_groups": 8, "affine": True}, Shape((64,)))
    {'groups': 8, 'scale': True, 'center': True}
    """
    made: dict[str, Any] = {only.field: only.values[0] for only in entry.only}
    for argument in entry.arguments:
        if argument.name in arguments:
            value = argument.back(arguments[argument.name], x)
            made[argument.field] = made.get(argument.field, True) and value
    return {**made, **{field: value(arguments) for field, value in entry.joint}}


def handed(entry: Entry, layer: Layer, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments with which their layer is called on `inputs`, those of ours.

    >>> from archcalc.layers import Add, Dense
    >>> handed(Entry("Dense"), Dense(10), ["x"]), handed(Entry("Add"), Add(), ["x", "y"])
    (('x',), (['x', 'y'],))
    """
    if entry.handed is not None:
        return entry.handed(*inputs)
    return (inputs[0],) if layer.arity == (1, 1) else (list(inputs),)


def said_when_called(entry: Entry, layer: Layer, x: Shape) -> dict[str, Any]:
    """The arguments by name with which their layer is called."""
    return {a.name: a.there(getattr(layer, a.field), x) for a in entry.called}
