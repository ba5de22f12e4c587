"""A network as Python code, and whether two are written alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING

from archcalc.layers.base import Layer
from archcalc.layers.states import TakesStates
from archcalc.layers.values import as_data
from archcalc.network.forms import is_model
from archcalc.network.graph import INPUT, Graph, Ref
from archcalc.network.naming import input_name

if TYPE_CHECKING:
    from archcalc.network.model import Model
    from archcalc.network.tensor import Tensor

__all__ = ["alike", "code", "everything", "form_of", "held"]

_DEEPEST = 6
"""How many calls stand within one another before one of them is named."""


def code(layer: Layer) -> str:
    """`layer` as an expression that makes an equal one; what stands twice is named with ``:=``.

    >>> from archcalc.layers import Add, Dense
    >>> from archcalc.network import Input, Model
    >>> x = Input((4,))
    >>> code(Model(x, Add()([Dense(4)(x), x])))
    'Model(x := Input([4]), Add()([Dense(units=4)(x), x]))'
    >>> y = Dense(4)(x)
    >>> code(Model(x, Add()([y, Dense(4)(y)])))
    'Model(x := Input([4]), [y := Dense(units=4)(x), Add()([y, Dense(units=4)(y)])][-1])'
    """
    return _Writer(layer).layer(layer)


def alike(one: Layer, other: Layer) -> bool:
    """Whether both have equal fields all the way down, and share layers in the same places."""
    return form_of(one) == form_of(other)


def form_of(layer: Layer, without: Container[str] = ()) -> list[object]:
    """Every layer once, in order, with what it holds; a layer that came before is its number.

    Args:
        layer: a layer or a network.
        without: fields that are left out, such as the name.
    """
    numbers: dict[int, int] = {}
    form: list[object] = []
    pending: list[Layer] = [layer]
    while pending:
        here = pending.pop()
        if id(here) in numbers:
            form.append(numbers[id(here)])
            continue
        numbers[id(here)] = len(numbers)
        form.append((type(here), *_own(here, without)))
        pending.extend(reversed([*held(here), *(tie.owner for tie in here.tied)]))
    return form


def _own(layer: Layer, without: Container[str]) -> Iterator[object]:
    """What a layer says of itself, the layers that it holds left out."""
    if is_model(layer):
        graph = layer.graph()
        yield from (layer.trainable, layer.expects, graph.outputs, [x.shape for x in layer.inputs])
        if "name" not in without:
            yield [layer.name, *(x.name or input_name(i) for i, x in enumerate(layer.inputs))]
        yield [node.inputs for node in graph.nodes]
        return
    for name in type(layer).model_fields:
        if name in without:
            continue
        value = getattr(layer, name)
        if isinstance(value, Layer):
            yield Layer
        elif isinstance(value, tuple) and any(isinstance(part, Layer) for part in value):
            yield len(value)
        elif name == "tied":
            yield [(tie.weight, tie.of) for tie in value]
        else:
            yield value
    yield layer.kept


def held(layer: Layer) -> Iterator[Layer]:
    """The layers in the fields of a layer, as often as they stand there."""
    if is_model(layer):
        yield from (node.layer for node in layer.graph().nodes)
        return
    for name in type(layer).model_fields:
        value = getattr(layer, name)
        parts = value if isinstance(value, tuple) else (value,)
        yield from (part for part in parts if isinstance(part, Layer))


def everything(layer: Layer) -> list[Layer]:
    """`layer` and every layer below it, each once."""
    found: dict[int, Layer] = {}
    pending = [layer]
    while pending:
        here = pending.pop()
        if id(here) not in found:
            found[id(here)] = here
            pending.extend(held(here))
    return list(found.values())


def _shared(layer: Layer) -> set[int]:
    """The layers that stand in several places below `layer`, by their identities."""
    counts: Counter[int] = Counter()
    pending = [layer]
    while pending:
        here = pending.pop()
        counts[id(here)] += 1
        if counts[id(here)] == 1:
            pending.extend([*held(here), *(tie.owner for tie in here.tied)])
    return {key for key, count in counts.items() if count > 1}


class _Writer:
    """Writes a layer and all that it holds, in the order in which Python reads it."""

    def __init__(self, layer: Layer) -> None:
        self._shared = _shared(layer)
        self._names: dict[int, str] = {}
        self._tensors = 0

    def layer(self, layer: Layer) -> str:
        """A layer, or its name where it was written before."""
        if id(layer) in self._names:
            return self._names[id(layer)]
        text = self._model(layer) if is_model(layer) else layer.code(self.layer)
        if id(layer) not in self._shared:
            return text
        count = len(self._names)
        name = self._names[id(layer)] = f"layer{count}" if count else "layer"
        return f"({name} := {text})"

    def _model(self, model: Model) -> str:
        """Calls within calls; what is used twice, or lies deep, stands in a list before."""
        graph = model.graph()
        inputs = [self._tensor() for _ in model.inputs]
        calls = _Calls(inputs, [_places(*call) for call in model.calls], _uses(graph))
        for node in graph.nodes:
            known = len(self._names)
            fed = [calls.read(ref) for ref in node.inputs]
            arguments = _list(fed) if len(fed) > 1 else "".join(fed)
            text = f"{self.layer(node.layer)}({arguments})"
            calls.add(text, node.inputs, self._tensor, first=len(self._names) > known)
        outputs = [calls.read(ref) for ref in graph.outputs]
        given = [
            f"{name} := Input({_list(repr(as_data(dim)) for dim in x.shape)}{_called(x.name)})"
            for name, x in zip(inputs, model.inputs, strict=True)
        ]
        what = given[0] if len(given) == 1 else _list(given)
        return f"Model({what}, {calls.ending(outputs)}{_common(model)})"

    def _tensor(self) -> str:
        """A name that is new: x, y, z, then x3, x4, …."""
        count, self._tensors = self._tensors, self._tensors + 1
        return "xyz"[count] if count < 3 else f"x{count}"


class _Calls:
    """The calls of a model: those that need a name stand in a list, the others where they go."""

    def __init__(self, inputs: list[str], places: list[list[str]], uses: Counter[int]) -> None:
        self._inputs = inputs
        self._places = places
        self._uses = uses
        self._made: list[str] = []
        self._depths: list[int] = []
        self._steps: list[str] = []

    def read(self, ref: Ref) -> str:
        """What stands for a value."""
        if ref.node == INPUT:
            return self._inputs[ref.output]
        text = self._made[ref.node]
        return text + self._places[ref.node][ref.output]

    def add(self, text: str, fed: Iterable[Ref], name: Callable[[], str], first: bool) -> None:
        """Another call; `first` is whether it names a layer that later calls may use."""
        number, last = len(self._made), len(self._made) == len(self._places) - 1
        depth = 1 + max((self._depths[ref.node] for ref in fed if ref.node != INPUT), default=0)
        if self._uses[number] > 1 or ((first or depth >= _DEEPEST) and not last):
            given = name()
            self._steps.append(f"{given} := {text}")
            text, depth = given, 0
        self._made.append(text)
        self._depths.append(depth)

    def ending(self, outputs: list[str]) -> str:
        """What comes out; of a list that has steps before, its end."""
        if not self._steps:
            return outputs[0] if len(outputs) == 1 else _list(outputs)
        end = "-1" if len(outputs) == 1 else f"-{len(outputs)}:"
        return f"{_list([*self._steps, *outputs])}[{end}]"


def _uses(graph: Graph) -> Counter[int]:
    """How often what each node gives is used."""
    refs = [ref for node in graph.nodes for ref in node.inputs] + list(graph.outputs)
    return Counter(ref.node for ref in refs)


def _places(layer: Layer, inputs: tuple[Tensor, ...]) -> list[str]:
    """What stands behind a call for each of the tensors that it gives."""
    if type(layer).output_shapes is Layer.output_shapes:
        return [""]
    shapes = [tensor.shape for tensor in inputs]
    count = len(layer.output_shapes(*shapes))
    nested = layer.nested(shapes) if isinstance(layer, TakesStates) else 0
    if count == 1:
        return [""]
    first = [f"[{number}]" for number in range(count - nested)]
    return [*first, *(f"[{len(first)}][{number}]" for number in range(nested))]


def _list(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"


def _called(name: str | None) -> str:
    return "" if name is None else f", name={name!r}"


def _common(model: Model) -> str:
    """The fields that every layer has, where they are given."""
    given = {name: getattr(model, name) for name in Layer.model_fields}
    fields = Layer.model_fields
    return "".join(
        f", {name}={as_data(value)!r}"
        for name, value in given.items()
        if value != fields[name].default
    )
