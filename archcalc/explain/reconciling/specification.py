"""Edits of the specification: a field has another value, a layer is another, or is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import Any, ClassVar

from archcalc.costs import CONVENTIONS
from archcalc.explain.reconciling.edit import Edit, Place, Variant, register_edit
from archcalc.explain.reconciling.terms import twice
from archcalc.layers import Applied, Identity, Layer
from archcalc.layers.fields import counts_of
from archcalc.layers.model import COMMON
from archcalc.layers.registry import known_layers
from archcalc.symbolic import ArchcalcError
from archcalc.symbolic.shape import Shape

__all__ = ["spoken"]

_EARLIER = 8
"""How many calls back an input may have been taken from."""


def spoken(value: Any) -> str:
    """A value of a field as a person gives it: one number where all are equal."""
    if isinstance(value, tuple) and value:
        if all(part == value[0] for part in value):
            return spoken(value[0])
        return f"({', '.join(map(spoken, value))})"
    return repr(value)


@lru_cache(maxsize=1)
def _by_convention() -> frozenset[str]:
    """The fields that a convention is about, which is told as one."""
    choices = [choice for c in CONVENTIONS.values() for choice in c.choices]
    return frozenset(str(getattr(choice.seen, "field", "")) for choice in choices)


@lru_cache(maxsize=1024)
def _fields_of(cls: type[Layer]) -> tuple[tuple[str, str, Any, str], ...]:
    """The fields of a layer that its facts depend on: name, symbol, default, and what it counts."""
    found = []
    counts = counts_of(cls)
    for name, info in cls.model_fields.items():
        if name in COMMON or name.startswith("lora") or name == "tied":
            continue
        extra = info.json_schema_extra
        sign = str(extra.get("symbol", "")) if isinstance(extra, dict) else ""
        found.append((name, sign, info.default, counts.get(name, "")))
    return tuple(found)


class OtherField(Edit):
    """A field with another value: forgotten, so that the default stands, or misremembered."""

    kind = "other-field"
    bits = 4.5
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        layer = place.row.layer
        told = _by_convention()
        for name, sign, default, counts in _fields_of(type(layer)):
            if name in told:
                continue
            value = layer.__dict__.get(name)
            kind = f"other-{name.replace('_', '-')}"
            for other, bits in self._values(place, name, sign, counts, value, default):
                if other != value:
                    also = {}
                    if name == "pool_size" and layer.__dict__.get("strides") == value:
                        also["strides"] = other  # which are those of the pool, if none are given
                    made = layer.model_copy(update={name: other, **also})
                    forgotten = other == _spread(default, value)
                    word = "left at" if forgotten else "counted as with"
                    yield Variant(
                        f"{word} {name}={spoken(other)}, where it is {spoken(value)}",
                        layer=made, kind=kind, bits=bits, tag=(kind, str(other)),
                        touches=("field", name),
                    )  # fmt: skip

    def _values(
        self, place: Place, name: str, sign: str, counts: str, value: Any, default: Any
    ) -> Iterator[tuple[Any, float]]:
        if isinstance(value, bool):
            if name not in ("use_bias", "trainable"):
                yield not value, 3.5 if name.startswith("return_") else 5.25
        elif name == "padding":
            yield from _paddings(place.row.layer, value)
        elif isinstance(value, tuple) and value and all(isinstance(v, int) for v in value):
            first = _spread(default, value)
            if isinstance(first, tuple) and first != value and sign:
                yield first, 2.5
            if sign:
                for other in _near(name, value):
                    yield other, self.bits
        elif isinstance(value, int) and sign:
            if isinstance(default, int) and default != value:
                yield default, 2.5
            if counts == "features":
                yield from _features(place, value)
            elif counts in ("groups", "parts", "copies", "", "rows"):
                few = () if counts == "rows" else (1, 2, 4)
                more = (*few, value + 1, value - 1, 2 * value, value // 2)
                yield from ((n, self.bits) for n in dict.fromkeys(more) if n >= 1)
        elif value is None and name in _ABSENT:
            rank = getattr(place.row.layer, "rank", 1)
            yield from (((n,) * rank, 3.5) for n in _ABSENT[name])


def _spread(default: Any, value: Any) -> Any:
    """A default for all axes as it is kept for as many as there are."""
    if isinstance(default, tuple) and isinstance(value, tuple) and len(default) == 1:
        return default * len(value)
    return default


_ABSENT = {"output_padding": (1, 0)}
"""What is tried for a field that is left to the layer."""

_USUAL = {"kernel_size": (1, 2, 3, 4, 5, 7, 11), "pool_size": (2, 3), "strides": (1, 2, 3, 4),
          "dilation_rate": (1, 2), "output_padding": (0, 1)}  # fmt: skip


def _near(name: str, value: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Other sizes of a window: those that are usual, and one or two more or fewer."""
    each = (
        *_USUAL.get(name, (1, 2, 3)),
        value[0] + 1,
        value[0] - 1,
        value[0] + 2,
        value[0] - 2,
    )
    for other in dict.fromkeys(each):
        if other >= (2 if name == "pool_size" else 1):
            yield (other,) * len(value)


def _paddings(layer: Layer, value: Any) -> Iterator[tuple[Any, float]]:
    rank = getattr(layer, "rank", 1)
    for word in ("valid", "same"):
        yield word, 2.5
    kernel = getattr(layer, "kernel_size", None)
    half = kernel[0] // 2 if isinstance(kernel, tuple) and isinstance(kernel[0], int) else 1
    for amount in dict.fromkeys((1, half, 2, 3)):
        if amount:
            yield ((amount, amount),) * rank, 4.5


def _features(place: Place, value: int) -> Iterator[tuple[int, float]]:
    """Other widths: twice or half of it, one more or fewer, or one in sight."""
    for other in (2 * value, value // 2):
        yield other, 4.5
    for other in (value + 1, value - 1):
        yield other, 5.5
    seen: dict[int, float] = dict.fromkeys(place.widths, 5.5)
    for back, row in enumerate(reversed(place.earlier[-_EARLIER:])):
        for shape in (*row.outputs, *row.inputs):
            if shape and isinstance(shape[-1], int):
                seen[shape[-1]] = min(seen.get(shape[-1], 9.0), 5.0 + back / 16)
    for x in place.row.inputs:
        for size in x:
            if isinstance(size, int):
                seen[size] = 5.0
    for other, bits in seen.items():
        if other > 1:
            yield other, bits


class ForgottenLayer(Edit):
    """A layer left out: what goes into it goes on."""

    kind = "layer-forgotten"
    bits = 3.0
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        row = place.row
        if len(row.inputs) != 1 or len(row.outputs) != 1:
            return
        if row.output == row.inputs[0] and not row.applied.windows:
            return
        yield Variant(
            f"{type(row.layer).__name__} was left out: {row.inputs[0]} goes on, not {row.output}",
            layer=Identity(),
            bits=4.5 if row.weights else self.bits,
            tag=(self.kind, type(row.layer).__name__),
            touches="all",
        )


class AddedLayer(Edit):
    """A Flatten, or a pool, that is not there, before a layer."""

    kind = "layer-added"
    bits = 4.0
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        row = place.row
        if len(row.inputs) != 1:
            return
        (x,) = row.inputs
        sizes = [size for size in x if isinstance(size, int)]
        if len(sizes) != len(x):
            return
        if len(x) > 1 and row.weights and not row.applied.windows:
            yield Variant(
                f"a Flatten was put before it{_after(place)}: {x.elements} features, not {x}",
                inputs=(Shape((x.elements,)),), kind="flatten-added", bits=2.5,
                touches="inputs",
            )  # fmt: skip
        pooled = _pooled(row.applied) if row.applied.windows and row.weights else None
        if pooled is not None:
            yield Variant(
                f"a pool of 2 was put after it: {pooled[0]} goes on, "
                f"not {row.output}",
                passes=_pooled, kind="pool-added", bits=5.0, touches="passed",
            )  # fmt: skip


def _after(place: Place) -> str:
    """Where that is, where one call alone comes before."""
    return f", after {place.earlier[-1].path}" if place.earlier else ""


def _pooled(applied: Applied) -> tuple[Shape, ...] | None:
    """What comes out of a window layer after a pool of 2 that is not there."""
    axes = {axis for axis, _ in applied.windows or ()}
    sizes = list(applied.output)
    if not all(isinstance(sizes[axis], int) and sizes[axis] >= 2 for axis in axes):
        return None
    halved = [size // 2 if axis in axes else size for axis, size in enumerate(sizes)]
    return (Shape(halved), *applied.outputs[1:])


class OtherChannels(Edit):
    """What comes out of a window layer with other channels than it has."""

    kind = "other-channels"
    bits = 3.5
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        row = place.row
        if len(row.inputs) != 1 or not row.applied.windows or not row.weights:
            return
        (x,), y = row.inputs, row.output
        axes = row.layer.feature_axes(x)
        if len(axes) != 1 or len(x) != len(y):
            return
        ins, outs = x[axes[0]], y[axes[0]]
        if not isinstance(ins, int) or not isinstance(outs, int):
            return
        ways = (
            (ins * outs, "maps-for-each-channel",
             f"each filter was taken to give a map for each of the {ins:,} channels"),
            (ins, "channels-kept", f"the {ins:,} channels were taken to stay"),
            (ins + outs, "channels-added", f"the {ins:,} channels were taken to stay beside"),
        )  # fmt: skip
        for count, kind, text in ways:
            if count != outs:
                yield Variant(
                    text, outputs=partial(_channels, axis=axes[0], count=count), kind=kind,
                    touches="channels",
                )  # fmt: skip


def _channels(applied: Applied, axis: int, count: int) -> tuple[Shape, ...]:
    return (applied.output.replace(axis, count), *applied.outputs[1:])


class Directions(Edit):
    """A recurrent layer of one direction counted for two."""

    kind = "two-directions"
    bits = 3.5
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        row = place.row
        one_way = hasattr(row.layer, "go_backwards") and len(row.inputs) == 1
        if not one_way or "/forward_" in row.path or "/backward_" in row.path:
            return
        if isinstance(row.output[-1], int):
            names = frozenset(term.name for term in place.terms)
            yield Variant(
                "it was counted for two directions, as a bidirectional layer",
                read=partial(twice, names=names), outputs=_doubled, touches="directions",
            )  # fmt: skip


class EveryStep(Edit):
    """Every step of a recurrent layer taken, where the last alone comes out."""

    kind = "other-return-sequences"
    bits = 3.5
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        row = place.row
        if getattr(row.layer, "return_sequences", True) or len(row.outputs) != 1:
            return
        steps, size = row.inputs[0][0], row.output.elements
        if isinstance(steps, int) and isinstance(size, int) and steps > 1:
            yield Variant(
                f"counted as with return_sequences=True: all {steps:,} steps of {size:,}, "
                "flattened, and not the last",
                outputs=partial(_flat_steps, steps=steps), touches="steps",
            )  # fmt: skip


def _flat_steps(applied: Applied, steps: int) -> tuple[Shape, ...]:
    return (Shape((steps * applied.output.elements,)),)


def _doubled(applied: Applied) -> tuple[Shape, ...]:
    last = applied.output[-1]
    return (applied.output.replace(-1, 2 * last), *applied.outputs[1:])


class OtherInput(Edit):
    """The shape before some earlier layer taken for the input, as when a pool is forgotten."""

    kind = "other-input"
    bits = 3.0
    seen_after = True

    def variants(self, place: Place) -> Iterator[Variant]:
        row = place.row
        if len(row.inputs) != 1 or not row.weights:
            return
        (x,) = row.inputs
        seen: set[Shape] = {x}
        forgotten = True  # whether nothing but what may be forgotten lies between
        for back, other in enumerate(reversed(place.earlier[-_EARLIER:])):
            for shape in (other.output, *other.inputs):
                taken = shape if len(shape) == len(x) else Shape((shape.elements,))
                if len(taken) == len(x) and taken not in seen:
                    seen.add(taken)
                    same = forgotten and not other.weights and shape in other.inputs
                    yield Variant(
                        partial(_taken, shape, other.path, x),
                        inputs=(taken,), bits=self.bits + back / 2 + 3 * same, touches="inputs",
                        tag=(self.kind, row.path, taken),
                    )  # fmt: skip
            forgotten = forgotten and not other.weights
        if len(x) == 1 and isinstance(x[0], int) and x[0] > 1:
            before = place.earlier[-1].inputs[0] if place.earlier else x
            if len(before) > 1 and isinstance(before[-1], int) and before[-1:] not in seen:
                yield Variant(
                    f"the last axis of {before} alone was taken for its input, which is {x}",
                    inputs=(Shape(before[-1:]),), kind="last-axis-for-all", bits=3.0,
                    touches="inputs",
                )  # fmt: skip


def _taken(shape: Shape, path: str, x: Shape) -> str:
    return f"{shape}, at {path}, was taken for its input, which is {x}"


class OtherLayer(Edit):
    """A layer of the same family in its place: a plain convolution for a separable one."""

    kind = "other-layer"
    bits = 5.25
    seen_after = True
    _APART: ClassVar[tuple[str, ...]] = ("name", "tied", "expects")

    def variants(self, place: Place) -> Iterator[Variant]:
        layer = place.row.layer
        if not place.row.weights and not place.row.applied.windows:
            return
        for other in _siblings(type(layer)):
            fields = {
                n: v for n, v in layer.__dict__.items()
                if n in other.model_fields and n not in self._APART and v is not None
            }  # fmt: skip
            needed = [n for n, f in other.model_fields.items() if f.is_required()]
            if needed and all(n in fields for n in needed):
                try:
                    made = other(**fields)
                except ArchcalcError:
                    continue
                yield Variant(
                    f"counted as {other.__name__}, where it is {type(layer).__name__}",
                    layer=made, tag=(self.kind, other.__name__), touches="layer",
                )  # fmt: skip


@lru_cache(maxsize=256)
def _siblings(cls: type[Layer]) -> tuple[type[Layer], ...]:
    """Layers of the same module that take as many inputs with the same axes."""
    return tuple(
        other for other in list(known_layers.values())
        if other is not cls and other.__module__ == cls.__module__
        and other.axis_names == cls.axis_names
        and getattr(other, "rank", 0) == getattr(cls, "rank", 0)
    )[:6]  # fmt: skip


EVERY: Iterable[Edit] = (
    OtherField(), ForgottenLayer(), AddedLayer(), OtherChannels(),
    EveryStep(), Directions(), OtherInput(),
    OtherLayer(),
)  # fmt: skip

for _edit in EVERY:
    register_edit(_edit)
