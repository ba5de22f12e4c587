"""What a layer states about itself: weights, work, and remarks, each symbolically."""

from __future__ import annotations

from dataclasses import dataclass

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape, product

__all__ = ["Remark", "Weight", "Work"]


@dataclass(frozen=True, slots=True)
class Weight:
    """One named tensor that a layer owns.

    Attributes:
        name: Keras' name for it, such as ``"kernel"``.
        shape: its dimensions in order; the count is their product, and nothing else says it.
        learned: whether training by gradients changes it; running statistics are not learned.
        frozen: whether this layer keeps it from being trained, as LoRA does with a kernel.

    >>> Weight("kernel", Shape((3, 3, 1, 32))).size
    288
    """

    name: str
    shape: Shape
    learned: bool = True
    frozen: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.shape, Shape):
            object.__setattr__(self, "shape", Shape(self.shape))

    @property
    def size(self) -> Dim:
        """The number of elements: the product of the shape."""
        return product(self.shape)


@dataclass(frozen=True, slots=True)
class Work:
    """Multiply-accumulates of one kind, as the product of `factors`, in the order of the loops.

    Attributes:
        kind: ``"matmul"``, ``"convolution"``, ``"attention"``, or ``"adapter"`` (LoRA's product,
            done once for a whole batch), so that a convention can pick.
        factors: the lengths of the nested loops; their product is the number of MACs.
        inner: whether what is multiplied with a weight was made in the layer itself, by another
            weight, so that it has a gradient wherever the layer is trained.

    >>> Work("convolution", (26, 26, 3, 3, 1, 32)).macs
    194688
    """

    kind: str
    factors: tuple[Dim, ...]
    inner: bool = False

    @property
    def macs(self) -> Dim:
        """The number of multiply-accumulates."""
        return product(self.factors)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something legal that is rarely meant."""

    code: str
    message: str
