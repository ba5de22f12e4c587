"""FLOPs of everything: products, biases, and the arithmetic beside them, under a named tally.

A layer says what it computes in primitive operations (`Layer.arithmetic`); a tally says what each
counts, or counts by what the layer is, as tools do.

Sources, each as its rules stand in the repository: fvcore (`fvcore/nn/flop_count.py`,
`fvcore/nn/jit_handles.py`), TensorFlow (`tensorflow/python/profiler/internal/flops_registry.py`),
ptflops (`sovrasov/flops-counter.pytorch`, `ptflops/pytorch_ops.py`) and DeepSpeed
(`deepspeed/profiling/flops_profiler/profiler.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from archcalc.costs.base import Additive, Rows, TracedRow, ordered_sum
from archcalc.costs.loops import Factors, called, positions
from archcalc.costs.work import additions
from archcalc.layers.facts import (
    KINDS,
    PRIMITIVES,
    Arithmetic,
    ArithmeticKind,
    Kind,
    Primitive,
    Work,
)
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import LookupFailedError, quoted
from archcalc.symbolic.shown import Shown

__all__ = ["TALLIES", "EveryFlops", "Rule", "Tally", "Uncounted"]

Weights = Mapping[Primitive, int]

_EACH: Weights = MappingProxyType(dict.fromkeys(PRIMITIVES, 1))


@dataclass(frozen=True)
class Rule(Shown):
    """What arithmetic of one kind counts: so much for each number that is read, made, or looked at.

    Attributes:
        read: for each number that comes in.
        made: for each number that comes out.
        windows: for each number of each window.
        affine: for each number that comes in besides, where a scale or an offset is learned.
        weights: for each primitive operation.
    """

    read: int = 0
    made: int = 0
    windows: int = 0
    affine: int = 0
    weights: Weights = field(default_factory=dict)

    def counted(self, done: Arithmetic) -> Iterable[tuple[Dim, ...]]:
        """The products that add up to what arithmetic counts."""
        read = self.read + (self.affine if done.affine else 0)
        if read:
            yield (read, *done.inputs)
        if self.made:
            yield (self.made, *done.outputs)
        if self.windows:
            yield (self.windows, done.area, *done.outputs)
        for name, factors in done.parts:
            if self.weights.get(name):
                yield (self.weights[name], *factors)


@dataclass(frozen=True)
class Tally(Shown):
    """A way to count every operation.

    Attributes:
        name: as it is asked for.
        meaning: how it counts, in words.
        source: where it is from.
        per_mac: the operations of one multiply-accumulate.
        biases: the kinds of products of which the addition of a bias counts.
        rules: what each kind of arithmetic counts; what is not named counts nothing, and is listed.
        every: what counts of kinds that are not named, where all of them do.
    """

    name: str
    meaning: str
    source: str
    per_mac: int
    biases: tuple[Kind, ...]
    rules: Mapping[ArithmeticKind, Rule]
    every: Rule | None = None

    def rule(self, kind: ArithmeticKind) -> Rule | None:
        """What arithmetic of a kind counts; ``None`` where nothing is said of it."""
        return self.rules.get(kind, self.every)


_NORMS: tuple[ArithmeticKind, ...] = (
    "layer normalization",
    "group normalization",
    "instance normalization",
)
_POOLS: tuple[ArithmeticKind, ...] = (
    "max pooling",
    "average pooling",
    "adaptive average pooling",
    "adaptive max pooling",
    "global average pooling",
    "global max pooling",
)
_INTERPOLATIONS: tuple[ArithmeticKind, ...] = ("nearest interpolation", "linear interpolation")


def _all(kinds: Iterable[ArithmeticKind], rule: Rule) -> dict[ArithmeticKind, Rule]:
    return dict.fromkeys(kinds, rule)


_SUMS: Weights = MappingProxyType({name: 1 for name in PRIMITIVES if name != "comparison"})

_ALL = (
    Tally(
        "each operation",
        "every addition, multiplication, division, comparison, root and transcendental function is "
        "one operation, as the definition of the layer is written",
        "the definitions of the layers",
        2,
        KINDS,
        {},
        Rule(weights=_EACH),
    ),
    Tally(
        "fvcore",
        "a fused multiply-add is one; batch normalization at inference is folded into 1 or 2 for "
        "each number, other normalizations are 4 or 5, adaptive average pooling 1, interpolation 1 "
        "(nearest) or 4 (linear); nothing else",
        "facebookresearch/fvcore, fvcore/nn/jit_handles.py and flop_count.py",
        1,
        (),
        {
            "batch normalization": Rule(read=1, affine=1),
            **_all(_NORMS, Rule(read=4, affine=1)),
            "adaptive average pooling": Rule(read=1),
            "global average pooling": Rule(read=1),
            "nearest interpolation": Rule(made=1),
            "linear interpolation": Rule(made=4),
        },
    ),
    Tally(
        "TensorFlow profiler",
        "softmax is 5 for each number, a pool its window for each result, element by element one "
        "for each result, a mean or a sum one for each number but the first; activation functions "
        "and fused normalizations are not known to it",
        "tensorflow/tensorflow, tensorflow/python/profiler/internal/flops_registry.py",
        2,
        KINDS,
        {
            "softmax": Rule(read=5),
            "max pooling": Rule(windows=1),
            "average pooling": Rule(windows=1),
            "elementwise": Rule(weights=_EACH),
            "reduction": Rule(weights=_SUMS),
            "global average pooling": Rule(weights=_SUMS),
        },
    ),
    Tally(
        "ptflops",
        "a multiply-accumulate is one, with biases; activations one for each result, pools one for "
        "each number that comes in, normalizations 1 or 2, interpolation one for each result",
        "sovrasov/flops-counter.pytorch, ptflops/pytorch_ops.py",
        1,
        KINDS,
        {
            "activation": Rule(made=1),
            "softmax": Rule(read=1),
            **_all(_POOLS, Rule(read=1)),
            **_all(("batch normalization", *_NORMS), Rule(read=1, affine=1)),
            **_all(_INTERPOLATIONS, Rule(made=1)),
            "elementwise": Rule(made=1),
        },
    ),
    Tally(
        "DeepSpeed",
        "a multiply-accumulate is two, biases of convolutions count; activations, softmax, pools "
        "and interpolation by a factor are one for each number that comes in, batch normalization "
        "1 or 2, other normalizations 4 or 5",
        "microsoft/DeepSpeed, deepspeed/profiling/flops_profiler/profiler.py",
        2,
        ("convolution",),
        {
            "activation": Rule(read=1),
            "softmax": Rule(read=1),
            **_all(_POOLS, Rule(read=1)),
            "batch normalization": Rule(read=1, affine=1),
            **_all(_NORMS, Rule(read=4, affine=1)),
            **_all(_INTERPOLATIONS, Rule(read=1)),
            "elementwise": Rule(made=1),
        },
    ),
)

TALLIES: Mapping[str, Tally] = MappingProxyType({tally.name: tally for tally in _ALL})
"""Every way to count all operations, by name; the first is the default."""


@dataclass(frozen=True, slots=True)
class Uncounted(Shown):
    """A row of which something is left out of a count.

    Attributes:
        path: the row.
        layer: its class.
        why: what is not known of it.
    """

    path: str
    layer: str
    why: str


@dataclass(frozen=True)
class EveryFlops(Additive):
    """Floating-point operations of one sample at inference: products, biases, and all the rest.

    The default of archcalc, `Flops`, counts products of matrices and nothing else.  What a network
    does between its layers, such as adding up what experts give, is not counted.

    Args:
        tally: what counts, and how much: a name in `TALLIES`, or a `Tally`.

    Raises:
        LookupFailedError: the tally is not known.

    >>> from archcalc.layers import Conv2D, MaxPooling2D, ReLU
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([Conv2D(4, 3), ReLU(), MaxPooling2D(2)]).trace((10, 10, 1))
    >>> products, biases, activations, pools = 2*64*36, 64*4, 64*4, 16*4*3
    >>> trace.cost(EveryFlops()), products + biases + activations + pools
    (5312, 5312)
    """

    tally: str | Tally = "each operation"
    unit = "FLOPs"
    source = "the definitions of the layers, or the tool that the tally is named after"

    def of(self, row: TracedRow) -> Dim:
        tally = self._tally()
        products = [(tally.per_mac, *work.factors) for work in row.work]
        beside = positions(row.loops)
        others = [
            (*beside, *factors)
            for done in row.applied.arithmetic or ()
            if (rule := tally.rule(done.kind)) is not None
            for factors in rule.counted(done)
        ]
        return ordered_sum([*products, *additions(row, tally.biases), *others])

    def of_work(self, row: TracedRow, work: Sequence[Work]) -> Dim:
        return ordered_sum([(self._tally().per_mac, *done.factors) for done in work])

    def factors(self, row: TracedRow) -> Factors:
        return called(row.loops)

    def uncounted(self, trace: Rows) -> tuple[Uncounted, ...]:
        """The rows of which something is left out, each with the reason."""
        return tuple(left for row in trace.rows for left in self._left_out(row))

    def _left_out(self, row: TracedRow) -> Iterable[Uncounted]:
        name, tally = type(row.layer).__name__, self._tally()
        if row.applied.arithmetic is None:
            yield Uncounted(row.path, name, row.layer.not_counted)
        for done in row.applied.arithmetic or ():
            if tally.rule(done.kind) is None:
                yield Uncounted(row.path, name, f"{tally.name} has no rule for: {done.kind}")

    def _tally(self) -> Tally:
        if isinstance(self.tally, Tally):
            return self.tally
        if self.tally not in TALLIES:
            raise LookupFailedError(
                f"{quoted(self.tally, 40)} is no known tally of operations",
                code="unknown-tally",
                hint=f"known are {', '.join(TALLIES)}",
            )
        return TALLIES[self.tally]
