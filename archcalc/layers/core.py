"""Dense, Embedding and Identity."""

from __future__ import annotations

from typing import ClassVar

from archcalc.layers.activations import ActivationName
from archcalc.layers.base import Layer, leading_axes
from archcalc.layers.facts import Remark, Weight, Work
from archcalc.layers.fields import OptionalSize, Size, hyper
from archcalc.layers.lora import adapted, adapting
from archcalc.symbolic.shape import Shape

__all__ = ["Dense", "Embedding", "Identity"]


class Dense(Layer):
    """A fully connected layer on the last axis: ``y = activation(x·kernel + bias)``.

    Args:
        units: the features that come out of each position.
        activation: a function applied to the result; it has no weights.
        use_bias: whether one number a unit is added.
        lora_rank: the rank of adapters that are trained in place of the kernel.

    >>> Dense(100).weights(Shape((5408,)))[0].shape
    (5408, 100)
    """

    units: Size = hyper("n_out")
    activation: ActivationName | None = None
    use_bias: bool = True
    lora_rank: OptionalSize = hyper("rho", default=None, kw_only=True)

    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/dense/"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return (*leading_axes(len(x) - 1), "n_in")

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (-1,)

    def output_shape(self, x: Shape) -> Shape:
        return x.replace(-1, self.units)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        bias = (Weight("bias", Shape((self.units,))),) if self.use_bias else ()
        return adapted(self._kernel(x), self.lora_rank, *bias)

    def _kernel(self, x: Shape) -> Weight:
        return Weight("kernel", Shape((x[-1], self.units)))

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        product = Work("matmul", (*x, self.units))
        return (product, *adapting(self._kernel(x), self.lora_rank))

    def remarks(self, x: Shape) -> tuple[Remark, ...]:
        if len(x) < 3:
            return ()
        return (
            Remark(
                "dense-on-feature-map",
                f"Dense acts on the last axis only, so {x} gives {self.output_shape(x)}; "
                "is a Flatten missing?",
            ),
        )


class Embedding(Layer):
    """A table of vectors: every integer of the input becomes its row.

    Args:
        input_dim: how many rows, the size of the vocabulary.
        output_dim: how long each row is.
        lora_rank: the rank of adapters that are trained in place of the table.

    >>> Embedding(50257, 768).output_shape(Shape((1024,)))
    (1024, 768)
    """

    input_dim: Size = hyper("V")
    output_dim: Size = hyper("d")
    lora_rank: OptionalSize = hyper("rho", default=None, kw_only=True)

    takes: ClassVar[str] = "indices"
    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/embedding/"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return leading_axes(len(x))

    def output_shape(self, x: Shape) -> Shape:
        return Shape((*x, self.output_dim))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return adapted(self._table(), self.lora_rank)

    def _table(self) -> Weight:
        return Weight("embeddings", Shape((self.input_dim, self.output_dim)))

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        return adapting(self._table(), self.lora_rank)


class Identity(Layer):
    """Nothing: what goes in comes out.

    >>> Identity().output_shape(Shape((7, 7, 512)))
    (7, 7, 512)
    """

    view: ClassVar[bool] = True
    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/identity/"

    def output_shape(self, x: Shape) -> Shape:
        return x
