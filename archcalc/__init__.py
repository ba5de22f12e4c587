"""archcalc: neural-network arithmetic in closed form.

Give it an architecture, with numbers or with symbols, and it says what comes out of every layer,
how many weights each holds, what it costs to run and to train, and why.

Importing the package loads nothing but this list of names; each is loaded when it is first used
(PEP 562), and no framework before something asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded
from archcalc._version import __version__ as __version__

if TYPE_CHECKING:
    from archcalc import (
        costs,
        explain,
        explore,
        families,
        formula,
        layers,
        network,
        symbolic,
        torch,
    )
    from archcalc.costs import *
    from archcalc.explain import *
    from archcalc.explore import *
    from archcalc.formula import *
    from archcalc.layers import *
    from archcalc.layers.activations import *
    from archcalc.layers.adapters import *
    from archcalc.layers.adaptive import *
    from archcalc.layers.aliases import *
    from archcalc.layers.arithmetic import *
    from archcalc.layers.attention import *
    from archcalc.layers.augmentation import *
    from archcalc.layers.colouring import *
    from archcalc.layers.convolution import *
    from archcalc.layers.core import *
    from archcalc.layers.distances import *
    from archcalc.layers.embedding import *
    from archcalc.layers.encoding import *
    from archcalc.layers.heads import *
    from archcalc.layers.merging import *
    from archcalc.layers.normalization import *
    from archcalc.layers.operations import *
    from archcalc.layers.padding import *
    from archcalc.layers.pooling import *
    from archcalc.layers.products import *
    from archcalc.layers.rearranging import *
    from archcalc.layers.recurrent import *
    from archcalc.layers.recurrent_convolution import *
    from archcalc.layers.regularization import *
    from archcalc.layers.rescaling import *
    from archcalc.layers.reshaping import *
    from archcalc.layers.resizing import *
    from archcalc.layers.sdpa import *
    from archcalc.layers.slicing import *
    from archcalc.layers.spectrogram import *
    from archcalc.layers.transposed import *
    from archcalc.layers.upsampling import *
    from archcalc.layers.vocabulary import *
    from archcalc.network import *
    from archcalc.symbolic import *

    __all__ = ["__version__", "families", "torch"]
    __all__ += costs.__all__
    __all__ += explain.__all__
    __all__ += explore.__all__
    __all__ += formula.__all__
    __all__ += layers.__all__
    __all__ += network.__all__
    __all__ += symbolic.__all__

_ROOMS = ("symbolic", "formula", "layers", "costs", "network", "explain", "explore")
"""Where public names are looked up, from the ground up."""

_DOORS = ("families", "torch")
"""Packages whose names stand behind their own."""


def _found(name: str) -> Any:
    if name == "__all__":  # for ``from archcalc import *``
        return __dir__()
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _DOORS:
        return loaded(f"{__name__}.{name}")
    for room in _ROOMS:
        module = loaded(f"{__name__}.{room}")
        if name in module.__all__:
            value = getattr(module, name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found


def __dir__() -> list[str]:
    names = {name for room in _ROOMS for name in loaded(f"{__name__}.{room}").__all__}
    return sorted({*names, *_DOORS, "__version__"})
