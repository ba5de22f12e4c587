"""torch's recurrent modules as the layers that they stack, in one direction or in both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.regularization import Dropout
from archcalc.network.wrappers import Bidirectional
from archcalc.testing.matching.parts import Built, Ran, Weights
from archcalc.testing.matching.steps import Between, Step
from archcalc.testing.oracles import weights_in_torch

__all__ = ["is_recurrent", "is_stack", "stack_parts"]


def is_recurrent(core: Any) -> bool:
    """Whether a module is one of torch's that give a sequence and the last states."""
    of_torch = type(core).__module__.startswith("torch.nn.")
    return of_torch and type(core).__name__ in ("RNN", "LSTM", "GRU")


def is_stack(core: Any) -> bool:
    """Whether a module is one of torch's with several layers, or with two directions."""
    return is_recurrent(core) and (core.num_layers > 1 or core.bidirectional)


class _One:
    """The weights of one layer of a stack and one direction, called as if there were no other."""

    def __init__(self, core: Any, number: int, suffix: str) -> None:
        self._core = core
        self._end = f"_l{number}{suffix}"

    def _mine(self, pairs: Any) -> dict[str, Any]:
        return {
            f"{name.removesuffix(self._end)}_l0": value
            for name, value in pairs
            if name.endswith(self._end)
        }

    def state_dict(self) -> dict[str, Any]:
        """As a module's."""
        return self._mine(self._core.state_dict().items())

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """As a module's."""
        yield from self._mine(self._core.named_parameters()).items()


def stack_parts(whole: Built, core: Any, ran: Ran) -> list[Built]:
    """The layers of a stack, from the first to the last; what came out is the last one's."""
    many = core.num_layers
    made = []
    for number in range(many):
        ends = (f"_l{number}", f"_l{number}_reverse")
        mine = [name for name in whole.raw if name.endswith(ends)]
        name = whole.name if many == 1 else f"{whole.name}.{number}"
        made.append(
            Built(
                name,
                whole.kind,
                {key: whole.raw[key] for key in mine},
                whole.outputs if number == many - 1 else None,
                whole.macs if many == 1 else None,
                _weights_of(core, number),
                {key: other for key, other in whole.tied.items() if key in mine},
                whole.trained,
                learns={key: flag for key, flag in whole.learns.items() if key in mine},
                unused=whole.unused,
            )
        )
    _share(whole, [part.name for part in made], core.dropout, ran)
    return made


def _weights_of(core: Any, number: int) -> Any:
    def ours(applied: Applied) -> Weights | None:
        layer = applied.layer
        if not isinstance(layer, Bidirectional):
            return None if core.bidirectional else _named(layer, _One(core, number, ""), core)
        if not core.bidirectional:
            return None
        found: dict[str, tuple[int, ...]] = {}
        for node, suffix in zip(layer.graph().nodes, ("", "_reverse"), strict=False):
            weights = _named(node.layer, _One(core, number, suffix), core)
            if weights is None:
                return None
            found |= {f"{node.name}/{name}": shape for name, shape in weights.items()}
        return found

    return ours


_KINDS = {"RNN": "SimpleRNN", "LSTM": "LSTM", "GRU": "GRU"}


def _named(layer: Layer, one: _One, core: Any) -> Weights | None:
    if type(layer).__name__ != _KINDS[type(core).__name__]:
        return None
    return weights_in_torch(one, layer)


def _share(whole: Built, names: list[str], rate: float, ran: Ran) -> None:
    """What comes after the whole comes after its last layer; torch drops between the others."""
    key = "" if whole.name == "itself" else whole.name
    after = ran.between.pop(key, None) if key else None
    if after is not None:
        ran.between[names[-1]] = after
    for name in names[:-1] if rate else ():
        ran.between[name] = Between([Step(name, Dropout(float(rate)))])
