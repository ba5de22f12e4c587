"""Models of torch as networks: their weights, shapes and products, as torch itself counts them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.errors import FrameworkError
from archcalc.frameworks.importing.batch import Batch, after_reshape, without_batch
from archcalc.frameworks.torch_reading import from_torch
from archcalc.layers.opaque import Opaque
from archcalc.testing import networks


def counted(module: nn.Module, *shapes: tuple[int, ...], dtype: Any = None) -> tuple[Any, ...]:
    """Parameters, FLOPs of one sample, and what comes out, by torch."""
    counter, parameters = (
        FlopCounterMode(display=False),
        sum(p.numel() for p in module.parameters()),
    )
    with torch.device("meta"), torch.no_grad():
        made = module.to("meta").eval()
        with counter:
            out = made(*(torch.zeros(1, *shape, dtype=dtype) for shape in shapes))
    outputs = out if isinstance(out, tuple | list) else (out,)
    shapes_out = [tuple(x.shape[1:]) for x in outputs if isinstance(x, torch.Tensor)]
    return parameters, counter.get_total_flops(), shapes_out


def assert_read(
    module: nn.Module, *shapes: tuple[int, ...], opaque: int = 0, dtype: Any = None
) -> ac.Model:
    net = from_torch(module, list(shapes) if len(shapes) > 1 else shapes[0])
    trace = net.trace()
    parameters, flops, outputs = counted(module, *shapes, dtype=dtype)
    assert trace.parameters == parameters
    assert 2 * int(trace.macs) == flops
    assert [tuple(x) for x in trace.outputs] == outputs
    unknown = [row for row in trace if isinstance(row.layer, Opaque)]
    assert len(unknown) == opaque, [row.layer for row in unknown]
    return net


class Windows(nn.Module):
    """Attention within windows, which are folded into the batch as Swin does, and moved."""

    def __init__(self, c: int = 12, heads: int = 3, w: int = 4) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(c, 3 * c), nn.Linear(c, c)
        self.table = nn.Parameter(torch.zeros((2 * w - 1) ** 2, heads))
        self.register_buffer("index", torch.zeros(w * w * w * w, dtype=torch.long))
        self.heads, self.w = heads, w

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, h, wide, c = x.shape
        w, a = self.w, self.heads
        x = torch.roll(x, (-2, -2), (1, 2))
        x = x.view(b, h // w, w, wide // w, w, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, w * w, c)
        q, k, v = self.qkv(x).reshape(-1, w * w, 3, a, c // a).permute(2, 0, 3, 1, 4)
        scores = (q * (c // a) ** -0.5) @ k.transpose(-2, -1)
        bias = self.table[self.index].view(w * w, w * w, a).permute(2, 0, 1)
        x = (functional.softmax(scores + bias[None], -1) @ v).transpose(1, 2).reshape(-1, w * w, c)
        x = self.proj(x).view(b, h // w, wide // w, w, w, c)
        return torch.roll(x.transpose(2, 3).reshape(b, h, wide, c), (2, 2), (1, 2))


class Tokens(nn.Module):
    """A class token and positions before an encoder; a head on the first token."""

    def __init__(self, d: int = 8) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, d, 4, 4)
        self.cls, self.pos = nn.Parameter(torch.zeros(1, 1, d)), nn.Parameter(torch.zeros(1, 17, d))
        self.attention = nn.MultiheadAttention(d, 2, batch_first=True)
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.head(x[:, 0])


class Language(nn.Module):
    """Tokens in, logits out by the table transposed; causal attention as a function."""

    def __init__(self, vocabulary: int = 50, d: int = 8, length: int = 16) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, d), nn.Embedding(length, d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.head = nn.Linear(d, vocabulary, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        b, t = ids.shape
        x = self.wte(ids) + self.wpe(torch.arange(t, device=ids.device))
        q, k, v = (y.view(b, t, 2, 4).transpose(1, 2) for y in self.qkv(x).chunk(3, -1))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.head(x + self.proj(y.transpose(1, 2).contiguous().view(b, t, 8)))


class Shared(nn.Module):
    """One block called twice, its weights in a function, and a module that is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(6, 6), nn.ReLU())
        self.never = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.block(self.block(x))
        return functional.linear(x, self.block[0].weight, self.block[0].bias)


class Gates(nn.Module):
    """Squeeze and excitation, halves that are gated, and what is written with operators."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s = self.up(functional.relu(self.down(x.mean((2, 3), keepdim=True)))).sigmoid()
        a, b = (x * s * self.scale).chunk(2, dim=1)
        y = torch.where(a > 0, a, 0.1 * b) ** 2 / (b.abs() + 1.0)
        y = functional.pad(y, (1, 1, 0, 2)).clamp(0, 6) - y.amax((1, 2, 3), keepdim=True)
        return functional.interpolate(y, scale_factor=2, mode="nearest")


class Frames(nn.Module):
    """A convolution on frames that were folded into the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, t = x.shape[:2]
        y = self.conv(x.flatten(0, 1))
        return y.mean((2, 3)).view(b, t, 4).max(1)[0]


def test_windows_in_the_batch() -> None:
    assert_read(Windows(), (8, 8, 12))


def test_free_tensors_and_tokens() -> None:
    net = assert_read(Tokens(), (3, 16, 16))
    assert {"cls", "pos"} <= {row.name for row in net.trace()}


def test_a_tied_head_is_counted_once() -> None:
    net = assert_read(Language(), (7,), dtype=torch.int64)
    (tie,) = [tie for row in net.trace() for tie in row.ties]
    assert tie.weight == "kernel"


def test_shared_blocks_and_what_is_not_used() -> None:
    net = assert_read(Shared(), (6,), opaque=1)
    (unused,) = [row for row in net.trace() if isinstance(row.layer, Opaque)]
    assert unused.path == "never"
    assert [w.name for w in unused.weights] == ["weight", "bias"]
    assert any("reach no output" in str(notice) for notice in net.trace().notices)


def test_operators_and_functions() -> None:
    assert_read(Gates(), (8, 6, 10))


def test_a_layer_on_frames_in_the_batch() -> None:
    assert_read(Frames(), (5, 3, 8, 8))


def test_recurrent_layers_and_their_states() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(5, 7, batch_first=True), nn.Linear(7, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y, _ = self.lstm(x)
            return self.head(y[:, -1])

    net = from_torch(Net(), (9, 5))
    assert net.trace().parameters == 4 * (5 + 7 + 2) * 7 + 16
    assert not [row for row in net.trace() if isinstance(row.layer, Opaque)]
    assert tuple(net.trace().output) == (2,)


def test_sizes_as_symbols_hold_at_other_sizes() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(8, 16, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
    )  # fmt: skip
    macs = from_torch(module, (3, "h", "w")).trace().macs
    for h, w in ((32, 32), (33, 65), (101, 64)):
        assert 2 * macs(h=h, w=w) == counted(module, (3, h, w))[1]


def test_what_no_layer_says_is_a_row_with_its_numbers() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            grid = self.conv(x).permute(0, 2, 3, 1)
            return functional.grid_sample(x, grid, align_corners=False)

    assert_read(Net(), (3, 8, 8), opaque=1)


class Routed(nn.Module):
    """Rows that a mask of the numbers picks: what runs depends on data."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        picked = x.sum(-1) > 0
        y = torch.zeros_like(x)
        y[picked] = self.a(x[picked])
        return y + self.b(x)


def test_a_module_that_looks_at_numbers_is_one_row_and_the_rest_stays() -> None:
    module = nn.Sequential(nn.Linear(3, 4), Routed(), nn.Linear(4, 2))
    trace = from_torch(module, (3,)).trace()
    assert [type(row.layer).__name__ for row in trace] == ["Dense", "Opaque", "Dense"]
    assert all(str(notice).count("[not-read]") <= 1 for notice in trace.notices)
    assert trace.parameters == sum(p.numel() for p in module.parameters())
    assert tuple(trace.output) == (2,)


def test_a_model_that_takes_samples_one_by_one_has_its_parameters() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(3, 5), nn.Linear(5, 4)

        def forward(self, x: torch.Tensor) -> Any:
            return [self.last(one) for one in self.first(x)]

    trace = from_torch(Loop(), (3,)).trace()
    assert trace.parameters == 20 + 24
    assert trace.row("first").output == (5,)
    assert any("one by one" in str(notice) for notice in trace.notices)


def test_parts_along_an_axis_named_by_keyword_are_no_samples() -> None:
    class Parted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(6, 18)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            q, k, v = self.qkv(x).unflatten(-1, (3, 6)).unbind(dim=2)
            return functional.scaled_dot_product_attention(q, k, v)

    assert_read(Parted(), (5, 6))


def test_attention_on_what_was_folded_into_the_batch_is_done_for_each() -> None:
    class Framed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x.flatten(0, 1)
            return self.attention(y, y, y, need_weights=False)[0].view(x.shape)

    assert_read(Framed(), (3, 5, 4))


def test_examples_keywords_and_names_for_axes() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.lin = nn.Embedding(50, 8), nn.Linear(3, 8)

        def forward(self, ids: torch.Tensor, *, extra: torch.Tensor, scale: float = 1.0) -> Any:
            return self.table(ids) * scale + self.lin(extra).unsqueeze(1)

    by_example = from_torch(
        Net(), torch.zeros(1, 7, dtype=torch.int64), dynamic={"t": ("ids", 1)},
        kwargs={"extra": torch.zeros(1, 3), "scale": 2.0},
    ).trace()  # fmt: skip
    assert str(by_example.output) == "t×8"
    by_name = from_torch(Net(), {"ids": (7,), "extra": (3,)}, dtype={"ids": "int64"}).trace()
    assert tuple(by_name.output) == (7, 8)
    assert by_name.parameters == by_example.parameters == 400 + 32


def test_the_model_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.Dropout(), nn.Linear(3, 2).eval())
    before = [p.clone() for p in module.parameters()]
    from_torch(module, (4,))
    assert [part.training for part in module] == [True, True, False]
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


@pytest.mark.parametrize(
    ("module", "shape", "says"),
    [
        (nn.Linear(4, 3), (5,), "does not run on an input of shape"),
        (nn.LazyLinear(3), (5,), "lazy"),
        (object(), (5,), "no torch module"),
    ],
)
def test_what_cannot_be_read_says_so(module: Any, shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(ac.errors.FrameworkError, match=says):
        from_torch(module, shape)


@given(networks(max_layers=6, frameworks="torch"))
def test_what_was_built_is_read_back(net: Any) -> None:
    """The same parameters, statistics and products, whatever was built."""
    trace = net.trace()
    kinds = {r.layer.input_kind(i) for r in trace for i, s in enumerate(r.sources) if s < 0}
    if kinds - {"numbers"} or not all(trace.inputs):
        return
    shapes = [tuple(x) for x in trace.inputs]
    with torch.device("meta"):
        module = net.to_torch()
    read = from_torch(module, shapes if len(shapes) > 1 else shapes[0]).trace()
    assert read.parameters == sum(p.numel() for p in module.parameters())
    assert [tuple(x) for x in read.outputs] == [tuple(x) for x in trace.outputs]
    assert read.macs == trace.macs


def test_a_kernel_that_is_a_buffer_is_no_parameter() -> None:
    """As of filters that blur before every second pixel is taken."""

    class Blur(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("filt", torch.ones(8, 1, 3, 3), persistent=False)
            self.register_buffer("mixing", torch.ones(5, 8))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = functional.conv2d(x, self.filt, stride=2, groups=8)
            return functional.linear(x.mean((2, 3)), self.mixing)

    trace = from_torch(nn.Sequential(nn.Conv2d(3, 8, 1), Blur()), (3, 9, 9)).trace()
    assert (trace.parameters, trace.statistics) == (8 * 3 + 8, 8 * 9 + 40)
    assert trace.macs == 24 * 81 + 8 * 9 * 16 + 40


# Where the batch is


@pytest.mark.parametrize(
    ("before", "at", "after", "then"),
    [
        ((5, 8, 8, 3), Batch(0), (5, 64, 3), Batch(0)),
        ((5, 2, 2, 4, 4, 3), Batch(0), (5 * 4, 16, 3), Batch(0, 4)),
        ((5 * 4, 16, 3), Batch(0, 4), (5, 4, 16, 3), Batch(0)),
        ((7, 5, 6), Batch(1), (7, 5 * 2, 3), Batch(1, 2)),
        ((5, 6), Batch(0), (2, 15), None),
    ],
)
def test_where_the_batch_goes(before: Any, at: Batch, after: Any, then: Batch | None) -> None:
    assert after_reshape(before, at, after, 5) == then
    numbers = torch.arange(torch.Size(before).numel()).view(before)
    if then is not None:  # every element of a sample keeps its sample
        sample = torch.arange(5).view([5 if i == at.axis else 1 for i in range(len(before))])
        if before[at.axis] == 5:
            samples = sample.expand(before).reshape(after)
            own = samples.movedim(then.axis, 0).reshape(5, then.inner, -1)
            assert all((own[i] == i).all() for i in range(5))
            assert numbers.numel() == samples.numel()
    if then is not None:
        assert without_batch(after, then, 5)


def test_a_module_of_two_names_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    module.add_module("again", module[0])
    before = module[0].weight
    read = from_torch(module, (4,)).trace().parameters
    assert read == 20
    assert module[0].weight is before
    assert before.device.type == "cpu"


def test_a_class_is_not_a_module_made_of_it() -> None:
    with pytest.raises(FrameworkError, match=r"give Flatten\(…\)"):
        from_torch(nn.Flatten, input_shape=(3, 4))


class Loud(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("boom \x1b[31m")


def test_what_a_module_says_when_it_fails_moves_no_terminal() -> None:
    with pytest.raises(FrameworkError) as raised:
        from_torch(Loud(), input_shape=4)
    assert "\x1b" not in str(raised.value)
    assert r"boom \x1b[31m" in str(raised.value)


class Call(nn.Module):
    """A module, and how it is called."""

    def __init__(self, held: nn.Module, how: Any) -> None:
        super().__init__()
        self.held, self.how = held, how

    def forward(self, *x: torch.Tensor) -> Any:
        return self.how(self.held, *x)


def _cell_over_time(cell: nn.Module, x: torch.Tensor) -> torch.Tensor:
    state, made = None, []
    for step in range(3):
        state = cell(x[:, step], state)
        made.append(state[0])
    return torch.stack(made, 1)


@pytest.mark.parametrize(
    ("held", "how"),
    [
        (nn.LSTMCell(4, 5), _cell_over_time),
        (nn.LSTMCell(4, 5), lambda cell, x: cell(x[:, 0])),
        (nn.LSTM(4, 5, batch_first=True), lambda lstm, x: lstm(x)),
        (nn.LSTM(4, 5, 2, batch_first=True), lambda lstm, x: lstm(x)[1][0][-1]),
        (nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), lambda lstm, x: lstm(x)),
        (nn.GRU(4, 5, batch_first=True), lambda gru, x: gru(x)[1]),
        (nn.RNN(4, 5, batch_first=True), lambda rnn, x: rnn(x, torch.zeros(1, len(x), 5))[1]),
        (nn.LSTM(4, 5, batch_first=True), lambda lstm, x: lstm(x, lstm(x)[1])[0]),
        (
            nn.ModuleList([nn.Linear(4, 5), nn.Linear(5, 2)]),
            lambda two, x: two[1](two[0](x).detach()),
        ),
        (
            nn.ModuleList([nn.Linear(4, 5), nn.Linear(4, 2)]),
            lambda two, x: two[1](x) * two[0](x).argmax(-1, keepdim=True),
        ),
    ],
)
def test_what_is_handed_on_is_trained_as_torch_trains_it(held: Any, how: Any) -> None:
    module = Call(held, how)
    trace = from_torch(module, (3, 4)).trace()
    assert not [row for row in trace if isinstance(row.layer, Opaque)]
    assert trace.parameters == sum(p.numel() for p in module.parameters())
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        out = module.to("meta")(torch.zeros(1, 3, 4))
        flat = torch.utils._pytree.tree_leaves(out)
        torch.autograd.backward([x.sum() for x in flat])
    assert trace.cost(ac.costs.TrainingFlops()) == counter.get_total_flops()


@pytest.mark.parametrize(
    ("held", "how", "shapes"),
    [
        (
            nn.MultiheadAttention(8, 2, batch_first=True),
            lambda mha, q, k, v: mha(value=v, key=k, query=q, need_weights=False)[0],
            [(6, 8), (9, 8), (9, 8)],
        ),
        (
            nn.MultiheadAttention(8, 2, kdim=4, vdim=5, batch_first=True),
            lambda mha, q, k, v: mha(q, k, v, need_weights=False)[0],
            [(6, 8), (9, 4), (9, 5)],
        ),
        (nn.Bilinear(3, 4, 5), lambda m, x, y: m(input2=y, input1=x), [(3,), (4,)]),
        (
            nn.ModuleList([nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)]),
            lambda m, x: m[1](*m[0](x), output_size=x.shape),
            [(3, 7, 8)],
        ),
        (
            nn.ConvTranspose2d(3, 4, 3, stride=2),
            lambda m, x: m(x, output_size=(8, 10)),
            [(3, 3, 4)],
        ),
        (
            nn.Identity(),
            lambda m, x: functional.avg_pool2d(m(x), 2, divisor_override=3),
            [(3, 6, 8)],
        ),
    ],
)
def test_what_a_call_says_is_kept(held: Any, how: Any, shapes: list[Any]) -> None:
    """Arguments by keyword, in any order, and those that say more than the module."""
    module = Call(held, how).eval()
    net = from_torch(module, shapes if len(shapes) > 1 else shapes[0])
    built = net.to_torch().eval()
    inputs = [torch.randn(2, *shape) for shape in shapes]
    with torch.no_grad():
        for ours, theirs in zip(built.parameters(), module.parameters(), strict=True):
            ours.copy_(theirs)
        torch.testing.assert_close(built(*inputs), module(*inputs))


def test_what_reaches_no_output_is_not_trained() -> None:
    """Forward 2·(4·5 + 4·2), and the gradient of the first kernel, as torch counts them."""
    two = nn.ModuleList([nn.Linear(4, 5), nn.Linear(4, 2)])
    trace = from_torch(Call(two, lambda two, x: (two[0](x), two[1](x))[0]), (4,)).trace()
    assert (trace.flops, trace.cost(ac.costs.TrainingFlops())) == (56, 96)


def test_a_layer_that_is_trained_in_part_is_read_so() -> None:
    linear = nn.Linear(4, 5)
    linear.weight.requires_grad_(False)
    trace = from_torch(linear, (4,)).trace()
    assert (trace.parameters, trace.trainable_parameters) == (25, 5)
