"""Golden architectures: what a model was is written down, and a change of it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

from archcalc.costs import Macs, Parameters
from archcalc.costs.loops import Loop
from archcalc.formula import Formula
from archcalc.network import Trace
from archcalc.symbolic.errors import FrameworkError, shorten
from archcalc.symbolic.printing import to_text
from archcalc.testing.hiding import assertions
from archcalc.testing.matching.in_keras import is_model
from archcalc.testing.matching.in_torch import is_module
from archcalc.testing.measured import trace_of

__all__ = ["SnapshotError", "assert_snapshot", "described", "file_name"]

__tracebackhide__ = assertions


class SnapshotError(AssertionError):
    """An architecture is not what was written down, or nothing was."""


def assert_snapshot(
    model: Any, file: str | Path, *, update: bool = False, input_shape: Any = None
) -> None:
    """That an architecture is what a file says.

    Args:
        model: a network, a trace, the path of an architecture file, a Keras model, or a torch
            module, of which the weights are compared.
        file: the file; the fixture ``archcalc_snapshot`` finds a name for it.
        update: whether to write the file instead.
        input_shape: what goes in, where the network does not know it.

    Raises:
        SnapshotError: it is not; it is an `AssertionError`, and shows the lines that differ.
    """
    place = Path(file)
    text = described(model, input_shape)
    if update:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        return
    if not place.exists():
        raise SnapshotError(f"{place} does not exist yet; pytest --archcalc-update writes it")
    known = place.read_text(encoding="utf-8")
    if known != text:
        lines = known.splitlines(), text.splitlines()
        diff = unified_diff(*lines, "written down", "now", lineterm="", n=1)
        hint = "if it is meant, pytest --archcalc-update writes it down"
        raise SnapshotError("\n".join([f"{place}: the architecture has changed", *diff, hint]))


def file_name(title: str) -> str:
    """A file's name for a test, with its parameters in it.

    >>> file_name("test_net[resnet/18]")
    'test_net-resnet-18.txt'
    """
    return re.sub(r"[^\w.]+", "-", title).strip("-")[:150] + ".txt"


def described(model: Any, input_shape: Any = None) -> str:
    """An architecture as lines that a person reads, and that change where it does.

    >>> from archcalc.layers import Dense
    >>> print(described(Dense(10), 784), end="")
    input  784
    dense  Dense(units=10)  → 10  7850 parameters  7840 MACs
    output 10
    total  7850 parameters, 0 statistics, 7840 MACs
    """
    trace = trace_of(model, input_shape)
    if trace is not None:
        return "\n".join(_of_trace(trace)) + "\n"
    if is_model(model) or is_module(model):
        return "\n".join(_of_weights(model)) + "\n"
    raise FrameworkError(
        f"{shorten(repr(model), 60)} is no network, no Keras model and no torch module",
        code="unknown-framework",
    )


def _of_trace(trace: Trace) -> Iterator[str]:
    yield f"input  {', '.join(map(str, trace.inputs))}"
    for row in trace.rows:
        times = "".join(map(_said, row.loops))
        shapes = ", ".join(map(str, row.outputs))
        weights, macs = Formula(Parameters().of(row)), Formula(Macs().of(row))
        counts = [f"{weights} parameters"] if weights != 0 else []
        counts += [f"{macs} MACs"] if macs != 0 else []
        shared = ["shared"] if row.shared else []
        parts = [f"{times}{row.layer!r}", f"→ {shapes}", *counts, *shared]
        yield "  ".join([row.path, *parts])
    yield f"output {', '.join(map(str, trace.outputs))}"
    totals = f"{trace.parameters} parameters, {trace.statistics} statistics, {trace.macs} MACs"
    yield f"total  {totals}"


def _said(loop: Loop) -> str:
    if loop.kind == "experts":
        return f"{to_text(loop.active)} of {to_text(loop.count)} experts "
    same = "" if loop.kind == "copies" else "the same "
    return f"{to_text(loop.count)} times {same}" if loop.in_turn else ""


def _of_weights(model: Any) -> Iterator[str]:
    if is_model(model):
        named = [(w.path, tuple(w.shape), w.trainable) for w in model.weights]
    else:
        learned = {name for name, p in model.named_parameters() if p.requires_grad}
        state = model.state_dict().items()
        named = [(name, tuple(value.shape), name in learned) for name, value in state]
    total = 0
    for name, shape, trainable in named:
        size = 1
        for dim in shape:
            size *= int(dim)
        total += size
        shown = "×".join(map(str, shape)) or "scalar"
        yield f"{name}  {shown}{'' if trainable else '  not trained'}"
    yield f"total  {total} numbers"
