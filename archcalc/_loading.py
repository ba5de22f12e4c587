"""Loading what is needed when it is first asked for, by one thread at a time.

Python has a lock for every module, and a package that imports its parts is locked while it does.  A
thread that comes to such a part from elsewhere holds the part and waits for the package, whose
thread waits for the part.  Whatever archcalc loads late is therefore loaded under one lock, and so
are the classes built that Pydantic builds at their first use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import RLock
from types import MappingProxyType, ModuleType
from typing import Any

__all__ = ["MOVED", "ONE_AT_A_TIME", "loaded", "missing", "moved", "names_from"]

ONE_AT_A_TIME = RLock()


def loaded(module: str) -> ModuleType:
    """The module of this name, imported now if it was not before.

    >>> loaded("math").gcd(12, 18)
    6
    """
    with ONE_AT_A_TIME:
        return import_module(module)


def names_from(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """What makes a package load its names when they are first used (PEP 562).

    Args:
        package: its name.
        homes: for each of its modules the names that come from there, with spaces between them.

    Returns:
        Its ``__getattr__`` and its ``__dir__``.

    >>> found, names = names_from("archcalc.costs", {"work": "Flops Macs"})
    >>> found("Macs").__module__, "Flops" in names()
    ('archcalc.costs.work', True)
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def found(name: str) -> Any:
        if name not in home_of:
            raise missing(package, name)
        value = getattr(loaded(f"{package}.{home_of[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted(sys.modules[package].__all__)

    return found, names


def moved(name: str, module: str, now: str = "") -> ImportError:
    """What is said of a name that stands in another module, there perhaps under a new name.

    It is no `AttributeError`, of which ``from archcalc import name`` would keep nothing.

    >>> print(moved("Met", "archcalc.explore", "ConstraintValue"))
    Met is archcalc.explore.ConstraintValue; write: from archcalc.explore import ConstraintValue ...
    """
    now = now or name
    made: ImportError = loaded("archcalc.symbolic.errors").MovedNameError(
        f"{name} is {module}.{now}",
        values={"name": name, "module": module, "now": now},
        hint=f"write: from {module} import {now}",
    )
    return made


def missing(module: str, name: str) -> Exception:
    """What is raised where `module` has no `name`: where it went, or where it stands as torch's.

    >>> print(missing("archcalc.formula", "sweep"))
    sweep is archcalc.explore.sweep; write: from archcalc.explore import sweep ...
    >>> missing("archcalc.formula", "nothing")
    AttributeError("module 'archcalc.formula' has no attribute 'nothing'")
    >>> print(missing("archcalc", "Linear"), missing("archcalc", "MatMul"), sep="\\n")
    Linear is archcalc.torch.nn.Linear; write: from archcalc.torch.nn import Linear ...
    module 'archcalc' has no attribute 'MatMul'; did you mean Matmul?
    """
    now = MOVED.get(f"{module}.{name}")
    if now is not None:
        home, _, new = now.rpartition(".")
        return moved(name, home, new)
    classes = name[:1].isupper()  # Python asks for modules so as well, before it imports them
    if classes and name in loaded("archcalc.frameworks.torch_api").TORCH_CLASSES:
        return moved(name, "archcalc.torch.nn")
    alike = [known for known in dir(sys.modules[module]) if known.lower() == name.lower()]
    hint = f"; did you mean {alike[0]}?" if alike else ""
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}")


_EXPLORE = ("Certificate", "Configuration", "Excluded", "LazyTable", "Optimum",
            "Table", "search", "sweep")  # fmt: skip

_RENAMED = {
    "archcalc.with_values": "archcalc.substitute",
    "archcalc.network.with_values": "archcalc.network.substitute",
    "archcalc.formula.RealNumber": "archcalc.formula.ClosedForm",
    "archcalc.formula.Stretch": "archcalc.formula.Run",
    "archcalc.formula.Met": "archcalc.explore.ConstraintValue",
    "archcalc.formula.Reason": "archcalc.explore.Exclusion",
    "archcalc.explore.Met": "archcalc.explore.ConstraintValue",
    "archcalc.explore.Reason": "archcalc.explore.Exclusion",
    "archcalc.costs.Other": "archcalc.costs.Alternative",
    "archcalc.costs.Counted": "archcalc.costs.ConventionEffect",
    "archcalc.explain.Figure": "archcalc.explain.CostLine",
}

MOVED: Mapping[str, str] = MappingProxyType(
    {f"archcalc.formula.{name}": f"archcalc.explore.{name}" for name in _EXPLORE} | _RENAMED
)
"""Where public names stand now, by where they stood."""
