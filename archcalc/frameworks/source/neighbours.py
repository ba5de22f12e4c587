"""Files beside a source, from which it imports parts of a model: they are read, and not run."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archcalc.frameworks.source.values import Frame, Record
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.limits import LIMITS

__all__ = ["Deferred", "Neighbours", "Text"]

_KNOWN = frozenset(
    (*sys.stdlib_module_names, "keras", "tensorflow", "tf_keras", "torch", "numpy", "archcalc",
     "keras_core", "jax", "scipy", "pandas", "matplotlib", "sklearn")
)  # fmt: skip
"""Modules that are no part of a person's own project, or that are known by their names."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """A name of another file, which is read when somebody asks for it.

    Attributes:
        file: where it is.
        name: what it is called there; a file of that name, where it is a package.
        unknown: what it is where the file says nothing of it.
    """

    file: Path
    name: str
    unknown: Any


@dataclass(frozen=True, slots=True)
class Text:
    """Where a piece of code stands.

    Attributes:
        file: what it is called in errors.
        lines: its text.
        path: the file, ``None`` where the code was given as text.
    """

    file: str
    lines: list[str]
    path: Path | None


class Neighbours:
    """The files beside a source that were read.

    Args:
        machine: what follows them.
    """

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self._frames: dict[Path, Frame] = {}

    def imported(self, node: ast.ImportFrom, of: Path | None) -> Path | None:
        """The file that is imported from, where it is one of the project that a file is part of."""
        module = (node.module or "").split(".") if node.module else []
        if of is None or (not node.level and (not module or module[0] in _KNOWN)):
            return None
        if node.level:
            return (
                _file(of.parents[node.level - 1], module) if len(of.parents) > node.level else None
            )
        folder = of.parent
        while True:  # the folder, and those around it as long as they are one package
            found = _file(folder, module)
            if found is not None or not (folder / "__init__.py").is_file():
                return found
            folder = folder.parent

    def value(self, asked: Deferred) -> Any:
        """What a name is in its file."""
        met: set[Deferred] = set()
        value: Any = asked
        while isinstance(value, Deferred):
            if value in met:  # files that import a name from one another
                return asked.unknown
            met.add(value)
            value = self._found(value)
        return value

    def _found(self, asked: Deferred) -> Any:
        found = self._frame(asked.file).names.get(asked.name)
        if found is not None and found != asked:
            return found
        part = _file(asked.file.parent, [asked.name]) if asked.file.stem == "__init__" else None
        return Record(self._frame(part).names) if part else asked.unknown

    def names(self, file: Path) -> dict[str, Any]:
        """Everything that a file defines and does not keep to itself."""
        return {n: v for n, v in self._frame(file).names.items() if not n.startswith("_")}

    def _frame(self, file: Path) -> Frame:
        if file not in self._frames:
            if len(self._frames) >= LIMITS.source_files:
                raise FrameworkError(
                    f"it imports from more than {LIMITS.source_files} files",
                    code="source-too-long",
                    hint="put what the model needs into one file",
                )
            frame = self._frames[file] = Frame()
            text, tree = _read(file)
            for part in ast.walk(tree):
                part.text = text  # type: ignore[attr-defined]
            self._machine.follow_beside(tree, frame)
        return self._frames[file]


def _file(folder: Path, module: list[str]) -> Path | None:
    """The file of a module below a folder; of a package, its ``__init__.py``."""
    if not all(part.isidentifier() for part in module):
        return None
    place = folder.joinpath(*module)
    for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if module and file.is_file():
            return file
    init = place / "__init__.py"
    return init if not module and init.is_file() else None


def _read(file: Path) -> tuple[Text, ast.Module]:
    try:
        with file.open("rb") as stream:
            text = stream.read(LIMITS.source_characters + 1).decode("utf-8-sig")
        if len(text) > LIMITS.source_characters:
            raise FrameworkError("it is too long to read", code="source-too-long", path=str(file))
        return Text(str(file), text.splitlines(), file), ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise FrameworkError(
            f"it cannot be read: {type(error).__name__}", code="unreadable", path=str(file)
        ) from None
