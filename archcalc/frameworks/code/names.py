"""Names in code that is written: of values and of layers, each once."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from archcalc.network.unroll import Source, Unrolled
from archcalc.symbolic.errors import FrameworkError, quoted

__all__ = ["Names", "Values", "arguments", "literal"]

_RESERVED = frozenset(
    ["x", "self", "keras", "layers", "ops", "torch", "nn", "F", "super", "model", "math"]
)


class Names:
    """Names that Python takes, each once."""

    def __init__(self) -> None:
        self._used: set[str] = set(_RESERVED)

    def free(self, path: str) -> str:
        """The name for a path.

        >>> names = Names()
        >>> names.free("body/0/conv"), names.free("body_0_conv"), names.free("0")
        ('body_0_conv', 'body_0_conv_1', 'layer_0')
        """
        base = re.sub(r"\W", "_", path, flags=re.ASCII).strip("_") or "layer"
        if not base.isidentifier() or keyword.iskeyword(base):
            base = f"layer_{base}"
        name, count = base, 0
        while name in self._used:
            count += 1
            name = f"{base}_{count}"
        self._used.add(name)
        return name


class Values:
    """What each value of a program is called: ``x`` where the next call alone takes it."""

    def __init__(self, program: Unrolled, names: Names) -> None:
        self._program = program
        self._names = names
        self._called: dict[Source, str] = {}
        self._takers: dict[Source, set[int]] = {}
        for number, call in enumerate(program.calls):
            for source in call.inputs:
                self._takers.setdefault(source, set()).add(number)
        end = len(program.calls)
        for source in program.outputs:
            self._takers.setdefault(source, set()).add(end)

    def of(self, source: Source) -> str:
        """The name of a value."""
        return self._called[source]

    def input(self, number: int, name: str) -> str:
        """A name for an input."""
        made = self._names.free(name)
        self._called[Source(-1 - number)] = made
        return made

    def outputs(self, number: int) -> list[str]:
        """Names for what a call gives."""
        call = self._program.calls[number]
        made = []
        for index in range(len(call.applied.outputs)):
            source = Source(number, index)
            takers = self._takers.get(source, set())
            if len(call.applied.outputs) > 1 and not takers:
                name = "_"
            elif takers <= {number + 1} and not index:
                name = "x"
            else:
                name = self._names.free(call.path.rpartition("/")[2] + "_out")
            self._called[source] = name
            made.append(name)
        return made


def literal(value: Any) -> str:
    """A value as Python writes it.

    Raises:
        FrameworkError: it is an object that no text says.
    """
    if isinstance(value, bool | int | float | str | None):
        return _number(value) if isinstance(value, float) else repr(value)
    if isinstance(value, tuple | list):
        parts = ", ".join(map(literal, value))
        if isinstance(value, list):
            return f"[{parts}]"
        return f"({parts},)" if len(value) == 1 else f"({parts})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(held)}" for key, held in value.items()) + "}"
    raise FrameworkError(
        f"{quoted(value, 60)} is an object, which no source code says",
        code="not-in-code",
        hint="give the layer its name instead",
    )


def _number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)


def arguments(given: Mapping[str, Any], first: Iterable[str] = (), more: Sequence[str] = ()) -> str:
    """Arguments between brackets, those of `first` by position.

    >>> arguments({"filters": 32, "kernel_size": (3, 3), "padding": "same"}, ["filters"])
    "32, kernel_size=(3, 3), padding='same'"
    """
    ordered = []
    for name in first:
        if name not in given:
            break
        ordered.append(name)
    texts = [literal(given[name]) for name in ordered]
    texts += [f"{k}={literal(v)}" for k, v in given.items() if k not in ordered]
    return ", ".join([*texts, *more])
