"""The parser: right on arithmetic, the inverse of the printers, and quick to refuse the rest."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import warnings
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sympy import Integer, Max, Min, Rational

from archcalc.formula import Formula
from archcalc.symbolic import (
    ArchcalcError,
    ArithmeticRuleError,
    CeilDiv,
    ExpressionError,
    FloorDiv,
    evaluate,
    parse,
    symbol,
    symbols,
)
from archcalc.symbolic.errors import quoted
from archcalc.symbolic.lexer import Source
from tests.counting import at_most
from tests.sampling import examples

f, h, k, L, n, s, w = symbols("f h k L n s w")

# --- What it reads -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", Integer(7)),
        ("1_000", Integer(1000)),
        ("-7", Integer(-7)),
        ("+k", k),
        ("1/2", Rational(1, 2)),
        ("h/2/3*4", h * 2 / 3),
        ("7 % 3", Integer(1)),
        ("h % s", h - s * FloorDiv(h, s)),
        ("-5//2", Integer(-3)),
        ("2**3**2", Integer(512)),
        ("2^3^2", Integer(512)),
        ("-k**2", -(k**2)),
        ("2**-3", Rational(1, 8)),
        ("(29 - k)//2", FloorDiv(29 - k, 2)),
        ("floor((29 - k)/2)", FloorDiv(29 - k, 2)),
        ("floor(h/2 + 1)", FloorDiv(h, 2) + 1),
        ("floor(h)", h),
        ("ceil(h/s)", CeilDiv(h, s)),
        ("ceiling(h/2)", CeilDiv(h, 2)),
        ("ceil(h//2 + 1/2)", FloorDiv(h, 2) + 1),
        ("⌈h/2^L⌉", CeilDiv(h, 2**L)),
        ("⌊(h − k)/s⌋ + 1", FloorDiv(h - k, s) + 1),
        ("(⌊(29 − k)/2⌋²·f + 1)·n", (FloorDiv(29 - k, 2) ** 2 * f + 1) * n),
        ("2×k¹⁰", 2 * k**10),
        ("max(h, k, 3)", Max(h, k, 3)),
        ("min(h, 3)", Min(h, 3)),
        ("max(2, 3)", Integer(3)),
        ("-(k + 1)*(h + 1)", -((k + 1) * (h + 1))),
        ("λ + c_in2", symbol("λ") + symbol("c_in2")),
        ("floor + max", symbol("floor") + symbol("max")),
        ("h\n + \t k", h + k),
    ],
)
def test_reads(text: str, expected: object) -> None:
    assert parse(text) == expected


def test_symbols_are_the_canonical_ones() -> None:
    assert parse("k") is symbol("k")


@given(data=st.data())
def test_means_what_python_means(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    numbers = {symbol(name): Integer(value) for name, value in point.items()}
    assert parse(case.code).xreplace(numbers) == case.at(point)


_FRACTIONS = st.recursive(
    st.integers(0, 99).map(lambda i: f"Fraction({i})"),
    lambda inner: (
        st.builds(
            lambda a, operator, b: f"({a} {operator} {b})",
            inner,
            st.sampled_from(["+", "-", "*", "/", "//", "%"]),
            inner,
        )
        | st.builds(lambda a, e: f"(-{a}**{e})", inner, st.integers(0, 3))
    ),
    max_leaves=8,
)


@examples(10)
@given(_FRACTIONS)
def test_numbers_are_python_fractions(code: str) -> None:
    text = code.replace("Fraction", "")
    try:
        expected = Fraction(eval(code, {"__builtins__": {}, "Fraction": Fraction}))
    except ZeroDivisionError:
        with pytest.raises(ArithmeticRuleError):
            parse(text)
    else:
        value = parse(text)
        assert Fraction(int(value.p), int(value.q)) == expected


# --- What it refuses, and how it says so ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2k", "'2k' has no operator at column 2; write 2*k [missing-operator]"),
        ("2(k + 1)", "'2(k + 1)' has no operator at column 2; write 2*(…) [missing-operator]"),
        (
            "k(3)",
            "'k(3)' calls k at column 1; to multiply write k*(…); "
            "the functions are ceil, ceiling, floor, max, min, sum [unknown-function]",
        ),
        (
            "0.5*k",
            "'0.5*k' has the float 0.5 at column 1; "
            "write an exact fraction such as 1/2, or a power of 10 [inexact-number]",
        ),
        ("a.b", "'a.b' has a dot at column 2; "
         "use exact fractions such as 1/2, and plain names [unsupported-syntax]"),
        ("a < b", "'a < b' has a comparison at column 3; "
         "write only one side of it [unsupported-syntax]"),
        ("a[0]", "'a[0]' has a bracket of another kind at column 2; "
         "use round parentheses [unsupported-syntax]"),
        ("lambda x: x", "'lambda x: x' has 'lambda', which is not arithmetic, at column 1; "
         "choose another name [unsupported-syntax]"),
        ("k + ", "'k +' ends with + at column 3 [bad-expression]"),
        ("(k + )", "'(k + )' does not read as a formula at column 6 [bad-expression]"),
        ("(k", "'(k' has a ( that is never closed at column 1 [bad-expression]"),
        ("⌊k)", "'⌊k)' has a ) that closes nothing at column 3 [bad-expression]"),
        ("k²^3", "'k²^3' has a power of a power at column 3; "
         "say which with parentheses [bad-expression]"),
        ("2**(1/2)", "'2**(1/2)' has a fractional exponent at column 1; "
         "an exponent has to be a whole number [fractional-exponent]"),
        ("", "'' is empty; give a formula such as '4*c' [empty-expression]"),
        ("9**9**9", "'9**9**9' becomes too large at column 1; "
         "numbers go to 600 digits, exponents to 1,000, sums to degree 60 [too-large]"),
        ("h//(k - k)", "'h//(k - k)' divides by zero [zero-divisor]"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_where_and_what_would_mend_it(text: str, message: str) -> None:
    with pytest.raises(ArchcalcError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_bounds_are_the_last_that_are_read() -> None:
    assert parse("k**1000") == k**1000
    assert parse("-" * 120 + "k") == k
    for text, code in [("k**1001", "too-large"), ("-" * 121 + "k", "too-deep"),
                       ("-" * 135 + "k", "too-deep"), ("'k'", "unsupported-syntax")]:  # fmt: skip
        with pytest.raises(ExpressionError) as caught:
            parse(text)
        assert caught.value.code == code
    with pytest.raises(ExpressionError, match="has text in quotes at column 5"):
        parse("k + 'k'")


@pytest.mark.parametrize("text", ["⌊k/2⌋²·λ + h¹²", "∑(⌊h/2^i⌋ for i < L)", "k+1", "max(h, ⌈k⌉)"])
def test_a_place_in_python_is_a_place_in_what_was_typed(text: str) -> None:
    source = Source(text)
    source.scan()
    place = 0
    for word in source.words:
        spelt = word.python()
        assert source.python()[place:].startswith(spelt)
        found = [source.index(place + offset) for offset in range(len(spelt))]
        assert found[0] == word.at
        assert found == sorted(found)
        assert all(word.at <= at < word.at + len(word.text) for at in found)
        place += len(spelt) + 1
    assert source.index(place + 1) == len(text)


@pytest.mark.parametrize(("text", "column"), [("/k", 1), ("k + /h", 5), ("λ·(k + //h)", 8)])
def test_the_column_is_where_it_stops_reading(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.values["column"] == column


def test_the_column_counts_what_was_typed() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("λ²·λ² + ⌊k/2⌋ + 9**k**9**9")
    assert caught.value.values["column"] == 20


A_HANG = 5_000_000
"""Calls of functions after which a text counts as one that hangs; no measure of speed."""


HOSTILE = {
    "call": "__import__('os').system('echo never')",
    "attribute": "k.__class__.__mro__",
    "attribute call": "k.subs(k, 3)",
    "subscript": "k[0]",
    "string": "'abc'",
    "bytes": "b'abc'",
    "f-string": "f'{k}'",
    "lambda": "(lambda: 1)()",
    "comprehension": "[k for k in k]",
    "walrus": "(k := 3)",
    "assignment": "k = 3",
    "statements": "k; k",
    "comparison": "a < b < c",
    "boolean": "a and b",
    "constant": "True + None",
    "conditional": "a if b else c",
    "ellipsis": "...",
    "tuple": "a, b",
    "star": "max(*a)",
    "keyword": "max(a, key=b)",
    "no arguments": "max()",
    "two arguments": "floor(a, b)",
    "many arguments": f"max({','.join(f'a{i}' for i in range(1000))})",
    "bit operators": "a | b & c ~ d << 3",
    "matrix product": "a @ b",
    "comment": "k # comment",
    "continuation": "k \\\n + 1",
    "float": "1.5",
    "exponent float": "1e999999999",
    "complex": "3j",
    "hexadecimal": "0x10",
    "leading zero": "007",
    "underscores": "1__0",
    "null byte": "k\0k",
    "surrogate": "k + \ud800",
    "surrogate name": "\udc80",
    "other digits": "k + ٣",
    "fraction sign": "k¼",
    "right to left": "k\u202e + 1",
    "no text": None,
    "bytes object": b"k",
    "number": 3,
    "list": ["k"],
    "empty": "",
    "blank": " \n\t ",
    "operators": "*/+-**",
    "brackets": "(" * 10_000 + "k" + ")" * 10_000,
    "brackets within the length": "(" * 4_000 + "k" + ")" * 4_000,
    "open brackets": "(" * 9_000,
    "floors": "⌊" * 4_000 + "k" + "⌋" * 4_000,
    "signs": "-" * 9_000 + "k",
    "powers": "2**" * 3_000 + "2",
    "symbolic powers": "k**" * 3_000 + "k",
    "floor chain": "k//" * 3_000 + "k",
    "modulo chain": "%".join(f"a{i}" for i in range(60)),
    "calls": "floor(" * 1_500 + "k" + ")" * 1_500,
    "huge number": "9" * 100_000,
    "number past Python's limit": "9" * 4_500,
    "number past ours": "9" * 601,
    "tower": "9**9**9",
    "tower of tens": "10**10**10",
    "huge power": "2**99999999999",
    "huge negative power": "2**-99999999999",
    "huge symbolic power": "k**99999999999",
    "huge exponent of a symbol": "2**(k*10**500)",
    "power of a power": "((9**600)**600)**600",
    "product of powers": "*".join(["9**600"] * 1_000),
    "product of sums": "*".join(["(9**600*k + 1)"] * 600),
    "sum of powers": "+".join(["9**9999"] * 1_000),
    "expansion": "floor((a + b)**1000/2)",
    "wide expansion": "((a + b + c + d)**40)//7",
    "product expansion": f"({'*'.join(f'(a{i} + b{i})' for i in range(60))})//7",
    "hidden expansion": "((a + b)**900 + 1)//((a + c)**900 + 1)",
    "denominators": f"floor({'+'.join(f'1/a{i}' for i in range(1000))})",
    "coefficients": "((9**200*a + 7)**400)//2",
    "roots": "(((7**5)//(c//7))//(1 + e + 7 - 999//10**20 - e**300))**999",
    "maximum of powers": "max(3, (3/c)**999)//max(3**e, max(2**b, e**3*a**99))",
    "zero": "1/0",
    "symbolic zero": "k//(h - h)",
    "zero modulo": "5 % 0",
    "zero to a negative power": "0**-1",
    "zero to an unknown power": "0**(3 - k)",
    "root": "2**(1/2)",
    "symbolic root": "k**(k/2)",
    "long": "k+" * 5_001 + "k",
    "deep sum": "k+" * 4_999 + "k",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_refuses_quickly_and_in_little_memory(text: object) -> None:
    tracemalloc.start()
    try:
        with warnings.catch_warnings(), at_most(A_HANG):
            warnings.simplefilter("error")
            with pytest.raises((ExpressionError, ArithmeticRuleError)) as caught:
                parse(text)  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200 * 2**20
    assert len(str(caught.value)) < 300
    assert caught.value.code


ODD_BUT_READ = {
    "long sum": "+".join(f"a{i}" for i in range(900)),
    "long product": "*".join(f"a{i}" for i in range(900)),
    "sparse divisor": "(a**19*b**20*c**20 + 1)//(a**18*b**19*c**19 + a*b*c + 1)",
    "nested brackets": "(" * 40 + "k" + ")" * 40,
    "nested powers": "2**(k + " * 15 + "1" + ")" * 15,
    "many floors": "+".join(f"(h + {i})//{i + 1}" for i in range(1, 300)),
    "nested floors": "(" * 38 + "h" + " + 1)//2" * 38,
    "nested symbolic floors": "(" * 20 + "h" + " + w)//(s + 1)" * 20,
    "extremes": "max(a*b - c, min(b*c - a, max(c*d - b, min(d*e - c, e*f - d))))",
    "expansion at the bound": "((a + b)**60 + c)//7",
    "expansion of three": "((a + b + c)**20)//7",
    "exact division": "(a**60 - b**60)//(a - b)",
    "big numbers": "*".join(["9**99"] * 5),
    "odd name": "x" + "_" * 49,
}


@pytest.mark.parametrize("text", ODD_BUT_READ.values(), ids=ODD_BUT_READ)
def test_reads_large_formulas_quickly(text: str) -> None:
    with at_most(A_HANG):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refuse(text)


@examples(10)
@given(st.text("0123456789kh_ ()+-*/%^.,²³·−⌊⌋⌈⌉" + "floormaxcein'[]=<\0", max_size=40))
def test_anything_like_a_formula_is_read_or_refused(text: str) -> None:
    _read_or_refuse(text)


def _read_or_refuse(text: str) -> None:
    message = ""
    with at_most(A_HANG):
        try:
            parse(text)
        except ArchcalcError as error:
            message = str(error)
    assert len(message) < 300


def test_nothing_is_executed_and_nothing_leaks_near_the_recursion_limit() -> None:
    """With most of the stack already used, deep input is still refused in our own words."""
    program = """
from archcalc.symbolic import ExpressionError, parse
def deep(depth, text):
    if depth:
        return deep(depth - 1, text)
    try:
        parse(text)
    except ExpressionError:
        return True
    return True
for depth in (700, 850, 900):
    assert deep(depth, "2**(k + " * 15 + "1" + ")" * 15)
    assert deep(depth, "k+" * 2000 + "k")
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "fine\n", done.stderr[-2000:]


@pytest.mark.parametrize(
    ("characters", "said", "hint"),
    [
        ("\"'`", "text in quotes", "write names without quotes"),
        ("=!≤≥≠<>", "a comparison", "write only one side of it"),
        ("[]{}", "a bracket of another kind", "use round parentheses"),
        ("&|~@", "an operator that is not arithmetic", ""),
        (".", "a dot", "use exact fractions such as 1/2, and plain names"),
        (":", "a colon", ""),
        ("#", "a comment", ""),
        ("?;$\\", "a character that is not arithmetic", ""),
    ],
)
def test_a_character_of_no_formula_is_named_with_its_column(characters, said, hint) -> None:
    for character in characters:
        with pytest.raises(ExpressionError) as caught:
            parse(f"k + {character} h")
        assert caught.value.message == f"{quoted(f'k + {character} h')} has {said} at column 5"
        assert (caught.value.code, caught.value.hint) == ("unsupported-syntax", hint)


@st.composite
def typed(draw: st.DrawFn, depth: int = 4) -> str:
    """Text such as people type, with remainders of remainders and maxima in them."""
    if not depth or draw(st.integers(0, 6)) == 0:
        return draw(st.sampled_from(["n", "m", "k", "c", "3", "12"]))
    one, other = draw(typed(depth - 1)), draw(typed(depth - 1))
    number = draw(st.integers(1, 12))
    return draw(
        st.sampled_from(
            [
                f"({one} + {other})",
                f"({one} - {other})",
                f"({one})*({other})",
                f"min({one}, {other})",
                f"max({one}, {other})",
                f"({one})%{number}",
                f"({one})//{number}",
                f"ceil(({one})/{number})",
                f"({one})**{number % 4}",
                f"({one})/{number}",
            ]
        )
    )


@examples(5)
@given(text=typed())
@example(text="(n + max(min(n, min(n, 3)), min((n + n), (3)//1)))")
@example(text="((n)%2)*(((n + (n + m)))/11)")  # a quotient that came second was another product
def test_what_is_printed_is_read_within_the_limits(text: str) -> None:
    try:
        formula = Formula(text)
    except ArchcalcError:
        assume(False)
    assert Formula(str(formula)).expr == formula.expr


@pytest.mark.parametrize(
    "text",
    [
        "((n+m)*min(n,3))%2%4",
        "((n*max(m,7) + min(n, m, 4))%5%7)*max(m,7)",
        "(k/3 % (m + c))*n % 5",
    ],
)
def test_what_says_a_maximum_often_is_read_back(text: str) -> None:
    assert Formula(str(Formula(text))).expr == Formula(text).expr


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("max(min(12, c), min(c, 10))", "min(c, 12)"),
        ("min(max(12, c), max(c, 10))", "max(c, 10)"),
        ("max(min(12, c, d), min(c, 10, d))", "min(c, d, 12)"),
        ("2*max(min(c, 4), min(c, 9)) + 1", "2·min(c, 9) + 1"),
    ],
)
def test_maxima_of_numbers_are_settled(text: str, printed: str) -> None:
    assert str(Formula(text)) == printed
    for c in (1, 4, 9, 10, 11, 12, 13):
        meant = eval(text, {"c": c, "d": 11, "max": max, "min": min})
        assert evaluate(parse(text), {symbol("c"): c, symbol("d"): 11}) == meant


def test_maxima_of_numbers_that_are_put_in_are_settled() -> None:
    assert str(Formula("max(min(a, c), min(c, 10))")(a=12)) == "min(c, 12)"


@pytest.mark.parametrize(
    "text", ["n/(m/0)", "n/(0*m)", "n*(m/0)", "n/(m/(0/n))", "1/-(0)", "n/(m*(k - k))"]
)
def test_a_divisor_of_zero_is_found_in_any_brackets(text: str) -> None:
    with pytest.raises(ArithmeticRuleError, match="divides by zero"):
        Formula(text)


def test_brackets_in_a_product_change_no_value() -> None:
    for text in (
        "a*(b/(c*(d/e)))",
        "-(a/(-b*(c/-d)))*e",
        "a/(b/c)/(d*(e/a))",
        "(a + b)/(3*(c/(2*(d + e))))",
    ):
        names = dict(zip("abcde", (35, 6, 5, 4, 9), strict=True))
        assert Formula(text)(**names) == eval(text, {k: Fraction(v) for k, v in names.items()})
