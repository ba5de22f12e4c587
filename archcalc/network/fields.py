"""The types of what networks are made of, as in `archcalc.layers.fields`: given, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.layers.base import Layer

__all__ = ["Block", "Blocks", "Layers", "OptionalBlock"]

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    class Layers:
        """Layers in order; given as any sequence."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Layer, ...]: ...
        def __set__(self, owner: object, value: Iterable[Layer] | Layer) -> None: ...

    class Blocks:
        """Blocks in order: each is a layer, a network, or a list of layers."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Layer, ...]: ...
        def __set__(self, owner: object, value: Sequence[Layer | Sequence[Layer]]) -> None: ...

    class Block:
        """A layer or a network; a list of layers becomes a `Sequential`."""

        def __get__(self, owner: object, kind: type | None = None) -> Layer: ...
        def __set__(self, owner: object, value: Layer | Sequence[Layer]) -> None: ...

    class OptionalBlock:
        """Like `Block`, or ``None``."""

        def __get__(self, owner: object, kind: type | None = None) -> Layer | None: ...
        def __set__(self, owner: object, value: Layer | Sequence[Layer] | None) -> None: ...

else:
    Layers = Blocks = tuple[Layer, ...]
    Block = Layer
    OptionalBlock = Layer | None
