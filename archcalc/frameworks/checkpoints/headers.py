"""Names, shapes and formats of the tensors of a checkpoint, from its headers alone.

No weight is read, and no pickle is ever opened.  The formats' own libraries read the headers:
``safetensors`` (https://github.com/huggingface/safetensors) and ``gguf``
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archcalc._loading import loaded
from archcalc.symbolic.errors import FrameworkError, SpecificationError, shorten

__all__ = ["Header", "Stored", "read_header"]

_LARGEST_INDEX = 100_000_000
"""How many bytes an index has at most."""

_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor as a header has it.

    Attributes:
        shape: its shape; ``None`` where only its name is known.
        format: of its numbers, such as ``"BF16"`` or ``"Q4_K"``.
    """

    shape: tuple[int, ...] | None = None
    format: str = ""


@dataclass(frozen=True)
class Header:
    """What the headers of a checkpoint say.

    Attributes:
        kind: ``"safetensors"``, ``"index"`` or ``"gguf"``.
        tensors: its tensors by name.
        size: how many bytes all of them have, where an index says so.
        absent: the files that an index names and that do not lie beside it, where others do.
        architecture: what a ``.gguf`` says that the model is.
    """

    kind: str
    tensors: Mapping[str, Stored] = field(default_factory=dict)
    size: int | None = None
    absent: tuple[str, ...] = ()
    architecture: str = ""


def read_header(path: str | os.PathLike[str]) -> Header:
    """The tensors of a checkpoint: a ``.safetensors``, its index, or a ``.gguf``.

    An index has names alone; where the files that it names lie beside it, their headers are read.

    Raises:
        SpecificationError: it is none of these, or is broken.
        FrameworkError: the library that reads it is not installed.
    """
    place = Path(path)
    if not place.is_file():
        raise _refused(place, "there is no such file", "give a file of a checkpoint")
    _empty(place)
    ending = place.suffix.lower()
    if ending in _PICKLES:
        raise _refused(
            place, "a pickle runs what it holds, and is never opened",
            "convert it to safetensors, where it is trusted",
        )  # fmt: skip
    if ending == ".safetensors":
        return Header("safetensors", _safetensors(place))
    if ending == ".gguf":
        return _gguf(place)
    if ending == ".json":
        return _index(place)
    raise _refused(place, "it is no checkpoint", "give a .safetensors, its index.json, or a .gguf")


def _empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise _refused(path, "it is empty", "download it anew")


def _refused(path: Path, why: str, hint: str) -> SpecificationError:
    return SpecificationError(why, code="not-a-checkpoint", path=shorten(path.name, 80), hint=hint)


def _library(name: str) -> Any:
    try:
        return loaded(name)
    except ImportError:
        raise FrameworkError(
            f"{name} is not installed, and reads this file",
            code="not-installed", hint="pip install archcalc[checkpoints]",
        ) from None  # fmt: skip


def _safetensors(path: Path) -> dict[str, Stored]:
    library = _library("safetensors")
    try:
        with library.safe_open(str(path), framework="np") as file:
            parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {
                name: Stored(tuple(part.get_shape()), str(part.get_dtype()))
                for name, part in parts.items()
            }
    except Exception as error:
        raise _refused(path, f"its header cannot be read: {error}", "download it anew") from None


def _gguf(path: Path) -> Header:
    library = _library("gguf")
    try:
        reader = library.GGUFReader(str(path))
        named = reader.get_field("general.architecture")
        tensors = {
            part.name: Stored(tuple(int(n) for n in reversed(part.shape)), part.tensor_type.name)
            for part in reader.tensors
        }
        return Header("gguf", tensors, architecture=str(named.contents()) if named else "")
    except Exception as error:
        raise _refused(path, f"its header cannot be read: {error}", "download it anew") from None


def _index(path: Path) -> Header:
    if path.stat().st_size > _LARGEST_INDEX:
        raise _refused(path, "it is too large for an index", f"at most {_LARGEST_INDEX} bytes")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        names = data["weight_map"]
        files = {str(file) for file in names.values()}
        size = data.get("metadata", {}).get("total_size")
        held = {str(name): str(file) for name, file in names.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused(
            path, "it is no index of safetensors", 'it has a table "weight_map" of names and files'
        ) from None
    if any(Path(file).name != file for file in files):
        raise _refused(path, "it names files elsewhere", "files lie beside their index")
    tensors: dict[str, Stored] = dict.fromkeys(held, Stored())
    there = {file for file in files if (path.parent / file).is_file()}
    for file in sorted(there):
        if file.endswith(".safetensors"):
            found = _safetensors(path.parent / file)
            own = [name for name, home in held.items() if home == file]
            tensors = {name: part for name, part in tensors.items() if name not in own}
            tensors |= {name: found[name] for name in own if name in found}
    whole = size if isinstance(size, int) and not isinstance(size, bool) else None
    absent = tuple(sorted(files - there)) if there else ()
    return Header("index", tensors, whole, absent)
