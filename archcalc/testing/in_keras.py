"""What Keras can do of what it says, on the backend that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from archcalc.frameworks.keras import import_keras
from archcalc.frameworks.lookup import entry_of
from archcalc.frameworks.records import KERAS
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.encoding import Discretization
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "IN_TRAINING",
    "ON_TENSORFLOW",
    "builds_in_keras",
    "keeps_its_word",
    "multiplies",
    "runs_in_keras",
]


def _needs(cls: type[Layer]) -> str:
    entry = KERAS.entry(cls)
    return entry.needs if entry else ""


ON_TENSORFLOW = {cls.__name__ for cls in KERAS if _needs(cls) == "tensorflow"}
"""What Keras builds on TensorFlow's hash tables, whichever backend it runs on."""


def builds_in_keras(cls: type[Layer]) -> bool:
    """Whether Keras can build layers of this class here."""
    needed = _needs(cls)
    return not needed or find_spec(needed) is not None


_OTHERWISE = {"HashedCrossing", "Hashing", "MelSpectrogram", "TextVectorization"}
"""What gives another shape than Keras promises in some cases (of 3.15)."""


IN_TRAINING = {"RandomCrop"}
"""What crops, or does anything, only where something is trained; models are run otherwise."""


def keeps_its_word(layer: Layer) -> bool:
    """Whether what comes out has the shape that Keras says without running it."""
    if type(layer).__name__ == "MultiHeadAttention" and getattr(layer, _SCORES):
        return False  # it promises as many keys as queries
    return type(layer).__name__ not in _OTHERWISE


_SCORES = "return_attention_scores"


def multiplies(applied: Applied) -> bool:
    """Whether Keras does a layer's products as products of matrices, which a counter can see.

    torch's einsum sums element by element over axes of length 1.
    """
    layer: Any = applied.layer
    if type(layer).__name__ not in ("MultiHeadAttention", "GroupQueryAttention"):
        return not entry_of(KERAS, layer).uncounted
    projections = layer.projections(*applied.inputs)
    summed = [*(part.x[-1] for part in projections.values()), product(layer.joined())]
    if len(applied.inputs[0]) > 2 or layer.dropout or getattr(layer, _SCORES):  # not fused
        summed += [projections["query"].into[-1], product(layer.core(*applied.inputs).keys)]
    return min(map(int, summed)) > 1


def runs_in_keras(applied: Applied) -> bool:
    """Whether Keras' backend can run what Keras builds.

    Its torch backend cannot run everything that others can.  What Keras promises is compared all
    the same.
    """
    layer, x = applied.layer, applied.inputs[0]
    if isinstance(layer, Discretization) and layer.bin_boundaries is None:
        return False  # it has seen no data
    if import_keras().backend.backend() != "torch":
        return True
    runs = _ON_TORCH.get(type(applied.layer).__name__)
    if runs is not None:
        return runs(layer, x)
    return "lanczos" not in getattr(layer, "interpolation", "")


def _last_axes(layer: Any, x: Shape) -> bool:
    """Normalisation is handed to torch functions that take the last axes only."""
    axes = sorted(axis % (len(x) + 1) for axis in layer.axis)
    return axes == list(range(len(x) + 1 - len(axes), len(x) + 1))


def _no_larger(layer: Any, x: Shape) -> bool:
    """Averages in three dimensions are handed to one that refuses larger windows."""
    return all(size <= n for size, n in zip(layer.pool_size, layer.extent(x), strict=True))


def _square(layer: Any, x: Shape) -> bool:
    """Blurring pads height and width the wrong way round."""
    return not isinstance(layer.kernel_size, tuple) or len(set(layer.kernel_size)) == 1


def _two_pixels(layer: Any, x: Shape) -> bool:
    """Pixels are moved by rows and columns, of which it takes at least two to be."""
    return bool(min(layer.extent(x)) > 1)


def _plain(layer: Any, x: Shape) -> bool:
    """Flash attention is for graphics processors."""
    return not layer.flash_attention


_ON_TORCH: Mapping[str, Callable[[Any, Shape], bool]] = {
    "GroupQueryAttention": _plain,
    "LayerNormalization": _last_axes,
    "MultiHeadAttention": _plain,
    "RMSNormalization": _last_axes,
    "AveragePooling3D": _no_larger,
    "RandomGaussianBlur": _square,
    "RandomElasticTransform": _two_pixels,
}
"""Whether Keras' torch backend runs a layer of these kinds; there is no Lanczos interpolation."""
