"""Small torch modules, for what torch has as a function or not at all.

Importing this package imports torch; it is itself imported only when a torch module is built.  A
module is found by its name in whichever file it is; nothing lists the files.
"""

from __future__ import annotations

from pkgutil import iter_modules
from typing import Any

from archcalc._loading import loaded


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        for file in iter_modules(__path__):
            module = loaded(f"{__name__}.{file.name}")
            if name in module.__all__:
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
