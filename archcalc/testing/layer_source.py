"""Makes the layers of a random network, and keeps account of what they cost."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.layers import Identity
from archcalc.layers.base import Layer
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import numbers
from archcalc.testing.network_bounds import NetworkBounds, parameters_of
from archcalc.testing.random_layers import draw_layer, inputs_of, layer_on, tries

__all__ = ["LayerSource"]


class LayerSource:
    """Draws layers within the bounds of a plan.

    Args:
        draw: Hypothesis' function.
        bounds: the bounds.

    Attributes:
        spare: how many layers there may be beside those of a chain.
    """

    def __init__(self, draw: DrawFn, bounds: NetworkBounds) -> None:
        self.draw: Any = draw
        self.bounds = bounds
        self.spare = 0
        self._left = bounds.parameters

    def spend(self, layer: Layer, *inputs: Shape, times: int = 1) -> bool:
        """Take the parameters of a layer from those that are left, if there are enough."""
        if self._left is None:
            return True
        cost = parameters_of(layer, inputs) * times
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def first(self) -> tuple[Layer, Shape]:
        """A layer to begin with, and its input."""
        cls = self.draw(self.bounds.openings)
        x = self.draw(inputs_of(cls))[0]
        for (first,) in tries(cls, (x,), self.bounds.allowed):
            made: Layer | None = self.draw(_drawn(self, first, cls))
            if made is not None and self.bounds.accepts(made, first) and self.spend(made, first):
                return made, first
        layer, x = self.bounds.instead(x) or self.bounds.least
        self.spend(layer, x)
        return layer, x

    def layer(self, x: Shape) -> Layer | None:
        """Any layer that takes `x` and gives no more than can be run; ``None`` if there is none."""
        made: Layer | None = self.draw(_drawn(self, x))
        if made is not None and self.bounds.accepts(made, x) and self.spend(made, x):
            return made
        other = self.bounds.instead(x)
        return other[0] if other and self.spend(*other) else None

    def keeping(self, x: Shape) -> Layer:
        """A layer that gives back the shape that it takes."""
        kind = self.draw(st.sampled_from(self.bounds.kinds_on(x, "keeping")))
        made: Layer | None = self.draw(layer_on(kind, (x,), self.bounds.allowed))
        return made if made is not None and made.output_shape(x) == x else Identity()

    def another(self, x: Shape, y: Shape) -> Layer | None:
        """One layer beside the others that makes `y` of `x`, if one is left."""
        if self.spare < 1 or not x or len(x) != len(y) or x[:-1] != y[:-1]:
            return None
        made = self.projection(x, int(y[-1]))
        if made is None or not self.spend(made, x):
            return None
        self.spare -= 1
        return made

    def projection(self, x: Shape, features: int) -> Layer | None:
        """A Dense or a convolution that keeps all axes but the last."""
        window, bias = self.draw(numbers(0, 3)), self.draw(_BIAS)
        return self.bounds.projection(x, features, window, use_bias=bias)


_BIAS = st.sampled_from((True, False))


@st.composite
def _drawn(
    draw: DrawFn, source: LayerSource, x: Shape, opening: type[Layer] | None = None
) -> Layer | None:
    """A layer that takes `x`; of the kind `opening` more often than of another.

    It is drawn in one piece: without it, what is drawn next makes a network too, a shorter one.
    """
    pool = draw(source.bounds.pools)
    projects = pool == "projection" and opening is None and x
    made = source.projection(x, int(x[-1])) if projects else None
    kinds = source.bounds.kinds_on(x, pool)
    if made is not None or not (kinds or opening):
        return made
    place = draw(numbers(0, len(kinds) - 1 if opening is None else max(0, 4 * len(kinds) - 1)))
    cls = kinds[place] if opening is None or place < len(kinds) else opening
    return draw_layer(draw, cls, (x,), source.bounds.allowed)
