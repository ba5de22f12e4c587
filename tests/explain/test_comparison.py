"""Two networks side by side, with numbers and symbols: exact, and right about who is smaller."""

from __future__ import annotations

import json
from itertools import product
from typing import Any
from xml.dom import minidom

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.formula.sign import negative_where, range_of, signs_of
from archcalc.network.substitution import network_symbols
from tests.sampling import examples

WIDTHS: st.SearchStrategy[Any] = st.integers(1, 5) | st.sampled_from(["f", "n", "2*n", "f + 1"])
TIMES: st.SearchStrategy[Any] = st.sampled_from([1, 2, 4, "n", "f"])
VALUES = {"f": st.integers(1, 6), "n": st.integers(1, 6), "k": st.integers(1, 3), "m": st.just(2)}


@st.composite
def networks(draw: st.DrawFn) -> ac.Sequential:
    """Small convolutional networks with symbols, of layers that any two of them may share."""
    layers: list[ac.Layer] = []
    for kind in draw(
        st.lists(st.sampled_from(["conv", "pool", "repeat", "grow", "double"]), max_size=3)
    ):
        if kind == "pool":
            layers.append(ac.MaxPooling2D(2))
        elif kind == "conv":
            layers.append(ac.Conv2D(draw(WIDTHS), draw(st.sampled_from([1, 3, "k"]))))
        elif kind == "grow":
            layer = ac.Conv2D(draw(WIDTHS), 3, padding="same")
            layers.append(ac.Repeat(ac.Parallel([[], layer]), draw(TIMES)))
        elif kind == "double":
            layer = ac.Conv2D("m*2**i", 1)
            layers.append(ac.Repeat(layer, draw(TIMES), index="i"))
        else:
            width = draw(WIDTHS)
            block = [ac.Conv2D(width, 3, padding="same"), ac.BatchNormalization()]
            layers.append(ac.Repeat(block, draw(TIMES)))
    layers += [ac.Flatten(), ac.Dense(draw(WIDTHS))]
    return ac.Sequential(layers, input_shape=(24, 20, draw(st.sampled_from([1, "f"]))))


def at(formula: ac.Formula, values: dict[str, int]) -> int:
    """A formula at numbers, of which it may need only some."""
    return int(
        ac.Formula(formula(**{s: n for s, n in values.items() if s in formula.known_symbols}))
    )


@examples(0.4, nightly=500, least=10)
@given(a=networks(), b=networks())
def test_the_differences_of_layers_add_up_to_that_of_the_totals(
    a: ac.Network, b: ac.Network
) -> None:
    found = ac.compare(a, b)
    zero = ac.Formula(0)
    assert sum((change.parameters for change in found.changes), zero) == found.difference
    assert sum((change.macs for change in found.changes), zero) == found.macs_difference
    assert found.difference == b.trace().parameters - a.trace().parameters
    assert [c.before for c in found.changes if c.before] == list(found.before.rows)
    assert [c.after for c in found.changes if c.after] == list(found.after.rows)


@examples(0.4, nightly=500, least=10)
@given(a=networks(), b=networks(), values=st.fixed_dictionaries(VALUES))
def test_symbols_first_or_numbers_first(
    a: ac.Network, b: ac.Network, values: dict[str, int]
) -> None:
    symbolic = ac.compare(a, b)
    known = [{s.name: values[s.name] for s in network_symbols(n)} for n in (a, b)]
    numbers = ac.compare(
        *(ac.substitute(n, v) if v else n for n, v in zip((a, b), known, strict=True))
    )
    assert at(symbolic.difference, values) == int(numbers.difference)
    assert at(symbolic.macs_difference, values) == int(numbers.macs_difference)


SIGNS = {"first": {-1}, "neither": {0}, "second": {1}, "by turns": {-1, 0, 1}}


def larger_at(crossing: ac.formula.Crossover, values: dict[str, int]) -> str:
    """Which is the larger where the symbol of a crossing has its value."""
    n = values[crossing.symbol]
    (run,) = [run for run in crossing.runs if run.low <= n and (run.high is None or n <= run.high)]
    return run.larger


@examples(0.4, nightly=500, least=10)
@given(a=networks(), b=networks())
def test_what_is_said_of_the_smaller_is_so_at_every_point(a: ac.Network, b: ac.Network) -> None:
    found = ac.compare(a, b)
    for verdict in (found.verdict, found.macs_verdict):
        seen = set()
        less, more = (ac.Formula(side) for side in negative_where(verdict.difference))
        for point in product((1, 5, 24), (1, 3, 40), (1, 3), (2,)):
            values = dict(zip("fnkm", point, strict=True))
            change = at(verdict.difference, values)
            sign = (change > 0) - (change < 0)
            seen.add(sign)
            assert sign in verdict.signs
            if verdict.crossing is not None:
                assert sign in SIGNS[larger_at(verdict.crossing, values)]
            elif verdict.smaller == "depends":
                assert (at(less, values) < at(more, values)) == (sign < 0)
        assert seen != {-1, 1} or verdict.smaller == "depends"


def conv(*layers: ac.Layer) -> ac.Sequential:
    return ac.Sequential(layers, input_shape=(28, 28, 1))


def said(a: ac.Network, b: ac.Network) -> list[str]:
    """What stands above the table."""
    text = str(ac.compare(a, b)).splitlines()
    return text[: next(i for i, line in enumerate(text) if line.startswith("layer "))]


def test_a_second_convolution_with_symbols() -> None:
    k, f, g, n = ac.symbols("k f g n")
    start, end = [ac.Conv2D(f, k), ac.MaxPooling2D(2)], [ac.Flatten(), ac.Dense(n), ac.Dense(10)]
    small, deep = conv(*start, *end), conv(*start, ac.Conv2D(g, 3), ac.MaxPooling2D(2), *end)
    headline, *rest = said(small, deep)
    assert headline.endswith(
        ": the new layer conv2d_1 adds (9·f + 1)·g, "
        "dense changes by ⌊(25 − k)/4⌋²·g·n − ⌊(29 − k)/2⌋²·f·n"
    )
    assert rest == [
        "parameters: the second is smaller where ⌊(25 − k)/4⌋²·g·n + 9·f·g + g < ⌊(29 − k)/2⌋²·f·n",
        "MACs: the second is smaller where "
        "9·⌊(25 − k)/2⌋²·f·g + ⌊(25 − k)/4⌋²·g·n < ⌊(29 − k)/2⌋²·f·n",
        "only the second depends on g",
    ]
    assert ac.compare(small, deep).difference(k=3, f=32, g=64, n=100) == 179_926 - 542_230


def dense(*units: object, width: object = "d") -> ac.Sequential:
    return ac.Sequential([ac.Dense(n) for n in units], input_shape=width)


@pytest.mark.parametrize(
    ("a", "b", "smaller", "words"),
    [
        (dense("n"), dense("n + 1"), "first", "parameters: the first is smaller"),
        (dense("2*n"), dense("n"), "second", "parameters: the second is smaller"),
        (dense("n"), dense("n"), "same", "parameters: both are equal"),
        (dense("n*m"), dense("n"), "second or same", "parameters: the second is never larger"),
        (dense("n"), dense("n*m"), "first or same", "parameters: the first is never larger"),
        (dense("n"), dense("m"), "depends", "parameters: the second is smaller where m < n"),
        (dense(6), dense(5), "second", "parameters: the second is smaller"),
    ],
)
def test_who_is_smaller(a: ac.Network, b: ac.Network, smaller: str, words: str) -> None:
    found = ac.compare(a, b)
    assert found.verdict.smaller == smaller
    assert str(found.verdict) == words
    assert found.verdict.to_dict()["smaller"] == smaller


def test_one_symbol_is_decided_at_every_value() -> None:
    """Brute force, by hand: k from 1 to 26 is where both networks exist."""
    small = conv(ac.Conv2D(8, "k"), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(10))
    large = conv(ac.Conv2D(6, "k"), ac.Conv2D(2, 3), ac.Flatten(), ac.Dense(10))
    found = ac.compare(small, large)

    def macs(k: int) -> tuple[int, int]:
        one = 29 - k
        two = one - 2
        first = one**2 * k * k * 8 + (one // 2) ** 2 * 8 * 10
        return first, one**2 * k * k * 6 + two**2 * 9 * 6 * 2 + two**2 * 2 * 10

    second = {k for k in range(1, 27) if macs(k)[1] < macs(k)[0]}
    assert 0 < len(second) < 26
    verdict = found.macs_verdict
    for k in range(1, 27):
        assert larger_at(verdict.crossing, {"k": k}) == ("first" if k in second else "second")
    assert (verdict.crossing.runs[0].low, verdict.crossing.runs[-1].high) == (1, 26)
    said = "the first is smaller for k ≤ 6, the second is smaller for 7 ≤ k ≤ 26"
    assert str(verdict) == f"MACs: {said}"
    data = json.loads(found.to_json())["macs_verdict"]
    assert data == {"smaller": "depends", "symbol": "k", "first": [[1, 6]], "second": [[7, 26]]}
    assert second == set(range(7, 27))


def test_where_one_overtakes_the_other_along_a_symbol() -> None:
    k, f, n = ac.symbols("k f n")
    start, end = [ac.Conv2D(f, k), ac.MaxPooling2D(2)], [ac.Flatten(), ac.Dense(n), ac.Dense(10)]
    deeper = conv(*start, ac.Conv2D(64, 3), ac.MaxPooling2D(2), *end)
    found = ac.compare(conv(*start, *end), deeper)
    crossing = found.crossover("n", k=3, f=32)
    assert [found.difference(k=3, f=32, n=m) < 0 for m in (4, 5)] == [False, True]
    assert crossing.first_larger == 5
    with pytest.raises(ac.errors.NoSolutionError, match="give numbers for f"):
        found.crossover("n", k=3)
    convolution, units = 11 * 11 * 9 * 32 * 64, 13 * 13 * 32 - 5 * 5 * 64
    assert found.macs_crossover("n", k=3, f=32).first_larger == convolution // units + 1
    with pytest.raises(ac.errors.UnknownSymbolError):
        found.crossover("q")


def test_copies_that_are_more_are_a_change() -> None:
    a, b = (ac.Sequential([ac.Repeat(ac.Dense("d"), n)], input_shape="d") for n in ("n", "m"))
    found = ac.compare(a, b)
    assert [change.kind for change in found.changes] == ["changed"]
    assert found.difference == ac.Formula("(m - n)*(d + 1)*d")
    assert str(found.verdict) == "parameters: the second is smaller where m < n"
    assert ac.compare(a, a).changes[0].kind == "same"
    assert said(a, a)[0].endswith(": nothing changes")


def test_what_a_network_requires_decides() -> None:
    """A kernel of at most 28 fits, so that 29·n weights are more than k·n, whatever k."""
    wide, narrow = (
        ac.Sequential([ac.Conv1D("n", k, use_bias=False)], input_shape=(t, 1))
        for k, t in ((29, 29), ("k", 28))
    )
    assert ac.compare(wide, narrow).verdict.smaller == "second"


def test_networks_that_never_exist_together() -> None:
    """A kernel of k on 5 steps, and one of 7 on k steps."""
    short = ac.Sequential([ac.Conv1D(2, "k")], input_shape=(5, 1))
    long = ac.Sequential([ac.Conv1D("k", 7)], input_shape=("k", 1))
    found = ac.compare(short, long)
    assert found.verdict.smaller == "none"
    assert str(found.verdict) == "parameters: the two exist together for no values"
    with pytest.raises(ac.errors.NoSolutionError):
        found.crossover("k")


def test_a_difference_that_is_a_number_is_decided_all_the_same() -> None:
    assert said(dense("n", 3), dense("n", 3).replace("dense_1", ac.Dense(3, use_bias=False)))[
        1:
    ] == [
        "parameters: the second is smaller",
        "MACs: both are equal",
    ]
    assert said(dense(4, 3, width=2), dense(5, 3, width=2)) == [
        "27 → 33: dense adds 3, dense_1 adds 3"
    ]


def test_it_shows_itself() -> None:
    found = ac.compare(dense("n", 3), dense("m", 3))
    assert repr(found) == str(found) == found.to_text()
    assert repr(found.verdict) == "parameters: the second is smaller where m < n"


@pytest.mark.parametrize("how", ["text", "markdown", "latex", "html", "json"])
def test_every_format_says_when(how: str) -> None:
    found = ac.compare(dense("n", 3), dense("m", 3))
    text = getattr(found, f"to_{how}")()
    plain = {"text": "m < n", "markdown": "$m$ \\< $n$", "latex": "$m$ $<$ $n$", "json": "m < n"}
    assert plain.get(how, "<mi>m</mi></math> &lt; <math") in text.replace(
        ' xmlns="http://www.w3.org/1998/Math/MathML"', ""
    )
    if how == "html":
        minidom.parseString(text)
    if how == "json":
        data = json.loads(text)
        assert ac.Formula(data["difference"]) == found.difference
        assert ac.Formula(data["macs_difference"]) == found.macs_difference
        assert data["verdict"] == {"smaller": "depends", "second": "m < n"}


# Signs


@given(case=st.data())
def test_signs_and_bounds_hold(case: st.DataObject, formulas: Any, points: Any) -> None:
    formula = ac.Formula(case.draw(formulas).expression)
    values = case.draw(points)
    assume(not formula.is_number)
    try:
        value = formula(**{s.name: values[s.name] for s in formula.symbols})
    except ac.ArchcalcError:
        return
    low, high = range_of(formula)
    assert low is None or value >= low
    assert high is None or value <= high
    assert (value > 0) - (value < 0) in signs_of(formula)
    less, more = (ac.Formula(side) for side in negative_where(formula))
    assert (at(less, values) < at(more, values)) == (value < 0)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("f*g - f - g", -1, None),
        ("32*f*g - f", 31, None),
        ("(f + 1)*(g + 1) - f*g", 3, None),
        ("-f*g", None, -1),
        ("f - g", None, None),
        ("7", 7, 7),
    ],
)
def test_ranges(text: str, low: int | None, high: int | None) -> None:
    assert range_of(ac.Formula(text)) == (low, high)
