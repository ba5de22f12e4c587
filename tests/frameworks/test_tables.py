"""What the tables promise beside the layers: order of axes both ways, and no framework imported."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archcalc.frameworks.axis_order import arranged, to_ours, to_theirs
from archcalc.frameworks.record import Entry, Tensor
from archcalc.frameworks.records import TORCH

_ORDERED = {
    tensor.order: tensor
    for entry in TORCH.values()
    if isinstance(entry, Entry)
    for tensor in entry.tensors
    if tensor.order
}


@pytest.mark.parametrize("tensor", _ORDERED.values(), ids=_ORDERED)
@given(sizes=st.lists(st.integers(1, 4), min_size=5, max_size=5), rank=st.integers(0, 2))
def test_an_order_of_axes_is_read_both_ways(tensor: Tensor, sizes: list[int], rank: int) -> None:
    letters = tensor.order.partition("->")[2].split()
    place = letters.index("*") if "*" in letters else None
    if place is not None:
        letters[place : place + 1] = ["*"] * rank
    ours = tuple(sizes[: len(letters)])
    theirs = to_theirs(tensor.order, ours)
    known = {tensor.split[0]: ours[letters.index(tensor.split[0])]} if tensor.split else {}
    assert to_ours(tensor.order, theirs, **known) == ours
    values = np.arange(np.prod(ours)).reshape(ours)
    moved = arranged(tensor.order, values)
    assert moved.shape == theirs
    assert sorted(moved.ravel()) == sorted(values.ravel())


def _imported(statement: str) -> set[str]:
    """Which frameworks a fresh interpreter has loaded after `statement`."""
    script = f"import sys; {statement}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stdout.split()) & {"torch", "keras", "tensorflow", "jax"}


def test_the_tables_import_no_framework() -> None:
    assert _imported("import archcalc.frameworks, archcalc.testing") == set()


def test_that_test_can_fail() -> None:
    assert _imported("import archcalc.frameworks.torch_modules.core") == {"torch"}
