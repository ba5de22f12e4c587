"""Attention: identities, known models, names in formulas, and what does not fit.

Frameworks are compared in `tests.frameworks`, for random layers.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.layers import (
    AdditiveAttention,
    Applied,
    Attention,
    GroupQueryAttention,
    Layer,
    MultiHeadAttention,
)
from archcalc.symbolic.errors import InvalidLayerError, RequirementError, ShapeError
from archcalc.symbolic.shape import Shape, as_shape

_DIMS = st.integers(1, 64) | st.sampled_from(["t", "d", "s"])


def _facts(layer: Layer, *inputs: Shape) -> tuple[Any, ...]:
    applied = Applied(layer, inputs)
    weights = [(w.name, w.shape) for w in applied.weights]
    return applied.outputs, weights, [(w.kind, w.macs) for w in applied.work]


@given(st.tuples(_DIMS, _DIMS), _DIMS, st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_as_many_keys_as_queries_are_multi_head_attention(
    query: Any, length: Any, heads: int, width: int, bias: bool
) -> None:
    """Ainslie et al. (2023), section 2.2."""
    x, memory = as_shape(query), as_shape((length, query[1]))
    grouped = GroupQueryAttention(width, heads, heads, use_bias=bias, use_gate=True)
    every = MultiHeadAttention(heads, width, use_bias=bias, use_gate=True)
    assert _facts(grouped, x, memory) == _facts(every, x, memory)


@given(st.tuples(_DIMS, _DIMS), st.integers(1, 9), st.integers(1, 9))
def test_an_input_alone_is_query_value_and_key(x: Any, heads: int, width: int) -> None:
    shape = as_shape(x)
    layers = [MultiHeadAttention(heads, width), Attention(True), AdditiveAttention()]
    for layer in layers:
        alone = _facts(layer, shape)
        assert alone == _facts(layer, shape, shape) == _facts(layer, shape, shape, shape)


def test_llama_3_8b() -> None:
    """Its q, k, v and o projections: 4096×4096, 1024×4096 twice, 4096×4096."""
    attention = GroupQueryAttention(128, 32, 8, use_bias=False)
    sizes = [w.size for w in attention.weights(Shape((8192, 4096)))]
    assert sizes == [4096 * 4096, 1024 * 4096, 1024 * 4096, 4096 * 4096]


def test_bert_base() -> None:
    """Four kernels of 768×768 and four biases of 768."""
    weights = MultiHeadAttention(12, 64).weights(Shape((512, 768)))
    assert [w.size for w in weights] == [768 * 768, 768] * 4


def test_heads_need_not_be_together_as_wide_as_the_input() -> None:
    """https://keras.io/api/layers/attention_layers/multi_head_attention/: 2 heads of 2 on 16."""
    attention, query, value = MultiHeadAttention(2, 2), Shape((8, 16)), Shape((4, 16))
    assert attention.output_shape(query, value) == (8, 16)
    wide = MultiHeadAttention(2, 2, return_attention_scores=True)
    assert wide.output_shapes(query, value) == ((8, 16), (2, 8, 4))


def test_attention_over_several_axes() -> None:
    """The same page: 2 heads over axes 2 and 3 of (5, 3, 4, 16)."""
    image = Shape((5, 3, 4, 16))
    over = MultiHeadAttention(2, 2, attention_axes=(2, 3), return_attention_scores=True)
    assert over.output_shapes(image) == ((5, 3, 4, 16), (5, 2, 3, 4, 3, 4))
    products = [work.macs for work in Applied(over, (image,)).work if work.kind == "attention"]
    assert products == [5 * 12 * 12 * 2 * 2] * 2


# How it reads


def _derived(*shapes: Any, layer: Layer) -> list[str]:
    inputs = [ac.Input(shape) for shape in shapes]
    trace = ac.Model(inputs, layer(inputs)).trace()
    lines = str(trace.derivation()).splitlines()
    wanted = ("params", "MACs")
    return [
        line.split(" = ")[0].split(maxsplit=1)[1]
        for line in lines
        if line.strip().startswith(wanted)
    ]


@pytest.mark.parametrize(
    ("layer", "shapes", "rules"),
    [
        (
            MultiHeadAttention(8, 64),
            [(10, 512)],
            ["3·(d + 1)·a·k + (a·k + 1)·d", "3·t·d·a·k", "2·t·t·a·k", "t·a·k·d"],
        ),
        (
            MultiHeadAttention(8, 64, 32, use_bias=False),
            [(10, 512), (20, 768)],
            [
                "(d·k + d_kv·k + d_kv·v + v·d)·a",
                *("t·d·a·k", "t_kv·d_kv·a·k", "t_kv·d_kv·a·v"),
                *("t·t_kv·a·k", "t·t_kv·a·v", "t·a·v·d"),
            ],
        ),
        (
            MultiHeadAttention("a", "k", add_bias_kv=True),
            [("n", "w"), ("m", "w"), ("m", "u")],
            [
                "2·(d + 1)·a·k + (d_k + 1)·a·k + (a·k + 1)·d + 2·a·k",
                *("t·d·a·k", "t_kv·d_k·a·k", "2·t·(t_kv + 1)·a·k"),
            ],
        ),
        (Attention(), [(10, 64), (20, 32), (20, 64)], ["t·t_kv·d", "t·t_kv·d_v"]),
        (GroupQueryAttention(64, 8, 2, use_bias=False), [(10, 512)], ["(a + g + g + a)·d·k"]),
    ],
)
def test_formulas_name_what_differs(layer: Layer, shapes: list[Any], rules: list[str]) -> None:
    found = _derived(*shapes, layer=layer)
    for rule in rules:
        assert rule in found


@pytest.mark.parametrize("axes", [2, 3, 4, 5, 6])
def test_every_axis_has_a_name_of_its_own(axes: int) -> None:
    query, other = Shape(range(2, 2 + axes)), Shape(range(20, 20 + axes))
    for inputs in ((query,), (query, other), (query, other, other)):
        first, *others = MultiHeadAttention(2, 4).input_names(*inputs)
        assert len(first) == len(set(first)) == axes
        assert all(not set(first) & set(names) for names in others)


# What does not fit


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (MultiHeadAttention(2, 4), [(8,)], "takes inputs \\(t, d\\)"),
        (MultiHeadAttention(2, 4), [(8, 4), (2, 8, 4)], "as many in each"),
        (MultiHeadAttention(2, 4), [(8, 4), (7, 4), (6, 4)], "not equally many: 7 and 6"),
        (MultiHeadAttention(2, 4), [(8, 4)] * 4, "takes 1 to 3 inputs, not 4"),
        (
            MultiHeadAttention(2, 4, attention_axes=2),
            [(3, 8, 4), (2, 8, 4)],
            "not attended over: 3 and 2",
        ),
        (MultiHeadAttention(2, 4, attention_axes=-1), [(8, 4)], "the features"),
        (MultiHeadAttention(2, 4, add_bias_kv=True), [(3, 8, 4)], "one axis of positions"),
        (MultiHeadAttention(2, 4, sliding_window=3), [(3, 8, 4)], "one axis of positions"),
        (Attention(), [(8, 4), (7, 5)], "different numbers of features: 4 and 5"),
        (Attention(), [(2, 8, 4), (3, 7, 4)], "axis before: 2 and 3"),
        (GroupQueryAttention(4, 6, 4), [(8, 4)], "num_key_value_heads 4 does not divide 6"),
        (GroupQueryAttention(4, 4, 4), [(8, 4), (8, 5)], "different numbers of features: 4 and 5"),
    ],
)
def test_what_does_not_fit_is_refused(layer: Layer, shapes: list[Any], message: str) -> None:
    with pytest.raises((ShapeError, RequirementError), match=message):
        Applied(layer, tuple(map(Shape, shapes)))


@pytest.mark.parametrize("axes", [(1, 1), ()])
def test_axes_are_named_once(axes: tuple[int, ...]) -> None:
    with pytest.raises(InvalidLayerError, match="axes"):
        MultiHeadAttention(2, 4, attention_axes=axes)


def test_lengths_that_must_be_equal_are_a_requirement() -> None:
    query, value, key = ac.Input(("t", "d")), ac.Input(("s", "d")), ac.Input(("u", "d"))
    trace = ac.Model([query, value, key], MultiHeadAttention(2, 4)([query, value, key])).trace()
    assert [r.statement() for r in trace.requirements] == ["s = u"]
