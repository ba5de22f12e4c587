"""TOML as plain values, and back."""

from __future__ import annotations

import math
import re
from typing import Any

from archcalc.network.spec.lines import TextError
from archcalc.network.spec.scope import Place
from archcalc.symbolic.errors import shorten

__all__ = ["read_toml", "toml_line", "write_toml"]

_MOST_DIGITS = 600
_MOST_PARTS = 64
_DIGITS = re.compile(rf"(?<![0-9_])[0-9_]{{{_MOST_DIGITS + 1}}}")
_TOKENS = re.compile(
    r"""(?P<part>"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?|[\w-]++)|(?P<dot>\.)|[^\w\s."'-]++|\n"""
)


def read_toml(text: str) -> Any:
    """The value of a TOML text.

    Raises:
        TextError: it is not TOML, or a number is too large or none.

    >>> read_toml("input = [784]\\nlayers = [{Dense = 10}]")
    {'input': [784], 'layers': [{'Dense': 10}]}
    """
    # Loaded here so that reading another format, and starting up, does not wait for it.
    import tomllib

    _check_sizes(text)
    try:
        return _read(tomllib.loads(text, parse_float=_float))
    except tomllib.TOMLDecodeError as error:
        message, line = str(error), 0
        if found := re.search(r" \(at line (\d+), column \d+\)$", message):
            message, line = message[: found.start()], int(found[1])
        raise TextError.on(line, f"this is not TOML: {shorten(message.lower())}") from None
    except RecursionError:
        raise TextError.on(0, "this is nested too deeply", code="too-deep") from None
    except TextError:
        raise
    except ValueError as error:  # a date that is none
        raise TextError.on(0, f"this is not TOML: {shorten(str(error))}") from None


def _check_sizes(text: str) -> None:
    """Refuse a number or key longer than any that is meant: reading one takes quadratic memory."""
    if beyond := _DIGITS.search(text):
        raise _too_large(text, beyond, f"a number of more than {_MOST_DIGITS} digits")
    dots, before = 0, ""
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup or ""
        if kind == "dot" and before == "part":
            dots += 1
        elif kind != "part" or before != "dot":
            dots = 0
        if dots >= _MOST_PARTS:
            raise _too_large(text, token, f"a key of more than {_MOST_PARTS} parts")
        before = kind


def _too_large(text: str, found: re.Match[str], what: str) -> TextError:
    line = text.count("\n", 0, found.start()) + 1
    return TextError.on(line, f"{what} is too large", code="too-large")


_NOTHING = "none"
"""TOML has no empty value; this word stands for it, and the text gets a backslash before it."""

_AS_TEXT = re.compile(r"\\*" + _NOTHING)


def _read(value: Any) -> Any:
    """A value with nothing in the place of the word for it."""
    if isinstance(value, dict):
        return {key: _read(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_read(part) for part in value]
    if isinstance(value, str) and _AS_TEXT.fullmatch(value):
        return None if value == _NOTHING else value[1:]
    return value


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise TextError.on(0, f"{shorten(text, 40)} is not a number", code="not-finite")
    return number


def toml_line(text: str, place: Place) -> int:
    """The line of `place` where that is plain: its key stands once, in the right table; else 0.

    >>> toml_line("[[layers]]\\nDense = 10\\n[[layers]]\\nConv2D = [8, 3]", ("layers", 1, "Conv2D"))
    4
    """
    lines = text.split("\n")
    numbers = range(len(lines))
    tables = [i for i in numbers if re.match(r"\s*\[\[\s*layers\s*\]\]", lines[i])]
    match place:
        case ("layers", int(index), *_) if index < len(tables):
            end = tables[index + 1] if index + 1 < len(tables) else len(lines)
            numbers = range(tables[index], end)
    keys = [part for part in place if isinstance(part, str)]
    for key in reversed(keys):
        word = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])")
        found = [i for i in numbers if word.search(lines[i].partition("#")[0])]
        if found:
            return found[0] + 1 if len(found) == 1 else 0
    return 0


def write_toml(mapping: dict[str, Any]) -> str:
    """A mapping as TOML, an entry of each list of layers a line.

    Raises:
        TextError: a value is empty, which TOML cannot say.

    >>> print(write_toml({"input": [784], "layers": ["Flatten", {"Dense": 10}]}), end="")
    input = [784]
    layers = [
      "Flatten",
      {Dense = 10},
    ]
    """
    written = []
    for key, value in mapping.items():
        if key == "layers":
            entries = "".join(f"  {_inline(entry)},\n" for entry in value)
            written.append(f"layers = [\n{entries}]\n")
        else:
            written.append(f"{_key(key)} = {_inline(value)}\n")
    return "".join(written)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if value is None:
        return _quoted(_NOTHING)
    text = str(value)
    return _quoted("\\" + text if _AS_TEXT.fullmatch(text) else text)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'
