"""YAML 1.2 as plain values, from the events of its grammar.

Nothing is constructed: tags, aliases and second documents are refused, and so is a key that stands
twice.  Numbers and nesting are bounded before they are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from archcalc.network.spec.lines import Lines, TextError
from archcalc.symbolic.errors import quoted, shorten

__all__ = ["read_yaml", "write_yaml"]

_MOST_NESTING = 256
_MOST_DIGITS = 600
_BRACKETS = re.compile(r"[\[{]|[\]}]|(?:^|\s)#[^\n]*", re.MULTILINE)
_PLAIN = re.compile(r"[^\W\d][\w./*+-]*(?: [\w./*+-]+)*")
_TAG = "tag:yaml.org,2002:"


def read_yaml(text: str) -> tuple[Any, Lines]:
    """The value of a YAML text, and where its parts stand.

    Raises:
        TextError: it is not YAML, or has something that a network needs not.

    >>> read_yaml("layers:\\n  - Dense: 10\\n")[0]
    {'layers': [{'Dense': 10}]}
    """
    # Loaded here so that reading another format, and starting up, does not wait for it.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    _check_brackets(text)
    yaml = YAML(typ="safe", pure=True)
    try:
        return _Composer(yaml.parse(text), yaml.resolver).document()
    except TextError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = shorten(str(error.problem or error.context or "it cannot be read"), 120)
        raise TextError.on(mark.line + 1 if mark else 0, f"this is not YAML: {problem}") from None
    except YAMLError as error:
        problem = shorten(str(error).partition("\n")[0], 120)
        raise TextError.on(0, f"this is not YAML: {problem}") from None


def write_yaml(value: Any) -> str:
    """A plain value as YAML; collections of scalars alone stand on one line.

    >>> print(write_yaml({"layers": [{"Conv2D": {"filters": 32, "kernel_size": 3}}]}), end="")
    layers:
    - Conv2D: {filters: 32, kernel_size: 3}
    """
    # Loaded here for the same reason as above.
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.allow_unicode = True
    yaml.width = 100
    yaml.sort_base_mapping_type_on_output = False
    yaml.representer.ignore_aliases = lambda *_: True
    known = yaml.representer.yaml_representers
    yaml.representer.yaml_representers = {**known, str: _represent_text}
    stream = StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


def _represent_text(representer: Any, text: str) -> Any:
    """Text in quotes unless it is plain at first sight: ``:=`` would not be read back."""
    style = None if _PLAIN.fullmatch(text) else "'"
    return representer.represent_scalar(f"{_TAG}str", text, style=style)


def _check_brackets(text: str) -> None:
    """Refuse deep nesting before the scanner sees it, which would take quadratic time."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        bracket = found[0][0]
        depth += (bracket in "[{") - (bracket in "]}")
        if depth > _MOST_NESTING:
            line = text.count("\n", 0, found.start()) + 1
            raise TextError.on(
                line, f"brackets are nested deeper than {_MOST_NESTING}", code="too-deep"
            )


class _Composer:
    """Builds values from events, one document of them."""

    def __init__(self, events: Iterator[Any], resolver: Any) -> None:
        self._events = events
        self._resolver = resolver

    def document(self) -> tuple[Any, Lines]:
        """The value of the only document."""
        next(self._events)
        event = next(self._events)
        if type(event).__name__ == "StreamEndEvent":
            raise TextError.on(1, "there is nothing in it", code="empty-file")
        value = self._value(next(self._events), 0)
        next(self._events)
        if type(after := next(self._events)).__name__ != "StreamEndEvent":
            self._refuse(after, "there is a second document", hint="a file is one network")
        return value

    def _value(self, event: Any, depth: int) -> tuple[Any, Lines]:
        kind = type(event).__name__
        if kind == "AliasEvent":
            self._refuse(event, f"*{shorten(event.anchor, 40)} refers to another place",
                         code="alias", hint="write it out; Shared uses a layer again")  # fmt: skip
        if str(getattr(event, "tag", None) or "!") != "!":
            self._refuse(event, f"the tag {shorten(str(event.tag), 60)} asks for an object",
                         code="tag", hint="numbers, text, lists and mappings are read")  # fmt: skip
        if depth > _MOST_NESTING:
            self._refuse(event, f"this is nested deeper than {_MOST_NESTING}", code="too-deep")
        if kind == "ScalarEvent":
            return self._scalar(event), Lines(event.start_mark.line + 1)
        return (self._list if kind == "SequenceStartEvent" else self._mapping)(event, depth + 1)

    def _list(self, start: Any, depth: int) -> tuple[list[Any], Lines]:
        values: list[Any] = []
        inside: dict[str | int, Lines] = {}
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            value, inside[len(values)] = self._value(event, depth)
            values.append(value)
        return values, Lines(start.start_mark.line + 1, inside)

    def _mapping(self, start: Any, depth: int) -> tuple[dict[str, Any], Lines]:
        values: dict[str, Any] = {}
        inside: dict[str | int, Lines] = {}
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            key, at = self._value(event, depth)
            if not isinstance(key, str):
                self._refuse(event, f"the key {quoted(key, 40)} is not text")
            if key in values:
                self._refuse(event, f"the key {shorten(key, 60)} stands twice", code="key-twice",
                             hint=f"it stands on line {inside[key].line} too")  # fmt: skip
            values[key], below = self._value(next(self._events), depth)
            inside[key] = Lines(at.line, below.inside)
        return values, Lines(start.start_mark.line + 1, inside)

    def _scalar(self, event: Any) -> Any:
        if not event.implicit[0]:
            return event.value
        # Loaded already, by `read_yaml`.
        from ruamel.yaml.nodes import ScalarNode

        text: str = event.value
        tag = str(self._resolver.resolve(ScalarNode, text, (True, False))).removeprefix(_TAG)
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() in ("true", "yes", "on")
        if tag == "int":
            return self._int(event, text.replace("_", ""))
        return self._float(event, text.replace("_", "")) if tag == "float" else text

    def _int(self, event: Any, text: str) -> int:
        if len(text) > _MOST_DIGITS:
            self._refuse(event, f"a number of {len(text):,} digits is too large", code="too-large")
        digits = text.lstrip("+-").lower()
        base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 10)
        number = int(digits.lstrip("0") or "0") if base == 10 else int(digits, base)
        return -number if text.startswith("-") else number

    def _float(self, event: Any, text: str) -> float:
        number = float(re.sub(r"^([+-]?)\.(inf|nan)$", r"\1\2", text.lower()))
        if not math.isfinite(number):
            self._refuse(event, f"{shorten(event.value, 40)} is not a number", code="not-finite")
        return number

    def _refuse(
        self, event: Any, message: str, *, code: str = "bad-file", hint: str = ""
    ) -> NoReturn:
        raise TextError.on(event.start_mark.line + 1, message, code=code, hint=hint)
