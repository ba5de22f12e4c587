"""torch's own database of its modules: every call of it, under torch's names.

``torch.testing._internal.common_modules`` says for each class how it is made and what it is called
on.  Nothing may be wrong, and nothing refused but what is named here.
"""

from __future__ import annotations

import importlib.util
import sys
import unittest
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.layers.applied import Applied
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape
from archcalc.testing.matching.reading import read_torch

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

_LOSSES = "losses are no layers"
NOT_TAKEN = {"LinearCrossEntropyLoss": "its logits are a layer here, and it gives a loss"}
"""Classes whose calls are left out, and why."""

SCALARS = ("Softmax", "LogSoftmax", "Softmin")
"""Of a tensor without axes torch takes axis 0, which is the batch here."""

_EACH = 1_000 if settings().max_examples > 200 else 6
"""How many calls of a class are tried; all of them in ``nightly``."""


def _database() -> list[Any]:
    """torch's list; of the package that its test case is made of nothing is used."""
    if importlib.util.find_spec("expecttest") is None:
        stub = ModuleType("expecttest")
        stub.TestCase = unittest.TestCase  # type: ignore[attr-defined]
        sys.modules["expecttest"] = stub
    try:
        from torch.testing._internal.common_modules import module_db
    except ImportError as error:
        pytest.skip(f"torch's database needs more: {error}")
    return list(module_db)


def _tensors(values: Any) -> Iterator[Any]:
    if isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)
    elif isinstance(values, torch.Tensor):
        yield values


def _calls() -> Iterator[tuple[str, Any, Any]]:
    for info in _database():
        name = info.module_cls.__name__
        if name not in TORCH_CLASSES or name in NOT_TAKEN:
            assert name in NOT_TAKEN or name.endswith("Loss"), _LOSSES
            continue
        every = info.module_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=False
        )
        for call in every[:: max(1, len(every) // _EACH)]:
            yield name, info.module_cls, call


def _read(value: Any) -> Any:
    """A module that is an argument, as the layer that it is."""
    return read_torch(value) if isinstance(value, torch.nn.Module) else value


def _without(shapes: list[tuple[int, ...]], axis: int | None) -> list[tuple[int, ...]]:
    return shapes if axis is None else [(*x[:axis], *x[axis + 1 :]) for x in shapes]


def _outputs(layer: Any, shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """What comes out of the layer; of what torch is called on, masks and targets are left out."""
    for count in range(len(shapes), 0, -1):
        try:
            applied = Applied(layer, tuple(map(Shape, shapes[:count])))
            return [tuple(map(int, out)) for out in applied.outputs]
        except ArchcalcError as error:
            refused = error
    raise refused


def test_every_call_gives_what_torch_gives() -> None:
    """With the first axis as the batch (the second of a recurrent module), or without a batch."""
    right, wrong = 0, []
    for name, cls, call in _calls():
        made, given = call.constructor_input, call.forward_input
        with torch.no_grad():
            try:
                module = cls(*made.args, **made.kwargs).eval()
                result = [tuple(x.shape) for x in _tensors(module(*given.args, **given.kwargs))]
            except RuntimeError as error:
                if "_random_samples" in str(error):  # places of another type
                    continue
                raise
        keywords = {key: _read(value) for key, value in made.kwargs.items()}
        layer = TORCH_CLASSES[name](*map(_read, made.args), **keywords)
        shapes = [tuple(x.shape) for x in _tensors([*given.args, *given.kwargs.values()])]
        batch = 1 if getattr(module, "batch_first", True) is False else 0
        if name in SCALARS and shapes == [()]:
            continue
        found = []
        for axis in (batch, None):
            try:
                outputs = _outputs(layer, _without(shapes, axis))
                found.append(outputs == _without(result, axis)[: len(outputs)])
            except ArchcalcError as error:
                found.append(str(error))
        right += True in found
        if True not in found:
            wrong.append((name, made.args, made.kwargs, shapes, found))
    assert not wrong, wrong[:5]
    assert right >= 150
