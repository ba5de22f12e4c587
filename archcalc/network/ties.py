"""Tied weights: whose tensor a weight of a row is, once every row of a network is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archcalc.costs.parameters import is_trained
from archcalc.layers.applied import Applied
from archcalc.layers.facts import Weight
from archcalc.layers.ties import Tie
from archcalc.symbolic.compare import equal
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import ShapeError, quoted
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["TiedWeight", "no_owner", "owned", "settled"]


@dataclass(frozen=True, slots=True)
class TiedWeight:
    """A weight of a row that another row owns.

    Attributes:
        weight: its name in this row.
        owner: the path of the row that owns it.
        of: its name there.
        transposed: whether the last two axes change places.
        trained: whether training changes it, which its owner decides.
    """

    weight: str
    owner: str
    of: str
    transposed: bool
    trained: bool = True

    def __str__(self) -> str:
        return f"{self.owner}/{self.of}" + (" transposed" if self.transposed else "")


def owned(tie: Tie, weights: tuple[Weight, ...], path: str, layer: object) -> Weight:
    """The weight of a layer that `tie` speaks of.

    Raises:
        ShapeError: it has none of that name.
    """
    for weight in weights:
        if weight.name == tie.weight:
            return weight
    names = ", ".join(weight.name for weight in weights) or "none"
    raise ShapeError(
        f"{type(layer).__name__} has no weight called {tie.weight!r} to be tied",
        code="no-such-weight",
        path=path,
        hint=f"its weights are {names}",
    )


def no_owner(owner: object, path: str) -> ShapeError:
    """The error that the owner of a weight is not called where it would have to be."""
    return ShapeError(
        f"a weight is tied to a layer that is not called in this network: {quoted(owner, 80)}",
        code="tied-to-nothing",
        path=path,
        hint="use the very layer object that the network calls; one inside a repeated block has a "
        "weight in each copy, and cannot be tied to from outside",
    )


def settled(
    own: Weight, tie: Tie, applied: Applied, owner: str, path: str
) -> tuple[TiedWeight, list[Requirement]]:
    """What `tie` comes to, and what must hold for it.

    Args:
        own: the weight that is another's.
        tie: whose it is.
        applied: the owner, on its inputs.
        owner: the path of the owner.
        path: where the weight is used.

    Raises:
        ShapeError: the owner has no such weight, or one of another shape.
    """
    theirs = _theirs(own, tie, applied.weights, owner, path)
    trained = is_trained(theirs, applied.layer)
    for transposed in [True] if tie.turned else _ways(own, theirs):
        shape = _turned(theirs.shape) if transposed else tuple(theirs.shape)
        if _fits(tuple(own.shape), shape) is not False:
            made = TiedWeight(own.name, owner, theirs.name, transposed, trained)
            return made, list(_needs(tuple(own.shape), shape, theirs, owner, path))
    raise ShapeError(
        f"{own.name} has shape {own.shape}, and {theirs.name} of {owner}, to which it is tied, has "
        f"{theirs.shape}, which fits neither as it is nor transposed",
        code="tied-weights-differ",
        path=path,
        values={"shape": own.shape, "owner": theirs.shape},
        hint="tie weights of the same sizes",
    )


def _theirs(own: Weight, tie: Tie, weights: tuple[Weight, ...], owner: str, path: str) -> Weight:
    wanted = tie.name or own.name
    for weight in weights:
        if weight.name == wanted:
            return weight
    alike = [w for w in weights if len(w.shape) == len(own.shape) and w.role != "statistic"]
    if tie.name or not alike:
        names = ", ".join(f"{w.name} {w.shape}" for w in weights) or "none"
        what = f"{tie.name!r}" if tie.name else f"with the axes of {own.name}, {own.shape}"
        raise ShapeError(
            f"{owner} has no weight {what}", code="no-such-weight", path=path,
            hint=f"its weights are {names}",
        )  # fmt: skip
    return alike[0]


def _ways(own: Weight, theirs: Weight) -> list[bool]:
    """Whether the owner's weight is turned, the likeliest way first.

    What fits for certain goes before what would have to be required; where both fit, or neither is
    decided, a kernel that is a table is the table turned, and anything else is taken as it is.
    """
    if len(theirs.shape) < 2:
        return [False]
    likely = {own.role, theirs.role} == {"kernel", "embedding"}
    certain = {
        False: _fits(tuple(own.shape), tuple(theirs.shape)) is True,
        True: _fits(tuple(own.shape), _turned(theirs.shape)) is True,
    }
    return sorted(certain, key=lambda turned: (not certain[turned], turned is not likely))


def _turned(shape: Shape) -> tuple[Dim, ...]:
    *before, a, b = shape
    return (*before, b, a)


def _fits(a: tuple[Dim, ...], b: tuple[Dim, ...]) -> bool | None:
    if len(a) != len(b):
        return False
    known = [equal(x, y) for x, y in zip(a, b, strict=True)]
    return False if False in known else None if None in known else True


def _needs(
    own: tuple[Dim, ...], theirs: tuple[Dim, ...], weight: Weight, owner: str, path: str
) -> Iterator[Requirement]:
    for a, b in zip(own, theirs, strict=True):
        if equal(a, b) is None:
            yield Requirement(
                a,
                Relation.EQUAL,
                b,
                f"the weight is tied to {weight.name} of {owner}, which has {{theirs}} where this "
                "needs {own}",
                code="tied-weights-differ",
                hint="tie weights of the same sizes",
                details=(("own", a), ("theirs", b)),
                path=path,
            )
