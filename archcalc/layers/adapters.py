"""Low-rank adapters: weights that are frozen, and two thin ones that are trained beside each.

The two are multiplied in one of two ways.  *Beside* the weight, ``x·W + x·A·B``, at each position,
as the paper trains and peft runs them; or *merged*, ``x·(W + A·B)``, where their product is formed
once for a whole batch, as Keras does.  The weights are the same, the work is not.

`LoRA` around a layer is all there is to it: what an edit makes of a network that is fine-tuned, and
what Keras' argument ``lora_rank=`` comes to.

Source: Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models* (2021), equation 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from typing import Any, ClassVar, Literal

from pydantic import Field

from archcalc.layers.axis import UNNAMED
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Arithmetic, Operand, Remark, State, Weight, Work
from archcalc.layers.fields import OptionalSize, Size, hyper
from archcalc.layers.frozen import as_told
from archcalc.layers.functions import elementwise
from archcalc.layers.sight import Sights
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["LoRA"]

Biases = Literal["none", "lora_only"]
"""Which biases are trained, in peft's words: none, or those of the layers that have adapters."""

_ADAPTED = ("kernel", "recurrent kernel", "embedding")
"""The roles of weights that have adapters: those that are matrices from what comes in to what comes
out."""


def can_have(weight: Weight, merged: bool = False) -> bool:
    """Whether a weight can have adapters.

    Beside it, if it is a matrix from what comes in to what comes out, which a kernel of groups of
    channels is not; merged with it, any kernel can, as their product has its shape.

    >>> can_have(Weight("kernel", Shape((3, 3, 8, 1)), "kernel", outputs=0))
    False
    """
    return weight.role in _ADAPTED and (merged or weight.outputs > 0)


class LoRA(Layer):
    """A layer whose weights are frozen, and two thin weights that are trained beside each kernel.

    ``net.with_lora(rank, targets)`` puts it around the layers of a network.  Keras' ``lora_rank=``
    is the same, merged, with its bias still trained.

    Args:
        layer: any layer with kernels or a table of embeddings.
        rank: how many numbers stand between the two.
        targets: the names of the weights that have adapters; every kernel and table where empty.
        merged: whether the product of the two is added to the weight before it is used, once for a
            whole batch, as in Keras; otherwise they are multiplied beside it at each position, as
            in the paper and in peft.
        bias: whether the layer's biases are trained as well, ``"lora_only"``, or ``"none"``.

    >>> from archcalc.layers.core import Dense
    >>> adapted = LoRA(Dense(2304), 8)
    >>> [(w.name, w.size, w.frozen) for w in adapted.weights(Shape((1024, 768)))][:3]
    [('kernel', 1769472, True), ('bias', 2304, True), ('lora_kernel_a', 6144, False)]
    """

    layer: Layer
    rank: Size = hyper("rho")
    targets: tuple[str, ...] = Field(default=(), kw_only=True)
    merged: bool = Field(default=False, kw_only=True)
    bias: Biases = Field(default="none", kw_only=True)

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    source: ClassVar[str] = "https://arxiv.org/abs/2106.09685 (equation 3)"

    def inside(self, *inputs: Shape) -> tuple[Shape, ...]:
        """The shapes that the layer inside gets."""
        return inputs

    def adapted(self, *inputs: Shape) -> tuple[Weight, ...]:
        """The weights that have adapters."""
        found = (w for w in self.layer.weights(*inputs) if can_have(w, self.merged))
        asked = (w for w in found if not self.targets or w.name in self.targets)
        return tuple(replace(w, outputs=1) if self.merged else w for w in asked)  # as in Keras

    def check(self, *inputs: Shape) -> None:
        self.layer.check(*inputs)
        if adapted_form(self.layer) is not None:
            raise InvalidLayerError(
                f"{type(self.layer).__name__} has adapters already",
                code="adapters-twice",
                hint="put adapters into the network as it was before, with another rank",
            )
        found = {weight.name for weight in self.adapted(*inputs)}
        missing = [name for name in self.targets if name not in found]
        if missing or not found:
            every: LoRA = self.model_copy(update={"targets": ()})
            there = [w.name for w in every.adapted(*inputs)]
            what = f"no weight {missing[0]!r}" if missing else "no kernel"
            raise InvalidLayerError(
                f"{type(self.layer).__name__} has {what} for adapters",
                code="no-adapters",
                hint=f"there are {', '.join(there)}" if there else "give a Dense or an Embedding",
            )

    def weights(self, *inputs: Shape) -> tuple[Weight, ...]:
        kept = ("bias",) if self.bias == "lora_only" else ()
        own = as_told(self.layer, self.layer.weights(*inputs), inputs)
        held = [replace(w, frozen=w.role not in kept) for w in own]
        axes = {weight.name: weight.axes for weight in own}
        pairs = [
            _thin(replace(main, axes=axes[main.name]), self.rank) for main in self.adapted(*inputs)
        ]
        return (*held, *(weight for pair in pairs for weight in pair))

    def work(self, *shapes: Shape) -> tuple[Work, ...]:
        done, out = self.layer.work(*shapes), shapes[-1]
        more: list[Work] = []
        for main in self.adapted(*shapes[:-1]):
            once = (_product(main, self.rank),)
            more += once if self.merged else _beside(main, self.rank, done, out)
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


def _thin(main: Weight, rank: Dim) -> tuple[Weight, Weight]:
    """The two weights that are trained in the place of `main`, with `rank` between them.

    >>> [(w.name, w.shape) for w in _thin(Weight("kernel", Shape((768, 256)), "kernel"), 8)]
    [('lora_kernel_a', (768, 8)), ('lora_kernel_b', (8, 256))]
    """
    out = main.outputs or 1
    taken, given = main.shape[:-out], main.shape[-out:]
    before = (*main.axes[:-out], UNNAMED) if main.axes else ()
    after = (UNNAMED, *main.axes[-out:]) if main.axes else ()
    down = Weight(f"lora_{main.name}_a", Shape((*taken, rank)), "adapter", axes=before)
    up = Weight(f"lora_{main.name}_b", Shape((rank, *given)), "adapter", outputs=out, axes=after)
    return down, up


def _product(main: Weight, rank: Dim) -> Work:
    """The product of the adapters, once for a whole batch.

    >>> _product(Weight("kernel", Shape((768, 256)), "kernel"), 8).macs == 768 * 8 * 256
    True
    """
    down, up = _thin(main, rank)
    made = (*down.shape, *up.shape[1:])
    return Work("adapter", made, (), down.name, (Operand((), (up.name,)),))


def _beside(main: Weight, rank: Dim, done: Iterable[Work], out: Shape) -> tuple[Work, ...]:
    """The products of the adapters wherever `main` is multiplied, or looked up.

    Args:
        done: the work of the layer, of which that with `main` counts.
        out: the output of the layer: a table is looked up for every vector of it.

    >>> kernel = Weight("kernel", Shape((768, 256)), "kernel")
    >>> done = Work("matmul", (768, 256), (10,), "kernel")
    >>> [w.factors for w in _beside(kernel, 8, [done], Shape((10, 256)))]
    [(10, 768, 8), (10, 8, 256)]
    """
    down, up = _thin(main, rank)
    made: list[Work] = []
    for work in done:
        if work.weight == main.name:
            common = replace(work, kind="adapter", bias="")
            inputs = tuple(i for operand in work.activations for i in operand.inputs)
            after = (Operand(inputs, (down.name,)),)
            made.append(replace(common, weight=down.name, operand=tuple(down.shape)))
            made.append(replace(common, weight=up.name, operand=tuple(up.shape), activations=after))
    if made or main.role != "embedding":
        return tuple(made)
    row = (Operand((0,), (down.name,)),)
    return (Work("adapter", tuple(up.shape), out[:-1], up.name, row),)


# Keras' argument

_FACTS = ("weights", "work", "arithmetic")
"""What adapters change of what a layer states."""


class Adaptable(Layer, abstract=True):
    """What takes Keras' ``lora_rank=``: with it, a layer states the facts of `LoRA` around it.

    A class that is made from this states its facts as if there were no adapters.

    Args:
        lora_rank: the rank of adapters that are trained in the place of its kernel or table.
    """

    lora_rank: OptionalSize = hyper("rho", default=None, kw_only=True)

    adapts: ClassVar[str] = "kernel"
    """The name of the weight that has adapters."""

    def __init_subclass__(cls, **how: Any) -> None:
        super().__init_subclass__(**how)
        for name in _FACTS:
            fact = getattr(cls, name)
            if not hasattr(fact, "__wrapped__"):  # that of a base class that knows of them is
                setattr(cls, name, _with_adapters(fact))
        if "built_with" in vars(cls):
            cls.built_with = tuple(dict.fromkeys((*cls.built_with, "lora_alpha")))


def _with_adapters(fact: Callable[..., Any]) -> Callable[..., Any]:
    """A fact of a layer as its adapters make it, where it has some."""

    @wraps(fact)
    def stated(self: Layer, *shapes: Shape) -> Any:
        adapted = adapted_form(self)
        return fact(self, *shapes) if adapted is None else getattr(adapted, fact.__name__)(*shapes)

    return stated


def adapted_form(layer: Layer) -> LoRA | None:
    """A layer with adapters, be it by Keras' argument, as `LoRA`; ``None`` where it has none.

    >>> from archcalc.layers.core import Dense
    >>> adapted_form(Dense(10, lora_rank=4))
    LoRA(layer=Dense(units=10), rank=4, targets=('kernel',), merged=True, bias='lora_only')
    """
    if isinstance(layer, LoRA):
        return layer
    if not isinstance(layer, Adaptable) or layer.lora_rank is None:
        return None
    plain = layer.model_copy(update={"lora_rank": None})
    return LoRA(plain, layer.lora_rank, targets=(layer.adapts,), merged=True, bias="lora_only")
