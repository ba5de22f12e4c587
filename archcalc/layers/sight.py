"""What the positions of an output see of one axis of an input.

A position of the output sees a stretch of the axis.  Along which axis of the output that stretch
moves, where it begins, how long it is and how far it moves is a `Sight`.  Where the stretch differs
from position to position in turn, as after a transposed convolution, there is one for each phase.

Sources: Araujo, Norris and Sim, *Computing Receptive Fields of Convolutional Neural Networks*,
Distill (2019); Dumoulin and Visin, *A guide to convolution arithmetic for deep learning* (2016),
relationships 8 to 14, for what a transposed convolution reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import TypeAlias

from archcalc.layers.window import Stretches, TransposedWindow, Window
from archcalc.symbolic.compare import at_least, equal, largest, smallest
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import ceil_div, floor_div
from archcalc.symbolic.shape import Shape, product

__all__ = [
    "BY_NUMBERS",
    "Sight",
    "Sights",
    "Stretch",
    "aligned",
    "all_of",
    "at_position",
    "between",
    "channels",
    "every_one_before",
    "in_place",
    "itself",
    "parted",
    "regrouped",
    "repeated",
    "seen_through",
    "sliding",
    "together",
    "unknown",
    "without_one",
]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Positions of an axis from `start` on.

    Attributes:
        start: the first; below 0 it is padding.
        size: how many there are from the first to the last.
        apart: the distance between those that are read.
    """

    start: Dim
    size: Dim
    apart: Dim = 1


_ITSELF: tuple[Stretch | None, ...] = (Stretch(0, 1),)


@dataclass(frozen=True, slots=True)
class Sight:
    """What output positions see of an axis: ``u = q·len(stretches) + p`` sees stretch ``p``, moved.

    Attributes:
        along: the axis of the output along which the stretch moves; ``None`` where every position
            of the output sees the same.
        stretches: one for each phase; ``None`` where positions of a phase see nothing.
        first, last: how far the first and the last position of a stretch move from one position of
            a phase to the next: the stride times the number of phases, or 0 where that end stays.
        channels: whether these are channels, of which everything sees all.
        over: axes of the output whose positions see a part each of what is said here, by no rule:
            only all of them together see it all.
        wraps: whether what lies beyond one end comes in at the other.
        why: what the rule is that is no rule here.

    >>> sliding(0, Window(3, 2, padding="same"), 8)
    Sight(along=0, stretches=(Stretch(start=0, size=3, apart=1),), first=2, last=2)
    """

    along: int | None
    stretches: tuple[Stretch | None, ...] = _ITSELF
    first: Dim = 1
    last: Dim = 1
    channels: bool = False
    over: frozenset[int] = frozenset()
    wraps: bool = False
    why: str = ""

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in ("along", "stretches")]
        shown += [f"{name}={getattr(self, name)!r}" for name in ("first", "last")]
        rest = [(name, getattr(self, name)) for name in ("channels", "over", "wraps", "why")]
        shown += [f"{name}={value!r}" for name, value in rest if value]
        return f"Sight({', '.join(shown)})"

    @property
    def known(self) -> bool:
        """Whether anything can be said at all."""
        return bool(self.stretches)

    @property
    def moves(self) -> bool:
        """Whether different positions of the output see different stretches."""
        return self.along is not None and (self.first != 0 or self.last != 0 or self.period > 1)

    @property
    def period(self) -> int:
        """The number of phases."""
        return len(self.stretches)

    @property
    def plain(self) -> bool:
        """Whether every position sees the one that was in its place."""
        return (
            self.along is not None
            and self.stretches == _ITSELF
            and self.first == self.last == 1
            and not (self.over or self.wraps)
        )

    def covers(self, n: Dim) -> bool:
        """Whether every position of the output sees all `n` positions."""
        if self.moves or self.over or self.period != 1 or self.stretches[0] is None:
            return False
        start, size = self.stretches[0].start, self.stretches[0].size
        return at_least(0, start) is True and at_least(lower(start + size), n) is True


Sights: TypeAlias = Mapping[int, Sight]
"""How each axis of an input is seen, by its number."""


def itself(along: int) -> Sight:
    """Every position sees the one in its place, along an axis of the output."""
    return Sight(along)


def all_of(n: Dim, along: int | None = None) -> Sight:
    """Every position sees all `n`."""
    return Sight(along, (Stretch(0, n),), 0, 0)


def channels(n: Dim) -> Sight:
    """Every position sees all `n`, which are channels."""
    return replace(all_of(n), channels=True)


def every_one_before(along: int, n: Dim, backwards: bool = False) -> Sight:
    """A position sees all up to its own place.

    Args:
        along: the axis of the output.
        n: how long the axis of the input is.
        backwards: whether what comes out first sees the last of the input only.
    """
    if backwards:
        return Sight(along, (Stretch(lower(n - 1), 1),), -1, 0)
    return Sight(along, (Stretch(0, 1),), 0, 1)


def at_position(place: Dim) -> Sight:
    """All see one and the same position."""
    return Sight(None, (Stretch(place, 1),), 1, 1)


def parted(n: Dim, over: Iterable[int], why: str = "") -> Sight:
    """Positions along some axes of the output share out all `n`, by no rule that is known."""
    return Sight(None, (Stretch(0, n),), 1, 1, over=frozenset(over), why=why)


def unknown(why: str) -> Sight:
    """Nothing can be said."""
    return Sight(None, (), 0, 0, why=why)


def aligned(inputs: tuple[Shape, ...], place: int) -> Sights:
    """Input number `place` where several are brought to one shape, their axes counted from the end.

    An axis of length 1 beside a longer one is the same for all positions of the output.
    """
    rank, shape = max(map(len, inputs)), inputs[place]
    found: dict[int, Sight] = {}
    for axis, dim in enumerate(shape):
        behind = len(shape) - axis
        others = [other[-behind] for other in inputs if len(other) >= behind]
        stretched = dim == 1 and any(other != 1 for other in others)
        found[axis] = all_of(1, rank - behind) if stretched else itself(rank - behind)
    return found


def sliding(along: int | None, window: Window | TransposedWindow | Stretches, n: Dim) -> Sight:
    """What a window sees of an axis of length `n`.

    A window of stride 2 that writes, and leaves out one position of three:

    >>> sliding(0, TransposedWindow(1, 2), 8).stretches
    (Stretch(start=0, size=1, apart=1), None)
    """
    if isinstance(window, TransposedWindow):
        return _writing(along, window, n)
    if isinstance(window, Stretches):
        return _stretching(along, window, n)
    before = window.pads(n)[0]
    apart = 1 if window.kernel == 1 else window.dilation
    read = Stretch(lower(-before), window.span, apart)
    return Sight(along, (read,), window.stride, window.stride)


def seen_through(
    inputs: tuple[Shape, ...],
    made: Shape,
    windows: Mapping[int, Window | TransposedWindow],
    features: Collection[int],
) -> tuple[Sights, ...]:
    """What a layer with windows sees of its inputs.

    Axes with a window that are not there in the output are gone, and those behind them move up.

    Args:
        inputs: the shapes that go in.
        made: the shape that comes out.
        windows: the windows, by the axis that they slide along.
        features: the axes of the channels.
    """
    rank = max(map(len, inputs), default=0)
    moved = len(made) - rank
    gone = windows if moved < 0 else ()

    def there(axis: int) -> int | None:
        if axis in gone:
            return None
        return axis + (moved if gone and axis > max(gone) else 0)

    def view(axis: int, n: Dim, before: Sight) -> Sight:
        if axis in windows and before.plain:
            return sliding(there(axis), windows[axis], n)
        if axis in features:
            return channels(n)
        return replace(before, along=there(axis))

    found = []
    for place, x in enumerate(inputs):
        first = rank - len(x)
        views = aligned(inputs, place)
        found.append({axis: view(axis + first, n, views[axis]) for axis, n in enumerate(x)})
    return tuple(found)


def in_place(x: Shape, views: Sights) -> Sights:
    """Every axis where it was, but for those of which more is said."""
    return {axis: views.get(axis, itself(axis)) for axis in range(len(x))}


def without_one(axis: int, rank: int, view: Sight) -> Sights:
    """How `rank` axes are seen where one is gone, which is seen as `view` says."""
    return {i: view if i == axis else itself(i - (i > axis)) for i in range(rank)}


def regrouped(x: Shape, y: Shape, why: str = "") -> Sights:
    """The same elements in another shape: axes that stay, and those that are joined or parted.

    >>> seen = regrouped(Shape((4, 6, 3)), Shape((24, 3)))
    >>> [(view.along, set(view.over)) for view in seen.values()]
    [(None, {0}), (None, {0}), (1, set())]
    """
    found: dict[int, Sight] = {}
    i = j = 0
    while i < len(x) or j < len(y):
        p, q = _equal_parts(x, y, i, j)
        if (p - i, q - j) == (1, 1):
            found[i] = itself(j)
        else:
            over = [axis for axis in range(j, q) if y[axis] != 1]
            for axis in range(i, p):
                shared = bool(over) and x[axis] != 1
                found[axis] = parted(x[axis], over, why) if shared else at_position(0)
        i, j = p, q
    return found


def _equal_parts(x: Shape, y: Shape, i: int, j: int) -> tuple[int, int]:
    """The fewest axes of each, from `i` and `j` on, that have as many elements."""
    ends = [(p, q) for p in range(i, len(x) + 1) for q in range(j, len(y) + 1)]
    for p, q in sorted(ends, key=lambda end: (end != (i + 1, j + 1), sum(end))):
        if (p, q) != (i, j) and equal(product(x[i:p]), product(y[j:q])) is True:
            return p, q
    return len(x), len(y)


def together(views: Sights, along: int, n: Dim) -> Sights:
    """The same where all `n` positions along an axis of the output depend on one another."""
    moving = {axis: view for axis, view in views.items() if view.along == along and view.known}
    return {**views, **{axis: _of_all(view, n) for axis, view in moving.items()}}


def _of_all(view: Sight, n: Dim) -> Sight:
    """What `n` positions see together."""
    ends: list[tuple[Dim, Dim]] = []
    for phase, read in enumerate(view.stretches):
        if read is not None:
            turns = floor_div(lower(n - 1 - phase), view.period)
            end = read.start + read.size
            ends += [(read.start, end), (read.start + turns * view.first, end + turns * view.last)]
    start = reduce(smallest, [lower(first) for first, _ in ends])
    end = reduce(largest, [lower(last) for _, last in ends])
    return replace(view, stretches=(Stretch(start, lower(end - start)),), first=0, last=0)


_MOST_PHASES = 4_096
"""Beyond so many phases nobody looks at each of them."""

BY_NUMBERS = "what it reads differs from position to position by a symbol"


def _writing(along: int | None, window: TransposedWindow, n: Dim) -> Sight:
    """Which inputs write to each output: those of which one window falls there.

    Output ``u`` is written by input ``i`` where ``u + cut = i·stride + t·dilation`` for some ``t``
    below `kernel`.
    """
    stride, cut = window.stride, window.cuts(n)[0]
    if stride == 1:
        start = lower(cut - (window.span - 1))
        return Sight(along, (Stretch(start, window.span, window.dilation),), 1, 1)
    if not isinstance(stride, int) or stride > _MOST_PHASES:
        return unknown(BY_NUMBERS)
    if window.dilation == 1 and at_least(window.kernel, stride):
        read = [_between(p + cut, window.kernel, stride) for p in range(stride)]
        return Sight(along, tuple(read), 1, 1)
    kernel, dilation = window.kernel, window.dilation
    if not (isinstance(kernel, int) and isinstance(dilation, int) and isinstance(cut, int)):
        return unknown(BY_NUMBERS)
    found = tuple(_writers(p + cut, kernel, stride, dilation) for p in range(stride))
    return Sight(along, found, 1, 1)


def _between(place: Dim, kernel: Dim, stride: int) -> Stretch:
    """The inputs whose undilated windows reach a place."""
    start, end = ceil_div(lower(place - kernel + 1), stride), floor_div(place, stride)
    return Stretch(start, lower(end - start + 1))


def _writers(place: int, kernel: int, stride: int, dilation: int) -> Stretch | None:
    """The same where not all that a window covers is written."""
    fitting = range(min(kernel, stride))
    taps = next((t for t in fitting if (place - dilation * t) % stride == 0), None)
    if taps is None:
        return None
    every = stride // gcd(stride, dilation)
    most = taps + (kernel - 1 - taps) // every * every
    start, end = (place - dilation * most) // stride, (place - dilation * taps) // stride
    return Stretch(start, end - start + 1, max(dilation * every // stride, 1))


_TOO_MANY = "its positions lie between others in too many ways"


def between(along: int, times: Fraction | int, taps: int) -> Sight:
    """What positions put between others by a polynomial see, `times` as many, with `taps` each.

    Position ``u`` lies at ``(u + ½)/times − ½``, and is what stands there where that is whole.
    After as many positions as the numerator of `times` says they come again, as many positions on
    as its denominator says.

    >>> [(read.start, read.size) for read in between(0, 3, 2).stretches]
    [(-1, 2), (0, 1), (0, 2)]
    """
    up, down = times.numerator, times.denominator
    if up > _MOST_PHASES:
        return unknown(_TOO_MANY)
    read = []
    for u in range(up):
        below, beside = divmod((2 * u + 1) * down - up, 2 * up)
        first = below - taps // 2 + 1
        read.append(Stretch(first, taps) if beside else Stretch(below, 1))
    return Sight(along, tuple(read), down, down)


def repeated(along: int, times: Fraction | int, shift: Fraction | int) -> Sight:
    """What positions see that repeat others or leave them out: that at ``(u + shift)/times``.

    >>> [read.start for read in repeated(0, Fraction(3, 2), 0).stretches]
    [0, 0, 1]
    """
    up, down = times.numerator, times.denominator
    if up > _MOST_PHASES:
        return unknown(_TOO_MANY)
    top, bottom = shift.numerator, shift.denominator
    read = [Stretch((u * bottom + top) * down // (up * bottom), 1) for u in range(up)]
    return Sight(along, tuple(read), down, down)


def _stretching(along: int | None, window: Stretches, n: Dim) -> Sight:
    """Stretches of lengths that differ come again where both ends are whole numbers."""
    count = window.count
    if not (isinstance(count, int) and isinstance(n, int)):
        return unknown(BY_NUMBERS)
    period = count // gcd(count, n)
    if period > _MOST_PHASES:
        return unknown("its stretches are of too many lengths")
    read = [window.reads(n, u) for u in range(period)]
    step = n * period // count
    return Sight(along, tuple(Stretch(r.start, len(r)) for r in read), step, step)
