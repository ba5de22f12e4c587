"""The config of a Keras model in what Keras saves: an archive, a JSON text, an HDF5 file.

None of these needs Keras.  A file may come from anywhere: what is read of it is bounded, only the
config is looked at, and nothing in it is run; no pickle is ever opened.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archcalc.symbolic.errors import ArchcalcError, FrameworkError, SpecificationError, shorten

__all__ = ["config_in_file", "config_in_text", "holds_config", "looks_like_config"]

_CONFIG = "config.json"
_MOST_BYTES = 32_000_000
"""Of a config: that of the largest model of `keras.applications` has two million."""
_MOST_ENTRIES = 20_000
_MOST_DIRECTORY = 8_000_000
"""Of the list of files in an archive, which has three; it is read before anything is known."""
_END, _END_LENGTH, _COMMENT = b"PK\x05\x06", 22, 65_535
_BEGINNING = 4_096
_HDF5 = b"\x89HDF\r\n\x1a\n"


def looks_like_config(text: str) -> bool:
    """Whether a text begins as JSON does, and speaks of a class of Keras.

    >>> looks_like_config('{"class_name": "Sequential", "config": {}}'), looks_like_config("a.json")
    (True, False)
    """
    return text.lstrip()[:1] == "{" and '"class_name"' in text and '"config"' in text


def holds_config(path: str | os.PathLike[str]) -> bool:
    """Whether a JSON file is the config of a Keras model, by how it begins."""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            begins = file.read(_BEGINNING) if Path(path).is_file() else b""
    except (OSError, ValueError):
        return False
    return looks_like_config(begins.decode("utf-8-sig", "replace"))


def config_in_text(text: str, name: str = "") -> Any:
    """The config that a JSON text is.

    Args:
        text: what `model.to_json()` gave.
        name: of the file, if there is one.

    Raises:
        SpecificationError: it is too large, or no JSON.
    """
    if len(text) > _MOST_BYTES:
        raise _too_large(name, len(text))
    if not text.strip():
        raise SpecificationError("there is nothing in it", code="empty-file", path=name)
    try:
        return json.loads(text)  # Keras writes infinities too, which strict JSON has not
    except json.JSONDecodeError as error:
        at = f"{name}:{error.lineno}" if name else f"line {error.lineno}"
        raise SpecificationError(
            f"this is not JSON: {error.msg.lower()}", code="not-json", path=at
        ) from None
    except RecursionError:
        raise SpecificationError("it is nested too deep", code="too-deep", path=name) from None
    except ValueError as error:  # a number of too many digits
        raise SpecificationError(shorten(str(error), 200), code="too-large", path=name) from None


def config_in_file(path: str | os.PathLike[str]) -> Any:
    """The config of the model in a file, told apart by how the file begins.

    Raises:
        SpecificationError: there is no such file, it is no file of Keras, or it is broken.
        FrameworkError: it is an HDF5 file, and h5py is not installed.
    """
    name = shorten(os.fspath(path), 200)
    with _opening(name), open(path, "rb", opener=_open_at_once) as file:
        if not Path(path).is_file():
            raise SpecificationError("this is not a file", code="not-a-file", path=name)
        begins = file.read(len(_HDF5))
        file.seek(0)
        if begins == _HDF5:
            return _in_hdf5(path, name)
        if begins[:2] == b"PK":
            return config_in_text(_as_text(_in_archive(file, name), name), f"{name}: {_CONFIG}")
        data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise _too_large(name, os.path.getsize(path))
        return config_in_text(_as_text(data, name), name)


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting, as a pipe that nothing writes to would make us."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


@contextmanager
def _opening(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise SpecificationError("there is no such file", code="no-such-file", path=name) from None
    except IsADirectoryError:
        raise SpecificationError(
            "this is a directory", code="not-a-file", path=name,
            hint="Keras 3 reads no SavedModel; save it as a .keras archive",
        ) from None  # fmt: skip
    except ArchcalcError:
        raise
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else str(error)) or "it is broken"
        raise SpecificationError(
            f"it cannot be opened: {shorten(why.lower(), 200)}", code="unreadable", path=name
        ) from None


def _as_text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SpecificationError(
            "this is neither an archive of Keras, nor HDF5, nor JSON", code="not-a-keras-model",
            path=name, hint="endings are .keras, .h5 and .json",
        ) from None  # fmt: skip


# Archives


def _in_archive(file: Any, name: str) -> bytes:
    """The config in an archive of Keras 3: the one file in it that is read."""
    _directory_is_small(file, name)
    try:
        with zipfile.ZipFile(file) as archive:
            entry = archive.getinfo(_CONFIG)
            if entry.file_size > _MOST_BYTES:
                raise _too_large(name, entry.file_size)
            with archive.open(entry) as config:
                data = config.read(_MOST_BYTES + 1)  # what it says of its own size need not be so
    except KeyError:
        raise SpecificationError(
            f"there is no {_CONFIG} in this archive, so that it is none of Keras",
            code="not-a-keras-model", path=name,
        ) from None  # fmt: skip
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _broken_archive(name, str(error)) from None
    if len(data) > _MOST_BYTES:
        raise _too_large(name, len(data))
    return data


def _directory_is_small(file: Any, name: str) -> None:
    """The list of files at the end of an archive is short, before it is read as a whole."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_LENGTH - _COMMENT))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or at + _END_LENGTH > len(tail):
        raise _broken_archive(name, "its end is missing")
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    if entries > _MOST_ENTRIES or length > _MOST_DIRECTORY:
        raise _broken_archive(name, f"it says that it has {entries:,} files or more")
    file.seek(0)


def _broken_archive(name: str, why: str) -> SpecificationError:
    return SpecificationError(
        f"the archive is broken: {shorten(why, 200)}", code="broken-archive", path=name,
        hint="save the model again, with model.save('model.keras')",
    )  # fmt: skip


def _too_large(name: str, size: int) -> SpecificationError:
    return SpecificationError(
        f"{size:,} bytes are more than a config has, {_MOST_BYTES:,}", code="too-large", path=name
    )


# HDF5


def _in_hdf5(path: str | os.PathLike[str], name: str) -> Any:
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError as error:
        raise FrameworkError(
            "this is an HDF5 file, and h5py, which reads it, is not installed",
            code="framework-missing", path=name, hint="pip install 'archcalc[hdf5]'",
        ) from error  # fmt: skip
    try:
        with h5py.File(path, "r") as file:
            found = _attribute(file.attrs, name)
    except ArchcalcError:
        raise
    except Exception as error:  # whatever h5py makes of a broken file
        raise SpecificationError(
            f"the HDF5 file is broken: {shorten(str(error), 200)}", code="broken-archive", path=name
        ) from None
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return config_in_text(text, f"{name}: model_config")


def _attribute(attributes: Mapping[str, Any], name: str) -> Any:
    if "model_config" not in attributes:
        raise SpecificationError(
            "this HDF5 file has weights and no model_config", code="not-a-keras-model", path=name,
            hint="save the whole model, with model.save(), or its config, with model.to_json()",
        )  # fmt: skip
    return attributes["model_config"]
