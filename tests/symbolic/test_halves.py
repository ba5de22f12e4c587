"""Numbers without their halves against Python's integers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sympy import sympify

from archcalc.symbolic import symbols
from archcalc.symbolic.dims import lower
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.halves import with_halves_up
from archcalc.symbolic.substitution import substitute

H = symbols("h")
SMALL = st.integers(-9, 9)


@given(
    st.integers(1, 6), st.integers(1, 5), SMALL, SMALL, st.lists(SMALL, min_size=3, max_size=3),
    st.lists(st.integers(1, 300), min_size=5, max_size=5),
)  # fmt: skip
def test_it_is_the_same_number(
    p: int, a: int, k: int, j: int, times: list[int], values: list[int]
) -> None:
    x = a * H + k
    parts = [floor_div(lower(x), p), floor_div(lower(x + j * p), 2 * p), H]
    whole = lower(sum(sympify(t) * sympify(part) for t, part in zip(times, parts, strict=True)))
    made = with_halves_up(whole)
    for h in values:
        n = a * h + k
        expected = times[0] * (n // p) + times[1] * ((n + j * p) // (2 * p)) + times[2] * h
        assert _at(whole, h) == _at(made, h) == expected


def _at(value: object, h: int) -> int:
    return value if isinstance(value, int) else int(substitute(value, {H: h}))  # type: ignore[arg-type]


@given(st.integers(1, 64), st.integers(2, 16), st.integers(1, 2000))
def test_padding_to_a_multiple_after_halving(p: int, m: int, h: int) -> None:
    """What Swin computes: a size, even by padding, halved, then padded to whole windows."""
    size = floor_div(H, p)
    even = with_halves_up(lower(2 * sympify(size) - 2 * sympify(floor_div(size, 2))))
    n = h // p
    assert _at(even, h) == n + n % 2
    half = floor_div(even, 2)
    assert str(half).count("//") == 1
    windows = -sympify(floor_div(lower(-sympify(half)), m))
    assert _at(lower(windows), h) == -(-((n + n % 2) // 2) // m)
