"""torch's own database of modules, the calls of its own tests, made and called here as there."""

from __future__ import annotations

import sys
import types
import unittest
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

import archcalc as ac
from archcalc.costs.loops import often, owned
from archcalc.frameworks.coverage import OUT_OF_SCOPE
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.layers import Layer
from archcalc.symbolic.errors import ArchcalcError
from archcalc.torch import nn as ours
from tests.sampling import slow

pytestmark = pytest.mark.filterwarnings("ignore")


@contextmanager
def _without_expecttest() -> Iterator[None]:
    """torch's test utilities import a package that compares texts, which no module here needs."""
    if "expecttest" in sys.modules:
        yield
        return
    stand_in = types.ModuleType("expecttest")
    stand_in.TestCase = unittest.TestCase  # type: ignore[attr-defined]
    sys.modules["expecttest"] = stand_in
    try:
        yield
    finally:
        del sys.modules["expecttest"]


@cache
def database() -> Mapping[str, tuple[Any, ...]]:
    """The calls of every class of ``torch.nn``, by its name, in training and outside of it."""
    import torch

    with _without_expecttest():
        from torch.testing._internal.common_modules import module_db
    found: dict[str, list[Any]] = {}
    for info in module_db:
        if info.module_cls.__module__.startswith("torch.nn.modules"):
            for training in (False, True):
                how = {"device": "cpu", "dtype": torch.float64, "requires_grad": False}
                made = info.module_inputs_func(info, **how, training=training)
                name = info.module_cls.__name__
                found.setdefault(name, []).extend((info.module_cls, call) for call in made)
    return {name: tuple(calls) for name, calls in found.items()}


EXCLUDED = {
    "TransformerEncoder": "its first argument is a module of torch, a framework object",
    "LinearCrossEntropyLoss": "a loss over a batch; its weights are compared with those of Dense",
}
"""Classes that are spelt here and whose calls are not compared, and why."""

STATES = ("RNN", "GRU", "LSTM")
"""Stacks of these are called on one sequence here: their first states are zeros."""

BATCH_ALONE = ("Softmax", "LogSoftmax", "Softmin")
"""Their calls on a tensor without axes are along axis 0, which is the batch here."""


def calls() -> list[tuple[str, int, Any, Any]]:
    """Every call of a class that is a layer: its name, its number, the class and the call."""
    return [
        (name, number, cls, call)
        for name, made in database().items()
        if name not in OUT_OF_SCOPE["torch"] and name not in EXCLUDED
        for number, (cls, call) in enumerate(made)
    ]


def test_every_class_of_the_database_is_a_layer_or_out_of_scope() -> None:
    former = {"NLLLoss2d"}
    assert set(database()) - {*OUT_OF_SCOPE["torch"]} - former <= set(TORCH_CLASSES)
    assert set(EXCLUDED) <= set(TORCH_CLASSES)


@slow
def test_the_calls_of_torchs_own_tests_are_right() -> None:
    """What comes out and how many parameters are learned; nothing is refused."""
    wrong = []
    for name, number, cls, call in calls():
        said = _complaint(name, cls, call)
        if said:
            wrong.append((name, number, said))
    assert wrong == []
    assert len(calls()) > 1000


# The same call, here and there


def _complaint(name: str, cls: Any, call: Any) -> str:
    """What differs; empty where nothing does."""
    import torch

    given, forward = call.constructor_input, call.forward_input
    layer = getattr(ours, name)(*given.args, **given.kwargs)
    fed = list(_tensors([*forward.args, *_inputs(name, forward.kwargs)]))
    if name in BATCH_ALONE and fed[0].ndim == 0:
        return ""
    if name in STATES and given.kwargs.get("num_layers", 1) > 1:
        fed = fed[:1]
    module = cls(*given.args, **given.kwargs).double()
    with torch.no_grad():
        out = module(*forward.args, **forward.kwargs)
    out = out[0] if isinstance(out, tuple) else out
    learned = sum(weight.numel() for weight in module.parameters())
    tried = []
    for batch in _batches(name, given, fed):
        shapes = [_without(tuple(x.shape), batch) for x in fed]
        seen = _seen(layer, _our_order(name, shapes))
        if seen == (_without(tuple(out.shape), batch), learned):
            return ""
        tried.append(seen)
    return f"{tuple(out.shape)} with {learned} there, {tried} here"


def _inputs(name: str, named: Mapping[str, Any]) -> list[Any]:
    """Inputs that are given by name; masks change no count."""
    return [value for key, value in named.items() if "mask" not in key and value is not None]


def _tensors(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, tuple):
            yield from _tensors(list(value))
        elif hasattr(value, "shape"):
            yield value


_TIME_FIRST = ("RNN", "LSTM", "GRU", "MultiheadAttention", "Transformer")


def _batches(name: str, given: Any, fed: list[Any]) -> list[int | None]:
    """Which axis may be the batch; ``None`` where there is none."""
    time = name.startswith(_TIME_FIRST) and not name.endswith("Cell")
    batch_first = given.kwargs.get("batch_first", False)
    axis = 1 if time and not batch_first else 0
    return [axis, None] if all(x.ndim > axis for x in fed) else [None]


def _without(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    return shape if axis is None else (*shape[:axis], *shape[axis + 1 :])


def _our_order(name: str, shapes: list[Any]) -> list[Any]:
    """torch's attention takes query, key and value; ours, as Keras', query, value and key."""
    if name == "MultiheadAttention":
        query, key, value = shapes
        return [query, value, key]
    return shapes


def _seen(layer: Layer, shapes: list[Any]) -> tuple[Any, ...]:
    """What comes out here, and how many parameters are learned; or what is said against it."""
    try:
        inputs = [ac.Input(shape) for shape in shapes]
        trace = ac.Model(inputs, _first(layer(*inputs))).trace()
    except ArchcalcError as error:
        return (str(error),)
    learned = [
        int(weight.size) * int(often(owned(row.loops)))
        for row in trace.rows
        for weight in row.weights
        if weight.learned
    ]
    return tuple(trace.output), sum(learned)


def _first(made: Any) -> Any:
    return made[0] if isinstance(made, tuple | list) else made
