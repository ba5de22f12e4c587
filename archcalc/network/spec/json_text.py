"""JSON as plain values: strict, without what only some readers take."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from archcalc.network.spec.lines import TextError
from archcalc.symbolic.errors import shorten

__all__ = ["read_json", "write_json"]

_MOST_DIGITS = 600


def read_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        TextError: it is not JSON, or a key stands twice, or a number is too large or none.

    >>> read_json('{"layers": [{"Dense": 10}]}')
    {'layers': [{'Dense': 10}]}
    """
    # Loaded here so that reading another format, and starting up, does not wait for it.
    import json

    try:
        return json.loads(
            text,
            parse_int=_int,
            parse_float=_float,
            parse_constant=_no_number,
            object_pairs_hook=_mapping,
        )
    except json.JSONDecodeError as error:
        raise TextError.on(error.lineno, f"this is not JSON: {error.msg.lower()}") from None
    except RecursionError:
        raise TextError.on(0, "this is nested too deeply", code="too-deep") from None


def write_json(value: Any) -> str:
    """A plain value as JSON.

    Raises:
        TextError: a number is not finite.

    >>> print(write_json({"layers": ["Flatten"]}))
    {
      "layers": [
        "Flatten"
      ]
    }
    """
    # Loaded here for the same reason as above.
    import json

    try:
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TextError.on(0, f"this has no JSON: {shorten(str(error))}") from None


def _int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise TextError.on(0, f"a number of {len(digits):,} digits is too large", code="too-large")
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise TextError.on(0, f"{shorten(text, 40)} is not a number", code="not-finite")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        places = {key: i for i, (key, _) in enumerate(pairs)}
        twice = next(key for i, (key, _) in enumerate(pairs) if places[key] != i)
        raise TextError.on(0, f"the key {shorten(twice, 60)} stands twice", code="key-twice")
    return made
