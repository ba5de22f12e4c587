"""Adapters put into a network: an edit, which freezes what is there and adds what is trained."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from archcalc.layers.adapters import LoRA
from archcalc.layers.base import Layer
from archcalc.layers.facts import Weight
from archcalc.layers.lora import ADAPTED
from archcalc.network.edit import Place, owned_layers, places_of
from archcalc.network.forms import is_network
from archcalc.network.rebuild import Rebuild
from archcalc.symbolic.dims import DimLike
from archcalc.symbolic.errors import InvalidLayerError, LookupFailedError, quoted, shorten

if TYPE_CHECKING:
    from archcalc.network.base import Network

__all__ = ["with_lora"]

N = TypeVar("N", bound="Network")


def with_lora(network: N, rank: DimLike, targets: str | Sequence[str], merged: bool) -> N:
    """`network` with every weight frozen, and adapters beside those that `targets` name."""
    patterns = (targets,) if isinstance(targets, str) else tuple(targets)
    places = places_of(network)
    weights = _weights(network)
    chosen: dict[int, tuple[str, tuple[str, ...]]] = {}
    met: set[str] = set()
    for path, place in places.items():
        if is_network(place.layer):
            continue
        found = [w for w in weights.get(path, ()) if w.role in ADAPTED and w.outputs]
        named = {w.name: _matching(path, w.name, patterns) for w in found}
        met.update(pattern for hits in named.values() for pattern in hits)
        names = tuple(name for name, hits in named.items() if hits)
        if names and id(place.layer) not in chosen:
            chosen[id(place.layer)] = (path, names if len(names) < len(found) else ())
    _check(network, patterns, met, weights)
    owned = owned_layers(network)
    for path, _ in (chosen[key] for key in chosen if key not in owned):
        raise InvalidLayerError(
            "the network around this layer makes it from its own arguments",
            code="made-by-network",
            path=path,
            hint="build the block from layers of your own, such as MultiHeadAttention and Dense",
        )
    frozen = _frozen(places, weights, owned)
    made: N = _Adapting(chosen, frozen, rank, merged).layer(network)
    return made


def _weights(network: Network) -> dict[str, tuple[Weight, ...]]:
    """The weights of the layer at each path, copies of repeated blocks as one."""
    found: dict[str, tuple[Weight, ...]] = {}
    for row in network.trace().rows:
        path = "/".join(part for part in row.path.split("/") if not part.isdigit())
        found.setdefault(path, row.applied.weights)
    return found


def _matching(path: str, weight: str, patterns: Sequence[str]) -> tuple[str, ...]:
    """The patterns that name a weight, or the layer that has it."""
    names = (path, path.rpartition("/")[2], weight, f"{path}/{weight}")
    return tuple(p for p in patterns if any(fnmatchcase(name, p) for name in names))


def _check(
    network: Network,
    patterns: Sequence[str],
    met: set[str],
    weights: dict[str, tuple[Weight, ...]],
) -> None:
    """Refuse a pattern that names nothing, as a misspelt one does."""
    for pattern in patterns or ("",):
        if pattern not in met:
            every = [path for path, ws in weights.items() if any(w.role in ADAPTED for w in ws)]
            raise LookupFailedError(
                f"no weight that can have adapters is called {quoted(pattern, 60)}",
                code="no-adapters",
                hint=shorten(f"there are {', '.join(every)}", 200),
            )


def _frozen(
    places: dict[str, Place], weights: dict[str, tuple[Weight, ...]], owned: set[int]
) -> set[int]:
    """What is kept from being trained: layers, and the networks that make layers themselves."""
    found: set[int] = set()
    for path, place in places.items():
        if not weights.get(path):
            continue
        while id(place.layer) not in owned and place.around:
            place = places[place.around]
        found.add(id(place.layer))
    return found


class _Adapting(Rebuild):
    """Puts adapters around the chosen layers, and freezes the others."""

    def __init__(
        self,
        chosen: dict[int, tuple[str, tuple[str, ...]]],
        frozen: set[int],
        rank: Any,
        merged: bool,
    ) -> None:
        super().__init__({key: path for key, (path, _) in chosen.items()})
        self._chosen = chosen
        self._frozen = frozen
        self._how = {"rank": rank, "merged": merged}

    def layer(self, layer: Layer) -> Any:
        if id(layer) not in self._made:
            made = super().layer(layer)
            if id(layer) in self._chosen:
                path, names = self._chosen[id(layer)]
                inner = made.model_copy(update={"name": None, "tied": ()})
                own = {"name": made.name or path.rpartition("/")[2], "tied": made.tied}
                made = LoRA(inner, targets=names, **self._how, **own)
            elif id(layer) in self._frozen and made.trainable:
                made = made.model_copy(update={"trainable": False})
            self._made[id(layer)] = made
        return self._made[id(layer)]
