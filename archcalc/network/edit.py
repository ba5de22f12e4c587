"""Structural what-ifs: a layer found by its path, and the network with another in its place.

An object is one layer wherever it stands: what is shared is replaced, or taken out, in all its
places.  Names that were given stay; those that are made up are made up anew, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from archcalc.layers.base import Layer
from archcalc.network.code import held
from archcalc.network.forms import as_layer, is_network
from archcalc.network.transform import Transform
from archcalc.symbolic.errors import InvalidLayerError, LookupFailedError, quoted, shorten

if TYPE_CHECKING:
    from archcalc.network.base import Network

__all__ = ["Place", "at", "insert", "owned_layers", "places_of", "remove", "replace"]

N = TypeVar("N", bound="Network")


class Place(NamedTuple):
    """A layer and the path of the network around it."""

    layer: Layer
    around: str


def at(network: Network, path: str) -> Layer:
    """What stands at `path`."""
    return _found(places_of(network), path).layer


def replace(network: N, path: str, layer: Layer | Sequence[Layer]) -> N:
    """`layer` in the place of what stands at `path`; it has its name, if it has none itself."""
    places, old = _held(network, path)
    new: Layer = as_layer(layer)
    if new is old:
        return network
    if new.name is None and old.name is not None and id(new) not in owned_layers(network):
        new = new.model_copy(update={"name": old.name})
    return _edited(network, places, old, (new,))


def insert(network: N, layer: Layer | Sequence[Layer], after: str | None, before: str | None) -> N:
    """`layer` after what stands at a path, or before it."""
    if (after is None) == (before is None):
        raise InvalidLayerError(
            "a layer is put in at one place",
            code="one-place",
            hint="give either after= or before=, the path of a layer",
        )
    new: Layer = as_layer(layer)
    if after is not None:
        places, old = _held(network, after)
        return _edited(network, places, old, (old, new))
    places, old = _held(network, before)
    return _edited(network, places, old, (new, old))


def remove(network: N, path: str) -> N:
    """The network without what stands at `path`; what went into it goes on."""
    places, old = _held(network, path)
    return _edited(network, places, old, ())


class _Edit(Transform):
    """Puts a chain of layers in the place of one."""

    def __init__(self, places: dict[str, Place], old: Layer, chain: tuple[Layer, ...]) -> None:
        paths: dict[int, str] = {}
        for path, place in places.items():
            paths.setdefault(id(place.layer), path)
        super().__init__(paths)
        self._old = old
        self._chain = chain

    def instead(self, layer: Layer) -> tuple[Layer, ...]:
        return self._chain if layer is self._old else super().instead(layer)


def _edited(network: N, places: dict[str, Place], old: Layer, chain: tuple[Layer, ...]) -> N:
    edited: N = _Edit(places, old, chain).layer(network)
    return edited


def _held(network: Network, path: Any) -> tuple[dict[str, Place], Layer]:
    """All places of a network, and the layer at `path`, which it was given.

    Raises:
        LookupFailedError: nothing is there.
        InvalidLayerError: what is there is made by the network around it from its arguments.
    """
    places = places_of(network)
    place = _found(places, path)
    owned = owned_layers(network)
    if id(place.layer) in owned:
        return places, place.layer
    around = place.around
    while around and id(places[around].layer) not in owned:
        around = places[around].around
    raise InvalidLayerError(
        "the network around this layer makes it from its own arguments",
        code="made-by-network",
        path=path,
        hint=f"replace {around!r} as a whole" if around else "build one with other arguments",
    )


def places_of(network: Network) -> dict[str, Place]:
    """What stands at each path: what a trace shows, and the networks around it."""
    found: dict[str, Place] = {}
    _gather(network, "", found)
    return found


def _gather(network: Network, around: str, found: dict[str, Place]) -> None:
    for node in network.graph().nodes:
        path = f"{around}/{node.name}".lstrip("/")
        if path not in found:
            found[path] = Place(network.origin(node.layer), around)
            if is_network(node.layer):
                _gather(node.layer, path, found)


def _found(places: dict[str, Place], path: Any) -> Place:
    if isinstance(path, str) and path in places:
        return places[path]
    raise LookupFailedError(f"there is no layer {quoted(path, 60)}", hint=_meant(places, path))


def _meant(places: dict[str, Place], path: Any) -> str:
    """What was probably meant by a path at which nothing stands."""
    if not places:
        return "the network has no layers"
    if not isinstance(path, str):
        return f"a path is text, such as {next(iter(places))!r}"
    short = "/".join(part for part in path.split("/") if not part.isdigit())
    if short in places:
        return f"the copies of a repeated block are one layer: {short!r}"
    close = get_close_matches(path[:200], places, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return shorten(f"there are {', '.join(places)}", 200)


def owned_layers(network: Network) -> set[int]:
    """The layers that a network and its layers were given, by their identities."""
    found: set[int] = set()
    pending: list[Layer] = [network]
    while pending:
        for layer in held(pending.pop()):
            if id(layer) not in found:
                found.add(id(layer))
                pending.append(layer)
    return found
