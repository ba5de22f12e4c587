"""What training keeps: the tensors that the backward pass needs, each once.

A layer says what its kernels keep of what they take, give and make (`Layer.saves`); what several
layers keep of one piece of memory is there once.  Nothing is kept where nothing trained lies at or
before a call.

Source: torch's derivatives (tools/autograd/derivatives.yaml), as they are seen by
``torch.autograd.graph.saved_tensors_hooks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from archcalc.costs.base import Cost, Rows, TracedRow, total
from archcalc.costs.liveness import elements_of, training_program
from archcalc.costs.loops import Factors, repeated
from archcalc.costs.mesh import ONE_DEVICE, Mesh
from archcalc.costs.number_formats import bytes_of, look_up
from archcalc.costs.operations import Uncounted
from archcalc.costs.parameters import trained_weights
from archcalc.costs.peak import largest_of
from archcalc.costs.placement import Placement
from archcalc.costs.schedule import Called, Schedule
from archcalc.formula import Formula
from archcalc.layers.applied import Applied
from archcalc.layers.facts import Kept, Saved, Unstated
from archcalc.layers.heads import MultiHeadAttention
from archcalc.symbolic.dims import Dim, DimLike, as_dim, lower
from archcalc.symbolic.errors import LookupFailedError, quoted
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import undecided
from archcalc.symbolic.shape import Shape, product
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.substitution import substitute

__all__ = ["KERNELS", "Kernels", "SavedBytes", "SavedTensor"]


@dataclass(frozen=True)
class Kernels(Shown):
    """In which formats kernels keep what is no activation.

    Attributes:
        statistic: means and deviations of normalizations.
        index: positions of maxima, and indices that an embedding is given.
        mask: what a dropout has drawn.
        condition: yes or no for each element, such as whether a key comes after a query.
        attention: whether scores are ``"fused"`` where a kernel is there that keeps none of them,
            or ``"eager"``, by its definition, so that they are kept.
    """

    statistic: str = "float32"
    index: str = "int64"
    mask: str = "bool"
    condition: str = "bool"
    attention: Literal["fused", "eager"] = "fused"


KERNELS: Mapping[str, Kernels] = MappingProxyType(
    {
        "torch on CUDA": Kernels(),
        "torch on the CPU": Kernels(mask="float32"),
        "eager on CUDA": Kernels(attention="eager"),
        "eager on the CPU": Kernels(mask="float32", attention="eager"),
    }
)
"""What is known of kernels: torch draws a dropout's mask as bools on CUDA, as floats on the CPU;
attention is fused where it can be, or eager, as transformers' ``"eager"`` is."""


Stating: TypeAlias = Callable[[TracedRow], Saved | Unstated]
"""What says what a row keeps."""


@dataclass(frozen=True, slots=True)
class SavedTensor(Shown):
    """One tensor that is kept for the backward pass.

    Attributes:
        path: the row that made it; ``"input"`` where it came in.
        name: ``"output"``; ``"gathered"`` where it is that of the tokens which experts meet, once
            for each of them; or what the row calls it.
        elements: its elements, of one sample and one copy, or of the batch where `of_batch` says.
        kind: what it holds: see `archcalc.layers.facts.Kept`.
        of_batch: whether there is one for the whole batch.
        copies: how many there are, and the symbols by which they differ.
        saved_by: the row that keeps it, the first of them.
    """

    path: str
    name: str
    elements: Dim
    kind: str
    of_batch: bool
    copies: Factors
    saved_by: str


@dataclass(frozen=True)
class SavedBytes(Cost[Formula]):
    """Bytes of what training keeps of a batch for the backward pass.

    Weights and constants are not counted, which are there anyway.  Of layers that do not say what
    they keep, the inputs and the output are counted; `unstated` lists them, and `uncounted` says
    why.

    Args:
        batch: samples in the batch; a number or a symbol.
        dtype: the format of activations.
        kernels: the formats of the rest: a name in `KERNELS`, or `Kernels`.
        recompute: paths of blocks of which only what goes in is kept; each is computed once more
            when its gradients are, so that one block at a time keeps what is inside.  A repeated
            block is one of its copies.
        mesh: the devices; what is counted is what one of them keeps.

    Raises:
        LookupFailedError: a format is not known, or no layer is under a path.

    >>> from archcalc.layers import Dense, ReLU
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Dense(100), ReLU(), Dense(10)])
    >>> net.trace(784).cost(SavedBytes()), (784 + 100)*4
    (3536, 3536)
    """

    batch: DimLike = 1
    dtype: str = "float32"
    kernels: str | Kernels = "torch on CUDA"
    recompute: tuple[str, ...] = ()
    mesh: Mesh = ONE_DEVICE
    unit = "bytes"
    source = "torch, tools/autograd/derivatives.yaml"

    def over(self, trace: Rows) -> Formula:
        placed = Placement(trace, self.mesh)
        counted = [self.bytes_of_tensor(tensor) for tensor in self._kept(trace, placed)]
        inside = [
            total(self.bytes_of_tensor(tensor) for tensor in tensors)
            for tensors in self._again(trace, placed).values()
        ]
        most = largest_of(inside) if inside else 0
        needs = undecided(dict.fromkeys(placed.needs))
        return Formula(total([*counted, (1, most)]), (*trace.requirements, *needs))

    def tensors(self, trace: Rows) -> tuple[SavedTensor, ...]:
        """Everything that is kept from the forward pass to the backward pass, each once."""
        return self._kept(trace, Placement(trace, self.mesh))

    def recomputed(self, trace: Rows) -> dict[str, tuple[SavedTensor, ...]]:
        """What is kept besides while a block is computed once more, by the path of its first row.

        Of copies that are alike there is one.
        """
        return self._again(trace, Placement(trace, self.mesh))

    def _kept(self, trace: Rows, placed: Placement) -> tuple[SavedTensor, ...]:
        done = training_program(trace)
        found = _together(_saved(trace, done, self._states, _blocks(done, self.recompute)))
        return tuple(self._on_device(tensor, placed) for tensor in _told(trace, found))

    def _again(self, trace: Rows, placed: Placement) -> dict[str, tuple[SavedTensor, ...]]:
        done = training_program(trace)
        return {
            done.moments[block.start].path: tuple(
                self._on_device(tensor, placed)
                for tensor in _told(trace, _inside(trace, done, self._states, block))
            )
            for block in _blocks(done, self.recompute)
        }

    def _on_device(self, tensor: SavedTensor, placed: Placement) -> SavedTensor:
        if self.mesh.is_one:
            return tensor
        if tensor.of_batch:  # it is of positions, not of heads or features
            return replace(tensor, elements=placed.whole(tensor.elements))
        given = tensor.name in ("output", "gathered")
        part = placed.given if given else placed.inside
        return replace(tensor, elements=part(tensor.path, tensor.elements))

    def _states(self, row: TracedRow) -> Saved | Unstated:
        """What a row keeps; of a cell over time nothing is stated, as its states are no inputs."""
        if any(turn.kind in ("recurrent", "backwards") for turn in row.rounds):
            return Unstated(_CELL_OVER_TIME)
        if isinstance(row.layer, MultiHeadAttention):
            return Applied(row.layer, _once(row)).saves
        if self._known().attention == "eager":
            defined = row.layer.saves_as_defined(*row.inputs, row.output)
            return row.applied.saves if defined is None else defined
        return row.applied.saves

    def _known(self) -> Kernels:
        kernels = self.kernels
        return look_up(KERNELS, kernels, "set of kernels") if isinstance(kernels, str) else kernels

    def unstated(self, trace: Rows) -> tuple[str, ...]:
        """The paths of those rows that do not say what they keep."""
        return tuple(left.path for left in self.uncounted(trace))

    def uncounted(self, trace: Rows) -> tuple[Uncounted, ...]:
        """The rows of which inputs and output are counted instead, each with the reason."""
        return tuple(
            Uncounted(row.path, type(row.layer).__name__, stated.why)
            for row in trace.rows
            if isinstance(stated := self._states(row), Unstated)
        )

    def bytes_of_tensor(self, tensor: SavedTensor) -> tuple[Dim, Dim]:
        """How often a tensor is there, and its bytes, of the batch."""
        each = bytes_of(self._format(tensor.kind))
        batch: Dim = 1 if tensor.of_batch else as_dim(self.batch)
        return repeated(tensor.copies, product((each, batch, tensor.elements)))

    def _format(self, kind: str) -> str:
        if kind == "activation":
            return self.dtype
        found: str = getattr(self._known(), kind)
        return found


def _saved(
    trace: Rows, done: Schedule, states: Stating, blocks: Sequence[range] = ()
) -> Iterator[SavedTensor]:
    """What is kept of all calls; of a block that is recomputed, what goes into it."""
    seen: set[object] = set()
    within = {moment: block for block in blocks for moment in block}
    for moment in range(len(done.moments)):
        block = within.get(moment)
        if block is None:
            yield from _of_call(trace, done, states, moment, seen)
        elif moment == block.start and any(done.calls[at].learned for at in block):
            path = done.moments[moment].path
            for number in sorted(_entering(done, block) - seen):
                seen.add(number)
                yield _of_buffer(done, number, "activation", path)


def _of_call(
    trace: Rows,
    done: Schedule,
    states: Stating,
    moment: int,
    seen: set[object],
    apart: frozenset[int] = frozenset(),
) -> Iterator[SavedTensor]:
    """What one call keeps, without what is `seen` to be kept already, or kept `apart`."""
    number, call = done.moments[moment].row, done.calls[moment]
    if number < 0 or not call.learned:
        return
    row = trace.rows[number]
    stated = states(row)
    saves = _everything(row) if isinstance(stated, Unstated) else stated
    for buffer in sorted(_buffers(row, saves, call) - seen - apart):
        seen.add(buffer)
        index = done.buffers[buffer].path == "input" and _indices(row)
        yield _of_buffer(done, buffer, "index" if index else "activation", row.path)
    for kept in saves.own:
        if not kept.once:
            yield _own(row, kept, call)
        elif (kept.name, kept.shape) not in seen:
            seen.add((kept.name, kept.shape))
            yield replace(_own(row, kept, call), copies=())


def _of_buffer(done: Schedule, number: int, kind: str, path: str) -> SavedTensor:
    b = done.buffers[number]
    name = "gathered" if b.gathered else "output"
    return SavedTensor(b.path, name, b.size, kind, False, b.copies, path)


def _told(trace: Rows, tensors: Iterable[SavedTensor]) -> Iterator[SavedTensor]:
    """Each as it is, but for outputs that are yes or no for each element."""
    conditions: set[int] = set()
    for number, row in enumerate(trace.rows):
        if row.layer.gives(*(source in conditions for source in row.sources)) == "condition":
            conditions.add(number)
    paths = {trace.rows[number].path for number in conditions}
    for tensor in tensors:
        told = tensor.name == "output" and tensor.path in paths
        yield replace(tensor, kind="condition") if told else tensor


def _blocks(done: Schedule, paths: Sequence[str]) -> list[range]:
    """The moments of each block that is recomputed: those under a path, copy by copy.

    Raises:
        LookupFailedError: nothing is under one of the paths.
    """
    marks: list[tuple[str, object] | None] = []
    for moment, call in zip(done.moments, done.calls, strict=True):
        under = next((p for p in paths if f"{moment.path}/".startswith(f"{p}/")), None)
        values = tuple(call.values.items())
        marks.append(None if under is None else (under, (call.copies, values)))
    missing = set(paths) - {mark[0] for mark in marks if mark}
    if missing:
        raise LookupFailedError(
            f"no block is called {quoted(min(missing), 60)}",
            code="unknown-block",
            hint="give the path under which its layers stand in the trace",
        )
    starts = [n for n, m in enumerate(marks) if m and (n == 0 or marks[n - 1] != m)]
    return [range(start, _end(marks, start)) for start in starts]


def _end(marks: Sequence[object], start: int) -> int:
    return next((n for n in range(start, len(marks)) if marks[n] != marks[start]), len(marks))


def _entering(done: Schedule, block: range) -> set[int]:
    """The buffers that a block reads and does not make."""
    read = set[int]().union(*(done.uses[moment][0] for moment in block))
    return read - set[int]().union(*(done.uses[moment][1] for moment in block))


def _inside(trace: Rows, done: Schedule, states: Stating, block: range) -> tuple[SavedTensor, ...]:
    """What one copy of a block keeps while it is computed once more, beside what goes into it."""
    entering, seen = frozenset(_entering(done, block)), set[object]()
    found = [t for moment in block for t in _of_call(trace, done, states, moment, seen, entering)]
    common = done.calls[block.start].copies
    return tuple(replace(tensor, copies=tensor.copies[len(common) :]) for tensor in found)


def _together(tensors: Iterable[SavedTensor]) -> Iterator[SavedTensor]:
    """The same tensor of the last copy of a block and of the others as one of all copies."""
    alike: dict[SavedTensor, list[Factors]] = {}
    first: dict[SavedTensor, SavedTensor] = {}
    for tensor in tensors:
        key = replace(tensor, copies=(), saved_by="")
        first.setdefault(key, tensor)
        alike.setdefault(key, []).append(tensor.copies)
    for key, found in alike.items():
        for copies in _joined(found):
            yield replace(first[key], copies=copies)


def _joined(found: list[Factors]) -> list[Factors]:
    """Copies that differ by one loop, of which one has all turns but the last, and one the last."""
    for copies in found:
        for place, factor in enumerate(copies):
            last = (*copies[:place], *copies[place + 1 :])
            if factor.index is None and last in found:
                left = list(found)
                left.remove(copies)
                left.remove(last)
                every = replace(factor, count=lower(plain(factor.count) + 1))
                return _joined([*left, (*copies[:place], every, *copies[place + 1 :])])
    return found


def _once(row: TracedRow) -> tuple[Shape, ...]:
    """The inputs of attention without keys that are the values, and values that are the queries."""
    given = [(edge.source, edge.output, edge.handed) for edge in row.fed]
    alike = len(given) == len(_ATTENDED) and given[1] == given[2]
    return row.inputs[: (1 if given[0] == given[1] else 2) if alike else len(given)]


_ATTENDED = ("query", "value", "key")

_CELL_OVER_TIME = (
    "what a cell keeps of its own states from step to step is not stated; "
    "that of SimpleRNN and GRU is"
)


def _everything(row: TracedRow) -> Saved:
    return Saved(tuple(range(len(row.inputs))), output=True)


def _indices(row: TracedRow) -> bool:
    return row.layer.input_kind(0) == "indices"


def _buffers(row: TracedRow, saves: Saved, call: Called) -> set[int]:
    """The buffers of inputs and outputs that are kept."""
    numbers = set(saves.inputs)
    if _multiplies(row):
        numbers.update(saves.for_weights)
    for number in saves.for_others:
        if any(has for other, (_, has) in enumerate(call.inputs) if other != number):
            numbers.add(number)
    found = set[int]().union(*(call.inputs[n][0] for n in numbers if n < len(call.inputs)))
    return found | call.outputs if saves.output else found


def _multiplies(row: TracedRow) -> bool:
    """Whether something is trained that is multiplied: what is added needs nothing kept."""
    added = {w.name for w in row.applied.weights if w.role in ("bias", "offset")}
    return not trained_weights(row) <= added


def _own(row: TracedRow, kept: Kept, call: Called) -> SavedTensor:
    size = product(kept.shape) if kept.of_batch else elements_of(row, kept.shape)
    elements = lower(substitute(plain(size), call.values))
    return SavedTensor(
        row.path, kept.name, elements, kept.kind, kept.of_batch, call.copies, row.path
    )
