"""What a dimension is after some copies, against making the copies one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Expr, Integer, Max, Symbol

from archcalc.symbolic import CeilDiv, FloorDiv, Index, symbols
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.recurrence import after_copies, back_from

b, c, g, h, x, y, z, L = symbols("b c g h x y z L")
i = Index("i")
OTHERS = {b: 3, c: 5, g: 2, h: 1000}


def made(
    steps: Mapping[Symbol, Expr], starts: Mapping[Symbol, Expr], copies: int
) -> dict[Symbol, Any]:
    """Every symbol after so many copies, one made after the other in Python's numbers."""
    now = {name: evaluate(start, OTHERS) for name, start in starts.items()}
    for copy in range(copies):
        numbers = {**OTHERS, **now, i: copy}
        now = {name: evaluate(step, numbers) for name, step in steps.items()}
    return now


def assert_is_what_is_made(steps: Mapping[Symbol, Expr], starts: Mapping[Symbol, Expr]) -> None:
    found = after_copies(steps, starts, i)
    assert found is not None
    for copies in range(6):
        there = {name: evaluate(e, {**OTHERS, i: copies}) for name, e in found.items()}
        assert there == made(steps, starts, copies)


_FACTORS = st.integers(1, 4).map(Integer) | st.sampled_from([g, c])
_AMOUNTS = st.integers(-3, 9).map(Integer) | st.sampled_from(
    [g, 2 * c + 1, i, g * i**2 + 1, 2**i, 3 * g * 2**i - i, FloorDiv(h, 2**i)]
)


@given(m=_FACTORS, added=_AMOUNTS, start=st.sampled_from([h, Integer(7), 2 * c + 1]))
def test_what_is_multiplied_and_added_to(m, added, start) -> None:
    assert_is_what_is_made({x: m * x + added}, {x: start})


@given(
    st.integers(2, 5), st.integers(-5, 5), st.integers(-3, 3), st.sampled_from([h, Integer(999)])
)
def test_what_is_divided(q: int, a: int, more: int, start) -> None:
    assert_is_what_is_made({x: FloorDiv(x + a, q) + more}, {x: start})


@pytest.mark.parametrize(
    ("steps", "starts"),
    [
        ({x: CeilDiv(x, 2)}, {x: h}),
        ({x: FloorDiv(x - 1, b) + 1}, {x: h}),
        ({x: FloorDiv(x, b)}, {x: h + c}),
        ({x: FloorDiv(x + g * (b - 1), b)}, {x: h}),
        ({x: c * 2 ** (i + 1)}, {x: c}),
        ({x: c + g * (i + 1)}, {x: c}),
        ({x: h}, {x: h}),
        ({x: x + g, y: y + 2 * x}, {x: c, y: h}),
        ({y: 2 * y + x, x: 3 * x}, {x: c, y: h}),
        ({z: z + y, y: y + x, x: x + 1}, {x: c, y: h, z: g}),
        ({x: 2 * (x + 1) + (x + 1) * 3}, {x: c}),
    ],
    ids=str,
)
def test_known_steps(steps, starts) -> None:
    assert_is_what_is_made(steps, starts)


@pytest.mark.parametrize(
    ("steps", "starts"),
    [
        ({x: x**2}, {x: h}),
        ({x: x * i}, {x: h}),
        ({x: x * (i + 1) + 1}, {x: h}),
        ({x: y, y: x}, {x: c, y: h}),
        ({x: Max(x, 3)}, {x: h}),
        ({x: FloorDiv(x, 2) + x}, {x: h}),
        ({x: FloorDiv(x + i, 2)}, {x: h}),
        ({x: FloorDiv(x, i + 2)}, {x: h}),
        ({x: FloorDiv(x + 1, b)}, {x: h}),
        ({x: FloorDiv(2 * x, 3)}, {x: h}),
        ({x: c * 2**i}, {x: c}),
        ({x: h}, {x: c}),
    ],
    ids=str,
)
def test_where_no_rule_says(steps, starts) -> None:
    assert after_copies(steps, starts, i) is None


# --- Backwards ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "last"),
    [
        (c * 2**i, c * 2**L),
        (c + g * i, c + g * L),
        (h + 0 * i, h),
        (x + g, h),
        (x + 2 * c + 1, h),
        (x, h),
        (2 * x + 1 - x, h),
    ],
    ids=str,
)
def test_backwards(step, last) -> None:
    found = back_from(step, x, last, i, L)
    assert found is not None
    for count in range(1, 6):
        now = evaluate(last, {**OTHERS, L: count})
        for copy in reversed(range(count)):
            numbers = {**OTHERS, L: count, i: copy}
            assert evaluate(found, numbers) == now
            now = evaluate(step, {**numbers, x: now})


@pytest.mark.parametrize(
    ("step", "last"), [(c * 2**i, c), (2 * x, h), (x + i, h), (x**2, h), (x * c, h)], ids=str
)
def test_backwards_where_no_rule_says(step, last) -> None:
    assert back_from(step, x, last, i, L) is None
