"""assert_matches: what agrees passes, and each way to differ is named."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch
from hypothesis import assume, given
from torch import nn

import archcalc as ac
import archcalc.testing
import archcalc.torch.nn
from archcalc.frameworks.records import KERAS
from archcalc.symbolic.shape import Shape
from archcalc.testing import MismatchError, assert_matches, layers
from archcalc.testing.available import catalogue
from archcalc.testing.in_keras import builds_in_keras, keeps_its_word
from tests.sampling import examples, slow

NET = ac.Sequential(
    [ac.Conv2D(32, 3), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(100), ac.Dense(10)],
    input_shape=(28, 28, 1),
)
GROUPED = ac.Sequential(
    [ac.Conv2D(8, 3, groups=2), ac.ReLU(), ac.Conv2D(8, 3, strides=2)], input_shape=(9, 9, 4)
)
RECURRENT = ac.Sequential([ac.LSTM(5, recurrent_bias=True), ac.Dense(3)], input_shape=(7, 4))


def cnn(**changed: nn.Module) -> nn.Sequential:
    parts: dict[str, nn.Module] = {
        "conv": nn.Conv2d(1, 32, 3),
        "pool": nn.MaxPool2d(2),
        "flat": nn.Flatten(),
        "fc1": nn.Linear(5408, 100),
        "fc2": nn.Linear(100, 10),
    }
    return nn.Sequential(*{**parts, **changed}.values())


class ByHand(nn.Module):
    """Weights of its own, in another order of axes, beside layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 32, 3)
        self.w = nn.Parameter(torch.zeros(100, 5408))
        self.b = nn.Parameter(torch.zeros(100))
        self.head = nn.Linear(100, 10)

    def forward(self, x: Any) -> Any:
        x = nn.functional.max_pool2d(self.conv(x), 2).flatten(1)
        return self.head(x @ self.w.T + self.b)


def layers_of_keras(*layers: Any, shape: tuple[int, ...]) -> Any:
    return keras.Sequential([keras.Input(shape), *layers])


def test_what_agrees_passes() -> None:
    L = keras.layers
    assert_matches(NET, cnn())
    assert_matches(NET, ByHand())
    assert_matches(NET, NET.to_torch())
    assert_matches(NET, NET.to_keras())
    same = [L.Conv2D(32, 3), L.MaxPooling2D(2), L.Flatten(), L.Dense(100), L.Dense(10)]
    assert_matches(NET, layers_of_keras(*same, shape=(28, 28, 1)))
    assert_matches(RECURRENT, RECURRENT.to_torch())
    assert_matches(ac.Dense(10), nn.Linear(784, 10), input_shape=784)


def test_a_module_is_left_as_it_was() -> None:
    module = cnn().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert_matches(NET, module)
    assert module.training
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert next(module.parameters()).device.type == "cpu"


@slow
def test_keras_applications_and_a_network_by_hand_agree() -> None:
    """An oracle that knows neither: Keras' own VGG16 against the example file."""
    net = ac.load("docs/examples/vgg16.yaml")
    assert_matches(net, keras.applications.VGG16(weights=None))


def differs(net: ac.Layer, model: Any, **how: Any) -> MismatchError:
    with pytest.raises(MismatchError) as caught:
        assert_matches(net, model, **how)
    assert isinstance(caught.value, AssertionError)
    return caught.value


L = keras.layers


@pytest.mark.parametrize(
    ("net", "model", "path", "name", "why"),
    [
        (NET, lambda: cnn(fc1=nn.Linear(5408, 100, bias=False)), "dense", "3",
         "the bias is not there: one per unit, n_out = 100"),
        (NET, lambda: cnn(fc2=nn.Linear(100, 64)), "dense_1", "4",
         "units (n_out): 10 here; 64 would give what is there"),
        (NET, lambda: cnn(conv=nn.Conv2d(1, 32, 3, padding=1), fc1=nn.Linear(6272, 100)), "conv2d",
         "0", "padding: 'valid' here; 'same' would give what is there"),
        (NET, lambda: cnn(conv=nn.Conv2d(1, 32, 5), fc1=nn.Linear(4608, 100)), "conv2d", "0",
         "kernel_size (k): 3 here; 5 would give what is there"),
        (GROUPED, lambda: nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, 2)),
         "conv2d", "0", "groups (g): 2 here; 1 would give what is there"),
        (GROUPED, lambda: nn.Sequential(
            nn.Conv2d(4, 8, 3, groups=2), nn.ReLU(), nn.Conv2d(8, 8, 3)),
         "conv2d_1", "2", "strides (s): 2 here; 1 would give what is there"),
        (GROUPED, lambda: nn.Sequential(
            nn.Conv2d(4, 8, 3, groups=2, dilation=2), nn.Conv2d(8, 8, 3, 2)),
         "conv2d", "0", "dilation_rate: 1 here; 2 would give what is there"),
        (RECURRENT, lambda: layers_of_keras(L.LSTM(5), L.Dense(3), shape=(7, 4)), "lstm", "lstm",
         "biases: two here, one there"),
        (ac.Sequential([ac.Dense(10)], input_shape=784), lambda: nn.Linear(10, 784), "dense",
         "itself", "the kernel is transposed"),
        (NET, lambda: layers_of_keras(
            L.Conv2D(32, 3, use_bias=False, name="stem"), L.MaxPooling2D(2), L.Flatten(),
            L.Dense(100), L.Dense(10), shape=(28, 28, 1)),
         "conv2d", "stem", "the bias is not there: one per filter, f = 32"),
    ],
)  # fmt: skip
def test_each_difference_is_named(
    net: ac.Network, model: Any, path: str, name: str, why: str
) -> None:
    keras.utils.clear_session()  # names are counted from the start
    error = differs(net, model())
    first = error.differences[0]
    assert (first.path, first.name) == (path, name)
    assert why in first.why
    assert f"{path} (" in str(error)
    assert why in str(error)


def test_what_differs_before_is_pointed_at() -> None:
    wrong = cnn(conv=nn.Conv2d(1, 32, 3, padding=1), fc1=nn.Linear(6272, 100))
    _, dense, *_ = differs(NET, wrong).differences
    assert dense.path == "dense"
    assert dense.why == "made for 6,272 features, and 5,408 come in here: see before it"


def test_a_layer_too_few_and_one_too_many() -> None:
    more = nn.Sequential(*cnn(), nn.Linear(10, 10))
    (extra, *_) = differs(NET, more).differences
    assert (extra.path, extra.name, extra.why) == ("", "5", "the network has no such layer")
    fewer = nn.Sequential(*list(cnn())[:-1])
    (missing, *_) = differs(NET, fewer).differences
    assert (missing.path, missing.why) == ("dense_1", "the model has no such layer")


def test_totals_are_shown() -> None:
    said = str(differs(NET, cnn(fc1=nn.Linear(5408, 100, bias=False))))
    assert "542,230" in said
    assert "542,130 (-100)" in said


def test_flops_alone_can_differ() -> None:
    class Twice(nn.Module):
        """The same weights, used twice."""

        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x: Any) -> Any:
            return self.fc(self.fc(x))

    net = ac.Sequential([ac.Dense(8)], input_shape=8)
    (only,) = differs(net, Twice()).differences
    assert only.rows == (("FLOPs", "128", "256"),)


def test_by_name() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(6, 4)
            self.stem = nn.Linear(5, 6)

        def forward(self, x: Any) -> Any:
            return self.head(self.stem(x))

    net = ac.Sequential([ac.Dense(6, name="stem"), ac.Dense(4, name="head")], input_shape=5)
    assert_matches(net, Named(), by="name")
    other = ac.Sequential([ac.Dense(6), ac.Dense(4)], input_shape=5)
    assert_matches(other, Named(), names={"dense": "stem", "dense_1": "head"})
    error = differs(net, nn.Sequential(nn.Linear(5, 6), nn.Linear(6, 4)), by="name")
    assert {d.why for d in error.differences} == {
        "the model has no such layer",
        "the network has no such layer",
    }
    with pytest.raises(ac.ArchcalcError, match="no layer with weights is called 'stemm'"):
        assert_matches(net, Named(), names={"stem": "stemm"})


def test_what_cannot_be_matched_is_said() -> None:
    with pytest.raises(ac.ArchcalcError, match=r"model: the name does not say .* \.keras, \.h5, "):
        assert_matches(NET, "model")
    with pytest.raises(ac.ArchcalcError, match="no network, no file, no Keras model and no torch"):
        assert_matches(NET, 3)
    with pytest.raises(ac.ArchcalcError, match="n has no number"):
        assert_matches(ac.Sequential([ac.Dense("n")], input_shape=3), nn.Linear(3, 3))
    with pytest.raises(ac.ArchcalcError, match="it must be 'order' or 'name'"):
        assert_matches(NET, cnn(), by="size")  # type: ignore[arg-type]
    said = str(differs(NET, nn.Sequential(nn.Conv3d(1, 32, 3))))
    assert "does not run on" in said


# --- One tensor in two layers, and buffers --------------------------------------------------------


class Speaks(nn.Module):
    """A language model whose head may be its embedding, and which keeps a mask."""

    def __init__(self, tied: bool, persistent: bool = True) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.register_buffer("mask", torch.ones(7, 7).tril(), persistent=persistent)
        self.body = nn.Linear(16, 16)
        self.head = nn.Linear(16, 100, bias=False)
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, x: Any) -> Any:
        return self.head(self.body(self.embedding(x)) * self.mask[:, :1])


SPEAKS = ac.Sequential(
    [ac.Embedding(100, 16), ac.Dense(16), ac.Dense(100, use_bias=False)], input_shape=(7,)
)


@pytest.mark.parametrize("persistent", [True, False])
def test_buffers_that_no_layer_has_are_no_weights(persistent: bool) -> None:
    model = Speaks(tied=False, persistent=persistent)
    assert sum(p.numel() for p in model.parameters()) == SPEAKS.trace().parameters()
    assert_matches(SPEAKS, model)
    assert_matches(SPEAKS, model, names={"dense": "body", "dense_1": "head"})


def test_a_tensor_of_two_layers_counts_once() -> None:
    model = Speaks(tied=True)
    assert sum(p.numel() for p in model.parameters()) == SPEAKS.trace().parameters() - 1600
    with pytest.raises(MismatchError, match=r"3,472\s+1,872 \(-1,600\)\n.*head.weight is embedd"):
        assert_matches(SPEAKS, model)
    body = ac.Sequential(SPEAKS.layers[:2], input_shape=(7,))
    with pytest.raises(MismatchError) as caught:
        assert_matches(body, model)
    (output,) = (d for d in caught.value.differences if d.rows[0][0] == "output")
    assert output.rows == (("output", "7×16", "7×100"),)
    assert "no such layer" not in str(caught.value)


def test_a_tensor_of_two_layers_of_keras_counts_once() -> None:
    first = keras.layers.Dense(4, use_bias=False, name="first")

    class Tied(keras.layers.Dense):
        def build(self, input_shape: Any) -> None:
            self._kernel, self.bias = first.kernel, None

    model = layers_of_keras(first, Tied(4, use_bias=False, name="second"), shape=(4,))
    assert model.count_params() == 16
    net = ac.Sequential([ac.Dense(4, use_bias=False), ac.Dense(4, use_bias=False)], input_shape=4)
    with pytest.raises(MismatchError, match=r"32\s+16 \(-16\)\n.*second.kernel is first.kernel"):
        assert_matches(net, model)


class Normalizes(nn.Module):
    """Batch normalization by hand: trained, or frozen as torchvision has it."""

    def __init__(self, frozen: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, bias=False)
        self.norm = nn.Module()
        for name in ("weight", "bias"):
            value = torch.ones(8, 1, 1)
            if frozen:
                self.norm.register_buffer(name, value)
            else:
                self.norm.register_parameter(name, nn.Parameter(value))
        for name in ("running_mean", "running_var"):
            self.norm.register_buffer(name, torch.ones(8, 1, 1))

    def forward(self, x: Any) -> Any:
        n, y = self.norm, self.conv(x)
        return (y - n.running_mean) / n.running_var * n.weight + n.bias


@pytest.mark.parametrize("frozen", [True, False])
def test_buffers_that_a_layer_has_are_its_weights(frozen: bool) -> None:
    net = ac.Sequential(
        [ac.Conv2D(8, 3, use_bias=False), ac.BatchNormalization()], input_shape=(9, 9, 3)
    )
    assert_matches(net, Normalizes(frozen))
    other = ac.Sequential(
        [ac.Conv2D(9, 3, use_bias=False), ac.BatchNormalization()], input_shape=(9, 9, 3)
    )
    with pytest.raises(MismatchError, match="conv2d"):
        assert_matches(other, Normalizes(frozen))


def test_what_comes_out_is_shown_in_our_order_of_axes() -> None:
    model = nn.Sequential(nn.Conv2d(1, 8, 3))
    net = ac.Sequential([ac.Conv2D(8, 3, padding="same")], input_shape=(28, 28, 1))
    with pytest.raises(MismatchError, match=r"output\s+28×28×8\s+26×26×8"):
        assert_matches(net, model)


def test_the_network_comes_first() -> None:
    with pytest.raises(ac.ArchcalcError, match="must be a network or a layer"):
        assert_matches(cnn(), NET)  # type: ignore[arg-type]


def test_what_happens_in_training_alone_is_not_counted() -> None:
    """Keras promises two columns of the crop, and runs one where nothing is trained."""
    net = ac.Sequential([ac.RandomCrop(1, 2), ac.Dense(1)], input_shape=(1, 1, 1))
    assert_matches(net, net.to_keras())
    with pytest.raises(MismatchError, match="kernel"):
        assert_matches(net, ac.Sequential([ac.Dense(2)], input_shape=(1, 1, 1)).to_keras())


# --- What can be read off a module, whatever comes out of it --------------------------------------


class Calls(nn.Module):
    """A function between two layers."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 3)
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.second(self.function(self.first(x)))


class Idle(nn.Module):
    """A layer that is defined, and one that is called in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(4, 4)
        self.idle = nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        return self.used(self.used(x))


def dense(of: Any, *between: Any) -> Any:
    return of.Sequential(of.Linear(4, 4), *between, of.Linear(4, 3))


def pooled(of: Any, pool: Any) -> Any:
    return of.Sequential(of.Conv2d(3, 4, 3), pool)


def frozen(module: Any, *names: str) -> Any:
    for name in names:
        module.get_parameter(name).requires_grad_(False)
    return module


A = ac.torch.nn
_HEADS = [(5, 8)] * 3
_MAPS = (3, 10, 10)


@pytest.mark.parametrize(
    ("net", "module", "shape", "path", "row"),
    [
        (A.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 3, padding=2, dilation=2), (3, 9, 9),
         "conv2d", ("dilation_rate", "1", "2")),
        (A.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 4, batch_first=True), _HEADS,
         "multi_head_attention", ("num_heads", "2", "4")),
        (A.TransformerEncoderLayer(8, 2, 16),
         nn.TransformerEncoderLayer(8, 2, 16, norm_first=True, batch_first=True), (5, 8),
         "transformer_encoder_layer", ("norm_first", "False", "True")),
        (A.TransformerEncoderLayer(8, 2, 16),
         nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True), (5, 8),
         "transformer_encoder_layer", ("activation", "'relu'", "'gelu'")),
        (A.TransformerEncoder(A.TransformerEncoderLayer(8, 2, 16), 2),
         nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 4, 16, batch_first=True), 2), (5, 8),
         "transformer_encoder", ("encoder_layer.nhead", "2", "4")),
        (pooled(A, A.MaxPool2d(2)), pooled(nn, nn.AvgPool2d(2)), _MAPS, "max_pooling2d",
         ("pool", "MaxPooling2D(padding=0)", "AveragePooling2D(strides=2, padding=0)")),
        (pooled(A, A.MaxPool2d(2, 2)), pooled(nn, nn.MaxPool2d(3, 2, 1)), _MAPS, "max_pooling2d",
         ("pool_size", "2", "3")),
        (pooled(A, A.AdaptiveAvgPool2d(1)), pooled(nn, nn.AdaptiveMaxPool2d(1)), _MAPS,
         "adaptive_average_pooling2d",
         ("pool", "AdaptiveAveragePooling2D(output_size=1)",
          "AdaptiveMaxPooling2D(output_size=1)")),
        (dense(A, A.ReLU()), dense(nn), (4,), "re_lu", ("activation", "relu", "—")),
        (dense(A, A.ReLU()), dense(nn, nn.GELU()), (4,), "re_lu", ("activation", "relu", "gelu")),
        (dense(A, A.ReLU()), Calls(torch.sigmoid), (4,), "re_lu",
         ("activation", "relu", "sigmoid")),
        (dense(A), Calls(torch.relu), (4,), "", ("activation", "—", "relu")),
        (dense(A, A.LeakyReLU(0.1)), dense(nn, nn.LeakyReLU(0.2)), (4,), "leaky_re_lu",
         ("negative_slope", "0.1", "0.2")),
        (dense(A, A.Dropout(0.1)), dense(nn, nn.Dropout(0.2)), (4,), "dropout",
         ("rate", "0.1", "0.2")),
        (dense(A), frozen(dense(nn), "0.weight", "0.bias"), (4,), "dense",
         ("training", "trained", "frozen")),
        (dense(A), frozen(dense(nn), "1.bias"), (4,), "dense_1",
         ("training", "trained", "frozen (bias)")),
        (A.Sequential(A.Linear(4, 4), A.Linear(4, 4)), Idle(), (4,), "dense_1",
         ("call", "called", "never called")),
        (pooled(A, A.GroupNorm(2, 4)), pooled(nn, nn.GroupNorm(4, 4)), _MAPS,
         "group_normalization", ("groups", "2", "4")),
        (dense(A, A.LayerNorm(4)), dense(nn, nn.GroupNorm(2, 4)), (4,), "layer_normalization",
         ("layer", "LayerNormalization", "GroupNormalization")),
        (dense(A, A.BatchNorm1d(4)), dense(nn, nn.BatchNorm1d(4, eps=1e-3)), (4,),
         "batch_normalization", ("epsilon", "1e-05", "0.001")),
        (A.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
         _MAPS, "conv2d", ("padding_mode", "'zeros'", "'circular'")),
        (A.Conv2d(4, 4, 2), nn.Conv2d(4, 4, 2, stride=2), (4, 2, 2), "conv2d",
         ("strides", "1", "2")),
        (A.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"), _MAPS,
         "upsample", ("mode", "nearest", "bilinear")),
        (A.RNN(3, 4), nn.RNN(3, 4, nonlinearity="relu", batch_first=True), (5, 3), "simple_rnn",
         ("activation", "'tanh'", "'relu'")),
        (A.Softmax(1), nn.Softmax(2), (3, 4), "softmax", ("axis", "1", "2")),
        (A.AvgPool2d(3, 1, 1), nn.AvgPool2d(3, 1, 1, count_include_pad=False), _MAPS,
         "average_pooling2d", ("count_include_pad", "True", "False")),
        (A.Embedding(9, 4, padding_idx=0), nn.Embedding(9, 4, padding_idx=1), (3,), "embedding",
         ("padding_idx", "0", "1")),
    ],
)  # fmt: skip
def test_what_leaves_shapes_and_products_alone_is_named(
    net: ac.Layer, module: Any, shape: Any, path: str, row: tuple[str, str, str]
) -> None:
    error = differs(net, module, input_shape=shape)
    first = error.differences[0]
    assert first.path == path
    assert row in first.rows
    assert all(part in str(error) for part in row)


def test_a_layer_that_the_network_has_not_and_the_model_never_calls() -> None:
    first = differs(A.Sequential(A.Linear(4, 4)), Idle(), input_shape=(4,)).differences[0]
    assert first.name == "idle"
    assert first.why == "the network has no such layer, and the model never calls it"


@pytest.mark.parametrize("pool", [nn.MaxPool2d(3), nn.AvgPool2d(2)])
def test_a_module_that_fails_further_on_is_compared_as_far_as_it_ran(pool: nn.Module) -> None:
    net = A.Sequential(A.Conv2d(3, 4, 3), A.MaxPool2d(2), A.Flatten(), A.Linear(64, 3))
    head = nn.Linear(7 if isinstance(pool, nn.AvgPool2d) else 64, 3)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), pool, nn.Flatten(), head)
    error = differs(net, module, input_shape=_MAPS)
    assert error.differences[0].path == "max_pooling2d"
    assert "in '3': " in str(error)


def test_an_activation_written_by_hand_is_not_another() -> None:
    silu = dense(A, A.SiLU())
    assert_matches(silu, Calls(lambda x: x * torch.sigmoid(x)), input_shape=4)
    assert_matches(dense(A, A.GELU()), Calls(lambda x: x * (1 + torch.erf(x)) / 2), input_shape=4)
    assert_matches(dense(A, A.ReLU()), Calls(lambda x: torch.where(x > 0, x, 0.0)), input_shape=4)
    assert_matches(silu, dense(nn, nn.SiLU(), nn.Dropout(0.1)), input_shape=4)
    assert_matches(dense(A, A.ReLU6()), Calls(nn.functional.relu6), input_shape=4)


def test_what_is_read_off_a_layer_of_keras() -> None:
    keras.utils.clear_session()
    net = ac.Sequential(
        [ac.Conv2D(4, 3, padding="same", activation="relu"), ac.MaxPooling2D(2)],
        input_shape=(8, 8, 3),
    )
    same = [L.Conv2D(4, 3, padding="same"), L.ReLU(), L.MaxPooling2D(2)]
    assert_matches(net, layers_of_keras(*same, shape=(8, 8, 3)))
    other = [L.Conv2D(4, 3, padding="same", dilation_rate=2), L.AveragePooling2D(2)]
    found = differs(net, layers_of_keras(*other, shape=(8, 8, 3))).differences
    assert [d.rows[0] for d in found] == [
        ("dilation_rate", "1", "2"),
        ("activation", "relu", "—"),
        ("pool", "MaxPooling2D", "AveragePooling2D(strides=2)"),
    ]
    lstm = ac.Sequential([ac.LSTM(4, recurrent_activation="hard_sigmoid")], input_shape=(3, 4))
    (gates,) = differs(lstm, layers_of_keras(L.LSTM(4), shape=(3, 4))).differences
    assert gates.rows == (("recurrent_activation", "'hard_sigmoid'", "'sigmoid'"),)
    held = L.Dense(4, trainable=False)
    (kept,) = differs(
        ac.Sequential([ac.Dense(4)], input_shape=4), layers_of_keras(held, shape=(4,))
    ).differences
    assert kept.rows == (("training", "trained", "frozen"),)


_SELVES: dict[str, Any] = {
    "Linear(3, 4)": (3,), "LazyLinear(4)": (3,), "Bilinear(3, 4, 5)": [(3,), (4,)],
    "Embedding(10, 4, padding_idx=0)": (5,), "EmbeddingBag(10, 4)": (5,),
    "Conv1d(3, 6, 3, padding='same', groups=3)": (3, 9), "LazyConv1d(4, 3)": (3, 9),
    "Conv2d(3, 4, (3, 2), padding=1, padding_mode='circular')": (3, 9, 8),
    "Conv3d(3, 4, 2)": (3, 5, 5, 5), "LazyConv2d(4, 3)": (3, 9, 9),
    "LazyConv3d(4, 2)": (3, 5, 5, 5), "LazyConvTranspose3d(4, 2)": (3, 5, 5, 5),
    "ConvTranspose1d(3, 4, 3)": (3, 5), "LazyConvTranspose1d(4, 3)": (3, 5),
    "ConvTranspose2d(3, 4, 3, stride=2, output_padding=1)": (3, 5, 5),
    "ConvTranspose3d(3, 4, 2)": (3, 5, 5, 5), "LazyConvTranspose2d(4, 3)": (3, 5, 5),
    "MaxPool1d(2, padding=1)": (3, 9), "MaxPool2d(2)": (3, 9, 9), "MaxPool3d(2)": (3, 9, 9, 9),
    "AvgPool1d(2)": (3, 9), "AvgPool2d(3, padding=1)": (3, 9, 9), "AvgPool3d(2)": (3, 9, 9, 9),
    "LPPool1d(2, 3)": (3, 9), "LPPool2d(2, 3)": (3, 9, 9), "LPPool3d(2, 3)": (3, 9, 9, 9),
    "FractionalMaxPool2d(2, output_size=3)": (3, 9, 9),
    "FractionalMaxPool3d(2, output_size=3)": (3, 9, 9, 9),
    "AdaptiveAvgPool1d(2)": (3, 9), "AdaptiveAvgPool2d((3, 2))": (3, 9, 9),
    "AdaptiveAvgPool3d(1)": (3, 5, 5, 5), "AdaptiveMaxPool1d(3)": (3, 9),
    "AdaptiveMaxPool2d(3)": (3, 9, 9), "AdaptiveMaxPool3d(3)": (3, 9, 9, 9),
    "BatchNorm1d(4, affine=False)": (4,), "BatchNorm1d(4, track_running_stats=False)": (4, 5),
    "BatchNorm2d(3, momentum=None)": (3, 4, 4), "BatchNorm3d(3)": (3, 4, 4, 4),
    "LazyBatchNorm1d()": (4,), "LazyBatchNorm2d()": (3, 4, 4), "LazyBatchNorm3d()": (3, 4, 4, 4),
    "SyncBatchNorm(3)": (3, 4, 4), "InstanceNorm2d(3)": (3, 4, 4),
    "InstanceNorm1d(3, affine=True, track_running_stats=True)": (3, 4),
    "InstanceNorm3d(3)": (3, 4, 4, 4), "LazyInstanceNorm1d()": (3, 4),
    "LazyInstanceNorm2d()": (3, 4, 4), "LazyInstanceNorm3d()": (3, 4, 4, 4),
    "GroupNorm(2, 4)": (4, 5, 5), "GroupNorm(2, 4, affine=False)": (4, 5, 5),
    "LayerNorm([3, 4])": (3, 4), "LayerNorm(3, bias=False)": (2, 3),
    "LayerNorm(3, elementwise_affine=False)": (2, 3), "RMSNorm(3)": (2, 3),
    "LocalResponseNorm(3)": (4, 5, 5), "CrossMapLRN2d(3)": (4, 5, 5),
    **{
        f"{name}()": (4, 6)
        for name in (
            "ReLU", "LeakyReLU", "ELU", "CELU", "GELU", "GLU", "Hardshrink", "Softshrink",
            "Hardtanh", "RReLU", "Softplus", "Softmin", "LogSoftmax", "Softmax", "Tanh", "ReLU6",
            "SiLU", "Hardswish", "Hardsigmoid", "Mish", "Sigmoid", "Identity", "LogSigmoid",
            "SELU", "Softsign", "Tanhshrink", "PReLU", "Flatten", "Dropout", "AlphaDropout",
        )
    },
    "PReLU(4)": (4, 6), "Softmax(1)": (4,), "Softmax2d()": (3, 4, 4), "Threshold(1, 2)": (4,),
    "GELU('tanh')": (4,), "Hardtanh(0, 6)": (4,), "Dropout1d(.2)": (3, 4),
    "Dropout2d(.2)": (3, 4, 4), "Dropout3d()": (3, 4, 4, 4), "FeatureAlphaDropout()": (3, 4, 4),
    "ZeroPad1d(1)": (3, 9), "ZeroPad2d((1, 2, 3, 4))": (3, 9, 9), "ZeroPad3d(1)": (3, 4, 4, 4),
    "ReflectionPad1d(2)": (3, 9), "ReplicationPad2d(1)": (3, 9, 9), "CircularPad2d(1)": (3, 9, 9),
    "ConstantPad2d(1, 3.)": (3, 9, 9), "Fold((4, 5), 2)": (8, 12), "Unfold(2)": (3, 5, 5),
    "PixelShuffle(2)": (8, 3, 3), "PixelUnshuffle(2)": (2, 4, 4), "ChannelShuffle(2)": (4, 3, 3),
    "Unflatten(1, (2, 3))": (6,), "Upsample(scale_factor=2)": (3, 4, 4),
    "Upsample((6, 7), mode='bilinear', align_corners=True)": (3, 4, 4),
    "Upsample(scale_factor=2, mode='linear')": (3, 4),
    "UpsamplingNearest2d(scale_factor=2)": (3, 4, 4), "UpsamplingBilinear2d((8, 8))": (3, 4, 4),
    "CosineSimilarity()": [(3, 4), (3, 4)], "PairwiseDistance()": [(4,), (4,)],
    "RNN(3, 4, nonlinearity='relu', batch_first=True)": (5, 3),
    "LSTM(5, 7, num_layers=2, batch_first=True)": (6, 5),
    "LSTM(3, 4, 2, proj_size=2, batch_first=True)": (5, 3),
    "LSTM(3, 4, bidirectional=True, proj_size=2, batch_first=True)": (5, 3),
    "LSTM(3, 4, num_layers=2, bias=False, batch_first=True)": (5, 3),
    "GRU(3, 4, bidirectional=True, batch_first=True)": (5, 3),
    "GRU(3, 4, num_layers=3, bidirectional=True, batch_first=True, dropout=.3)": (5, 3),
    "RNN(3, 4, num_layers=2, bidirectional=True, batch_first=True)": (5, 3),
    "RNNCell(3, 4)": (3,), "LSTMCell(3, 4)": (3,), "GRUCell(3, 4)": (3,),
    "MultiheadAttention(8, 2, batch_first=True)": [(5, 8)] * 3,
    "MultiheadAttention(8, 2, kdim=5, vdim=3, add_bias_kv=True, batch_first=True)": {
        "net": [(4, 8), (6, 3), (6, 5)], "model": [(4, 8), (6, 5), (6, 3)],
    },
    "MultiheadAttention(8, 2, bias=False, add_zero_attn=True, batch_first=True)": [(5, 8)] * 3,
    "TransformerEncoderLayer(8, 2, 16, batch_first=True)": (5, 8),
    "TransformerEncoderLayer(8, 2, 16, norm_first=True, activation='gelu', batch_first=True)":
        (5, 8),
    "TransformerDecoderLayer(8, 4, 16, batch_first=True)": [(5, 8), (6, 8)],
    "TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)": (5, 8),
    "TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), 2, "
    "nn.LayerNorm(8))": [(5, 8), (6, 8)],
    "Transformer(8, 2, 1, 2, 16, batch_first=True)": [(5, 8), (6, 8)],
    "Sequential(nn.Linear(3, 4), nn.ReLU(), nn.LazyLinear(5), nn.LazyBatchNorm1d(), nn.Tanh())":
        (3,),
    "Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), "
    "nn.MaxPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))": (3, 16, 16),
}  # fmt: skip
"""Modules of torch, and what each takes.  ``AdaptiveLogSoftmaxWithLoss`` wants a target as well,
and ``MaxUnpool`` the places that a pool gave: neither runs alone."""


@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
@pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")
@pytest.mark.filterwarnings("ignore:Implicit dimension:UserWarning")
@pytest.mark.parametrize("text", _SELVES)
def test_a_module_is_itself(text: str) -> None:
    ours, theirs = (eval(f"nn.{text}", {"nn": names}) for names in (A, nn))
    assert_matches(ours, theirs, input_shape=_SELVES[text])


ODD = ("Equalization", "MelSpectrogram")
"""`Equalization` says of its input that it is its output, so that no model of Keras can hold it; a
`MelSpectrogram` is said to be longer than it is."""

_OF_KERAS = [
    cls.__name__
    for cls in catalogue()
    if KERAS.entry(cls) and builds_in_keras(cls) and cls.__name__ not in ODD
]


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (ac.layers.EinsumDense("...b,bx->...x", 1), (1, 1, 1)),
        (
            ac.RNN(ac.StackedRNNCells([ac.SimpleRNNCell(1), ac.SimpleRNNCell(1, activation=None)])),
            (1, 1),
        ),
        (ac.Bidirectional(ac.SimpleRNN(1, activation=None)), (1, 1)),
        (ac.TimeDistributed(ac.Dense(1), axes=2), (1, 1, 1)),
        (ac.TimeDistributed(ac.Conv1D(2, 3, padding=1)), (3, 5, 2)),
        (ac.TimeDistributed(ac.TimeDistributed(ac.Conv1D(2, 3, padding=1))), (2, 3, 5, 2)),
        (ac.TimeDistributed(ac.SpectralNormalization(ac.Conv1D(2, 3, padding=1))), (3, 5, 2)),
        (ac.TimeDistributed(ac.Residual([ac.Conv1D(2, 3, padding=1)])), (3, 5, 2)),
        (ac.Wrapper(ac.TimeDistributed(ac.Conv1D(2, 3, padding=1))), (3, 5, 2)),
        (ac.TimeDistributed(ac.MultiHeadAttention(2, 2)), (3, 5, 2)),
    ],
)
def test_what_a_framework_fills_in_is_no_difference(
    layer: ac.layers.Layer, shape: tuple[int, ...]
) -> None:
    net = ac.Sequential([layer], input_shape=shape)
    assert_matches(net, net.to_keras())


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        (ac.Conv1D(2, 3, padding=1), ac.Conv1D(2, 3, padding=2, dilation_rate=2),
         "layer.conv1d.dilation_rate"),
        (ac.Conv1D(2, 3, padding=1, activation="relu"), ac.Conv1D(2, 3, padding=1),
         "layer.conv1d.activation"),
        ([ac.Dense(2), ac.ReLU()], [ac.Dense(2)], "layer.re_lu.activation"),
        (ac.MaxPooling1D(2), ac.AveragePooling1D(2), "pool"),
    ],
)  # fmt: skip
def test_what_is_done_at_every_step_is_told_apart(ours: Any, theirs: Any, name: str) -> None:
    net, other = (ac.Sequential([ac.TimeDistributed(x)], (3, 7, 2)) for x in (ours, theirs))
    assert [row[0] for d in differs(net, other.to_keras()).differences for row in d.rows] == [name]


def test_what_is_done_along_two_axes_is_itself() -> None:
    """Keras has one wrapper around another."""
    net = ac.Sequential([ac.TimeDistributed(ac.MaxPooling1D(2), axes=2)], (2, 3, 4, 5))
    assert_matches(net, net.to_keras())
    other = ac.Sequential([ac.TimeDistributed(ac.AveragePooling1D(2), axes=2)], (2, 3, 4, 5))
    assert differs(net, other.to_keras()).differences


def test_cells_are_told_apart() -> None:
    def stacked(activation: str) -> ac.Sequential:
        cells = ac.StackedRNNCells(
            [ac.SimpleRNNCell(2), ac.SimpleRNNCell(2, activation=activation)]
        )
        return ac.Sequential([ac.RNN(cells)], input_shape=(3, 2))

    with pytest.raises(MismatchError, match=r"cell\.cells\.1\.activation"):
        assert_matches(stacked("relu"), stacked("sigmoid").to_keras())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", _OF_KERAS)
def test_a_layer_of_keras_is_itself(kind: str) -> None:
    @examples(0.02, nightly=30)
    @given(layers([kind], framework="keras"))
    def matches(pair: tuple[ac.Layer, tuple[Shape, ...]]) -> None:
        layer, shapes = pair
        assume(keeps_its_word(layer))
        inputs = [ac.Input(shape) for shape in shapes]
        net = ac.Model(inputs, layer(*inputs))
        assert_matches(net, net.to_keras())

    matches()


@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
def test_a_lazy_module_is_left_lazy() -> None:
    lazy = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyBatchNorm1d())
    assert_matches(A.Sequential(A.Linear(3, 4), A.ReLU(), A.BatchNorm1d(4)), lazy, input_shape=3)
    assert isinstance(lazy[0], nn.LazyLinear)
    assert ac.testing.assert_budget(lazy, input_shape=3, parameters="== 24") is None
    with pytest.raises(ac.ArchcalcError, match="lazy parts, which have no shapes until it is run"):
        ac.testing.assert_budget(lazy, parameters="== 24")


class _Twice(nn.Module):
    """One module under two names, the first called on steps and the other by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.again = self.first

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Any:
        return self.first(x), self.again(y)


def _at_steps_and_directly(make: Any = ac.TimeDistributed) -> ac.Model:
    dense, x, y = ac.Dense(4), ac.Input((5, 4)), ac.Input((4,))
    return ac.Model([x, y], [make(dense)(x), dense(y)])


def test_a_layer_at_every_step_and_by_itself_is_one_layer() -> None:
    net, module = _at_steps_and_directly(), _Twice()
    assert_matches(net, module)
    assert_matches(net, net.to_torch())
    assert sum(p.numel() for p in net.to_torch().parameters()) == net.trace().parameters() == 20
    dense, x, y = ac.Dense(4), ac.Input((5, 4)), ac.Input((4,))
    turned = ac.Model([x, y], [dense(y), ac.TimeDistributed([dense, ac.ReLU()])(x)])
    assert_matches(turned, turned.to_torch())
    other = ac.Model([x, y], [ac.Dense(4)(y), ac.TimeDistributed(dense)(x)])
    with pytest.raises(AssertionError, match=r"no such layer|the total differs"):
        assert_matches(other, module)


def test_equal_layers_are_several() -> None:
    keras = pytest.importorskip("keras")
    x = ac.Input((5, 4))
    alike = [ac.TimeDistributed(ac.Dense(4))(x) for _ in range(2)]
    held = [ac.Dense(4), ac.TimeDistributed([ac.Dense(4), ac.Dense(4)]), ac.Dense(4)]
    for net in (ac.Model(x, ac.Add()(alike)), ac.Sequential(held, input_shape=(5, 4))):
        parameters = net.trace().parameters()
        assert sum(p.numel() for p in net.to_torch().parameters()) == parameters
        model = net.to_keras()
        assert isinstance(model, keras.Model)
        assert model.count_params() == parameters
        assert_matches(net, net.to_torch())


def test_a_module_of_two_names_is_left_as_it_was() -> None:
    module = _Twice()
    before = module.first.weight
    assert_matches(_at_steps_and_directly(), module)
    assert module.first.weight is before
    assert str(before.device) == "cpu"


@pytest.mark.parametrize("cell", [ac.LSTMCell(4), ac.GRUCell(4)])
def test_keras_shares_what_is_called_at_every_step_and_by_itself(cell: Any) -> None:
    keras = pytest.importorskip("keras")
    net = _at_steps_and_directly()
    assert_matches(net, net.to_keras())
    dense, x, y = keras.layers.Dense(4), keras.Input((5, 4)), keras.Input((4,))
    theirs = keras.Model([x, y], [keras.layers.TimeDistributed(dense)(x), dense(y)])
    assert_matches(net, theirs)
    assert net.to_keras().count_params() == theirs.count_params() == 20
    x, y = ac.Input((5, 4)), ac.Input((5, 4))
    both = ac.Model([x, y], [ac.RNN(cell)(x), ac.RNN(cell, return_sequences=True)(y)])
    assert both.to_keras().count_params() == both.trace().total_params()


@pytest.mark.parametrize("name", ["relu", "celu", "gelu", "softmax", "tanh"])
def test_what_a_layer_applies_is_seen_in_what_it_builds(name: str) -> None:
    first = ac.Conv2D(4, 3, activation=name)
    net = ac.Sequential([first, ac.Flatten(), ac.Dense(3, activation=name)], input_shape=(8, 8, 2))
    assert_matches(net, net.to_torch())
    other = net.replace("dense", ac.Dense(3, activation="sigmoid"))
    with pytest.raises(MismatchError, match="dense"):
        assert_matches(net, other.to_torch())


class _Attending(nn.Module):  # type: ignore[misc]
    """Attention whose batch comes second, as torch has it unless it is told."""

    def __init__(self, heads: int, called: dict[str, Any]) -> None:
        super().__init__()
        self.attention, self.called = nn.MultiheadAttention(8, heads), called

    def forward(self, x: Any) -> Any:
        x = x.transpose(0, 1)
        y, scores = self.attention(x, x, x, **self.called)
        return y.transpose(0, 1) if scores is None else (y.transpose(0, 1), scores)


@pytest.mark.parametrize("called", [{"need_weights": False}, {}, {"average_attn_weights": False}])
def test_attention_matches_wherever_its_batch_is(called: dict[str, Any]) -> None:
    net, module = ac.from_torch(_Attending(2, called), (5, 8)), _Attending(2, called)
    made, x = net.to_torch()(torch.zeros(1, 5, 8)), torch.zeros(1, 5, 8)
    theirs = module(x)
    shapes = [y.shape for y in (theirs if isinstance(theirs, tuple) else [theirs])]
    assert [y.shape for y in (made if isinstance(made, tuple) else [made])] == shapes
    assert_matches(net, module)
    with pytest.raises(MismatchError, match="num_heads"):
        assert_matches(net, _Attending(4, called))
