"""The arguments of a layer: given by position, and explained where they are wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import AliasChoices, BaseModel, ValidationError

from archcalc.layers.kept import activation_name, read
from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError, quoted, shorten

__all__ = [
    "IN_KERAS",
    "accepted",
    "by_name",
    "explained",
    "refuse_call_arguments",
    "unknown_argument",
]


def by_name(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Positional arguments as keyword arguments, in the order of the fields."""
    names = [n for n, field in cls.model_fields.items() if not field.kw_only]
    if len(args) > len(names):
        raise InvalidLayerError(
            f"{cls.__name__} takes {len(names)} arguments by position, not {len(args)}",
            code="too-many-arguments",
            hint=_several_layers(cls, args)
            or (f"they are {', '.join(names)}; give others by name" if names else ""),
        )
    given = dict(zip(names, args, strict=False))
    for name in given.keys() & kwargs.keys():
        raise InvalidLayerError(
            f"{cls.__name__}: {name} is given twice, by position and by name",
            code="argument-twice",
        )
    return {**given, **kwargs}


def accepted(cls: Any, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of a layer: its fields, and what it keeps as a layer holds it; and the rest.

    Raises:
        InvalidLayerError: what it would keep is refused.
    """
    fields, kept = _names(cls)
    made: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in given.items():
        if name == "data_format" and value is None:
            continue  # Keras' configuration decides, and says "channels_last" where nobody did
        if name in fields:
            made[name] = activation_name(value) if name.endswith("activation") else value
        elif name in kept:
            made |= read(cls.__name__, name, value)
        else:
            unknown[name] = value
    return made, unknown


@lru_cache(maxsize=1024)
def _names(cls: Any) -> tuple[frozenset[str], frozenset[str]]:
    """By which names fields are given, and which other arguments a class keeps."""
    fields = set(cls.model_fields)
    for field in cls.model_fields.values():
        alias = field.validation_alias
        fields |= set(map(str, alias.choices)) if isinstance(alias, AliasChoices) else set()
    return frozenset(fields), frozenset(getattr(cls, "built_with", ())) - fields


def unknown_argument(cls: Any, unknown: dict[str, Any], others: int = 0) -> InvalidLayerError:
    """The complaint about the first argument that is unknown: a typo explains what is missing.

    Args:
        others: how many other complaints there are, which are counted.
    """
    first, others = next(iter(unknown)), others + len(unknown) - 1
    fields, kept = _names(cls)
    more = f" (and {others} more)" if others else ""
    return InvalidLayerError(
        f"{cls.__name__}: {shorten(first, 60)} is not an argument{more}",
        code="unknown-argument",
        values={first: shorten(unknown[first])},
        hint=_torch_hint(unknown, fields) or _nearest(first, list(cls.model_fields), fields | kept),
    )


IN_KERAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stride": ("strides",),
        "dilation": ("dilation_rate",),
        "bias": ("use_bias",),
        "out_channels": ("filters",),
        "out_features": ("units",),
        "hidden_size": ("units",),
        "eps": ("epsilon",),
        "p": ("rate",),
        "num_embeddings": ("input_dim",),
        "embedding_dim": ("output_dim",),
        "negative_slope": ("negative_slope", "alpha"),
    }
)
"""What arguments of torch are called in Keras, and so here."""

_READ_OFF = ("in_channels", "in_features", "input_size", "num_features")
_SAID_OTHERWISE = {
    "num_layers": "a stack of layers is a list of them",
    "bidirectional": "wrap the layer in Bidirectional",
    "batch_first": "shapes have no batch axis",
}


def _torch_hint(unknown: Iterable[str], fields: Collection[str]) -> str:
    """What torch's arguments are called here, where some of the unknown ones are torch's."""
    said: list[str] = []
    for name in unknown:
        known = next((word for word in IN_KERAS.get(name, ()) if word in fields), None)
        if known is not None:
            said.append(f"{name} is called {known} here")
        elif name in _READ_OFF:
            said.append(f"{name} is read off the input, so leave it out")
        elif name in _SAID_OTHERWISE:
            said.append(f"for {name}, {_SAID_OTHERWISE[name]}")
    if len(said) == 1 and said[0].endswith(" here"):
        return f"did you mean {said[0].split()[-2]}?"
    return f"{'; '.join(said)}; torch's own names are in archcalc.torch.nn" if said else ""


def _several_layers(cls: Any, args: tuple[Any, ...]) -> str:
    """The hint where layers are given one by one to what takes a list of them, as in torch."""
    listed = "layers" in cls.model_fields and all(isinstance(a, BaseModel) for a in args)
    return f"layers go in a list: {cls.__name__}([Dense(1), Dense(2)])" if listed else ""


def explained(cls: Any, error: ValidationError, given: dict[str, Any]) -> InvalidLayerError:
    """Pydantic's first complaint as an error of ours; the rest are counted."""
    found = error.errors(include_url=False)
    first, *others = found
    field = ".".join(str(part) for part in first["loc"])
    inner = first.get("ctx", {}).get("error")
    hint, code = "", "invalid-argument"
    if isinstance(inner, ArchcalcError):
        message, hint, code = (
            f"{field}: {inner.message}" if field else inner.message,
            inner.hint,
            inner.code,
        )
    elif first["type"] == "missing":
        message, code = f"{field} is missing", "missing-argument"
    elif first["type"] == "literal_error":
        field, code = str(first["loc"][0]), "unknown-choice"
        message = f"{field}: {quoted(first['input'], 60)} is not one of its choices"
        hint, others = _nearest(shorten(first["input"], 60), _choices(error)), []
        if isinstance(first["input"], BaseModel):
            hint = "it takes functions by name; a layer goes after this one"
    elif first["type"].startswith("int_"):
        kind = "the number of an axis" if "axis" in field else "a whole number"
        message, others = f"{field}: {quoted(first['input'], 60)} is not {kind}", []
    else:
        message = f"{field}: {first['msg'].lower()}, not {quoted(first['input'], 60)}"
    more = f" (and {len(others)} more)" if others else ""
    return InvalidLayerError(
        f"{cls.__name__}: {message}{more}",
        code=code,
        values={field: shorten(given.get(field, first.get("input")))},
        hint=hint,
    )


def _choices(error: ValidationError) -> list[str]:
    """The values that a field of fixed choices takes."""
    listed = [e["ctx"]["expected"] for e in error.errors() if e["type"] == "literal_error"]
    return re.findall(r"'([^']*)'", " ".join(listed))


_COMPARED = 60
"""Of a longer name only the beginning is compared."""


def _nearest(name: str, known: list[str], also: Iterable[str] = ()) -> str:
    """The known name that is nearest, or all of them but those that are known `also`."""
    close = difflib.get_close_matches(name[:_COMPARED], [*known, *sorted({*also} - {*known})], n=1)
    return f"did you mean {close[0]}?" if close else f"it takes {', '.join(known)}" if known else ""


def refuse_call_arguments(cls: Any, how: Mapping[str, Any]) -> None:
    """Refuse what is said of a call, but for what changes nothing here.

    Raises:
        InvalidLayerError: the hint says where an argument of the layer belongs.
    """
    for name, value in how.items():
        if name == "training" or (value is None and name.endswith("mask")):
            continue
        there = name in cls.model_fields and name not in ("name", "expects")
        raise InvalidLayerError(
            f"{cls.__name__}: {shorten(name, 60)} is not an argument of its call",
            code="unknown-argument",
            hint=f"say it of the layer: {cls.__name__}(…, {name}={quoted(value, 40)})"
            if there
            else "a call takes tensors; masks change no count here",
        )
