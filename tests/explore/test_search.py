"""Searching against looking at every configuration, what the certificates say, and refusals."""

from __future__ import annotations

import itertools
import operator
import pickle
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer

import archcalc as ac
from archcalc.explore import search
from archcalc.explore.progress import Progress
from archcalc.explore.searching import leaves, plan
from archcalc.explore.searching.bounding import profiles
from archcalc.explore.searching.exploring import Exploration
from archcalc.explore.searching.question import Question
from archcalc.formula import Constraint, Formula
from archcalc.symbolic import (
    ArchcalcError,
    ArithmeticRuleError,
    EvaluationError,
    ExpressionError,
    NoSolutionError,
    UnknownSymbolError,
    symbol,
    symbols,
)
from archcalc.symbolic.requirement import Relation, Requirement
from tests.counting import at_most
from tests.sampling import examples, slow

MANY = examples(1, nightly=1_500)
NAMES = ("h", "k", "s", "w")
f, h, k, n = symbols("f h k n")


@pytest.fixture(params=["whole boxes", "small boxes"])
def _boxes(request, monkeypatch) -> None:
    """Once as it is, and once with boxes so small that much is cut and excluded."""
    if request.param == "small boxes":
        monkeypatch.setattr(plan, "_POINTS", 8)
        monkeypatch.setattr(plan, "_LINES", 3)


RANGES = st.one_of(
    st.builds(lambda a, m: range(a, a + m), st.integers(1, 20), st.integers(1, 7)),
    st.builds(lambda a, m, q: range(a + q * m, a - 1, -q), *[st.integers(1, 6)] * 3),
    st.lists(st.integers(1, 60), min_size=1, max_size=6, unique=True),
    st.integers(1, 20),
)
SIGNS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def listed(values: Any) -> list[int]:
    return [values] if isinstance(values, int) else list(values)


def configurations(ranges: dict[str, Any]) -> Iterator[dict[str, int]]:
    """In the order of the ranges, and in each as its values were given."""
    for values in itertools.product(*map(listed, ranges.values())):
        yield dict(zip(ranges, values, strict=True))


# --- Against looking at every configuration -------------------------------------------------------


@pytest.mark.usefixtures("_boxes")
@pytest.mark.parametrize("kind", ["polynomials", "all_formulas"])
@MANY
@given(data=st.data())
def test_the_best_is_found_as_by_looking_at_every_configuration(data, kind, request) -> None:
    formulas = request.getfixturevalue(kind)
    aim = data.draw(formulas)
    others = data.draw(st.lists(formulas, max_size=2))
    signs = [data.draw(st.sampled_from(sorted(SIGNS))) for _ in others]
    bounds = [data.draw(st.integers(-400, 4_000)) for _ in others]
    texts = data.draw(st.lists(st.sampled_from(["h % 3 == 0", "k <= h", "w >= s + 2"]), max_size=2))
    ranges = {name: data.draw(RANGES) for name in data.draw(st.permutations(NAMES))}
    largest = data.draw(st.booleans())
    limit = data.draw(st.integers(1, 30))
    asked = Requirement(limit, Relation.AT_LEAST, symbol("k"), "no", code="no-fit")

    objective = Formula(aim.expression, [asked]) + 0 * sum(symbols("h k s w"))
    constraints: list[Any] = [
        SIGNS[sign](Formula(case.expression), bound)
        for case, sign, bound in zip(others, signs, bounds, strict=True)
    ]
    known = {s.name for s in objective.known_symbols.values()}
    known |= {s.name for case in others for s in case.expression.free_symbols}
    known |= {name for text in texts for name in NAMES if name in text.replace("%", " ")}
    ranges = {name: values for name, values in ranges.items() if name in known}

    def fits(at: dict[str, int]) -> bool:
        full = dict.fromkeys(NAMES, 1) | at
        return (
            full["k"] <= limit
            and all(
                SIGNS[sign](case.at(full), bound)
                for case, sign, bound in zip(others, signs, bounds, strict=True)
            )
            and all(eval(text, {}, dict(full)) for text in texts)
        )

    every = list(configurations(ranges))
    values = [aim.at(dict.fromkeys(NAMES, 1) | at) if fits(at) else None for at in every]
    possible = [v for v in values if v is not None]
    aims = {"maximize" if largest else "minimize": objective}
    if not possible:
        with pytest.raises(NoSolutionError, match=r"none-fits|no-network"):
            search(**aims, subject_to=[*constraints, *texts], **ranges)
        return
    best = max(possible) if largest else min(possible)
    found = search(**aims, subject_to=[*constraints, *texts], **ranges)
    assert found.value == best
    assert found.best == every[values.index(best)]
    assert found.complete
    assert found.bound == best
    assert found.verify()
    certificate = found.certificate
    assert certificate.total == len(every)
    assert certificate.adds_up
    broken = sum(reason.count for reason in certificate.excluded if reason.kind != "objective")
    assert broken <= len(every) - len(possible)
    assert certificate.evaluated <= len(possible)
    assert f"{best:,}" in repr(found)


COMPARISONS = st.sampled_from(
    [
        "h <= 2*k",
        "s > 1.5*w",
        "k != 3",
        "h % 3 == 0",
        "h*k = 12",
        "2 < w <= s",
        "h/2 < k",
        "w >= 4",
        "h/w > 1.5",
        "(h + k) % 2 == 1",
    ]
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=5,
)


@pytest.mark.usefixtures("_boxes")
@examples(1 / 2, nightly=1_500)
@given(text=CONDITIONS, ranges=st.fixed_dictionaries(dict.fromkeys(NAMES, RANGES)))
def test_conditions_hold_as_in_python_and_in_a_table(text: str, ranges: dict[str, Any]) -> None:
    python = compile(text.replace("h*k = 12", "h*k == 12"), "<condition>", "eval")
    every = [at for at in configurations(ranges) if eval(python, {}, dict(at))]
    table = ac.sweep("h*k + s + w", **ranges).where(text)
    assert [dict(row.symbols) for row in table] == every
    if not every:
        with pytest.raises(NoSolutionError, match="no configuration meets"):
            search(maximize="h*k - s*w", subject_to=text, **ranges)
        return
    found = search(maximize="h*k - s*w", subject_to=text, **ranges)
    values = [at["h"] * at["k"] - at["s"] * at["w"] for at in every]
    assert found.value == max(values)
    assert found.best == every[values.index(max(values))]
    assert found.verify()


@pytest.mark.usefixtures("_boxes")
@given(
    a=st.integers(1, 9), b=st.integers(-9, 9), budget=st.integers(1, 3_000), low=st.integers(1, 9)
)
def test_lines_points_and_their_certificates_agree(a, b, budget, low) -> None:
    P, M = Formula(a * k**2 * f + f * n + b * k), Formula(k * f + n)
    ranges = {"k": [1, 3, 5], "f": range(low, low + 25), "n": range(1, 40)}
    lines = search_or_code(maximize=M, subject_to=[budget >= P], **ranges)
    sizes = list(itertools.product(*ranges.values()))  # Python's own arithmetic
    met = [k * f + n for k, f, n in sizes if a * k**2 * f + f * n + b * k <= budget]
    best = max(met, default=None)
    assert (lines if best is None else lines.value) == (best or "none-fits")
    exact = search_or_code(minimize=k + f, subject_to=[f"k*f + n == {budget}"], **ranges)
    sums = [k + f for k, f, n in sizes if k * f + n == budget]
    assert (exact.value if sums else exact) == (min(sums) if sums else "none-fits")


def search_or_code(**question: Any) -> Any:
    try:
        return search(**question)
    except NoSolutionError as error:
        return error.code


@given(bits=st.integers(10, 90), seed=st.integers(1, 2**40))
def test_numbers_beyond_64_bits_are_exact(bits, seed) -> None:
    scale = 2**bits + seed
    P = Formula(scale * f**2 + n)
    found = search(maximize=P, subject_to=[scale * 900 >= P], f=range(1, 60), n=range(1, 9))
    assert found.best == {"f": 29, "n": 8}
    assert found.value == scale * 841 + 8
    assert search(minimize=-P * scale, f=[3, scale], n=2).value == -(scale**3 + 2) * scale


def test_fractions() -> None:
    found = search(
        maximize="f*n/(k + 1)", subject_to="f*n <= 100", k=[2, 3], f=range(3, 9), n=range(3, 40)
    )
    values = [
        Fraction(a * b, c + 1)
        for c in (2, 3) for a in range(3, 9) for b in range(3, 40) if a * b <= 100
    ]  # fmt: skip
    assert found.value == max(values) == Fraction(100, 3)
    strict = search(maximize=f / 3, subject_to=Formula(f / 2) < Fraction(9, 2), f=range(1, 99))
    assert strict.best == {"f": 8}


def test_of_several_that_are_as_good_it_is_the_first() -> None:
    product = Formula("f*n")
    found = search(maximize=product, subject_to=product <= 60, f=range(1, 61), n=range(1, 61))
    assert found.best == {"f": 1, "n": 60}
    found = search(maximize=product, subject_to=product <= 60, n=range(60, 0, -1), f=range(1, 61))
    assert found.best == {"n": 60, "f": 1}
    flat = search(maximize=Formula("f//10"), subject_to="n >= 3", n=range(1, 99), f=range(1, 99))
    assert flat.best == {"n": 3, "f": 90}


# --- A network ------------------------------------------------------------------------------------


def mnist() -> tuple[Formula, Formula]:
    net = ac.Sequential(
        [ac.Conv2D(f, k), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(n), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )
    trace = net.trace()
    return trace.parameters, trace.macs


def test_the_most_work_within_a_budget() -> None:
    """The whole grid by NumPy, in 64-bit integers."""
    P, M = mnist()
    found = search(
        maximize=M, subject_to=[P <= 1_000_000], k=[1, 3, 5], f=range(8, 513), n=range(1, 1025)
    )
    kk, ff, nn = np.meshgrid([1, 3, 5], np.arange(8, 513), np.arange(1, 1025), indexing="ij")
    side, pooled = 29 - kk, (29 - kk) // 2
    parameters = (kk**2 + 1) * ff + (pooled**2 * ff + 1) * nn + 10 * (nn + 1)
    macs = side**2 * kk**2 * ff + pooled**2 * ff * nn + 10 * nn
    allowed = np.where(parameters <= 1_000_000, macs, -1)
    at = np.unravel_index(allowed.argmax(), allowed.shape)
    assert found.best == {"k": kk[at], "f": ff[at], "n": nn[at]}
    assert found.value == allowed.max() == M(**found.best)
    assert found.certificate.total == allowed.size
    assert found.certificate.adds_up
    assert found.verify()
    (met,) = found.constraints
    assert (met.left, met.right) == (parameters[at], 1_000_000)


def test_what_a_layer_asks_for_excludes_configurations() -> None:
    P, _ = mnist()
    found = search(maximize=P, k=range(20, 41), f=[3, 4], n=5)
    assert found.value == max(P(k=side, f=4, n=5) for side in range(20, 28))
    lost = [r.count for r in found.certificate.excluded if r.kind == "requirement"]
    assert sum(lost) == 26  # with a kernel of 27 there are 2 left, which the pool needs
    assert found.certificate.adds_up
    with pytest.raises(NoSolutionError, match="no configuration is a network: it asks for"):
        search(maximize=P, k=range(29, 41), f=3, n=5)


def test_assumptions_are_kept() -> None:
    P = Formula("h//32*f").assume("h % 32 == 0")
    found = search(maximize=P, subject_to=P <= 20, h=range(1, 200), f=range(3, 5))
    assert found.best == {"h": 160, "f": 4}
    assert str(found.certificate).startswith("398 configurations:")
    assert "are no networks, which need h is a multiple of 32 (assumed)" in str(found.certificate)


def test_a_formula_of_a_symbolic_number_of_copies() -> None:
    """Σ ⌊224/2^i⌋·c over the first L copies."""
    net = ac.Repeat(ac.Conv2D("c", 3, strides=2, padding="same"), "L")
    P = ac.Sequential([ac.Conv2D("c", 1), net], input_shape=(224, 224, 3)).trace().macs
    found = search(maximize=P, subject_to=P <= 10**7, c=range(1, 65), L=range(1, 8))
    values = {(c, d): P(c=c, L=d) for c in range(1, 65) for d in range(1, 8)}
    assert found.value == max(v for v in values.values() if v <= 10**7)


# --- Large searches -------------------------------------------------------------------------------


def test_a_billion_configurations_and_far_more() -> None:
    P, M = Formula("(k**2 + 1)*f + 10*n*f"), Formula("784*k**2*f + 10*n*f")
    side = range(1, 1001)
    found = search(maximize=M, subject_to=[P <= 100_000], k=side, f=side, n=side)
    best = 0
    for kk in side:  # for each kernel and width, the largest n within the budget
        ff = np.arange(1, 1001)
        nn = np.minimum((100_000 // ff - kk**2 - 1) // 10, 1000)
        works = 784 * kk**2 * ff + 10 * nn * ff
        best = max(best, int(np.where(nn >= 1, works, 0).max()))
    assert found.value == best
    assert found.certificate.total == 10**9
    assert found.certificate.adds_up
    wide = range(1, 10**8)
    product = search(minimize="f*n", subject_to="f*n >= 1e12", n=wide, f=wide)
    assert (product.value, product.best["n"]) == (10**12, 10_240)  # the first divisor from 10,001


def test_bounded_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    search(
        maximize="f*n - (f - n)**2//7 + k", subject_to="(f + n) % 7 == 3",
        k=range(1, 40), f=range(1, 400), n=range(1, 400),
    )  # fmt: skip
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # a column of the six million configurations alone is 50 MB


# --- Interrupted ----------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 5, 40])
def test_an_interruption_leaves_what_was_found(after, monkeypatch) -> None:
    monkeypatch.setattr(plan, "_LINES", 3)
    whole = leaves.look_at
    calls = itertools.count()

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == after:
            raise KeyboardInterrupt
        return whole(*arguments)

    question: dict[str, Any] = {
        "maximize": "f*n - f", "subject_to": "f*n + k*f*n <= 9_999",
        "k": range(1, 9), "f": range(1, 200), "n": range(1, 200),
    }  # fmt: skip
    best = search(**question)
    monkeypatch.setattr("archcalc.explore.searching.exploring.look_at", interrupted)
    found = search(**question)
    certificate = found.certificate
    assert certificate.adds_up
    if next(calls) <= after:
        assert found.complete
        return
    assert not found.complete
    assert certificate.left > 0
    assert found.bound >= best.value
    if after:
        assert found.value <= best.value
        assert found.verify()
        assert "interrupted: so far, largest" in repr(found)
        assert "nothing is larger than" in repr(found)
    else:
        assert found.best is found.value is None
        assert not found.verify()
        assert repr(found).startswith("interrupted: the largest is not known yet")


def test_verify_can_fail() -> None:
    from dataclasses import replace

    found = search(maximize="f*n", subject_to="f*n <= 60", f=range(1, 61), n=range(1, 61))
    assert found.verify()
    assert not replace(found, value=61).verify()
    assert not replace(found, best={"f": 2, "n": 29}, value=58).verify()
    assert not replace(found, best={"f": 60, "n": 60}, value=3600).verify()
    assert not replace(found, certificate=replace(found.certificate, evaluated=0)).verify()


# --- On a cluster ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_a_cluster_of_two_processes_finds_the_same(client) -> None:
    P, M = mnist()
    ranges: dict[str, Any] = {"k": range(1, 13), "f": range(8, 513), "n": range(1, 1025)}
    for question in (
        {"maximize": M, "subject_to": [P <= 1_000_000], **ranges},
        {"minimize": P, "subject_to": [M >= 10**7, "f % 8 == 0"], **ranges},
        {"maximize": "f*n - (f - n)**2//7", "subject_to": "(f + n) % 7 == 3",
         "f": range(1, 900), "n": range(1, 900)},
    ):  # fmt: skip
        here, there = search(**question), search(**question, client=client)
        assert (there.best, there.value, there.constraints) == (
            here.best, here.value, here.constraints
        )  # fmt: skip
        assert there.complete
        assert there.certificate.adds_up
        assert there.certificate.total == here.certificate.total
        assert there.verify()
    with pytest.raises(NoSolutionError, match="the nearest is"):
        search(maximize=P, subject_to=P <= 5, client=client, **ranges)


def test_a_plan_travels() -> None:
    P, M = mnist()
    question = ac.explore.searching.question.Question.read(M, None, [P <= 9_999], {
        "k": range(1, 5), "f": range(1, 90), "n": range(1, 90),
    })  # fmt: skip
    made, _ = question.plan()
    sent = pickle.loads(pickle.dumps(made))
    one, two = Exploration.of(made), Exploration.of(sent)
    assert [b.box for b in one.pending] == [b.box for b in two.pending]


def test_what_is_no_client() -> None:
    with pytest.raises(EvaluationError, match="'tcp://x' is no client of a cluster"):
        search(maximize=f, f=range(1, 9), client="'tcp://x'")


# --- Constraints ----------------------------------------------------------------------------------


def test_comparisons_make_constraints() -> None:
    P, M = Formula("k*f"), Formula("f*n")
    assert repr(P <= 1_000_000) == repr(P <= 1_000_000) == "f·k ≤ 1,000,000"
    assert repr(P < 2 * M) == "f·k < 2·f·n"
    assert repr(k <= P) == repr(k <= P) == "f·k ≥ k"
    assert (P > 3).holds(f=2, k=2)
    assert not (P > 4).holds(f=2, k=2)
    assert (Formula("f*k") == P) is True
    assert isinstance(P >= "n + 1", Constraint)
    assert P >= 1
    assert not (P < 1)
    assert Formula(3) <= 3
    with pytest.raises(EvaluationError) as caught:
        bool(P <= 9)
    assert str(caught.value) == (
        "whether f·k ≤ 9 depends on f, k; give it to search as a constraint, or substitute numbers "
        "first; for two bounds, write two constraints [undecided]"
    )
    with pytest.raises(EvaluationError, match="there is no value for k"):
        (P <= 9).holds(f=3)


# --- Several unknowns -----------------------------------------------------------------------------


@slow
def test_several_unknowns() -> None:
    P, _ = mnist()
    ranges = {"f": range(8, 65), "n": range(1, 200)}
    assert P.solve(ranges, at_most=100_000, k=3) == max(
        (at for at in configurations(ranges) if P(k=3, **at) <= 100_000),
        key=lambda at: (P(k=3, **at), -at["f"], -at["n"]),
    )
    assert P.solve(ranges, equals=542_230, k=3) == {"f": 32, "n": 100}
    assert P.solve(ranges, at_least=542_229, k=3) == {"f": 32, "n": 100}
    with pytest.raises(NoSolutionError, match="= 5: the nearest is"):
        P.solve(ranges, equals=5, k=3)
    with pytest.raises(EvaluationError, match="f is what is solved for"):
        P.solve(ranges, equals=5, k=3, f=3)
    with pytest.raises(EvaluationError, match="one bound"):
        P.solve(ranges, k=3)
    with pytest.raises(EvaluationError, match="there is no range for k"):
        P.solve(ranges, at_most=100_000)


# --- Refusals -------------------------------------------------------------------------------------

P = Formula("(k**2 + 1)*f + 10*n*f")
GRID: dict[str, Any] = {"k": range(1, 9), "f": range(8, 65), "n": range(1, 9)}
REFUSED: list[tuple[dict[str, Any], type[ArchcalcError], str]] = [
    ({"maximize": P, "subject_to": P <= 5, **GRID}, NoSolutionError,
     "no configuration meets f·(k² + 1) + 10·f·n ≤ 5: the nearest is 96 at k = 1, f = 8, n = 1; "
     "allow more, or give other ranges [none-fits]"),
    ({"maximize": P, "subject_to": [P <= 500, "f >= 60"], **GRID}, NoSolutionError,
     "no configuration meets f ≥ 60 together with f·(k² + 1) + 10·f·n ≤ 500: the nearest is 41 at "
     "k = 1, f = 41, n = 1; allow more, or give other ranges [none-fits]"),
    ({"maximize": P, "subject_to": "k*n == 61", **GRID}, NoSolutionError,
     "no configuration meets k·n = 61: the nearest is 64 at k = 8, f = 8, n = 8; allow more, or "
     "give other ranges [none-fits]"),
    ({"maximize": P, "subject_to": P < P, **GRID}, NoSolutionError,
     "no configuration meets f·(k² + 1) + 10·f·n < f·(k² + 1) + 10·f·n: the nearest is 96 against "
     "96 at k = 1, f = 8, n = 1; allow more, or give other ranges [none-fits]"),
    ({"maximize": P, "k": 3}, EvaluationError,
     "the search has no end: there is no range for f, n; give one, as in f=range(1, 1025), or a "
     "number [unbounded]"),
    ({"maximize": P, "k": 3, "f": 1, "n": itertools.count(1)}, EvaluationError,
     "n = count(1) is no range of integers with an end; give a range such as range(1, 1025), a "
     "list of integers, or one integer [unbounded]"),
    ({"maximize": P, "minimize": P, **GRID}, EvaluationError,
     "search() takes one objective, and two were given; give maximize or minimize [one-objective]"),
    (GRID, EvaluationError,
     "search() takes one objective, and none was given; give maximize or minimize [one-objective]"),
    ({"maximize": P, "q": 3, **GRID}, UnknownSymbolError,
     "there is no symbol q here; the symbols are f, k, n [unknown-symbol]"),
    ({"maximize": 7, "q": 3}, UnknownSymbolError,
     "there is no symbol q here; there are only numbers [unknown-symbol]"),
    ({"maximize": 7}, EvaluationError,
     "there is nothing to search: no symbol has a range; evaluate the formula instead [no-range]"),
    ({"maximize": P, "subject_to": "k <= z", **GRID}, UnknownSymbolError,
     "there is no symbol z here; the symbols are f, k, n [unknown-symbol]"),
    ({"maximize": P, "subject_to": [P == 5], **GRID}, ExpressionError,
     "False is no constraint; == asks whether two formulas are the same; write it as text, such "
     "as 'k == 3' [bad-condition]"),
    ({"maximize": P, "subject_to": 5, **GRID}, ExpressionError,
     "5 is no constraint; give one such as P <= 1_000_000, or text such as 'f % 8 == 0' "
     "[bad-condition]"),
    ({"maximize": P, "subject_to": "k <> 3", **GRID}, ExpressionError,
     "'k <> 3' does not read as a condition; write one such as 'h % 32 == 0', 'k <= 7' or '8 <= f "
     "<= 64' [bad-condition]"),
    ({"maximize": P, "subject_to": "k < n/(f - 7) or k > 3", **GRID}, ExpressionError,
     "'k < n/(f - 7) or k > 3' needs < or > between fractions; write <= or >=, or multiply by what "
     "divides [bad-condition]"),
    ({"maximize": P, "subject_to": "k > 8 or n > 8", **GRID}, NoSolutionError,
     "no configuration meets k > 8 or n > 8: the nearest is at k = 1, f = 8, n = 8; allow more, "
     "or give other ranges [none-fits]"),
    ({"maximize": P, **GRID, "k": range(5, 5)}, EvaluationError,
     "k has no values: range(5, 5) is empty; a range such as range(1, 9) holds 1 to 8 "
     "[empty-range]"),
    ({"maximize": P, **GRID, "k": []}, EvaluationError,
     "k has no values: [] is empty; a range such as range(1, 9) holds 1 to 8 [empty-range]"),
    ({"maximize": P, **GRID, "k": range(3)}, EvaluationError,
     "k = 0 is not a positive integer; every symbol stands for a dimension: 1, 2, 3, … "
     "[bad-value]"),
    ({"maximize": P, **GRID, "k": [3, -1]}, EvaluationError,
     "k = -1 is not a positive integer; every symbol stands for a dimension: 1, 2, 3, … "
     "[bad-value]"),
    ({"maximize": P, **GRID, "k": [1, 2.5]}, EvaluationError,
     "k = 2.5 is not a positive integer; every symbol stands for a dimension: 1, 2, 3, … "
     "[bad-value]"),
    ({"maximize": P, **GRID, "k": [3, 1, 3]}, EvaluationError,
     "k takes 3 more than once; give every value once [value-twice]"),
    ({"maximize": P, **GRID, "k": range(1, 10**20)}, EvaluationError,
     "k takes more values than places can be counted in 64 bits; give a shorter range "
     "[too-large]"),
    ({"maximize": "100//(n - 5)", "n": range(1, 9)}, ArithmeticRuleError,
     "something is divided by zero at n = 5 [zero-divisor]"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "kind", "text"), REFUSED)
def test_refusals(question, kind, text) -> None:
    with at_most(5_000_000), pytest.raises(ArchcalcError) as caught:
        search(**question)
    assert type(caught.value) is kind
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("aim", "asked", "best", "value"),
    [
        ("a*b", "a + b <= 10**18", {"a": 5 * 10**17, "b": 5 * 10**17}, 25 * 10**34),
        ("a*b", "a + b <= 10**18 + 1", {"a": 5 * 10**17, "b": 5 * 10**17 + 1},
         5 * 10**17 * (5 * 10**17 + 1)),
        ("a*b", "a + 2*b <= 10**18 + 1", {"a": 5 * 10**17 + 1, "b": 25 * 10**16},
         (5 * 10**17 + 1) * 25 * 10**16),
        ("3*a*b + b", "2*a + 3*b <= 10**18 and a <= 10**17",
         {"a": 10**17, "b": 8 * 10**17 // 3}, (3 * 10**17 + 1) * (8 * 10**17 // 3)),
    ],
)  # fmt: skip
def test_a_product_under_a_sum_is_bounded_along_one_symbol(aim, asked, best, value) -> None:
    with at_most(3_000_000):
        found = search(maximize=aim, subject_to=asked, a=range(1, 10**18), b=range(1, 10**18))
    assert (found.best, found.value, found.complete) == (best, value, True)
    assert found.certificate.adds_up


@given(
    weights=st.tuples(*[st.integers(1, 4)] * 2),
    total=st.integers(4, 60),
    numbers=st.tuples(*[st.integers(-3, 3)] * 2),
)
def test_bounds_along_one_symbol_hold_everywhere(weights, total, numbers) -> None:
    a, b = symbols("a b")
    objective = a * b + numbers[0] * a + numbers[1] * b * a**2
    gap = total - weights[0] * a**2 - weights[1] * b
    ranges = {a: (Integer(1), Integer(9)), b: (Integer(1), Integer(40))}
    for profile in profiles(objective, [gap], ranges):
        (own,) = {a, b} & {profile.symbol}
        for low in range(1, 9):
            met = [
                int(objective.xreplace({a: Integer(i), b: Integer(j)}))
                for i in range(1, 10)
                for j in range(1, 41)
                if weights[0] * i**2 + weights[1] * j <= total
                and low <= (i if own == a else j) <= 9
            ]
            assert max(met, default=profile.most(low, 9)) <= profile.most(low, 9)


def test_a_search_without_an_end_in_sight_is_refused() -> None:
    exploration = Exploration.of(
        Question.read("a*b*c", None, "a + b + c <= 10**18",
                      dict.fromkeys("abc", range(1, 10**18))).plan()[0]
    )  # fmt: skip
    with pytest.raises(EvaluationError, match="the search over a, b, c leaves"):
        exploration.run(Progress(1, "configurations"), most_work=50_000_000)


def test_a_relation_of_sympy_is_a_constraint() -> None:
    a, b = symbols("a b")
    found = search(maximize="a*b", subject_to=[a + b <= 7], a=range(1, 9), b=range(1, 9))
    assert found.best == {"a": 3, "b": 4}
    found = search(maximize="a*b", subject_to="a*b <= 0.025M and b < 1K", a=range(1, 9000), b=[8])
    assert found.value == 25_000


@slow
def test_the_best_ratio_of_a_network_that_does_not_always_exist() -> None:
    """Rows that are no network are passed over; the best is that of looking at each."""
    net = ac.Sequential(
        [ac.Conv2D("f", "k"), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense("n"), ac.Dense(10)],
        input_shape=(28, 28, 1),
    )
    trace = net.trace()
    ranges = {"k": range(1, 30), "f": range(1, 51), "n": range(1, 51)}
    found = ac.search(maximize=trace.macs / trace.parameters, **ranges)  # type: ignore[arg-type]

    def ratio(k: int, f: int, n: int) -> Fraction | None:
        out = 29 - k
        side = out // 2
        if side < 1:
            return None
        macs = out * out * k * k * f + side * side * f * n + 10 * n
        return Fraction(macs, (k * k + 1) * f + (side * side * f + 1) * n + 10 * (n + 1))

    every = {at: r for at in itertools.product(*ranges.values()) if (r := ratio(*at)) is not None}
    assert found.value == max(every.values())
    assert every[tuple(found.best[name] for name in "kfn")] == found.value  # type: ignore[index]
    assert found.verify()


def test_an_answer_is_read_in_every_format() -> None:
    found = ac.search(maximize=ac.Formula("f*n"), subject_to=["9*f + 785*n <= 10000"],
                      f=range(8, 513), n=range(1, 1025))  # fmt: skip
    said = [found.to_text(), found.to_markdown(), found.to_latex(), found.to_html()]
    assert all("3,500" in words for words in said)  # 500·7
    assert str(found) == repr(found)
