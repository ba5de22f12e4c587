"""Models of torch that were read, with symbols for their sizes, against the same built anew."""

from __future__ import annotations

import pytest

import archcalc as ac

torch = pytest.importorskip("torch")
nn = torch.nn
F = torch.nn.functional


class Attention(nn.Module):
    """Heads by hand, as in nanoGPT."""

    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, x):
        b, t, d = x.shape
        parts = self.c_attn(x).split(d, dim=2)
        q, k, v = (p.view(b, t, self.heads, d // self.heads).transpose(1, 2) for p in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(b, t, d))


class Whole(nn.Module):
    """Heads by torch's own module."""

    def __init__(self, d, heads):
        super().__init__()
        self.inner = nn.MultiheadAttention(d, heads, batch_first=True)

    def forward(self, x):
        return self.inner(x, x, x, need_weights=False)[0]


class Block(nn.Module):
    def __init__(self, d, heads, attention):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attention = attention(d, heads)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):
        x = x + self.attention(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, L, d, V, S, heads=4, tied=True, attention=Attention):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(V, d), nn.Embedding(S, d)
        self.h = nn.ModuleList([Block(d, heads, attention) for _ in range(L)])
        self.ln_f, self.head = nn.LayerNorm(d), nn.Linear(d, V, bias=False)
        if tied:
            self.head.weight = self.wte.weight

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.h:
            x = block(x)
        return self.head(self.ln_f(x))


class Encoder(nn.Module):
    def __init__(self, L, d, V, S=None, heads=4):
        super().__init__()
        layer = nn.TransformerEncoderLayer(d, heads, 4 * d, batch_first=True)
        self.wte, self.inner = nn.Embedding(V, d), nn.TransformerEncoder(layer, L)
        self.head = nn.Linear(d, V)

    def forward(self, tokens):
        return self.head(self.inner(self.wte(tokens)))


class Bottleneck(nn.Module):
    def __init__(self, before, c, stride):
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(before, c, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU()),
            *(nn.Conv2d(c, c, 3, stride, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU()),
            *(nn.Conv2d(c, 4 * c, 1, bias=False), nn.BatchNorm2d(4 * c)),
        )
        alike = stride == 1 and before == 4 * c
        shortcut = nn.Conv2d(before, 4 * c, 1, stride, bias=False)
        self.shortcut = None if alike else nn.Sequential(shortcut, nn.BatchNorm2d(4 * c))

    def forward(self, x):
        return F.relu(self.body(x) + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nn.Module):
    def __init__(self, c, K, n=3):
        super().__init__()
        stem = [nn.Conv2d(3, c, 7, 2, 3, bias=False), nn.BatchNorm2d(c), nn.ReLU(), nn.MaxPool2d(2)]
        first = [Bottleneck(c, c, 1), Bottleneck(4 * c, c, 1)]
        second = [Bottleneck(4 * c, 2 * c, 2), *(Bottleneck(8 * c, 2 * c, 1) for _ in range(n))]
        self.features = nn.Sequential(*stem, nn.Sequential(*first), nn.Sequential(*second))
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8 * c, K)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


class Separable(nn.Module):
    """One convolution a channel, a squeeze by a quarter, and a width that is rounded to eights."""

    def __init__(self, c, K):
        super().__init__()
        rounded = max(8, int(c * 0.75 + 4) // 8 * 8)
        self.body = nn.Sequential(
            *(nn.Conv2d(3, c, 3, 2, 1), nn.BatchNorm2d(c), nn.ReLU6()),
            *(nn.Conv2d(c, c, 3, 1, 1, groups=c, bias=False), nn.BatchNorm2d(c), nn.ReLU6()),
            *(nn.Conv2d(c, rounded, 1, bias=False), nn.BatchNorm2d(rounded)),
        )
        self.fc = nn.Linear(rounded, K)

    def forward(self, x):
        return self.fc(self.body(x).mean((2, 3)))


def read(made, shape):
    with torch.device("meta"):
        module = made()
    return ac.from_torch(module, shape), sum(p.numel() for p in module.parameters())


def check(build, shape, numbers, others):
    """The family of one model has the counts of others of its kind."""
    net, count = read(lambda: build(**numbers), shape)
    family = net.generalize(**{k: v for k, v in numbers.items() if k in "LdVScKnh"})
    trace = family.trace()
    assert trace.parameters(**numbers) == count == net.trace().parameters
    assert trace.macs(**numbers) == net.trace().macs
    assert family.generalization.undecided == ()
    for other in others:
        there, count = read(lambda other=other: build(**{**numbers, **other}), shape)
        at = {**numbers, **other}
        assert trace.parameters(**at) == count
        assert trace.macs(**at) == there.trace().macs
        assert tuple(trace.network.trace().output) == trace.output
    return family


@pytest.mark.parametrize("attention", [Attention, Whole])
def test_a_decoder_equals_those_of_other_sizes(attention):
    def build(L, d, V, S):
        return GPT(L, d, V, S, attention=attention)

    others = [{"d": 16, "L": 2}, {"d": 24, "V": 11}, {"L": 1, "S": 77}]
    family = check(build, (6,), {"L": 3, "d": 32, "V": 101, "S": 50}, others)
    if attention is Attention:
        known = ac.Formula("L*(12*d**2 + 13*d) + 2*d + (V + S)*d")
        assert family.trace().parameters == known
    (reading,) = [r for r in family.generalization.readings if r.symbol.name == "L"]
    assert (reading.kind, family.generalization.folded) == ("copies", ((reading.symbol, 3),))


def test_an_encoder_equals_those_of_other_sizes():
    check(Encoder, (6,), {"L": 3, "d": 32, "V": 101}, [{"d": 16, "L": 2}, {"V": 7}, {"L": 5}])


def test_a_number_of_rows_is_no_multiple_of_a_width():
    """256 positions and 128 words are no 8 and 4 times a width of 32, and 32 tokens no width."""

    def build(L, d):
        return GPT(L, d, 128, 256, tied=False)

    check(build, (32,), {"L": 3, "d": 32}, [{"d": 16}, {"d": 48, "L": 2}])


def test_rows_as_many_as_a_width_stay():
    def build(d):
        return GPT(2, d, 100, 32)

    check(build, (32,), {"d": 32}, [{"d": 16}, {"d": 64}])


def test_a_resnet_equals_those_of_other_widths():
    others = [{"c": 16}, {"c": 32, "K": 7}, {"c": 96}]
    family = check(ResNet, (3, 64, 64), {"c": 64, "K": 100}, others)
    assert str(family.generalization.readings[0].kind) == "features"
    numbers = {(r.field, r.number, str(r.becomes)) for r in family.generalization.replaced}
    wide = {64: "c", 128: "2*c", 256: "4*c", 512: "8*c"}
    assert numbers == {("filters", n, to) for n, to in wide.items()} | {("units", 100, "K")}


def test_a_depth_and_a_height_are_symbols_too():
    check(ResNet, (3, 64, 64), {"c": 32, "K": 100, "n": 3}, [{"n": 5}, {"n": 2, "c": 16}])
    net, _ = read(lambda: ResNet(64, 100), (3, 96, 96))
    macs = net.generalize(c=64, h=96).trace().macs
    small = read(lambda: ResNet(16, 100), (3, 40, 40))[0].trace().macs
    assert macs(c=16, h=40) == small


def test_one_group_a_channel_follows_and_what_was_rounded_stays():
    net, _ = read(lambda: Separable(64, 10), (3, 32, 32))
    family = net.generalize(c=64)
    (kept,) = [k for k in family.generalization.kept if k.number == 48]
    assert kept.field == "filters"
    assert "computed" in kept.why
    P = family.trace().parameters
    for c in (64, 60):  # for which the model's own code comes to 48 as well
        assert P(c=c) == read(lambda c=c: Separable(c, 10), (3, 32, 32))[1]


def test_a_number_of_channels_is_no_height():
    """An image of 32×32 stays one where the channels begin with 32."""
    net, _ = read(lambda: ResNet(32, 10), (3, 32, 32))
    family = net.generalize(c=32)
    assert family.own_inputs() == ((3, 32, 32),)
    assert any(k.field == "input" and k.number == 32 for k in family.generalization.kept)


def test_what_cannot_be_another_number_is_told():
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(32, 48), nn.Linear(32, 16)

        def forward(self, x):
            return self.a(x) + torch.cat([x, self.b(x)], -1)

    net, count = read(Fixed, (32,))
    family = net.generalize(c=32)
    (line,) = family.generalization.undecided
    assert "with another c it would not hold" in line
    assert family.trace().parameters(c=32) == count
    with pytest.raises(ac.errors.RequirementError):
        family.trace().parameters(c=16)


def test_what_no_reader_knows_is_interpolated_from_its_counts():
    def count(L, d, V, S):
        with torch.device("meta"):
            return sum(p.numel() for p in GPT(L, d, V, S, heads=1).parameters())

    P = ac.interpolate_formula(count, {"L": 1, "d": 2, "V": 1, "S": 1})
    assert ac.Formula("L*(12*d**2 + 13*d) + 2*d + (V + S)*d") == P
