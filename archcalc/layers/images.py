"""What layers on images share: two spatial axes, and colours."""

from __future__ import annotations

from typing import ClassVar

from archcalc.layers.facts import Arithmetic
from archcalc.layers.spatial import Spatial
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, product

__all__ = ["Augmentation", "Images"]


class Images(Spatial, abstract=True):
    """A layer on images ``(h, w, c)``, or ``(c, h, w)`` where the channels come first."""

    rank: ClassVar[int] = 2

    def colours(self) -> tuple[int, ...]:
        """How many channels the images may have; none where any number will do."""
        return ()

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return ()

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        allowed = self.colours()
        if not allowed:
            return ()
        channels = self.channels(x)
        one = len(allowed) == 1
        return (
            Requirement(
                channels if one else product(channels - number for number in allowed),
                Relation.EQUAL,
                allowed[0] if one else 0,
                f"{type(self).__name__} takes images of {' or '.join(map(str, allowed))} channels, "
                "not {channels}",
                code="wrong-channels",
                hint="3 are red, green and blue; are the channels where data_format says?",
                details=(("channels", channels),),
            ),
        )


class Augmentation(Images, abstract=True):
    """What changes images and not their shape.

    Keras does it in training; in inference it gives its images as they are, so that nothing is
    computed there.
    """

    source: ClassVar[str] = "https://keras.io/api/layers/preprocessing_layers/image_augmentation/"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...] | None:
        return ()
