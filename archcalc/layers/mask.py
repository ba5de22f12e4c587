"""Which keys a query sees: all of them, those before it, or those near to it.

Sources: Vaswani et al., *Attention Is All You Need* (2017), section 3.2.3, for causal masks; Jiang
et al., *Mistral 7B* (2023), section 2, for windows.
"""

from __future__ import annotations

from dataclasses import dataclass

from archcalc.layers.sight import Sight, Stretch, all_of, every_one_before
from archcalc.symbolic.compare import smallest
from archcalc.symbolic.dims import Dim, exact_div, lower

__all__ = ["Mask"]


@dataclass(frozen=True, slots=True)
class Mask:
    """What a query may see, by the number of its position and those of the keys.

    Attributes:
        causal: whether query ``i`` sees no key ``j > i``.
        window: how near a key must be, ``|i − j| < window``; ``None`` for any.
        added: how many keys stand behind those of the sequence, which every query sees.

    >>> Mask(causal=True).pairs(1024, 1024), Mask(causal=True, window=256).pairs(1024, 1024)
    (524800, 229504)
    """

    causal: bool = False
    window: Dim | None = None
    added: int = 0

    @property
    def hides(self) -> bool:
        """Whether some query may not see some key."""
        return self.causal or self.window is not None

    def sight(self, axis: int, n: Dim) -> Sight:
        """What a query sees of the `n` keys along an axis, but for those that were added.

        >>> Mask(window=3).sight(0, 100).stretches, Mask(True, window=3).sight(0, 100).stretches
        ((Stretch(start=-2, size=5, apart=1),), (Stretch(start=-2, size=3, apart=1),))
        """
        if self.window is None:
            return every_one_before(axis, n) if self.causal else all_of(n, axis)
        size = self.window if self.causal else lower(2 * self.window - 1)
        return Sight(axis, (Stretch(lower(1 - self.window), size),))

    def pairs(self, queries: Dim, keys: Dim) -> Dim:
        """How many pairs of a query and a key meet.

        All ``t·s`` without a mask; ``t·(t + 1)/2`` with a causal one on as many keys as queries;
        with a window `W` too, ``t·m − m·(m − 1)/2`` where ``m = min(t, W)``.

        >>> from archcalc.symbolic import symbols
        >>> t, s, W = symbols("t s W")
        >>> Mask().pairs(t, s)
        s*t
        >>> Mask(causal=True).pairs(t, t)
        t*(t + 1)/2
        """
        found = lower(keys - self.added)
        return lower(self._met(queries, found) + queries * self.added)

    def _met(self, t: Dim, s: Dim) -> Dim:
        if self.window is None:
            return _before(t, s) if self.causal else lower(t * s)
        if t == s:
            near = smallest(t, self.window)
            past = t * near - exact_div(near * (near - 1), 2)
            return lower(past if self.causal else 2 * past - t)
        far = _before(lower(t - smallest(t, self.window)), s)
        if self.causal:
            return lower(_before(t, s) - far)
        return lower(t * s - far - _before(lower(s - smallest(s, self.window)), t))


def _before(t: Dim, s: Dim) -> Dim:
    """The pairs ``j ≤ i`` of `t` queries and `s` keys: a triangle, and what is below it whole."""
    near = t if t == s else smallest(t, s)
    return lower(exact_div(near * (near + 1), 2) + (t - near) * s)
