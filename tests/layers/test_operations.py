"""Operations against torch's functions: with numbers, and with symbols first and numbers later."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sympy import Expr

import archcalc as ac
from archcalc.layers import Applied, Layer
from archcalc.symbolic.errors import ArchcalcError, RequirementError
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, as_shape


def _at(shapes: tuple[Shape, ...], values: dict[str, int]) -> list[tuple[int, ...]]:
    named = {ac.symbol(name): value for name, value in values.items()}
    return [tuple(evaluate(d, named) if isinstance(d, Expr) else d for d in x) for x in shapes]


def _all_hold(needs: tuple[Requirement, ...], values: dict[str, int]) -> bool:
    named = {ac.symbol(name): value for name, value in values.items()}
    return all(needed.at(named).holds() for needed in needs)


def _shapes(result: Any) -> list[tuple[int, ...]]:
    every = result if isinstance(result, tuple) else (result,)
    return [tuple(value.shape[1:]) for value in every]


_N = st.integers(1, 12)
_POSITIONS = st.integers(-14, 14)


@given(n=_N, start=_POSITIONS, stop=st.none() | _POSITIONS, step=st.integers(1, 4))
def test_a_slice_is_pythons_or_is_refused_where_nothing_is_left(
    n: int, start: int, stop: int | None, step: int
) -> None:
    left = len(range(n)[start:stop:step])
    layer = ac.Slice(1, start, stop, step)
    assert tuple(torch.zeros(2, n)[:, start:stop:step].shape) == (2, left)
    try:
        symbolic = Applied(layer, (Shape((ac.symbol("n"), 3)),))
    except RequirementError:  # nothing is left, however long the axis is
        assert left == 0
    else:
        holds = _all_hold(symbolic.requirements, {"n": n})
        assert holds is (left > 0)
        if holds:
            assert _at(symbolic.outputs, {"n": n}) == [(left, 3)]
    if left:
        assert Applied(layer, (Shape((n, 3)),)).output == (left, 3)
    else:
        with pytest.raises(RequirementError):
            Applied(layer, (Shape((n, 3)),))


_ENDS = st.sampled_from(["i", "j - i", "-i", "n - i", "2*i", "-j", "n//2", "j"])


@given(start=_ENDS | st.just(0), stop=st.none() | _ENDS, step=st.just("s") | st.just(1),
       values=st.fixed_dictionaries({name: st.integers(1, 9) for name in "nijs"}))  # fmt: skip
def test_a_slice_by_formulas_is_pythons_at_the_numbers(
    start: Any, stop: Any, step: Any, values: dict[str, int]
) -> None:
    layer = ac.Slice(1, start, stop, step)
    try:
        applied = Applied(layer, (as_shape(["n", 3]),))
    except RequirementError:
        return
    if not _all_hold(applied.requirements, values):
        return
    known = {"__builtins__": {}}
    first, last, by = (
        d if d is None else eval(str(d), known, dict(values)) for d in (start, stop, step)
    )
    left = len(range(values["n"])[first:last:by])
    assert _at(applied.outputs, values) == [(left, 3)]


@given(n=_N, index=_POSITIONS)
def test_a_position_is_there_or_refused(n: int, index: int) -> None:
    there = -n <= index < n
    symbolic = Applied(ac.Select(1, index), (as_shape(["n", 3]),))
    assert symbolic.output == (3,)
    assert _all_hold(symbolic.requirements, {"n": n}) is there
    if there:
        assert _shapes(torch.zeros(2, n, 3).select(1, index)) == [(3,)]
    else:
        with pytest.raises(RequirementError):
            Applied(ac.Select(1, index), (Shape((n, 3)),))


@given(n=st.integers(1, 24), sections=st.integers(1, 6))
def test_equal_sections_fill_their_axis(n: int, sections: int) -> None:
    symbolic = Applied(ac.Split(sections), (as_shape([4, "n"]),))
    assert len(symbolic.outputs) == sections
    divides = n % sections == 0
    assert _all_hold(symbolic.requirements, {"n": n}) is divides
    if divides:
        parts = torch.zeros(2, 4, n).split(n // sections, -1)
        assert _at(symbolic.outputs, {"n": n}) == _shapes(parts)
    else:
        with pytest.raises(RequirementError, match=f"{sections} equal sections"):
            Applied(ac.Split(sections), (Shape((4, n)),))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_sections_by_size(sizes: list[int]) -> None:
    names = [f"a{i}" for i in range(len(sizes))]
    values = {"n": sum(sizes), **dict(zip(names, sizes, strict=True))}
    symbolic = Applied(ac.Split(names, 1), (as_shape(["n", 2]),))
    assert _all_hold(symbolic.requirements, values)
    assert not _all_hold(symbolic.requirements, {**values, "n": sum(sizes) + 1})
    parts = torch.zeros(2, sum(sizes), 2).split(sizes, 1)
    assert _at(symbolic.outputs, values) == _shapes(parts)


def test_queries_keys_and_values_of_one_projection() -> None:
    x = ac.Input(("t", "d"))
    q, k, v = ac.Split(3)(ac.Dense("3*d", use_bias=False)(x))
    assert (q.shape, k.shape, v.shape) == (x.shape,) * 3
    net = ac.Model(x, ac.Concatenate()([q, k, v]))
    assert str(net.trace().parameters) == "3·d²"
    assert net.trace().requirements == ()


def test_one_size_in_a_list_is_no_count() -> None:
    for layer in (ac.Split([5]), ac.Split(5), ac.Split([4, 4])):
        assert eval(repr(layer), vars(ac)) == layer
    assert ac.Split([5]).output_shapes(Shape((5,))) == ((5,),)
    assert ac.Split([5]) != ac.Split(5)
    with pytest.raises(ArchcalcError, match="how many there are"):
        ac.Split("n")


def test_a_network_of_operations_gives_torchs_numbers() -> None:
    """Flip, roll and slice by values, where shapes would not notice."""
    x = ac.Input((6, 4))
    first, second = ac.Split([1, 3])(ac.Roll(2, axis=1)(ac.Flip(1)(x)))
    net = ac.Model(x, [first, ac.Slice(1, 1, -1, 2)(second), ac.Select(1, -2)(x)])
    given_values = torch.arange(48.0).reshape(2, 6, 4)
    moved = given_values.flip(1).roll(2, 1)
    wanted = moved[..., :1], moved[:, 1:-1:2, 1:], given_values[:, -2]
    for got, value in zip(net.to_torch()(given_values), wanted, strict=True):
        assert torch.equal(got, value)


@pytest.mark.parametrize(
    ("layer", "shape", "code"),
    [
        (ac.Slice(0, 1), (4, 4), "no-such-axis"),
        (ac.Select(3, 0), (4, 4), "no-such-axis"),
        (ac.Unbind(3), (4, 4), "lengths-differ"),
        (ac.Squeeze(1), (4, 4), "lengths-differ"),
        (ac.Expand(-1, 3), (4, 4), "lengths-differ"),
        (ac.Flip([1, -2]), (4, 4), "no-such-axis"),
        (ac.Split([1, 2]), (4, 4), "lengths-differ"),
        (ac.Roll(1, 3), (4, 4), "no-such-axis"),
        (ac.ExpandDims(4), (4, 4), "no-such-axis"),
    ],
)
def test_what_does_not_fit_is_refused(layer: Layer, shape: tuple[int, ...], code: str) -> None:
    with pytest.raises(ArchcalcError) as error:
        Applied(layer, (Shape(shape),))
    assert error.value.code == code


def test_a_slice_moves_the_field_and_a_selected_position_is_seen_alone() -> None:
    trace = ac.Sequential(
        [ac.Conv1D(1, 3), ac.Slice(1, 2, None, 2), ac.Select(1, 1)], input_shape=(12, 1)
    ).trace()
    (field,) = trace.receptive_field
    assert (field.size, field.offset, field.along) == (3, 4, None)
