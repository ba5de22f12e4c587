"""A word that means a choice is no symbol where a dimension is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import archcalc as ac
from archcalc.torch import nn

WORD = "is a word, not a dimension or a symbol"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ac.Conv2D(32, "same"),
         f"Conv2D: kernel_size: 'same' {WORD}; 'same' is a padding: padding='same'"),
        (lambda: ac.Conv2D(32, 3, "SAME"), "'SAME' is a padding: padding='same'"),
        (lambda: ac.Conv2D(32, (3, "same")), "kernel_size: 'same'"),
        (lambda: ac.Conv2D(32, 3, 1, "relu"),
         f"padding: 'relu' {WORD}; 'relu' is an activation: activation='relu'"),
        (lambda: ac.Conv2D(32, 3, "channels_first"),
         "'channels_first' is a data format: data_format='channels_first'"),
        (lambda: ac.Dense("relu"), "Dense: units: 'relu'"),
        (lambda: ac.Dense(ac.symbols("relu")), "Dense: units: 'relu'"),
        (lambda: ac.Dense("same"), "'same' is a padding, and Dense takes none"),
        (lambda: ac.LSTM("tanh"), "activation='tanh'"),
        (lambda: ac.MaxPooling2D("same"), "padding='same'"),
        (lambda: ac.UpSampling2D("bilinear"),
         "'bilinear' is a choice of interpolation: interpolation='bilinear'"),
        (lambda: ac.Padding2D("reflect"), "'reflect' is a padding mode: mode='reflect'"),
        (lambda: ac.EmbeddingBag(10, "mean"), "'mean' is a choice of mode: mode='mean'"),
        (lambda: ac.Sequential([ac.Dense(3)], input_shape="relu"), "'relu' is an activation"),
        (lambda: ac.Repeat(ac.Dense(3), "same"), "times: 'same'"),
        (lambda: nn.Conv2d(3, 8, 3, "same"),
         f"Conv2d: stride: 'same' {WORD}; 'same' is a padding: padding='same'"),
        (lambda: nn.Conv2d(3, 8, 3, ("same", 1)), "Conv2d: stride: 'same'"),
        (lambda: nn.Linear(3, "relu"),
         "Linear: out_features: 'relu' is a word, not a dimension or a symbol; "
         "'relu' is an activation, which is a layer of its own after it"),
        (lambda: nn.Linear("relu", 3), "Linear: in_features: 'relu'"),
        (lambda: nn.TransformerEncoderLayer(8, "gelu"), "nhead: 'gelu'"),
    ],
)  # fmt: skip
def test_a_word_is_refused_and_said_where_it_belongs(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ac.errors.InvalidLayerError) as caught:
        make()
    assert said in str(caught.value)
    assert caught.value.code == "word-for-symbol"


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("Conv2D: [32, 3, same]", "layers[0].Conv2D.strides: 'same'"),
        ("Dense: relu", "layers[0].Dense.units: 'relu'"),
        ("Dense: {units: softmax}", "layers[0].Dense.units: 'softmax'"),
        ("Conv2d: [3, 8, 3, same]", "layers[0].Conv2d: stride: 'same'"),
        ("Linear: [3, relu]", "layers[0].Linear: out_features: 'relu'"),
    ],
)
def test_in_a_file(entry: str, place: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        ac.loads(f"input: [28, 28, 3]\nlayers:\n  - {entry}\n")
    assert f"line 3: {place} {WORD}" in str(caught.value)
    assert caught.value.code == "word-for-symbol"


@pytest.mark.parametrize("name", ["n", "s", "sum", "count", "units", "d_model", "width"])
def test_what_stays_a_symbol(name: str) -> None:
    """A choice of another layer, such as a mode of counting, is nobody's mistake here."""
    assert ac.Dense(name).units == ac.symbols(name)


def test_words_are_accepted_where_they_belong() -> None:
    assert ac.Conv2D(32, 3, 1, "same").padding == "same"
    assert ac.Dense(3, "relu").activation == "relu"
    assert ac.Conv1D(3, 3, padding="causal").padding == "causal"
