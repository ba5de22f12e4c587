"""What stands around the core of attention in heads: products with kernels, before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from archcalc.layers.attention import (
    Attending,
    Core,
    query_value_key,
)
from archcalc.layers.axis import UNNAMED, Axis
from archcalc.layers.facts import Operand, Saved, State, Unstated, Weight, Work
from archcalc.layers.kept import EVERY, of_weights
from archcalc.layers.mask import Mask
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape

__all__ = ["HeadProjection", "Heads"]


@dataclass(frozen=True, slots=True)
class HeadProjection:
    """A product of features with a kernel, before the core or after it.

    Attributes:
        name: what its weights begin with.
        x: the shape that it acts on.
        into: the axes that it makes of the features.
        made_of: what it multiplies.
        over: how many of the last axes hold the features.
        use_bias: whether it adds one number to each of its results.
        added: learned tensors that are put beside its results.
        axes: what each axis of its kernel holds.
    """

    name: str
    x: Shape
    into: Shape
    made_of: Operand
    over: int
    use_bias: bool
    added: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()

    @property
    def kernel(self) -> Shape:
        """The shape of its kernel."""
        return Shape((*self.x[-self.over :], *self.into))

    def weights(self) -> tuple[Weight, ...]:
        """Its kernel, and its bias if it adds one."""
        made, axes = len(self.into), self.axes
        kernel = Weight(f"{self.name}_kernel", self.kernel, "kernel", outputs=made, axes=axes)
        bias = Weight(f"{self.name}_bias", self.into, "bias", axes=axes[-made:])
        return (kernel, bias) if self.use_bias else (kernel,)

    def work(self) -> Work:
        """Its product."""
        names = (f"{self.name}_kernel", (self.made_of,), f"{self.name}_bias")
        outputs = () if self.name in ("query", "key") else (0,)  # scores come out without others
        places = self.x[: -self.over]
        return Work("matmul", tuple(self.kernel), places, *names, outputs=outputs)

    def result(self) -> Operand:
        """What it gives, as an operand of the core."""
        return Operand(self.made_of.inputs, (f"{self.name}_kernel", *self.added))


class Heads(Attending, abstract=True):
    """Attention in several heads, each with projections of its own, and one projection of all."""

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("kernel", "bias"), "seed")

    def __call__(
        self, *tensors: Any, query: Any = None, value: Any = None, key: Any = None, **how: Any
    ) -> Any:
        """As every layer; the inputs may be given by Keras' names."""
        named = (tensor for tensor in (query, value, key) if tensor is not None)
        return super().__call__(*tensors, *named, **how)

    def projections(self, *inputs: Shape) -> dict[str, HeadProjection]:
        """What stands before the core, in the order of the weights."""
        each = zip(("query", "value", "key"), query_value_key(inputs), range(3), strict=True)
        given = {name: (x, i) for name, x, i in each} | {"gate": (inputs[0], 0)}
        return {
            name: HeadProjection(
                name,
                given[name][0],
                into,
                Operand((given[name][1],)),
                1,
                self.use_bias,
                self._added(name),
                (Axis("width"), *self.named(into)),
            )
            for name, into in self.heads().items()
        }

    def joining(self, *inputs: Shape) -> HeadProjection:
        """What stands after the core: it joins the heads."""
        x, into = Shape((*inputs[0][:-1], *self.joined())), self.features(inputs[0])
        made_of = self._results(self.projections(*inputs))[-1]
        axes = (*self.named(self.joined()), *(Axis("width") for _ in into))
        return HeadProjection("output", x, into, made_of, 2, self.use_bias, axes=axes)

    def named(self, heads: Shape) -> tuple[Axis, ...]:
        """What the axes of heads hold: heads, or fewer that keys and values have."""
        own = heads[0] == self.joined()[0]
        return Axis("heads" if own else "kv heads", heads[0]), UNNAMED

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        parts = (*self.projections(*inputs).values(), self.joining(*inputs))
        return tuple(weight for part in parts for weight in part.weights())

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        inputs = shapes[:-1]
        projections, core = self.projections(*inputs), self.core(*inputs)
        q, k, v, scores, _ = self._results(projections)
        return (
            *(part.work() for part in projections.values()),
            core.scored(projections["query"].into, q, k),
            core.weighed(self.joined(), scores, v),
            self.joining(*inputs).work(),
        )

    def _results(self, projections: dict[str, HeadProjection]) -> tuple[Operand, ...]:
        """Queries, keys, values, scores, and what the core gives."""
        q, k, v = (projections[name].result() for name in ("query", "key", "value"))
        scores = Operand((0, 2), q.weights + k.weights)
        return q, k, v, scores, Operand((0, 1, 2), scores.weights + v.weights)

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        core, projections = self.core(*inputs), self.projections(*inputs)
        beside = core.beside
        kept = (("keys", projections["key"]), ("values", projections["value"]))
        bare = tuple(UNNAMED for _ in beside)
        return tuple(
            core.kept(name, Shape((*beside, *part.into)), (*bare, *self.named(part.into)))
            for name, part in kept
        )

    def saves(self, *shapes: Shape) -> Saved | Unstated:
        return Unstated(f"torch has no module that is {type(self).__name__}")

    def core(self, *inputs: Shape) -> Core:
        """Which queries meet which keys, in every head alike."""
        query, _, key = query_value_key(inputs)
        apart, asked, found = self.attended(query, key)
        return Core(apart, asked, found, Mask(self.use_causal_mask, self.sliding_window))

    def _added(self, name: str) -> tuple[str, ...]:
        """Learned positions that are added to what a projection gives."""
        return ()

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0][:-1] + self.features(inputs[0])

    def scores(self, *inputs: Shape) -> Shape:
        core = self.core(*inputs)
        return Shape((*core.beside, self.joined()[0], *core.queries, *core.keys))

    def attended(self, query: Shape, key: Shape) -> tuple[Shape, Shape, Shape]:
        """The axes that go side by side, and those of the queries and keys that meet."""
        return Shape(), query[:1], key[:1]

    if TYPE_CHECKING:  # every subclass has them

        @property
        def use_bias(self) -> bool: ...
        @property
        def sliding_window(self) -> Dim | None: ...
        def heads(self) -> dict[str, Shape]:
            """The heads that each projection gives, by its name, in the order of the weights."""

        def joined(self) -> Shape:
            """The heads, and how wide each is, that the last projection joins."""

        def features(self, query: Shape) -> Shape:
            """What comes out at each position."""
