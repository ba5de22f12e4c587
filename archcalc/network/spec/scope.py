"""Names in a file: what the layers of a list are called, and what a reference to one means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from archcalc.layers.base import Layer
from archcalc.network.naming import snake_case

__all__ = ["Place", "Scope", "place_text"]

Place: TypeAlias = tuple[str | int, ...]
"""Where something stands in a mapping: keys and positions, from the outermost."""


def place_text(place: Place) -> str:
    """A place as text.

    >>> place_text(("layers", 2, "Conv2D", "kernel_size"))
    'layers[2].Conv2D.kernel_size'
    """
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:60]}" for part in place)
    return "".join(parts).removeprefix(".")


class Scope:
    """The names within one list of layers, below those of the lists around it.

    Layers without a name get the one that the network will make up for them, so that a file can
    refer to what its summary shows.

    Args:
        outer: the scope around it.
        taken: the names that are given in the list, which no made-up name may be.
    """

    def __init__(self, outer: Scope | None = None, taken: Iterable[str] = ()) -> None:
        self.outer = outer
        self.depth: int = outer.depth + 1 if outer else 0
        self.layers: dict[str, Layer] = {}
        self.inner: dict[str, Scope] = {}
        self._taken = frozenset(taken)
        self._counts: dict[str, int] = {}
        self._here: set[int] = set()

    def made_up(self, kind: str) -> str:
        """The next name for a layer of this class, as `archcalc.network.naming.named` gives it.

        >>> scope = Scope(taken=["dense_1"])
        >>> scope.made_up("Dense"), scope.made_up("Dense")
        ('dense', 'dense_2')
        """
        base = snake_case(kind)
        while True:
            count = self._counts.get(base, 0)
            self._counts[base] = count + 1
            name = f"{base}_{count}" if count else base
            if name not in self._taken:
                return name

    def enter(self, layer: Layer, label: str) -> None:
        """A layer of this list, and what it is called."""
        self.layers[label] = layer
        self._here.add(id(layer))

    def enter_again(self, layer: Layer) -> None:
        """A layer that is used again; of another list it takes up a name of its class here."""
        if id(layer) not in self._here:
            self._here.add(id(layer))
            if layer.name is None:
                self.made_up(type(layer).__name__)

    def below(self, label: str, taken: Iterable[str] = ()) -> Scope:
        """The scope of what stands inside the layer called `label`."""
        self.inner[label] = Scope(self, taken)
        return self.inner[label]

    def find(self, reference: str) -> Layer | None:
        """The layer that `reference` names, looked for here and then outwards.

        ``conv`` is a layer of this list or of one around it, ``block/conv`` one inside a layer of
        these, and ``/block/conv`` starts at the outermost list.
        """
        if reference.startswith("/"):
            return self._root()._descend(reference[1:])
        for scope in self._outwards():
            found = scope._descend(reference)
            if found is not None:
                return found
        return None

    def known(self) -> list[str]:
        """The names that can be referred to, the nearest first."""
        return [name for scope in self._outwards() for name in scope.layers]

    def _outwards(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def _root(self) -> Scope:
        *_, root = self._outwards()
        return root

    def _descend(self, reference: str) -> Layer | None:
        if reference in self.layers:
            return self.layers[reference]
        for i, character in enumerate(reference):
            if character == "/" and reference[:i] in self.inner:
                found = self.inner[reference[:i]]._descend(reference[i + 1 :])
                if found is not None:
                    return found
        return None
