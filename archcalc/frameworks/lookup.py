"""What a record says of one layer: its class and arguments there, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.record import UNKNOWN, Absent, Entry, Table
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = [
    "arguments_of",
    "class_of",
    "entry_of",
    "fields_of",
    "frozen_names",
    "handed",
    "is_whole",
    "names_at",
    "objection",
    "said_when_called",
]


def entry_of(table: Table, layer: Layer) -> Entry:
    """The entry of `layer`.

    Raises:
        FrameworkError: the framework has not got it, or not with the values of its fields.
    """
    kind = type(layer).__name__
    entry = table.get(type(layer), UNKNOWN)
    if isinstance(entry, Absent):
        message = f"{table.title} has no {kind}: {entry.why}"
        raise _refusal(table.framework, message, layer, entry.hint)
    why_not = objection(entry, layer)
    if why_not:
        raise _refusal(table.framework, f"{kind}: {why_not}", layer)
    return entry


def objection(entry: Entry, layer: Layer) -> str:
    """Why the framework has not got `layer` with the values of its fields; empty where it has."""
    for only in entry.only:
        value = getattr(layer, only.field)
        if not only.allows(value):
            return f"{only.field}={value!r}: {only.why}"
    return next((why for holds, why in entry.limits if not holds(layer)), "")


def _refusal(framework: str, message: str, layer: Layer, hint: str = "") -> FrameworkError:
    return FrameworkError(message, code=f"not-in-{framework}", values={"layer": layer}, hint=hint)


def is_whole(table: Table, layer: Layer) -> bool:
    """Whether a framework has `layer`, be it a network of ours, as one layer of its own.

    A network that it has only with other values is taken apart, unless it is more than its parts.

    Raises:
        FrameworkError: it has not got it, and it cannot be taken apart.
    """
    if isinstance(layer, Network) and layer.whole:
        return True
    entry = table.entry(type(layer))
    if isinstance(layer, Network) and layer.per_step:  # what it holds sees one step of its input
        if entry is None:
            entry_of(table, layer)
        return True
    return entry is not None and not (isinstance(layer, Network) and objection(entry, layer))


def class_of(entry: Entry, layer: Layer, x: Shape) -> str | type:
    """Their class, or its name, for `layer` on an input of shape `x`."""
    if isinstance(entry.cls, str | type):
        return entry.cls
    if entry.by is None:
        return entry.cls[len(x)]
    return entry.cls[getattr(layer, entry.by) if isinstance(entry.by, str) else entry.by(layer, x)]


def arguments_of(entry: Entry, layer: Layer, x: Shape) -> dict[str, Any]:
    """Their arguments, from our fields.

    Where several fields are one argument there (torch's ``affine`` is a factor *and* an offset), it
    is on if any of them is.

    >>> from archcalc.frameworks.records import TORCH
    >>> from archcalc.layers import Dense
    >>> arguments_of(TORCH[Dense], Dense(100), Shape((5408,)))
    {'out_features': 100, 'bias': True, 'in_features': 5408}
    """
    made: dict[str, Any] = {}
    for argument in entry.arguments:
        value = argument.encode(getattr(layer, argument.field), x)
        made[argument.name] = made.get(argument.name, False) or value
    return {**made, **{name: value(x) for name, value in entry.implied}}


def fields_of(entry: Entry, arguments: Mapping[str, Any], x: Shape) -> dict[str, Any]:
    """Our fields, from their arguments: `arguments_of` the other way round.

    >>> from archcalc.frameworks.records import TORCH
    >>> from archcalc.layers import GroupNormalization
    >>> fields_of(TORCH[GroupNormalization], {"num_groups": 8, "affine": True}, Shape((64,)))
    {'groups': 8, 'scale': True, 'center': True}
    """
    made: dict[str, Any] = {only.field: only.values[0] for only in entry.only}
    for argument in entry.arguments:
        if argument.name in arguments:
            value = argument.decode(arguments[argument.name], x)
            made[argument.field] = made.get(argument.field, True) and value
    return {**made, **{field: value(arguments) for field, value in entry.joint}}


def handed(entry: Entry, layer: Layer, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments with which their layer is called on `inputs`, those of ours.

    >>> from archcalc.layers import Add, Dense
    >>> handed(Entry("Dense"), Dense(10), ["x"]), handed(Entry("Add"), Add(), ["x", "y"])
    (('x',), (['x', 'y'],))
    """
    if entry.call_args is not None:
        return entry.call_args(*inputs)
    return (inputs[0],) if layer.arity == (1, 1) else (list(inputs),)


def said_when_called(entry: Entry, layer: Layer, x: Shape) -> dict[str, Any]:
    """The arguments by name with which their layer is called."""
    return {a.name: a.encode(getattr(layer, a.field), x) for a in entry.called}


def names_at(table: Table, layer: Layer, paths: Sequence[str]) -> list[str]:
    """Our names for the weights of a layer that a framework has at `paths`.

    Raises:
        ValueError: the framework has no such layer, or the layer has no such weight there.
    """
    entry = table.entry(type(layer)) or Entry()
    return [_ours(entry, path) for path in paths]


def frozen_names(table: Table, layer: Layer, trained: Mapping[str, bool]) -> tuple[str, ...] | None:
    """Our names of the weights of a layer that a framework does not train.

    Args:
        table: the framework's records.
        layer: the layer.
        trained: of each weight by its name there, whether it is trained.

    Returns:
        ``None`` where they are not as ours: a weight is unknown, or is one of ours in part.

    >>> from archcalc.frameworks.records import TORCH
    >>> from archcalc.layers import Dense
    >>> frozen_names(TORCH, Dense(10), {"weight": False, "bias": True})
    ('kernel',)
    """
    entry = table.entry(type(layer)) or Entry()
    flags: dict[str, set[bool]] = {}
    known = set()
    for tensor in entry.tensors:
        if tensor.theirs in trained:
            known.add(tensor.theirs)
            flags.setdefault(tensor.ours, set()).add(trained[tensor.theirs])
    if known != set(trained) or any(len(told) > 1 for told in flags.values()):
        return None
    return tuple(name for name, told in flags.items() if told == {False})


def _ours(entry: Entry, path: str) -> str:
    """Our name for the weight at `path`, of which the table says the end."""
    ends = {t.theirs: t.ours for t in entry.tensors if f"/{path}".endswith(f"/{t.theirs}")}
    return ends[max(ends, key=len)]
