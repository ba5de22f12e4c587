"""A Keras model from a layer or a network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

from archcalc.frameworks.keras_chains import parts, steps
from archcalc.frameworks.keras_operations import Operation, operation_named
from archcalc.frameworks.keras_ties import share_weights
from archcalc.frameworks.lookup import (
    arguments_of,
    class_of,
    entry_of,
    handed,
    is_whole,
    names_at,
    said_when_called,
)
from archcalc.frameworks.record import Chain, Entry
from archcalc.frameworks.records import KERAS
from archcalc.layers.applied import Applied
from archcalc.layers.attention import Attending
from archcalc.layers.base import Layer
from archcalc.layers.kept import TOLD
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.naming import name_of
from archcalc.network.sequential import Sequential
from archcalc.network.unroll import Call, Source, Unrolled, unroll
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.shape import Shape

if TYPE_CHECKING:
    import keras

__all__ = ["import_keras", "keras_layers", "to_keras"]


def to_keras(what: Layer, input_shape: Any = None) -> keras.Model:
    """`what` as a functional Keras model.

    Layers are named by their paths, an underscore for every slash.  Padding by amounts, which no
    convolution of Keras takes, becomes a ZeroPadding layer called ``<name>_pad`` before it, and a
    Cropping layer ``<name>_crop`` after a transposed one.

    Args:
        what: a layer or a network, with numbers for all its symbols.
        input_shape: the shape that goes in, without the batch, or a list of shapes where there are
            several inputs; may be left out where the network knows it.

    Raises:
        FrameworkError: Keras is not installed, symbols are left, or Keras has not got a layer, or
            not with these arguments.

    >>> from archcalc.layers import Conv2D, Dense, Flatten, MaxPooling2D
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Conv2D(32, 3), MaxPooling2D(2), Flatten(), Dense(100), Dense(10)])
    >>> model = to_keras(net, (28, 28, 1))
    >>> model.count_params(), [layer.name for layer in model.layers][1:3]
    (542230, ['conv2d', 'max_pooling2d'])
    """
    return _model(unroll(what, input_shape, partial(is_whole, KERAS)), {})


def _model(made: Unrolled, known: Built) -> keras.Model:
    """The model of calls; layers that are `known` already are called again."""
    found = import_keras()
    names = _Names()
    given = [
        found.Input(tuple(shape), name=names.free(name))
        for shape, name in zip(made.inputs, made.input_names, strict=True)
    ]
    values = _called(made, given, names, known)
    outputs = [_value(source, values, given) for source in made.outputs]
    inputs = given[0] if len(given) == 1 else given
    return found.Model(inputs, outputs[0] if len(outputs) == 1 else outputs, name=made.name)


def _called(made: Unrolled, given: list[Any], names: _Names, known_first: Built) -> list[list[Any]]:
    """What every call of the program gives."""
    built: dict[int, list[Any]] = {}
    known: dict[tuple[int, ...], Built] = {(): known_first}
    values: list[list[Any]] = []
    for call in made.calls:
        owner = call.owner if not call.ties else _lender(call, made)
        if owner not in built:
            one = made.calls[owner]
            try:
                here = known.setdefault(one.copy, {})
                built[owner] = keras_layers(one.applied, names.free(one.path), here, one.identity)
            except ArchcalcError as error:
                raise error.at(one.path) from None
        fed = [_value(source, values, given) for source in call.inputs]
        result = called(built[owner], call.applied, fed)
        if result[0] is fed[0]:
            raise _gives_back(call.layer).at(call.path)
        values.append(result)
    for number, call in enumerate(made.calls):  # who lends a weight may be called after who has it
        if number in built and call.ties:
            lenders = [(made.calls[other].layer, built[other]) for _, other in call.ties]
            share_weights(built[number], call, lenders)
    return values


def _lender(call: Call, made: Unrolled) -> int:
    """The call whose layer this one is, called in another way, where all its weights are that's."""
    _, owner = call.ties[0]
    lender = made.calls[owner]
    same = {(t.weight, t.of, t.transposed, o) for t, o in call.ties} == {
        (weight.name, weight.name, False, owner) for weight in call.applied.weights
    }
    entry = KERAS.entry(type(call.layer))
    if same and type(call.layer) is type(lender.layer) and entry is not None:
        shapes = [(*found.applied.inputs, Shape())[0] for found in (call, lender)]
        if arguments_of(entry, call.layer, shapes[0]) == arguments_of(
            entry, lender.layer, shapes[1]
        ):
            return owner
    return made.calls.index(call)


def called(built: list[Any], applied: Applied, fed: list[Any], **how: Any) -> list[Any]:
    """What `built`, the Keras layers of a layer, give for the inputs `fed`, one an output."""
    layer = applied.layer
    entry = KERAS.entry(type(layer)) or Entry()
    first, *others = built
    said = said_when_called(entry, layer, applied.inputs[0])
    result = first(*handed(entry, layer, fed), **said, **how)
    for part in others:
        result = part(result, **how)
    for part in built:
        if not part.trainable:
            part.trainable = False  # now also of the layers that it made for itself
    if any(part.frozen for part in everything(layer)):
        _freeze(built, applied)
    return list(_flat(result))[: len(applied.outputs)]  # Keras' cells give their states as well


def _freeze(built: list[Any], applied: Applied) -> None:
    """Keep the variables of Keras' layers as they are that are frozen weights."""
    held = [variable for part in built for variable in part.weights]
    names = [weight.name for weight in applied.weights]
    if not isinstance(applied.layer, Network):  # those of a network are called by their places
        names = names_at(KERAS, applied.layer, [variable.path for variable in held])
    kept = {weight.name for weight in applied.weights if weight.frozen}
    for variable, name in zip(held, names, strict=True):
        if name in kept:
            variable.trainable = False


def _flat(result: Any) -> Iterator[Any]:
    """Tensors in lists of lists, one after the other."""
    if isinstance(result, list | tuple):
        for part in result:
            yield from _flat(part)
    else:
        yield result


def _value(source: Source, values: list[list[Any]], given: list[Any]) -> Any:
    return given[-1 - source.call] if source.call < 0 else values[source.call][source.output]


def _gives_back(layer: Layer) -> FrameworkError:
    kind = type(layer).__name__
    return FrameworkError(
        f"Keras' {kind} says of its input that it is its output, so that no model can hold it",
        code="not-in-a-keras-model",
        hint="call it on the data, before the model",
    )


Built: TypeAlias = dict[int, list[Any]]
"""The layers of Keras that were built of layers, by the identity of each: one is there once."""


def keras_layers(
    applied: Applied, name: str, known: Built | None = None, identity: int | None = None
) -> list[Any]:
    """The Keras layers of a layer of ours, one after the other; that called `name` has its weights.

    Args:
        applied: the layer on its input shapes.
        name: what it is called.
        known: the layers that there are already; what is built is added.
        identity: by what it stands there: the identity of the layer, where `applied` has another.

    Raises:
        FrameworkError: Keras has not got the layer, or not with these arguments.
    """
    known = {} if known is None else known
    key = id(applied.layer) if identity is None else identity
    if key not in known:
        known[key] = _built(applied, steps(applied), name, known)
    elif not applied.layer.trainable:  # frozen here, and not where it was built
        for part in known[key]:
            part.trainable = False
    return known[key]


def _built(applied: Applied, chain: Chain, name: str, known: Built) -> list[Any]:
    layers = import_keras().layers
    made = []
    x = (*applied.inputs, Shape())[0]
    for suffix, part in chain:
        entry = entry_of(KERAS, part)
        title = f"{name}_{suffix}" if suffix else name
        if entry.core:
            ops = import_keras().ops
            made.append(Operation(operation_named(entry.core), ops, part, title))
            x = (
                part.output_shape(*applied.inputs)
                if part is applied.layer
                else part.output_shape(x)
            )
            continue
        named = class_of(entry, part, x)
        cls = named if isinstance(named, type) else getattr(layers, named)
        inputs = applied.inputs if len(applied.inputs) > 1 else (x,)
        itself = getattr(part, "cell", None) is applied.layer  # a cell as the first step
        inside = known if getattr(part, "per_step", False) and not itself else {}
        arguments = _with_held(part, arguments_of(entry, part, x), inputs, inside)
        arguments |= {k: v for k, v in part.kept.items() if k not in TOLD}
        layer = cls(**arguments, name=title)
        if not part.trainable:  # of a wrapper, True would be told to what it holds as well
            layer.trainable = False
        made.append(layer)
        x = part.output_shape(x) if len(applied.inputs) == 1 else x
    return made


def _with_held(
    layer: Any, arguments: dict[str, Any], inputs: tuple[Shape, ...], known: Built
) -> dict[str, Any]:
    """The arguments with the layers that `layer` holds as layers of Keras.

    What it calls at every step may be called elsewhere too; of anything else it has copies.
    """

    def there(value: Any) -> Any:
        if isinstance(value, Layer):
            return _held(value, layer.inside(*inputs), known)
        held = isinstance(value, tuple) and value and isinstance(value[0], Layer)
        return [there(part) for part in value] if held else value

    return {name: there(value) for name, value in arguments.items()}


def _held(layer: Layer, inputs: tuple[Shape, ...], known: Built) -> Any:
    """A layer inside another, as one layer of Keras."""
    if isinstance(layer, Network) and not is_whole(KERAS, layer):
        return _model(unroll(layer, list(inputs), partial(is_whole, KERAS)), known)
    entry = KERAS.entry(type(layer))
    if isinstance(layer, Attending) or (entry is not None and entry.core):
        # Keras calls an attention on its input twice, where it is its own value, and holds layers
        return to_keras(Sequential([layer]), list(inputs))
    applied, name = Applied(layer, inputs), name_of(layer)
    if id(layer) not in known:
        known[id(layer)] = _built(applied, parts(applied), name, known)
    made = known[id(layer)]
    return made[0] if len(made) == 1 else import_keras().Sequential(made)


def import_keras() -> Any:
    """Keras, on a backend that is installed where none was chosen.

    Raises:
        FrameworkError: it is not installed.
    """
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        # Keras would ask for TensorFlow, its default, and end there.
        for backend in ("jax", "torch"):
            if find_spec(backend):
                os.environ["KERAS_BACKEND"] = backend
    try:
        import keras
    except ImportError as error:
        raise FrameworkError(
            "Keras is not installed",
            code="framework-missing",
            hint="pip install 'archcalc[keras]', and a backend",
        ) from error
    return keras


class _Names:
    """Names that Keras takes: no slashes, and each once."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def free(self, path: str) -> str:
        """The name for `path`.

        >>> names = _Names()
        >>> names.free("a/b"), names.free("a_b")
        ('a_b', 'a_b_1')
        """
        base = "".join(c if c.isalnum() or c in "_-" else "_" for c in path)
        name, count = base, 0
        while name in self.used:
            count += 1
            name = f"{base}_{count}"
        self.used.add(name)
        return name
