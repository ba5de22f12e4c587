"""Tables of vectors, one for each word, and the way back from vectors to words.

Sources: https://keras.io/api/layers/core_layers/embedding/; torch's ``EmbeddingBag``; Press and
Wolf, *Using the Output Embedding to Improve Language Models* (2016); Grave et al., *Efficient
softmax approximation for GPUs* (2016).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from archcalc.layers.adapters import Adaptable
from archcalc.layers.axis import Axis
from archcalc.layers.base import AxisWindow, Layer, leading_axes
from archcalc.layers.facts import Arithmetic, Kept, Operand, Remark, Saved, Weight, Work
from archcalc.layers.fields import Size, Sizes, hyper
from archcalc.layers.kept import EVERY, QUANTIZED, of_weights
from archcalc.layers.requirements import same_length
from archcalc.layers.ties import Tie
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = [
    "AdaptiveLogSoftmaxWithLoss",
    "Embedding",
    "EmbeddingBag",
    "ReversibleEmbedding",
]


def _places(count: int) -> tuple[str, ...]:
    """What formulas call the axes of the indices; ``d`` is how wide an embedding is, no depth."""
    return leading_axes(count) if count != 3 else ("a1", "a2", "a3")


class _LookedUp(Layer, abstract=True):
    """A table of which torch is told which row stays as it is, and how it is read and trained."""

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(for_weights=(0,))

    if TYPE_CHECKING:  # every subclass declares it after its own arguments

        @property
        def padding_idx(self) -> int | None: ...

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        return () if self.padding_idx is None else (self._row_is_there(self.padding_idx),)

    def rows(self) -> Dim:
        """How many rows the table has."""
        raise TypeError(f"{type(self).__name__} does not say how many rows it has: define rows()")

    def _row_is_there(self, row: int) -> Requirement:
        return Requirement(
            self.rows(),
            Relation.AT_LEAST,
            row + 1 if row >= 0 else -row,
            "padding_idx {row} is no row of a table of {rows}",
            code="no-such-row",
            hint="rows are counted from 0, or from the last by negative numbers",
            details=(("row", row), ("rows", self.rows())),
        )


class Embedding(_LookedUp, Adaptable):
    """A table of vectors: every integer of the input becomes its row.

    Args:
        input_dim: how many rows, the size of the vocabulary.
        output_dim: how long each row is.
        padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse: how torch reads and trains the
            table: a row that stays as it is, and rows that are brought to a length; sizes stay.

    >>> Embedding(50257, 768).output_shape(Shape((1024,)))
    (1024, 768)
    """

    input_dim: Size = hyper("V", counts="rows")
    output_dim: Size = hyper("d")
    padding_idx: int | None = Field(default=None, kw_only=True)
    max_norm: float | None = Field(default=None, kw_only=True)
    norm_type: float = Field(default=2.0, kw_only=True)
    scale_grad_by_freq: bool = Field(default=False, kw_only=True)
    sparse: bool = Field(default=False, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (
        *EVERY,
        *of_weights("embeddings"),
        *QUANTIZED,
        "mask_zero",
        "weights",
        "input_length",
    )
    takes: ClassVar[str] = "indices"
    adapts: ClassVar[str] = "embeddings"
    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/embedding/"

    def rows(self) -> Dim:
        return self.input_dim

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return _places(len(x))

    def output_shape(self, x: Shape) -> Shape:
        return Shape((*x, self.output_dim))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        table = Shape((self.input_dim, self.output_dim))
        return (Weight("embeddings", table, "embedding", axes=(Axis("vocab"), Axis("width"))),)


class EmbeddingBag(_LookedUp):
    """The sum, mean or largest of the rows that a bag of integers names; torch's.

    A sample is one bag of `t` integers.  torch's bags of other lengths, given by offsets, share the
    facts of bags of their mean length.

    Args:
        num_embeddings: how many rows the table has.
        embedding_dim: how long each row is.
        mode: how the rows of a bag become one.
        padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse: how torch reads and trains the
            table: a row that stays as it is, and rows that are brought to a length; sizes stay.

    >>> EmbeddingBag(50000, 64).output_shape(Shape((12,)))
    (64,)
    """

    num_embeddings: Size = hyper("V", counts="rows")
    embedding_dim: Size = hyper("d")
    mode: Literal["sum", "mean", "max"] = Field(default="mean", kw_only=True)
    padding_idx: int | None = Field(default=None, kw_only=True)
    max_norm: float | None = Field(default=None, kw_only=True)
    norm_type: float = Field(default=2.0, kw_only=True)
    scale_grad_by_freq: bool = Field(default=False, kw_only=True)
    sparse: bool = Field(default=False, kw_only=True)

    axis_names: ClassVar[tuple[str, ...]] = ("t",)
    takes: ClassVar[str] = "indices"
    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html"
    )

    def rows(self) -> Dim:
        return self.num_embeddings

    def output_shape(self, x: Shape) -> Shape:
        return Shape((self.embedding_dim,))

    def saves(self, *shapes: Shape) -> Saved:
        """Where bags begin, what is in each, and what was largest; of a plain sum no bag of each.

        Source: torch, ``aten/src/ATen/native/EmbeddingBag.cpp``.
        """
        x, y = shapes
        largest = y if self.mode == "max" else Shape((1,))
        own = [Kept(name, Shape((1,)), "index") for name in ("offsets", "sizes of bags")]
        own.append(Kept("largest", largest, "index"))
        if self.mode != "sum" or self.padding_idx is not None:
            own.append(Kept("bag of each", x, "index"))
            own.append(Kept("bag after the last", Shape((1,)), "index", of_batch=True))
        return Saved(for_weights=(0,), own=tuple(own))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return ((0, Window(x[0])),)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", Shape((self.num_embeddings, self.embedding_dim)), "embedding"),)


class ReversibleEmbedding(Embedding):
    """A table of vectors that can also be asked the other way: a product with its transpose.

    Args:
        input_dim: how many rows, the size of the vocabulary.
        output_dim: how long each row is.
        tie_weights: whether the way back uses the same table, transposed; otherwise there is a
            second one, whether it is used or not.
        logit_soft_cap: what the results of the way back are kept below, smoothly.
        reverse: whether this is the way back: ``(…, d)`` to ``(…, V)``.

    As in Keras the way back is a call of the same layer, ``table(x, reverse=True)``, or the layer
    `back`, whose weights are this layer's.

    >>> ReversibleEmbedding(50257, 768, reverse=True).output_shape(Shape((1024, 768)))
    (1024, 50257)
    >>> from archcalc.network import Sequential
    >>> table = ReversibleEmbedding(1000, 16)
    >>> Sequential([table, table.back()]).trace(10).parameters
    16000
    """

    tie_weights: bool = True
    logit_soft_cap: float | None = Field(default=None, kw_only=True, gt=0)
    reverse: bool = Field(default=False, kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = (*Embedding.built_with, "reverse_dtype")
    source: ClassVar[str] = "https://arxiv.org/abs/1608.05859 (section 2)"

    def back(self) -> ReversibleEmbedding:
        """The way back, with the weights of this layer."""
        own = [weight.name for weight in self.weights(Shape((1,)))]
        return self.model_copy(
            update={"reverse": True, "name": None, "tied": tuple(Tie(w, self, w) for w in own)}
        )

    def __call__(self, *tensors: Any, reverse: bool | None = None) -> Any:
        """Look up rows, or with ``reverse=True`` go back with the same weights."""
        return self.back()(*tensors) if reverse and not self.reverse else super().__call__(*tensors)

    def input_kind(self, index: int) -> str:
        return "numbers" if self.reverse else "indices"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return (*_places(len(x) - 1), "n_in") if self.reverse else _places(len(x))

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (-1,) if self.reverse else ()

    def output_shape(self, x: Shape) -> Shape:
        return x.replace(-1, self.input_dim) if self.reverse else super().output_shape(x)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        back = Weight("reverse_embeddings", Shape((self.output_dim, self.input_dim)), "kernel")
        return (*super().weights(x), *(() if self.tie_weights else (back,)))

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        table = "embeddings" if self.tie_weights else "reverse_embeddings"
        back = Work("matmul", (self.output_dim, self.input_dim), x[:-1], table)
        return (back,) if self.reverse else ()

    def requirements(self, *inputs: Shape) -> tuple[Requirement, ...]:
        needs = super().requirements(*inputs)
        if not self.reverse:
            return needs
        return (*needs, same_length("output_dim", self.output_dim, inputs[0][-1]))


class AdaptiveLogSoftmaxWithLoss(Layer):
    """Scores of many classes, the rarer ones through ever thinner layers; torch's.

    What comes out is what torch's ``log_prob`` gives: a score for every class.  (Its ``forward``
    needs the right classes too, and computes the clusters that they are in.)

    Args:
        in_features: the features that come in.
        n_classes: how many classes there are.
        cutoffs: where each cluster of rarer classes begins.
        div_value: how much thinner each cluster is than the one before.
        head_bias: whether the layer of the frequent classes adds a bias.

    >>> softmax = AdaptiveLogSoftmaxWithLoss(1024, 50000, (2000, 10000))
    >>> softmax.output_shape(Shape((1024,)))
    (50000,)
    >>> [str(w.shape) for w in softmax.weights(Shape((1024,)))]
    ['2002×1024', '256×1024', '8000×256', '64×1024', '40000×64']
    """

    in_features: Size = hyper("n_in", counts="incoming")
    n_classes: Size = hyper("V")
    cutoffs: Sizes = hyper("c", counts="features")
    div_value: float = Field(default=4.0, gt=0, allow_inf_nan=False)
    head_bias: bool = False

    axis_names: ClassVar[tuple[str, ...]] = ("n_in",)
    source: ClassVar[str] = "https://arxiv.org/abs/1609.04309 (section 4.3)"

    @model_validator(mode="after")
    def _thin_enough(self) -> Any:
        try:
            Fraction(1) / Fraction(self.div_value ** len(self.cutoffs))
        except ArithmeticError:
            raise InvalidLayerError(
                f"div_value={self.div_value} to the power of {len(self.cutoffs)} is no number",
                code="invalid-argument",
            ) from None
        return self

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (0,)

    def output_shape(self, x: Shape) -> Shape:
        return Shape((self.n_classes,))

    def _head(self) -> Dim:
        """The frequent classes, and one for each cluster."""
        return self.cutoffs[0] + len(self.cutoffs)

    def _clusters(self) -> tuple[tuple[Dim, Dim], ...]:
        """The width and the classes of each cluster."""
        ends = (*self.cutoffs[1:], self.n_classes)
        return tuple(
            (self._width(i + 1), end - start)
            for i, (start, end) in enumerate(zip(self.cutoffs, ends, strict=True))
        )

    def _width(self, power: int) -> Dim:
        """The features divided by a power of `div_value`, which torch computes as a float."""
        divisor = Fraction(self.div_value**power)
        return floor_div(self.in_features * divisor.denominator, divisor.numerator)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        found = [Weight("head.weight", Shape((self._head(), self.in_features)), "kernel")]
        if self.head_bias:
            found.append(Weight("head.bias", Shape((self._head(),)), "bias"))
        for i, (width, classes) in enumerate(self._clusters()):
            down, up = _tail(i)
            found.append(Weight(down, Shape((width, self.in_features)), "kernel"))
            found.append(Weight(up, Shape((classes, width)), "kernel"))
        return tuple(found)

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        head = (self.in_features, self._head())
        done = [Work("matmul", head, (), "head.weight", bias="head.bias")]
        for i, (width, classes) in enumerate(self._clusters()):
            down, up = _tail(i)
            done.append(Work("matmul", (self.in_features, width), (), down))
            done.append(Work("matmul", (width, classes), (), up, (Operand((0,), (down,)),)))
        return tuple(done)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        ends = (*self.cutoffs[1:], self.n_classes)
        pairs = zip(self.cutoffs, ends, strict=True)
        return (
            same_length("in_features", self.in_features, x[0]),
            *(_after(start, end) for start, end in pairs),
        )

    def remarks(self, x: Shape) -> tuple[Remark, ...]:
        thin = [i for i, (width, _) in enumerate(self._clusters()) if width == 0]
        if not thin:
            return ()
        return (
            Remark(
                "cluster-without-features",
                f"cluster {thin[0]} has no features, so that all its classes score alike; "
                "is div_value too large, or are there too many cutoffs?",
            ),
        )


def _tail(cluster: int) -> tuple[str, str]:
    """The names of the two kernels of a cluster, in torch's words."""
    return f"tail.{cluster}.0.weight", f"tail.{cluster}.1.weight"


def _after(start: Dim, end: Dim) -> Requirement:
    return Requirement(
        end,
        Relation.AT_LEAST,
        start + 1,
        "a cluster begins at class {start} and ends before {end}",
        code="empty-cluster",
        hint="cutoffs go up, and the last is below n_classes",
        details=(("start", start), ("end", end)),
    )
