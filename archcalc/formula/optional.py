"""Packages that are used where they are installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from archcalc.symbolic.errors import FrameworkError

__all__ = ["optional"]


def optional(module: str, what: str) -> Any:
    """A module of a package that archcalc does not depend on.

    Args:
        module: its name.
        what: what pip installs it by.

    Raises:
        FrameworkError: it is not installed.

    >>> optional("json", "json").dumps({})
    '{}'
    >>> optional("surely_not_there", "archcalc[plot]")
    Traceback (most recent call last):
    archcalc.symbolic.errors.FrameworkError: surely_not_there is not installed; pip install ...
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise FrameworkError(
            f"{package} is not installed", code="not-installed", hint=f"pip install '{what}'"
        ) from error
