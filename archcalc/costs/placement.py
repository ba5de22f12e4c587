"""Along which axes of a mesh what flows through a network is split.

A product with a kernel of which one axis is split gives results that are split along it, unless
what comes in is split along it already: then it is summed over, and what comes out is whole on each
device once they have added up what each has.  What has no kernel gives what it takes.

Source: Shoeybi et al., *Megatron-LM* (2019), section 3: a split by columns, then one by rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archcalc.costs.base import Rows, TracedRow
from archcalc.costs.mesh import Mesh, share
from archcalc.layers.axis import Axis
from archcalc.layers.facts import Weight
from archcalc.symbolic.dims import Dim, exact_div, lower
from archcalc.symbolic.division import ceil_div
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import product
from archcalc.symbolic.shown import Shown

__all__ = ["Placement"]

Split = Mapping[str, tuple[Dim, Axis]]
"""For each axis of the mesh, how long the axis is that it splits, and that axis."""


class Placement(Shown):
    """What each row of a trace gives, and how much of it one device has.

    Args:
        trace: the network.
        mesh: the devices.

    Attributes:
        summed: the numbers of the rows whose results devices add up.
        needs: what must hold for what was asked.
    """

    def __init__(self, trace: Rows, mesh: Mesh) -> None:
        self.mesh = mesh
        self.needs: list[Requirement] = []
        self._given_at: dict[str, Split] = {}
        self._inside: dict[str, Split] = {}
        self.summed: list[int] = []
        made: list[Split] = []
        for number, row in enumerate(trace.rows):
            taken = _together([made[source] for source in row.sources if source >= 0])
            kernels = [self._placed(weight) for weight in _kernels(row)]
            given = self._given(row, taken, kernels)
            every = [self._placed(weight) for weight in row.applied.weights]
            if any(along in taken or along not in given for each in every for along in each):
                self.summed.append(number)
            made.append(given)
            self._given_at.setdefault(row.path, given)
            self._inside.setdefault(row.path, given if len(kernels) < 2 else _together(kernels))

    def _placed(self, weight: Weight, first: int = 0) -> dict[str, tuple[Dim, Axis]]:
        found: dict[str, tuple[Dim, Axis]] = {}
        for length, axis in [*zip(weight.shape, weight.axes, strict=False)][first:]:
            along = self.mesh.along(axis.name)
            if along in ("tensor", "sequence") and self.mesh.of(along) != 1:
                found.setdefault(along, (length, axis))
        return found

    def _given(self, row: TracedRow, taken: Split, kernels: Sequence[Split]) -> Split:
        if not kernels:
            tables = [w for w in row.applied.weights if w.role == "embedding"]
            return self._placed(tables[0], 1) if tables else taken  # rows are looked up
        if len(kernels) > 1:  # of several, the last joins what the others have split
            return {}
        (kernel,) = kernels
        return {along: split for along, split in kernel.items() if along not in taken}

    def given(self, path: str, elements: Dim) -> Dim:
        """How many of the elements that the row at `path` gives, or that come in, a device has."""
        return self._part(elements, self._given_at.get(path, {}))

    def inside(self, path: str, elements: Dim) -> Dim:
        """The same of what it makes and gives to nobody."""
        return self._part(elements, self._inside.get(path, {}))

    def whole(self, elements: Dim) -> Dim:
        """The same of what no axis of weights splits, such as what there is of positions."""
        return self._part(elements, {})

    def _part(self, elements: Dim, split: Split) -> Dim:
        amount = elements
        for along, (length, axis) in split.items():
            part, needed = share(length, axis, self.mesh.of(along))  # type: ignore[arg-type]
            amount = exact_div(product((amount, part)), length)
            self.needs.extend(needed)
        if self.mesh.sequence == "tensor" and "tensor" not in split:
            amount = ceil_div(plain(amount), self.mesh.of("tensor"))
        beside = self.mesh.own_sequence
        return lower(amount if beside == 1 else ceil_div(plain(amount), beside))


def _kernels(row: TracedRow) -> list[Weight]:
    """The weights that a row multiplies, in order, without adapters beside them."""
    weights = {w.name: w for w in row.applied.weights if w.role != "adapter"}
    return [weights[done.weight] for done in row.applied.work if done.weight in weights]


def _together(splits: Sequence[Split]) -> dict[str, tuple[Dim, Axis]]:
    """The first that splits along each axis of the mesh."""
    found: dict[str, tuple[Dim, Axis]] = {}
    for split in splits:
        for along, one in split.items():
            found.setdefault(along, one)
    return found
