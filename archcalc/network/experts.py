"""A mixture of experts: blocks side by side, of which every token meets some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from pydantic import field_validator, model_validator

from archcalc.costs.loops import Loop
from archcalc.layers.base import Layer
from archcalc.layers.facts import Kept, Saved
from archcalc.layers.fields import Size, option
from archcalc.network.base import Network, followed
from archcalc.network.fields import Block
from archcalc.network.forms import as_layer
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.tracer import Round, Scope, Tracer, Value
from archcalc.symbolic.compare import equal
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["Experts"]


class Experts(Network):
    """`count` blocks with weights of their own, of which each token meets the best `active`.

    It takes the tokens and a score of each expert for each token, which the router beside it
    gives: a `Dense` with as many units as there are experts, followed by a softmax.  What comes out
    is the sum of what the `active` experts with the highest scores make of the token, each times
    its score: ``y = Σ s_e·block_e(x)``.

    All axes of the scores but the last say what is routed by itself: with tokens ``(t, d)`` and
    scores ``(t, count)`` each of ``t`` tokens is, and the block takes ``(d,)``; with scores
    ``(count,)`` the sample is, and the block takes all of it.

    The weights of all experts are there (`trace.parameters`), those of `active` are met by a token
    (`trace.active_parameters`), and the work of `active` is done.  Choosing and adding up are no
    matrix products.  No expert is taken to be full: no token is dropped, and none is padded.  What
    is in memory is that of one after the other on the tokens it meets, gathered for it.

    Args:
        block: one expert: a layer, a network, or a list of layers with one output.
        count: how many experts there are; 8 in Mixtral.
        active: how many of them are run for a token; 2 in Mixtral, 1 in Switch.
        normalize: whether the scores of the chosen are divided by their sum, as in Mixtral;
            in Switch they are not.

    Sources: Shazeer et al., *Outrageously Large Neural Networks* (2017), equation 1; Fedus et al.,
    *Switch Transformers* (2021), equation 2; Jiang et al., *Mixtral of Experts* (2024), section
    2.1.

    Raises:
        InvalidLayerError: more experts are active than there are.
        ShapeError: the scores are not one for each expert, or not for the tokens given.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Input, Model
    >>> x = Input(("t", "d"))
    >>> scores = Dense(8, "softmax", use_bias=False)(x)
    >>> trace = Model(x, Experts([Dense("f"), Dense("d")], 8, 2)([x, scores])).trace()
    >>> trace.parameters.collect("d")
    d·(16·f + 16) + 8·f
    >>> trace.active_parameters.collect("d")
    d·(4·f + 10) + 2·f
    >>> trace.macs.collect("d", "t")
    d·t·(4·f + 8)
    """

    block: Block
    count: Size = option(counts="parts")
    active: Size = option(counts="parts")
    normalize: bool = option(default=True, kw_only=True)

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    whole: ClassVar[bool] = True
    source: ClassVar[str] = "https://arxiv.org/abs/2401.04088"

    @field_validator("block", mode="before")
    @classmethod
    def _as_layer(cls, value: Any) -> Any:
        return as_layer(value)

    @model_validator(mode="after")
    def _has_as_many(self) -> Self:
        if _at_most(self.active, self.count).holds() is False:
            raise InvalidLayerError(
                f"{self.active} experts cannot be active where there are {self.count}",
                code="too-many-active",
                hint="active is at most count",
            )
        return self

    @cached_property
    def _graph(self) -> Graph:
        return Graph.of(2, [(self.block, (Ref(INPUT),))], (Ref(0),))

    def graph(self) -> Graph:
        """The graph of one expert; the second input is the scores."""
        return self._graph

    def needs(self, *inputs: Shape) -> tuple[Requirement, ...]:
        x, scores = inputs
        pairs = [*zip(x, scores[:-1], strict=False), (self.count, scores[-1])]
        return (_at_most(self.active, self.count), *_same(pairs))

    def inside(self, *inputs: Shape) -> tuple[Shape, ...]:
        """The shape that an expert takes.

        Raises:
            ShapeError: the scores are not one for each expert, or not for the tokens given.
        """
        x, scores = inputs
        known = [*zip(x, scores[:-1], strict=False), (self.count, scores[-1])]
        if len(x) < len(scores) or any(equal(a, b) is False for a, b in known):
            raise ShapeError(
                f"the scores {scores!r} are not one for each of {self.count} experts, "
                f"for tokens {x!r}",
                code="scores-do-not-fit",
                hint="give tokens (t, d) scores (t, count), as Dense(count, 'softmax') does",
            )
        return (Shape(x[len(scores) - 1 :]),)

    def follow(self, tracer: Tracer, values: Sequence[Value], at: Scope) -> tuple[Value, ...]:
        """One expert, for all of them; what the chosen give is added up."""
        tokens, scores = values
        (x,) = self.inside(tokens.shape, scores.shape)
        tracer.require(self.needs(tokens.shape, scores.shape), at)
        (node,) = self.graph().nodes
        routed = Shape(scores.shape[:-1])
        place = at.under(node.name)
        for dim in routed:
            turn = Round("steps", len(tracer.rows), dim)
            place = place.inside(Loop.steps(dim))._replace(rounds=(*place.rounds, turn))
        for number, loop in enumerate(self._loops(tracer)):
            one = place._replace(loops=(*place.loops, loop), copy=(*at.copy, id(self), number))
            one = one.under(str(number)) if tracer.unroll else one
            made = followed(node.layer, tracer, [tokens._replace(shape=x)], one)
        if len(made) != 1:
            raise ShapeError(
                f"an expert gives {len(made)} outputs, and one is added up",
                code="several-outputs",
                path=at.path,
            )
        (y,) = made
        whole = y._replace(shape=Shape((*routed, *y.shape)))
        return tracer.call(self._sum, [whole, scores], at.under("weighted_sum"))

    def _loops(self, tracer: Tracer) -> list[Loop]:
        """One loop for all experts, or one for each, where a walk takes them apart."""
        if not (tracer.unroll and isinstance(self.count, int) and isinstance(self.active, int)):
            return [Loop.experts(self.count, self.active)]
        return [Loop.experts(1, int(number < self.active)) for number in range(self.count)]

    @cached_property
    def _sum(self) -> Layer:
        return WeightedSum(self.active, normalize=self.normalize)


class WeightedSum(Layer, abstract=True):
    """What the chosen experts give, each times its score, added up."""

    active: Size
    normalize: bool = option(default=True, kw_only=True)

    arity: ClassVar[tuple[int, int | None]] = (2, 2)

    def output_shape(self, *inputs: Shape, **_: Any) -> Shape:
        return inputs[0]

    def saves(self, *shapes: Shape) -> Saved:
        """What experts give for the gradient of the scores, and the other way round.

        Source: transformers, models/mixtral/modeling_mixtral.py: the best are found, normalised,
        and looked up for each expert by its tokens and their places among the best; ``index_add``
        keeps what it adds.
        """
        routed = shapes[1][:-1]
        best = Shape((*routed, self.active))
        own = [
            Kept("chosen", best, "index"),
            Kept("tokens and places", Shape((*best, 2)), "index"),
            Kept("weights", best),
            Kept("weighted", Shape((*best, *shapes[0][len(routed) :]))),
        ]
        if self.normalize:
            own += [Kept("best scores", best), Kept("sum of scores", Shape(routed))]
        return Saved(for_others=(0,), own=tuple(own))


def _at_most(active: Dim, count: Dim) -> Requirement:
    return Requirement(
        count,
        Relation.AT_LEAST,
        active,
        "{right} experts cannot be active where there are {left}",
        code="too-many-active",
        hint="active is at most count",
        details=(("left", count), ("right", active)),
    )


def _same(pairs: Sequence[tuple[Dim, Dim]]) -> Iterator[Requirement]:
    for a, b in pairs:
        yield Requirement(
            a,
            Relation.EQUAL,
            b,
            "the scores are for {second}, not for {first}",
            code="scores-do-not-fit",
            details=(("first", a), ("second", b)),
        )
