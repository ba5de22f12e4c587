"""A network from source code of Keras or torch, read from its syntax tree and never run."""

from __future__ import annotations

import ast
import os
import re
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archcalc.frameworks.source.expressions import FAILURES, as_ours
from archcalc.frameworks.source.machine import Machine
from archcalc.frameworks.source.picking import network_of, picked
from archcalc.frameworks.source.reader import StatesWantedError
from archcalc.frameworks.source.tensors import SourceBench
from archcalc.network.base import Network
from archcalc.symbolic.errors import ArchcalcWarning, FrameworkError, quoted, shorten
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape

__all__ = ["from_source", "read_source"]

_NAMED = re.compile(r"(?P<path>.+\.py):(?P<name>[^\W\d]\w*)")


def from_source(
    source: str | os.PathLike[str],
    name: str | None = None,
    input_shape: ShapeLike | Sequence[ShapeLike] | None = None,
    *,
    sizes: Mapping[str, int] | None = None,
    call: Mapping[str, Any] | None = None,
) -> Network:
    """The network that source code of Keras or torch defines, as people paste it.

    The code is read from its syntax tree: nothing of it is run, and no framework is imported.
    Statements that train, load data or print are passed over.  A name that the code gives no value
    becomes a symbol where a size is wanted, and a warning says so.

    Args:
        source: the path of a file, ``"model.py"`` or ``"model.py:name"``, or the code itself.
        name: of the model, a class, or a function that makes one; may be left out where there is
            one model.
        input_shape: what goes in, without the batch, numbers or symbols; a list of shapes where
            several go in.  It may be left out where the code says it.
        sizes: what symbols are while the code is read; its conditions may depend on them.
        call: the arguments of the class or the function that makes the model, by name.

    Raises:
        FrameworkError: the code, or the part on which the model depends, cannot be read; the error
            names the line.

    >>> net = from_source('''
    ... model = Sequential()
    ... model.add(Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)))
    ... model.add(MaxPooling2D())
    ... model.add(Flatten())
    ... model.add(Dense(100, activation="relu"))
    ... model.add(Dense(10, activation="softmax"))
    ... model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.01), metric=["accuracy"])
    ... ''')
    >>> net.trace().parameters
    542230
    """
    text, file, own = _text(source)
    path = Path(file).resolve() if os.path.isfile(file) else None
    tree = _parsed(text, file)
    shapes = _shapes(input_shape)
    wanted: set[tuple[int, int]] = set()
    while True:
        machine = Machine(text, file, SourceBench(sizes or {}), wanted, path)
        try:
            machine.follow(tree)
            network = network_of(machine, picked(machine, name or own, call or {}), shapes)
            break
        except StatesWantedError as states:
            wanted.add(states.place)
        except FAILURES as error:
            raise as_ours(error) from None
    for remark in machine.remarks:
        warnings.warn(remark, ArchcalcWarning, stacklevel=2)
    return network


def read_source(
    path: str | os.PathLike[str], input_shape: Any = None, call: Mapping[str, Any] | None = None
) -> Network:
    """The network in a file, or one of them: what reads a ``.py`` where a file stands."""
    return from_source(path, input_shape=input_shape, call=call)


def _text(source: str | os.PathLike[str]) -> tuple[str, str, str | None]:
    """The code, what it is called, and the name of the model where that is said with the path."""
    if not isinstance(source, str | os.PathLike):
        raise FrameworkError(
            f"{type(source).__name__} is no source code; from_source takes the path of a file, or "
            "the code itself as text",
            code="not-read",
        )
    given = os.fspath(source)
    name = None
    if re.search(r"[\n(=]", given) and not (
        len(given) < 256 and "\0" not in given and os.path.exists(given)
    ):
        return _cleaned(_bounded(given, "the source")), "the source", None
    match = _NAMED.fullmatch(given)
    if match and not os.path.exists(given):
        given, name = match["path"], match["name"]
    try:
        with Path(given).open("rb") as stream:
            data = stream.read(4 * LIMITS.source_characters + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FrameworkError("this is not text in UTF-8", code="not-text", path=given) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FrameworkError(
            f"it cannot be read: {shorten(reason)}",
            code="unreadable",
            path=shorten(given),
            hint="give the path of a file, or the code itself",
        ) from None
    return _cleaned(_bounded(text, given)), given, name


def _bounded(text: str, file: str) -> str:
    if len(text) > LIMITS.source_characters:
        raise FrameworkError(
            f"it has more than {LIMITS.source_characters:,} characters",
            code="source-too-long", path=file, hint="give the model alone",
        )  # fmt: skip
    return text


def _cleaned(text: str) -> str:
    """Code as it is pasted: with prompts, from a notebook, or further to the right.

    Lines stay where they are, so that errors name the right ones.

    >>> _cleaned("    >>> x = 1\\n    >>> for i in y:\\n    ...     z\\n    1")
    'x = 1\\nfor i in y:\\n    z\\n'
    """
    lines = textwrap.dedent(text.replace("\r\n", "\n")).split("\n")
    if any(line.startswith(">>> ") for line in lines):
        shown = (">>> ", "... ")
        lines = [line[4:] if line.startswith(shown) else "" for line in lines]
    return "\n".join(re.sub(r"^(\s*)[!%]\S.*", r"\1pass", line) for line in lines)


def _parsed(text: str, file: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of escapes in the source
            return ast.parse(text)
    except SyntaxError as error:
        line = shorten((error.text or "").strip(), 100)
        raise FrameworkError(
            f"this is not Python: {error.msg}, in `{line}`",
            code="not-python",
            path=f"{file}:{error.lineno or 1}:{error.offset or 1}",
            values={"line": line, "number": error.lineno},
            hint="print of Python 2 needs brackets" if line.startswith("print ") else "",
        ) from None
    except ValueError as error:  # of a byte that is nought, before Python 3.11.4
        raise FrameworkError(
            f"this is not Python: {quoted(str(error), 80)}", code="not-python", path=file
        ) from None
    except (RecursionError, MemoryError) as error:
        raise FrameworkError(
            f"this cannot be taken apart: {quoted(str(error) or type(error).__name__, 80)}",
            code="source-too-deep", path=file,
        ) from None  # fmt: skip


def _shapes(given: Any) -> list[Shape] | None:
    if given is None:
        return None
    several = isinstance(given, list) and bool(given) and isinstance(given[0], list | tuple)
    return [as_shape(shape) for shape in (given if several else [given])]
