"""Networks to begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from archcalc.layers import Conv2D, Dense, Flatten, MaxPooling2D
from archcalc.network import Network, Repeat, Residual, Sequential, dumps
from archcalc.symbolic.errors import LookupFailedError, quoted

__all__ = ["EXAMPLES", "example_text"]


def _mnist(filters: int | str, kernel: int | str, units: int | str) -> Network:
    layers = [Conv2D(filters, kernel), MaxPooling2D(2), Flatten(), Dense(units), Dense(10)]
    return Sequential(layers, input_shape=(28, 28, 1))


def _tower() -> Network:
    block = Residual([Conv2D("c", 3, padding="same"), Conv2D("c", 3, padding="same")])
    layers = [Conv2D("c", 3, padding="same"), Repeat(block, "L"), Flatten(), Dense(10)]
    return Sequential(layers, input_shape=("h", "w", 3))


EXAMPLES: Mapping[str, tuple[str, Callable[[], Network]]] = MappingProxyType(
    {
        "mnist": ("the small CNN of every tutorial", lambda: _mnist(32, 3, 100)),
        "symbols": ("the same with its sizes as symbols", lambda: _mnist("f", "k", "n")),
        "tower": ("residual blocks, L of them, of c channels", _tower),
    }
)
"""What each is, and what makes it."""


def example_text(name: str) -> str:
    """An example as YAML.

    Raises:
        LookupFailedError: there is none of this name.

    >>> example_text("mnist").splitlines()[:2]
    ['archcalc: 1', 'input: [28, 28, 1]']
    """
    if name not in EXAMPLES:
        raise LookupFailedError(
            f"there is no example {quoted(name, 40)}", hint=f"there are {', '.join(EXAMPLES)}"
        )
    return dumps(EXAMPLES[name][1]())
