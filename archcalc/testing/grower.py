"""Makes the layers of a random network, and keeps account of what they cost."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.layers import Identity
from archcalc.layers.base import Layer
from archcalc.symbolic.shape import Shape
from archcalc.testing.drawing import draw_layer, inputs_of, layer_on, tries
from archcalc.testing.picking import numbers
from archcalc.testing.plan import Plan, parameters_of

__all__ = ["Grower"]


class Grower:
    """Draws layers within the bounds of a plan.

    Args:
        draw: Hypothesis' function.
        plan: the bounds.

    Attributes:
        spare: how many layers there may be beside those of a chain.
    """

    def __init__(self, draw: DrawFn, plan: Plan) -> None:
        self.draw: Any = draw
        self.plan = plan
        self.spare = 0
        self._left = plan.parameters

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
        cls = self.draw(self.plan.openings)
        x = self.draw(inputs_of(cls))[0]
        for (first,) in tries(cls, (x,), self.plan.allowed):
            made: Layer | None = self.draw(_drawn(self, first, cls))
            if made is not None and self.plan.accepts(made, first) and self.spend(made, first):
                return made, first
        layer, x = self.plan.instead(x) or self.plan.least
        self.spend(layer, x)
        return layer, x

    def layer(self, x: Shape) -> Layer | None:
        """Any layer that takes `x` and gives no more than can be run; ``None`` if there is none."""
        made: Layer | None = self.draw(_drawn(self, x))
        if made is not None and self.plan.accepts(made, x) and self.spend(made, x):
            return made
        other = self.plan.instead(x)
        return other[0] if other and self.spend(*other) else None

    def keeping(self, x: Shape) -> Layer:
        """A layer that gives back the shape that it takes."""
        kind = self.draw(st.sampled_from(self.plan.kinds_on(x, "keeping")))
        made: Layer | None = self.draw(layer_on(kind, (x,), self.plan.allowed))
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
        return self.plan.projection(x, features, window, use_bias=bias)


_BIAS = st.sampled_from((True, False))


@st.composite
def _drawn(
    draw: DrawFn, grower: Grower, x: Shape, opening: type[Layer] | None = None
) -> Layer | None:
    """A layer that takes `x`; of the kind `opening` more often than of another.

    It is drawn in one piece: without it, what is drawn next makes a network too, a shorter one.
    """
    pool = draw(grower.plan.pools)
    projects = pool == "projection" and opening is None and x
    made = grower.projection(x, int(x[-1])) if projects else None
    kinds = grower.plan.kinds_on(x, pool)
    if made is not None or not (kinds or opening):
        return made
    place = draw(numbers(0, len(kinds) - 1 if opening is None else max(0, 4 * len(kinds) - 1)))
    cls = kinds[place] if opening is None or place < len(kinds) else opening
    return draw_layer(draw, cls, (x,), grower.plan.allowed)
