"""Edits of the rule by which a window gives a size: the floor, the +1, the padding, the stride."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from archcalc.explain.reconciling.edit import Edit, Place, Variant, register_edit
from archcalc.layers import Applied
from archcalc.layers.window import TransposedWindow, Window
from archcalc.symbolic.shape import Shape

__all__ = ["WINDOW_RULES", "WindowRule"]


@dataclass(frozen=True, slots=True)
class WindowRule:
    """A way to get the size wrong.

    Attributes:
        name: the kind of the edit.
        text: in words.
        bits: its cost.
        size: what comes out of an axis of `n` by it.
    """

    name: str
    text: str
    bits: float
    size: Callable[[Window, int], int]


def _room(window: Window, n: int) -> int:
    before, after = window.pads(n)
    return n + int(before) + int(after) - int(window.span)


WINDOW_RULES = (
    WindowRule("plus-one-dropped", "the +1 was dropped from ⌊(n + 2p − k)/s⌋ + 1", 2.5,
               lambda w, n: _room(w, n) // int(w.stride)),
    WindowRule("rounded-up", "the division was rounded up, not down", 3.0,
               lambda w, n: -(-_room(w, n) // int(w.stride)) + 1),
    WindowRule("stride-ignored", "the stride was ignored", 3.0,
               lambda w, n: _room(w, n) + 1),
    WindowRule("padding-ignored", "the padding was ignored", 3.0,
               lambda w, n: (n - int(w.span)) // int(w.stride) + 1),
    WindowRule("padding-on-one-side", "the padding was added on one side only", 3.5,
               lambda w, n: (n + int(w.pads(n)[0]) - int(w.span)) // int(w.stride) + 1),
    WindowRule("dilation-ignored", "the dilation was ignored", 3.5,
               lambda w, n: (_room(w, n) + int(w.span) - int(w.kernel)) // int(w.stride) + 1),
    WindowRule("kernel-ignored", "only the stride was divided by: ⌊n/s⌋", 4.5,
               lambda w, n: n // int(w.stride)),
    WindowRule("divided-rounded-up", "only the stride was divided by, rounded up: ⌈n/s⌉", 4.0,
               lambda w, n: -(-n // int(w.stride))),
    WindowRule("kernel-taken-off", "the whole kernel was taken off: ⌊(n − k)/s⌋", 4.5,
               lambda w, n: (n - int(w.kernel)) // int(w.stride)),
)  # fmt: skip
"""How people get the size that a window gives wrong."""

_WRITTEN = (
    ("stride-ignored", "the stride was ignored", 3.0, lambda w, n: n),
    ("kernel-ignored", "only the stride was multiplied with: n·s", 3.0,
     lambda w, n: n * int(w.stride)),
    ("output-padding-ignored", "the output padding was ignored", 3.0,
     lambda w, n: int(w.output(n)) - int(w.output_padding or 0)),
    ("padding-ignored", "the padding was ignored", 3.0,
     lambda w, n: (n - 1) * int(w.stride) + int(w.span)),
    ("padding-on-one-side", "the padding was taken off one side only", 3.5,
     lambda w, n: int(w.output(n)) + int(w.cuts(n)[1])),
    ("last-position-forgotten", "n·s was used for (n − 1)·s", 3.5,
     lambda w, n: int(w.output(n)) + int(w.stride)),
)  # fmt: skip


class WindowMisread(Edit):
    """The size that a window gives, by another rule."""

    kind = "window-rule"
    bits = 3.5
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        applied = place.row.applied
        windows = applied.windows or ()
        if len(applied.inputs) != 1 or not windows or len(applied.output) != len(applied.inputs[0]):
            return
        seen = {applied.outputs}
        rules = [(r.name, r.text, r.bits, r.size) for r in WINDOW_RULES]
        if isinstance(windows[0][1], TransposedWindow):
            rules = list(_WRITTEN)
        for name, text, bits, size in rules:
            outputs = partial(_sized, size=size)
            made = outputs(applied)
            alike = made is None or made in seen
            if made is not None:
                seen.add(made)
            yield Variant(
                text, outputs=outputs, kind=name, bits=bits + 2 * alike, tag=("window", name),
                touches="window",
            )  # fmt: skip


def _sized(applied: Applied, size: Callable[[Window, int], int]) -> tuple[Shape, ...] | None:
    """The outputs with other sizes along the axes of its windows."""
    (x,), made = applied.inputs[:1], list(applied.output)
    for axis, window in applied.windows or ():
        n = x[axis]
        if not isinstance(n, int) or not isinstance(window, Window | TransposedWindow):
            return None
        try:
            made[axis] = size(window, n)  # type: ignore[arg-type]
        except (ZeroDivisionError, TypeError):
            return None
    if any(isinstance(d, int) and d < 1 for d in made):
        return None
    return (Shape(made), *applied.outputs[1:])


register_edit(WindowMisread())
