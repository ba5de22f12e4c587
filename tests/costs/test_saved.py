"""What training keeps, against what torch hands to its hooks for saved tensors."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import archcalc as ac
from archcalc.costs import SavedBytes, SavedTensor, TrainingBytes
from archcalc.costs.loops import repeated

torch = pytest.importorskip("torch")


def kept_by_torch(net: Any, *inputs: Any) -> int:
    """The bytes of all storages that are saved, each once, without the weights."""
    weights = {t.untyped_storage().data_ptr() for t in [*net.parameters(), *net.buffers()]}
    saved: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = net(*inputs)  # what is saved stays alive with the graph, so that no address is reused
    assert out is not None
    return sum(storage.nbytes() for storage in saved.values())


def alive_after(net: Any, x: Any) -> tuple[int, Any]:
    """The bytes of storages that a forward pass leaves, without the weights, and what came out."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Tracking(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
            out = func(*args, **(kwargs or {}))
            for tensor in out if isinstance(out, list | tuple) else [out]:
                if isinstance(tensor, torch.Tensor):
                    alive.add(tensor.untyped_storage())
            return out

    alive: weakref.WeakSet[Any] = weakref.WeakSet([x.untyped_storage()])
    with Tracking():
        out = net(x)
    gc.collect()
    weights = {t.untyped_storage().data_ptr() for t in [*net.parameters(), *net.buffers()]}
    found = [storage for storage in alive if storage.data_ptr() not in weights]
    return sum(storage.nbytes() for storage in found), out


def _bytes(tensor: SavedTensor, batch: int, **values: int) -> int:
    times, elements = repeated(tensor.copies, tensor.elements)
    whole = ac.Formula(times) * ac.Formula(elements)
    named = {str(symbol) for symbol in whole.symbols}
    return 4 * batch * int(whole(**{k: v for k, v in values.items() if k in named}))


NETS: dict[str, tuple[tuple[int, ...], Callable[[Any], list[Any]]]] = {
    "mlp": ((20,), lambda nn: [nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 7), nn.ReLU()]),
    "functions": (
        (6, 5),
        lambda nn: [
            nn.Linear(5, 8),
            *(nn.GELU(), nn.SiLU(), nn.Sigmoid(), nn.Softplus(), nn.LeakyReLU(), nn.ELU()),
            *(nn.Mish(), nn.Softsign(), nn.LogSigmoid(), nn.Tanhshrink(), nn.Hardswish()),
            *(nn.PReLU(), nn.GLU(-1), nn.Softmax(-1), nn.LogSoftmax(-1), nn.ReLU6()),
            *(nn.Hardshrink(), nn.Softshrink(), nn.Threshold(0.1, 0.0), nn.GELU("tanh")),
            *(nn.Softmin(-1), nn.Hardtanh(), nn.RReLU()),
        ],
    ),
    "cnn": (
        (3, 8, 8),
        lambda nn: [
            *(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
            *(nn.Conv2d(8, 6, 3, padding=1), nn.GroupNorm(2, 6), nn.ReLU(), nn.AvgPool2d(3)),
            *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, 4)),
        ],
    ),
    "first without weights": ((4, 4), lambda nn: [nn.ReLU(), nn.Sigmoid(), nn.Linear(4, 3)]),
    "shapes": (
        (4, 6, 6),
        lambda nn: [
            *(nn.ConvTranspose2d(4, 8, 2, stride=2), nn.PixelShuffle(2), nn.ZeroPad2d(1)),
            *(nn.Upsample(scale_factor=2), nn.InstanceNorm2d(2), nn.AdaptiveAvgPool2d(3)),
            *(nn.Dropout2d(0.3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(2)),
            *(nn.Linear(2, 3), nn.RMSNorm(3)),
        ],
    ),
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", list(NETS))
def test_what_torch_saves(name: str, batch: int) -> None:
    shape, layers = NETS[name]
    trace = ac.Sequential(layers(ac.torch.nn)).trace(shape)
    cost = SavedBytes(batch, kernels="torch on the CPU")
    assert not cost.unstated(trace)
    module = torch.nn.Sequential(*layers(torch.nn))
    assert trace.cost(cost) == kept_by_torch(module, torch.randn(batch, *shape))


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize(
    "name",
    ["ReLU", "LeakyReLU", "ELU", "CELU", "SELU", "ReLU6", "Hardtanh", "Hardsigmoid", "Hardswish",
     "SiLU", "Mish", "RReLU", "Dropout", "AlphaDropout"],
)  # fmt: skip
def test_in_place_or_not(name: str, inplace: bool) -> None:
    def layers(nn: Any) -> list[Any]:
        return [nn.Linear(5, 8), getattr(nn, name)(inplace=inplace), nn.Sigmoid()]

    trace, cost = ac.Sequential(layers(ac.torch.nn)).trace(5), SavedBytes(2)
    if cost.unstated(trace):
        assert name == "AlphaDropout"
        return
    cpu = trace.cost(SavedBytes(2, kernels="torch on the CPU"))
    assert cpu == kept_by_torch(torch.nn.Sequential(*layers(torch.nn)), torch.randn(2, 5))


def test_a_residual_block_a_gate_and_frozen_weights() -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(6, 6)
            self.frozen = torch.nn.Linear(6, 6).requires_grad_(False)
            self.gate = torch.nn.Linear(6, 6)

        def forward(self, x: Any) -> Any:
            y = self.frozen(torch.relu(self.first(x))) + x
            return torch.sigmoid(self.gate(y)) * y

    x = ac.Input((5, 6))
    y = ac.Dense(6, trainable=False)(ac.ReLU()(ac.Dense(6)(x)))
    y = ac.Add()([y, x])
    gated = ac.Multiply()([ac.Activation("sigmoid")(ac.Dense(6)(y)), y])
    trace = ac.Model(x, gated).trace()
    assert trace.cost(SavedBytes(2)) == kept_by_torch(Net(), torch.randn(2, 5, 6))


FUNCTIONS = [
    "absolute", "ceil", "cos", "erf", "exp", "expm1", "floor", "log", "log1p", "log2", "negative",
    "reciprocal", "round", "rsqrt", "sign", "sin", "sqrt", "square", "tan",
]  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_one_number(name: str) -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(3, 4)

        def forward(self, x: Any) -> Any:
            return getattr(torch, name)(self.first(x))

    trace = ac.Sequential([ac.Dense(4), ac.Function(name)]).trace(3)
    assert trace.cost(SavedBytes(2)) == kept_by_torch(Net(), torch.ones(2, 3))


def test_tokens_are_kept_as_indices() -> None:
    net = torch.nn.Sequential(torch.nn.Embedding(50, 8), torch.nn.Linear(8, 50))
    trace = ac.Sequential([ac.Embedding(50, 8), ac.Dense(50)]).trace(7)
    measured = kept_by_torch(net, torch.randint(0, 50, (2, 7)))
    assert trace.cost(SavedBytes(2)) == measured == 2 * (7 * 8 + 7 * 8 * 4)


def _block(nn: Any, width: int) -> list[Any]:
    return [nn.LayerNorm(width), nn.Linear(width, 24), nn.GELU(), nn.Linear(24, width)]


class Skip(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inside = torch.nn.Sequential(*_block(torch.nn, 6))

    def forward(self, x: Any) -> Any:
        return self.inside(x) + x


@pytest.mark.parametrize("many", [1, 2, 5])
@pytest.mark.parametrize("skip", [False, True])
def test_copies_of_a_block(many: int, skip: bool) -> None:
    inside = _block(ac.torch.nn, 6)
    block = ac.Residual(inside) if skip else ac.Sequential(inside)
    ours = ac.Sequential([ac.Repeat(block, "L"), ac.ReLU(), ac.Dense(2)]).trace(("t", 6))
    theirs = [Skip() if skip else torch.nn.Sequential(*_block(torch.nn, 6)) for _ in range(many)]
    net = torch.nn.Sequential(*theirs, torch.nn.ReLU(), torch.nn.Linear(6, 2))
    measured = kept_by_torch(net, torch.randn(3, 4, 6))
    assert ours.cost(SavedBytes("b"))(L=many, t=4, b=3) == measured


def test_copies_that_differ() -> None:
    block = ac.Sequential([ac.Dense("d*2**i"), ac.Activation("silu")])
    ours = ac.Sequential([ac.Repeat(block, "L", index="i"), ac.Dense(2)]).trace("d")
    for many in (2, 4):
        layers: list[Any] = []
        for i in range(many):
            layers += [torch.nn.Linear(3 * 2 ** max(i - 1, 0), 3 * 2**i), torch.nn.SiLU()]
        net = torch.nn.Sequential(*layers, torch.nn.Linear(3 * 2 ** (many - 1), 2))
        assert ours.cost(SavedBytes())(L=many, d=3) == kept_by_torch(net, torch.randn(1, 3))


def test_recomputed_blocks_keep_what_goes_in() -> None:
    """What is alive after a forward pass of checkpointed blocks, beside the weights."""
    from torch.utils.checkpoint import checkpoint

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(5, 6)
            self.blocks = torch.nn.ModuleList(
                torch.nn.Sequential(*_block(torch.nn, 6)) for _ in range(4)
            )
            self.last = torch.nn.Sequential(torch.nn.Linear(6, 3), torch.nn.Sigmoid())

        def forward(self, x: Any) -> Any:
            x = self.first(x)
            for block in self.blocks:
                x = checkpoint(block, x, use_reentrant=False)
            return self.last(x)

    block = ac.Sequential(_block(ac.torch.nn, 6), name="block")
    ours = ac.Sequential(
        [ac.Dense(6), ac.Repeat(block, "L"), ac.Dense(3), ac.Activation("sigmoid")]
    ).trace(("t", 5))
    cost = SavedBytes(2, recompute=(ours.rows[1].path.rpartition("/")[0],))
    net, x = Net(), torch.randn(2, 7, 5)
    alive, out = alive_after(net, x)
    assert out is not None
    kept = sum(_bytes(tensor, batch=2, L=4, t=7) for tensor in cost.tensors(ours))
    assert kept == alive
    inside = kept_by_torch(net.blocks[0], torch.randn(2, 7, 6, requires_grad=True)) - 2 * 7 * 6 * 4
    assert ours.cost(cost)(L=4, t=7) == alive + inside


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("adam", lambda p: torch.optim.Adam(p)),
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.1)),
        ("sgd-momentum", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        ("amsgrad", lambda p: torch.optim.Adam(p, amsgrad=True)),
    ],
)
@pytest.mark.parametrize("formats", ["float32", "bfloat16"])
def test_a_step_of_training_stores_what_torch_does(name: str, make: Any, formats: str) -> None:
    """Weights, buffers, gradients and the state of the optimizer after a step."""
    layers = NETS["cnn"][1]
    trace = ac.Sequential(layers(ac.torch.nn)).trace(NETS["cnn"][0])
    dtype = getattr(torch, formats)
    net = torch.nn.Sequential(*layers(torch.nn)).to(dtype)
    optimizer = make(net.parameters())
    net(torch.randn(3, *NETS["cnn"][0], dtype=dtype)).sum().backward()
    optimizer.step()
    states = [
        t
        for state in optimizer.state.values()
        for key, t in state.items()
        if isinstance(t, torch.Tensor) and key != "step"
    ]
    stored = {
        "weights": sum(p.nbytes for p in net.parameters()),
        "gradients": sum(p.grad.nbytes for p in net.parameters()),
        "state": sum(t.nbytes for t in states),
    }
    parts = {p.name: int(p.bytes) for p in TrainingBytes(3, name, formats).parts(trace)}
    assert {kind: parts.get(kind, 0) for kind in stored} == stored
    numbers = sum(b.numel() for n, b in net.named_buffers() if "num_batches" not in n)
    assert parts["statistics"] == numbers * 4


def test_what_is_not_stated_is_listed_with_the_reason() -> None:
    net = [ac.Dense(4), ac.LSTM(3, return_sequences=True), ac.GRU(3, reset_after=False)]
    trace = ac.Sequential(net).trace((5, 2))
    assert SavedBytes().unstated(trace) == ("lstm", "gru")
    kernel, reset = SavedBytes().uncounted(trace)
    assert "one kernel" in kernel.why
    assert "resets after" in reset.why


def test_a_cell_over_time_is_not_stated() -> None:
    trace = ac.RNN(ac.GRUCell(3)).trace((5, 2))
    (left,) = SavedBytes().uncounted(trace)
    assert left.layer == "GRUCell"
    assert "from step to step" in left.why


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (ac.SeparableConv2D(6, 3, data_format="channels_first"), (4, 8, 8)),
        (ac.SeparableConv2D(6, 3, depth_multiplier=2, activation="relu",
                            data_format="channels_first"), (4, 8, 8)),
        (ac.SeparableConv1D(6, 3, activation="tanh", data_format="channels_first"), (4, 8)),
    ],
)  # fmt: skip
def test_a_separable_convolution_is_two(layer: ac.Layer, shape: tuple[int, ...]) -> None:
    net = ac.Sequential([layer, ac.ReLU()], input_shape=shape)
    assert net.trace().cost(SavedBytes(3)) == kept_by_torch(net.to_torch(), torch.randn(3, *shape))


@pytest.mark.parametrize("causal", [False, True])
def test_flash_attention_keeps_no_scores(causal: bool) -> None:
    x = ac.Input((2, 5, 8))
    made = [ac.Dense(8)(x) for _ in range(3)]
    net = ac.Model(x, ac.Dense(3)(ac.ScaledDotProductAttention(is_causal=causal)(made)))
    trace = net.trace()
    assert not SavedBytes().unstated(trace)
    assert trace.cost(SavedBytes(3)) == kept_by_torch(net.to_torch(), torch.randn(3, 2, 5, 8))


class Given(torch.nn.Module):
    """Tensors that are each made by a Linear of two numbers, and what a function makes of them."""

    def __init__(self, shapes: list[tuple[int, ...]], function: Callable[..., Any]) -> None:
        super().__init__()
        self.made = torch.nn.ModuleList(torch.nn.Linear(2, shape[-1]) for shape in shapes)
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(*(made(x) for made, x in zip(self.made, inputs, strict=True)))


def _after_dense(shapes: list[tuple[int, ...]], layer: Any) -> Any:
    """The trace of a layer on what a Dense makes of two numbers, each."""
    inputs = [ac.Input((*shape[:-1], 2)) for shape in shapes]
    given = [ac.Dense(shape[-1])(x) for shape, x in zip(shapes, inputs, strict=True)]
    return ac.Model(inputs, layer(*given)).trace()


def _of_batch(shapes: list[tuple[int, ...]], batch: int = 3) -> list[Any]:
    return [torch.randn(batch, *shape[:-1], 2) for shape in shapes]


SDPA: list[tuple[str, list[tuple[int, ...]], dict[str, Any]]] = [
    ("no heads", [(5, 4), (6, 4), (6, 4)], {}),
    ("no heads, causal", [(5, 4)] * 3, {"is_causal": True}),
    ("no heads, dropout", [(5, 4), (6, 4), (6, 4)], {"dropout_p": 0.1}),
    ("heads", [(2, 5, 4), (2, 6, 4), (2, 6, 4)], {}),
    ("heads, dropout", [(2, 5, 4), (2, 6, 4), (2, 6, 4)], {"dropout_p": 0.1}),
    ("heads, wide values", [(2, 5, 4), (2, 6, 4), (2, 6, 7)], {}),
    ("heads in groups", [(4, 5, 4), (2, 6, 4), (2, 6, 4)], {"enable_gqa": True}),
    ("groups, dropout", [(4, 5, 4), (2, 6, 4), (2, 6, 4)], {"enable_gqa": True, "dropout_p": 0.1}),
    ("more axes", [(3, 2, 5, 4), (3, 2, 6, 4), (3, 2, 6, 4)], {}),
]


@pytest.mark.parametrize(("shapes", "named"), [x[1:] for x in SDPA], ids=[x[0] for x in SDPA])
def test_attention_as_a_function(shapes: list[tuple[int, ...]], named: dict[str, Any]) -> None:
    ours = {{"dropout_p": "dropout"}.get(name, name): value for name, value in named.items()}
    trace = _after_dense(shapes, ac.ScaledDotProductAttention(**ours))

    def attended(*made: Any) -> Any:
        return torch.nn.functional.scaled_dot_product_attention(*made, **named)

    cost = SavedBytes(3, kernels="torch on the CPU")
    assert not cost.unstated(trace)
    assert trace.cost(cost) == kept_by_torch(Given(shapes, attended), *_of_batch(shapes))


def test_attention_with_a_mask_and_heads_is_not_stated() -> None:
    inputs = [ac.Input((2, 5, 8)) for _ in range(3)]
    net = ac.Model([*inputs, m := ac.Input((5, 5))], ac.ScaledDotProductAttention()([*inputs, m]))
    (left,) = SavedBytes().uncounted(net.trace())
    assert "mask" in left.why


HEADED: list[dict[str, Any]] = [
    {}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"dropout": 0.1},
    {"dropout": 0.1, "add_bias_kv": True},
]  # fmt: skip


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("named", HEADED, ids=str)
@pytest.mark.parametrize("how", ["self", "causal", "memory", "each"])
def test_attention_in_heads(how: str, named: dict[str, Any], scores: bool) -> None:
    widths = {"kdim": 6, "vdim": 10} if how == "each" else {}
    module = torch.nn.MultiheadAttention(8, 2, **widths, **named)
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1) if how == "causal" else None
    alone = how == "causal" and not {"add_bias_kv", "add_zero_attn"} & set(named)

    def attended(*given: Any) -> Any:
        query, *others = (x.transpose(0, 1) for x in given)
        key, value = (others * 2)[:2] if others else (query, query)
        return module(query, key, value, need_weights=scores, attn_mask=causal, is_causal=alone)

    shapes = [(5, 8), (6, 8)] if how == "memory" else [(5, 8), (6, 6), (6, 10)]
    shapes = shapes if how in ("memory", "each") else [(5, 8)]
    options = {"use_bias" if k == "bias" else k: v for k, v in named.items()}
    layer = ac.MultiHeadAttention(
        2, 4, return_attention_scores=scores, use_causal_mask=how == "causal", **options
    )
    inputs = [ac.Input(shape) for shape in shapes]
    given = inputs if how != "each" else [inputs[0], inputs[2], inputs[1]]
    trace, cost = ac.Model(inputs, layer(*given)).trace(), SavedBytes(3, kernels="torch on the CPU")
    assert not cost.unstated(trace)

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *given: Any) -> Any:
            return attended(*given)

    time_first = [torch.randn(shape[0], 3, shape[1]).transpose(0, 1) for shape in shapes]
    assert trace.cost(cost) == kept_by_torch(Net(), *time_first)


ONE_HEAD: list[tuple[type, dict[str, Any]]] = [
    (ac.Attention, {}),
    (ac.Attention, {"use_scale": True}),
    (ac.Attention, {"score_mode": "concat"}),
    (ac.Attention, {"score_mode": "concat", "use_scale": True}),
    (ac.AdditiveAttention, {}),
    (ac.AdditiveAttention, {"use_scale": False}),
]


@pytest.mark.parametrize("more", [{}, {"dropout": 0.2}, {"use_causal_mask": True}], ids=str)
@pytest.mark.parametrize(("kind", "named"), ONE_HEAD)
@pytest.mark.parametrize("many", [1, 2, 3])
def test_attention_with_one_head(kind: Any, named: Any, more: Any, many: int) -> None:
    shapes: list[tuple[int, ...]] = [(5, 4), (6, 4), (6, 4)][:many]
    layer = kind(**named, **more)
    inputs = [ac.Input((*shape[:-1], 2)) for shape in shapes]
    given = [ac.Dense(shape[-1])(x) for shape, x in zip(shapes, inputs, strict=True)]
    net = ac.Model(inputs, layer(*given))
    cost = SavedBytes(3, kernels="torch on the CPU")
    assert not cost.unstated(net.trace())
    assert net.trace().cost(cost) == kept_by_torch(net.to_torch().train(), *_of_batch(shapes))


def _time_first(module: Any, states: int) -> Callable[..., Any]:
    def run(x: Any, *given: Any) -> Any:
        first = tuple(state.unsqueeze(0) for state in given)
        return module(x.transpose(0, 1), *((first if states == 2 else first[0],) if first else ()))

    return run


class Over(torch.nn.Module):
    def __init__(self, module: Any, states: int) -> None:
        super().__init__()
        self.module, self.run = module, _time_first(module, states)

    def forward(self, *given: Any) -> Any:
        return self.run(*given)


OVER_TIME: list[tuple[str, dict[str, Any], Any, int]] = [
    ("RNN", {}, ac.SimpleRNN(4, return_sequences=True), 1),
    ("RNN", {"nonlinearity": "relu"}, ac.SimpleRNN(4, activation="relu"), 1),
    ("RNN", {"bidirectional": True}, ac.Bidirectional(ac.SimpleRNN(4, return_sequences=True)), 0),
    ("GRU", {}, ac.GRU(4, return_sequences=True), 1),
    ("GRU", {"bias": False}, ac.GRU(4, use_bias=False), 1),
    ("GRU", {"bidirectional": True}, ac.Bidirectional(ac.GRU(4, return_sequences=True)), 0),
    ("GRU", {"num_layers": 2}, ac.Sequential([ac.GRU(4, return_sequences=True), ac.GRU(4)]), 0),
    ("LSTM", {"proj_size": 2}, ac.LSTM(4, proj_size=2, return_sequences=True), 2),
]


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(
    ("name", "named", "layer", "states"), OVER_TIME, ids=[f"{x[0]} {x[1]}" for x in OVER_TIME]
)
@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_layers_over_time(name: str, named: Any, layer: Any, states: int, given: bool) -> None:
    first = [named.get("proj_size", 4), 4][:states] if given else []
    inputs = [ac.Input((5, 7)), *(ac.Input((size,)) for size in first)]
    trace, cost = ac.Model(inputs, layer(*inputs)).trace(), SavedBytes(3)
    assert not cost.unstated(trace)
    net = Over(getattr(torch.nn, name)(7, 4, **named), states)
    x = torch.randn(5, 3, 7).transpose(0, 1)
    assert trace.cost(cost) == kept_by_torch(net, x, *(torch.randn(3, size) for size in first))


@pytest.mark.parametrize("steps", [1, 2, 6])
@pytest.mark.parametrize("name", ["RNN", "GRU"])
def test_symbolic_lengths_and_units(name: str, steps: int) -> None:
    layer = getattr(ac, name.replace("RNN", "SimpleRNN"))("u")
    found = ac.Sequential([layer]).trace(("t", "n")).cost(SavedBytes("b"))
    net = Over(getattr(torch.nn, name)(7, 4), 1)
    measured = kept_by_torch(net, torch.randn(steps, 3, 7).transpose(0, 1))
    assert found(u=4, t=steps, n=7, b=3) == measured


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells(name: str, given: bool) -> None:
    states = (2 if name == "LSTMCell" else 1) if given else 0
    layer = getattr(ac, name.replace("RNN", "SimpleRNN"))(4)
    inputs = [ac.Input((7,)), *(ac.Input((4,)) for _ in range(states))]
    trace, cost = ac.Model(inputs, layer(*inputs)).trace(), SavedBytes(3)
    assert not cost.unstated(trace)
    module, (x, *first) = getattr(torch.nn, name)(7, 4), [torch.randn(3, 7), *_zeros(states)]
    told = (tuple(first) if states == 2 else first[0],) if first else ()
    assert trace.cost(cost) == kept_by_torch(module, x, *told)


def _zeros(many: int) -> list[Any]:
    return [torch.zeros(3, 4) for _ in range(many)]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("named", [{}, {"padding_idx": 0}], ids=str)
def test_bags_keep_where_they_begin(mode: str, named: dict[str, Any]) -> None:
    bags = torch.nn.EmbeddingBag(10, 4, mode=mode, **named)
    cost = SavedBytes(3)
    kept = ac.from_torch(bags, (6,)).trace().cost(cost)
    assert kept == kept_by_torch(bags, torch.ones(3, 6, dtype=torch.long))


class _Attending(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, named: dict[str, Any], **called: Any) -> None:
        super().__init__()
        self.attention, self.called = torch.nn.MultiheadAttention(8, 2, **named), called

    def forward(self, query: Any, *others: Any) -> Any:
        query, *others = (x.transpose(0, 1) for x in (query, *others))
        key, value = (others * 2)[:2] if others else (query, query)
        made = self.attention(query, key, value, **self.called)
        return made[:2] if self.called["need_weights"] else made[0]


@pytest.mark.parametrize(
    "called",
    [
        {"need_weights": False},
        {"need_weights": True},
        {"need_weights": True, "average_attn_weights": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("named", [{}, {"dropout": 0.1}], ids=str)
@pytest.mark.parametrize("lengths", [[5], [5, 6], [5, 6, 6]], ids=str)
def test_attention_that_is_read(
    called: dict[str, Any], named: dict[str, Any], lengths: list[int]
) -> None:
    """What is given twice is projected by one product; scores that are asked for are kept."""
    module = _Attending({"batch_first": False, **named}, **called)
    trace = ac.from_torch(module, [(n, 8) for n in lengths]).trace()
    cost = SavedBytes(3, kernels="torch on the CPU")
    assert not cost.unstated(trace)
    given = [torch.randn(n, 3, 8).transpose(0, 1) for n in lengths]
    assert trace.cost(cost) == kept_by_torch(module, *given)


def test_conditions_are_kept_as_such() -> None:
    class Masking(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = torch.nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            y = self.dense(x)
            return torch.where(((y > 0) & ~(y > 1))[:, :4], y[:, :4], 0.0)

    trace = ac.from_torch(Masking(), (6, 8)).trace()
    assert trace.cost(SavedBytes(3)) == kept_by_torch(Masking(), torch.randn(3, 6, 8))
