"""What torch's functions are here: for each, from its arguments to the layers that say it."""

from __future__ import annotations

from pkgutil import iter_modules

from archcalc._loading import loaded
from archcalc.frameworks.importing.functions.registry import FUNCTIONS

__all__ = ["FUNCTIONS"]

for _file in iter_modules(__path__):
    loaded(f"{__name__}.{_file.name}")
