"""What each of ONNX's operators is here: for each, from its node to what comes out of it."""

from __future__ import annotations

from pkgutil import iter_modules

from archcalc._loading import loaded
from archcalc.frameworks.importing.onnx.operators.registry import OPERATORS

__all__ = ["OPERATORS"]

for _file in iter_modules(__path__):
    loaded(f"{__name__}.{_file.name}")
