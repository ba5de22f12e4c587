"""A mesh of devices, and what of a network one of them holds.

A mesh has axes with names, each of some degree.  Weights have axes with names too, and a placement
says along which axis of the mesh each is split.  So what has no axis that is split, as a norm or a
latent cache, is on every device; and of heads fewer than devices each stands on several.

Sources: Shazeer et al., *Mesh-TensorFlow* (2018), section 2: layouts; Shoeybi et al., *Megatron-LM*
(2019), section 3: columns of the first kernel and rows of the second; Pope et al., *Efficiently
Scaling Transformer Inference* (2022), section 3.3: keys and values of few heads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast

from sympy import Add

from archcalc.costs.base import Additive, Rows, TracedRow, total
from archcalc.costs.loops import Loop
from archcalc.layers.axis import Axis
from archcalc.layers.facts import State, Weight
from archcalc.symbolic.compare import largest, smallest
from archcalc.symbolic.dims import Dim, DimLike, as_dim, exact_div, lower, read_dim
from archcalc.symbolic.division import ceil_div
from archcalc.symbolic.errors import LookupFailedError, quoted
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement, undecided
from archcalc.symbolic.shape import Shape, product
from archcalc.symbolic.shown import Shown

__all__ = [
    "ONE_DEVICE",
    "PLACEMENT",
    "Holding",
    "Mesh",
    "MeshAxis",
    "contributions",
    "is_expert",
    "on_device",
    "share",
]

MeshAxis: TypeAlias = Literal["data", "tensor", "pipeline", "expert", "sequence"]
"""The axes of a mesh."""

PLACEMENT: Mapping[str, MeshAxis] = MappingProxyType(
    {
        "heads": "tensor",
        "kv heads": "tensor",
        "ffn": "tensor",
        "vocab": "tensor",
        "channels": "tensor",
        "experts": "expert",
    }
)
"""Along which axis of a mesh each axis of weights is split, where nothing else is said; Megatron's.
Axes that are not here are not split."""


@dataclass(frozen=True)
class Mesh(Shown):
    """How many devices there are along each axis.

    Args:
        data: replicas, each of which takes samples of its own.
        tensor: devices among which heads, the inside of MLPs and words are split.
        pipeline: stages, each of which has some of the repeated blocks.
        expert: devices among which experts are split.  They are devices of `data`, so that it
            divides those; others stand on each of them.
        sequence: devices among which the positions of a sequence are split; ``"tensor"`` where the
            devices of `tensor` split the positions of what they do not split otherwise, as
            Megatron's sequence parallelism does.
        placement: pairs of an axis of weights and the axis of the mesh that splits it; those of
            `PLACEMENT` where it is empty.

    >>> Mesh(tensor=8, data=4).devices
    32
    >>> Mesh(tensor="p").degree("heads"), Mesh(tensor=8).degree("width")
    (p, 1)
    """

    data: DimLike = 1
    tensor: DimLike = 1
    pipeline: DimLike = 1
    expert: DimLike = 1
    sequence: DimLike | Literal["tensor"] = 1
    placement: tuple[tuple[str, MeshAxis], ...] = ()

    def __post_init__(self) -> None:
        for name in ("data", "tensor", "pipeline", "expert", "sequence"):
            degree = getattr(self, name)
            if not (name == "sequence" and degree == "tensor"):
                object.__setattr__(self, name, read_dim(name, degree))
        for name, axis in self.placement:
            if axis not in ("data", "tensor", "pipeline", "expert", "sequence"):
                raise LookupFailedError(
                    f"{quoted(name, 40)} is placed on {quoted(axis, 40)}, "
                    "which is no axis of a mesh",
                    code="unknown-mesh-axis",
                    hint="there are data, tensor, pipeline, expert and sequence",
                )

    @cached_property
    def _placed(self) -> Mapping[str, MeshAxis]:
        return {**PLACEMENT, **dict(self.placement)}

    def along(self, axis: str) -> MeshAxis | None:
        """The axis of the mesh that splits an axis of weights; ``None`` where none does."""
        return self._placed.get(axis)

    def degree(self, axis: str) -> Dim:
        """Among how many devices an axis of weights is split."""
        along = self.along(axis)
        return 1 if along is None else self.of(along)

    def of(self, axis: MeshAxis) -> Dim:
        """How many devices there are along an axis of the mesh."""
        return 1 if axis == "sequence" and self.own_sequence == 1 else as_dim(getattr(self, axis))

    @property
    def own_sequence(self) -> Dim:
        """Among how many devices of their own positions are split."""
        return 1 if self.sequence == "tensor" else as_dim(self.sequence)

    @property
    def devices(self) -> Dim:
        """How many devices there are; those of experts are among those of data."""
        return product((self.of("data"), self.of("tensor"), self.of("pipeline"), self.own_sequence))

    @property
    def is_one(self) -> bool:
        """Whether it is one device."""
        return self.devices == 1 and self.expert == 1

    def requirements(self) -> tuple[Requirement, ...]:
        """That the devices of experts are among those that hold replicas."""
        whole = self.replicas
        return _divides(self.of("expert"), whole, "expert {divisor} does not divide the {whole} "
                        "devices of data and sequence", "expert-does-not-divide-data",
                        "take the devices of experts from those of data")  # fmt: skip

    @property
    def replicas(self) -> Dim:
        """How many devices hold the same weights: those of data, and of positions."""
        return product((self.of("data"), self.own_sequence))


ONE_DEVICE = Mesh()
"""No mesh at all."""


def _divides(
    divisor: Dim, whole: Dim, message: str, code: str, hint: str
) -> tuple[Requirement, ...]:
    if divisor == 1:
        return ()
    details = (("divisor", divisor), ("whole", whole))
    return (Requirement(whole, Relation.MULTIPLE_OF, divisor, message, code, hint, details),)


def share(length: Dim, axis: Axis, degree: Dim) -> tuple[Dim, tuple[Requirement, ...]]:
    """How long an axis is on one device, the fullest, and what must hold for that.

    Where parts lie along it that are not cut, as heads, each device has whole ones; of fewer parts
    than devices each stands on several.

    >>> share(1024, Axis("kv heads", 8), 4)[0], share(1024, Axis("kv heads", 8), 16)[0]
    (256, 128)
    >>> share(50257, Axis("vocab"), 8)[0]
    6283
    """
    if degree == 1:
        return length, ()
    if axis.parts is None:
        return ceil_div(length, degree), ()
    many, few = largest(axis.parts, degree), smallest(axis.parts, degree)
    needed = Requirement(
        lower(many),
        Relation.MULTIPLE_OF,
        lower(few),
        f"{{parts}} {axis.name or 'parts'} cannot be split evenly among {{degree}} devices",
        code="parts-do-not-divide",
        hint=f"take a divisor of the number of {axis.name or 'parts'}, or a multiple of it",
        details=(("parts", axis.parts), ("degree", degree)),
    )
    return exact_div(length, lower(few)), (needed,)


class _Sharing:
    """What shapes become on one device, and what must hold for that."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.needs: list[Requirement] = []
        self._applied: dict[int, _DeviceApplied] = {}

    def applied(self, applied: Any) -> _DeviceApplied:
        """A layer on its shapes as one device has it, the same whenever it is asked for."""
        if id(applied) not in self._applied:
            self._applied[id(applied)] = _DeviceApplied(applied, self)
        return self._applied[id(applied)]

    def shape(self, shape: Shape, axes: Sequence[Axis]) -> Shape:
        """A shape on one device: along each axis of the mesh it is split once."""
        done, dims = set[str](), list(shape)
        for place, axis in enumerate(axes):
            along = self.mesh.along(axis.name)
            if along is None or along in done or along == "expert":
                continue
            done.add(along)
            dims[place], needed = share(dims[place], axis, self.mesh.of(along))
            self.needs.extend(needed)
        return Shape(dims)

    def loops(self, loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
        """Blocks that one stage has, and experts that one device has."""
        made, staged = [], False
        for loop in loops:
            count = loop.count
            if loop.kind == "experts":
                count, needed = share(count, Axis("experts", count), self.mesh.degree("experts"))
                self.needs.extend(needed)
            elif loop.kind == "copies" and loop.in_turn and not staged:
                count, staged = ceil_div(count, self.mesh.of("pipeline")), True
            active = count if loop.kind == "copies" else smallest(loop.active, count)
            made.append(replace(loop, count=count, active=lower(active)))
        return tuple(made)


class _DeviceApplied:
    """A layer on its shapes with what one device keeps of a sequence."""

    def __init__(self, applied: Any, sharing: _Sharing) -> None:
        self._applied = applied
        self._sharing = sharing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._applied, name)

    @cached_property
    def state(self) -> tuple[State, ...]:
        return tuple(self._kept(state) for state in self._applied.state)

    def _kept(self, state: State) -> State:
        steps, window, beside = state.steps, state.window, self._sharing.mesh.own_sequence
        if state.grows and steps is not None and beside != 1:
            steps = ceil_div(steps if window is None else smallest(steps, window), beside)
            window = None
        shape = self._sharing.shape(state.shape, state.axes)
        return replace(state, shape=shape, steps=steps, window=window)


class _DeviceRow:
    """A row as one device has it: its part of each weight, of experts and of repeated blocks."""

    def __init__(self, row: TracedRow, sharing: _Sharing) -> None:
        self._row = row
        self._sharing = sharing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        return self._sharing.loops(self._row.loops)

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        return tuple(
            replace(w, shape=self._sharing.shape(w.shape, w.axes)) if w.axes else w
            for w in self._row.weights
        )

    @property
    def applied(self) -> Any:
        return self._sharing.applied(self._row.applied)


Holding: TypeAlias = Literal["all", "experts", "others"]
"""Which rows: all, those of experts that are routed to, or the others."""


def is_expert(row: TracedRow) -> bool:
    """Whether a row is of an expert that tokens are routed to."""
    return any(loop.kind == "experts" for loop in row.loops)


def on_device(
    cost: Additive, trace: Rows, mesh: Mesh, which: Holding = "all"
) -> tuple[Dim, tuple[Requirement, ...]]:
    """What `cost` counts on one device, the fullest, and what must hold for that.

    Of a pipeline each stage has as many turns of each repeated block, the last as many as are left;
    what stands before the first such block is on the first stage, what stands after it on the last,
    which has a copy of a table that its head is tied to.  The fuller of these two counts.

    Args:
        cost: what is counted of weights or of what is kept: a cost that is a sum over layers.
        trace: the network.
        mesh: the devices.
        which: the rows that count.
    """
    rows = [row for row in trace.rows if which == "all" or is_expert(row) == (which == "experts")]
    if mesh.is_one:
        return total(cost.by_row(rows)), ()
    sharing = _Sharing(mesh)
    if mesh.of("pipeline") == 1:
        held = _as_rows(_DeviceRow(row, sharing) for row in rows)
        amount = total(cost.by_row(held))
    else:
        amount = _fullest_stage(cost, rows, sharing)
    return amount, undecided((*mesh.requirements(), *dict.fromkeys(sharing.needs)))


def contributions(
    cost: Additive, trace: Rows, mesh: Mesh | None = None
) -> Iterator[tuple[str, Dim, Dim]]:
    """The path of each row that adds something on one device, how often, and how much each time.

    Args:
        cost, trace: what is counted, over what.
        mesh: the devices; one of them where ``None``.
    """
    rows: Sequence[TracedRow] = trace.rows
    if mesh is not None and not mesh.is_one:
        sharing = _Sharing(mesh)
        rows = list(_as_rows(_DeviceRow(row, sharing) for row in rows))
    for row, (times, each) in zip(rows, cost.by_row(rows), strict=True):
        if each != 0:
            yield row.path, times, each


def _fullest_stage(cost: Additive, rows: Sequence[TracedRow], sharing: _Sharing) -> Dim:
    """The blocks of a stage, and what stands before them or after them, whichever is more."""
    held = [_DeviceRow(row, sharing) for row in rows]
    staged = [any(x.kind == "copies" and x.in_turn for x in row.loops) for row in rows]
    first = staged.index(True) if True in staged else len(rows)
    blocks = [row for row, inside in zip(held, staged, strict=True) if inside]
    after = [
        _DeviceRow(row.as_if(shared=False), sharing) if row.ties else one
        for row, one, inside in zip(rows[first:], held[first:], staged[first:], strict=True)
        if not inside
    ]
    each = (total(cost.by_row(_as_rows(part))) for part in (blocks, held[:first], after))
    inside, before, behind = each
    staged_amount = Add(plain(inside), plain(largest(before, behind)))
    stages = sharing.mesh.of("pipeline")
    if isinstance(stages, int):
        return lower(staged_amount)
    single = plain(total(cost.by_row(_as_rows(held))))  # one stage has both ends
    is_one = 1 - plain(smallest(1, lower(stages - 1)))
    return lower(staged_amount + is_one * (single - staged_amount))


def _as_rows(rows: Iterable[_DeviceRow]) -> Iterator[TracedRow]:
    return (cast("TracedRow", row) for row in rows)
