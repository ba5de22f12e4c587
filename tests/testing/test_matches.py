"""assert_matches: what agrees passes, and each way to differ is named."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch
from torch import nn

import archcalc as ac
from archcalc.testing import MismatchError, assert_matches

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
        (GROUPED, lambda: nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.Conv2d(8, 8, 3)),
         "conv2d_1", "1", "strides (s): 2 here; 1 would give what is there"),
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
    with pytest.raises(ac.ArchcalcError, match="neither a Keras model nor a torch module"):
        assert_matches(NET, "model")
    with pytest.raises(ac.ArchcalcError, match="the model has no weights yet"):
        assert_matches(NET, keras.Sequential([L.Dense(3)]))
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
