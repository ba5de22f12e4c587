"""What feeds what in a file: names of layers and inputs, as tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

from archcalc.layers.base import Layer
from archcalc.network.model import Model
from archcalc.network.spec.diagnostics import Complaints, is_list, kind_of, nearest
from archcalc.network.spec.scope import Place
from archcalc.network.tensor import Tensor, every
from archcalc.symbolic.errors import ArchcalcError, quoted, shorten

__all__ = ["Call", "Wiring"]


class Call(NamedTuple):
    """One entry of a list of layers, read.

    Attributes:
        layer: the layer.
        label: what refers to this call of it; empty where nothing can.
        made_up: whether the label was made up here.
        feeds: the names of what feeds it; ``None`` where that is not said.
        place: where it stands.
    """

    layer: Layer
    label: str
    made_up: bool
    feeds: tuple[str, ...] | None
    place: Place


class Wiring:
    """Calls the layers of a list on one another, in order.

    Args:
        complaints: raises the errors.
        inputs: the tensors that go in, by name.
    """

    def __init__(self, complaints: Complaints, inputs: dict[str, Tensor]) -> None:
        self._complaints = complaints
        self._made: dict[str, tuple[Tensor, ...]] = {name: (x,) for name, x in inputs.items()}
        self._last: tuple[Tensor, ...] = tuple(inputs.values())
        self._calls: list[tuple[Call, tuple[Tensor, ...]]] = []
        self._referred: set[str] = set()

    def connect(self, call: Call) -> None:
        """Call a layer on what feeds it."""
        if call.feeds is None:
            feeds = () if call.layer.arity == (0, 0) else self._before(call)
        else:
            feeds = tuple(self._tensor(name, (*call.place, "inputs")) for name in call.feeds)
        if call.label in self._made:
            self._complaints.refuse(
                f"two things are called {quoted(call.label, 60)}", (*call.place, "name"),
                code="name-twice", hint="names of layers and inputs are unique in a network",
            )  # fmt: skip
        try:
            out = call.layer(list(feeds))
        except ArchcalcError as error:
            raise self._complaints.placed(error, call.place) from None
        self._last = every(out)
        self._calls.append((call, self._last))
        if call.label:
            self._made[call.label] = self._last

    def _before(self, call: Call) -> tuple[Tensor, ...]:
        """The entry before; of several outputs the first."""
        if not self._calls and len(self._last) > 1:
            self._complaints.refuse(
                "there are several inputs, and this does not say which it takes", call.place,
                code="missing-input", hint=f"write inputs: {next(iter(self._made))}",
            )  # fmt: skip
        return self._last[:1]

    def _tensor(self, name: str, place: Place) -> Tensor:
        """What `name` refers to: the output of a layer or an input, ``name:1`` a second output."""
        label, _, number = name.rpartition(":")
        index = 0
        if name not in self._made and label in self._made and number.isdecimal():
            name, index = label, int(number[:6])
        if name not in self._made:
            self._complaints.refuse(
                f"there is no layer or input {quoted(name, 60)} above this", place,
                code="not-found", hint=nearest(name, self._made),
            )  # fmt: skip
        self._referred.add(name)
        outputs = self._made[name]
        if index >= len(outputs):
            self._complaints.refuse(
                f"{shorten(name, 60)} has {len(outputs)} outputs, counted from 0", place,
                code="not-found",
            )  # fmt: skip
        return outputs[index]

    def outputs(self, named: Any, place: Place) -> tuple[Tensor, ...]:
        """What comes out: the tensors that are named, or all of the last entry."""
        if named is None:
            return self._last
        names = [named] if isinstance(named, str) else named
        if not is_list(names) or not names or not all(isinstance(n, str) for n in names):
            self._complaints.refuse(
                f"outputs is {kind_of(named)}, not names of layers", place,
                hint="write outputs: [head]",
            )  # fmt: skip
        return tuple(self._tensor(name, place) for name in names)

    def check(self, model: Model) -> None:
        """Refuse layers that lead nowhere, and references by a name that the model does not use."""
        reached: set[int] = set()
        pending = list(model.outputs)
        while pending:
            tensor = pending.pop()
            if id(tensor) not in reached:
                reached.add(id(tensor))
                pending.extend(tensor.inputs)
        names = {id(node.layer): node.name for node in model.graph().nodes}
        for call, tensors in self._calls:
            if not any(id(tensor) in reached for tensor in tensors):
                self._complaints.refuse(
                    f"{type(call.layer).__name__} leads to no output", call.place,
                    code="unused-layer", hint="name it in outputs:, or take it out",
                )  # fmt: skip
            name = names.get(id(call.layer), call.label)
            if call.made_up and call.label in self._referred and call.label != name:
                self._complaints.refuse(
                    f"{call.label} is the name that this has here, but {name} in the network",
                    call.place, code="unclear-name", hint="give it a name to refer to it",
                )  # fmt: skip
