"""The hyperparameters of a network of numbers as symbols, each with the number that it has there.

What two layers must have alike, as two branches that are added, has one symbol; what could not be
another number, as the kernel of a convolution that must keep its input's size, stays a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

from sympy import Symbol

from archcalc.layers.base import Layer
from archcalc.layers.fields import counts_of
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.edit import places_of
from archcalc.network.generalizing.readings import input_kinds
from archcalc.network.trace import Trace
from archcalc.network.transform import Transform
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Relation
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.symbols import symbol

__all__ = ["Opened", "hyperparameters"]

_FEW = 9
"""Of no more numbers than this each layer has its own; of more, equal ones have one symbol."""

_MOST = 12
"""More symbols than this are not made: those are left out that stand in the fewest places."""

_FEW_WINDOWS = 3
"""Of more windows than this none is a symbol: what comes out of one is a fraction for the next."""

_WIDTHS = ("features", "rows", "copies", "sizes")
"""What numbers count that may be symbols, however many there are."""

_ROUNDS = 8
"""So often at most symbols are joined or given up until nothing speaks against them."""

_AXES = {1: ("t",), 2: ("t",), 3: ("h", "w"), 4: ("d", "h", "w")}
"""What positions of an input are called, by its number of axes."""


@dataclass(frozen=True)
class Opened:
    """A network with symbols for its hyperparameters.

    Attributes:
        trace: it, followed.
        values: the number that each symbol had.
        meanings: what each symbol stands for, in words.
    """

    trace: Trace
    values: Mapping[Symbol, int]
    meanings: Mapping[Symbol, str]


_Spot: TypeAlias = tuple[int, str, int]
"""A number in a network: the layer by its identity, the field, and which of several it is."""


@dataclass(frozen=True)
class _Number:
    """A number that a symbol may stand for."""

    spot: _Spot
    value: int
    letter: str
    where: str
    counts: str


def hyperparameters(trace: Trace) -> Opened:
    """The network of `trace`, which has no symbols, with symbols for what its layers were told.

    At the numbers that the symbols had, every count is as it was.  Where nothing can be another
    number there are no symbols.

    >>> from archcalc.layers import Conv2D, Dense, Flatten
    >>> from archcalc.network import Residual, Sequential
    >>> net = Sequential([Conv2D(8, 3), Flatten(), Dense(10)], input_shape=(28, 28, 1))
    >>> opened = hyperparameters(net.trace())
    >>> opened.values, opened.meanings[symbol("f")]
    ({f: 8, k: 3, n: 10, h: 28, w: 28}, 'filters of conv2d')
    >>> print(opened.trace.parameters)
    (k² + 1)·f + (f·(h − k + 1)·(w − k + 1) + 1)·n

    What is added has one width:

    >>> wide = Sequential([Dense(8), Residual([Dense(8)])], input_shape=4)
    >>> opened = hyperparameters(wide.trace())
    >>> opened.values, opened.trace.parameters
    ({n: 8}, 5·n + (n + 1)·n)
    """
    if not isinstance(trace.network, Network):
        return Opened(trace, {}, {})
    numbers = list(_numbers(trace.network))
    for chosen in _choices(numbers):
        opened = _opened(trace, chosen)
        if opened is not None:
            return opened
    return Opened(trace, {}, {})


def _numbers(network: Network) -> Iterator[_Number]:
    """The numbers that the layers of a network were told, with the letters that formulas have."""
    paths: dict[int, str] = {}
    for path, place in places_of(network).items():
        paths.setdefault(id(place.layer), path)
    order = {path: i for i, path in enumerate(paths.values())}
    layers = list(everything(network))
    for layer in sorted(layers, key=lambda one: order.get(paths.get(id(one), ""), len(order))):
        told, counts = layer.given(), counts_of(type(layer))
        for name, field in type(layer).model_fields.items():
            extra = field.json_schema_extra
            letter = extra.get("symbol") if isinstance(extra, dict) else None
            if not isinstance(letter, str) or name not in told:
                continue
            value = getattr(layer, name)
            parts = value if isinstance(value, tuple) else (value,)
            for spot, number in enumerate(parts):
                if type(number) is int and number > 1:
                    path = paths.get(id(layer), layer.name or type(layer).__name__)
                    words = f"{name.replace('_', ' ')} of {path}"
                    at = (id(layer), name, spot if len(set(parts)) > 1 else 0)
                    yield _Number(at, number, letter.partition("_")[0], words,
                                  counts.get(name, ""))  # fmt: skip


def _choices(numbers: list[_Number]) -> Iterator[list[list[_Number]]]:
    """Which numbers may have one symbol together: each its own where they are few, windows too;
    otherwise equal widths; then none."""
    distinct = list({number.spot: number for number in numbers}.values())
    widths = [number for number in distinct if number.counts in _WIDTHS]
    windows = [number for number in distinct if number.spot[1] == "kernel_size"]
    if len(windows) <= _FEW_WINDOWS:
        widths_and_windows = [number for number in distinct if number in (*widths, *windows)]
        if len(widths_and_windows) <= _FEW:
            yield [[number] for number in widths_and_windows]
    if len(widths) <= _FEW:
        yield [[number] for number in widths]
    yield _alike(widths)
    yield []


def _alike(numbers: Iterable[_Number]) -> list[list[_Number]]:
    groups: dict[tuple[str, int], list[_Number]] = {}
    for number in numbers:
        groups.setdefault((number.letter, number.value), []).append(number)
    most = sorted(groups, key=lambda key: -len(groups[key]))[:_MOST]
    return [group for key, group in groups.items() if key in most]


def _opened(trace: Trace, groups: list[list[_Number]]) -> Opened | None:
    """Symbols for groups of numbers, joined and given up until they agree with what must hold."""
    fixed: set[Symbol] = set()
    for _ in range(_ROUNDS):
        names = _named(groups, trace)
        try:
            made, axes = _followed(trace, dict(zip(names, groups, strict=True)), fixed)
        except ArchcalcError:
            return None
        values = dict(zip(names, (group[0].value for group in groups), strict=True))
        joined = _settled(made, names, groups, values)
        pinned = _pinned(made, axes)
        if joined is not None or pinned:
            groups, fixed = groups if joined is None else joined, fixed | pinned
            continue
        meanings = {s: _meaning(group) for s, group in zip(names, groups, strict=True)}
        for s, (number, words) in axes.items():
            values[s], meanings[s] = number, words
        return Opened(made, values, meanings) if _agrees(trace, made, values) else None
    return None


def _named(groups: list[list[_Number]], trace: Trace) -> list[Symbol]:
    """A symbol for each group: its letter, and a number where several have it."""
    letters = Counter(group[0].letter for group in groups)
    taken = {letter for shape in trace.inputs for letter in _AXES.get(len(shape), ())}
    seen: Counter[str] = Counter()
    names = []
    for group in groups:
        letter = group[0].letter
        seen[letter] += 1
        plain = letters[letter] == 1 and letter not in taken
        names.append(symbol(letter if plain else f"{letter}{seen[letter]}"))
    return names


def _meaning(group: list[_Number]) -> str:
    first, many = group[0], len(group)
    if many == 1:
        return first.where
    return f"{first.where}, and {many - 1} more"


class _Named(Transform):
    """Puts symbols in the place of numbers, at given spots."""

    def __init__(self, symbols: Mapping[_Spot, Symbol]) -> None:
        super().__init__()
        self._symbols = symbols

    def _fields(self, layer: Layer) -> Layer:
        changed = {}
        for name in type(layer).model_fields:
            value = getattr(layer, name)
            if isinstance(value, tuple):
                new: Any = tuple(self._of(layer, name, i, part) for i, part in enumerate(value))
            else:
                new = self._of(layer, name, 0, value)
            if new != value:
                changed[name] = new
        made = super()._fields(layer)
        if not changed:
            return made
        fields = {name: getattr(made, name) for name in type(made).model_fields}
        return type(made)(**{**fields, **made.kept, **changed})

    def _of(self, layer: Layer, name: str, place: int, value: Any) -> Any:
        if type(value) is not int:
            return value
        found = self._symbols.get((id(layer), name, place))
        return found or self._symbols.get((id(layer), name, 0), value)


def _followed(
    trace: Trace, symbols: Mapping[Symbol, list[_Number]], fixed: Container[Symbol]
) -> tuple[Trace, dict[Symbol, tuple[int, str]]]:
    """The network with symbols, on inputs whose positions have some; and what these were."""
    spots = {number.spot: s for s, group in symbols.items() for number in group}
    made = _Named(spots).layer(trace.network)
    axes: dict[Symbol, tuple[int, str]] = {}
    shapes = []
    for shape, kinds in zip(trace.inputs, input_kinds(trace), strict=True):
        letters = iter(_AXES.get(len(shape), ()))
        dims = []
        for dim, counts in zip(shape, kinds, strict=True):
            letter = next(letters, "") if counts == "positions" else ""
            free = letter and symbol(letter) not in fixed and len(trace.inputs) == 1
            if free and type(dim) is int and dim > 1:
                axes[symbol(letter)] = (dim, f"{_WORDS[letter]} of the input")
                dims.append(symbol(letter))
            else:
                dims.append(dim)
        shapes.append(Shape(dims))
    return made.trace(*shapes), axes


_WORDS = {"t": "length", "h": "height", "w": "width", "d": "depth"}


def _settled(
    made: Trace, names: list[Symbol], groups: list[list[_Number]], values: Mapping[Symbol, int]
) -> list[list[_Number]] | None:
    """The groups with those joined that must be equal, and without those that must be a number;
    ``None`` where nothing is to be done."""
    of = {s: i for i, s in enumerate(names)}
    joined: dict[int, int] = {}
    given_up: set[int] = set()
    for needed in made.requirements:
        if needed.relation is not Relation.EQUAL or not needed.symbols & of.keys():
            continue
        apart = plain(needed.left) - plain(needed.right)
        ours = sorted((s for s in needed.symbols if s in of), key=of.__getitem__)
        alike = ((a, b) for a, b in combinations(ours, 2) if values[a] == values[b])
        same = next(((a, b) for a, b in alike if apart.xreplace({b: a}) == 0), None)
        if same is None:
            given_up.update(_root(of[s], joined) for s in ours)
            continue
        a, b = sorted(_root(of[s], joined) for s in same)
        if a != b:
            joined[b] = a
    if not joined and not given_up:
        return None
    together: dict[int, list[_Number]] = {}
    for i, group in enumerate(groups):
        together.setdefault(_root(i, joined), []).extend(group)
    return [group for i, group in together.items() if i not in given_up]


def _root(i: int, joined: Mapping[int, int]) -> int:
    while i in joined:
        i = joined[i]
    return i


def _pinned(made: Trace, axes: Mapping[Symbol, tuple[int, str]]) -> set[Symbol]:
    """The sizes of the input that nothing else could be in their place: not even twice as much."""
    pinned: set[Symbol] = set()
    for needed in made.requirements:
        ours = needed.symbols & axes.keys()
        if ours and ours == needed.symbols and needed.relation is Relation.EQUAL:
            twice = needed.at({s: 2 * axes[s][0] for s in ours})
            pinned |= ours if twice.holds() is False else set()
    return pinned


def _agrees(before: Trace, after: Trace, values: Mapping[Symbol, int]) -> bool:
    """Whether at the numbers that the symbols had everything is as it was."""
    try:
        for what in ("total_params", "macs"):
            formula = getattr(after, what)
            known = {s.name: n for s, n in values.items() if s.name in formula.known_symbols}
            if formula(**known) != getattr(before, what):
                return False
    except ArchcalcError:
        return False
    return True
