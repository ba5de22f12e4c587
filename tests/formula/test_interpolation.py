"""The polynomial behind a function that counts."""

from __future__ import annotations

import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.formula.grid import GridAxis
from tests.sampling import examples

NAMES = ("a", "b", "c")


@st.composite
def polynomials(draw):
    """Degrees, and the coefficient of every power within them."""
    degrees = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3), max_size=3))
    powers = [()]
    for degree in degrees.values():
        powers = [(*before, n) for before in powers for n in range(degree + 1)]
    return degrees, {p: draw(st.integers(-9, 9)) for p in powers}


def value(coefficients, point):
    total = 0
    for powers, coefficient in coefficients.items():
        term = coefficient
        for x, power in zip(point.values(), powers, strict=True):
            term *= x**power
        total += term
    return total


@examples(2)
@given(polynomials(), st.data())
def test_every_polynomial_is_found(drawn, data):
    degrees, coefficients = drawn
    start = data.draw(st.integers(1, 5))
    step = {name: data.draw(st.integers(1, 4)) for name in degrees}
    calls = []

    def count(**point):
        calls.append(point)
        return value(coefficients, point)

    P = ac.interpolate_formula(count, degrees, start=start, step=step)
    for _ in range(5):
        point = {name: data.draw(st.integers(1, 10**6)) for name in degrees}
        here = {n: v for n, v in point.items() if n in P.known_symbols}
        assert P(**here) == value(coefficients, point)
    used, confirmed = P.certificate.used, P.certificate.confirmed
    assert [p for p, _ in (*used, *confirmed)] == calls  # each once, and none besides
    size = 1
    for degree in degrees.values():
        size *= degree + 1
    assert len(used) == size
    assert len(confirmed) >= len(degrees)


@examples(2)
@given(st.data())
def test_what_is_rounded_is_found_in_residue_classes(data):
    p = data.draw(st.integers(1, 9))
    q = data.draw(st.sampled_from([n for n in range(1, 10) if p % n == 0]))
    shift, other = data.draw(st.integers(0, p)), data.draw(st.integers(0, p))
    k = data.draw(st.integers(-5, 5))

    def count(c, d):
        return ((c + shift) // p * p + k) * (c + d) + d * ((c + other) // q)

    P = ac.interpolate_formula(count, {"c": 2, "d": 1}, period={"c": p})
    for _ in range(10):
        c, d = data.draw(st.integers(1, 10**6)), data.draw(st.integers(1, 10**6))
        at = {"c": c, "d": d}
        assert P(**{n: v for n, v in at.items() if n in P.known_symbols}) == count(c, d)


def test_roundings_read_as_people_write_them():
    def found(count, degree=1, **how):
        return str(ac.interpolate_formula(count, {"c": degree}, **how))

    assert found(lambda c: c // 8, period={"c": 8}) == "⌊c/8⌋"
    assert found(lambda c: -(-c // 16) * c, 2, period={"c": 16}) == "⌈c/16⌉·c"
    assert found(lambda c: c + c // 2, period={"c": 2}) == "c + ⌊c/2⌋"
    assert found(lambda c: c * c // 4, 2, step=4) == "c²/4"


def test_it_is_a_formula_at_the_prompt():
    P = ac.interpolate_formula(lambda L, d: L * (12 * d * d + 13 * d) + 2 * d, {"L": 1, "d": 2})
    assert isinstance(P, ac.Formula)
    assert str(P) == f"{P}" == "L·(12·d² + 13·d) + 2·d"
    assert repr(P).startswith("L·(12·d² + 13·d) + 2·d  (exact at 6 points, confirmed at ")
    assert ac.Formula("L*(12*d**2 + 13*d) + 2*d") == P
    assert P.solve("L", at_most=10**8, d=768) == 14
    assert type(P.expand()) is ac.Formula
    again = pickle.loads(pickle.dumps(P))
    assert (again, again.certificate) == (P, P.certificate)
    text = str(P.certificate)
    assert "degrees    L to 1, d to 2" in text
    assert "used       L = 1, d = 1: 27" in text


@pytest.mark.parametrize(
    ("count", "degrees", "symbol", "hint"),
    [
        (lambda a, b: a * b**3, {"a": 1, "b": 2}, "b", "degree 3 fits"),
        (lambda a, b: a**5 + b, {"a": 3, "b": 1}, "a", "degree 5 fits"),
        (lambda a, b: a * b, {"a": 1, "b": 0}, "b", "degree 1 fits"),
        (lambda a, b: b // 2 + a, {"a": 1, "b": 1}, "b", "is b rounded?"),
        (lambda a, b: (a + 15) // 16 * b, {"a": 1, "b": 1}, "a", "is a rounded?"),
        (lambda a, b: 2**a * b, {"a": 3, "b": 1}, "a", "is a rounded?"),
    ],
)
def test_too_low_a_degree_names_the_symbol_and_the_residual(count, degrees, symbol, hint):
    with pytest.raises(ac.errors.NoSolutionError) as caught:
        ac.interpolate_formula(count, degrees)
    error = caught.value
    assert (error.code, error.values["symbol"]) == ("degree-too-low", symbol)
    assert hint in error.hint
    at = error.values["at"]
    assert error.values["residual"] == count(**at) - error.values["expected"] != 0


def test_what_holds_along_each_symbol_and_not_in_all_is_seen():
    with pytest.raises(ac.errors.NoSolutionError) as caught:
        ac.interpolate_formula(lambda a, b: a * b + (a > 3) * (b > 3), {"a": 1, "b": 1})
    assert caught.value.code == "not-a-polynomial"


def test_points_of_ones_own_are_looked_at_too():
    def count(c):
        return max(c, 100)

    P = ac.interpolate_formula(count, {"c": 0}, confirm=[{"c": 99}])
    assert P() == 100
    assert P.certificate.confirmed[-1] == ({"c": 99}, 100)
    with pytest.raises(ac.errors.NoSolutionError, match="at c = 101, and 101 is counted"):
        ac.interpolate_formula(count, {"c": 0}, confirm=[{"c": 101}])


def test_a_count_that_is_valid_from_somewhere_on():
    def count(k, f):
        if k < 3 or k % 2 == 0:
            raise ValueError("the kernel is odd")
        return k * k * f

    P = ac.interpolate_formula(count, {"k": 2, "f": 1}, start={"k": 3}, step={"k": 2})
    assert ac.Formula("k**2*f") == P
    with pytest.raises(ValueError, match="the kernel is odd"):
        ac.interpolate_formula(count, {"k": 2, "f": 1})


@pytest.mark.parametrize(
    ("degrees", "how", "kind", "code"),
    [
        ({"a": -1}, {}, ac.errors.SpecificationError, "not-a-number"),
        ({"a": 1.5}, {}, ac.errors.SpecificationError, "not-a-number"),
        ("ab", {}, ac.errors.SpecificationError, "not-a-mapping"),
        ({"a b": 1}, {}, ac.errors.DimensionError, "bad-symbol-name"),
        ({"a": 1}, {"period": {"b": 2}}, ac.errors.UnknownSymbolError, "unknown-symbol"),
        ({"a": 1}, {"confirm": [{"b": 2}]}, ac.errors.SpecificationError, "not-a-point"),
        ({"a": 1}, {"confirm": [{"a": 0}]}, ac.errors.SpecificationError, "not-a-number"),
        ({"a": 1}, {"step": 0}, ac.errors.SpecificationError, "not-a-number"),
        ({"a": 30_000}, {}, ac.errors.EvaluationError, "too-many-points"),
        ({"a": 1}, {"count": lambda a: a / 2}, ac.errors.EvaluationError, "not-whole"),
        ({"a": 1}, {"count": lambda a: "5"}, ac.errors.EvaluationError, "not-whole"),
    ],
)
def test_what_is_no_question_is_refused(degrees, how, kind, code):
    count = how.pop("count", lambda a: a)
    with pytest.raises(kind) as caught:
        ac.interpolate_formula(count, degrees, **how)
    assert caught.value.code == code


def test_what_counts_may_be_a_formula_of_numbers():
    def count(c):
        return ac.Sequential([ac.Conv2D(c, 3), ac.Dense(c)], input_shape=(8, 8, 3)).parameters

    assert ac.Formula("c**2 + 29*c") == ac.interpolate_formula(count, {"c": 2})


def test_values_of_an_axis_meet_every_residue_once():
    axis = GridAxis("c", 2, 3, 4, 6)
    values = [axis.value(r, j) for r in range(axis.classes) for j in range(3)]
    assert sorted(values) == [axis.place(n) for n in range(axis.size)]
    assert {v % 6 for v in values} == {(3 + 4 * n) % 6 for n in range(3)}
    assert all(len({axis.value(r, j) % 6 for j in range(3)}) == 1 for r in range(axis.classes))


def test_fractions_that_give_whole_numbers():
    P = ac.interpolate_formula(lambda n: n * (n + 1) // 2, {"n": 2})
    assert P(n=10**9) == 10**9 * (10**9 + 1) // 2
    assert P.expr.coeff(ac.symbol("n"), 2) == Fraction(1, 2)


@pytest.mark.parametrize("count", [None, 3, "d**2"])
def test_what_is_no_function_is_refused(count):
    with pytest.raises(ac.errors.SpecificationError, match="is no function"):
        ac.interpolate_formula(count, {"d": 1})
