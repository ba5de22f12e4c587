"""A network unrolled: a flat list of calls, every repeated block written out, every number known.

It serves whatever goes through a network one call at a time: the builders of frameworks' models,
the oracles that compare them, and what reads them.  What is symbolic is refused here, wherever it
is: in a shape, in a hyperparameter however deep, in the number of copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from sympy import Basic

from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.merging import Concatenate
from archcalc.layers.slicing import Slice
from archcalc.layers.ties import Tie
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.graph import INPUT, Ref
from archcalc.network.model import Model
from archcalc.network.naming import input_name, name_of
from archcalc.network.repeat import Repeat
from archcalc.network.stacks import RecurrentStack
from archcalc.network.ties import TiedWeight, no_owner, owned, settled
from archcalc.network.tracer import Scope, frozen
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.requirement import undecided
from archcalc.symbolic.shape import Shape, as_shape

__all__ = ["Call", "Source", "Unrolled", "Whole", "unroll"]

Whole: TypeAlias = Callable[[Layer], bool]
"""Whether a layer, be it a network, is one call, and not taken apart."""


class Source(NamedTuple):
    """Where a value comes from: an output of an earlier call; call −1 is the first input, −2 …."""

    call: int
    output: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one layer.

    Attributes:
        path: where it is; a copy of a repeated block has its number in it: ``"body/0/dense"``.
        applied: the layer on its input shapes.
        inputs: what feeds it.
        owner: the call whose weights it uses: its own number, or an earlier one where it is shared.
        ties: those of its weights that are another call's, each with the number of that call.
        copy: which copies of repeated blocks it is in: a layer has weights of its own in each.
        lender: an earlier call that has its weights, of a layer around this one or within it: a
            layer that is called by itself and at every step.
        identity: the layer that is called, by its identity; equal ones share their facts.
    """

    path: str
    applied: Applied
    inputs: tuple[Source, ...]
    owner: int
    ties: tuple[tuple[TiedWeight, int], ...] = ()
    copy: tuple[int, ...] = ()
    lender: int | None = None
    identity: int = 0

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.applied.layer


@dataclass(frozen=True, slots=True)
class Unrolled:
    """Calls in order, and what goes in and comes out.

    Attributes:
        name: of the network, if it has one.
        inputs: the shapes that go in.
        input_names: what they are called.
        calls: the calls, each after those that feed it.
        outputs: what comes out.
    """

    name: str | None
    inputs: tuple[Shape, ...]
    input_names: tuple[str, ...]
    calls: tuple[Call, ...]
    outputs: tuple[Source, ...]

    @property
    def output_shapes(self) -> tuple[Shape, ...]:
        """The shapes that come out."""
        return tuple(_shape(source, self.calls, self.inputs) for source in self.outputs)


def _shape(source: Source, calls: Sequence[Call], inputs: tuple[Shape, ...]) -> Shape:
    if source.call < 0:
        return inputs[-1 - source.call]
    return calls[source.call].applied.outputs[source.output]


def _none(layer: Layer) -> bool:
    return False


def unroll(what: Layer, input_shape: Any = None, whole: Whole = _none) -> Unrolled:
    """`what`, a layer or a network, as a list of calls.

    Args:
        what: the layer or network; no symbol may be left in it.
        input_shape: the shape that goes in, or a list of shapes where there are several inputs;
            may be left out where the network knows it.
        whole: says of a network whether it is one call; by default none is.

    Raises:
        FrameworkError: symbols are left without numbers, or no input shape is known.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Repeat
    >>> [(call.path, call.applied.output) for call in unroll(Repeat(Dense(8), 2), 4).calls]
    [('0/dense', (8,)), ('1/dense', (8,))]
    """
    shapes = _input_shapes(what, input_shape)
    left = _symbols([*shapes, what])
    if left:
        names = ", ".join(sorted(left))
        raise FrameworkError(
            f"{names} ha{'s' if len(left) == 1 else 've'} no number",
            code="symbols-left",
            values={"symbols": tuple(sorted(left))},
            hint="a framework's model is made of numbers; build the network with numbers instead",
        )
    writer = _Writer(shapes, whole)
    given = [Source(-1 - i) for i in range(len(shapes))]
    if isinstance(what, Network) and not whole(what):
        what.check(*shapes)
        outputs = writer.network(what, given, Scope())
    else:
        outputs = writer.call(what, given, Scope(name_of(what)))
    writer.settle()
    return Unrolled(
        what.name if isinstance(what, Network) else None,
        shapes,
        _input_names(what, len(shapes)),
        tuple(writer.calls),
        tuple(outputs),
    )


def _input_shapes(what: Layer, given: Any) -> tuple[Shape, ...]:
    if given is None:
        own = what.own_inputs() if isinstance(what, Network) else None
        if own is None:
            raise FrameworkError(
                f"no input shape is known for {type(what).__name__}",
                code="no-input-shape",
                hint="give input_shape=",
            )
        return own
    many = isinstance(given, Sequence) and any(isinstance(part, list | tuple) for part in given)
    return tuple(as_shape(part) for part in given) if many else (as_shape(given),)


def _input_names(what: Layer, count: int) -> tuple[str, ...]:
    made = tuple(map(input_name, range(count)))
    if not isinstance(what, Model):
        return made
    return tuple(tensor.name or name for tensor, name in zip(what.inputs, made, strict=True))


def _symbols(values: Iterable[Any]) -> set[str]:
    """The names of the symbols in `values`, also in the fields of layers, however deep."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, Basic):
            found.update(symbol.name for symbol in value.free_symbols)
        elif isinstance(value, tuple | list):
            found |= _symbols(value)
        elif isinstance(value, Network):
            inside = _symbols(node.layer for node in value.graph().nodes)
            found |= inside - {symbol.name for symbol in value.bound}
            fields = (getattr(value, name) for name in type(value).model_fields)
            found |= _symbols(field for field in fields if isinstance(field, Basic))
        elif isinstance(value, Layer):
            found |= _symbols(getattr(value, field) for field in type(value).model_fields)
    return found


class _Writer:
    """One pass through a network, writing calls."""

    def __init__(self, inputs: tuple[Shape, ...], whole: Whole) -> None:
        self.inputs = inputs
        self.whole = whole
        self.calls: list[Call] = []
        self._owners: dict[tuple[int, tuple[int, ...]], int] = {}
        self._holders: dict[tuple[int, tuple[int, ...]], int] = {}
        self._known: dict[tuple[object, ...], Applied] = {}
        self._tied: list[tuple[int, Layer, tuple[int, ...]]] = []

    def network(self, network: Network, values: list[Source], place: Scope) -> list[Source]:
        """Write down every layer of `network`; where its outputs are."""
        place = place.within(network)
        if isinstance(network, RecurrentStack):
            return self._stack(network, values, place)
        if not isinstance(network, Repeat):
            return self._graph(network, values, place)
        for i in range(int(network.times)):
            copy = place.copy if network.shared else (*place.copy, id(network), i)
            here = place.under(str(i))._replace(copy=copy)
            made = self._graph(network.copy_of(i), values, here)
            values = list(network.carried(values, made))
        return values[: len(network.graph().outputs)]

    def _stack(self, stack: RecurrentStack, values: list[Source], place: Scope) -> list[Source]:
        """Every layer of a stack, with its part of the states cut out before and joined after."""
        value, *states = values
        if not states and len(stack.segments) == 1:
            return self.network(stack.segments[0], values, place)
        if not states:
            return self._graph(stack, values, place)
        shapes = [_shape(source, self.calls, self.inputs) for source in values]
        undecided(needed.under(place.path) for needed in stack.needs(*shapes))
        last: list[list[Source]] = [[] for _ in states]
        for number, (path, layer, after, mark) in enumerate(stack.copies()):
            here = (place.under(path) if path else place)._replace(copy=(*place.copy, *mark))
            part = Slice(1, number * stack.ways, (number + 1) * stack.ways)
            cut = [self.call(part, [state], here.under("slice"))[0] for state in states]
            value, *left = self._either(layer, [value, *cut], here.under(name_of(layer)))
            for found, state in zip(last, left, strict=True):
                found.append(state)
            for dropout in after:
                (value,) = self.call(dropout, [value], here.under("dropout"))
        joined = [self.call(Concatenate(1), found, place.under("states"))[0] for found in last]
        return [value, *joined]

    def _either(self, layer: Layer, values: list[Source], place: Scope) -> list[Source]:
        """A layer as a call, or a network taken apart."""
        if isinstance(layer, Network) and not self.whole(layer):
            return self.network(layer, values, place)
        return self.call(layer, values, place)

    def _graph(self, network: Network, values: list[Source], place: Scope) -> list[Source]:
        graph, made = network.graph(), list[list[Source]]()
        shapes = [_shape(source, self.calls, self.inputs) for source in values]
        undecided(needed.under(place.path) for needed in network.needs(*shapes))

        def at(refs: Sequence[Ref]) -> list[Source]:
            return [values[r.output] if r.node == INPUT else made[r.node][r.output] for r in refs]

        for node in graph.nodes:
            made.append(self._either(node.layer, at(node.inputs), place.under(node.name)))
        return at(graph.outputs)

    def call(self, layer: Layer, values: list[Source], place: Scope) -> list[Source]:
        """Write down one layer; where its outputs are."""
        if any(part.tied for part in everything(layer)[1:]):
            raise FrameworkError(
                f"{type(layer).__name__} is one layer there, and holds weights that are tied",
                code="tied-weights",
                path=place.path,
                hint="build it of its parts",
            )
        shapes = tuple(_shape(source, self.calls, self.inputs) for source in values)
        stated = layer if place.trained else frozen(layer)
        # others with the same facts are built with other arguments, or of other layers
        alone = bool(layer.kept) or (isinstance(layer, Network) and layer.per_step)
        key = (stated.key, shapes)
        try:
            known = None if alone else self._known.get(key)
            applied = known or Applied(stated, shapes)
        except ArchcalcError as error:
            raise error.at(place.path) from None
        if not alone:
            self._known[key] = applied
        number = len(self.calls)
        owner = self._owners.setdefault((id(layer), place.copy), number)
        lender = self._lender(layer, applied, place.copy) if owner == number else None
        if layer.tied:
            self._tied.append((number, layer, place.copy))
        self.calls.append(
            Call(place.path, applied, tuple(values), owner, (), place.copy, lender, id(layer))
        )
        return [Source(number, i) for i in range(len(applied.outputs))]

    def _lender(self, layer: Layer, applied: Applied, copy: tuple[int, ...]) -> int | None:
        """The call that has all weights of this one, where one has."""
        number = len(self.calls)
        holders = {
            self._holders.setdefault((id(part), copy), number) for part in _weighing(layer, applied)
        }
        return holders.pop() if len(holders) == 1 and number not in holders else None

    def settle(self) -> None:
        """Find the calls that own tied weights, and freeze what is frozen at another call."""
        held = {(call.identity, call.copy) for call in self.calls if not call.layer.trainable}
        for number, call in enumerate(self.calls):
            if call.layer.trainable and (call.identity, call.copy) in held:
                applied = Applied(frozen(call.layer), call.applied.inputs)
                self.calls[number] = replace(call, applied=applied)
        for number, layer, copy in self._tied:
            call = self.calls[number]
            ties = tuple(self._settled(tie, call, layer, copy) for tie in layer.tied)
            self.calls[number] = replace(call, ties=ties)

    def _settled(
        self, tie: Tie, call: Call, layer: Layer, copy: tuple[int, ...]
    ) -> tuple[TiedWeight, int]:
        own = owned(tie, call.applied.weights, call.path, layer)
        places = ((id(tie.owner), copy[:length]) for length in range(len(copy), -1, -1))
        owner = next((self._owners[place] for place in places if place in self._owners), None)
        if owner is None:
            raise no_owner(tie.owner, call.path)
        theirs = self.calls[owner]
        return settled(own, tie, theirs.applied, theirs.path, call.path)[0], owner


def _weighing(layer: Layer, applied: Applied) -> list[Layer]:
    """The layers whose weights a call uses: it, or what it calls at every step."""
    if not (isinstance(layer, Network) and layer.per_step):
        return [layer] if applied.weights else []
    inside, rows = list(_single(layer)), layer.trace(*applied.inputs).rows
    if len(inside) != len(rows):  # repeated blocks in it have weights of their own
        return []
    return [one for one, row in zip(inside, rows, strict=True) if row.applied.weights]


def _single(layer: Layer) -> Iterator[Layer]:
    """The layers that are no networks, in order."""
    if not isinstance(layer, Network):
        yield layer
        return
    for node in layer.graph().nodes:
        yield from _single(node.layer)
