"""Words and numbers as places in a vocabulary, and texts as sequences of them.

The vocabulary is given; or Keras makes it from data (``adapt``), and ``vocabulary_size`` or
``max_tokens`` says how large it is.  ``output_mode`` says what comes out: ``"int"``, the places
themselves; ``"one_hot"``, a vector for each of them (an axis of length 1 gives way to it);
``"multi_hot"``, ``"count"`` and ``"tf_idf"``, one vector for all along an axis, which says what is
there, how often, or how tellingly.

Source: https://keras.io/api/layers/preprocessing_layers/categorical/ and
https://keras.io/api/layers/preprocessing_layers/text/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, model_validator

from archcalc.layers.base import Layer
from archcalc.layers.encoding import Encoding, Salt, encoded
from archcalc.layers.fields import OptionalSize, hyper
from archcalc.layers.ranges import as_list
from archcalc.layers.sight import Sights, all_of
from archcalc.symbolic.compare import largest
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["IntegerLookup", "StringLookup", "TextVectorization"]

OutputMode: TypeAlias = Literal["int", "one_hot", "multi_hot", "count", "tf_idf"]

Words: TypeAlias = Annotated[tuple[str, ...] | None, as_list]

Numbers: TypeAlias = Annotated[tuple[int, ...] | None, as_list]

Weights: TypeAlias = Annotated[tuple[float, ...] | None, as_list]


class _Vocabulary(Encoding, abstract=True):
    """What finds tokens in a vocabulary."""

    vocabulary_size: OptionalSize = hyper("V", default=None, kw_only=True)

    if TYPE_CHECKING:  # every subclass declares them

        @property
        def max_tokens(self) -> Dim | None: ...
        @property
        def vocabulary(self) -> tuple[Any, ...] | None: ...
        @property
        def idf_weights(self) -> tuple[float, ...] | None: ...
        @property
        def pad_to_max_tokens(self) -> bool: ...
        def special(self) -> tuple[Any, ...]:
            """The tokens that stand before all others: the mask, and what is not found."""
            ...

    @model_validator(mode="after")
    def _consistent(self) -> Any:
        words, idf = self.vocabulary, self.idf_weights
        if words is not None and (not words or len(set(words)) < len(words)):
            raise _contradiction("the vocabulary is empty, or a term stands in it twice")
        if self.max_tokens == 1:
            raise _contradiction("max_tokens must be at least 2")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise _contradiction("pad_to_max_tokens is on, and max_tokens is not given")
        if idf is not None and (self.output_mode != "tf_idf" or words is None):
            raise _contradiction("idf_weights go with a vocabulary and output_mode 'tf_idf'")
        if words is not None and self.output_mode == "tf_idf" and len(idf or ()) != len(words):
            raise _contradiction(f"tf_idf needs {len(words)} idf_weights, one for each term")
        return self

    def size(self) -> Dim | None:
        """How many tokens there are, with those that stand before all others; if it is known."""
        if self.vocabulary is None or self.vocabulary_size is not None:
            return self.vocabulary_size
        special = self.special()
        given = self.vocabulary[: len(special)] == special
        return len(self.vocabulary) + (0 if given else len(special))

    def depth(self) -> Dim:
        size = self.max_tokens if self.pad_to_max_tokens else self.size()
        if size is None:
            raise ShapeError(
                f"how many tokens {type(self).__name__} knows is not known before it has seen data",
                code="unknown-vocabulary",
                hint="give vocabulary or vocabulary_size, or max_tokens with pad_to_max_tokens",
            )
        return size

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        size = self.size()
        if size is None or self.max_tokens is None:
            return super().requirements(x)
        fits = Requirement(
            self.max_tokens,
            Relation.AT_LEAST,
            size,
            "a vocabulary of {size} tokens, with those before all others, is larger than "
            "max_tokens {most}",
            code="vocabulary-too-large",
            details=(("size", size), ("most", self.max_tokens)),
        )
        return (fits, *super().requirements(x))


def _contradiction(message: str) -> InvalidLayerError:
    return InvalidLayerError(message, code="contradicting-arguments")


class _Lookup(_Vocabulary, abstract=True):
    """What gives the place of each token."""

    if TYPE_CHECKING:

        @property
        def num_oov_indices(self) -> int: ...
        @property
        def mask_token(self) -> Any: ...
        @property
        def oov_token(self) -> Any: ...
        @property
        def invert(self) -> bool: ...

    @model_validator(mode="after")
    def _one_way(self) -> Any:
        if self.invert and self.output_mode != "int":
            raise _contradiction("invert goes with output_mode 'int'")
        return self

    def special(self) -> tuple[Any, ...]:
        masked = self.mask_token is not None and self.output_mode == "int"
        return (self.mask_token,) * masked + (self.oov_token,) * self.num_oov_indices

    def input_kind(self, index: int) -> str:
        return "indices" if self.invert else self.takes


class IntegerLookup(_Lookup):
    """Integers as their places in a vocabulary.

    Args:
        max_tokens: the most tokens, with those that stand before all others.
        num_oov_indices: how many places there are for what is not in the vocabulary.
        mask_token: what stands for nothing; it has place 0.
        oov_token: what stands for what is not in the vocabulary, where `invert` is on.
        vocabulary: the integers, in order.
        idf_weights: how telling each is, for ``"tf_idf"``.
        invert: whether places are taken and integers given.
        output_mode: what comes out; see above.
        sparse: whether the vectors are kept sparse; their shape is the same.
        pad_to_max_tokens: whether vectors are `max_tokens` long, whatever the vocabulary.
        vocabulary_size: how many tokens there are, with those that stand before all others.

    >>> IntegerLookup(vocabulary=[12, 36, 1138], output_mode="one_hot").output_shape(Shape((7,)))
    (7, 4)
    """

    max_tokens: OptionalSize = hyper("V_max", default=None)
    num_oov_indices: int = Field(default=1, ge=0)
    mask_token: int | None = None
    oov_token: int = -1
    vocabulary: Numbers = None
    vocabulary_dtype: Literal["int64", "int32"] = "int64"
    idf_weights: Weights = None
    invert: bool = False
    output_mode: OutputMode = "int"
    sparse: bool = False
    pad_to_max_tokens: bool = False
    oov_method: Literal["floormod", "farmhash"] = "floormod"
    salt: Salt = None

    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/categorical/integer_lookup/"
    )


class StringLookup(_Lookup):
    """Words as their places in a vocabulary.

    Args:
        max_tokens: the most tokens, with those that stand before all others.
        num_oov_indices: how many places there are for what is not in the vocabulary.
        mask_token: what stands for nothing; it has place 0.
        oov_token: what stands for what is not in the vocabulary, where `invert` is on.
        vocabulary: the words, in order.
        idf_weights: how telling each is, for ``"tf_idf"``.
        invert: whether places are taken and words given.
        output_mode: what comes out; see above.
        pad_to_max_tokens: whether vectors are `max_tokens` long, whatever the vocabulary.
        sparse: whether the vectors are kept sparse; their shape is the same.
        encoding: how text is written as bytes.
        salt: a number, or two, that makes the hashes of what is not found others.
        vocabulary_size: how many tokens there are, with those that stand before all others.

    >>> StringLookup(vocabulary=["a", "b", "c"], output_mode="count").output_shape(Shape((7,)))
    (4,)
    """

    max_tokens: OptionalSize = hyper("V_max", default=None)
    num_oov_indices: int = Field(default=1, ge=0)
    mask_token: str | None = None
    oov_token: str = "[UNK]"
    vocabulary: Words = None
    idf_weights: Weights = None
    invert: bool = False
    output_mode: OutputMode = "int"
    pad_to_max_tokens: bool = False
    sparse: bool = False
    encoding: str = "utf-8"
    salt: Salt = Field(default=None, kw_only=True)

    takes: ClassVar[str] = "strings"
    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/"
    )


class TextVectorization(_Vocabulary):
    """Texts as sequences of places in a vocabulary, or as vectors that sum them up.

    Where a text is split, each sample is one text, ``()`` or ``(1,)`` without the batch; integers
    also come of several texts, ``(…, 1)``.  How many integers come of a text is known only where
    `output_sequence_length` says so.

    Args:
        max_tokens: the most tokens, with those that stand before all others.
        standardize: what is done to the text first.
        split: what it is split at; ``None`` where the tokens are given.
        ngrams: up to how many tokens in a row are one, or how many exactly.
        output_mode: what comes out; see above.
        output_sequence_length: how many integers come of each text, for ``"int"``.
        pad_to_max_tokens: whether vectors are `max_tokens` long, whatever the vocabulary.
        vocabulary: the words, in order.
        idf_weights: how telling each is, for ``"tf_idf"``.
        sparse: whether the vectors are kept sparse; their shape is the same.
        ragged: whether texts keep different lengths, so that no shape says them.
        encoding: how text is written as bytes.
        vocabulary_size: how many tokens there are, with those that stand before all others.

    >>> TextVectorization(output_sequence_length=4).output_shape(Shape((1,)))
    (4,)
    >>> words = ["earth", "wind", "and", "fire"]
    >>> TextVectorization(vocabulary=words, output_mode="tf_idf", idf_weights=[1, 2, 0.5, 3]
    ...     ).output_shape(Shape((1,)))
    (5,)
    """

    max_tokens: OptionalSize = hyper("V_max", default=None)
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation"] | None = (
        "lower_and_strip_punctuation"
    )
    split: Literal["whitespace", "character"] | None = "whitespace"
    ngrams: Annotated[int | tuple[int, ...] | None, as_list] = None
    output_mode: OutputMode = "int"
    output_sequence_length: OptionalSize = hyper("L", default=None, counts="positions")
    pad_to_max_tokens: bool = False
    vocabulary: Words = None
    idf_weights: Weights = None
    sparse: bool = False
    ragged: bool = False
    encoding: str = "utf-8"

    takes: ClassVar[str] = "strings"
    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/"
    )

    @model_validator(mode="after")
    def _lengths(self) -> Any:
        if self.output_mode != "int" and self.output_sequence_length is not None:
            raise _contradiction("output_sequence_length goes with output_mode 'int'")
        if any(width < 1 for width in self.widths()):
            raise _contradiction("an n-gram has at least one token")
        return self

    def special(self) -> tuple[Any, ...]:
        return ("", "[UNK]") if self.output_mode == "int" else ("[UNK]",)

    def sights(self, output: int, *inputs: Shape) -> tuple[Sights, ...]:
        """Every token of a text is seen by what comes of it."""
        return ({axis: all_of(n) for axis, n in enumerate(inputs[0])},)

    def widths(self) -> tuple[int, ...]:
        """How many tokens in a row are one."""
        if isinstance(self.ngrams, int):
            return tuple(range(1, self.ngrams + 1)) or (self.ngrams,)
        return (1,) if self.ngrams is None else self.ngrams

    def check(self, *inputs: Shape) -> None:
        if self.split is None:
            super().check(*inputs)
            if not inputs[0] and (self.output_sequence_length is not None or self.ngrams):
                raise _not_taken("at least one axis of tokens", inputs[0])
        else:
            Layer.check(self, *inputs)
            if self.output_mode != "int" and len(inputs[0]) > 1:
                raise _not_taken("one text a sample, () or (1,)", inputs[0])

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        if self.split is not None:
            return (*super().requirements(Shape()), *map(_one_text, x[-1:]))
        if self.joins or not x:
            return super().requirements(x)
        some = () if self.ngrams is None else (_some_runs(self._runs(x[-1])),)
        return (*some, *super().requirements(self._tokens(x)))

    def output_shape(self, x: Shape) -> Shape:
        if self.ragged:
            raise ShapeError(
                "texts that keep different lengths have no shape",
                code="ragged",
                hint="use ragged=False, with output_sequence_length",
            )
        if self.split is not None and self.output_mode not in ("int", "one_hot"):
            return Shape((self.depth(),))
        tokens = self._tokens(x)
        return encoded(tokens, self.output_mode, 1 if self.output_mode == "int" else self.depth())

    def _tokens(self, x: Shape) -> Shape:
        """The tokens of each text."""
        if self.output_sequence_length is not None:
            return Shape((*x[:-1], self.output_sequence_length))
        if self.split is not None:
            raise ShapeError(
                "how many tokens come of a text is not known before it is read",
                code="unknown-length",
                hint="give output_sequence_length"
                if self.output_mode == "int"
                else "use output_mode='multi_hot', 'count' or 'tf_idf'",
            )
        return x if self.ngrams is None else x.replace(-1, self._runs(x[-1]))

    def _runs(self, tokens: Dim) -> Dim:
        """How many n-grams there are in so many tokens."""
        return sum(largest(tokens - width + 1, 0) for width in self.widths())


def _not_taken(what: str, x: Shape) -> ShapeError:
    return ShapeError(
        f"TextVectorization with these arguments takes {what} without the batch, not {x!r}",
        code="wrong-number-of-axes",
        values={"input": x},
    )


def _one_text(dim: Dim) -> Requirement:
    return Requirement(
        dim,
        Relation.EQUAL,
        1,
        "texts that are to be split stand along an axis of length 1, not {size}",
        code="more-than-one-text",
        hint="use split=None where the tokens are given",
        details=(("size", dim),),
    )


def _some_runs(runs: Dim) -> Requirement:
    return Requirement(
        runs,
        Relation.AT_LEAST,
        1,
        "there are not as many tokens in a row as an n-gram has",
        code="too-few-tokens",
        hint="use smaller n-grams",
    )
