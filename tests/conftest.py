"""What all tests share: the Hypothesis profiles, and random formulas with their own meaning."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from sympy import Expr, Integer, Max, Min

from archcalc.symbolic import CeilDiv, FloorDiv, Index, Sum, symbol

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when Keras is imported

_SHARED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [phase for phase in Phase if phase is not Phase.explain],  # it traces every line
}
settings.register_profile("dev", max_examples=10, **_SHARED)
settings.register_profile("ci", max_examples=20, derandomize=True, **_SHARED)
settings.register_profile("nightly", max_examples=500, **_SHARED)
settings.register_profile(  # whether there is a failure is asked, not which is the smallest
    "mutation", settings.get_profile("dev"), phases=(Phase.explicit, Phase.generate)
)
settings.load_profile(os.environ.get("ARCHCALC_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """The whole suite runs on every core, unless ``-n`` says otherwise or times are measured."""
    if hasattr(config, "workerinput"):  # one of the processes that this has started
        return
    whole = config.args_source is not pytest.Config.ArgsSource.ARGS
    unsaid = getattr(config.option, "numprocesses", 0) is None
    if whole and unsaid and config.option.benchmark_disable:
        config.option.numprocesses = "auto"


@dataclass(frozen=True)
class Case:
    """A formula built by archcalc, and Python code that means the same and knows no archcalc."""

    expression: Expr
    code: str

    def at(self, values: dict[str, int]) -> int:
        """The value by Python's own arithmetic."""
        known = {"__builtins__": {}, "max": max, "min": min, "sum": sum, "range": range}
        return eval(self.code, known, dict(values))

    def __repr__(self) -> str:
        return f"<{self.code}>"


_NAMES = ("h", "k", "s", "w")


def _number(n: int) -> Case:
    return Case(Integer(n), f"({n})")


def _symbol(name: str) -> Case:
    return Case(symbol(name), name)


_LEAVES = st.integers(-9, 9).map(_number) | st.sampled_from(_NAMES).map(_symbol)
_H, _K, _S, _W = map(_symbol, _NAMES)


def _add(a: Case, b: Case) -> Case:
    return Case(a.expression + b.expression, f"({a.code} + {b.code})")


def _subtract(a: Case, b: Case) -> Case:
    return Case(a.expression - b.expression, f"({a.code} - {b.code})")


def _multiply(a: Case, b: Case) -> Case:
    return Case(a.expression * b.expression, f"({a.code} * {b.code})")


def _square(a: Case) -> Case:
    return Case(a.expression**2, f"({a.code}**2)")


def _floor(a: Case, q: Case) -> Case:
    return Case(FloorDiv(a.expression, q.expression), f"({a.code} // {q.code})")


def _ceiling(a: Case, q: Case) -> Case:
    return Case(CeilDiv(a.expression, q.expression), f"(({a.code} + {q.code} - 1) // {q.code})")


def _largest(a: Case, b: Case) -> Case:
    return Case(Max(a.expression, b.expression), f"max({a.code}, {b.code})")


def _smallest(a: Case, b: Case) -> Case:
    return Case(Min(a.expression, b.expression), f"min({a.code}, {b.code})")


def _added_up(a: Case, count: Case, base: int) -> Case:
    """`a` times a power for as many copies, with the number of the copy in the place of ``h``."""
    i = Index("i")
    term = a.expression.xreplace({symbol("h"): i + 1}) * base**i
    code = f"sum((lambda h, k, s, w: {a.code})(i + 1, k, s, w) * {base}**i for i in N)"
    outside = f"(lambda N, h, k, s, w: {code})(range({count.code}), h, k, s, w)"
    return Case(Sum(term, (i, 0, count.expression - 1)), outside)


_COUNTS = st.integers(0, 4).map(_number) | st.sampled_from([_S, _subtract(_S, _number(1))])

_DIVISORS = st.integers(1, 12).map(_number) | st.sampled_from(
    [_S, _multiply(_number(2), _S), _multiply(_S, _W), _add(_S, _number(1)), _add(_S, _W)]
)


def _polynomial(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return st.one_of(
        st.builds(_add, inner, inner),
        st.builds(_subtract, inner, inner),
        st.builds(_multiply, inner, inner),
    )


def _any(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return st.one_of(
        _polynomial(inner),
        st.builds(_square, inner),
        st.builds(_floor, inner, _DIVISORS),
        st.builds(_ceiling, inner, _DIVISORS),
    )


def _with_extremes(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return _any(inner) | st.builds(_largest, inner, inner) | st.builds(_smallest, inner, inner)


def _with_sums(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return _with_extremes(inner) | st.builds(_added_up, inner, _COUNTS, st.integers(1, 3))


@pytest.fixture(scope="session")
def sums() -> st.SearchStrategy[Case]:
    """A sum over copies, and what else there is around it."""
    added = st.builds(_added_up, st.recursive(_LEAVES, _with_sums, max_leaves=4), _COUNTS,
                      st.integers(1, 3))  # fmt: skip
    return st.builds(_add, added, st.recursive(_LEAVES, _with_extremes, max_leaves=3))


@pytest.fixture(scope="session")
def polynomials() -> st.SearchStrategy[Case]:
    """Sums and products of ``h``, ``k``, ``s``, ``w`` and small integers."""
    return st.recursive(_LEAVES, _polynomial, max_leaves=6)


@pytest.fixture(scope="session")
def formulas() -> st.SearchStrategy[Case]:
    """Polynomials with squares, floors and ceilings in them, nested."""
    return st.recursive(_LEAVES, _any, max_leaves=8)


@pytest.fixture(scope="session")
def all_formulas() -> st.SearchStrategy[Case]:
    """`formulas` with maxima and minima."""
    return st.recursive(_LEAVES, _with_extremes, max_leaves=8)


@pytest.fixture(scope="session")
def points() -> st.SearchStrategy[dict[str, int]]:
    """A number for every symbol of `formulas`."""
    return st.fixed_dictionaries({name: st.integers(1, 60) for name in _NAMES})
