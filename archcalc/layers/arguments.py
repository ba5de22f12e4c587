"""The arguments of a layer: given by position, and explained where they are wrong."""

from __future__ import annotations

import difflib
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError, quoted, shorten

__all__ = ["by_name", "explained"]


def by_name(cls: type[BaseModel], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Positional arguments as keyword arguments, in the order of the fields."""
    names = [n for n, field in cls.model_fields.items() if not field.kw_only]
    if len(args) > len(names):
        raise InvalidLayerError(
            f"{cls.__name__} takes {len(names)} arguments by position, not {len(args)}",
            code="too-many-arguments",
            hint=_several_layers(cls, args) or (f"they are {', '.join(names)}" if names else ""),
        )
    given = dict(zip(names, args, strict=False))
    for name in given.keys() & kwargs.keys():
        raise InvalidLayerError(
            f"{cls.__name__}: {name} is given twice, by position and by name",
            code="argument-twice",
        )
    return {**given, **kwargs}


def _several_layers(cls: type[BaseModel], args: tuple[Any, ...]) -> str:
    """The hint where layers are given one by one to what takes a list of them, as in torch."""
    listed = "layers" in cls.model_fields and all(isinstance(a, BaseModel) for a in args)
    return f"layers go in a list: {cls.__name__}([Dense(1), Dense(2)])" if listed else ""


def explained(
    cls: type[BaseModel], error: ValidationError, given: dict[str, Any]
) -> InvalidLayerError:
    """Pydantic's first complaint as an error of ours; the rest are counted."""
    found = error.errors(include_url=False)
    found.sort(key=lambda e: e["type"] != "extra_forbidden")  # a typo explains what is missing
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
    elif first["type"] == "extra_forbidden":
        message, code = f"{shorten(field, 60)} is not an argument", "unknown-argument"
        hint = _nearest(field, list(cls.model_fields))
    elif first["type"] == "literal_error":
        field, code = str(first["loc"][0]), "unknown-choice"
        message = f"{field}: {quoted(first['input'], 60)} is not one of its choices"
        hint, others = _nearest(shorten(first["input"], 60), _choices(error)), []
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


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name[:_COMPARED], known, n=1)
    return f"did you mean {close[0]}?" if close else f"it takes {', '.join(known)}" if known else ""
