"""The printers: what people read, and what programs compute, is what was meant."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Float, Integer, Max, Min, Rational, cbrt, latex, log, root, sin, sqrt

from archcalc.symbolic import (
    ArchcalcError,
    CeilDiv,
    ExpressionError,
    FloorDiv,
    OrderedAdd,
    OrderedMul,
    javascript_helpers,
    parse,
    plain,
    sum_of_products,
    symbol,
    symbols,
    to_javascript,
    to_latex,
    to_mathml,
    to_numpy,
    to_python,
    to_text,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.printing.layout import natural
from tests.sampling import examples

a, c, f, h, k, K, L, n, s, w = symbols("a c f h k K L n s w")
c_in, h_out, n1, n2, n10, n_out = symbols("c_in h_out n1 n2 n10 n_out")
alpha, bias, d_k, Sigma = symbols("alpha bias d_k Sigma")
SIZE = FloorDiv(h - k, s) + 1
TUTORIAL = (FloorDiv(29 - k, 2) ** 2 * f + 1) * n

# --- Text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (0, "0"),
        (-3, "−3"),
        (Rational(-1, 2), "−1/2"),
        (h, "h"),
        (SIZE, "⌊(h − k)/s⌋ + 1"),
        (CeilDiv(h, 2), "⌈h/2⌉"),
        (CeilDiv(h, 32), "⌈h/32⌉"),
        (CeilDiv(h, s), "⌈h/s⌉"),
        (CeilDiv(h, s + 1), "⌈h/(s + 1)⌉"),
        (CeilDiv(h, 2**L), "⌈h/2^L⌉"),
        (CeilDiv(224, 2 * 2**L), "⌈224/2^(L + 1)⌉"),
        (FloorDiv(27 - k, 2) + 1, "⌊(29 − k)/2⌋"),
        (TUTORIAL, "n·(⌊(29 − k)/2⌋²·f + 1)"),
        (OrderedAdd(OrderedMul(OrderedAdd(k**2, 1), f), OrderedMul(10, n + 1)),
         "(k² + 1)·f + 10·(n + 1)"),
        (sum_of_products([(k, k, c_in, f), (f,)]), "(k·k·c_in + 1)·f"),
        (17 * n1 + 68 * n2 + n10 + 505, "17·n1 + 68·n2 + n10 + 505"),
        (4**L, "4^L"),
        (2 ** (L - 3), "2^(L − 3)"),
        ((h + 1) ** 12, "(h + 1)¹²"),
        (k - h, "k − h"),
        (1 - 2 * k, "1 − 2·k"),
        (-(k**2), "−k²"),
        (-((k + 1) * (h + 1)), "−(h + 1)·(k + 1)"),
        (h / 2 + Rational(3, 2), "h/2 + 3/2"),
        (h * (k / 2 + 1), "h·(k/2 + 1)"),
        (f * L * (L - 1) / 2, "f·L·(L − 1)/2"),
        (h / (2 * k), "h/(2·k)"),
        (Max(h - k, 3), "max(h − k, 3)"),
        (Min(h, 3) ** 2, "min(h, 3)²"),
        (FloorDiv(-h, 2), "⌊(−h)/2⌋"),
        (1 / h, "1/h"),
        (h**-2, "1/h²"),
        (h**-k + s, "1/h^k + s"),
        (2 ** (3 - L), "1/2^(L − 3)"),
        ((h + 1) ** (-k - 1), "1/(h + 1)^(k + 1)"),
        (3 * h**-k, "3/h^k"),
        (FloorDiv(h, 4 * 2**L), "⌊h/2^(L + 2)⌋"),
        (FloorDiv(h, 12 * 3**L), "⌊h/(4·3^(L + 1))⌋"),
        (FloorDiv(h, 3 * (-1) ** L), "⌊h/(3·(−1)^L)⌋"),
        (FloorDiv(h, 3 * k**2), "⌊h/(3·k²)⌋"),
        (FloorDiv(1 - k, 2), "⌊(1 − k)/2⌋"),
        (FloorDiv(c, 16) + 1, "⌊c/16⌋ + 1"),
        (c * (FloorDiv(c, 16) + 1), "(⌊c/16⌋ + 1)·c"),
        ((h - 330) / 5419, "(h − 330)/5419"),
        ((L**2 - L + 3) / 2, "(L² − L + 3)/2"),
        (OrderedMul(-1, n, k + 1), "−n·(k + 1)"),
        (OrderedMul(-3, n, k + 1), "−3·n·(k + 1)"),
        (OrderedAdd(n, OrderedMul(-1, h, k + 1)), "n − h·(k + 1)"),
        (OrderedMul(), "1"),
        (OrderedAdd(), "0"),
        (OrderedMul(k + 1), "k + 1"),
    ],
)  # fmt: skip
def test_text(expression, text: str) -> None:
    assert to_text(expression) == text
    assert parse(text) == plain(expression)


@pytest.mark.parametrize(
    ("expression", "values", "text"),
    [
        (SIZE, {h: 28, k: 3, s: 1}, "⌊(28 − 3)/1⌋ + 1"),
        (sum_of_products([(k, k, c_in, f), (f,)]), {k: 3, c_in: 1, f: 32}, "(3·3·1 + 1)·32"),
        (sum_of_products([(k, k, c_in, f), (f,)]), {c_in: 3}, "(k·k·3 + 1)·f"),
        (OrderedMul(k, f), {k: -3}, "(−3)·f"),
        (k**2 - f, {k: -3, f: -2}, "(−3)² + 2"),
        (OrderedMul(k, f), {k: h + 1}, "(h + 1)·f"),
        (OrderedMul(k, f), {k: Rational(1, 2)}, "(1/2)·f"),
        (k**2, {k: h**3}, "(h³)²"),
        (2**k, {k: -1}, "2^(−1)"),
        (h + k, {h: k, k: h}, "k + h"),
        (FloorDiv(h, k), {k: h * s}, "⌊h/(h·s)⌋"),
    ],
)
def test_values_are_shown_in_place(expression, values, text: str) -> None:
    assert to_text(expression, values) == text


def test_terms_go_in_the_order_asked_for() -> None:
    e = 10 * (n + k) + f * k**2
    assert to_text(e, order=(k, f, n)) == "k²·f + 10·k + 10·n"
    assert to_text(e, order=(n, k, f)) == "10·n + k²·f + 10·k"


@pytest.mark.parametrize("printer", [to_text, to_latex, to_mathml, to_python, to_numpy])
def test_what_has_no_notation_is_refused(printer) -> None:
    for stranger in (sin(h), h + Float("0.5")):
        with pytest.raises(ExpressionError, match="no notation"):
            printer(stranger)


# --- The parser reads back what was printed ------------------------------------------------------


@examples(3, nightly=5_000)
@given(data=st.data())
def test_text_and_python_are_read_back(data, formulas) -> None:
    e = data.draw(formulas).expression
    assert parse(to_text(e)) == e
    assert parse(to_python(e)) == e


@given(data=st.data())
def test_extremes_are_read_back(data, all_formulas, points) -> None:
    """sympy leaves some of its own unfinished, ``Min(h, Max(2, 3))``; what is read is finished."""
    case, point = data.draw(all_formulas), data.draw(points)
    e = parse(to_text(case.expression))
    assert parse(to_text(e)) == parse(to_python(e)) == e
    assert e.xreplace({symbol(name): Integer(v) for name, v in point.items()}) == case.at(point)


@given(data=st.data(), denominator=st.integers(2, 6))
def test_fractions_are_read_back(data, formulas, denominator: int) -> None:
    e = data.draw(formulas).expression / denominator + h / (s + 1)
    assert parse(to_text(e)) == e
    assert parse(to_python(e)) == e


@pytest.mark.parametrize(
    "e",
    [
        2 ** (L + 1) * h,
        CeilDiv(h, 2**L),
        FloorDiv(h, 2 ** (L - 5)),
        FloorDiv(-1, s) + 1,
        -FloorDiv(-h, 2),
        h * 2 ** (-L),
        FloorDiv(Max(h / 2, 3), 1),
        CeilDiv(h + s, s * w),
        (-k - 1) * (h + 1),
        (2 ** (L - 1)) ** (k + 1),
    ],
    ids=str,
)
def test_special_cases_are_read_back(e) -> None:
    assert parse(to_text(e)) == e
    assert parse(to_python(e)) == e


@settings(max_examples=min(4 * settings().max_examples, 300))
@given(
    st.integers(1, 4), st.integers(-4, 4), st.integers(-4, 4), st.integers(2, 6),
    st.integers(-9, 60), st.integers(-2, 2),
)  # fmt: skip
def test_shared_constants_are_read_back(times, a, b, q, constant, more) -> None:
    e = times * FloorDiv(a * h + b * k, q) + constant + more * n
    assert parse(to_text(e)) == e
    assert parse(to_python(e)) == e
    assert parse(to_text(FloorDiv(e, q * 4**L))) == FloorDiv(e, q * 4**L)


@pytest.mark.parametrize(
    ("e", "text"),
    [
        (2 * FloorDiv(-k, 2) + 28, "2·⌊(28 − k)/2⌋"),
        (2 * FloorDiv(-k, 2) + 29, "2·⌊(28 − k)/2⌋ + 1"),
        (FloorDiv(-k, 2) + 14 + n, "⌊(28 − k)/2⌋ + n"),
        (2 * FloorDiv(h - k, 2) + 28, "2·⌊(h − k)/2⌋ + 28"),
        (FloorDiv(h, 12 * 2**L), "⌊h/(3·2^(L + 2))⌋"),
        (FloorDiv(h, 3 * 2**L), "⌊h/(3·2^L)⌋"),
        (sqrt(h), "√h"),
        (cbrt(h + 1), "∛(h + 1)"),
        (root(h, 4), "∜h"),
        (root(h, 5), "h^(1/5)"),
    ],
    ids=str,
)
def test_more_that_reads_well(e, text: str) -> None:
    assert to_text(e) == text


def test_roots_in_every_notation() -> None:
    assert to_latex(sqrt(h + 1)) == r"\sqrt{h + 1}"
    assert to_latex(cbrt(h)) == r"\sqrt[3]{h}"
    assert to_latex(sqrt(h) * 2) == r"2 \cdot \sqrt{h}"
    assert body(sqrt(h)) == "<msqrt><mi>h</mi></msqrt>"
    assert body(cbrt(h)) == "<mroot><mi>h</mi><mn>3</mn></mroot>"
    assert eval(to_python(sqrt(h + 3)), {"h": 6}) == 3
    assert eval(to_numpy(log(h)), {"np": np, "h": 1}) == 0
    assert body(CeilDiv(h, 3)) == body(FloorDiv(h, 3)).replace("⌊", "⌈").replace("⌋", "⌉")


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 2)), st.integers(-6, 6), min_size=1
    ),
    st.sampled_from([2, 3, 4, 6]),
)
def test_numpy_divides_without_a_rest_where_there_is_none(terms, n: int) -> None:
    e = sum(c * h**p * k**q for (p, q), c in terms.items()) * h * (h + 1) / n
    values = [
        Fraction(sum(c * a**p * b**q for (p, q), c in terms.items()) * a * (a + 1), n)
        for a in range(1, n + 1)
        for b in range(1, n + 1)
    ]
    whole = all(value.denominator == 1 for value in values)
    code = to_numpy(e)
    assert ("/" not in code.replace("//", "")) == whole
    got = [eval(code, {"h": a, "k": b}) for a in range(1, n + 1) for b in range(1, n + 1)]
    assert got == pytest.approx([float(value) for value in values])


def test_numpy_divides_powers_and_large_divisors() -> None:
    assert to_numpy(h / 5_000) == "h/5000"
    assert "//" in to_numpy((3**h - 1) / 2)
    assert "//" not in to_numpy((3**h - 1) / 4)
    for number in range(1, 7):
        assert eval(to_numpy((3**h - 1) * k / 2), {"h": number, "k": 3}) == (3**number - 1) * 3 // 2
        assert eval(to_numpy((3**h + k) / 4), {"h": number, "k": 3}) == (3**number + 3) / 4
        assert eval(to_numpy(sqrt(h) / 2 + k / 2), {"h": number**2, "k": 2}) == number / 2 + 1


def test_numbers_in_names_sort_as_numbers() -> None:
    names = ["ab", "a10", "a2", "a1", "a", "B", "b", "a2c", "a2b"]
    natural_order = ["a", "a1", "a2", "a2b", "a2c", "a10", "ab", "B", "b"]
    assert sorted(names, key=natural) == natural_order


# --- Code computes what was meant ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "python", "numpy", "javascript"),
    [
        (SIZE, "(h - k)//s + 1", "(h - k)//s + 1", "floorDiv(h - k, s) + 1n"),
        (CeilDiv(h - 7, 32), "(h + 24)//32", "(h + 24)//32", "floorDiv(h + 24n, 32n)"),
        (CeilDiv(h, s + 1), "(h + s)//(s + 1)", "(h + s)//(s + 1)",
         "floorDiv(h + s, s + 1n)"),
        (-FloorDiv(h, 2), "-(h//2)", "-(h//2)", "-floorDiv(h, 2n)"),
        (-FloorDiv(h, s) / 2, "-(h//s)/2", "(-(h//s))/2",
         "times(-1n, quotient(floorDiv(h, s), 2n))"),
        (-(k**2), "-k**2", "-k**2", "-(k**2n)"),
        (Max(h, k, 3), "max(h, k, 3)", "np.maximum(np.maximum(h, k), 3)", "max(h, k, 3n)"),
        (Min(h, k), "min(h, k)", "np.minimum(h, k)", "min(h, k)"),
        (FloorDiv(h, 2) * k, "(h//2)*k", "(h//2)*k", "floorDiv(h, 2n)*k"),
        (f * L * (L - 1) / 2, "f*L*(L - 1)/2", "(f*L**2 - f*L)//2",
         "quotient(times(f, L, add(L, -1n)), 2n)"),
        (h / 2, "h/2", "h/2", "quotient(h, 2n)"),
        (Rational(1, 2), "1/2", "1/2", "quotient(1n, 2n)"),
        (OrderedMul(k, k, c_in), "k*k*c_in", "k*k*c_in", "k*k*c_in"),
    ],
)  # fmt: skip
def test_code(expression, python: str, numpy: str, javascript: str) -> None:
    assert to_python(expression) == python
    assert to_numpy(expression) == numpy
    assert to_javascript(expression) == javascript


@given(data=st.data())
def test_python_computes_it(data, all_formulas, points) -> None:
    case, point = data.draw(all_formulas), data.draw(points)
    assert eval(to_python(case.expression), {}, dict(point)) == case.at(point)


@given(data=st.data())
def test_numpy_computes_it(data, all_formulas, points) -> None:
    case, rows = data.draw(all_formulas), data.draw(st.lists(points, min_size=1, max_size=4))
    arrays = {name: np.array([row[name] for row in rows], dtype=object) for name in rows[0]}
    result = eval(to_numpy(case.expression), {"np": np}, arrays)
    assert np.broadcast_to(result, len(rows)).tolist() == [case.at(row) for row in rows]


@pytest.mark.parametrize("big", [10**17 + 2, 2**62 - 1, 2**53 + 1])
def test_numpy_is_exact_in_int64(big: int) -> None:
    arrays = {"h": np.array([big]), "L": np.array([2**31 + 1]), "f": np.array([1])}
    for e, expected in [
        (FloorDiv(h, 2), big // 2),
        (CeilDiv(h, 3) + 1, -(-big // 3) + 1),
        (Max(h - 1, 7), big - 1),
        (f * L * (L - 1) / 2, (2**31 + 1) * 2**31 // 2),
    ]:
        result = eval(to_numpy(e), {"np": np}, arrays)
        assert result.dtype == np.int64
        assert result.tolist() == [expected]


@given(data=st.data(), n=st.integers(2, 6))
def test_fractions_are_not_rounded_down(data, formulas, points, n: int) -> None:
    case, point = data.draw(formulas), data.draw(points)
    value = Fraction(case.at(point), n)
    assume(abs(value) < 2**40)
    e = case.expression / n
    for code in (to_python(e), to_numpy(e)):
        assert eval(code, {}, dict(point)) == pytest.approx(float(value), abs=1e-3)


if NODE := shutil.which("node"):

    @settings(max_examples=5)
    @given(data=st.data())
    def test_javascript_computes_it(data, all_formulas, points) -> None:
        cases = data.draw(st.lists(all_formulas, min_size=1, max_size=40))
        point = data.draw(points)
        expected = [case.at(point) for case in cases]
        assert _in_node([case.expression for case in cases], point) == expected

    @pytest.mark.parametrize("big", [2**53 + 1, 10**17 + 2, 3**99])
    def test_javascript_is_exact_beyond_floats(big: int) -> None:
        exact = {
            FloorDiv(h, 2): big // 2,
            FloorDiv(7 - h, 3) + 1: (7 - big) // 3 + 1,
            CeilDiv(h, 3): -(-big // 3),
            h * (h - 1) / 2: big * (big - 1) // 2,
            Max(h / 2, k): Fraction(big, 2) if big % 2 else big // 2,
            Min(h / 3, k) + Rational(1, 6): 3 + Fraction(1, 6),
            h**3 - k**2: big**3 - 9,
            k ** (k - 2): 3,
            2 ** (k - 5): Fraction(1, 4),
            h / k - h / 3: 0,
        }
        assert _in_node(list(exact), {"h": big, "k": 3}) == list(exact.values())

    def test_javascript_says_what_it_cannot_compute() -> None:
        for e, point in (
            (k**L, {"k": 3, "L": 10**9}),
            (h / (k - 3), {"h": 2, "k": 3}),
            (FloorDiv(h, k - 3), {"h": 2, "k": 3}),
            (k ** (h / 2), {"h": 3, "k": 3}),
        ):
            with pytest.raises(ArchcalcError) as caught:
                evaluate(e, {symbol(name): value for name, value in point.items()})
            assert _in_node([e], point) == [str(caught.value)]

    def _in_node(expressions, point):
        """The values of expressions, or the words of what went wrong."""
        tries = "".join(f"() => {to_javascript(e)}," for e in expressions)
        lines = [
            javascript_helpers(),
            *(f"const {name} = {value}n;" for name, value in point.items()),
            "const said = (x) => (typeof x === 'bigint' ? String(x) : `${x.n}/${x.d}`);",
            "const tried = (f) => { try { return said(f()) } catch (e) { return e.message } };",
            f"console.log(JSON.stringify([{tries}].map(tried)));",
        ]
        done = subprocess.run([NODE, "-e", "\n".join(lines)], capture_output=True, text=True)
        assert not done.stderr
        return [_read(text) for text in json.loads(done.stdout)]

    def _read(text):
        if not re.fullmatch(r"-?\d+(/\d+)?", text):
            return text
        value = Fraction(text)
        return int(value) if value.denominator == 1 else value


def test_javascript_has_no_roots_and_keeps_its_own_words() -> None:
    for e in (sqrt(h), log(h)):
        with pytest.raises(ExpressionError, match="no exact value"):
            to_javascript(e)
    assert to_javascript(symbol("new") + symbol("max")) == "$max + $new"
    assert to_javascript(h + k, {"h": "$0"}) == "$0 + k"


# --- LaTeX ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (TUTORIAL,
         r"n \cdot \left(\left\lfloor \frac{29 - k}{2} \right\rfloor^{2} \cdot f + 1\right)"),
        (SIZE, r"\left\lfloor \frac{h - k}{s} \right\rfloor + 1"),
        (CeilDiv(h, 2), r"\left\lceil \frac{h}{2} \right\rceil"),
        (2 * k, r"2 \cdot k"),
        (OrderedMul(k, 2, 3), r"k \cdot 2 \cdot 3"),
        (OrderedMul(3, Rational(1, 2)), r"3 \cdot \frac{1}{2}"),
        (2**L * f, r"2^{L} \cdot f"),
        (OrderedMul(f, 2**L), r"f \cdot 2^{L}"),
        ((h / 2 + 1) ** 2, r"\left(\frac{h}{2} + 1\right)^{2}"),
        (Max(h, 3), r"\max\left(h, 3\right)"),
        (c_in + n_out + h_out, r"c_{\mathrm{in}} + h_{\mathrm{out}} + n_{\mathrm{out}}"),
        (n1 * n10, r"n_{1} \cdot n_{10}"),
        (alpha * Sigma * bias * d_k, r"\alpha \cdot \mathrm{bias} \cdot d_{k} \cdot \Sigma"),
        (symbol("λ") + symbol("k_h_2"), r"k_{h,2} + \lambda"),
        (symbol("x_"), r"\mathrm{x\_}"),
        (-(k**2), r"-k^{2}"),
    ],
)  # fmt: skip
def test_latex(expression, text: str) -> None:
    assert to_latex(expression) == text


def test_latex_shows_values_in_place() -> None:
    e = sum_of_products([(k, k, c_in, f), (f,)])
    assert to_latex(e, {k: 3, c_in: 1, f: 32}) == (r"\left(3 \cdot 3 \cdot 1 + 1\right) \cdot 32")


@given(data=st.data())
def test_latex_is_balanced(data, all_formulas) -> None:
    text = to_latex(data.draw(all_formulas).expression / 3 + symbol("c_in"))
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert "//" not in text


def test_sympy_sets_floors_too() -> None:
    assert latex(FloorDiv(h, s) ** 2) == (r"\left\lfloor \frac{h}{s} \right\rfloor^{2}")


# --- MathML --------------------------------------------------------------------------------------

ARITY = {"mfrac": 2, "msup": 2, "msub": 2}
ELEMENTS = {"math", "mrow", "mi", "mn", "mo", "mfrac", "msup", "msub"}


def body(expression, **options) -> str:
    text = to_mathml(expression, **options)
    return text.removeprefix('<math xmlns="http://www.w3.org/1998/Math/MathML">').removesuffix(
        "</math>"
    )


LEFT, RIGHT = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'


@pytest.mark.parametrize(
    ("expression", "inside"),
    [
        (c_in, "<msub><mi>c</mi><mi>in</mi></msub>"),
        (alpha, "<mi>α</mi>"),
        (2 * k, "<mrow><mn>2</mn><mo>·</mo><mi>k</mi></mrow>"),
        (OrderedMul(3, 3), "<mrow><mn>3</mn><mo>·</mo><mn>3</mn></mrow>"),
        (-k, "<mrow><mo>−</mo><mi>k</mi></mrow>"),
        ((k + 1) ** 2, f"<msup><mrow>{LEFT}<mrow><mi>k</mi><mo>+</mo><mn>1</mn></mrow>"
         f"{RIGHT}</mrow><mn>2</mn></msup>"),
        (FloorDiv(h, 3),
         "<mrow><mo>⌊</mo><mfrac><mi>h</mi><mn>3</mn></mfrac><mo>⌋</mo></mrow>"),
        (Max(h, 3), f"<mrow><mi>max</mi><mo>\u2061</mo><mrow>{LEFT}<mrow><mi>h</mi>"
         f"<mo>,</mo><mn>3</mn></mrow>{RIGHT}</mrow></mrow>"),
    ],
)  # fmt: skip
def test_mathml(expression, inside: str) -> None:
    assert body(expression) == inside


def test_mathml_stands_on_its_own_line_if_asked() -> None:
    assert ' display="block">' in to_mathml(h, display=True)
    assert "display" not in to_mathml(h)


@given(data=st.data())
def test_mathml_is_well_formed(data, all_formulas) -> None:
    e = data.draw(all_formulas).expression / 3 + symbol("k_h_2") ** c_in
    for element in ElementTree.fromstring(to_mathml(e)).iter():
        tag = element.tag.removeprefix("{http://www.w3.org/1998/Math/MathML}")
        assert tag in ELEMENTS
        assert len(element) == ARITY.get(tag, len(element))
        assert tag == "math" or bool(element.text) != bool(len(element))


@given(data=st.data())
def test_mathml_that_lines_may_break_says_the_same(data, all_formulas) -> None:
    e = data.draw(all_formulas).expression
    pieces = to_mathml(e, apart=True).split("<wbr/>")
    said = "".join("".join(ElementTree.fromstring(piece).itertext()) for piece in pieces)
    assert said == "".join(ElementTree.fromstring(to_mathml(e)).itertext())


def test_mathml_is_broken_between_terms_and_within_long_brackets() -> None:
    def pieces(e) -> list[str]:
        parts = to_mathml(e, apart=True).split("<wbr/>")
        return ["".join(ElementTree.fromstring(part).itertext()) for part in parts]

    assert pieces(h) == ["h"]
    assert pieces(h * (n + 1) - c) == ["h·(n+1)", "−c"]
    long = a * c * f + h * k * n + c_in * h_out * s * w
    assert len(pieces(L * long)) == 3
    assert len(pieces(L * (long + FloorDiv(h, 2)))) == 1, "tall brackets grow as one"


def test_an_integer_needs_no_symbol() -> None:
    assert [p(Integer(3)) for p in (to_text, to_latex, to_python, to_numpy)] == ["3"] * 4
    assert body(3) == "<mn>3</mn>"
