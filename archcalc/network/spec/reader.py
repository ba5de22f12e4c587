"""From a mapping to a network: the format of architecture files.

    archcalc: 1                       # optional: the version of the format; 1 where it is missing
    $schema: archcalc-1.json          # optional: for editors
    name: lenet                       # optional
    input: [28, 28, 1]                # or inputs: {image: [28, 28, 1], text: [64]}
    layers:
      - Flatten                       # no arguments
      - Dense: 100                    # one argument, the first
      - Dense: [10, softmax]          # several, by position
      - Conv2D: {filters: 32, kernel_size: 3, name: stem, inputs: image}
      - Sequential: [Flatten, {Dense: 10}]
      - Residual: {body: [...], shortcut: [...]}
      - Repeat: {block: [...], times: L}
      - Shared: stem                  # the layer called stem once more, with the same weights
    outputs: [head]                   # optional: the last layer where it is missing

A list is one argument where the layer's first one may be a list (``MaxPooling2D: [2, 3]`` is a
``pool_size``, ``Reshape: [7, -1]`` a shape, ``Residual: [...]`` a body), and several by position
everywhere else.

``inputs`` names what feeds a layer, by the name given or the one the network makes up (``name:1``
is a second output); where it is missing, that is the entry before.  A file that says ``inputs`` or
``outputs`` at its own level is a `Model`, every other a `Sequential`.  A network inside one that
has inputs of its own is written ``Model: {input: [8], layers: [...], outputs: [...]}``.  A shared
layer of another list is referred to by a path, ``block/conv`` or, from the top, ``/block/conv``;
``Shared: {layer: stem, inputs: crop, name: again}`` says what it is called on and names the call.
A network of another class stands alone under ``network:``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.network.base import Network
from archcalc.network.model import Model
from archcalc.network.sequential import Sequential
from archcalc.network.spec.describe import to_dict
from archcalc.network.spec.diagnostics import (
    MOST_LAYERS,
    MOST_NESTING,
    Complaints,
    is_list,
    kind_of,
    nearest,
)
from archcalc.network.spec.entries import (
    ABSENT,
    class_inside,
    class_name,
    given_names,
    holding,
    is_entry,
    keywords,
    mappings,
    name_inside,
    positional_fields,
    takes_list,
)
from archcalc.network.spec.scope import Place, Scope, place_text
from archcalc.network.spec.version import format_version
from archcalc.network.spec.vocabulary import LayerAlias, alias_of
from archcalc.network.spec.wiring import Call, Wiring
from archcalc.network.tensor import Input, Tensor
from archcalc.symbolic.errors import (
    ArchcalcError,
    InvalidLayerError,
    UnknownLayerError,
    quoted,
    shorten,
)

__all__ = ["SpecReader", "from_dict", "to_dict"]

_ABOUT = ("archcalc", "$schema")
"""Keys that say something of the file, and nothing of the network."""
_TOP = (*_ABOUT, "name", "trainable", "input", "inputs", "layers", "outputs", "network")
_NESTED = {
    Sequential: ("name", "trainable", "input", "layers"),
    Model: ("name", "trainable", "input", "layers", "outputs"),
}


def from_dict(mapping: Mapping[str, Any], path: str = "") -> Network:
    """The network that a mapping describes; the inverse of `to_dict`.

    Args:
        mapping: as in the description of this module.
        path: put before the place in errors, such as the name of a file.

    Raises:
        SpecificationError: the mapping is not of that form; the error names the place.
        UnknownLayerError: there is no such layer.
        InvalidLayerError: an argument is missing, unknown or not valid.

    >>> net = from_dict({"input": [28, 28, 1], "layers": [{"Conv2D": [32, 3]}, "Flatten"]})
    >>> net.trace().output
    (21632,)
    >>> from_dict({"layers": [{"Conv2D": {"filters": 32, "kernel": 3}}]})
    Traceback (most recent call last):
    archcalc.symbolic.errors.InvalidLayerError: layers[0].Conv2D.kernel: ...
    """
    prefix = f"{path}: " if path else ""
    return SpecReader(lambda place: (prefix + place_text(place)).removesuffix(": ")).read(mapping)


class SpecReader:
    """Reads one mapping.

    Args:
        where: how errors write a place.

    Attributes:
        places: where each layer stands, by its `id`.
    """

    def __init__(self, where: Callable[[Place], str] = place_text) -> None:
        self._errors = Complaints(where)
        self.places: dict[int, Place] = {}
        self._count = 0

    def read(self, mapping: Any) -> Network:
        """The network that the whole mapping describes."""
        if not isinstance(mapping, Mapping):
            self._errors.refuse(
                f"this is {kind_of(mapping)}, not a mapping that describes a network", (),
                hint="write input: [28, 28, 1] and layers: [...]",
            )  # fmt: skip
        format_version(mapping, self._errors)
        self._errors.check_keys(mapping, (), _TOP)
        if not isinstance(mapping.get("$schema", ""), str):
            self._errors.refuse(f"this is {kind_of(mapping['$schema'])}, not where a schema is",
                                ("$schema",))  # fmt: skip
        if "network" in mapping:
            return self._alone(mapping)
        scope = Scope(None, given_names(mapping.get("layers")))
        fed = any("inputs" in arguments for _, arguments in mappings(mapping.get("layers")))
        several = isinstance(mapping.get("input"), Mapping) or "inputs" in mapping
        read = self._model if fed or several or "outputs" in mapping else self._sequential
        return read(mapping, (), scope)

    def _alone(self, mapping: Mapping[str, Any]) -> Network:
        for key in mapping:
            if key not in (*_ABOUT, "network"):
                self._errors.refuse(f"{key} cannot stand beside network", (key,),
                                    hint="write it inside, or use layers")  # fmt: skip
        layer = self._call(mapping["network"], ("network",), Scope()).layer
        if not isinstance(layer, Network):
            self._errors.refuse(f"{type(layer).__name__} is a layer and no network", ("network",),
                                hint="use layers: [...]")  # fmt: skip
        return layer

    # Networks

    def _entries(self, spec: Mapping[str, Any], place: Place) -> Iterator[tuple[Any, Place]]:
        if "layers" not in spec:
            self._errors.refuse("layers is missing", place, code="missing-argument",
                                hint="write layers: [Flatten, {Dense: 10}]")  # fmt: skip
        return self._errors.listed(spec["layers"], (*place, "layers"), "layers")

    def _sequential(self, spec: Mapping[str, Any], place: Place, scope: Scope) -> Sequential:
        given = {"layers": self._chain(self._entries(spec, place), scope), **_common(spec)}
        if "input" in spec:
            given["input_shape"] = spec["input"]
            self._errors.check_plain(spec["input"], (*place, "input"))
        network: Sequential = self._made(Sequential, given, place)
        return network

    def _chain(self, entries: Iterable[tuple[Any, Place]], scope: Scope) -> tuple[Layer, ...]:
        """Layers one after the other, none of which says what feeds it."""
        calls = [self._call(entry, place, scope) for entry, place in entries]
        for call in calls:
            if call.feeds is not None:
                self._errors.refuse(
                    "inputs says what feeds a layer, which goes only where the input is known",
                    (*call.place, "inputs"), hint="write Model: {input: [...], layers: [...]}",
                )  # fmt: skip
        return tuple(call.layer for call in calls)

    def _model(self, spec: Mapping[str, Any], place: Place, scope: Scope) -> Model:
        inputs = self._own_inputs(spec, place)
        wiring = Wiring(self._errors, inputs)
        for entry, here in self._entries(spec, place):
            wiring.connect(self._call(entry, here, scope))
        outputs = wiring.outputs(spec.get("outputs"), (*place, "outputs"))
        given = {"inputs": tuple(inputs.values()), "outputs": outputs, **_common(spec)}
        model: Model = self._made(Model, given, place)
        wiring.check(model)
        return model

    def _own_inputs(self, spec: Mapping[str, Any], place: Place) -> dict[str, Tensor]:
        """The tensors that go in, by what the file calls them."""
        if "input" in spec and "inputs" in spec:
            self._errors.refuse("input and inputs are both given", (*place, "inputs"),
                                hint="use one of them")  # fmt: skip
        key = "inputs" if "inputs" in spec else "input"
        value, here = spec.get(key), (*place, key)
        if value is None:
            self._errors.refuse("input is missing", place, code="missing-input",
                                hint="write input: [28, 28, 1]")  # fmt: skip
        if isinstance(value, Mapping) and value:
            self._errors.check_keys(value, here)
            return {name: self._input(v, (*here, name), name) for name, v in value.items()}
        if key == "inputs" or isinstance(value, Mapping):
            self._errors.refuse(
                f"{key} is {kind_of(value)}, not a mapping from names to shapes", here,
                hint="write inputs: {image: [28, 28, 1]}, or input: [28, 28, 1]",
            )  # fmt: skip
        return {"input": self._input(value, here, None)}

    def _input(self, shape: Any, place: Place, name: str | None) -> Tensor:
        self._errors.check_plain(shape, place)
        try:
            return Input(shape, name)
        except ArchcalcError as error:
            raise self._errors.placed(error, place) from None

    # Entries

    def _call(self, entry: Any, place: Place, scope: Scope, label: str = "") -> Call:
        """One entry: a layer by its class and arguments, or an earlier one once more."""
        self._count += 1
        if self._count > MOST_LAYERS:
            self._errors.refuse(
                f"there are more than {MOST_LAYERS:,} layers", place, code="too-large"
            )
        kind, value, here = self._kind_and_value(entry, place)
        feeds = self._feeds(value, here)
        if kind == "Shared":
            return Call(*self._shared(value, here, scope), False, feeds, here)
        name = value.get("name") if isinstance(value, Mapping) else None
        made_up = not label and not isinstance(name, str)
        label = label or (name_inside(kind, value) if made_up else str(name))
        label = label or scope.made_up(class_name(class_inside(kind, value)))
        if label in scope.layers:
            self._errors.refuse(
                f"two layers are called {quoted(label, 60)}", (*here, "name"),
                code="name-twice", hint="names are unique in a list; Shared uses a layer again",
            )  # fmt: skip
        layer = self._layer(kind, value, here, scope, label)
        self.places.setdefault(id(layer), place)
        scope.enter(layer, label)
        return Call(layer, label, made_up, feeds, here)

    def _kind_and_value(self, entry: Any, place: Place) -> tuple[str, Any, Place]:
        if isinstance(entry, str):
            return entry, ABSENT, place
        if is_list(entry):
            return "Sequential", entry, place
        if not isinstance(entry, Mapping):
            self._errors.refuse(
                f"this is {kind_of(entry)}, not a layer", place,
                hint="write Flatten, {Dense: 10} or {Conv2D: {filters: 32, kernel_size: 3}}",
            )  # fmt: skip
        if len(entry) != 1:
            keys = shorten(", ".join(str(key)[:60] for key in list(entry)[:9]), 80) or "no key"
            self._errors.refuse(
                f"an entry is one layer, and this one has {keys}", place,
                hint="indent the arguments below the layer's name",
            )  # fmt: skip
        self._errors.check_keys(entry, place)
        ((kind, value),) = entry.items()
        return kind, value, (*place, kind)

    def _feeds(self, value: Any, place: Place) -> tuple[str, ...] | None:
        if not isinstance(value, Mapping) or "inputs" not in value:
            return None
        names = [value["inputs"]] if isinstance(value["inputs"], str) else value["inputs"]
        if not is_list(names) or not names or not all(isinstance(name, str) for name in names):
            self._errors.refuse(
                f"inputs is {kind_of(names)}, not the names of what feeds the layer",
                (*place, "inputs"),
                hint="write inputs: stem or inputs: [left, right]; a Model's own inputs are input:",
            )
        return tuple(names)

    def _shared(self, value: Any, place: Place, scope: Scope) -> tuple[Layer, str]:
        """The layer that is referred to, and what this call of it is called."""
        given = value if isinstance(value, Mapping) else {"layer": value}
        self._errors.check_keys(given, place, ("layer", "inputs", "name"))
        reference, label = given.get("layer"), given.get("name", "")
        if not isinstance(reference, str) or not isinstance(label, str):
            self._errors.refuse(
                "Shared takes the name of a layer", place, hint="write Shared: stem"
            )
        found = self._found(reference, place, scope)
        scope.enter_again(found)
        return found, label

    def _found(self, reference: str, place: Place, scope: Scope) -> Layer:
        """The layer above that is called so."""
        found = scope.find(reference)
        if found is None:
            self._errors.refuse(
                f"no layer above this is called {quoted(reference, 60)}", place,
                code="not-found", hint=nearest(reference, scope.known()),
            )  # fmt: skip
        return found

    # Layers

    def _layer(self, kind: str, value: Any, place: Place, scope: Scope, label: str) -> Layer:
        if scope.depth >= MOST_NESTING:
            self._errors.refuse(
                f"layers are nested deeper than {MOST_NESTING}", place, code="too-deep"
            )
        try:
            cls = layer_class(kind)
        except UnknownLayerError as error:
            known = alias_of(kind)
            if known is None:
                raise self._errors.placed(error, place) from None
            return self._spelt(known, value, place)
        if cls is Sequential and is_list(value):
            entries = self._errors.listed(value, place, "layers")
            layers = self._chain(entries, scope.below(label, given_names(value)))
            return Sequential(layers=layers)
        if cls not in _NESTED:
            return self._of_class(cls, value, place, scope.below(label))
        if not isinstance(value, Mapping):
            self._errors.refuse(f"{kind} is {kind_of(None if value is ABSENT else value)}", place,
                                hint=f"write {kind}: {{layers: [...]}}")  # fmt: skip
        spec = {key: part for key, part in value.items() if key != "inputs"}
        self._errors.check_keys(spec, place, _NESTED[cls])
        read = self._sequential if cls is Sequential else self._model
        return read(spec, place, scope.below(label, given_names(spec.get("layers"))))

    def _spelt(self, known: LayerAlias, value: Any, place: Place) -> Layer:
        """A layer under another name, with the arguments of that."""
        if value is ABSENT or value is None:
            args, given = (), {}
        elif isinstance(value, Mapping):
            self._errors.check_keys(value, place)
            args, given = (), {key: part for key, part in value.items() if key != "inputs"}
        else:
            args, given = (tuple(value) if is_list(value) else (value,)), {}
        for part in (*args, *given.values()):
            self._errors.check_plain(part, place)
        try:
            layer = known(*args, **given)
        except ArchcalcError as error:
            message = error.message.removeprefix(f"{known.name}: ")
            raise self._errors.placed(error, place, message) from None
        return layer

    def _of_class(self, cls: type[Layer], value: Any, place: Place, scope: Scope) -> Layer:
        read: dict[str, Any] = {}
        for name, argument in self._arguments(cls, value, place).items():
            held = name in cls.model_fields and holding(cls, name)
            here = (*place, name) if isinstance(value, Mapping) else place
            if name == "tied":
                read[name] = self._tied(argument, (*place, name), scope)
            elif held and argument is not None:
                read[name] = self._held(held == "many", name, argument, here, scope)
            else:
                self._errors.check_plain(argument, here)
                read[name] = argument
        layer: Layer = self._made(cls, read, place)
        return layer

    def _tied(self, value: Any, place: Place, scope: Scope) -> dict[str, Any]:
        """Whose the weights are: the layers that are named, each maybe with its weight."""
        if not isinstance(value, Mapping):
            self._errors.refuse(f"tied is {kind_of(value)}, not whose each weight is", place,
                                hint="write tied: {kernel: embedding}")  # fmt: skip
        self._errors.check_keys(value, place)
        return {name: self._owner(owner, (*place, name), scope) for name, owner in value.items()}

    def _owner(self, value: Any, place: Place, scope: Scope) -> Any:
        parts = list(value) if is_list(value) else [value]
        if not (0 < len(parts) < 3 and all(isinstance(part, str) for part in parts)):
            self._errors.refuse(
                f"this is {kind_of(value)}, not the name of a layer", place,
                hint="write tied: {kernel: embedding}, or tied: {kernel: [embedding, embeddings]}",
            )  # fmt: skip
        found = self._found(parts[0], place, scope)
        return (found, parts[1]) if len(parts) == 2 else found

    def _arguments(self, cls: type[Layer], value: Any, place: Place) -> dict[str, Any]:
        """The arguments of an entry, by name."""
        if value is ABSENT or value is None:
            return {}
        names = positional_fields(cls)
        if isinstance(value, Mapping) and not is_entry(cls, value):
            given = {key: part for key, part in value.items() if key != "inputs"}
            self._check_fields(cls, given, place)
            return given
        several = is_list(value) and not (names and takes_list(cls, names[0]))
        values = value if several else [value]
        if len(values) > len(names):
            known = f", {', '.join(names)}" if names else ""
            feeds = not names and cls.arity[1] != 1
            self._errors.refuse(
                f"{cls.__name__} takes {len(names)} arguments by position{known}; "
                f"here are {len(values)}",
                place, code="too-many-arguments",
                hint=f"what feeds it goes under inputs: {cls.__name__}: {{inputs: [...]}}" * feeds,
            )  # fmt: skip
        return dict(zip(names, values, strict=False))

    def _check_fields(self, cls: type[Layer], given: Mapping[Any, Any], place: Place) -> None:
        self._errors.check_keys(given, place)
        known = keywords(cls)
        for key in given:
            if key not in known:
                error = InvalidLayerError(
                    f"{shorten(key, 60)} is not an argument of {cls.__name__}",
                    code="unknown-argument", values={key: shorten(given[key])},
                    hint=nearest(key, known),
                )  # fmt: skip
                raise self._errors.placed(error, (*place, key))

    def _held(self, many: bool, name: str, value: Any, place: Place, scope: Scope) -> Any:
        """Layers that are an argument; a list where one is wanted is a network of them."""
        if is_list(value):
            inner = scope.below(name, given_names(value))
            layers = self._chain(self._errors.listed(value, place, "layers"), inner)
            return layers if many else Sequential(layers=layers)
        call = self._call(value, place, scope, label=name)
        if call.feeds is not None:
            self._errors.refuse("an argument is fed by nothing", (*call.place, "inputs"))
        return (call.layer,) if many else call.layer

    def _made(self, cls: type[Any], given: Mapping[str, Any], place: Place) -> Any:
        """A layer of `cls`; its complaint is given the place of the argument that it is about."""
        try:
            return cls(**given)
        except ArchcalcError as error:
            about = next((name for name in error.values if name in given), None)
            message = error.message.removeprefix(f"{cls.__name__}: ").removeprefix(f"{about}: ")
            spelt = "input" if about == "input_shape" and cls is Sequential else about
            here = place if spelt is None else (*place, spelt)
            raise self._errors.placed(error, here, message) from None
        except RecursionError:
            self._errors.refuse("this is nested too deeply", place, code="too-deep")


def _common(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: spec[key] for key in ("name", "trainable") if key in spec}
