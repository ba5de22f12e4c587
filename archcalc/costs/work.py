"""Compute: MACs and FLOPs, forward and in a step of training.

Convention: one MAC is two FLOPs; matrix products and convolutions count, biases and activations do
not.  These are the defaults of torch's ``FlopCounterMode``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from sympy import Add, Rational

from archcalc.costs.base import (
    Additive,
    Cost,
    Rows,
    TracedRow,
    ordered_sum,
    same_work,
    total,
)
from archcalc.costs.gradients import Gradients, State
from archcalc.costs.loops import Factors, called, parted, positions
from archcalc.costs.parameters import learns, trained_weights
from archcalc.costs.when import When, counts, holds, subsets
from archcalc.formula import Formula
from archcalc.layers.facts import KINDS, Kind, Operand, Work
from archcalc.layers.spatial import Spatial
from archcalc.layers.window import TransposedWindow
from archcalc.symbolic.compare import smallest
from archcalc.symbolic.dims import Dim, DimLike, as_dim, lower
from archcalc.symbolic.ordered import OrderedMul, plain
from archcalc.symbolic.requirement import Requirement, undecided
from archcalc.symbolic.shape import product

__all__ = ["Flops", "Macs", "MacsByOutput", "TrainingFlops", "additions"]


@dataclass(frozen=True)
class Macs(Additive):
    """Multiply-accumulates of one sample, forward.

    Args:
        kinds: the kinds of work to count.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.network import Sequential
    >>> Sequential([Conv2D(32, 3)]).trace((28, 28, 1)).cost(Macs())
    194688
    """

    kinds: tuple[str, ...] = KINDS
    unit = "MACs"

    def factors(self, row: TracedRow) -> Factors:
        return called(row.loops)

    def of(self, row: TracedRow) -> Dim:
        return self.of_work(row, row.work)

    def of_work(self, row: TracedRow, work: Sequence[Work]) -> Dim:
        return ordered_sum(w.factors for w in work if w.kind in self.kinds)


@dataclass(frozen=True)
class MacsByOutput(Macs):
    """MACs as counters have them that take a transposed convolution for a plain one.

    A transposed convolution multiplies every *input* position with the kernel.  Some counters
    multiply the kernel with the *output* positions instead, as a plain convolution would.

    >>> from archcalc.layers import Conv2DTranspose
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Conv2DTranspose(32, 3, strides=2, groups=32)]).trace((8, 8, 32))
    >>> trace.cost(Macs()), trace.cost(MacsByOutput())
    (18432, 83232)
    """

    source = "https://github.com/TylerYep/torchinfo (calculate_macs)"

    def of(self, row: TracedRow) -> Dim:
        if not (isinstance(row.layer, Spatial) and _is_transposed(row)):
            return super().of(row)
        kernels = [w.shape for w in row.applied.weights if w.role == "kernel"]
        places = (*positions(row.loops), *row.layer.extent(row.output))
        return ordered_sum((*places, *kernel) for kernel in kernels)


def _is_transposed(row: TracedRow) -> bool:
    return any(isinstance(window, TransposedWindow) for _, window in row.windows or ())


@dataclass(frozen=True)
class Flops(Additive):
    """Floating-point operations of one sample, forward.

    Args:
        kinds: the kinds of work to count.
        per_mac: the operations of one multiply-accumulate.
        bias: whether the addition of a bias counts, one for each result it is added to.
        mask: which products of attention count: ``"full"`` all, hidden by a mask or not; ``"half"``
            half of them where a mask is causal, or may be because something attends to itself, as
            FlashAttention counts; ``"exact"`` those that the masks of the layers do not hide.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Dense(10)]).trace(784)
    >>> trace.cost(Flops()), trace.cost(Flops(bias=True))
    (15680, 15690)
    """

    kinds: tuple[str, ...] = KINDS
    per_mac: int = 2
    bias: bool = False
    mask: Literal["full", "half", "exact"] = "full"
    unit = "FLOPs"
    source = "torch.utils.flop_counter.FlopCounterMode"

    def factors(self, row: TracedRow) -> Factors:
        return called(row.loops)

    def of(self, row: TracedRow) -> Dim:
        products = self._products(row, row.work)
        return ordered_sum([*products, *(additions(row) if self.bias else ())])

    def of_work(self, row: TracedRow, work: Sequence[Work]) -> Dim:
        return ordered_sum(self._products(row, work))

    def _products(self, row: TracedRow, work: Sequence[Work]) -> list[tuple[Dim, ...]]:
        own = len(set(row.sources)) == 1
        return [self._product(done, own) for done in work if done.kind in self.kinds]

    def _product(self, done: Work, own: bool) -> tuple[Dim, ...]:
        """One product; `own` says whether its row attends to itself."""
        if self.mask == "exact":
            return (self.per_mac, *done.seen)
        causal = own if done.mask is None else done.mask.causal
        if self.mask == "half" and causal and done.kind == "attention":
            return (lower(Rational(self.per_mac, 2)), *done.factors)
        return (self.per_mac, *done.factors)


def additions(row: TracedRow, kinds: Iterable[Kind] = KINDS) -> Iterable[tuple[Dim, ...]]:
    """For each bias, how often each of its numbers is added, and how many they are.

    Args:
        row: the call.
        kinds: the kinds of products of which biases count.
    """
    added = {work.bias: work.places for work in row.work if work.bias}
    left = {work.bias for work in row.work if work.kind not in kinds}
    for bias in row.applied.weights:
        if bias.role == "bias" and bias.name not in left and kinds:
            places = added.get(bias.name)  # a bias of no product is added to what comes out
            own = (*positions(row.loops), *row.output)
            yield own if places is None else (*places, *bias.shape)


_Passed: TypeAlias = tuple[tuple[bool, ...], frozenset[int]]
"""Before which inputs something trained lies, and to which outputs a gradient comes back."""


@dataclass(frozen=True)
class TrainingFlops(Cost[Formula]):
    """FLOPs of one step of training on a batch: forward, and both gradients of every layer.

    Each product of the forward pass comes back twice: once for the gradient of the weights, where
    the layer is trained, and once for the gradient of the input, where something trained lies
    before it.  So the first layer has no input gradient, and the total is a little less than three
    times the forward pass.

    Args:
        batch: samples in the batch; a number or a symbol.
        forward: how the forward pass is counted: a cost that is a sum over layers.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> Sequential([Dense(100), Dense(10)]).trace(784).cost(TrainingFlops())
    319600
    """

    batch: DimLike = 1
    forward: Additive = Flops()
    unit = "FLOPs"
    source = "Kaplan et al., Scaling Laws (2020), section 2.1, made exact for the first layer"

    def over(self, trace: Rows) -> Formula:
        batch = as_dim(self.batch)
        needs: list[Requirement] = []
        amount = total(self._counted(trace, needs))
        whole = amount * batch if isinstance(amount, int) else OrderedMul(batch, amount)
        return Formula(whole, (*trace.requirements, *undecided(needs)))

    def _counted(self, trace: Rows, needs: list[Requirement]) -> Iterable[tuple[Dim, Dim]]:
        known: dict[tuple[object, ...], Dim] = {}
        gradients = Gradients(trace)
        for number, row in enumerate(trace.rows):
            key = same_work(row)
            if key not in known:
                known[key] = self.forward.of(row)
            whole = known[key]
            before, asked = gradients.before(number), gradients.asked(number)
            depending = counts(
                when for each in (before, asked) for w in each.values() for when in w
            )
            always = depending & gradients.needs.keys()
            needs.extend(gradients.needs[count] for count in always)
            told = subsets(depending - always)
            every = {
                case: total(self._of(row, _passed(before, asked, case | always), whole))
                for case in told
            }
            for case in told:
                within = [plain(every[c]) * (-1) ** len(case - c) for c in told if c <= case]
                yield product(smallest(1, count) for count in case), lower(Add(*within))

    def _of(
        self, row: TracedRow, passed: Mapping[State, _Passed], whole: Dim
    ) -> Iterable[tuple[Dim, Dim]]:
        """What one row adds, where gradients pass it so in each state of its loops."""
        *_, last = passed.values()
        apart = {state: found for state, found in passed.items() if found != last}
        parts = [*apart.values(), last]
        for number, found in enumerate(parts):
            for passes, part in self._parts(row, *found, whole):
                told, rest = parted(row.loops, part, list(apart))
                times, amount = [*told, rest][number]
                if times != 0:
                    yield passes * times, amount

    def _parts(
        self, row: TracedRow, fed: Sequence[bool], asked: frozenset[int], whole: Dim
    ) -> Iterable[tuple[int, Dim]]:
        """What is done how often: each product forward, and once for each gradient that it has."""
        often: dict[int, list[Work]] = {}
        moved: list[Work] = []
        for work in row.work:
            has_one = not asked.isdisjoint(work.outputs) if work.outputs else bool(asked)
            often.setdefault(_passes(row, work, fed) if has_one else 1, []).append(work)
            if has_one:
                moved.extend(_back_in_time(row, work, fed))
            elif asked and work.makes:
                moved.extend(_in_all_but_last(work) * (_passes(row, work, fed) - 1))
        back = self.forward.of_work(row, moved) if moved else None
        if back is not None:
            yield 1, back
        first, *others = sorted(often) or [1 + (learns(row) + any(fed)) * bool(asked)]
        for passes in others:
            part = self.forward.of_work(row, often[passes])
            if part is not None:
                whole = lower(plain(whole) - plain(part))
                yield passes, part
        yield first, whole


def _passed(
    before: Mapping[State, Sequence[When]],
    asked: Mapping[State, Sequence[When]],
    there: frozenset[Dim],
) -> dict[State, _Passed]:
    """How gradients pass a row where these loops have turns, states told apart that differ."""
    found = {
        state: (
            tuple(holds(when, there) for when in before[state]),
            frozenset(i for i, when in enumerate(asked[state]) if holds(when, there)),
        )
        for state in before
    }
    for depth in range(len(next(iter(found)))):
        for part in ("first", "last"):
            found = _without(found, depth, part)
    return found


def _without(found: dict[State, _Passed], depth: int, part: str) -> dict[State, _Passed]:
    """The same where it is not told whether a loop is in its first or last turn, if it can be."""
    merged: dict[State, _Passed] = {}
    for state, passed in found.items():
        turn = state[depth]._replace(**{part: None})
        if merged.setdefault((*state[:depth], turn, *state[depth + 1 :]), passed) != passed:
            return found
    return merged


def _passes(row: TracedRow, work: Work, fed: Sequence[bool]) -> int:
    """How often a product is done: forward, and for the gradient of each of its operands.

    A state is left to `_back_in_time`, since the first may have no gradient where the others do.
    """
    operands = [operand for operand in work.activations if not operand.state]
    weight = _trained(row, work.weight) if work.weight or len(operands) > 1 else learns(row)
    return 1 + weight + sum(_has_gradient(row, operand, fed) for operand in operands)


def _back_in_time(row: TracedRow, work: Work, fed: Sequence[bool]) -> Iterable[Work]:
    """The products by which the gradient of a state goes back, step by step."""
    for state in (operand for operand in work.activations if operand.state):
        if _has_gradient(row, state, fed):
            yield from _in_all_but_last(work)
        first = fed[state.first : state.first + 1] if state.first is not None else ()
        if any(first):
            yield replace(work, steps=1)


def _in_all_but_last(work: Work) -> list[Work]:
    """What a product is to the steps after it: the last step makes a state that nobody takes."""
    before = lower((work.steps or 1) - 1)
    return [replace(work, steps=before)] if before != 0 else []


def _has_gradient(row: TracedRow, operand: Operand, fed: Sequence[bool]) -> bool:
    """Whether something trained lies before an operand, or made it."""
    last = len(fed) - 1  # queries, values and keys may be one input
    return any(fed[min(i, last)] for i in operand.inputs if last >= 0) or any(
        _trained(row, name) for name in operand.weights
    )


def _trained(row: TracedRow, name: str) -> bool:
    """Whether training changes a weight; of one that another row owns, that one says so."""
    return name in trained_weights(row)
