"""A network as code of Keras."""

from __future__ import annotations

from functools import partial
from typing import Any

from archcalc.frameworks.code.keras_functions import OPERATIONS
from archcalc.frameworks.code.names import Names, Values, arguments
from archcalc.frameworks.keras_chains import parts, steps
from archcalc.frameworks.lookup import (
    arguments_of,
    class_of,
    entry_of,
    handed,
    is_whole,
    said_when_called,
)
from archcalc.frameworks.record import Chain, Entry
from archcalc.frameworks.records import KERAS
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.kept import TOLD
from archcalc.network.base import Network
from archcalc.network.forms import is_plain_chain
from archcalc.network.naming import snake_case
from archcalc.network.unroll import Call, Unrolled, unroll
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["keras_code"]

_HEAD = "import keras\nfrom keras import layers\n\n"


def keras_code(what: Layer, input_shape: Any = None) -> str:
    """Code that makes a Keras model of `what`, called ``model``.

    Raises:
        FrameworkError: Keras has not got a layer, symbols are left, or a layer holds an object.
    """
    program = unroll(what, input_shape, partial(is_whole, KERAS))
    if is_plain_chain(what) and _is_row(program):
        return _HEAD + _sequential(program)
    return _headed(_functional(program))


def _headed(text: str) -> str:
    return (_HEAD.replace("layers", "layers, ops") if "ops." in text else _HEAD) + text


def _is_row(program: Unrolled) -> bool:
    """Whether every call takes what the one before it gives, and no layer is called twice."""
    if len(program.inputs) != 1 or not program.calls:
        return False
    row = all(
        call.owner == number and [s.call for s in call.inputs] == [number - 1] and not call.ties
        and len(call.applied.outputs) == 1 and not _said(call) and not _is_function(call.layer)
        for number, call in enumerate(program.calls)
    )  # fmt: skip
    return row and program.outputs[0].call == len(program.calls) - 1


def _is_function(layer: Layer) -> bool:
    entry = KERAS.entry(type(layer))
    return entry is not None and bool(entry.core)


def _said(call: Call) -> dict[str, Any]:
    entry = KERAS.entry(type(call.layer)) or Entry()
    x = (*call.applied.inputs, Shape())[0]
    said = said_when_called(entry, call.layer, x)
    return {name: value for name, value in said.items() if value not in (False, None)}


def _sequential(program: Unrolled) -> str:
    names = Names()
    lines = ["model = keras.Sequential([", f"    keras.Input({tuple(program.inputs[0])!r}),"]
    for call in program.calls:
        lines += [f"    {text}," for text in _layers(call, names.free(call.path))]
    return "\n".join([*lines, "])", ""])


def _functional(program: Unrolled) -> str:
    names = Names()
    values, lines = Values(program, names), []
    inputs = []
    for number, (shape, name) in enumerate(zip(program.inputs, program.input_names, strict=True)):
        made = values.input(number, name if name != "input" else "inputs")
        lines.append(f"{made} = keras.Input({tuple(shape)!r}, name={name!r})")
        inputs.append(made)
    shared = {call.owner for n, call in enumerate(program.calls) if call.owner != n}
    kept: dict[int, str] = {}
    for number, call in enumerate(program.calls):
        if call.ties:
            raise FrameworkError(
                "Keras' layers have weights of their own, and these are another's",
                code="tied-weights", path=call.path, hint="torch's code has them",
            )  # fmt: skip
        fed = [values.of(s) for s in call.inputs]
        operation = _operation(call, fed)
        if operation:
            lines.append(f"{', '.join(values.outputs(number))} = {operation}")
            continue
        if call.owner == number:
            made_of = _layers(call, names.free(call.path))
            if number in shared:
                kept[number] = names.free(f"{call.path}_layer")
                lines.append(f"{kept[number]} = {made_of[0]}")
                made_of = [kept[number], *made_of[1:]]
        else:
            made_of = [kept[call.owner]]
        lines.append(_call(call, made_of, fed, values.outputs(number)))
    ends = [values.of(source) for source in program.outputs]
    named = f", name={program.name!r}" if program.name else ""
    lines.append(f"model = keras.Model({_one(inputs)}, {_one(ends)}{named})")
    return "\n".join([*lines, ""])


def _operation(call: Call, fed: list[str]) -> str:
    """A call of what Keras has as a function; empty where it is a layer.

    Raises:
        FrameworkError: it is a function that is not written.
    """
    entry = KERAS.entry(type(call.layer))
    if entry is None or not entry.core:
        return ""
    entry_of(KERAS, call.layer)
    kind = type(call.layer).__name__
    write = OPERATIONS.get(kind)
    text = write(call.layer, call.applied.inputs, fed) if write else ""
    if not text:
        raise FrameworkError(
            f"{kind} is not written as code of Keras",
            code="not-in-code", path=call.path, hint="to_keras() builds it",
        )  # fmt: skip
    return text


def _one(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _call(call: Call, layers: list[str], fed: list[str], given: list[str]) -> str:
    """A line that calls layers one after the other."""
    entry = KERAS.entry(type(call.layer)) or Entry()
    handed_over = [_one(a) if isinstance(a, list) else a for a in handed(entry, call.layer, fed)]
    said = [f"{name}={value!r}" for name, value in _said(call).items()]
    text = f"{layers[0]}({', '.join([*handed_over, *said])})"
    for layer in layers[1:]:
        text = f"{layer}({text})"
    return f"{', '.join(given)} = {text}"


# Layers


def _layers(call: Call, name: str) -> list[str]:
    """The layers of Keras that one of ours is, each as code."""
    try:
        return _written(call.applied, steps(call.applied), name)
    except ArchcalcError as error:
        raise error.at(call.path) from None


def _written(applied: Applied, chain: Chain, name: str) -> list[str]:
    made = []
    x = (*applied.inputs, Shape())[0]
    for suffix, part in chain:
        inputs = applied.inputs if len(applied.inputs) > 1 else (x,)
        made.append(_layer(part, inputs, f"{name}_{suffix}" if suffix else name))
        x = part.output_shape(x) if len(applied.inputs) == 1 else x
    return made


def _layer(part: Any, inputs: tuple[Shape, ...], name: str) -> str:
    """One layer of Keras as code; what it says by default is left out."""
    x = (*inputs, Shape())[0]
    entry = entry_of(KERAS, part)
    cls = class_of(entry, part, x)
    if not isinstance(cls, str):
        raise FrameworkError(
            f"{cls.__name__} is a class of one's own", code="not-in-code", hint="paste it too"
        )
    given = arguments_of(entry, part, x)
    if cls == type(part).__name__:
        given = {k: v for k, v in given.items() if not _by_default(entry, part, k)}
    given |= {k: v for k, v in part.kept.items() if k not in TOLD}
    held = {k: v for k, v in given.items() if _holds(v)}
    more = [f"{k}={_held(v, part.inside(*inputs))}" for k, v in held.items()]
    plain = {k: v for k, v in given.items() if k not in held} | {"name": name}
    if not part.trainable:
        plain["trainable"] = False
    elif part.frozen:
        raise FrameworkError(
            f"{cls}: no argument of Keras says that it is frozen in part",
            code="not-in-code",
            hint="to_keras() builds it",
        )
    fields = type(part).model_fields
    wanted = [a.name for a in entry.arguments if fields[a.field].is_required() and a.name in plain]
    return f"layers.{cls}({arguments(plain, () if held else wanted, more)})"


def _by_default(entry: Entry, part: Layer, argument: str) -> bool:
    """Whether an argument says what Keras has without it."""
    if argument == "pool_size" and type(part).__name__.startswith("Average"):
        return False  # Keras wants to be told
    given = part.given()
    said = [a.field for a in entry.arguments if a.name == argument]
    return bool(said) and not any(field in given for field in said)


def _holds(value: Any) -> bool:
    return isinstance(value, Layer) or (
        isinstance(value, tuple) and bool(value) and isinstance(value[0], Layer)
    )


def _held(value: Any, inputs: tuple[Shape, ...]) -> str:
    """A layer inside another."""
    if isinstance(value, tuple):
        return f"[{', '.join(_held(part, inputs) for part in value)}]"
    if isinstance(value, Network) and not is_whole(KERAS, value):
        program = unroll(value, list(inputs), partial(is_whole, KERAS))
        if not _is_row(program):
            raise FrameworkError(
                "a network inside a layer of Keras is written where it is a row of layers",
                code="not-in-code", hint="to_keras() builds it",
            )  # fmt: skip
        inside = [text for call in program.calls for text in _layers(call, Names().free(call.path))]
        return f"keras.Sequential([{', '.join(inside)}])"
    name = value.name or snake_case(type(value).__name__)
    applied = Applied(value, inputs)
    made = _written(applied, parts(applied), name)
    return made[0] if len(made) == 1 else f"keras.Sequential([{', '.join(made)}])"
