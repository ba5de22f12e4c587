"""The oracle: a network and a model must be the same, and the failure says where they are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any, Literal

from archcalc._files import names_attribute
from archcalc.frameworks.lookup import is_whole
from archcalc.frameworks.opening import is_keras, is_torch, model_at, read_model
from archcalc.frameworks.record import Table
from archcalc.frameworks.records import KERAS, TORCH
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.sequential import Sequential
from archcalc.network.unroll import Unrolled, unroll
from archcalc.symbolic.errors import ArchcalcError, shorten
from archcalc.symbolic.shape import Shape
from archcalc.testing.bounds import BoundError
from archcalc.testing.hiding import assertions
from archcalc.testing.matching.arguments import Row, held
from archcalc.testing.matching.causes import same_outputs, why_outputs, why_weights
from archcalc.testing.matching.in_network import network_parts
from archcalc.testing.matching.in_torch import torch_parts
from archcalc.testing.matching.inside import (
    between_of,
    differing,
    pads_near,
    step_pairs,
    trained_rows,
)
from archcalc.testing.matching.pairing import Pairs, by_name, in_order, same_weights
from archcalc.testing.matching.parts import Built, Part, Ran, Shapes, parts_of
from archcalc.testing.oracles import BATCH, counted

__all__ = ["Difference", "MismatchError", "assert_matches"]

__tracebackhide__ = assertions

_SHOWN = 5
"""How many layers that differ are shown in full."""


@dataclass(frozen=True)
class Difference:
    """Something that is not the same.

    Attributes:
        path: our layer; empty where it is of the whole, or of a layer that we have not.
        name: their layer; empty likewise.
        rows: what differs: its name, what it is here, and what it is there.
        why: what explains it, in words; empty where nothing known does.
        title: which layers these are, in words.
    """

    path: str
    name: str
    rows: tuple[tuple[str, str, str], ...]
    why: str = ""
    title: str = ""


class MismatchError(AssertionError):
    """A model is not what the network says.

    Attributes:
        differences: what is not the same, in order.
    """

    def __init__(self, message: str, differences: Sequence[Difference]) -> None:
        super().__init__(message)
        self.differences = tuple(differences)


def assert_matches(
    net: Layer,
    model: Any,
    *,
    by: Literal["order", "name"] = "order",
    names: Mapping[str, str] | None = None,
    input_shape: Any = None,
) -> None:
    """That a model is the network `net`: of Keras or torch, in a file, or what a module makes.

    Compared are, layer by layer: every weight's shape and whether it is trained, the arguments
    that a layer has, the shapes that come out, and the multiply-accumulates; between them the
    activations, pools, normalizations and resizings, be they layers, arguments or functions; and
    in total: the outputs, the parameters, and the FLOPs.  A module of torch is run on the meta
    device, where nothing is computed, in our layout or in torch's, with channels first; where it
    fails, it is compared as far as it ran.  A lazy one is run as a copy.  Everything else is read
    as a network, as `archcalc.frameworks.read_model` reads it, and that is compared.

    A network may be written down for its counts.  So constants (an epsilon, a rate, a slope) and
    what changes training alone are compared where the network states them, and a dropout that only
    one of the two has is no difference.  What a module computes by hand is not known to be another
    activation, and passes.

    Args:
        net: a network of numbers, or a layer.
        model: a built Keras model, or a torch module; the path of a file that `load` reads, such
            as ``"model.keras"`` or ``"model.onnx"``; ``"module:attribute"``; or another network.
        by: whether layers belong together by their order, or by their names: ``"stage1/conv"`` is
            torch's ``stage1.conv`` and Keras' ``stage1_conv``.
        names: our paths and their names, where those differ; implies ``by="name"``.
        input_shape: what the network is given where it does not know it; for torch also what the
            module takes where that is another shape, as ``{"net": ..., "model": ...}``.

    Raises:
        MismatchError: they are not the same; it is an `AssertionError`, and names the layers.
        FrameworkError: the model is of no known framework, or has not been built.
        BoundError: an argument is of the wrong kind.

    A weight that several of their layers have counts once, as it does in a framework.  A layer that
    has nothing of its own, only such weights or only buffers, need not be in the network.

    >>> import torch
    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Dense(100, "relu"), Dense(10)], input_shape=784)
    >>> linear = torch.nn.Linear
    >>> assert_matches(net, torch.nn.Sequential(linear(784, 100), torch.nn.ReLU(), linear(100, 10)))
    """
    if not isinstance(net, Layer):
        raise BoundError(f"net={shorten(repr(net), 40)}: it must be a network or a layer")
    if by not in ("order", "name"):
        raise BoundError(f"by={shorten(repr(by), 40)}: it must be 'order' or 'name'")
    given = input_shape if isinstance(input_shape, Mapping) else {"net": input_shape}
    made, built, ran = _both(net, model, given)
    ours = parts_of(made)
    pairs = by_name(ours, built, names or {}) if names or by == "name" else in_order(ours, built)
    found, pairs = _compared(made, ran, pairs, _table_of(model))
    found += _in_total(made, pairs, ran)
    if found:
        raise MismatchError(_text(found, len(ours), type(model).__name__), found)


def _both(net: Layer, model: Any, given: Mapping[str, Any]) -> tuple[Unrolled, list[Built], Ran]:
    if isinstance(model, str) and names_attribute(model):
        model = model_at(model)
    own = given.get("model")
    if is_torch(model) and not is_keras(model):
        made = unroll(net, given.get("net"), partial(is_whole, TORCH))
        shapes = None if own is None else [own] if isinstance(own[0], int) else own
        return made, *torch_parts(model, made, shapes)
    table = _table_of(model)
    made = unroll(net, given.get("net"), partial(is_whole, table))
    return made, *network_parts(_read(model, own, made), made, table)


def _table_of(model: Any) -> Table:
    return KERAS if is_keras(model) else TORCH


def _read(model: Any, own: Any, made: Unrolled) -> Network:
    """The network of a model, which takes what ours takes where it does not say it."""
    try:
        return read_model(model, own)
    except ArchcalcError as error:
        if error.code != "no-input-shape" or own is not None:
            raise
        return read_model(model, list(made.inputs) if len(made.inputs) > 1 else made.inputs[0])


# What differs


def _compared(
    made: Unrolled, ran: Ran, pairs: Pairs, table: Table
) -> tuple[list[Difference], Pairs]:
    """What differs in layers and between them, in order, and the pairs of layers that there are."""
    pairs = [(a, b) for a, b in pairs if a is not None or b is None or b.is_needed]
    places = {call.path: number for number, call in enumerate(made.calls)}
    found = [*_by_layer(pairs, made, ran, table), *_by_step(pairs, made, ran)]
    found.sort(key=lambda difference: places.get(difference.path, len(places)))
    return found, pairs


def _by_layer(pairs: Pairs, made: Unrolled, ran: Ran, table: Table) -> Iterator[Difference]:
    here = between_of(made)
    for ours, theirs in pairs:
        if theirs is None and ours is not None:
            rows = (("layer", _head(ours), "—"),)
            yield Difference(ours.path, "", rows, "the model has no such layer", ours.path)
        elif ours is None and theirs is not None:
            raw = ", ".join(f"{n} {_shape(s)}" for n, s in theirs.raw.items())
            rows = (("layer", "—", f"{theirs.kind} with {raw}"),)
            title = f"in the model: {theirs.name}"
            why = f"the network has no such layer{NEVER if theirs.unused else ''}"
            yield Difference("", theirs.name, rows, why, title)
        elif ours is not None and theirs is not None:
            padded = pads_near(ours.path, here) or pads_near(theirs.name, ran.between)
            yield from _in_layer(ours, theirs, padded, table)


NEVER = ", and the model never calls it"


def _in_layer(ours: Part, theirs: Built, padded: bool, table: Table) -> Iterator[Difference]:
    rows: list[tuple[str, str, str]] = []
    whys: list[str] = []
    if not same_weights(ours, theirs):
        rows.extend(_weight_rows(ours, theirs))
        whys.append(why_weights(ours, theirs))
    if not same_outputs(ours.outputs, theirs.outputs):
        rows.append(("output", _shapes(ours.outputs), _seen(ours.outputs, theirs.outputs)))
        whys.append("" if whys else why_outputs(ours, theirs))
    if not whys:
        rows.extend(differing(ours, theirs, padded))
        rows.extend(_in_held(ours, theirs, table))
    if not rows and theirs.macs not in (None, ours.macs) and _counts(ours):
        rows.append(("MACs", f"{ours.macs:,}", f"{theirs.macs:,}"))
    rows.extend(trained_rows(ours, theirs))
    if theirs.unused:
        rows.append(("call", "called", "never called"))
        whys.append("the model has it, and never calls it")
    if rows:
        title = f"{ours.path} ({_head(ours)}), in the model {theirs.name} ({theirs.kind})"
        why = "; ".join(filter(None, whys))
        yield Difference(ours.path, theirs.name, tuple(rows), why, title)


def _in_held(ours: Part, theirs: Built, table: Table) -> Iterator[Row]:
    """What differs in the networks that two wrappers hold."""
    both = held(ours.applied, theirs.read)
    if both is None:
        return
    net, shapes, other = both
    made = unroll(net, list(shapes), partial(is_whole, table))
    read = other if isinstance(other, Network) else Sequential([other], input_shape=shapes[0])
    built, ran = network_parts(read, made, table)
    for found in _compared(made, ran, in_order(parts_of(made), built), table)[0]:
        path = ".".join(filter(None, ("layer", found.path or found.name)))
        for name, here, there in found.rows:
            yield f"{path}.{name}", here, there


def _by_step(pairs: Pairs, made: Unrolled, ran: Ran) -> Iterator[Difference]:
    for ours, theirs, rows, why in step_pairs(pairs, made, ran):
        path, name = (step.name if step else "" for step in (ours, theirs))
        title = f"{path}, in the model {name}" if path and name else path or f"in the model: {name}"
        yield Difference(path, name, tuple(rows), why, title)


def _counts(ours: Part) -> bool:
    return counted(ours.applied) and not any(w.once for w in ours.applied.work)


def _weight_rows(ours: Part, theirs: Built) -> Iterator[tuple[str, str, str]]:
    """The weights that differ; where theirs have no names of ours, all of them."""
    known = theirs.ours(ours.applied)
    other = theirs.raw if known is None else known
    mine = ours.weights
    for name in dict.fromkeys([*mine, *other]):
        if known is None or mine.get(name) != other.get(name):
            yield name, _shape(mine.get(name)), _shape(other.get(name))
    count = sum(int(weight.size) for weight in ours.applied.weights)
    if count != theirs.parameters:
        yield "numbers", f"{count:,}", f"{theirs.parameters:,}"


def _in_total(made: Unrolled, pairs: Pairs, ran: Ran) -> Iterator[Difference]:
    if ran.refused:
        rows = (("input", _shapes(made.inputs), f"does not run on {ran.refused}"),)
        yield Difference("", "", rows)
    outputs = tuple(tuple(shape) for shape in made.output_shapes)
    if not same_outputs(outputs, ran.outputs):
        rows = (("output", _shapes(outputs), _seen(outputs, ran.outputs)),)
        yield Difference("", "", rows)
    ours = sum(int(weight.size) for part in parts_of(made) for weight in part.applied.weights)
    built = [part for _, part in pairs if part is not None]
    theirs = sum(part.adds for part in built)
    if ours != theirs:
        rows = (("weights", f"{ours:,}", f"{theirs:,} ({theirs - ours:+,})"),)
        yield Difference("", "", rows, _tied(built))
    if ran.flops >= 0 and all(counted(call.applied) for call in made.calls):
        macs = [work.macs * (1 if work.once else BATCH)
                for call in made.calls for work in call.applied.work]  # fmt: skip
        flops = 2 * int(sum(macs))
        if flops != ran.flops:
            shown = f"{flops // BATCH:,}", f"{ran.flops // BATCH:,}"
            yield Difference("", "", (("FLOPs", *shown),))


def _tied(built: Iterable[Built]) -> str:
    """Which weights of theirs are one, in words."""
    same = [f"{part.name}.{a} is {b}" for part in built for a, b in part.tied.items()]
    more = f", and {len(same) - 2} more" if len(same) > 2 else ""
    return f"in the model {', '.join(same[:2])}{more}, counted once" if same else ""


# What is shown

_GROUPS = ("activation", "pool", "dropout", "normalization", "resizing")


def _text(found: Sequence[Difference], count: int, kind: str) -> str:
    layers = [d for d in found if d.path or d.name]
    total = [d for d in found if not (d.path or d.name)]
    weighty = [d for d in layers if d.rows[0][0] not in _GROUPS]
    head = f"{len(weighty)} of {count} layers with weights" if weighty else "the total"
    if layers and not weighty:
        head = f"{len(layers)} step{'s' * (len(layers) > 1)} without weights"
    verb = "differ" if len(layers) > 1 else "differs"
    lines = [f"the {kind} is not the network: {head} {verb}"]
    width = max(len(row[1]) for d in found for row in d.rows) + 2
    for difference in layers[:_SHOWN]:
        lines += ["", difference.title, *_table(difference.rows, width)]
        if difference.why:
            lines.append(f"  → {difference.why}")
    if len(layers) > _SHOWN:
        lines += ["", f"… and {len(layers) - _SHOWN} more"]
    if total:
        lines += ["", "in total", *_table([row for d in total for row in d.rows], width)]
        lines += [f"  → {d.why}" for d in total if d.why]
    return "\n".join(lines)


def _table(rows: Iterable[tuple[str, str, str]], width: int) -> Iterator[str]:
    rows, width = list(rows), max(width, len("network") + 2)
    first = max(12, *(len(row[0]) + 2 for row in rows))
    yield f"  {'':{first}}{'network':{width}}model"
    for name, here, there in rows:
        yield f"  {name:{first}}{here:{width}}{there}"


def _head(ours: Part) -> str:
    kind = type(ours.applied.layer).__name__
    shapes = " and ".join(str(Shape(x)) for x in ours.applied.inputs)
    return f"{kind}, {shapes} → {ours.applied.output}"


def _shape(shape: Sequence[int] | None) -> str:
    return "—" if shape is None else str(Shape(shape))


def _seen(ours: Shapes, theirs: Shapes | None) -> str:
    """What comes out there, with the channels where ours are."""
    pairs = zip_longest(ours, theirs or ())
    return _shapes(
        (*b[1:], b[0]) if a and b and len(a) == len(b) and b[0] == a[-1] != b[-1] else b
        for a, b in pairs
        if b is not None
    )


def _shapes(shapes: Iterable[Sequence[int]]) -> str:
    return ", ".join(map(_shape, shapes)) or "nothing"
