"""Masks against brute force: every pair of a query and a key is looked at."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.layers.mask import Mask
from archcalc.symbolic.dims import as_dim

lengths = st.integers(1, 12)
windows = st.none() | st.integers(1, 14)


def brute(mask: Mask, t: int, s: int) -> int:
    """The true entries of the boolean mask."""
    i, j = torch.arange(t)[:, None], torch.arange(s)[None, :]
    seen = torch.ones(t, s, dtype=torch.bool)
    if mask.causal:
        seen &= j <= i
    if mask.window is not None:
        seen &= (i - j).abs() < mask.window
    return int(seen.sum()) + t * mask.added


@given(st.booleans(), windows, st.integers(0, 2), lengths, lengths)
def test_pairs_are_those_of_the_boolean_mask(
    causal: bool, window: int | None, added: int, t: int, s: int
) -> None:
    mask = Mask(causal, window, added)
    assert mask.pairs(t, s + added) == brute(mask, t, s)


@given(st.booleans(), st.booleans(), st.booleans(), lengths, lengths, lengths)
def test_symbols_first(
    causal: bool, bounded: bool, square: bool, t: int, s: int, window: int
) -> None:
    s = t if square else s
    mask = Mask(causal, as_dim("W") if bounded else None)
    names = ("t", "t") if square else ("t", "s")
    rule = ac.Formula(mask.pairs(*map(as_dim, names)))
    values = {"t": t, "s": s, "W": window}
    known = {str(symbol) for symbol in rule.expr.free_symbols}
    numbers = Mask(causal, window if bounded else None)
    assert rule(**{k: v for k, v in values.items() if k in known}) == brute(numbers, t, s)


def _flops(layer: Any, *shapes: Any, mask: Any = "exact") -> ac.Formula:
    inputs = [ac.Input(shape) for shape in shapes]
    called = layer(*inputs) if len(inputs) > 1 else layer(inputs[0])
    result: ac.Formula = ac.Model(inputs, called).trace().cost(ac.costs.Flops(mask=mask))
    return result


@pytest.mark.parametrize("window", [None, 3, 50])
@pytest.mark.parametrize("causal", [True, False])
def test_every_attention_has_one_core(causal: bool, window: int | None) -> None:
    """The products of the two matrices of each head, where the boolean mask is true."""
    t, d, heads = 7, 12, 3
    pairs = brute(Mask(causal, window), t, t)
    named = {"use_causal_mask": causal, "sliding_window": window}
    for layer in (
        ac.MultiHeadAttention(heads, 4, **named),
        ac.GroupQueryAttention(4, heads, 1, **named),
    ):
        hidden = _flops(layer, (t, d), mask="full") - _flops(layer, (t, d))
        assert hidden == 2 * 2 * (t * t - pairs) * d
    if window is None:
        assert _flops(ac.Attention(use_causal_mask=causal), (t, d)) == 2 * 2 * pairs * d


def test_the_formula_of_a_window() -> None:
    t, W = 1024, 256
    layer = ac.GroupQueryAttention(64, 12, 12, sliding_window=W, use_causal_mask=True)
    exact = _flops(layer, (t, 768)) - _flops(ac.GroupQueryAttention(64, 12, 12), (t, 768))
    assert exact == 4 * 768 * (t * W - W * (W - 1) // 2 - t * t)


def test_half_and_exact_read_the_mask() -> None:
    plain, causal = ac.Attention(), ac.Attention(use_causal_mask=True)
    query, key = (10, 4), (20, 4)
    assert _flops(plain, query, key, mask="half") == _flops(plain, query, key, mask="full")
    assert _flops(causal, query, key, mask="half") * 2 == _flops(causal, query, key, mask="full")
    assert _flops(causal, query, key) == 2 * 2 * brute(Mask(True), 10, 20) * 4


def test_training_leaves_out_what_the_mask_hides_three_times() -> None:
    net = ac.Sequential([ac.Dense(8), ac.Attention(use_causal_mask=True)], input_shape=(10, 8))
    costs = [ac.costs.TrainingFlops(forward=ac.costs.Flops(mask=m)) for m in ("full", "exact")]
    full, exact = (net.trace().cost(cost) for cost in costs)
    assert full - exact == 3 * 2 * 2 * (100 - 55) * 8
