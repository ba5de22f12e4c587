"""Which files of frameworks are read as networks, by the endings of their names.

It stands beside the packages, so that nothing of a reader is loaded to find out that a file is none
of theirs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from archcalc._loading import loaded
from archcalc.network.base import Network

__all__ = ["ENDINGS", "names_attribute", "names_source", "reader_of"]

_KERAS = "archcalc.frameworks.keras_reading:from_keras"
_ONNX = "archcalc.frameworks.onnx_reading:from_onnx"
_HUGGING_FACE = "archcalc.frameworks.huggingface"
_SOURCE = "archcalc.frameworks.source_reading:read_source"

ENDINGS: Mapping[str, str] = {
    ".keras": _KERAS,
    ".h5": _KERAS,
    ".hdf5": _KERAS,
    ".onnx": _ONNX,
    ".py": _SOURCE,
}
"""The function that reads a file, by the file's ending; loaded when the first such file is read.

It takes the path, and what goes into the network or ``None``; source code also ``call``, the
arguments of what makes the network.
"""

_ATTRIBUTE = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")

_TOLD_BY_THEIR_TEXT: Mapping[str, tuple[tuple[str, str], ...]] = {
    ".json": (
        ("archcalc.frameworks.importing.keras.archives:holds_config", _KERAS),
        (f"{_HUGGING_FACE}.files:holds_configuration", f"{_HUGGING_FACE}.reading:read_config_file"),
    ),
}
"""For endings that others use too: how such a file is recognised, and what then reads it."""


def names_source(path: str | os.PathLike[str]) -> bool:
    """Whether it names source code: a file, or one of the models in it.

    >>> names_source("model.py"), names_source("model.py:Net"), names_source("models:Net")
    (True, True, False)
    """
    return re.fullmatch(r".+\.py(:[^\W\d]\w*)?", os.fspath(path)) is not None


def names_attribute(text: str) -> bool:
    """Whether a text is ``module:attribute``, and no file.

    >>> names_attribute("keras.applications:ResNet50"), names_attribute("model.py:Net")
    (True, False)
    """
    return bool(_ATTRIBUTE.fullmatch(text)) and not (os.path.exists(text) or names_source(text))


def reader_of(path: str | os.PathLike[str]) -> Callable[..., Network] | None:
    """What reads a file of a framework; ``None`` where it is none, or a file of archcalc.

    >>> reader_of("model.keras").__name__, reader_of("net.yaml")
    ('from_keras', None)
    """
    ending = ".py" if names_source(path) else os.path.splitext(os.fspath(path))[1].lower()
    found: Callable[..., Network] | None = None
    if ending in ENDINGS:
        found = _named(ENDINGS[ending])
    for recognise, reader in _TOLD_BY_THEIR_TEXT.get(ending, ()):
        if found is None and _named(recognise)(path):
            found = _named(reader)
    return found


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(loaded(module), name)
