"""Attention: every output is a mean of the values, weighted by how well a query fits their keys.

Sources: Luong et al. (2015) for products, Bahdanau et al. (2014) for additive scores.  Heads are in
`archcalc.layers.heads`.

All take, in Keras' order, a query, a value and a key.  Without a key the value is the key too; a
query alone attends to itself.  What a mask hides is counted all the same, as torch's
``FlopCounterMode`` counts it; ``Flops(mask="exact")`` leaves it out.

The core has no weights: it multiplies queries with keys, and scores with values.  It says which
keys a query sees, in one place for every attention there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archcalc.layers.axis import Axis
from archcalc.layers.base import Layer, leading_axes
from archcalc.layers.facts import Arithmetic, Kept, Operand, Saved, State, Weight, Work
from archcalc.layers.functions import elementwise, softmax_along
from archcalc.layers.kept import EVERY
from archcalc.layers.mask import Mask
from archcalc.layers.sight import Sights, channels, in_place, unknown
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = ["AdditiveAttention", "Attention"]

KEYS_AND_VALUES = "keys and values are not equally many"
_FEATURES = "have different numbers of features"


@dataclass(frozen=True, slots=True)
class Core:
    """The weightless middle of attention: which queries meet which keys, and what that takes.

    Attributes:
        beside: the axes that go side by side, such as heads.
        queries, keys: the axes of positions, all of which meet where no mask hides them.
        mask: which of them meet.
    """

    beside: Shape
    queries: Shape
    keys: Shape
    mask: Mask

    @property
    def scores(self) -> Shape:
        """The shape of the scores: a number for each pair."""
        return Shape((*self.beside, *self.queries, *self.keys))

    def scored(self, features: Shape, query: Operand, key: Operand) -> Work:
        """The products by which queries and keys of `features` become scores."""
        return self._work(features, query, key)

    def weighed(self, features: Shape, scores: Operand, value: Operand) -> Work:
        """The products of scores with values of `features`: scores come out without them."""
        return replace(self._work(features, scores, value), outputs=(0,))

    def _work(self, features: Shape, *operands: Operand) -> Work:
        mask = self.mask if self.mask.hides else None
        return Work("attention", features, self.scores, activations=operands, mask=mask)

    def kept(self, name: str, features: Shape, axes: tuple[Axis, ...] = ()) -> State:
        """Keys or values as later queries need them: those of the sequence, not those added."""
        steps = lower(product(self.keys) - self.mask.added)
        return State(name, features, steps, grows=True, window=self.mask.window, axes=axes)


def shares(scores: Shape, scaled: bool = True) -> tuple[Arithmetic, ...]:
    """What makes scores shares that sum to 1, multiplied with a number before."""
    each = elementwise("elementwise", scores, {"multiplication": int(scaled)})
    return (*each, *softmax_along("softmax", scores))


def shares_kept(scores: Shape, dropout: float) -> tuple[Kept, ...]:
    """What is kept of scores that became shares: these, and what a dropout draws and leaves."""
    if not dropout:
        return (Kept("shares", scores),)
    return (Kept("shares", scores), Kept("mask", scores, "mask"), Kept("dropped", scores))


_SAID_AT_CALLS = ("return_attention_scores", "use_causal_mask")
"""What Keras says of a call, and a layer here of itself."""


class Attending(Layer, abstract=True):
    """What takes a query, a value and a key, and may give its scores as a second output."""

    arity: ClassVar[tuple[int, int | None]] = (1, 3)

    def __call__(self, *tensors: Any, **how: Any) -> Any:
        """As every layer; what Keras says of a call is said of the layer, for all of its calls.

        Raises:
            InvalidLayerError: another call said something else.
        """
        asked = {name: how.pop(name) for name in _SAID_AT_CALLS if name in how}
        return Layer.__call__(self._as_called(asked), *tensors, **how)

    def _as_called(self, asked: Mapping[str, Any]) -> Layer:
        """The layer of which this is said, the same at every call."""
        first = self.__dict__.setdefault("_first_asked", asked)
        if first != asked:
            name = next(iter({**first, **asked}))
            raise InvalidLayerError(
                f"{type(self).__name__}: one call says {name}, and another does not",
                code="calls-differ",
                hint=f"say it of the layer: {type(self).__name__}(…, {name}=True)",
            )
        if all(getattr(self, name) == value for name, value in asked.items()):
            return self
        known = self.__dict__.get("_asked")
        if known is None:
            known = self.__dict__["_asked"] = self.model_copy(update=dict(asked))
        found: Layer = known
        return found

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        """Scores are multiplied with a number, and become shares that sum to 1."""
        return shares(self.scores(*shapes[:-1]), self.scales)

    @property
    def scales(self) -> bool:
        """Whether the scores are multiplied with a number."""
        return True

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        output = self.output_shape(*inputs)
        return (output, self.scores(*inputs)) if self.return_attention_scores else (output,)

    def windows(self, *inputs: Shape) -> None:
        return None

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        """Scores are made of queries and keys; a value that is no key as well is left out."""
        every = range(len(inputs))
        return tuple(i for i in every if not (output > 0 and len(inputs) > 2 and i == 1))

    def meeting(self, query: Shape) -> tuple[int, ...]:
        """The axes of positions along which queries and keys meet; the others go side by side."""
        return (len(query) - 2,)

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        """A query sees itself and every key that it may attend to, and their features."""
        if output > 0:
            why = f"the scores of {type(self).__name__} have axes of their own"
            return tuple(dict.fromkeys(range(len(x)), unknown(why)) for x in inputs)
        met, mask = self.meeting(inputs[0]), self.core(*inputs).mask
        found = []
        for place, x in enumerate(inputs):
            keys = place > 0 or len(inputs) == 1
            views = in_place(x, {axis: mask.sight(axis, x[axis]) for axis in met if keys})
            found.append({**views, len(x) - 1: channels(x[-1])})
        return tuple(found)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        ranks = {len(x) for x in inputs}
        if len(ranks) > 1 or min(ranks) < 2:
            raise ShapeError(
                f"{type(self).__name__} takes inputs (t, d), or with more axes before the last, as "
                f"many in each; not {' and '.join(repr(x) for x in inputs)}",
                code="wrong-number-of-axes",
                values={"inputs": inputs},
                hint="the last axis holds the features, the others are positions",
            )

    def input_names(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        """``t`` and ``d`` for the query, and names of their own for what differs in the others.

        So scores of a cross-attention read ``t·t_kv·a·k``, those of a self-attention ``t·t·a·k``.
        """
        query, *others = inputs
        features = "d" if len(query) < 4 else "c"
        names = (*leading_axes(len(query) - 1), features)
        ends = ("kv",) if len(others) == 1 else ("v", "k")
        return names, *(_named(names, x, query, end) for x, end in zip(others, ends, strict=False))

    if TYPE_CHECKING:  # every subclass has them, each in the order of its own arguments

        @property
        def return_attention_scores(self) -> bool: ...
        @property
        def use_causal_mask(self) -> bool: ...
        def core(self, *inputs: Shape) -> Core:
            """Which queries meet which keys."""

        def scores(self, *inputs: Shape) -> Shape:
            """The shape of the scores: how much of each value there is in each output."""


def _named(names: tuple[str, ...], x: Shape, query: Shape, end: str) -> tuple[str, ...]:
    last = len(names) - 1
    return tuple(
        name if x[i] == query[i] else f"{name}_{end if i == last else 'kv'}"
        for i, name in enumerate(names)
    )


def summed_tanh(scores: Shape, features: Dim, summed: bool = True) -> tuple[Arithmetic, ...]:
    """``tanh(q + k)`` for every feature of every score, and their sum where no product has it."""
    each = Shape((*scores, features))
    made = elementwise("elementwise", each, {"addition": 1, "transcendental": 1})
    if not summed:
        return made
    between: tuple[Dim, ...] = (*scores, lower(plain(features) - 1))
    sums = Arithmetic("reduction", (("addition", between),), tuple(each), tuple(scores), features)
    return (*made, sums)


def query_value_key(inputs: tuple[Shape, ...]) -> tuple[Shape, Shape, Shape]:
    """Query, value and key, where only some of them are given."""
    query, value, key = (*inputs, *inputs[-1:] * 2)[:3]
    return query, value, key


def equal_dims(a: Dim, b: Dim, what: str) -> tuple[Requirement, ...]:
    """The requirement that two dimensions are equal, where they are not the same already."""
    if a == b:
        return ()
    return (
        Requirement(
            a,
            Relation.EQUAL,
            b,
            f"{what}: {{first}} and {{second}}",
            code="attention-inputs-differ",
            hint="the inputs are query, value, key, in this order",
            details=(("first", a), ("second", b)),
        ),
    )


def equal_shapes(xs: Shape, ys: Shape, what: str) -> tuple[Requirement, ...]:
    """The same of every dimension."""
    return tuple(needed for a, b in zip(xs, ys, strict=True) for needed in equal_dims(a, b, what))


class _OneHead(Attending, abstract=True):
    """Attention on the inputs as they are, with no projection before or after."""

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "seed")

    def output_shape(self, *inputs: Shape) -> Shape:
        query, value, _ = query_value_key(inputs)
        return query.replace(-1, value[-1])

    def core(self, *inputs: Shape) -> Core:
        """Which queries meet which keys."""
        query, _, key = query_value_key(inputs)
        return Core(query[:-2], query[-2:-1], key[-2:-1], Mask(self.use_causal_mask))

    def scores(self, *inputs: Shape) -> Shape:
        return self.core(*inputs).scores

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        """The inputs as they come: the value is the key where there is no other."""
        core, (_, value, key) = self.core(*inputs), query_value_key(inputs)
        names = (("keys", key), ("values", value)) if len(inputs) > 2 else (("values", value),)
        return tuple(core.kept(name, Shape((*x[:-2], x[-1]))) for name, x in names)

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        query, value, key = query_value_key(inputs)
        return (
            *equal_dims(query[-1], key[-1], f"queries and keys {_FEATURES}"),
            *equal_shapes(value[:-1], key[:-1], KEYS_AND_VALUES),
            *equal_shapes(query[:-2], value[:-2], "queries and values differ in an axis before"),
        )

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        inputs = shapes[:-1]
        query, value, _ = query_value_key(inputs)
        core = self.core(*inputs)
        names = tuple(weight.name for weight in self.weights(*inputs))
        weighed = core.weighed(value[-1:], Operand((0, 2), names), Operand((1,)))
        return (*self._compared(core, query[-1:]), weighed)

    def saves(self, *shapes: Shape) -> Saved:
        """As torch does the definition: what makes the scores, the shares, and the values.

        The value is kept for the gradient of the shares, and a query and a key each for that of
        the other.
        """
        inputs = shapes[:-1]
        scores = self.scores(*inputs)
        later = Kept("later keys", scores[-2:], "condition", of_batch=True)
        own = (*self._kept(*inputs), *((later,) if self.use_causal_mask else ()))
        own = (*own, *shares_kept(scores, self.dropout))
        if len(inputs) == 1:
            return Saved((0,), own=own)
        if not self._multiplies:
            return Saved(for_others=(1,), own=own)
        always, others = ((1,), (0,)) if len(inputs) == 2 else ((), (0, 1, 2))
        return Saved(always, for_others=others, own=own)

    if TYPE_CHECKING:  # every subclass says it

        @property
        def dropout(self) -> float: ...
        @property
        def _multiplies(self) -> bool:
            """Whether scores are products of queries and keys."""

        def _kept(self, *inputs: Shape) -> tuple[Kept, ...]:
            """What is kept of how queries and keys become scores."""

        def _compared(self, core: Core, features: Shape) -> tuple[Work, ...]:
            """The products by which queries and keys become scores."""


class Attention(_OneHead):
    """Dot-product attention: ``softmax(q·kᵀ)·v``.

    Inputs are the query ``(t, d)``, the value ``(t_kv, d_v)`` and the key ``(t_kv, d)``; the output
    is ``(t, d_v)``.  There may be more axes before these; they are the same in all inputs.

    Args:
        use_scale: whether the scores are multiplied with one learned number.
        score_mode: ``"dot"`` multiplies query and key; ``"concat"`` sums ``tanh(q + k)`` instead
            and learns one number more.
        dropout: the part of the scores that is dropped while training.
        return_attention_scores: whether the scores ``(t, t_kv)`` come out too.
        use_causal_mask: whether a query sees no key that comes after it; Keras says so at the call.

    >>> Attention().output_shape(Shape((10, 64)), Shape((20, 32)), Shape((20, 64)))
    (10, 32)
    """

    use_scale: bool = False
    score_mode: Literal["dot", "concat"] = "dot"
    dropout: float = Field(default=0.0, ge=0, le=1)
    return_attention_scores: bool = Field(default=False, kw_only=True)
    use_causal_mask: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1508.04025 (equation 8)"

    @property
    def scales(self) -> bool:
        return self.use_scale

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        shared = super().arithmetic(*shapes)
        if self.score_mode == "dot":
            return shared
        scores = self.scores(*shapes[:-1])
        weighed = elementwise("elementwise", scores, {"multiplication": 1})
        return (*summed_tanh(scores, shapes[0][-1]), *weighed, *shared)

    @property
    def _multiplies(self) -> bool:
        return self.score_mode == "dot"

    def _kept(self, *inputs: Shape) -> tuple[Kept, ...]:
        """What a learned number multiplies, and what comes out of ``tanh``."""
        scores = self.scores(*inputs)
        if self.score_mode == "dot":
            return (Kept("scores", scores),) if self.use_scale else ()
        each = Shape((*scores, inputs[0][-1]))
        sums = (Kept("q + k", each),) if self.use_scale else ()
        return (*sums, Kept("tanh(q + k)", each), Kept("scores", scores))

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        scale = (Weight("scale", Shape(), "scale"),) if self.use_scale else ()
        concat: tuple[Weight, ...] = ()
        if self.score_mode == "concat":
            concat = (Weight("concat_score_weight", Shape(), "scale"),)
        return scale + concat

    def _compared(self, core: Core, features: Shape) -> tuple[Work, ...]:
        if self.score_mode != "dot":
            return ()
        return (core.scored(features, Operand((0,)), Operand((2,))),)


class AdditiveAttention(_OneHead):
    """Additive attention: the scores are ``scale·tanh(q + k)``, summed over the features.

    Inputs are the query ``(t, d)``, the value ``(t_kv, d_v)`` and the key ``(t_kv, d)``; the output
    is ``(t, d_v)``.  The projections that the paper puts before are Dense layers of their own.

    Args:
        use_scale: whether the factors of the sum are learned, one a feature; without them nothing
            is multiplied there.
        dropout: the part of the scores that is dropped while training.
        return_attention_scores: whether the scores ``(t, t_kv)`` come out too.
        use_causal_mask: whether a query sees no key that comes after it; Keras says so at the call.

    >>> AdditiveAttention().weights(Shape((10, 64)), Shape((20, 64)))[0].shape
    (64,)
    """

    use_scale: bool = True
    dropout: float = Field(default=0.0, ge=0, le=1)
    return_attention_scores: bool = Field(default=False, kw_only=True)
    use_causal_mask: bool = Field(default=False, kw_only=True)

    source: ClassVar[str] = "https://arxiv.org/abs/1409.0473 (appendix A.1.2)"

    @property
    def scales(self) -> bool:
        return False  # what it multiplies with stands within the sum, and is one of its products

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        scores = self.scores(*shapes[:-1])
        summed = not self.use_scale
        return (*summed_tanh(scores, shapes[0][-1], summed), *super().arithmetic(*shapes))

    @property
    def _multiplies(self) -> bool:
        return False

    def _kept(self, *inputs: Shape) -> tuple[Kept, ...]:
        return (Kept("tanh(q + k)", Shape((*self.scores(*inputs), inputs[0][-1]))),)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return (Weight("scale", inputs[0][-1:], "kernel"),) if self.use_scale else ()

    def _compared(self, core: Core, features: Shape) -> tuple[Work, ...]:
        """Every sum of a query and a key with the scale, which takes the place of a key."""
        if not self.use_scale:
            return ()
        summed = core.scored(features, Operand((0, 2)), Operand())
        return (replace(summed, weight="scale", activations=summed.activations[:1]),)
