"""Where each layer of the catalogue is, so that its family can be loaded when it is needed."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

__all__ = ["FAMILY_NAMES", "declare", "homes"]

FAMILY_NAMES = (
    "core",
    "embedding",
    "convolution",
    "transposed",
    "pooling",
    "adaptive",
    "normalization",
    "activations",
    "reshaping",
    "rearranging",
    "slicing",
    "operations",
    "padding",
    "upsampling",
    "regularization",
    "merging",
    "arithmetic",
    "products",
    "sdpa",
    "attention",
    "heads",
    "adapters",
    "distances",
    "rescaling",
    "resizing",
    "colouring",
    "augmentation",
    "spectrogram",
    "encoding",
    "vocabulary",
    "recurrent",
    "recurrent_convolution",
)
"""The modules of the catalogue, in the order in which the documentation shows them."""


_declared: list[tuple[str, Path, tuple[str, ...]]] = []


def declare(package: str, folder: str, families: tuple[str, ...]) -> None:
    """Say that `families`, modules of `package` in `folder`, have layers that files may name."""
    _declared.append((package, Path(folder), families))
    homes.cache_clear()


@lru_cache(maxsize=1)
def homes() -> dict[str, str]:
    """The module of each public name of the catalogue, none of which is loaded for it.

    What a family has is said by its own ``__all__`` and nowhere else; here it is read from the
    text of the module.

    >>> homes()["Dense"]
    'archcalc.layers.core'
    """
    found: dict[str, str] = {}
    for package, folder, families in _declared:
        for family in families:
            text = (folder / f"{family}.py").read_text(encoding="utf-8")
            start = text.index("__all__ = [") + len("__all__ = ")
            names = ast.literal_eval(text[start : text.index("]", start) + 1])
            found.update(dict.fromkeys(names, f"{package}.{family}"))
    return found


declare("archcalc.layers", str(Path(__file__).parent), (*FAMILY_NAMES, "aliases"))
