"""Which of the models in a source is meant, and the network that it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.importing.values import Value
from archcalc.frameworks.source.keras_inputs import said_to_go_in
from archcalc.frameworks.source.machine import Machine
from archcalc.frameworks.source.sizes import formula
from archcalc.frameworks.source.tensors import tensors_in
from archcalc.frameworks.source.unused import with_unused
from archcalc.frameworks.source.values import (
    Children,
    Class,
    Function,
    Instance,
    Joined,
    Made,
    Poison,
    Unknown,
)
from archcalc.layers import Identity
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.model import Model
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["network_of", "picked"]


def picked(machine: Machine, name: str | None, call: Mapping[str, Any]) -> Any:
    """The model called `name`, or the only one there is.

    Args:
        machine: what has followed the source.
        name: of the model, or of what makes it.
        call: the arguments of what makes it, by name.

    Raises:
        FrameworkError: there is none, or there are several.
    """
    names = machine.globals.names
    own = {n: value for n, value in names.items() if n not in machine.brought}
    if name is not None:
        if name not in names:
            raise FrameworkError(
                f"nothing is called {name} in {machine.file}",
                code="not-found",
                hint=f"there are {', '.join(_candidates(own)) or 'no models'}",
            )
        return _made(machine, name, machine.known(names[name]), call)
    names = own
    found = [n for n, value in names.items() if _is_model(value)]
    found = _outermost(machine, names, sorted(found, key=lambda n: machine.order.get(n, 0)))
    if not found:
        _check_poison(machine, names)
        found = _definitions(names)
    if not found:
        raise _nothing(machine)
    if len(found) > 1:
        raise FrameworkError(
            f"{machine.file} has several models: {', '.join(found)}",
            code="several-models",
            values={"models": tuple(found)},
            hint=f"say which, such as {machine.file}:{found[-1]} or name={found[-1]!r}",
        )
    last = machine.order.get(found[0], 0)
    later = {n: value for n, value in names.items() if machine.order.get(n, 0) > last}
    _check_poison(machine, {n: v for n, v in later.items() if _was_to_be_a_model(v, names)})
    return _made(machine, found[0], names[found[0]], call)


def _nothing(machine: Machine) -> FrameworkError:
    if machine.problems:
        raise machine.problems[0]
    return FrameworkError(
        f"there is no model in {machine.file}",
        code="no-model",
        hint="it has a Sequential, a Model, or a class made from nn.Module or keras.Model",
    )


def _check_poison(machine: Machine, names: Mapping[str, Any]) -> None:
    """A model that cannot be read is an error before anything else is looked for."""
    for name, value in names.items():
        if isinstance(value, Poison) and value.error.code != "undecided" and name != "_":
            raise value.error


def _was_to_be_a_model(value: Any, names: Mapping[str, Any]) -> bool:
    """Whether it is what cannot be read of a model, and not of something else."""
    if not isinstance(value, Poison):
        return False
    maker = names.get(value.called)
    if isinstance(maker, Function):
        return _returns_model(maker, _models(names))
    return value.called in ("Model", "Sequential") or value.called in _models(names)


def _is_model(value: Any) -> bool:
    if isinstance(value, Children):
        return value.kind == "Sequential" and bool(value.parts)
    return isinstance(value, Joined) or (isinstance(value, Instance) and bool(value.framework))


def _candidates(names: Mapping[str, Any]) -> list[str]:
    return [n for n, value in names.items() if _is_model(value)] or _definitions(names)


def _outermost(machine: Machine, names: Mapping[str, Any], found: list[str]) -> list[str]:
    """Without those that are part of another, and each once, by its last name; where there are
    models, a layer that stands by itself was only tried."""
    by_value = {id(names[name]): name for name in found}
    inside: set[int] = set()
    for name in by_value.values():
        inside |= _parts(machine, names[name])
    left = [name for key, name in by_value.items() if key not in inside]
    return [name for name in left if not _is_layer(names[name])] or left


def _is_layer(value: Any) -> bool:
    """Whether it is a layer of the source's own, which Keras tells from a model."""
    if not isinstance(value, Instance) or value.framework != "keras":
        return False
    return any(p.startswith("keras.layers.") or p == "keras.Layer" for p in value.cls.foreign())


def _parts(machine: Machine, value: Any) -> set[int]:
    """The identities of what a model holds, as the source made it and as networks."""
    held = {id(part) for part in _everything_in(value)}
    if isinstance(value, Joined | Children):
        layers = _layers(machine, value)
        for other in machine.globals.names.values():
            if other is not value and isinstance(other, Joined | Children | Instance):
                mine = _layers(machine, other)
                if mine and mine < layers:
                    held.add(id(other))
    return held


def _everything_in(value: Any) -> list[Any]:
    """What a model holds, and what that holds."""
    found: dict[int, Any] = {}
    pending = _inside(value)
    while pending:
        part = pending.pop()
        if id(part) not in found:
            found[id(part)] = part
            pending.extend(_inside(part))
    return list(found.values())


def _layers(machine: Machine, value: Any) -> set[int]:
    if isinstance(value, Children) and value.torch:
        return {id(part) for part in value.parts.values()}
    network = None if isinstance(value, Instance) else value.network
    if network is None:
        return {id(part.layer) for part in _everything_in(value) if isinstance(part, Made)}
    return {id(layer) for layer in everything(network)[1:] if not isinstance(layer, Network)}


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Instance):
        return [v for held in value.names.values() for v in _flat(held)]
    return list(value.parts.values()) if isinstance(value, Children) else []


def _flat(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [x for held in value for x in _flat(held)]
    return [value]


def _definitions(names: Mapping[str, Any]) -> list[str]:
    """Classes that are models and no part of another; functions that make models, otherwise."""
    classes = _models(names)
    used = {
        name
        for cls in classes.values()
        for name in classes
        if name != cls.name and (name in _mentioned(cls) or classes[name] in cls.bases)
    }
    makers = {n: v for n, v in names.items() if isinstance(v, Function)}
    helped = {name for maker in makers.values() for name in _words(maker)}
    outer = [name for name in classes if name not in used and name not in helped]
    makers = {n: v for n, v in makers.items() if _returns_model(v, classes)}
    made = [name for name in makers if name not in _others(name, makers, classes)]
    return outer or made or [name for name in classes if name not in used]


def _models(names: Mapping[str, Any]) -> dict[str, Class]:
    """The classes of models and layers that the source defines."""
    return {n: v for n, v in names.items() if isinstance(v, Class) and Instance(v).framework}


def _others(name: str, makers: Mapping[str, Function], classes: Mapping[str, Class]) -> set[str]:
    """The names that functions and classes other than one use."""
    used = {word for other, maker in makers.items() if other != name for word in _words(maker)}
    return used | {word for cls in classes.values() for word in _mentioned(cls)}


def _mentioned(cls: Class) -> set[str]:
    functions = [value for value in cls.names.values() if isinstance(value, Function)]
    return {word for function in functions for word in _words(function)}


def _words(function: Function) -> set[str]:
    import ast

    return {node.id for node in ast.walk(function.node) if isinstance(node, ast.Name)}


def _returns_model(function: Function, classes: Mapping[str, Class]) -> bool:
    words = _words(function) | _attributes(function)
    return bool(words & {"Sequential", "Model", *classes})


def _attributes(function: Function) -> set[str]:
    import ast

    return {node.attr for node in ast.walk(function.node) if isinstance(node, ast.Attribute)}


def _made(machine: Machine, name: str, value: Any, call: Mapping[str, Any]) -> Any:
    """A model from what a name stands for; what a class or function is not given is a symbol."""
    machine.begin()
    if isinstance(value, Class | Function):
        start = value.find("__init__") if isinstance(value, Class) else value
        wanted = machine.wanted_by(start) if isinstance(start, Function) else []
        missing = [w for w in wanted[isinstance(value, Class) :] if w not in call]
        given = {**{word: _default(machine, word) for word in missing}, **call}
        value = machine.call(getattr(value, "node", None), value, [], given)
        if isinstance(value, tuple):
            value = next((part for part in value if _is_model(part)), value)
    elif call:
        raise FrameworkError(
            f"{name} is a model, and takes no argument {next(iter(call))}",
            code="bad-option",
            hint="name the function or the class that makes it",
        )
    if not _is_model(value) and not isinstance(value, Made):
        raise FrameworkError(
            f"{name} is no model: it is {type(value).__name__.lower()}",
            code="not-a-model",
            hint=f"there are {', '.join(_candidates(machine.globals.names)) or 'no models'}",
        )
    return value


_CONFIGURATIONS = ("config", "cfg", "args", "hparams")


def _default(machine: Machine, word: str) -> Any:
    """What stands for an argument that nobody gives: a symbol, or of a configuration the one that
    the source says in a class of its own."""
    if word.lower() in _CONFIGURATIONS:
        named = [v for v in machine.globals.names.values() if isinstance(v, Class) and v.declared()]
        whole = [cls for cls in named if all(cls.find(name) is not None for name in cls.declared())]
        if len(whole) == 1:
            machine.remark(
                f"{word} is not given: it is {whole[0].name}(), as {machine.file} has it"
            )
            return machine.call(None, whole[0], [], {})
    return Unknown(word)


# From a model to a network


def network_of(machine: Machine, model: Any, shapes: Sequence[Shape] | None) -> Network:
    """The network that a model is.

    Raises:
        FrameworkError: nothing says what goes in, or it cannot be read.
    """
    machine.begin()
    machine.taken = set()
    if isinstance(model, Joined):
        network: Network = model.network
        return network if model.trainable else network.model_copy(update={"trainable": False})
    if isinstance(model, Children) and machine.is_chain(model):
        chain = machine.chain(model)
        if shapes:
            return chain.model_copy(update={"input_shape": shapes[0]})
        if chain.input_shape is None and model.called_on:
            shape = Shape(map(formula, model.called_on[0]))
            return chain.model_copy(update={"input_shape": shape})
        return chain
    return _run(machine, model, shapes)


def _run(machine: Machine, model: Any, shapes: Sequence[Shape] | None) -> Network:
    given = shapes or said_to_go_in(model) or _guessed(machine, model)
    values = [machine.bench.input(shape) for shape in given]
    machine.inside += 1
    if isinstance(model, Instance):
        forward = model.cls.find("call" if model.framework == "keras" else "forward")
        wanted = machine.wanted_by(forward)[1:] if isinstance(forward, Function) else []
        if len(wanted) > len(values):
            raise FrameworkError(
                f"{model.cls.name} is called on {', '.join(wanted)}, and {len(values)} "
                f"{'shape is' if len(values) == 1 else 'shapes are'} known",
                code="no-input-shape",
                hint="give input_shape=[…] with a shape for each",
            )
        result = machine.run_instance(None, model, list(values), {}, root=True)
    elif isinstance(model, Children):
        result = values[0]
        for key, part in model.parts.items():
            if isinstance(part, Value):
                continue  # keras.Input, which is the first
            if model.torch and hasattr(part, "name"):
                part.name = key
            result = machine.call(None, part, [result], {})
    else:
        result = machine.call(None, model, list(values), {})
    ends = [machine.bench.tensor_of(x) for x in tensors_in(machine.forced_deep(result))]
    if not ends:
        raise FrameworkError("the model gives no tensor", code="not-read")
    starts = {id(value.tensor) for value in values}
    outputs = [Identity()(v.tensor) if id(v.tensor) in starts else v.tensor for v in ends]
    network = Model([value.tensor for value in values], outputs)
    return with_unused(machine, model, network)


def _guessed(machine: Machine, model: Any) -> list[Shape]:
    first = next(iter(model.parts.values()), None) if isinstance(model, Children) else None
    told = getattr(getattr(first, "layer", None), "expects", None)
    if told is not None and getattr(first, "cls", "") == "Linear":
        return [Shape((told,))]
    name = model.cls.name if isinstance(model, Instance) else "the model"
    raise FrameworkError(
        f"nothing in {machine.file} says what goes into {name}",
        code="no-input-shape",
        hint="give input_shape=(3, 224, 224), or --input 3,224,224; sizes may be symbols: 3,h,w",
    )
