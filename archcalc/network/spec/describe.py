"""From a network to a mapping: numbers, strings, lists and mappings that any file can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archcalc.layers.base import FIELDS, Layer
from archcalc.layers.registry import layer_classes
from archcalc.layers.spatial import Spatial
from archcalc.layers.ties import Tie
from archcalc.layers.values import as_data, listed
from archcalc.network.forms import is_plain_chain, is_plain_model
from archcalc.network.graph import INPUT, Ref
from archcalc.network.naming import named_after
from archcalc.network.spec.entries import holding, positional_fields, takes_list
from archcalc.network.spec.scope import Scope
from archcalc.network.spec.version import VERSION
from archcalc.symbolic.errors import SpecificationError, quoted
from archcalc.symbolic.shape import Shape

if TYPE_CHECKING:
    from archcalc.network.base import Network
    from archcalc.network.model import Model
    from archcalc.network.sequential import Sequential

__all__ = ["to_dict"]


def to_dict(network: Network) -> dict[str, Any]:
    """The network as a mapping, which `from_dict` reads back to an equal one.

    Raises:
        SpecificationError: a layer's class is not registered, so that no file can name it.

    >>> from archcalc.layers import Conv2D, Dense, Flatten
    >>> from archcalc.network import Sequential
    >>> to_dict(Sequential([Conv2D("f", 3), Flatten(), Dense(10)], input_shape=(28, 28, 1)))
    {'archcalc': 1, 'input': [28, 28, 1],
     'layers': [{'Conv2D': {'filters': 'f', 'kernel_size': 3}}, 'Flatten', {'Dense': 10}]}
    """
    writer = _Writer()
    if is_plain_chain(network):
        return {"archcalc": VERSION, **writer.sequential(network, "")}
    if is_plain_model(network):
        return {"archcalc": VERSION, **writer.model(network, "")}
    entry, _ = writer.entry(network, Scope(), "")
    return {"archcalc": VERSION, "network": entry}


class _Writer:
    """Writes one network; a layer that it has written before is referred to."""

    def __init__(self) -> None:
        self._written: dict[int, tuple[str, str]] = {}
        self._classes = layer_classes()

    def sequential(self, network: Sequential, path: str) -> dict[str, Any]:
        """A `Sequential` as the keys of a mapping."""
        spec = _common(network)
        if network.input_shape is not None:
            spec["input"] = _shape(network.input_shape)
        return {**spec, "layers": self.chain(network.layers, path)}

    def chain(self, layers: Sequence[Layer], path: str) -> list[Any]:
        """Layers one after the other, as the entries of a list."""
        scope = self._scope(layers)
        return [self.entry(layer, scope, path)[0] for layer in layers]

    def _scope(self, layers: Iterable[Layer]) -> Scope:
        return Scope(None, [x.name for x in layers if x.name and id(x) not in self._written])

    def model(self, network: Model, path: str) -> dict[str, Any]:
        """A `Model` as the keys of a mapping."""
        graph = network.graph()
        scope = self._scope(node.layer for node in graph.nodes)
        made = [self.entry(node.layer, scope, path) for node in graph.nodes]
        labels = _labels([label for _, label in made])
        inputs = _input_names([tensor.name for tensor in network.inputs], labels)
        feeds = [
            () if node.inputs == _default_feeds(i, graph.arity) else node.inputs
            for i, node in enumerate(graph.nodes)
        ]
        referred = {ref.node for refs in (*feeds, graph.outputs) for ref in refs}
        entries = []
        for i, (entry, label) in enumerate(made):
            more: dict[str, Any] = {}
            if not label and i in referred:
                more["name"] = labels[i]
            if feeds[i]:
                names = [_reference(ref, labels, inputs) for ref in feeds[i]]
                more["inputs"] = names[0] if len(names) == 1 else names
            entries.append(_with(entry, type(graph.nodes[i].layer), more))
        shapes = [_shape(tensor.shape) for tensor in network.inputs]
        alone = inputs == ["input"] and network.inputs[0].name is None
        own = shapes[0] if alone else dict(zip(inputs, shapes, strict=True))
        outputs = [_reference(ref, labels, inputs) for ref in graph.outputs]
        return {**_common(network), "input": own, "layers": entries, "outputs": outputs}

    def entry(self, layer: Layer, scope: Scope, path: str, label: str = "") -> tuple[Any, str]:
        """A layer as one entry of a list, and what it is called there.

        One that stands somewhere already is referred to, and such a call has no name yet.
        """
        if id(layer) in self._written:
            scope.enter_again(layer)
            return {"Shared": self._reference(layer, path)}, ""
        kind = type(layer).__name__
        if self._classes.get(kind) is not type(layer):
            raise SpecificationError(
                f"the class {kind} is not registered, so no file can name it",
                code="not-registered",
                path=path.lstrip("/"),
                hint="define it without abstract=True",
            )
        called = named_after(layer)
        label = label or called.name or scope.made_up(type(called).__name__)
        inside = f"{path}/{label}"
        if is_plain_chain(layer):
            arguments = self.sequential(layer, inside)
        elif is_plain_model(layer):
            arguments = self.model(layer, inside)
        else:
            arguments = self._arguments(layer, inside)
        self._written[id(layer)] = (path, label)
        scope.enter(layer, label)
        return _shortest(layer, arguments), label

    def _arguments(self, layer: Layer, path: str) -> dict[str, Any]:
        """The fields that differ from their defaults, as a file writes them."""
        cls = type(layer)
        held = {name for name in cls.model_fields if holding(cls, name)}
        dumped = layer.model_dump(exclude=held, context=FIELDS)
        scope = Scope()
        written: dict[str, Any] = {}
        for name, field in cls.model_fields.items():
            value = getattr(layer, name)
            if not field.is_required() and value == _default(layer, name):
                continue
            if name == "tied":
                written[name] = {tie.weight: self._owner(tie, path) for tie in layer.tied}
            elif name in held:
                written[name] = self._held(value, name, scope, path)
            else:
                written[name] = _value(layer, value, dumped[name])
        ordered = sorted(written.items(), key=lambda item: item[0] in Layer.model_fields)
        return dict(ordered) | {name: _kept(layer, name) for name in layer.kept}

    def _owner(self, tie: Tie, path: str) -> Any:
        """Whose weight it is, by the name that a file has for that layer."""
        if id(tie.owner) not in self._written:
            raise SpecificationError(
                f"{tie.weight} is tied to {type(tie.owner).__name__}, which is not above it",
                code="not-writable",
                path=path.lstrip("/"),
                hint="put the layer that owns the weight before the one that uses it",
            )
        reference = self._reference(tie.owner, path.rpartition("/")[0])
        return [reference, tie.of] if tie.of else reference

    def _reference(self, layer: Layer, path: str) -> str:
        """What refers to a layer that is written already, from the list at `path`."""
        home, known = self._written[id(layer)]
        return known if home == path else f"{home}/{known}"

    def _held(self, value: Any, name: str, scope: Scope, path: str) -> Any:
        """A field of layers: a nameless list of them stands open."""
        if value is None:
            return None
        if not isinstance(value, Layer):
            return self.chain(tuple(value), f"{path}/{name}")
        if is_plain_chain(value) and not _common(value) and value.input_shape is None:
            return self.chain(value.layers, f"{path}/{name}")
        return self.entry(value, scope, path, name)[0]


def _with(entry: Any, cls: type[Layer], more: dict[str, Any]) -> Any:
    """An entry with more keys, in its long form where it was short."""
    if not more:
        return entry
    if isinstance(entry, str):
        return {entry: more}
    ((kind, value),) = entry.items()
    if isinstance(value, dict):
        return {kind: {**value, **more}}
    first = {"Shared": "layer", "Sequential": "layers"}.get(kind) or positional_fields(cls)[0]
    return {kind: {first: value, **more}}


def _default(layer: Layer, name: str) -> Any:
    """A field's default as a layer holds it, spread over the axes."""
    default = type(layer).model_fields[name].default
    if isinstance(layer, Spatial) and isinstance(default, tuple) and len(default) == 1:
        return default * layer.rank
    return default


def _value(layer: Layer, value: Any, dumped: Any) -> Any:
    """A field's value; equal sizes are one only where a layer spreads one over its axes."""
    if callable(value):
        raise SpecificationError(
            f"{layer!r} has a function, and no file can hold one",
            code="not-writable",
            hint="give the shape that comes out, and leave the function out",
        )
    spread = layer.spreads or not isinstance(value, tuple) or len(value) == 1
    return _listed(dumped if spread else value)


def _kept(layer: Layer, name: str) -> Any:
    """An argument that is kept for building, where a file can hold it."""
    value = listed(layer.kept[name])
    if _writable(value):
        return value
    raise SpecificationError(
        f"{type(layer).__name__} has {name}={quoted(value, 60)}, and no file can hold that",
        code="not-writable",
        hint="give its name or its configuration, as numbers, text, lists and mappings",
    )


def _writable(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _writable(part) for key, part in value.items())
    if isinstance(value, list):
        return all(map(_writable, value))
    return value is None or isinstance(value, bool | int | float | str)


def _listed(value: Any) -> Any:
    """Tuples as lists, as deep as they go."""
    return [_listed(part) for part in value] if isinstance(value, tuple | list) else as_data(value)


def _shortest(layer: Layer, arguments: dict[str, Any]) -> Any:
    """An entry without the words it can do without."""
    kind = type(layer).__name__
    if not arguments:
        return kind
    if is_plain_chain(layer) and list(arguments) == ["layers"]:
        return {kind: arguments["layers"]}
    first = positional_fields(type(layer))[:1]
    value = arguments.get(first[0]) if first else None
    short = len(arguments) == 1 and value is not None and not isinstance(value, dict)
    if short and (not isinstance(value, list) or takes_list(type(layer), first[0])):
        return {kind: value}
    return {kind: arguments}


def _common(network: Network) -> dict[str, Any]:
    spec: dict[str, Any] = {} if network.name is None else {"name": network.name}
    return spec if network.trainable else {**spec, "trainable": False}


def _shape(shape: Shape) -> list[Any]:
    return [as_data(dim) for dim in shape]


def _input_names(given: Sequence[str | None], taken: Iterable[str]) -> list[str]:
    """A name for each input: its own where no layer and no other input has it."""
    seen, names = set(taken), []
    for wish in given:
        base = wish or "input"
        name, count = base, 0
        while name in seen:
            count += 1
            name = f"{base}_{count}"
        seen.add(name)
        names.append(name)
    return names


def _labels(given: Sequence[str]) -> list[str]:
    """What refers to each call: its label, and a made-up one where it has none."""
    taken, labels = set(given), []
    for i, label in enumerate(given):
        name, count = label or f"call_{i}", 1
        while not label and name in taken:
            count += 1
            name = f"call_{i}_{count}"
        labels.append(name)
    return labels


def _default_feeds(index: int, arity: int) -> tuple[Ref, ...] | None:
    """What feeds an entry that does not say: the one before it, or the only input."""
    if index:
        return (Ref(index - 1),)
    return (Ref(INPUT),) if arity == 1 else None


def _reference(ref: Ref, labels: Sequence[str], inputs: Sequence[str]) -> str:
    if ref.node == INPUT:
        return inputs[ref.output]
    return f"{labels[ref.node]}:{ref.output}" if ref.output else labels[ref.node]
