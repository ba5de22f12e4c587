"""What a random network is made of: which layers, how many, how large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from archcalc.layers import Conv1D, Conv2D, Conv3D, Dense, Identity, ReLU
from archcalc.layers.base import Layer
from archcalc.symbolic.shape import Shape
from archcalc.testing.available import Allowed, axes_of, takes, takes_one
from archcalc.testing.bounds import BoundError
from archcalc.testing.in_keras import IN_TRAINING, builds_in_keras, keeps_its_word
from archcalc.testing.random_layers import pairs

__all__ = ["MOST_AXES", "NetworkBounds", "parameters_of"]

_MOST_ELEMENTS = 2_000
"""What a layer may give at most, so that ten of them still run in a moment."""

MOST_AXES = 4
"""What goes on into another layer has no more axes than this."""

_CONVOLUTIONS: dict[int, type[Any]] = {2: Conv1D, 3: Conv2D, 4: Conv3D}
"""The convolution for inputs of so many axes, channels last."""


def parameters_of(layer: Layer, inputs: tuple[Shape, ...]) -> int:
    """How many weights a layer or a network learns, all its copies counted."""
    return sum(int(weight.size) for weight in layer.weights(*inputs) if weight.learned)


@dataclass(frozen=True)
class NetworkBounds:
    """The bounds of a random network.

    Attributes:
        kinds: the layers it is made of.
        allowed: what those may be.
        layers: how many there are at most.
        parameters: how many weights they learn at most; any number where ``None``.
        branches: whether it may be more than a chain.
    """

    kinds: tuple[type[Layer], ...]
    allowed: Allowed
    layers: int
    parameters: int | None
    branches: bool

    @classmethod
    def of(cls, kinds: tuple[type[Layer], ...], **bounds: Any) -> NetworkBounds:
        """A plan that can be met.

        Raises:
            BoundError: it cannot.
        """
        made = cls(kinds=tuple(kind for kind in kinds if _goes(kind, bounds["allowed"])), **bounds)
        if not made._always:
            made.least  # noqa: B018  # said now, and not in the middle of a test
        return made

    def __repr__(self) -> str:
        few = "" if self.parameters is None else f", {self.parameters:,} parameters"
        return f"<at most {self.layers} layers{few}, of {len(self.kinds)} kinds>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis shows."""
        printer.text(repr(self))

    @cached_property
    def _always(self) -> bool:
        """Whether there is a layer without weights for any shape."""
        return any(
            made.__class__ in self.kinds and self.allowed.holds(made) for made in _WEIGHTLESS
        )

    @cached_property
    def least(self) -> tuple[Layer, Shape]:
        """The simplest layer that the bounds allow.

        Raises:
            BoundError: there is none.
        """
        for kind in (kind for kind in self.kinds if takes_one(kind)):
            found = _simplest(self, kind)
            if found is not None:
                return found
        names = ", ".join(kind.__name__ for kind in self.kinds[:6])
        few = "" if self.parameters is None else f" of at most {self.parameters:,} parameters"
        raise BoundError(
            f"no network{few} begins with any of {names}",
            code="bound-not-met",
            hint="allow more parameters, or other kinds",
        )

    # What there is to choose from

    @cached_property
    def pools(self) -> SearchStrategy[str]:
        """From which kinds a layer is drawn; of few, each is as likely as another."""
        if len(self.kinds) <= len(_COMMON):
            return st.just("any")
        return st.sampled_from(("any", "common", "projection", "keeping"))

    @cached_property
    def pieces(self) -> SearchStrategy[str]:
        """What stands in a chain."""
        blocks = ("chain", "repeat", "residual", "parallel") if self.branches else ("repeat",)
        return st.sampled_from(("layer",) * 3 + blocks)

    @cached_property
    def openings(self) -> Kinds:
        """Kinds that a chain begins with: any, and the common ones more often."""
        alone = _balanced([kind for kind in self.kinds if takes_one(kind)])
        common = [kind for kind in alone if kind.__name__ in _COMMON]
        return st.sampled_from(common or alone) | st.sampled_from(alone) | st.sampled_from(alone)

    @cached_property
    def gathering(self) -> Kinds:
        """Kinds of any number of inputs: those of several as often as all of them."""
        several = [kind for kind in self.kinds if kind.arity != (1, 1)]
        return st.sampled_from(several or self.kinds) | st.sampled_from(self.kinds)

    @cached_property
    def kinds_on(self) -> Callable[[Shape, str], Sequence[type[Layer]]]:
        """The kinds that take a shape: of a pool, or of all where the pool has none for it."""
        return lru_cache(maxsize=8192)(self._kinds_on)

    def _kinds_on(self, x: Shape, pool: str) -> Sequence[type[Layer]]:
        if not 0 < len(x) <= MOST_AXES:
            return ()
        found = _balanced([k for k in self.kinds if k.takes == "numbers" and takes(k, x)])
        return [kind for kind in found if kind.__name__ in _POOLS.get(pool, ())] or found

    @cached_property
    def joins(self) -> Kinds | None:
        """The kinds that join two inputs of one shape."""
        kinds = [
            kind for kind in self.kinds if kind.__name__ in _JOINS and self.allowed.holds(kind())
        ]
        return st.sampled_from(kinds) if kinds else None

    # What may stand somewhere

    def accepts(self, layer: Layer, *inputs: Shape, outputs: int = 1) -> bool:
        """Whether `layer` on `inputs` gives so many outputs at most, none of them too large."""
        shapes = layer.output_shapes(*inputs)
        if len(shapes) > outputs or any(len(shape) > MOST_AXES for shape in shapes):
            return False
        if "keras" in self.allowed.frameworks and not _is_plain_in_keras(layer):
            return False
        sizes = [shape.elements for shape in shapes]  # a formula, where a name is said of a field
        return all(isinstance(size, int) and size <= _MOST_ELEMENTS for size in sizes)

    def instead(self, x: Shape) -> tuple[Layer, Shape] | None:
        """A simple layer for `x`: one that makes it smaller, or one without weights."""
        smaller = (Dense(2),) if self.parameters is None and x else ()
        for layer in (*smaller, *_WEIGHTLESS):
            if type(layer) in self.kinds and self.allowed.holds(layer):
                return layer, x
        return None

    def projection(self, x: Shape, features: int, window: int, use_bias: bool) -> Layer | None:
        """A Dense, or a convolution with a window, that keeps all axes but the last."""
        convolution = _CONVOLUTIONS.get(len(x))
        made: list[Layer] = []
        if window and convolution in self.kinds:
            made.append(convolution(features, window, padding="same", use_bias=use_bias))
        if x and Dense in self.kinds:
            made.append(Dense(features, use_bias=use_bias))
        return next(filter(self.allowed.holds, made), None)


@lru_cache(maxsize=1024)
def _simplest(bounds: NetworkBounds, kind: type[Layer]) -> tuple[Layer, Shape] | None:
    """The simplest layer of a kind within the bounds, and its input."""

    def meets(pair: tuple[Layer, tuple[Shape, ...]]) -> bool:
        layer, inputs = pair
        cost = 0 if bounds.parameters is None else parameters_of(layer, inputs)
        return (
            len(inputs) == 1 and bounds.accepts(layer, *inputs) and cost <= (bounds.parameters or 0)
        )

    try:
        quiet = settings(
            database=None, deadline=None, max_examples=100, suppress_health_check=tuple(HealthCheck)
        )
        layer, (x,) = find(pairs(kind, bounds.allowed), meets, settings=quiet)
    except NoSuchExample:
        return None
    return layer, x


Kinds: TypeAlias = SearchStrategy[type[Any]]


def _balanced(kinds: list[type[Layer]]) -> list[type[Layer]]:
    """Of few kinds, those that ask for so many axes twice: they have fewer occasions."""
    if len(kinds) > len(_COMMON):
        return kinds
    return kinds + [kind for kind in kinds if axes_of(kind) is not None]


def _goes(kind: type[Layer], allowed: Allowed) -> bool:
    """Whether layers of a kind can stand in a network of these frameworks, and in a file.

    A file holds no function, and without one no framework has anything to call.
    """
    if kind.__name__ == "Lambda":
        return not allowed.frameworks
    return "keras" not in allowed.frameworks or (
        kind.__name__ not in _NOT_IN_KERAS and builds_in_keras(kind)
    )


_NOT_IN_KERAS = ("Equalization", "Discretization", "MelSpectrogram", "Masking")
"""Layers that Keras runs alone, but not in any model: one it takes for its input, one gives
indices, one gives another shape than it promises, and the mask of one fits few layers after it."""


def _is_plain_in_keras(layer: Layer) -> bool:
    """Whether Keras gives the shapes that it promises, and nothing else beside them."""
    whatever = keeps_its_word(layer) and type(layer).__name__ not in IN_TRAINING
    return whatever and not getattr(layer, "mask_zero", False)


_WEIGHTLESS: tuple[Layer, ...] = (ReLU(), Identity())

_JOINS = ("Add", "Average", "Multiply", "Maximum", "Concatenate")

_COMMON = (
    *("Dense", "Flatten", "ReLU", "Activation", "Softmax", "Dropout", "Embedding", "LSTM"),
    *("Conv1D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D"),
    *("GlobalAveragePooling2D", "BatchNormalization", "LayerNormalization", "MultiHeadAttention"),
    *("ZeroPadding2D", "UpSampling2D", "Reshape", "Permute"),
)

_KEEPING = (
    *("Identity", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU", "Dropout"),
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"),
    *("InstanceNormalization", "GaussianNoise"),
)
"""Layers that always keep their shape (a gated activation apart)."""

_POOLS = {"common": _COMMON, "keeping": _KEEPING}
