"""Golden architectures: what a model was is written down, and a change of it is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import unified_diff
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

from archcalc._files import names_attribute
from archcalc.costs import Macs, Parameters
from archcalc.costs.loops import Loop
from archcalc.formula import Formula
from archcalc.frameworks.opening import is_keras
from archcalc.network import Trace
from archcalc.network.naming import snake_case
from archcalc.symbolic.printing import to_text
from archcalc.testing.available import catalogue
from archcalc.testing.hiding import assertions
from archcalc.testing.measured import is_bare, trace_of

__all__ = ["SnapshotError", "assert_snapshot", "described", "file_name"]

__tracebackhide__ = assertions


class SnapshotError(AssertionError):
    """An architecture is not what was written down, or nothing was."""


def assert_snapshot(
    model: Any, file: str | Path, *, update: bool = False, input_shape: Any = None
) -> None:
    """That an architecture is what a file says.

    Args:
        model: a network, a trace, the path of a file that `load` reads, ``"module:attribute"``, a
            Keras model, or a torch module, of which the weights alone are written down where no
            input shape is given.
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
    bare = is_bare(model, input_shape)
    lines = _of_weights(model) if bare else _of_trace(trace_of(model, input_shape))
    text = "\n".join(lines) + "\n"
    made = is_keras(model) or (isinstance(model, str) and names_attribute(model))
    return _numbered_anew(text) if made else text


_NAMES = re.compile(r"^\S+|(?<=name=')[^']+", re.MULTILINE)


@lru_cache(maxsize=1)
def _numbered() -> re.Pattern[str]:
    """What Keras makes names of; operations that are no layers are called by functions' names."""
    classes = sorted({snake_case(cls.__name__) for cls in catalogue()})
    made_of = "|".join(("functional", "sequential", *classes))
    return re.compile(rf"(?<![^/])({made_of})(_[0-9]+)?(?![^/])")


def _numbered_anew(text: str) -> str:
    """The names that Keras makes up, which go on from those of models before it, from the start."""
    known: dict[str, str] = {}
    counts: Counter[str] = Counter()

    def anew(found: re.Match[str]) -> str:
        name, base = found[0], found[1]
        if name not in known:
            known[name] = f"{base}_{counts[base]}" if counts[base] else base
            counts[base] += 1
        return known[name]

    numbered = _numbered()
    return _NAMES.sub(lambda found: numbered.sub(anew, found[0]), text)


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
    learned = {name for name, p in model.named_parameters() if p.requires_grad}
    state = model.state_dict().items()
    named = [(name, tuple(value.shape), name in learned) for name, value in state]
    total = 0
    for name, shape, trainable in named:
        total += prod(shape)
        shown = "×".join(map(str, shape)) or "scalar"
        yield f"{name}  {shown}{'' if trainable else '  not trained'}"
    yield f"total  {total} numbers"
