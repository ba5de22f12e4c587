"""A layer that no rule describes: what was seen of it is all that is known."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from archcalc.layers.base import Layer
from archcalc.layers.facts import Remark, Weight, Work
from archcalc.layers.fields import Position, ShapeField, option
from archcalc.symbolic.shape import Shape

__all__ = ["UNREACHED", "Opaque"]

UNREACHED = "weights that reach no output"
"""What stands for modules that a model holds and whose results it does not give."""


class SeenWeight(BaseModel):
    """A weight that was seen.

    Attributes:
        name: what it is called.
        shape: its dimensions.
        learned: whether it is a parameter, and no statistic.
        frozen: whether it is a parameter that is kept as it is.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    shape: ShapeField
    learned: bool = True
    frozen: bool = False


class Opaque(Layer):
    """What a framework's module or function did once, where no layer says what it does in general.

    Its shapes, weights and products are those that were seen, and stay what they are whatever comes
    in; nothing else is claimed.

    Args:
        what: the module or function.
        target_shapes: what came out, without the batch: one shape an output.
        seen_weights: the weights that it holds.
        macs: how many multiply-accumulates were counted.
        why: why no layer says it.

    >>> layer = Opaque("grid_sample", [(64, 7, 7)])
    >>> layer.output_shapes(Shape((64, 14, 14)), Shape((7, 7, 2)))
    ((64, 7, 7),)
    """

    what: str
    target_shapes: tuple[ShapeField, ...]
    seen_weights: tuple[SeenWeight, ...] = ()
    macs: Position = option(default=0)
    why: str = ""

    arity: ClassVar[tuple[int, int | None]] = (0, None)
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/meta.html"

    def output_shape(self, *inputs: Shape) -> Shape:
        return _shape(self.target_shapes[0])

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        return tuple(_shape(shape) for shape in self.target_shapes)

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        return tuple(
            Weight(w.name, _shape(w.shape), "free" if w.learned else "statistic", frozen=w.frozen)
            for w in self.seen_weights
        )

    def work(self, *inputs: Shape) -> tuple[Work, ...]:
        nowhere = (len(self.target_shapes),) if self.what == UNREACHED else ()  # no such output
        return (Work("matmul", (self.macs,), outputs=nowhere),) if self.macs != 0 else ()

    def windows(self, *inputs: Shape) -> None:
        return None

    def remarks(self, *inputs: Any) -> tuple[Remark, ...]:
        if self.what == UNREACHED:
            return (Remark("opaque", f"{UNREACHED} are counted, with the products that were seen"),)
        why = f" ({self.why})" if self.why else ""
        said = f"no rule describes {self.what}{why}: its numbers are those that were seen once"
        return (Remark("opaque", said),)


def _shape(given: Any) -> Shape:
    return Shape(given or ())
