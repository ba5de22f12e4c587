"""Compute by what it is for: projections, scores, MLP, experts, head; and of one token more.

What a product is for follows from facts: its kind, the experts it stands in, and the names of the
axes of its weight.

Sources: Kaplan et al., *Scaling Laws* (2020), table 1, for the parts; Dao et al., *FlashAttention*
(2022), for masks that are skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from sympy import Symbol

from archcalc.costs.base import Cost, Rows, TracedRow
from archcalc.costs.mesh import is_expert
from archcalc.costs.work import Flops
from archcalc.formula import Formula
from archcalc.layers.facts import Work
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.substitution import substitute

__all__ = [
    "EXACT",
    "PARTS",
    "DecodeFlops",
    "Part",
    "PartFlops",
    "part_of",
    "read_before",
    "tokens_of",
]

Part: TypeAlias = Literal["projections", "scores", "MLP", "experts", "head", "other"]
"""What a product is for."""

PARTS: tuple[Part, ...] = get_args(Part)
"""What products are for, in order."""

_BY_AXIS: Mapping[str, Part] = MappingProxyType(
    {
        "heads": "projections",
        "kv heads": "projections",
        "latent": "projections",
        "channels": "projections",
        "ffn": "MLP",
        "routes": "experts",
        "vocab": "head",
    }
)
"""What a product is for by the name of an axis of its weight."""


def part_of(row: TracedRow, work: Work) -> Part:
    """What a product of a row is for: ``"other"`` where no fact says it.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> up = Dense("f", weight_axes={"kernel": ("width", "ffn")})
    >>> (row,) = Sequential([up]).trace(("t", "d")).rows
    >>> part_of(row, row.work[0])
    'MLP'
    """
    if work.kind == "attention":
        return "scores"
    if is_expert(row):
        return "experts"
    names = [x.name for w in row.applied.weights if w.name == work.weight for x in w.axes]
    return next((_BY_AXIS[name] for name in names if name in _BY_AXIS), "other")


@dataclass(frozen=True)
class PartFlops(Flops):
    """FLOPs of one sample, forward, of the products that are for one thing.

    Args:
        kinds, per_mac, bias, mask: as in `Flops`; biases count with ``part="other"``.
        part: what the products are for.

    In a step of training: ``TrainingFlops(forward=PartFlops(part="scores"))``.

    >>> from archcalc.layers import GroupQueryAttention
    >>> from archcalc.network import Sequential
    >>> trace = Sequential([GroupQueryAttention("e", "a", "g", use_bias=False)]).trace(("t", "d"))
    >>> trace.cost(PartFlops(part="scores")), trace.cost(PartFlops(part="projections"))
    (4·a·e·t², 2·(2·a + 2·g)·t·d·e)
    """

    part: Part = "projections"

    def of(self, row: TracedRow) -> Dim:
        if self.part == "other":
            return super().of(row)
        return self.of_work(row, row.work)

    def _products(self, row: TracedRow, work: Sequence[Work]) -> list[tuple[Dim, ...]]:
        return super()._products(row, [w for w in work if part_of(row, w) == self.part])


def tokens_of(trace: Rows) -> Dim:
    """How many positions the sequence has that a network goes along: of its inputs the one that is
    as long as what comes out, as the words that a decoder has written; the first where none is.

    >>> from archcalc.layers import Embedding
    >>> from archcalc.network import Sequential
    >>> tokens_of(Sequential([Embedding(1000, 16)]).trace(("t",)))
    t
    >>> from archcalc.families import encoder_decoder
    >>> tokens_of(encoder_decoder(source_length="s", length="t").trace())
    t
    """
    lengths = [shape[0] for shape in trace.inputs if shape]
    made = [shape[0] for shape in trace.outputs[:1] if shape]
    return next((n for n in made if n in lengths), lengths[0] if lengths else 1)


def read_before(trace: Rows) -> tuple[int, ...]:
    """The numbers of the inputs that have been read when a token is written: all but the sequence
    that the network goes along, as the source of a decoder.

    >>> from archcalc.families import encoder_decoder, llama
    >>> read_before(encoder_decoder().trace()), read_before(llama().trace())
    ((0,), ())
    """
    length = tokens_of(trace)
    return tuple(n for n, shape in enumerate(trace.inputs) if not shape or shape[0] != length)


EXACT = Flops(mask="exact")
"""Every product but those of pairs that a mask hides."""


@dataclass(frozen=True)
class DecodeFlops(Cost[Formula]):
    """FLOPs of one token more after those of the input, forward, of one sample.

    The difference of two prefills, of one token more and of so many, in which masked pairs do not
    count: so over a whole sequence all tokens together are the prefill of it.  The network has a
    symbol for its length.

    Args:
        forward: how a prefill is counted; its mask is taken exactly.

    Raises:
        EvaluationError: the length of the sequence is no symbol.

    >>> from archcalc.layers import GroupQueryAttention
    >>> from archcalc.network import Sequential
    >>> attention = GroupQueryAttention(128, 32, 8, use_bias=False, use_causal_mask=True)
    >>> Sequential([attention]).trace(("t", 4096)).cost(DecodeFlops())
    16384·t + 83902464
    """

    forward: Flops = EXACT
    unit = "FLOPs"
    source = "Pope et al., Efficiently Scaling Transformer Inference (2022), section 2"

    def over(self, trace: Rows) -> Formula:
        length = tokens_of(trace)
        if not isinstance(length, Symbol):
            raise EvaluationError(
                f"the length {length} is no symbol, so that no token can be added",
                code="no-length",
                hint="trace the network on a length such as 't', and give its number afterwards",
            )
        whole = plain(self.forward.over(trace).expr)
        more = substitute(whole, {length: length + 1})
        return Formula(lower((more - whole).expand()), trace.requirements)
