"""A hyperparameter that is a formula is a dimension like a number: it is refused where it is not.

What is asked of a network with derived widths is held against the networks of numbers that are
built by writing the numbers down, with Python's own arithmetic.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any, TypeAlias

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.torch import nn
from tests.sampling import examples, slow

MANY = examples(1, nightly=1_000, least=60)

# --- Random networks -----------------------------------------------------------------------------

Said: TypeAlias = int | str
Read: TypeAlias = Callable[[Said], Any]
"""How a hyperparameter is passed on: as it is written, or as the number that Python makes of it."""

RANGES = {"c": [1, 4, 16, 33], "d": range(1, 14), "k": range(1, 5)}
_SYMBOL = st.sampled_from(["c", "d", "k"])


def _form(template: str, numbers: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    return st.builds(template.format, _SYMBOL, numbers)


_WIDTHS: st.SearchStrategy[Said] = st.one_of(
    st.integers(1, 6),
    _SYMBOL,
    _form("{} - {}", st.integers(1, 10)),
    _form("{}//{}", st.sampled_from([2, 3, 8, 16])),
    _form("2*{} - {}", st.integers(1, 9)),
    _form("3*({}//{}) - 1", st.integers(2, 5)),
    _form("{1} - {0}", st.integers(3, 12)),
    _form("(5*{} - 4)//{}", st.integers(2, 9)),
    _form("{}**2 - {}", st.integers(1, 40)),
    st.sampled_from(["d - c", "c//k", "c - d//2", "d - 2*k"]),
)
_WINDOWS: st.SearchStrategy[Said] = st.sampled_from([1, 2, "k", "2*k - 3", "k - 1", "4 - k"])
_AMOUNTS: st.SearchStrategy[Said] = st.sampled_from([0, 1, "k", "k - 1", "2*k - 3", "d - 6"])
_COUNTS: st.SearchStrategy[Said] = st.sampled_from([1, 2, "k", "k - 2", "d//4", "3 - k"])

Piece: TypeAlias = Callable[[Read], ac.Layer]
_LEAVES: st.SearchStrategy[Piece] = st.one_of(
    st.builds(lambda w: lambda read: ac.Dense(read(w)), _WIDTHS),
    st.builds(lambda w, k: lambda read: ac.Conv1D(read(w), read(k)), _WIDTHS, _WINDOWS),
    st.builds(lambda w, s: lambda read: ac.Conv1D(read(w), 3, strides=read(s), padding="same"),
              _WIDTHS, _WINDOWS),
    st.builds(lambda p: lambda read: ac.ZeroPadding1D(read(p)), _AMOUNTS),
    st.builds(lambda w: lambda read: ac.LSTM(read(w), return_sequences=True), _WIDTHS),
    st.builds(lambda w: lambda read: ac.RNN(ac.GRUCell(read(w)), return_sequences=True), _WIDTHS),
    st.builds(lambda w: lambda read: ac.TimeDistributed(ac.Dense(read(w))), _WIDTHS),
    st.builds(lambda w: lambda read: ac.SpectralNormalization(ac.Dense(read(w))), _WIDTHS),
    st.builds(lambda w: lambda read: nn.Conv1d(read(w), 4, 1, bias=False), _WIDTHS),
    st.builds(lambda w: lambda read: ac.Dense(4, lora_rank=read(w)), _WIDTHS),
)  # fmt: skip


def _around(inner: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    return st.one_of(
        st.builds(lambda n, w: lambda read: ac.Repeat([ac.Dense(read(w))], read(n)),
                  st.sampled_from([1, 2, "k", "k + 1"]), _WIDTHS),
        st.builds(lambda n, k: lambda read: ac.Repeat(
            [ac.DepthwiseConv1D(read(k), padding="same")], read(n)), _COUNTS, _WINDOWS),
        st.builds(lambda w, part: lambda read: ac.Parallel([ac.Dense(read(w)), part(read)]),
                  _WIDTHS, inner),
        st.builds(lambda part: lambda read: ac.Sequential([part(read)], name="inner"), inner),
    )  # fmt: skip


_PIECES = _LEAVES | _around(_LEAVES)
_INPUTS = st.tuples(st.sampled_from([6, 9, "k + 5", "d - 2"]), st.sampled_from([3, "c", "c - 3"]))


def built(pieces: list[Piece], shape: tuple[Said, Said], read: Read) -> ac.Formula:
    """The parameters of the network that is made by `read`."""
    net = ac.Sequential([piece(read) for piece in pieces])
    return net.trace(tuple(read(dim) for dim in shape)).parameters


def reading(values: dict[str, int]) -> Read:
    """Numbers by Python's own arithmetic."""
    return lambda said: said if isinstance(said, int) else eval(said, {}, dict(values))


def truth(pieces: list[Piece], shape: tuple[Said, Said], values: dict[str, int]) -> int | None:
    """What the network of numbers has; ``None`` where there is none."""
    try:
        return int(built(pieces, shape, reading(values)))
    except ac.ArchcalcError:
        return None


def _with(said: str) -> tuple[list[Piece], tuple[Said, Said]]:
    return [lambda read: ac.Dense(read(said)), lambda read: ac.Dense(3)], (4, 4)


def _padded_beside(amount: str) -> tuple[list[Piece], tuple[Said, Said]]:
    """Branches that are joined, one of them longer: no axis of length 1 is stretched for that."""

    def beside(read: Read) -> ac.Layer:
        return ac.Parallel([ac.Dense(1), ac.ZeroPadding1D(read(amount))])

    return [beside], ("d - 2", 3)


@slow
@MANY
@given(st.lists(_PIECES, min_size=1, max_size=3), _INPUTS)
@example(*_padded_beside("k - 1"))
def test_questions_are_answered_as_by_networks_of_numbers(
    pieces: list[Piece], shape: tuple[Said, Said]
) -> None:
    try:
        P = built(pieces, shape, lambda said: said)
    except ac.ArchcalcError:  # nothing fits whatever the numbers
        points = map(dict, product(*[[(s, n) for n in r] for s, r in RANGES.items()]))
        assert all(truth(pieces, shape, values) is None for values in points)
        return
    asked = frozenset(s for r in P.requirements for s in r.symbols)
    names = sorted(s.name for s in asked.union(P.symbols))
    assume(names)
    ranges = {name: RANGES[name] for name in names}
    points = [dict(zip(names, numbers, strict=True)) for numbers in product(*ranges.values())]
    found = {tuple(v.values()): truth(pieces, shape, {"c": 1, "d": 1, "k": 1, **v}) for v in points}

    for values in points:
        expected = found[tuple(values.values())]
        if expected is None:
            with pytest.raises(ac.ArchcalcError):
                P(**values)
        else:
            assert P(**values) == expected
    there = {place: value for place, value in found.items() if value is not None}
    table = ac.sweep(P, **ranges)
    assert {tuple(int(row[n]) for n in names): int(row["value"]) for row in table} == there
    if not there:
        with pytest.raises(ac.errors.NoSolutionError):
            ac.search(minimize=P, **ranges)
        return
    assert ac.search(minimize=P, **ranges).value == min(there.values())
    assert ac.search(maximize=P, **ranges).value == max(there.values())
    place, value = max(there.items(), key=lambda item: item[1])
    at = dict(zip(names, place, strict=True))
    _solved(P, at, value, lambda values: truth(pieces, shape, values))


def _solved(
    P: ac.Formula,
    at: dict[str, int],
    value: int,
    true: Callable[[dict[str, int]], int | None],
) -> None:
    """Solved for each symbol, the others as they are in a network that has `value`."""
    for name in (s.name for s in P.symbols):
        others = {n: number for n, number in at.items() if n != name}
        every = {"c": 1, "d": 1, "k": 1, **others}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exact = P.solve(name, equals=value, **others)
                most = P.solve(name, at_most=value, **others)
            except ac.errors.NoSolutionError as error:
                if error.code == "not-decided":  # which is said, and no wrong answer
                    continue
                far = true({**every, name: 10_007})  # every number will do, however large
                assert far is not None
                assert far <= value
                continue
        assert true({**every, name: exact}) == value
        reached = true({**every, name: most})
        assert reached is not None
        assert reached <= value
        assert most >= at[name]
        for larger in range(most + 1, most + 30):
            beyond = true({**every, name: larger})
            assert beyond is None or beyond > value


# --- Known cases ---------------------------------------------------------------------------------
S = ac.Sequential


def test_search_and_solve_keep_to_it() -> None:
    """(d + 1)·(d − 8) and 3·(d − 7) from d = 9 on: 10 + 6."""
    P = S([ac.Dense("d - 8"), ac.Dense(3)], input_shape=("d",)).trace().parameters
    assert [str(r) for r in P.requirements] == ["d ≥ 9 (dense)"]
    with pytest.raises(ac.errors.RequirementError) as caught:
        P(d=2)
    assert str(caught.value) == (
        "dense: units = d − 8 must be at least 1, and is −6 with d = 2 [field-too-small]"
    )
    assert ac.search(minimize=P, d=range(1, 100)).best == {"d": 9}
    assert P.solve("d", equals=16) == 9
    with pytest.raises(ac.errors.NoSolutionError, match="d ≥ 9"):
        P.solve("d", at_most=15)
    table = ac.sweep(P, d=range(1, 12))
    assert [(row["d"], row["value"]) for row in table] == [(9, 16), (10, 31), (11, 48)]
    with pytest.raises(ac.errors.RequirementError, match="units"):
        P.compile()(d=8)


@pytest.mark.parametrize(
    ("net", "shape", "said"),
    [
        (S([ac.Dense("c//16")]), ("c",), ["c ≥ 16 (dense)"]),
        (S([ac.Dense("c/2")]), ("c",), ["c is a multiple of 2 (dense)"]),
        (S([ac.Dense("20 - 3*d")]), (1,), ["d ≤ 6 (dense)"]),
        (S([ac.Dense("(7*d - 3)//16")]), (1,), ["d ≥ 3 (dense)"]),
        (S([ac.Dense("9 - d//3")]), (1,), ["d ≤ 26 (dense)"]),
        (S([ac.Dense("d - k")]), (1,), ["d − k ≥ 1 (dense)"]),
        (S([ac.Dense("2*d"), ac.Dense("d//1"), ac.Dense("d + 3"), ac.Dense("max(d - 8, 1)")]),
         ("2*d",), []),
        (S([ac.Conv2D("d - 8", "2*k - 3", padding="same")]), (9, 9, 3),
         ["d ≥ 9 (conv2d)", "k ≥ 2 (conv2d)"]),
        (S([ac.Conv2D(3, 3, padding="p - 1")]), (9, 9, 3), []),
        (S([ac.Conv2D(3, 3, padding="p - 2")]), (9, 9, 3), ["p ≥ 2 (conv2d)"]),
        (S([ac.Dense(3)]), ("d - 8",), ["d ≥ 9"]),
        (S([ac.Repeat(ac.Dense("d"), "L - 2")]), ("d",), ["L ≥ 2 (repeat)"]),
        (S([ac.Repeat(ac.Dense("d - 2"), 4)]), ("d - 2",), ["d ≥ 3"]),
        (S([ac.RNN([ac.LSTMCell("u - 3")])]), ("t", 4),
         ["u ≥ 4 (rnn/stacked_rnn_cells/lstm_cell)"]),
        (S([ac.Bidirectional(ac.LSTM("u - 3"))]), ("t", 4),
         ["u ≥ 4 (bidirectional/forward_lstm)"]),
        (S([ac.MultiHeadAttention("a - 2", "k//4")]), ("t", 4),
         ["a ≥ 3 (multi_head_attention)", "k ≥ 4 (multi_head_attention)"]),
        (S([ac.SpectralNormalization(ac.Dense("d - 2"))]), (4,),
         ["d ≥ 3 (spectral_normalization)"]),
        (S([nn.Linear(4, "e - 2")]), (4,), ["e ≥ 3 (dense)"]),
        (ac.TransformerEncoder(ac.TransformerEncoderLayer("d", 1, "4*d - 20"), "L//2"),
         ("t", "d"), ["d ≥ 6 (layers)"]),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_required(net: ac.Network, shape: tuple[Any, ...], said: list[str]) -> None:
    assert [str(r) for r in net.trace(shape).requirements] == said


def test_a_copy_is_named_where_a_width_falls_with_it() -> None:
    """Widths c, c − 4, c − 8, …: the last of L copies asks the most."""
    net = ac.Repeat(ac.Dense("c - 4*i"), "L", index="i")
    P = net.trace(("c",)).parameters
    assert P(c=9, L=3) == 9 * 9 + 9 + 9 * 5 + 5 + 5 + 1
    with pytest.raises(ac.errors.RequirementError, match="must be at least 1, and is −3"):
        P(c=9, L=4)


def test_where_the_field_is_one_of_several() -> None:
    P = S([ac.Conv2D(3, ("k", "k - 1"), padding="same")]).trace((9, 9, 3)).parameters
    with pytest.raises(
        ac.errors.RequirementError, match=r"kernel_size\[1\] = k − 1 must be at least 1"
    ):
        P(k=1)
