"""Keras' code pastes: every argument of every class is taken, or refused with a stated reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import archcalc as ac
from archcalc.frameworks.coverage import classes_of, coverage
from archcalc.layers.kept import TOLD
from archcalc.testing.in_keras import ON_TENSORFLOW
from tests.sampling import slow

keras: Any = pytest.importorskip("keras")

ROWS = [row for row in coverage("keras") if row.layer]

NEEDED: dict[str, Any] = {
    "activation": "relu", "axes": 1, "dims": (1,), "equation": "ab,bc->ac", "factor": 0.5,
    "filters": 4, "function": None, "head_dim": 4, "height": 4, "height_factor": 0.1,
    "input_dim": 7, "kernel_size": 3, "key_dim": 4, "max_number": 3, "n": 3, "num_bins": 4,
    "num_heads": 2, "num_key_value_heads": 2, "num_query_heads": 4, "output_dim": 5,
    "output_shape": 4, "output_size": 2, "pool_size": 2, "rate": 0.1, "scale": 2.0, "size": 2,
    "stddev": 0.1, "target_shape": (4,), "units": 4, "width": 4, "width_factor": 0.1,
}  # fmt: skip
"""A value for every argument without a default."""

ELSE: dict[str, dict[str, Any]] = {
    "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"num_bins": 4},
    "RandomPosterization": {"factor": 4},
}
"""Classes that want more or other arguments than their signatures say."""


def _needed(kind: str) -> dict[str, Any]:
    """Arguments that make a layer of the class called `kind`."""
    held = {"layer": ac.LSTM(3), "cell": ac.LSTMCell(3), "cells": [ac.LSTMCell(3)]}
    named = {name: {**NEEDED, **held}[name] for name in _parameters(kind, required=True)}
    return {**named, **ELSE.get(kind, {})}


_OWN = ("ActivityRegularization", "activity_regularizer")
"""What every layer of Keras takes but the one that is nothing else."""


def _theirs(kind: str, **more: Any) -> Any:
    """A layer of Keras."""
    place = keras.layers
    held = {"layer": place.LSTM(3), "cell": place.LSTMCell(3), "cells": [place.LSTMCell(3)]}
    given = {name: held.get(name, value) for name, value in _needed(kind).items()}
    return getattr(place, kind)(**given, **more)


def _parameters(kind: str, *, required: bool = False) -> dict[str, Any]:
    """The parameters in the signature of a class of Keras, and their defaults."""
    found = list(inspect.signature(classes_of("keras")[kind].__init__).parameters.values())
    named = [p for p in found if p.name != "self" and p.kind is not p.VAR_KEYWORD]
    if any(p.kind is p.VAR_KEYWORD for p in found):
        every = inspect.signature(keras.layers.Layer.__init__).parameters
        named += [p for p in every.values() if (kind, p.name) != _OWN]
    named = [p for p in named if p.name != "self" and p.kind not in (p.VAR_KEYWORD,)]
    return {p.name: p.default for p in named if (p.default is p.empty) == required}


@pytest.mark.parametrize("kind", [row.name for row in ROWS])
def test_every_argument_of_a_signature_is_taken_at_its_default(kind: str) -> None:
    make: Callable[..., Any] = getattr(ac, kind)
    needed = _needed(kind)
    plain = make(**needed)
    for name, default in _parameters(kind).items():
        with_default = make(**{name: default, **needed})
        assert type(with_default) is type(plain)
        if name not in plain.__class__.model_fields:
            assert with_default.key == plain.key, name


OTHER: dict[str, Any] = {
    "activity_regularizer": "l2", "autocast": False, "dtype": "float64", "dropout": 0.2,
    "recurrent_dropout": 0.2, "seed": 3, "unroll": True, "use_cudnn": False, "mask_zero": True,
    "unit_forget_bias": False, "data_format": "channels_first", "synchronized": False,
    "renorm_momentum": 0.9, "lora_alpha": 2.0, "zero_output_for_mask": True,
    "noise_shape": (None, 1), "reverse_dtype": "float32", "implementation": 1,
    "renorm_clipping": {"rmax": 3.0, "rmin": 0.3, "dmax": 5.0}, "arguments": {"factor": 2},
}  # fmt: skip
"""A value that is no default, for every kept argument but those of weights."""


def _other(name: str) -> Any:
    kinds = {"initializer": "he_normal", "regularizer": "l1", "constraint": "non_neg"}
    return OTHER.get(name, kinds.get(name.rpartition("_")[2]))


@slow
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_is_kept_is_shown_compared_and_written_and_counts_nothing(row: Any) -> None:
    kind: Callable[..., Any] = getattr(ac, row.name)
    needed = _needed(row.name)
    plain = kind(**needed)
    own = [n for n in type(plain).built_with if n not in type(plain).model_fields]
    for name in own:
        value = _other(name)
        if name in (*TOLD, *row.refused, "mask") or value is None:
            continue
        layer = kind(**needed, **{name: value})
        if row.name not in (*ON_TENSORFLOW, "Lambda", "STFTSpectrogram"):  # the last needs scipy
            assert _theirs(row.name, **{name: value}).name  # Keras takes it as well
        assert layer.kept[name] == value
        assert name not in plain.kept
        assert layer.key == plain.key
        assert layer != plain
        assert f"{name}=" in repr(layer)
        if "function" not in needed or needed["function"] is None:
            net = ac.Sequential([layer])
            assert ac.loads(ac.dumps(net)) == net
            assert ac.loads(ac.dumps(net, "json")) == net
            assert eval(repr(net), {n: getattr(ac, n) for n in dir(ac)}) == net
        if not any(isinstance(part, ac.Layer | list) for part in needed.values()):
            assert type(layer).model_validate(layer.model_dump()) == layer


def test_a_reason_is_stated_for_what_is_refused() -> None:
    refused = {(name, row.layer) for row in ROWS for name in row.refused}
    assert ("stateful", "LSTM") in refused
    assert ("weights", "Embedding") in refused
    for row in ROWS:
        for name, why in row.refused.items():
            with pytest.raises(ac.errors.InvalidLayerError) as caught:
                getattr(ac, row.name)(**_needed(row.name), **{name: [1]})
            assert caught.value.code == "argument-refused"
            assert why in str(caught.value)
    with pytest.raises(ac.errors.InvalidLayerError, match="scales of their own"):
        ac.Dense(4, dtype="int8_from_float32")  # 2 more weights than a Dense has


def test_other_names_of_a_class_are_names_of_its_layer() -> None:
    found = classes_of("keras")
    others = {n: cls.__name__ for n, cls in found.items() if cls.__name__ != n in dir(keras.layers)}
    assert len(others) > 20
    namespace: dict[str, Any] = {}
    exec("from archcalc import *", namespace)
    for name, own in others.items():
        if own in found:
            assert getattr(ac, name) is getattr(ac, own) is namespace[name]
            assert ac.layers.layer_class(name) is ac.layers.layer_class(own)
    net = ac.from_dict({"input": [28, 28, 1], "layers": [{"Convolution2D": [32, 3]}, "MaxPool2D"]})
    assert net == ac.Sequential([ac.Conv2D(32, 3), ac.MaxPooling2D()], input_shape=(28, 28, 1))
    assert [row.path for row in net.trace().rows] == ["conv2d", "max_pooling2d"]


# Models as tutorials have them: the same source for Keras and for archcalc


MNIST = """
Sequential([
    Input(shape=(28, 28, 1)),
    Convolution2D(32, kernel_size=(3, 3), activation="relu", kernel_initializer="he_uniform",
                  kernel_regularizer="l2", padding="same", data_format=None),
    MaxPool2D(pool_size=(2, 2)),
    Conv2D(64, (3, 3), activation=activations.relu, bias_constraint="non_neg"),
    AvgPool2D((2, 2)),
    BatchNormalization(gamma_initializer="ones", beta_regularizer="l1"),
    Dropout(0.25, seed=3),
    Flatten(data_format="channels_last"),
    Dense(128, activation="relu", kernel_constraint="max_norm", activity_regularizer="l2"),
    Dense(10, activation=activations.softmax, dtype="float32"),
])
"""
IMDB = """
Sequential([
    Embedding(20000, 128, mask_zero=True, embeddings_initializer="uniform", input_shape=(80,)),
    Bidirectional(LSTM(64, dropout=0.2, recurrent_dropout=0.2, return_sequences=True)),
    LSTM(32, unit_forget_bias=False, unroll=False, recurrent_initializer="orthogonal", seed=1,
         stateful=False),
    Dense(1, activation="sigmoid"),
])
"""
FIRST = """
Sequential([
    Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)),
    GlobalAvgPool2D(),
    Dense(10, kernel_initializer="glorot_normal"),
])
"""
DIM = 'Sequential([Dense(10, input_dim=5, activation="relu"), LeakyReLU(alpha=0.1), Dense(1)])'
RESIDUAL = """
(inputs := Input(shape=(32, 32, 3), name="img"),
 x := Conv2D(32, 3, activation="relu", kernel_initializer="he_normal")(inputs),
 x := Conv2D(64, 3, activation="relu")(x),
 first := MaxPool2D(3)(x),
 x := Conv2D(64, 3, activation="relu", padding="same", kernel_regularizer="l2")(first),
 x := Conv2D(64, 3, activation="relu", padding="same", use_bias=True, bias_initializer="ones")(x),
 second := Add()([x, first]),
 x := GlobalAveragePooling2D(keepdims=False)(second),
 x := Dropout(0.5, noise_shape=None)(x),
 outputs := Dense(10)(x),
 Model(inputs, outputs))[-1]
"""


def _keras_names() -> dict[str, Any]:
    return {**vars(keras.layers), "Sequential": keras.Sequential, "Model": keras.Model,
            "Input": keras.Input, "activations": keras.activations}  # fmt: skip


def _our_names() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec("from archcalc import *", names)
    return {**names, "activations": keras.activations}


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`", "ignore:Argument `alpha`")
@pytest.mark.parametrize(
    "source", [MNIST, IMDB, FIRST, DIM, RESIDUAL], ids=["mnist", "imdb", "first", "dim", "residual"]
)
def test_a_tutorial_pastes(source: str) -> None:
    theirs = eval(source.strip(), _keras_names())
    ours = eval(source.strip(), _our_names())
    trace = ours.trace()
    rebuilt = ours.to_keras()
    assert trace.total_params == theirs.count_params() == rebuilt.count_params()
    assert [tuple(w.shape) for w in rebuilt.weights] == [tuple(w.shape) for w in theirs.weights]
    assert tuple(trace.output) == theirs.output_shape[1:]
    assert _told(rebuilt) == _told(theirs)


def _told(model: Any) -> list[dict[str, Any]]:
    """What every layer of a Keras model was told, but for its name."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return [_nameless(layer.get_config()) for layer in layers]


def _nameless(config: Any) -> Any:
    if isinstance(config, dict):
        # ours are told whether they are trained, and which channels come first, in so many words
        skipped = ("name", "trainable", "build_config", "dtype", "shared_object_id")
        return {k: _nameless(v) for k, v in config.items() if k not in skipped}
    return [_nameless(part) for part in config] if isinstance(config, list | tuple) else config


def test_an_input_may_come_first_and_a_shape_be_told() -> None:
    plain = ac.Sequential([ac.Dense(3)], input_shape=(5,))
    for first in (ac.Input((5,)), ac.InputLayer(shape=(5,), batch_size=8, dtype="float32"),
                  ac.InputLayer(batch_shape=(None, 5))):  # fmt: skip
        assert ac.Sequential([first, ac.Dense(3)]) == plain
    for told in ({"input_shape": (5,)}, {"input_dim": 5}):
        net = ac.Sequential([ac.Dense(3, **told)])
        assert net.input_shape == (5,)
        assert net.trace().parameters == 18
        assert ac.Sequential(net.layers, input_shape=(7,)).trace().parameters == 24
        assert ac.loads(ac.dumps(net)) == net
    symbolic = ac.Sequential([ac.Dense(3, input_shape=("n",))])
    assert symbolic.trace().parameters(n=5) == 18
    assert ac.loads(ac.dumps(symbolic)) == symbolic
    assert ac.Dense.model_validate_json(symbolic.layers[0].model_dump_json()) == symbolic.layers[0]


def test_a_length_that_keras_leaves_open_wants_a_name() -> None:
    for make in (lambda: ac.Input((None,)), lambda: ac.Dense(3, input_shape=(None, 4))):
        with pytest.raises(ac.ArchcalcError, match="give a size that is not known a name"):
            make()


def test_what_no_file_can_hold_is_refused_there_only() -> None:
    net = ac.Sequential([ac.Dense(3, kernel_initializer=keras.initializers.HeNormal())])
    assert net.trace((5,)).parameters == 18
    built = net.to_keras((5,)).layers[-1]
    assert built.kernel_initializer is net.layers[0].kept["kernel_initializer"]
    with pytest.raises(
        ac.errors.SpecificationError, match=r"kernel_initializer=.* no file can hold"
    ):
        ac.dumps(net)


def test_an_activation_may_be_a_function_of_keras_and_of_no_other() -> None:
    assert ac.Dense(3, activation=keras.activations.gelu) == ac.Dense(3, activation="gelu")
    assert ac.Activation(keras.activations.tanh) == ac.Activation("tanh")

    def relu(x: Any) -> Any:
        return x

    for function in (relu, SimpleNamespace(__name__="relu", __call__=relu)):
        with pytest.raises(ac.errors.InvalidLayerError, match="activation"):
            ac.Dense(3, activation=function)


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`")
def test_rms_scaling_learns_a_factor_and_no_offset() -> None:
    built = keras.layers.LayerNormalization(rms_scaling=True, center=True, scale=False)
    built.build((None, 7))
    ours = ac.LayerNormalization(rms_scaling=True, center=True, scale=False)
    assert [w.name for w in ours.weights(ac.symbolic.Shape((7,)))] == [
        w.name for w in built.weights
    ]


@pytest.mark.parametrize(
    ("layer", "shape", "name"),
    [
        (ac.LSTM(3, recurrent_dropout=0.2), (5, 4), "recurrent_dropout"),
        (ac.Embedding(9, 3, mask_zero=True), (5,), "mask_zero"),
        (ac.Bidirectional(ac.GRU(3, dropout=0.1)), (5, 4), "dropout"),
        (ac.Flatten(data_format="channels_first"), (5, 4), "data_format"),
    ],
)
def test_torch_is_not_built_with_what_it_has_not_got(layer: Any, shape: Any, name: str) -> None:
    pytest.importorskip("torch")
    net = ac.Sequential([layer], input_shape=shape)
    with pytest.raises(ac.errors.FrameworkError, match=f"{name}=.*no such argument"):
        net.to_torch()
