"""Costs against frameworks' own counters, papers, and brute force."""

from __future__ import annotations

import itertools
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archcalc as ac
from archcalc.costs.base import total
from archcalc.symbolic.ordered import OrderedAdd, OrderedMul

VGG16 = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]


@pytest.fixture
def vgg16() -> ac.Trace:
    """Simonyan and Zisserman (2015), table 1, column D."""
    convs: list[ac.Layer] = [
        ac.Conv2D(f, 3, padding="same", activation="relu") if f else ac.MaxPooling2D(2)
        for f in VGG16
    ]
    dense = [ac.Flatten(), *(ac.Dense(n, "relu") for n in (4096, 4096)), ac.Dense(1000)]
    return ac.Sequential([*convs, *dense], input_shape=(224, 224, 3)).trace()


def test_vgg16_from_outside(vgg16: ac.Trace) -> None:
    assert int(vgg16.parameters) == 138_357_544  # keras.applications.VGG16
    assert int(vgg16.macs) == 15_470_264_320  # torch's FlopCounterMode on torchvision's vgg16, half
    assert int(vgg16.activations) == 15_237_608  # the rows of CS231n's table, summed exactly
    assert vgg16.receptive_field[0].size == 212 + 6 * 32  # 212 at pool5, then the 7×7 of fc6


def test_receptive_field_before_the_classifier() -> None:
    """Araujo et al. (2019), table 1: VGG-16 has 212, ResNet-50 483 (v1)."""
    convs = [ac.Conv2D(4, 3, padding="same") if f else ac.MaxPooling2D(2) for f in VGG16]
    (rows, _) = ac.Sequential(convs, input_shape=(224, 224, 3)).trace().receptive_field
    assert (rows.size, rows.stride) == (212, 32)


windows = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2))


@given(st.lists(windows, min_size=1, max_size=4))
def test_receptive_field_is_what_an_output_depends_on(
    stack: list[tuple[int, int, int, int]],
) -> None:
    """Every output position of a chain, followed back to the inputs it reads."""
    n = 60
    layers = [ac.Conv1D(1, k, s, p, dilation_rate=d) for k, s, p, d in stack]
    try:
        trace = ac.Sequential(layers, input_shape=(n, 1)).trace()
    except ac.errors.ShapeError:
        return
    (field,) = trace.receptive_field
    for u in range(int(trace.output[0])):
        seen = {u}
        for k, s, p, d in reversed(stack):
            seen = {o * s - p + t * d for o in seen for t in range(k)}
        assert min(seen) == field.offset + u * field.stride
        assert max(seen) - min(seen) + 1 == field.size


def test_branches_with_different_strides_are_an_error() -> None:
    x = ac.Input((32, 32, 4))
    strided = ac.ZeroPadding2D(8)(ac.Conv2D(4, 3, 2, padding="same")(x))
    with pytest.raises(
        ac.errors.ReceptiveFieldError, match="do not align, since their strides differ"
    ):
        ac.Model(x, ac.Add()([x, strided])).trace().cost(ac.costs.ReceptiveField())


def test_branches_with_different_centres_see_from_the_first_to_the_last() -> None:
    x = ac.Input((32, 32, 4))
    shifted = ac.ZeroPadding2D(((0, 2), (0, 2)))(ac.Conv2D(4, 3)(x))
    fields = ac.Model(x, ac.Add()([x, ac.Conv2D(4, 3, padding="same")(x), shifted])).trace()
    assert [(f.size, f.offset) for f in fields.receptive_field] == [(4, -1)] * 2


def test_a_reshape_ends_the_receptive_field() -> None:
    net = ac.Sequential([ac.Conv2D(4, 3), ac.Reshape((-1, 4))], input_shape=(8, 8, 1))
    with pytest.raises(ac.errors.ReceptiveFieldError, match="Reshape"):
        net.trace().cost(ac.costs.ReceptiveField())


def test_a_residual_block_sees_as_much_as_its_body() -> None:
    body = [ac.Conv2D(4, 3, padding="same"), ac.Conv2D(4, 5, padding="same")]
    trace = ac.Repeat(ac.Residual(body), "L").trace((64, 64, 4))
    assert [ac.Formula(field.size)(L=3) for field in trace.receptive_field] == [1 + 3 * 6] * 2


layer_sizes = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@settings(max_examples=25)
@given(sizes=layer_sizes, frozen=st.sets(st.integers(0, 4)), batch=st.integers(1, 4))
def test_training_flops_are_torchs(sizes: list[int], frozen: set[int], batch: int) -> None:
    """Forward and backward on the meta device; the first layer has no input gradient."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    layers = [ac.Dense(n, trainable=i not in frozen) for i, n in enumerate(sizes)]
    ours = ac.Sequential(layers, input_shape=7).trace().cost(ac.costs.TrainingFlops(batch))
    pairs = itertools.pairwise([7, *sizes])
    with torch.device("meta"):
        module = torch.nn.Sequential(*[torch.nn.Linear(a, b) for a, b in pairs])
        x = torch.zeros(batch, 7)
    for i, child in enumerate(module):
        child.requires_grad_(i not in frozen)
    with FlopCounterMode(display=False) as counter:
        out = module(x)
        if out.requires_grad:
            out.sum().backward()
    assert int(ours) == counter.get_total_flops()


def test_training_flops_of_convolutions_are_torchs() -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    layers = [ac.Conv2D(6, 3, 1, 1, "channels_first"), ac.Conv2D(9, 5, 2, 2, "channels_first")]
    net = ac.Sequential(layers, input_shape=(3, 20, 20))
    with torch.device("meta"):
        module = torch.nn.Sequential(torch.nn.Conv2d(3, 6, 3, 1, 1), torch.nn.Conv2d(6, 9, 5, 2, 2))
        x = torch.zeros(2, 3, 20, 20)
    with FlopCounterMode(display=False) as counter:
        module(x).sum().backward()
    assert int(net.trace().cost(ac.costs.TrainingFlops(2))) == counter.get_total_flops()


@pytest.mark.parametrize("frozen", [(), (0,), (1,), (0, 1)])
def test_training_flops_of_a_product_of_two_are_torchs(frozen: tuple[int, ...]) -> None:
    """A product of activations has a gradient for each of them, and none for a weight."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    x = ac.Input((3, 6))
    parts = [ac.Dense(4, use_bias=False, trainable=i not in frozen)(x) for i in range(2)]
    last = ac.Dense(5, use_bias=False, trainable=False)
    ours = ac.Model(x, last(ac.Dot(2)(parts))).trace().cost(ac.costs.TrainingFlops(2))
    with torch.device("meta"):
        modules = [torch.nn.Linear(n, m, bias=False) for n, m in ((6, 4), (6, 4), (3, 5))]
        given_ = torch.zeros(2, 3, 6)
    for i in (*frozen, 2):
        modules[i].requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        a, b = (module(given_) for module in modules[:2])
        out = modules[2](torch.bmm(a, b.transpose(1, 2)))
        if out.requires_grad:
            out.sum().backward()
    assert int(ours) == counter.get_total_flops()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_training_flops_of_attention_are_torchs(count: int) -> None:
    """To itself, to another as keys and values, and with keys apart: the same two products."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    x = ac.Input((5, 6))
    parts = [ac.Dense(4)(x) for _ in range(count)]
    ours = ac.Model(x, ac.Attention()(parts)).trace().cost(ac.costs.TrainingFlops(2))
    with torch.device("meta"):
        modules = [torch.nn.Linear(6, 4) for _ in range(count)]
        given_ = torch.zeros(2, 5, 6)
    with FlopCounterMode(display=False) as counter:
        query, value, key = ([module(given_) for module in modules] * 3)[:3]
        torch.bmm(torch.bmm(query, key.transpose(1, 2)).softmax(-1), value).sum().backward()
    assert int(ours) == counter.get_total_flops()


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("memory", [False, True])
def test_training_flops_of_heads_are_torchs(before: bool, trainable: bool, memory: bool) -> None:
    """In heads the products of activations have two gradients also where the layer is the first."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    x = ac.Input((5, 8))
    made = ac.Dense(8)(x) if before else x
    heads = ac.MultiHeadAttention(2, 4, trainable=trainable)
    other = ac.Dense(8)(x) if memory and before else x
    ours = ac.Model(x, heads([made, other] if memory else [made, made]))
    with torch.device("meta"):
        first, second = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)
        parts = [torch.nn.Linear(8, 8).requires_grad_(trainable) for _ in range(4)]
        given_ = torch.zeros(2, 5, 8)
    with FlopCounterMode(display=False) as counter:
        a = first(given_) if before else given_
        b = (second(given_) if before else given_) if memory else a
        q, k, v = (
            part(y).reshape(2, 5, 2, 4).transpose(1, 2).reshape(4, 5, 4)
            for part, y in zip(parts, (a, b, b), strict=False)
        )
        mixed = torch.bmm(torch.bmm(q, k.transpose(1, 2)).softmax(-1), v)
        out = parts[3](mixed.reshape(2, 2, 5, 4).transpose(1, 2).reshape(2, 5, 8))
        if out.requires_grad:
            out.sum().backward()
    assert int(ours.trace().cost(ac.costs.TrainingFlops(2))) == counter.get_total_flops()


@pytest.mark.parametrize("trainable", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_training_flops_of_a_separable_convolution_are_torchs(
    before: bool, trainable: bool
) -> None:
    """Its second convolution is fed by its first, whatever feeds that.

    Of one channel: torch counts the gradient of a grouped kernel as if it had no groups.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    layers = [ac.Conv2D(1, 1)] if before else []
    separable = ac.SeparableConv2D(6, 3, depth_multiplier=4, trainable=trainable)
    ours = ac.Sequential([*layers, separable], input_shape=(9, 9, 1)).trace()
    with torch.device("meta"):
        first = torch.nn.Conv2d(1, 1, 1)
        parts = [torch.nn.Conv2d(1, 4, 3), torch.nn.Conv2d(4, 6, 1)]
        x = torch.zeros(2, 1, 9, 9)
    for part in parts:
        part.requires_grad_(trainable)
    with FlopCounterMode(display=False) as counter:
        out = torch.nn.Sequential(*([first] if before else []), *parts)(x)
        if out.requires_grad:
            out.sum().backward()
    assert int(ours.cost(ac.costs.TrainingFlops(2))) == counter.get_total_flops()


def test_a_product_with_what_is_fixed_has_the_gradient_of_its_input() -> None:
    """Each of the two layers comes twice: the first has a weight's, the second an input's."""
    mel = ac.MelSpectrogram(64, 16, num_mel_bins=8)
    trace = ac.Sequential([ac.Dense(128, use_bias=False), mel]).trace(32)
    assert trace.cost(ac.costs.TrainingFlops()) == 2 * trace.flops
    assert trace.flops() > 2 * 32 * 128


@pytest.mark.parametrize("per_mac", [1, 2, 3, 4])
def test_half_of_what_is_causal_is_half_whatever_a_mac_is(per_mac: int) -> None:
    trace = ac.Sequential([ac.Attention()]).trace((10, 4))
    whole, half = (trace.cost(ac.costs.Flops(per_mac=per_mac, mask=m)) for m in ("full", "half"))
    assert half * 2 == whole
    assert whole == 2 * 10 * 10 * 4 * per_mac


def test_parameters_statistics_and_totals() -> None:
    """Keras: BatchNormalization has 4·c weights, half of them trainable."""
    net = ac.Sequential([ac.Conv2D(8, 3, trainable=False), ac.BatchNormalization()])
    trace = net.trace((9, 9, 2))
    assert int(trace.parameters) == (3 * 3 * 2 + 1) * 8 + 16
    assert int(trace.statistics) == 16
    assert trace.total_params == trace.parameters + trace.statistics
    assert int(trace.trainable_parameters) == 16


def test_bytes_of_formats_are_torchs() -> None:
    import torch

    stored = {"tfloat32": "float32", "float8": "float8_e4m3fn"}  # as torch keeps them
    for name, size in ac.costs.DTYPES.items():
        assert getattr(torch, stored.get(name, name)).itemsize == size
    assert {"float64", "float32", "float16", "bfloat16", "int64", "int8", "bool"} < set(
        ac.costs.DTYPES
    )


@pytest.mark.parametrize(
    ("optimizer", "floats"),
    [("sgd", 0), ("sgd-momentum", 1), ("nesterov", 1), ("adam", 2), ("amsgrad", 3), ("adamw", 2),
     ("adamax", 2), ("nadam", 2), ("adagrad", 1), ("adadelta", 2), ("rmsprop", 1),
     ("rmsprop-momentum", 2)],
)  # fmt: skip
def test_optimizer_state(optimizer: str, floats: int) -> None:
    """Counted in torch.optim's state after one step."""
    import torch

    module = torch.nn.Linear(5, 3)
    kinds: dict[str, Any] = {
        "sgd": lambda p: torch.optim.SGD(p),
        "sgd-momentum": lambda p: torch.optim.SGD(p, momentum=0.9),
        "nesterov": lambda p: torch.optim.SGD(p, momentum=0.9, nesterov=True),
        "adam": lambda p: torch.optim.Adam(p),
        "amsgrad": lambda p: torch.optim.Adam(p, amsgrad=True),
        "adamw": lambda p: torch.optim.AdamW(p),
        "adamax": lambda p: torch.optim.Adamax(p),
        "nadam": lambda p: torch.optim.NAdam(p),
        "adagrad": lambda p: torch.optim.Adagrad(p),
        "adadelta": lambda p: torch.optim.Adadelta(p),
        "rmsprop": lambda p: torch.optim.RMSprop(p),
        "rmsprop-momentum": lambda p: torch.optim.RMSprop(p, momentum=0.9),
    }
    stepper = kinds[optimizer](module.parameters())
    module(torch.ones(1, 5)).sum().backward()
    stepper.step()
    kept = sum(
        value.numel()
        for state in stepper.state.values()
        for value in state.values()
        if isinstance(value, torch.Tensor) and value.dim()
    )
    trace = ac.Sequential([ac.Dense(3)], input_shape=5).trace()
    assert (
        int(trace.cost(ac.costs.OptimizerBytes(optimizer, "float32")))
        == 4 * kept
        == 4 * floats * 18
    )


@pytest.mark.parametrize(
    "optimizer",
    ["SGD", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "RMSprop", "Lion", "Lamb"],
)
def test_optimizer_state_in_keras(optimizer: str) -> None:
    import keras

    stepper = getattr(keras.optimizers, optimizer)()
    weights = [keras.Variable(keras.ops.ones(shape)) for shape in ((5, 3), (3,))]
    stepper.build(weights)
    kept = sum(prod(v.shape) for v in stepper.variables if tuple(v.shape) in ((5, 3), (3,)))
    trace = ac.Sequential([ac.Dense(3)], input_shape=5).trace()
    assert int(trace.cost(ac.costs.OptimizerBytes(optimizer.lower(), "float32"))) == 4 * kept


def test_no_optimizer_is_left_without_a_test() -> None:
    """Those of torch and of Keras above are all that there are."""
    tested = [test_optimizer_state, test_optimizer_state_in_keras]
    asked = [case for test in tested for case in test.pytestmark[0].args[1]]
    names = {(case if isinstance(case, str) else case[0]).lower() for case in asked}
    assert names == set(ac.costs.OPTIMIZERS)


def test_time_is_the_longer_of_compute_and_traffic() -> None:
    trace = ac.Sequential([ac.Dense(10)], input_shape=784).trace()
    slow_memory = trace.cost(ac.costs.StepTime(10**15, 1, batch=2, optimizer="sgd"))
    assert slow_memory() == int(trace.cost(ac.costs.Traffic(2, "sgd")))
    slow_machine = trace.cost(ac.costs.StepTime(1, 10**15, batch=2, optimizer="sgd"))
    assert slow_machine() == int(trace.cost(ac.costs.TrainingFlops(2)))


@pytest.mark.parametrize(
    "cost",
    [ac.costs.WeightBytes("float31"), ac.costs.OptimizerBytes("adamm"), ac.costs.StepTime(0, 1)],
)
def test_unknown_settings_are_errors(cost: Any) -> None:
    trace = ac.Sequential([ac.Dense(10)], input_shape=784).trace()
    with pytest.raises(ac.ArchcalcError):
        trace.cost(cost)


def test_a_total_has_no_brackets_around_one_thing() -> None:
    """Nothing is multiplied by one, and nothing is added alone: it is the same expression."""
    a, b, n = ac.symbols("a b n")
    assert total([]) == 0
    assert total([(1, a)]) is a
    assert total([(1, 2), (3, 4)]) == 14
    assert total([(1, a), (1, b)]) == OrderedAdd(a, b)
    assert total([(1, a), (1, 5)]) == OrderedAdd(a, 5)
    assert total([(2, a), (1, a)]) == OrderedMul(3, a)
    assert total([(n, a), (n, b)]) == OrderedMul(n, OrderedAdd(a, b))
    assert total([(n, a), (n, a), (n, 0)]) == OrderedMul(n, OrderedMul(2, a))
    assert total([(n, a), (2, 3)]) == OrderedAdd(OrderedMul(n, a), 6)


def test_a_cost_of_ones_own_touches_no_layer() -> None:
    class Biases(ac.costs.Additive):
        """How many biases there are."""

        def of(self, row: Any) -> Any:
            return sum(w.size for w in row.weights if w.name == "bias")

    net = ac.Sequential([ac.Conv2D("f", 3), ac.Flatten(), ac.Dense(10)], input_shape=(8, 8, 1))
    assert repr(net.trace().cost(Biases())) == "f + 10"


@pytest.mark.parametrize(
    ("layer", "elements"),
    [
        (ac.ReLU(), 812 + 512),
        (ac.ReLU(inplace=True), 812),
        (ac.Activation("linear"), 812),
        (ac.Activation("tanh"), 812 + 512),
        (ac.Dropout(0), 812),
        (ac.SpatialDropout2D(0), 812),
        (ac.Dropout(0.5), 812 + 512),
        (ac.Dropout(0.5, inplace=True), 812),
        (ac.Flatten(), 812),
    ],
)
def test_memory_that_is_the_inputs_own_counts_once(layer: ac.Layer, elements: int) -> None:
    """By hand: 10·10·3 go in, 8·8·8 come out of the convolution."""
    net = ac.Sequential([ac.Conv2D(8, 3), layer], input_shape=(10, 10, 3))
    assert net.trace().activations == elements
