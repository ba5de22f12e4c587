"""Adapters put into a network: an edit, which freezes what is there and adds what is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from archcalc.layers.adapters import Biases, LoRA, adapted_form, can_have
from archcalc.layers.base import Layer
from archcalc.layers.facts import Weight
from archcalc.network.edit import owned_layers
from archcalc.network.forms import is_network
from archcalc.network.transform import Transform
from archcalc.symbolic.dims import DimLike
from archcalc.symbolic.errors import InvalidLayerError, LookupFailedError, quoted, shorten

if TYPE_CHECKING:
    from archcalc.network.base import Network
    from archcalc.network.tracer import Row

__all__ = ["Adapters", "with_lora"]

N = TypeVar("N", bound="Network")

_EVERY_LINEAR = "all-linear"
"""peft's word for the kernels of all dense products but those of what gives the output."""

_ALSO = MappingProxyType(
    {
        "query": ("q_proj",),
        "key": ("k_proj",),
        "value": ("v_proj",),
        "output": ("o_proj", "out_proj"),
    }
)
"""What models call the projections of attention that is one layer here."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """Which adapters: see `Network.with_lora`."""

    rank: DimLike
    targets: tuple[str, ...]
    merged: bool = False
    bias: Biases = "none"


def with_lora(network: N, rank: DimLike, targets: tuple[str, ...], merged: bool, bias: Biases) -> N:
    """`network` with every weight frozen, and adapters beside those that its targets name."""
    adapters = Adapters(rank, targets, merged, bias)
    every = _targets_of(network, adapters)
    _check(adapters, every)
    made: N = _Adapting(network, adapters, every).layer(network)
    return made


class _Spot(NamedTuple):
    """Where a layer stands: what it was given as, and the networks around it, the inmost last."""

    layer: Layer
    around: tuple[Network, ...]


class _Target(NamedTuple):
    """A layer that may have adapters: its weights that can, those that patterns name, and which."""

    path: str
    spot: _Spot
    can: tuple[str, ...]
    names: tuple[str, ...]
    met: frozenset[str]
    weighty: bool


def _targets_of(network: Network, adapters: Adapters) -> list[_Target]:
    """The layers with weights that can have adapters, each with those that the patterns name."""
    trace = network.trace()
    rows: dict[str, tuple[Row, bool]] = {}
    for number, row in enumerate(trace.rows):
        path = "/".join(part for part in row.path.split("/") if not part.isdigit())
        rows.setdefault(path, (row, number in trace.ends))
    found = []
    for path, spot in _spots(network, "", (network,)):
        if path in rows and not is_network(spot.layer):
            found.append(_target(path, spot, *rows[path], adapters))
    return found


def _spots(network: Network, at: str, around: tuple[Network, ...]) -> Iterator[tuple[str, _Spot]]:
    """Every place in a network, with its path."""
    for node in network.graph().nodes:
        path = f"{at}/{node.name}".lstrip("/")
        here = around if network.shown is network else (*around, network.shown)
        layer = network.origin(node.layer)
        yield path, _Spot(layer, here)
        if is_network(layer):
            yield from _spots(layer, path, (*here, layer))


def _target(path: str, spot: _Spot, row: Row, last: bool, adapters: Adapters) -> _Target:
    weights = [w for w in row.applied.weights if can_have(w, adapters.merged)]
    patterns = [p for p in adapters.targets if p != _EVERY_LINEAR]
    named = {w.name: _matching(path, w.name, patterns) for w in weights}
    if _EVERY_LINEAR in adapters.targets and not last:
        for weight in _linear(row, weights):
            named[weight] += (_EVERY_LINEAR,)
    met = frozenset(pattern for hits in named.values() for pattern in hits)
    names = tuple(name for name, hits in named.items() if hits)
    can = tuple(w.name for w in weights)
    return _Target(path, spot, can, names, met, bool(row.applied.weights))


def _matching(path: str, weight: str, patterns: Sequence[str]) -> tuple[str, ...]:
    """The patterns that name a weight, or the layer that has it."""
    part = weight.removesuffix("_kernel")
    words = (weight, *((part, *_ALSO.get(part, ())) if part != weight else ()))
    names = (path, *(f"{path}/{word}" for word in words))
    return tuple(p for p in patterns if any(_ends(name, p) for name in names))


def _ends(name: str, pattern: str) -> bool:
    """Whether a pattern fits a path, or the last parts of it."""
    return fnmatchcase(f"/{name}", f"*/{pattern}")


def _linear(row: Row, weights: Sequence[Weight]) -> list[str]:
    """The kernels of dense products; not those of layers that run over time."""
    if any(weight.role == "recurrent kernel" for weight in weights):
        return []
    done = {work.weight for work in row.applied.work if work.kind == "matmul"}
    return [w.name for w in weights if w.role == "kernel" and w.name in done]


def _check(adapters: Adapters, every: Sequence[_Target]) -> None:
    """Refuse a pattern that names nothing, as a misspelt one does, and what has adapters already.

    Raises:
        LookupFailedError: a pattern names no weight that can have adapters.
        InvalidLayerError: a layer has adapters already.
    """
    met = frozenset[str]().union(*(target.met for target in every))
    for pattern in adapters.targets or ("",):
        if pattern not in met:
            there = ", ".join(target.path for target in every if target.can)
            raise LookupFailedError(
                f"no weight that can have adapters is called {quoted(pattern, 60)}",
                code="no-adapters",
                hint=shorten(f"there are {there}", 200),
            )
    for target in every:
        if target.names and adapted_form(target.spot.layer) is not None:
            raise InvalidLayerError(
                "this layer has adapters already",
                code="adapters-twice",
                path=target.path,
                hint="put adapters into the network as it was before, with another rank",
            )


class _Adapting(Transform):
    """Puts adapters around the chosen layers, and freezes the others."""

    def __init__(self, network: Network, adapters: Adapters, every: Sequence[_Target]) -> None:
        super().__init__({id(target.spot.layer): target.path for target in every})
        self._adapters = adapters
        self._given = {id(network)} | owned_layers(network)
        self._chosen: dict[int, _Target] = {}
        self._opened: set[int] = set()
        for target in every:
            self._choose(target, every)
        self._frozen = {id(self._least(target.spot)) for target in every if target.weighty}

    def _choose(self, target: _Target, every: Sequence[_Target]) -> None:
        """Note which weights of a layer get adapters, and the networks that make it themselves.

        Raises:
            InvalidLayerError: nothing can say that this layer is another than its network makes.
        """
        layer, around = target.spot
        twin = around[-1].copied_from(layer)
        if twin is not None:
            here = (t for t in every if t.spot.layer is twin and t.spot.around[-1] is around[-1])
            first = next(here)
            _check_twins(target, first)
        elif target.names:
            named = (*target.names, *self._chosen.get(id(layer), target).names)
            both = tuple(name for name in target.can if name in named)
            self._chosen[id(layer)] = target._replace(names=both)
            makers = self._makers(target.spot)
            if id(layer) not in self._given and not makers:
                raise InvalidLayerError(
                    "the network around this layer makes it from its own arguments",
                    code="made-by-network",
                    path=target.path,
                    hint="build the block from layers of your own",
                )
            self._opened.update(map(id, makers))

    def _makers(self, spot: _Spot) -> list[Network]:
        """The networks that make a layer, or what it is in, from their own arguments."""
        if id(spot.layer) in self._given:
            return []
        last = max(i for i, network in enumerate(spot.around) if id(network) in self._given)
        return [network for network in spot.around[last:] if network.takes_parts]

    def _least(self, spot: _Spot) -> Layer:
        """What is frozen for a layer not to be trained: itself, or what makes it."""
        twin = spot.around[-1].copied_from(spot.layer)
        makers = (maker for maker in self._makers(spot) if id(maker) not in self._opened)
        return next(makers, spot.layer if twin is None else twin)

    def layer(self, layer: Layer) -> Any:
        if id(layer) not in self._made:
            made = super().layer(layer)
            if id(layer) in self._chosen:
                made = self._around(made, self._chosen[id(layer)])
            elif id(layer) in self._frozen and made.trainable:
                made = made.model_copy(update={"trainable": False})
            elif id(layer) not in self._frozen and is_network(layer) and not made.trainable:
                made = made.model_copy(update={"trainable": True})  # what is in it is frozen
            self._made[id(layer)] = made
        return self._made[id(layer)]

    def _around(self, layer: Layer, target: _Target) -> LoRA:
        given: dict[str, Any] = {"name": layer.name, "tied": layer.tied}
        given |= {"targets": () if target.names == target.can else target.names}
        given |= {"merged": self._adapters.merged, "bias": self._adapters.bias}
        inner = layer.model_copy(update={"name": None, "tied": ()})
        return LoRA(inner, self._adapters.rank, **given)

    def _fields(self, layer: Layer) -> Layer:
        made = super()._fields(layer)
        if id(layer) not in self._opened or not is_network(layer) or not is_network(made):
            return made
        nodes = layer.graph().nodes
        parts = {node.name: (node.layer, self.layer(node.layer)) for node in nodes}
        return made.with_parts({name: new for name, (old, new) in parts.items() if new is not old})


def _check_twins(copy: _Target, first: _Target) -> None:
    """Refuse adapters for one of two layers of which one is a copy of the other.

    Raises:
        InvalidLayerError: they are not to have the same.
    """
    if copy.names != first.names:
        raise InvalidLayerError(
            f"it is a copy of {first.path}, so that both have adapters or none",
            code="made-by-network",
            path=copy.path,
            hint="name both, or give the second as a layer of its own (backward_layer=)",
        )
