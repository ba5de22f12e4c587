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
        (lambda: ac.Dense("glorot_uniform"),
         "'glorot_uniform' is an initializer: kernel_initializer='glorot_uniform'"),
        (lambda: ac.Embedding("zeros", 3), "embeddings_initializer='zeros'"),
        (lambda: ac.Dense("same+1"), "Dense: units: 'same'"),
        (lambda: ac.Dense("2*relu"), "Dense: units: 'relu'"),
        (lambda: ac.Dense(2 * ac.symbols("relu")), "Dense: units: 'relu'"),
        (lambda: ac.Conv2D(8, "max(3, same)"), "Conv2D: kernel_size: 'same'"),
        (lambda: ac.Dense("mean"), "'mean' is a way to reduce, and Dense takes none"),
        (lambda: ac.Dense("true"), "'true' is a truth value"),
        (lambda: ac.Dense("none"), "'none' is nothing"),
        (lambda: ac.ZeroPadding2D("same"),
         "'same' is a padding of convolutions and pools; give amounts"),
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


@pytest.mark.parametrize(
    "name", ["n", "s", "sum", "count", "units", "d_model", "width", "l1", "l2", "means"]
)
def test_what_stays_a_symbol(name: str) -> None:
    """A choice of another layer, such as a mode of counting, is nobody's mistake here."""
    assert ac.Dense(name).units == ac.symbols(name)


def test_words_are_accepted_where_they_belong() -> None:
    assert ac.Conv2D(32, 3, 1, "same").padding == "same"
    assert ac.Dense(3, "relu").activation == "relu"
    assert ac.Conv1D(3, 3, padding="causal").padding == "causal"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("kernel_initializer", "glorot_unifrom", "did you mean 'glorot_uniform'?"),
        ("bias_initializer", "zeroes", "did you mean 'zeros'?"),
        ("kernel_constraint", "max_nrom", "did you mean 'max_norm'?"),
    ],
)
def test_a_kept_name_that_keras_does_not_know_is_refused(name: str, value: str, hint: str) -> None:
    with pytest.raises(ac.errors.InvalidLayerError) as caught:
        ac.Dense(3, **{name: value})
    assert f"Dense: {name}: '{value}' is not one of its choices" in str(caught.value)
    assert caught.value.hint == hint


def test_kept_names_are_those_that_keras_knows() -> None:
    """Every name that Keras' own tables have, in either way of writing."""
    keras = pytest.importorskip("keras")
    for kind in ("initializer", "regularizer", "constraint"):
        known = vars(getattr(keras.src, f"{kind}s"))["ALL_OBJECTS_DICT"]
        base = {kind, kind.title()}
        for name in set(known) - base:
            assert ac.Dense(3, **{f"kernel_{kind}": name}).kept == {f"kernel_{kind}": name}
    assert ac.Dense(3, kernel_initializer="mine>Special").kept


def _on(layer: ac.Layer, *shape: int) -> Any:
    return ac.Sequential([layer], input_shape=shape).trace()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ac.Squeeze("same"), "Squeeze: axis: 'same' is not the number of an axis"),
        (lambda: _on(ac.Squeeze(1), 3, 4), "axis 1 has 3 positions: Squeeze takes an axis of"),
        (lambda: _on(ac.Expand(1, 5), 3, 4), "input axis 1 has 3 positions: Expand takes an axis"),
        (lambda: ac.Expand("relu", 3), "Expand: axis: 'relu' is not the number of an axis"),
        (lambda: _on(ac.Unbind(5), 3, 4), "count is 5, and input axis 1 has 3 positions"),
        (lambda: _on(ac.Slice(1, 2, 1), 3, 4), "let it end behind where it begins"),
        (lambda: ac.Dense(3, activation=ac.LeakyReLU(0.1)), "a layer goes after this one"),
        (lambda: ac.Sequential([ac.Conv2D("c/2", 3)], input_shape=(8, 8, "c")).trace()
         .parameters(c=3), "filters = c/2 must be a whole number, and is 3/2 with c = 3"),
        (lambda: ac.Sequential([ac.Dense("d")], input_shape=4).trace().parameters(d="relu"),
         "d = 'relu' is neither a number nor a symbol; 'relu' is an activation"),
        (lambda: nn.ReLU(False, None), "too many positional arguments"),
        (lambda: nn.Linear(4, 3, True, 7), "too many positional arguments"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_what_was_given(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        make()
    assert said in str(caught.value)


def test_a_layer_that_is_a_function_is_its_name_and_a_device_is_left_out() -> None:
    """As Keras takes ``activation=ReLU()``, and torch a device after the arguments."""
    for layer in (ac.ReLU(), nn.ReLU(), ac.Activation("relu")):
        assert ac.Dense(3, activation=layer) == ac.Dense(3, "relu")
    assert nn.Linear(4, 3, True, "cpu", None) == nn.Linear(4, 3)
    assert nn.BatchNorm2d(3, 1e-5, 0.1, True, True, "meta") == nn.BatchNorm2d(3)


@pytest.mark.parametrize(
    "layer",
    [
        ac.LayerNormalization(axis=(-1, 1)),
        ac.RMSNormalization(axis=(-1, 1)),
        ac.UnitNormalization(axis=(-1, 1)),
        ac.Normalization(axis=(-1, 1)),
        ac.PReLU(shared_axes=(1, -1)),
        ac.Reduce("sum", axis=(1, -1)),
        ac.Flip((1, -1)),
    ],
)
def test_an_axis_is_named_once(layer: ac.Layer) -> None:
    with pytest.raises(ac.ArchcalcError, match="name an axis twice; name each axis once"):
        _on(layer, 4)
    assert _on(layer, 4, 5)
