"""Which kinds of layers there are to draw from: the catalogue, and what frameworks have of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import SimpleNamespace
from typing import Any, Literal, TypeAlias

import archcalc
from archcalc import network
from archcalc.frameworks.record import Entry, Table
from archcalc.frameworks.records import KERAS, TORCH
from archcalc.layers import FAMILIES
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.layers.spatial import Spatial
from archcalc.network.spec.diagnostics import nearest
from archcalc.symbolic.errors import ArchcalcError, UnknownLayerError, shorten
from archcalc.symbolic.shape import Shape
from archcalc.testing.bounds import BoundError
from archcalc.testing.recipes import FITS

__all__ = [
    "Allowed",
    "Framework",
    "Kind",
    "allowed",
    "axes_of",
    "catalogue",
    "chosen",
    "in_framework",
    "takes",
    "takes_one",
]

Framework: TypeAlias = Literal["keras", "torch"]

Kind: TypeAlias = str | type[Layer]

_TABLES: Mapping[str, Table] = {"keras": KERAS, "torch": TORCH}


@lru_cache(maxsize=1)
def catalogue() -> tuple[type[Layer], ...]:
    """Every layer class of the catalogue that takes an input, and networks that are layers there.

    `Opaque` is none: it is what was seen of a model, and nothing that one designs with.

    Every public name is then loaded, so that ``eval(repr(layer), vars(archcalc))`` finds it.
    """
    for name in dir(archcalc):
        getattr(archcalc, name)
    families = (*FAMILIES, *network.FAMILIES)
    found = [getattr(family, name) for family in families for name in family.__all__]
    kinds = (cls for cls in found if isinstance(cls, type) and issubclass(cls, Layer))
    return tuple(cls for cls in kinds if cls in KERAS and cls.arity[0] > 0)


@dataclass(frozen=True)
class Allowed:
    """What a layer may be: what these frameworks have, with these values of its fields.

    Attributes:
        frameworks: the frameworks that must all have it.
        fields: the values that fields of these names may have.
    """

    frameworks: tuple[Framework, ...] = ()
    fields: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    def entries(self, cls: type[Layer]) -> tuple[Entry | None, ...]:
        """What each framework has for a class; ``None`` where it has nothing."""
        return tuple(_entry(cls, framework) for framework in self.frameworks)

    def has(self, cls: type[Layer]) -> bool:
        """Whether there are layers of a class at all."""
        return self.left(cls) is not None

    def left(self, cls: type[Layer]) -> Mapping[str, tuple[Any, ...]] | None:
        """The values that are left of the fields of a class; ``None`` where a field has none."""
        return _left(self, cls)

    def limits(self, cls: type[Layer]) -> tuple[Callable[[Any], bool], ...]:
        """What else must hold of a layer."""
        return tuple(holds for entry in self.entries(cls) if entry for holds, _ in entry.limits)

    def holds(self, layer: Layer) -> bool:
        """Whether a layer that was not drawn may stand among those that are."""
        within = all(holds(layer) for holds in self.limits(type(layer)))
        return within and all(
            any(_has(layer, name, value) for value in values)
            for name, values in self.said(type(layer))
        )

    def said(self, cls: type[Layer]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """What is said of the fields of a class: of a field of any, or of ``Conv2D.groups``."""
        split = ((name.rpartition("."), values) for name, values in self.fields)
        return tuple(
            (field, values)
            for (kind, _, field), values in split
            if field in cls.model_fields and kind in ("", cls.__name__)
        )


def _has(layer: Layer, name: str, value: object) -> bool:
    """Whether a field has this value, however it is written: 3 is (3, 3) of a kernel."""
    try:
        return type(layer)(**{**dict(layer), name: value}) == layer
    except ArchcalcError:
        return False


@lru_cache(maxsize=4096)
def _left(allowed: Allowed, cls: type[Layer]) -> Mapping[str, tuple[Any, ...]] | None:
    entries = allowed.entries(cls)
    if None in entries:
        return None
    found: dict[str, tuple[Any, ...]] = {}
    only = [(only.field, only.values) for entry in entries if entry for only in entry.only]
    for name, values in (*only, *allowed.said(cls)):
        known = found.get(name, values)
        found[name] = tuple(value for value in values if value in known)
    possible = () not in found.values() and all(_can_hold(h, found) for h in allowed.limits(cls))
    return found if possible else None


def _can_hold(holds: Callable[[Any], bool], left: Mapping[str, tuple[Any, ...]]) -> bool:
    """Whether there may be a layer of which `holds`: not, if it asks for what is left alone."""
    every = (dict(zip(left, values, strict=True)) for values in product(*left.values()))
    try:
        return any(holds(SimpleNamespace(**fields)) for fields in every)
    except AttributeError:  # it asks for other fields as well
        return True


def _entry(cls: type[Layer], framework: Framework) -> Entry | None:
    return _TABLES[framework].entry(cls)


def in_framework(cls: type[Layer], framework: Framework) -> bool:
    """Whether the framework has layers of the class `cls` at all."""
    return _entry(cls, framework) is not None


def allowed(
    name: str,
    frameworks: Framework | Iterable[Framework] | None,
    fields: Mapping[str, Iterable[Any]] | None = None,
) -> Allowed:
    """What was asked for by the argument called `name`, and of the fields.

    Raises:
        BoundError: a framework is not known, or a field is left without any value.
    """
    given = (frameworks,) if isinstance(frameworks, str) else tuple(frameworks or ())
    for framework in given:
        if framework not in _TABLES:
            raise BoundError(
                f"{name}={shorten(repr(framework), 40)} is no framework that archcalc knows",
                code="unknown-framework",
                hint=f"there are {', '.join(map(repr, _TABLES))}",
            )
    values = tuple((field, tuple(those)) for field, those in (fields or {}).items())
    try:
        hash(values)
    except TypeError:
        raise BoundError(f"fields={shorten(repr(fields), 80)}: write lists as tuples") from None
    for field, those in values:
        if not those:
            raise BoundError(f"fields: {field} is left without any value", code="no-values")
    return Allowed(tuple(dict.fromkeys(given)), values)


def chosen(kinds: Iterable[Kind] | None, allowed: Allowed) -> tuple[type[Layer], ...]:
    """The classes to draw from: those asked for, the whole catalogue where `kinds` is ``None``.

    Raises:
        BoundError: nothing is asked for, something is no layer, or the frameworks have none of it.
    """
    if isinstance(kinds, str | type):
        raise BoundError(
            f"kinds={shorten(repr(kinds), 60)}: several classes, or their names, are asked for",
            hint=f"write kinds=[{getattr(kinds, '__name__', kinds)}]",
        )
    classes = catalogue() if kinds is None else tuple(map(_class, kinds))
    if not classes:
        raise BoundError("kinds=[]: there is nothing to draw from", code="no-kinds")
    for field, _ in allowed.fields:
        _check_field(field, (*classes, *catalogue()))
    found = tuple(cls for cls in classes if allowed.has(cls))
    if not found:
        names = ", ".join(cls.__name__ for cls in classes[:6])
        where = " and ".join(allowed.frameworks) or "archcalc"
        raise BoundError(
            f"none of the kinds {names} is left: {where} {_verb(allowed)} no such layer",
            code="no-kinds",
            hint="ask for other kinds, fewer frameworks, or more values of their fields",
        )
    return found


def _check_field(name: str, classes: Iterable[type[Layer]]) -> None:
    kind, dot, field = name.rpartition(".")
    fields = {cls.__name__: set(cls.model_fields) - set(Layer.model_fields) for cls in classes}
    known = fields.get(kind, ()) if dot else set().union(*fields.values())
    if field not in known:
        of = f"{kind} has no field" if kind in fields else f"there is no layer {kind} with a field"
        raise BoundError(
            f"fields: {of if dot else 'no layer has a field'} {shorten(repr(field), 40)}",
            code="unknown-field",
            hint=nearest(field, sorted(known)) if known else nearest(kind, fields),
        )


def _verb(allowed: Allowed) -> str:
    return "have" if len(allowed.frameworks) > 1 else "has"


def _class(kind: Kind) -> type[Layer]:
    if isinstance(kind, str):
        try:
            return layer_class(kind)
        except UnknownLayerError as error:
            raise BoundError(f"kinds: {error.message}", code=error.code, hint=error.hint) from None
    if not (isinstance(kind, type) and issubclass(kind, Layer)):
        raise BoundError(
            f"kinds: {shorten(repr(kind), 60)} is no class of layers", code="not-a-layer"
        )
    return kind


def takes_one(cls: type[Layer]) -> bool:
    """Whether layers of the class `cls` take one input; of networks, those that are said to."""
    fewest, most = cls.arity
    return fewest == 1 and (most is not None or cls.__name__ in FITS)


def takes(cls: type[Layer], x: Shape) -> bool:
    """Whether layers of the class `cls` take an input of shape `x` alone."""
    if not takes_one(cls):
        return False
    axes = axes_of(cls)
    if axes is not None and len(x) != axes:
        return False
    fits = FITS.get(cls.__name__)
    return fits is None or fits(x)


def axes_of(cls: type[Layer]) -> int | None:
    """How many axes its input has, where that is fixed."""
    spatial = cls.rank + 1 + cls.over_time if issubclass(cls, Spatial) else None
    return len(cls.axis_names) or spatial
