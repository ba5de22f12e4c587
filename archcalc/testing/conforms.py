"""The oracle for layers of one's own: what a class states must fit together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

import archcalc
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.network import Sequential, from_dict
from archcalc.symbolic.errors import shorten
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.shape import Shape
from archcalc.testing.bounds import BoundError, whole
from archcalc.testing.hiding import assertions
from archcalc.testing.random_layers import layers
from archcalc.testing.symbolizing import Symbols

__all__ = ["ConformityError", "assert_conforms"]

__tracebackhide__ = assertions

_EXAMPLES = 100


class ConformityError(AssertionError):
    """A class of layers states what does not fit together.

    Attributes:
        check: what was looked at, such as ``"symbols"``.
    """

    def __init__(self, message: str, check: str) -> None:
        super().__init__(message)
        self.check = check


def assert_conforms(cls: type[Layer], *, max_examples: int = _EXAMPLES) -> None:
    """That what a class of layers states fits together, on random inputs and with random fields.

    Its facts are of the right types, and stay the same when they are asked for again; symbols
    with numbers put in afterwards give what numbers give; a file says the layer and is read back;
    its `repr` is code; and its derivation says the numbers that its facts give.

    Args:
        cls: the class; its fields are drawn by their types, as `layers` does.
        max_examples: how many layers are looked at.

    Raises:
        ConformityError: something does not fit; it is an `AssertionError`, and shows the simplest
            layer of which that is so.
        BoundError: it is no class of layers.
        InvalidLayerError: a field's type does not say how to draw it.

    >>> from archcalc.layers import Conv2D, Weight
    >>> assert_conforms(Conv2D, max_examples=10)
    >>> class Halved(Layer):
    ...     axis_names = ("n_in",)
    ...     def output_shape(self, x):
    ...         return Shape((int(x[0]) // 2 + 1,))
    >>> assert_conforms(Halved)
    Traceback (most recent call last):
    archcalc.testing.conforms.ConformityError: Halved() on 1 ... symbols: ...
    """
    if not (isinstance(cls, type) and issubclass(cls, Layer)):
        raise BoundError(f"cls={shorten(repr(cls), 40)}: it must be a class of layers, as Dense is")
    found: list[ConformityError] = []

    @settings(
        max_examples=whole("max_examples", max_examples),
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    @given(layers([cls]))
    def conforms(drawn: tuple[Layer, tuple[Shape, ...]]) -> None:
        for name, check in _CHECKS.items():
            try:
                wrong = check(*drawn)
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            if wrong:
                where = " and ".join(map(str, drawn[1]))
                message = f"{drawn[0]!r} on {where} does not conform in its {name}: {wrong}"
                found.append(ConformityError(message, name))
                raise found[-1]

    try:
        conforms()
    except ConformityError:
        last = found[-1]  # the simplest, without what Hypothesis notes of its own test
        raise ConformityError(str(last), last.check) from None


def _facts(layer: Layer, inputs: tuple[Shape, ...]) -> str:
    one, other = Applied(layer, inputs), Applied(layer, inputs)
    for shape in one.outputs:
        if not isinstance(shape, Shape):
            return f"what comes out is a Shape, not {type(shape).__name__}"
        if any(not isinstance(dim, int) or dim < 1 for dim in shape):
            return f"{shape!r} comes out, and every dimension is a whole number of at least 1"
    names = [weight.name for weight in one.weights]
    if len(set(names)) < len(names):
        return f"two weights have one name: {', '.join(names)}"
    for weight in one.weights:
        if any(not isinstance(dim, int) or dim < 0 for dim in weight.shape):
            return f"the weight {weight.name} has the shape {weight.shape!r}"
    for work in one.work:
        if not isinstance(work.macs, int) or work.macs < 0:
            return f"{work.macs} multiply-accumulates"
    if _all(one) != _all(other):
        return "asked twice, it says two things"
    return ""


def _all(applied: Applied) -> Any:
    return (
        applied.outputs,
        [(weight.name, tuple(weight.shape), weight.learned) for weight in applied.weights],
        [(work.kind, work.macs) for work in applied.work],
    )


def _symbols(layer: Layer, inputs: tuple[Shape, ...]) -> str:
    """Symbols first and numbers later."""
    symbols = Symbols(defaults=True)
    ones = layer.keeps_ones or layer.arity != (1, 1)
    shapes = tuple(symbols.shape(x, keep_ones=ones) for x in inputs)
    later = _all(Applied(symbols.layer(layer), shapes))
    first = _all(Applied(layer, inputs))
    for name, a, b in zip(("output", "weights", "work"), later, first, strict=True):
        put_in = _numbers(a, symbols)
        if put_in != _plain(b):
            return (
                f"the {name} with symbols, and numbers put in: {put_in}; with numbers: {_plain(b)}"
            )
    return ""


def _numbers(value: Any, symbols: Symbols) -> Any:
    if isinstance(value, tuple | list):
        return tuple(_numbers(part, symbols) for part in value)
    return evaluate(value, symbols.values) if hasattr(value, "free_symbols") else value


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, tuple | list) else value


def _file(layer: Layer, inputs: tuple[Shape, ...]) -> str:
    written = Sequential([layer]).to_dict()
    read = from_dict(written)
    return "" if read == Sequential([layer]) else f"{written} is read back as {read!r}"


def _code(layer: Layer, inputs: tuple[Shape, ...]) -> str:
    again = eval(repr(layer), {**vars(archcalc), type(layer).__name__: type(layer)})
    return "" if again == layer else f"the code makes {again!r}"


def _derivation(layer: Layer, inputs: tuple[Shape, ...]) -> str:
    if len(inputs) != 1:
        return ""
    trace = Sequential([layer]).trace(*inputs)
    said = trace.derivation().to_dict()
    stated = sum(int(w.size) for w in Applied(layer, inputs).weights if w.learned)
    total = int(trace.parameters)
    return "" if total == stated and said else f"it derives {total} parameters of {stated}"


_CHECKS: dict[str, Callable[[Layer, tuple[Shape, ...]], str]] = {
    "facts": _facts,
    "symbols": _symbols,
    "file": _file,
    "code": _code,
    "derivation": _derivation,
}
