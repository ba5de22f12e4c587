"""Families of networks: every depth, width, growth and number of classes a number or a symbol.

A family is a function that makes an ordinary network of the catalogue's layers.  The networks that
have names are its arguments as data, and functions of these names: ``resnet50()`` is
``resnet(**RESNETS["resnet50"])``, and ``resnet50(classes="K")`` leaves one of them open.

>>> from archcalc import families
>>> families.resnet50().trace().parameters
25557032
>>> families.resnet50(classes="K").trace().parameters
2049·K + 23508032
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from archcalc.families.densenet import DENSENETS, densenet
from archcalc.families.resnet import RESNETS, resnet
from archcalc.families.unet import unet
from archcalc.families.vgg import VGGS, doubling, vgg
from archcalc.network import Network

__all__ = ["DENSENETS", "RESNETS", "VGGS", "densenet", "doubling", "resnet", "unet", "vgg"]

_NAMED = tuple(
    (family, name, arguments)
    for family, table in ((resnet, RESNETS), (densenet, DENSENETS), (vgg, VGGS))
    for name, arguments in table.items()
)


def __getattr__(name: str) -> Callable[..., Network]:
    for family, known, arguments in _NAMED:
        if name == known:
            return partial(family, **arguments)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for _, name, _ in _NAMED)])
