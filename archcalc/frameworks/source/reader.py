"""Where reading stands: the text, the bounds, and errors at their lines."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, NoReturn

from archcalc.frameworks.source.neighbours import Text
from archcalc.frameworks.source.tensors import Bench
from archcalc.frameworks.source.weights import Borrowed
from archcalc.symbolic.errors import ArchcalcError, FrameworkError, shorten
from archcalc.symbolic.limits import LIMITS

__all__ = ["Reader", "StatesWantedError"]


class StatesWantedError(Exception):
    """The states that a recurrent layer ends in are used, which it has to be told beforehand."""

    def __init__(self, place: tuple[int, int]) -> None:
        super().__init__(place)
        self.place = place


class Reader:
    """What every part of the reader shares.

    Args:
        text: the source.
        file: what it is called in errors.
        bench: what puts layers on tensors.
        wanted: the calls of recurrent layers whose states are used, by their places.
        path: the file, where the source is one.
    """

    def __init__(
        self, text: str, file: str, bench: Bench, wanted: set[tuple[int, int]],
        path: Path | None = None,
    ) -> None:  # fmt: skip
        self.text = Text(file, text.splitlines(), path)
        self.file = file
        self.bench = bench
        bench.fresh = self.fresh
        self.borrowed = Borrowed(bench)
        self.wanted = wanted
        self.remarks: dict[str, None] = {}
        self.taken: set[str] = set()
        self.inside = 0
        self.opened: dict[int, tuple[Any, Any]] = {}
        self._steps = 0
        self._all_steps = 0
        self._depth = 0
        self._layers = 0

    # Bounds

    def begin(self) -> None:
        """Another statement of the file, with steps of its own."""
        self._all_steps += self._steps
        self._steps = 0

    def tick(self, node: ast.AST | None = None, steps: int = 1) -> None:
        """Steps of the work.

        Raises:
            FrameworkError: there are more than are taken.
        """
        self._steps += steps
        if self._steps > LIMITS.source_steps or self._all_steps > 10 * LIMITS.source_steps:
            self.refuse(
                node,
                f"this takes more than {LIMITS.source_steps:,} steps to read",
                code="source-too-long",
                hint="give the model alone, without what trains it",
            )

    def deeper(self, node: ast.AST) -> None:
        """One level further in.

        Raises:
            FrameworkError: it is nested too deeply.
        """
        self._depth += 1
        if self._depth > LIMITS.source_nesting:
            self.refuse(
                node,
                f"more than {LIMITS.source_nesting} calls and brackets are inside one another",
                code="source-too-deep",
                hint="a function that calls itself must come to an end",
            )

    def higher(self) -> None:
        """One level back."""
        self._depth -= 1

    def another_layer(self) -> None:
        """One more layer is made.

        Raises:
            FrameworkError: there are more than are made.
        """
        self._layers += 1
        if self._layers > LIMITS.source_layers:
            raise FrameworkError(
                f"more than {LIMITS.source_layers:,} layers are made",
                code="source-too-long",
                hint="give a smaller model, or one with symbols for its depth",
            )

    # Errors

    def refuse(
        self, node: Any, message: str, *, code: str = "not-read", hint: str = ""
    ) -> NoReturn:
        """Say that something cannot be read.

        Raises:
            FrameworkError: always; it names the line.
        """
        raise self.at(node, FrameworkError(message, code=code, hint=hint))

    def at(self, node: Any, error: ArchcalcError) -> ArchcalcError:
        """The error with the place of a node, unless it has one."""
        if "line" in error.values or node is None or not hasattr(node, "lineno"):
            return error
        text: Text = getattr(node, "text", self.text)
        line = text.lines[node.lineno - 1].strip() if node.lineno <= len(text.lines) else ""
        place = f"{text.file}:{node.lineno}:{node.col_offset + 1}"
        message = f"{error.path}: {error.message}" if error.path else error.message
        return type(error)(
            f"{message}, in `{shorten(line, 100)}`",
            code=error.code,
            path=place,
            values={**error.values, "line": line, "number": node.lineno},
            hint=error.hint,
        )

    def remark(self, text: str) -> None:
        """Something to be said of what was read, once."""
        self.remarks[text] = None

    # Names of layers

    def fresh(self, name: str) -> str:
        """A name that nothing in this network has yet."""
        base = name.replace(".", "_").replace("/", "_") or "layer"
        made, number = base, 0
        while made in self.taken:
            number += 1
            made = f"{base}_{number}"
        self.taken.add(made)
        return made
