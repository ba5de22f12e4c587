"""Whether a ``.json`` is a configuration of Hugging Face's; told without reading it as one."""

from __future__ import annotations

import os
import re

__all__ = ["holds_config"]

_MUCH = 1_000_000
"""How many bytes are looked at."""

_SIGN = re.compile(rb'"(model_type|text_config|architectures)"\s*:')


def holds_config(path: str | os.PathLike[str]) -> bool:
    """Whether a file says which type of model it configures.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "config.json"
    >>> _ = file.write_text('{"model_type": "llama"}')
    >>> holds_config(file), holds_config("nowhere.json")
    (True, False)
    """
    try:
        with open(path, "rb") as file:
            return _SIGN.search(file.read(_MUCH)) is not None
    except OSError:
        return False
