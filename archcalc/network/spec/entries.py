"""What a file may say of a layer: which of its fields take a list, and which hold layers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args, get_origin

from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from archcalc.layers.base import Layer
from archcalc.layers.registry import is_layer_class, layer_class
from archcalc.network.spec.diagnostics import is_list
from archcalc.network.spec.vocabulary import alias_of

__all__ = [
    "ABSENT",
    "Holding",
    "class_inside",
    "class_name",
    "given_names",
    "holding",
    "is_entry",
    "keyword_fields",
    "keywords",
    "mappings",
    "name_inside",
    "positional_fields",
    "takes_list",
]

_SEQUENCES = (Sequence, Iterable, Collection, Set, frozenset)

Holding: TypeAlias = Literal["", "one", "many"]
"""Whether a field holds no layer, one layer, or a sequence of layers."""

ABSENT: Any = object()
"""What stands for the arguments of an entry that has none."""


@lru_cache(maxsize=1024)
def positional_fields(cls: type[Layer]) -> tuple[str, ...]:
    """The fields that may be given by position, in order.

    >>> from archcalc.layers import Dense
    >>> positional_fields(Dense)
    ('units', 'activation', 'use_bias')
    """
    return tuple(name for name, field in cls.model_fields.items() if not field.kw_only)


@lru_cache(maxsize=1024)
def keyword_fields(cls: type[Layer]) -> tuple[str, ...]:
    """Every field, those that may be given by position first.

    >>> from archcalc.layers import Flatten
    >>> keyword_fields(Flatten)
    ('start_dim', 'end_dim', 'name', 'trainable', 'expects', 'tied', 'weight_axes', 'frozen')
    """
    first = positional_fields(cls)
    return (*first, *(name for name in cls.model_fields if name not in first))


@lru_cache(maxsize=1024)
def keywords(cls: type[Layer]) -> tuple[str, ...]:
    """Everything that may be given by name: the fields, and what is kept for building.

    >>> from archcalc.layers import GaussianNoise
    >>> keywords(GaussianNoise)[:2], "seed" in keywords(GaussianNoise)
    (('stddev', 'name'), True)
    """
    fields = keyword_fields(cls)
    return (*fields, *(name for name in cls.built_with if name not in fields))


@lru_cache(maxsize=4096)
def takes_list(cls: type[Layer], name: str) -> bool:
    """Whether the field can be a list by itself, so that a list is one value and not several.

    >>> from archcalc.layers import Conv2D, MaxPooling2D
    >>> takes_list(MaxPooling2D, "pool_size"), takes_list(Conv2D, "filters")
    (True, False)
    """
    field = cls.model_fields[name]
    if holding(cls, name):
        return True
    for schema in field.metadata:
        if isinstance(schema, WithJsonSchema):
            return _allows_array(schema.json_schema)
    return any(_is_sequence(part) for part in _parts(field.annotation))


@lru_cache(maxsize=4096)
def holding(cls: type[Layer], name: str) -> Holding:
    """Whether the field holds layers.

    >>> from archcalc.network import Residual, Sequential
    >>> holding(Residual, "body"), holding(Sequential, "layers"), holding(Residual, "name")
    ('one', 'many', '')
    """
    field: FieldInfo = cls.model_fields[name]
    parts = list(_parts(field.annotation))
    if any(isinstance(part, type) and issubclass(part, Layer) for part in parts):
        return "one"
    inside = (get_args(part) for part in parts if _is_sequence(part))
    found = any(isinstance(a, type) and issubclass(a, Layer) for args in inside for a in args)
    return "many" if found else ""


def is_entry(cls: type[Layer], value: Mapping[Any, Any]) -> bool:
    """Whether a mapping is the layer that `cls` stands around, and not its arguments by name."""
    first = positional_fields(cls)[:1]
    if len(value) != 1 or not first or not holding(cls, first[0]):
        return False
    (key,) = value
    return key not in keywords(cls) and (is_layer_class(key) or alias_of(key) is not None)


def class_name(kind: Any) -> Any:
    """Our class, by which a layer without a name is named."""
    if is_layer_class(kind):
        return layer_class(kind).__name__
    known = alias_of(kind)
    return kind if known is None else known.layer


def mappings(entries: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries of a list that give arguments by name."""
    for entry in entries if is_list(entries) else ():
        # most entries are text or lists, which is quicker to see than that they are no mappings
        if not isinstance(entry, str | list) and isinstance(entry, Mapping) and len(entry) == 1:
            ((kind, value),) = entry.items()
            if isinstance(value, Mapping):
                yield kind, value


def given_names(entries: Any) -> list[str]:
    """The names that the layers of a list are given."""
    given = (args.get("name") for kind, args in mappings(entries) if kind != "Shared")
    return [name for name in given if isinstance(name, str)]


def _entry_inside(kind: str, value: Any) -> tuple[str, Any]:
    """The entry that a layer with adapters is called after; the entry itself of any other."""
    inner = value.get("layer") if kind == "LoRA" and isinstance(value, Mapping) else None
    if isinstance(inner, Mapping) and len(inner) == 1:
        ((kind, value),) = inner.items()
    elif isinstance(inner, str):
        kind, value = inner, ABSENT
    return kind, value


def class_inside(kind: str, value: Any) -> str:
    return str(_entry_inside(kind, value)[0])


def name_inside(kind: str, value: Any) -> str:
    inner, arguments = _entry_inside(kind, value)
    name = arguments.get("name") if isinstance(arguments, Mapping) and inner != kind else None
    return name if isinstance(name, str) else ""


def _parts(annotation: Any) -> Iterable[Any]:
    """The members of a union; the annotation itself where it is none."""
    if annotation is None or _is_sequence(annotation) or not get_args(annotation):
        return (annotation,)
    return [part for member in get_args(annotation) for part in _parts(member)]


def _is_sequence(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    return isinstance(kind, type) and (kind in _SEQUENCES or issubclass(kind, tuple | list | set))


def _allows_array(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    kinds = schema.get("type", ())
    members = [m for key in ("anyOf", "oneOf", "allOf") for m in schema.get(key, ())]
    return "array" in ([kinds] if isinstance(kinds, str) else kinds) or any(
        _allows_array(member) for member in members
    )
