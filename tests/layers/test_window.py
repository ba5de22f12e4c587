"""Window arithmetic against windows that are really slid."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from archcalc.layers import TransposedWindow, Window
from archcalc.symbolic import symbols
from archcalc.symbolic.evaluate import evaluate

sizes = st.integers(1, 12)
pads = st.tuples(st.integers(0, 6), st.integers(0, 6))


def slide(n: int, w: Window) -> int:
    """How many windows fit, by sliding one."""
    assert isinstance(w.padding, tuple)
    before, after = w.padding
    starts = range(-before, n + after, w.stride)
    last = w.dilation * (w.kernel - 1)
    return sum(start + last < n + after for start in starts)


@given(n=st.integers(1, 40), kernel=sizes, stride=sizes, dilation=st.integers(1, 3), pad=pads)
def test_output_is_how_many_windows_fit(
    n: int, kernel: int, stride: int, dilation: int, pad: tuple[int, int]
) -> None:
    window = Window(kernel, stride, dilation, pad)
    (needed,) = window.fits(n, "height")
    if needed.holds():
        assert window.output(n) == slide(n, window)
    else:
        assert slide(n, window) == 0


@given(kernel=sizes, stride=sizes, dilation=st.integers(1, 3), pad=pads, ceil_mode=st.booleans())
def test_the_least_length_that_a_message_names_is_the_least_that_fits(
    kernel: int, stride: int, dilation: int, pad: tuple[int, int], ceil_mode: bool
) -> None:
    window = Window(kernel, stride, dilation, pad, ceil_mode)
    least = dict(window.fits(1, "height")[0].details)["needed"]
    assert isinstance(least, int)
    for n in range(max(least - 3, 1), max(least, 1) + 3):
        (needed,) = window.fits(n, "height")
        assert needed.holds() == (n >= least)


@given(n=st.integers(1, 40), kernel=sizes, stride=sizes, dilation=st.integers(1, 3))
def test_same_is_the_padding_it_says(n: int, kernel: int, stride: int, dilation: int) -> None:
    window = Window(kernel, stride, dilation, "same")
    pads = window.pads(n)
    assert window.output(n) == -(-n // stride) == slide(n, Window(kernel, stride, dilation, pads))
    assert 0 <= pads[1] - pads[0] <= 1


@given(n=st.integers(1, 40), kernel=sizes, stride=sizes, dilation=st.integers(1, 3))
def test_causal_sees_no_future(n: int, kernel: int, stride: int, dilation: int) -> None:
    window = Window(kernel, stride, dilation, "causal")
    before, after = window.pads(n)
    assert after == 0
    assert window.output(n) == slide(n, Window(kernel, stride, dilation, (before, 0)))


@given(n=st.integers(1, 40), kernel=sizes, stride=sizes, pad=st.integers(0, 6))
@example(n=1, kernel=2, stride=5, pad=1)
@example(n=4, kernel=2, stride=5, pad=1)  # the last window would start in the padding
def test_ceil_mode_is_torchs_rule(n: int, kernel: int, stride: int, pad: int) -> None:
    """aten/src/ATen/native/Pool.h, pooling_output_shape_pad_lr."""
    assume(pad <= kernel // 2)
    window = Window(kernel, stride, 1, (pad, pad), ceil_mode=True)
    (needed,) = window.fits(n, "height")
    assume(needed.holds())
    out = (n + 2 * pad - kernel + stride - 1) // stride + 1
    if (out - 1) * stride >= n + pad:
        out -= 1
    assert window.output(n) == out


@given(n=st.integers(1, 20), kernel=sizes, stride=sizes, dilation=st.integers(1, 3))
def test_transposed_undoes_the_convolution(n: int, kernel: int, stride: int, dilation: int) -> None:
    """A transposed convolution gives the smallest input that the convolution maps to `n`."""
    span = dilation * (kernel - 1) + 1
    out = TransposedWindow(kernel, stride, dilation, (0, 0)).output(n)
    assert Window(kernel, stride, dilation).output(out) == n
    assert out == span or Window(kernel, stride, dilation).output(out - 1) < n


@given(
    n=st.integers(1, 40),
    kernel=sizes,
    stride=sizes,
    pad=pads,
    ceil_mode=st.booleans(),
    same=st.booleans(),
)
def test_symbols_then_numbers_is_numbers(
    n: int, kernel: int, stride: int, pad: tuple[int, int], ceil_mode: bool, same: bool
) -> None:
    """One symbol at a time, and all together."""
    padding = "same" if same else pad
    plain = Window(kernel, stride, 1, padding, ceil_mode)
    assume(all(need.holds() for need in plain.fits(n, "height")))
    a, k, s = symbols("n k s")
    values = {a: n, k: kernel, s: stride}
    for window, length in [
        (plain, a),
        (Window(k, stride, 1, padding, ceil_mode), n),
        (Window(kernel, s, 1, padding, ceil_mode), n),
        (Window(k, s, 1, padding, ceil_mode), a),
    ]:
        assert evaluate(window.output(length), values) == plain.output(n)
        for symbolic, number in zip(window.pads(length), plain.pads(n), strict=True):
            assert evaluate(symbolic, values) == number


@given(n=st.integers(1, 30), kernel=sizes, stride=sizes, dilation=st.integers(1, 3), pad=pads)
def test_a_window_reads_what_lies_under_it(n, kernel, stride, dilation, pad) -> None:
    window = Window(kernel, stride, dilation, pad)
    assume(slide(n, window) > 0)
    for u in range(window.output(n)):
        read = list(window.reads(n, u))
        assert read == [u * stride - pad[0] + dilation * tap for tap in range(kernel)]
