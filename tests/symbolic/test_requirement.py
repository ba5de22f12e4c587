"""Requirements: whether they hold is what holds for every number, copy by copy."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer

from archcalc.symbolic import FloorDiv, Index, RequirementError, symbols
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.requirement import Relation, Requirement, undecided
from archcalc.symbolic.sums import Copies

h, k, L, n = symbols("h k L n")
i, j = Index("i"), Index("j")

AT_LEAST, EQUAL, MULTIPLE = Relation.AT_LEAST, Relation.EQUAL, Relation.MULTIPLE_OF


def asks(left: Any, relation: Relation, right: Any, **more: Any) -> Requirement:
    return Requirement(left, relation, right, "{k} is wrong", code="wrong", **more)


def true(relation: Relation, left: int, right: int) -> bool:
    if relation is AT_LEAST:
        return left >= right
    return left == right if relation is EQUAL else left % right == 0


RELATIONS = st.sampled_from(list(Relation))
SIDES = st.sampled_from(
    [h, k, 2 * h, 6 * k, h + 3, h * k, FloorDiv(h, 2) + 1, h + k]
) | st.integers(1, 12)


@given(left=SIDES, relation=RELATIONS, right=SIDES)
def test_whether_it_holds_is_so_at_every_number(left, relation, right) -> None:
    holds = asks(left, relation, right).holds()
    for numbers in product(range(1, 8), repeat=2):
        point = dict(zip((h, k), numbers, strict=True))
        there = true(relation, int(evaluate(left, point)), int(evaluate(right, point)))
        assert holds in (None, there)
        assert asks(left, relation, right).at(point).holds() is there


TERMS = st.sampled_from([i, j, i + 1, 2 * i + j, i * j + 1, 3 - i, h + i, FloorDiv(h, 2**i)])


@given(
    left=TERMS, right=TERMS | st.integers(1, 4),
    counts=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    number=st.integers(1, 9), relation=st.sampled_from([AT_LEAST, EQUAL]),
)  # fmt: skip
def test_of_every_copy_by_itself(left, right, counts, number, relation) -> None:
    each = [Copies(i, counts[0]), Copies(j, counts[1])]
    asked = asks(left, relation, right, details=(("k", 1),)).of_each(each)
    ranges = [range(c) for c, index in zip(counts, (i, j), strict=True) if asked._free & {index}]
    assert asked.counted
    everywhere = list(product(*ranges))
    assert len(list(asked.copies())) == len(everywhere)
    indices = [copies.index for copies in asked.each]
    every = []
    for point in everywhere:
        known = {h: number, **dict(zip(indices, point, strict=True))}
        every.append(true(relation, int(evaluate(left, known)), int(evaluate(right, known))))
    assert asked.at({h: number}).holds() is all(every)
    holds = asked.holds()
    assert holds in (None, all(every))
    assert h not in asked.symbols or asked.symbols == {h}
    if not all(every):
        error = asked.at({h: number}).error()
        assert isinstance(error, RequirementError)


def test_of_copies_that_are_not_counted() -> None:
    each = Copies(i, L)
    assert asks(h + i, AT_LEAST, 1).of_each([each]).holds() is True
    assert asks(-1 - i, AT_LEAST, 0).of_each([each]).holds() is False
    # with no copy nothing is asked
    none = Copies(i, L - 1)
    assert asks(-1 - i, AT_LEAST, 0).of_each([none]).holds() is None
    assert asks(-1 - i, AT_LEAST, 0).of_each([none]).at({L: 1}).holds() is True
    assert asks(-1 - i, AT_LEAST, 0).of_each([none]).at({L: 2}).holds() is False
    assert asks(h + i, AT_LEAST, 1).of_each([none]).holds() is True
    assert asks(h, AT_LEAST, i).of_each([each]).holds() is None
    assert asks(h, AT_LEAST, i).of_each([each]).symbols == {h, L}
    assert not asks(h, AT_LEAST, i).of_each([each]).counted
    two = asks(h + i * j, AT_LEAST, 0).of_each([Copies(i, 2), Copies(j, L)])
    assert not two.counted
    assert two.at({L: 3}).counted


def test_many_copies_are_asked_as_one() -> None:
    most = asks(i, AT_LEAST, 0).of_each([Copies(i, 4_096)])
    assert most.counted
    assert not asks(i, AT_LEAST, 0).of_each([Copies(i, 4_097)]).counted
    assert asks(i + j, AT_LEAST, 0).of_each([Copies(i, 64), Copies(j, 64)]).counted
    assert not asks(i + j, AT_LEAST, 0).of_each([Copies(i, 64), Copies(j, 65)]).counted
    assert asks(i, AT_LEAST, 0).of_each([Copies(i, 10**9)]).holds() is True
    assert asks(-i, AT_LEAST, 1).of_each([Copies(i, 10**9)]).holds() is False


def test_only_copies_it_depends_on_are_kept() -> None:
    asked = asks(h, AT_LEAST, i + 1).of_each([Copies(i, 3), Copies(j, L)])
    assert [copies.index for copies in asked.each] == [i]
    assert asked.key == (h, AT_LEAST, i + 1, (Copies(i, 3),))
    assert asked.symbols == {h}
    assert asks(3, AT_LEAST, 2).symbols == frozenset()


def test_values_reach_every_part() -> None:
    asked = asks(h, AT_LEAST, k + i, details=(("k", k + 2), ("n", 5))).of_each([Copies(i, L)])
    there = asked.at({k: 3, L: 2, h: n})
    assert (there.left, there.right) == (n, i + 3)
    assert there.details == (("k", 5), ("n", 5))
    assert there.each == (Copies(i, 2),)
    assert type(there.details[0][1]) is int
    assert type(asked.at({h: 4}).left) is int
    assert asked.under("a/b").path == "a/b"
    assert asked.under("a/b").left is h


def test_the_error_names_the_first_copy_that_is_wrong() -> None:
    asked = asks(3, AT_LEAST, i, details=(("k", 10 * i),), path="conv", hint="less")
    error = asked.of_each([Copies(i, 9)]).error()
    assert str(error) == "conv: 40 is wrong; less [wrong]"
    assert error.values == {"k": 40}
    assert str(asks(3, EQUAL, k, details=(("k", k),)).error()) == "k is wrong [wrong]"
    unknown = asked.of_each([Copies(i, L)])
    assert str(unknown.error()) == "conv: 10·i is wrong; less [wrong]"
    fine = asked.of_each([Copies(i, 2)])
    assert fine.holds() is True
    assert str(fine.error()).startswith("conv: 10·i is wrong")


def test_what_is_undecided_is_kept_in_order() -> None:
    one, two = asks(h, AT_LEAST, 3), asks(h, EQUAL, k)
    kept = undecided([one, asks(h, AT_LEAST, 1), two, asks(4, MULTIPLE, 2)])
    assert kept == (one, two)
    with pytest.raises(RequirementError, match="7 is wrong"):
        undecided([one, asks(2, AT_LEAST, 3, details=(("k", 7),))])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (asks(28, AT_LEAST, k), "k ≤ 28"),
        (asks(28, AT_LEAST, k + 1), "k ≤ 27"),
        (asks(h, AT_LEAST, 7), "h ≥ 7"),
        (asks(h + 2, AT_LEAST, 7), "h ≥ 5"),
        (asks(h, AT_LEAST, k), "h ≥ k"),
        (asks(28, AT_LEAST, 2 * k), "k ≤ 14"),
        (asks(28, AT_LEAST, h + k), "h + k ≤ 28"),
        (asks(2 * h, AT_LEAST, 7), "h ≥ 4"),
        (asks(h, EQUAL, 7), "h = 7"),
        (asks(7, EQUAL, k), "7 = k"),
        (asks(h, MULTIPLE, 32), "h is a multiple of 32"),
        (asks(h, AT_LEAST, i).of_each([Copies(i, L + 1)]), "h ≥ i for each i < L + 1"),
        (asks(h, AT_LEAST, i + j).of_each([Copies(i, 3), Copies(j, L)]),
         "h ≥ i + j for each i < 3, j < L"),
        (asks(28, AT_LEAST, k, path="conv"), "k ≤ 28 (conv)"),
    ],
    ids=str,
)  # fmt: skip
def test_what_it_says(asked, said: str) -> None:
    assert str(asked) == said
    assert asked.statement() == said.removesuffix(" (conv)")


def test_copies_take_numbers_for_their_count() -> None:
    copies = Copies(i, 2 * L)
    assert copies.at({L: Integer(3)}) == Copies(i, 6)
    assert type(copies.at({L: Integer(3)}).count) is int
    assert copies.at({L: n}).count == 2 * n
    assert Copies(i, 4).at({L: Integer(3)}) == Copies(i, 4)
