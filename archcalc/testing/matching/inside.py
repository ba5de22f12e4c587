"""What can be read off two layers, and off what happens between layers, beyond shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from archcalc.costs.parameters import is_trained
from archcalc.layers.adapters import adapted_form
from archcalc.network.base import Network
from archcalc.network.unroll import Unrolled
from archcalc.testing.matching.arguments import Row, arguments_differ
from archcalc.testing.matching.pairing import Pairs
from archcalc.testing.matching.parts import ITSELF, Built, Part, Ran
from archcalc.testing.matching.steps import Between, Place, Step, alike, quiet, steps_of

__all__ = ["between_of", "differing", "pads_near", "step_pairs", "trained_rows"]


def differing(ours: Part, theirs: Built, padded: bool) -> list[Row]:
    """The arguments of two layers that differ; none where theirs cannot be read.

    Args:
        padded: whether something before one of them pads.
    """
    layer, read = ours.applied.layer, theirs.read
    if read is None:
        return []
    if type(read) is type(layer):
        return arguments_differ(ours.applied, read, padded=padded)
    here, there = type(layer).__name__, type(read).__name__
    mistaken = any({here, there} <= set(kinds) for kinds in _MISTAKEN)
    return [("layer", here, there)] if mistaken else []


_MISTAKEN = (
    (
        *("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"),
        "InstanceNormalization",
    ),
    *((f"Conv{n}D", f"Conv{n}DTranspose") for n in (1, 2, 3)),
    *((f"{first}Cell", f"{second}Cell") for first, second in (("LSTM", "GRU"),)),
)
"""Layers of which one may stand for the other, with weights of the same shapes, and compute
something else.  Of others, such as a dense layer and a convolution of size 1, it may be the same.
"""


def trained_rows(ours: Part, theirs: Built) -> Iterator[Row]:
    """Weights that are trained in one, and kept as they are in the other."""
    layer = ours.applied.layer
    weights = [weight for weight in ours.applied.weights if weight.learned]
    if not weights or not theirs.learns or adapted_form(layer) is not None:
        return  # adapters keep some of a layer's weights from being trained
    in_part = any(weight.frozen for weight in weights)  # as it says, or what it holds
    if (isinstance(layer, Network) or in_part) and _trains_as_many(ours, theirs):
        return
    odd = [name for name, flag in theirs.learns.items() if flag is not layer.trainable]
    kept = [weight.name for weight in weights if weight.frozen and layer.trainable]
    if odd or kept:
        names = "" if len(odd) == len(theirs.learns) else f" ({', '.join(odd)})"
        here, there = ("trained", "frozen") if layer.trainable else ("frozen", "trained")
        here = f"frozen ({', '.join(kept)})" if kept else here
        yield "training", here, f"{there}{names}" if odd else "trained"


def _trains_as_many(ours: Part, theirs: Built) -> bool:
    """Whether both train as many numbers, and the same, where theirs says which by our names."""
    layer, read = ours.applied.layer, theirs.read
    trained = {w.name: is_trained(w, layer) for w in ours.applied.weights if w.learned}
    if trained.keys() == theirs.learns.keys():
        return trained == dict(theirs.learns)
    if type(read) is type(layer) and read.frozen != layer.frozen:
        return set(read.frozen) == set(layer.frozen)
    mine: Any = sum(w.size for w in ours.applied.weights if is_trained(w, layer))
    if isinstance(layer, Network):
        mine = layer.trace(*ours.applied.inputs).trainable_parameters
    return bool(mine == sum(prod(theirs.raw[name]) for name, on in theirs.learns.items() if on))


# Between layers


def between_of(made: Unrolled) -> dict[str, Between]:
    """What the network does after each layer with weights, by its path; after ``""`` at first."""
    here = Between()
    found = {"": here}
    for call in made.calls:
        weighs = bool(call.applied.weights)
        if weighs:
            here = found.setdefault(made.calls[call.owner].path, Between())
        here.steps.extend(steps_of(call.path, call.applied, weighs=weighs))
        here.opaque = here.opaque or not (weighs or quiet(call.layer))
        here.pads = here.pads or "Padding" in type(call.layer).__name__
    return found


def pads_near(name: str, between: Mapping[str, Between]) -> bool:
    """Whether something pads just before or after the layer called `name`, or around it."""
    before = Between()
    for other, here in between.items():
        if other == ("" if name == ITSELF else name):
            return before.pads or here.pads
        before = here
    return False


def _is_chain(made: Unrolled) -> bool:
    """Whether each layer takes what the one before it gives, and that alone."""
    return all(
        [source.call for source in call.inputs] == [number - 1]
        for number, call in enumerate(made.calls)
    )


StepPair = tuple[Step | None, Step | None, list[Row], str]


def step_pairs(pairs: Pairs, made: Unrolled, ran: Ran) -> list[StepPair]:
    """The steps between layers that differ, if all layers belong together.

    Where a network branches, the order of its branches is not known: a step that is done in both
    after different layers is taken for the same.
    """
    if any(ours is None or theirs is None for ours, theirs in pairs):
        return []
    here = between_of(made)
    places = list(_places(here, pairs, ran))
    if not _is_chain(made):
        _cancel(places)
    found = [pair for place in places for pair in place.differences()]
    extras = not any(between.opaque for between in here.values())
    alone = [pair for place in places for pair in place.alone(extras)]
    return [*found, *(alone if _is_chain(made) else _side_by_side(alone))]


def _places(here: Mapping[str, Between], pairs: Pairs, ran: Ran) -> Iterator[Place]:
    named = {"": "", **{a.path: b.name for a, b in pairs if a is not None and b is not None}}
    last = ran.order[-1] if ran.order else ""
    for path, ours in here.items():
        name = named.get(path, path)
        theirs = ran.between.get("" if name == ITSELF else name)
        if path and name == ITSELF:
            continue  # it is the model, and what comes first comes after it as well
        if theirs is not None:
            done = not (ran.refused and name == last)
            padded = ours.pads or theirs.pads
            yield Place(ours.steps, theirs.steps, opaque=theirs.opaque, done=done, padded=padded)
        elif not ran.refused:
            yield Place(ours.steps, [])


def _cancel(places: list[Place]) -> None:
    """Take off what is done in both, if after different layers."""
    for one in places:
        for step in list(one.ours):
            for other in places:
                same = next((t for t in other.theirs if alike(step, t, other.padded)), None)
                if same is not None:
                    one.ours.remove(step)
                    other.theirs.remove(same)
                    break


def _side_by_side(alone: list[StepPair]) -> list[StepPair]:
    """Steps that only one has, those of one kind together, in order."""
    found: list[StepPair] = []
    extra = [pair for pair in alone if pair[0] is None]
    for ours, theirs, rows, why in alone:
        if ours is None:
            continue
        other = next((pair for pair in extra if pair[2][0][0] == rows[0][0]), None)
        if other is None:
            found.append((ours, theirs, rows, why))
            continue
        extra.remove(other)
        found.append((ours, other[1], [(rows[0][0], rows[0][1], other[2][0][2])], ""))
    return [*found, *extra]
