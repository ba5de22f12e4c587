"""A layer with low-rank adapters around it: what an edit makes of a network that is fine-tuned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Arithmetic, Remark, State, Weight, Work
from archcalc.layers.fields import Size, hyper
from archcalc.layers.functions import elementwise
from archcalc.layers.lora import ADAPTED, beside, merged, thin
from archcalc.layers.sight import Sights
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["LoRA"]


class LoRA(Layer):
    """A layer whose weights are frozen, and two thin weights that are trained beside each kernel.

    ``net.with_lora(rank, targets)`` puts it around the layers of a network.  Keras' ``lora_rank=``
    is the same with `merged`, but for a bias, which Keras goes on training.

    Args:
        layer: any layer with kernels or a table of embeddings.
        rank: how many numbers stand between the two.
        targets: the names of the weights that have adapters; every kernel and table where empty.
        merged: whether the product of the two is added to the weight before it is used, once for a
            whole batch, as in Keras; otherwise they are multiplied beside it at each position, as
            in the paper and in peft.

    >>> from archcalc.layers.core import Dense
    >>> adapted = LoRA(Dense(2304), 8)
    >>> [(w.name, w.size, w.frozen) for w in adapted.weights(Shape((1024, 768)))][:3]
    [('kernel', 1769472, True), ('bias', 2304, True), ('lora_kernel_a', 6144, False)]
    """

    layer: Layer
    rank: Size = hyper("rho")
    targets: tuple[str, ...] = Field(default=(), kw_only=True)
    merged: bool = Field(default=False, kw_only=True)

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    source: ClassVar[str] = "https://arxiv.org/abs/2106.09685 (equation 3)"

    def inside(self, *inputs: Shape) -> tuple[Shape, ...]:
        """The shapes that the layer inside gets."""
        return inputs

    def adapted(self, *inputs: Shape) -> tuple[Weight, ...]:
        """The weights that have adapters."""
        found = [w for w in self.layer.weights(*inputs) if w.role in ADAPTED and w.outputs]
        return tuple(w for w in found if not self.targets or w.name in self.targets)

    def check(self, *inputs: Shape) -> None:
        self.layer.check(*inputs)
        found = {weight.name for weight in self.adapted(*inputs)}
        missing = [name for name in self.targets if name not in found]
        if missing or not found:
            there = [w.name for w in replace_targets(self).adapted(*inputs)]
            what = f"no weight {missing[0]!r}" if missing else "no kernel"
            raise InvalidLayerError(
                f"{type(self.layer).__name__} has {what} for adapters",
                code="no-adapters",
                hint=f"there are {', '.join(there)}" if there else "give a Dense or an Embedding",
            )

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        held = [replace(weight, frozen=True) for weight in self.layer.weights(*inputs)]
        pairs = [thin(main, self.rank) for main in self.adapted(*inputs)]
        return (*held, *(weight for pair in pairs for weight in pair))

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        done, out = self.layer.work(*shapes), shapes[-1]
        more: list[Work] = []
        for main in self.adapted(*shapes[:-1]):
            once = merged(main, self.rank)
            more += once if self.merged else beside(main, self.rank, done, out)
        return (*done, *more)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...] | None:
        """What the layer does, and the sum with what the adapters give, or with their product."""
        done = self.layer.arithmetic(*shapes)
        if done is None:
            return None
        added = [w.shape if self.merged else shapes[-1] for w in self.adapted(*shapes[:-1])]
        sums = (elementwise("elementwise", shape, {"addition": 1}) for shape in added)
        return (*done, *(one for each in sums for one in each))

    # All else is the layer's.

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.layer.output_shape(*inputs)

    def output_shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        return self.layer.output_shapes(*inputs)

    def state(self, *inputs: Shape) -> tuple[State, ...]:
        return self.layer.state(*inputs)

    def windows(self, *inputs: Shape) -> tuple[AxisWindow, ...] | None:
        return self.layer.windows(*inputs)

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        return self.layer.sights(output, *inputs)

    def put_in_a_row(self, *inputs: Shape) -> int | None:
        return self.layer.put_in_a_row(*inputs)

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        return (*self.layer.expected(*inputs), *self.layer.requirements(*inputs))

    def remarks(self, *inputs: Shape) -> tuple[Remark, ...]:
        return self.layer.remarks(*inputs)

    def input_kind(self, index: int) -> str:
        return self.layer.input_kind(index)

    def input_names(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        return self.layer.input_names(*inputs)

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return self.layer.axis_names_for(x)

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return self.layer.feature_axes(x)


def replace_targets(layer: Any) -> LoRA:
    """The same with adapters for every weight that can have them."""
    made: LoRA = layer.model_copy(update={"targets": ()})
    return made
