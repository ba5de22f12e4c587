"""Tables of vectors, one for each word.

Sources: https://keras.io/api/layers/core_layers/embedding/; torch's ``EmbeddingBag``.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archcalc.layers.base import AxisWindow, Layer, leading_axes
from archcalc.layers.facts import Weight, Work
from archcalc.layers.fields import OptionalSize, Size, hyper
from archcalc.layers.lora import adapted, adapting
from archcalc.layers.window import Window
from archcalc.symbolic.shape import Shape

__all__ = ["Embedding", "EmbeddingBag"]


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


class EmbeddingBag(Layer):
    """The sum, mean or largest of the rows that a bag of integers names; torch's.

    A sample is one bag of `t` integers.  torch's bags of other lengths, given by offsets, share the
    facts of bags of their mean length.

    Args:
        num_embeddings: how many rows the table has.
        embedding_dim: how long each row is.
        mode: how the rows of a bag become one.

    >>> EmbeddingBag(50000, 64).output_shape(Shape((12,)))
    (64,)
    """

    num_embeddings: Size = hyper("V")
    embedding_dim: Size = hyper("d")
    mode: Literal["sum", "mean", "max"] = Field(default="mean", kw_only=True)

    axis_names: ClassVar[tuple[str, ...]] = ("t",)
    takes: ClassVar[str] = "indices"
    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html"
    )

    def output_shape(self, x: Shape) -> Shape:
        return Shape((self.embedding_dim,))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return ((0, Window(x[0])),)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", Shape((self.num_embeddings, self.embedding_dim))),)
