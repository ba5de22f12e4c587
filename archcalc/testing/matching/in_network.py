"""A network that was read from a model, taken apart as a model is: its layers with weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest

from archcalc.costs.parameters import is_trained
from archcalc.frameworks.lookup import is_whole
from archcalc.frameworks.record import Table
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.unroll import Unrolled, unroll
from archcalc.symbolic.shape import Shape
from archcalc.testing.matching.inside import between_of
from archcalc.testing.matching.parts import ITSELF, Built, Ran, Weights
from archcalc.testing.oracles import BATCH

__all__ = ["network_parts"]


def network_parts(network: Network, made: Unrolled, table: Table) -> tuple[list[Built], Ran]:
    """The layers of a network that own weights, in the order of their calls, and what it gives.

    Args:
        network: what was read.
        made: ours, which says what goes in where the model does not.
        table: the records of the framework: what it has as a whole is a layer.
    """
    own = network.own_inputs()
    shapes = list(made.inputs) if own is None else _filled(own, made.inputs)
    there = unroll(network, shapes, partial(is_whole, table))
    ran = Ran()
    ran.outputs = tuple(tuple(shape) for shape in there.output_shapes)
    ran.between = between_of(there)
    for path, here in ran.between.items():
        here.steps = [step for step in here.steps if not _continues(step.name, path, ("pool",))]
    works = [work for call in there.calls for work in call.applied.work]
    ran.flops = 2 * sum(int(work.macs) * (1 if work.once else BATCH) for work in works)
    built = list(_parts(there))
    ran.order = [part.name for part in built]
    return built, ran


def _filled(own: Sequence[Shape], ours: Sequence[Shape]) -> list[Shape]:
    """What goes in, with our sizes where the model leaves them open, in its layout."""
    pairs = zip_longest(own, ours, fillvalue=Shape())
    return [next((x for x in (b, _first(b)) if _fits(a, x)), a) for a, b in pairs]


def _first(x: Shape) -> Shape:
    """The channels before the rest."""
    return Shape((*x[-1:], *x[:-1]))


def _fits(own: Shape, x: Shape) -> bool:
    """Whether a shape is one that the model takes, which has sizes of its own."""
    return len(own) == len(x) and all(
        a == b or not isinstance(a, int) for a, b in zip(own, x, strict=True)
    )


_AFTER = ("crop", "activation", "last", "join", "pool")
"""How the names end of what archcalc builds after a layer of Keras to make up the rest of it."""


def _continues(name: str, first: str, how: Sequence[str] = _AFTER) -> bool:
    """Whether the layer called `name` is the rest of that called `first`."""
    rest = name[len(first) + 1 :].partition("_")[0]
    return bool(first) and name.startswith(f"{first}_") and rest in how


def _parts(there: Unrolled) -> Iterator[Built]:
    for number, call in enumerate(there.calls):
        if call.owner != number or call.lender is not None or not call.applied.weights:
            continue
        named = {weight.name: weight for weight in call.applied.weights}
        shapes = {name: tuple(map(int, weight.shape)) for name, weight in named.items()}
        last = [one for one in there.calls if _continues(one.path, call.path)] or [call]
        yield Built(
            call.path or ITSELF,
            type(call.layer).__name__,
            shapes,
            tuple(tuple(map(int, shape)) for shape in last[-1].applied.outputs),
            sum(int(work.macs) for work in call.applied.work),
            partial(_ours, call.layer, shapes),
            {tie.weight: f"{there.calls[owner].path}.{tie.of}" for tie, owner in call.ties},
            trained=any(weight.learned for weight in named.values()),
            read=call.layer,
            learns={n: is_trained(w, call.layer) for n, w in named.items() if w.learned},
        )


def _ours(layer: Layer, shapes: Weights, applied: Applied) -> Weights | None:
    """The weights by our names, where both are layers of one class."""
    if type(applied.layer) is not type(layer):
        return None
    names = [weight.name for weight in applied.weights]
    if isinstance(layer, Network) and len(names) == len(shapes):
        return dict(zip(names, shapes.values(), strict=True))  # what it holds is called otherwise
    return shapes
