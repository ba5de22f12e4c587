"""What a file may say of a layer: which of its fields take a list, and which hold layers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args, get_origin

from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from archcalc.layers.base import Layer

__all__ = ["Holding", "holding", "keyword_fields", "keywords", "positional_fields", "takes_list"]

_SEQUENCES = (Sequence, Iterable, Collection, Set, frozenset)

Holding: TypeAlias = Literal["", "one", "many"]
"""Whether a field holds no layer, one layer, or a sequence of layers."""


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
    ('start_dim', 'end_dim', 'name', 'trainable', 'expects', 'tied', 'weight_axes')
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
