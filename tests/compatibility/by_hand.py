"""The networks of the kept files once more, written by hand in torch and Keras, which count them.

Nothing here knows archcalc.  A function has the name of its file and takes the values of its
symbols; torch counts parameters, running statistics and multiply-accumulates, and runs the network
for its outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["BY_HAND", "Counts"]


@dataclass(frozen=True)
class Counts:
    """What a framework counts: `macs` is missing where it does not count them."""

    parameters: int
    statistics: int
    outputs: list[list[int]]
    macs: int | None = None


class Net(nn.Module):
    """Modules, and a function that says how they are put together."""

    def __init__(self, forward: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self._forward = forward

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self._forward(*inputs, **self.parts)


def around(*body: nn.Module, shortcut: nn.Module | None = None) -> Net:
    """A residual block."""
    parts = {"body": nn.Sequential(*body), "shortcut": shortcut or nn.Identity()}
    return Net(lambda x, body, shortcut: body(x) + shortcut(x), **parts)


def beside(*branches: nn.Module) -> Net:
    """Branches, and what they make put together along the channels."""
    parts = {f"branch_{i}": branch for i, branch in enumerate(branches)}
    return Net(lambda x, **parts: torch.cat([part(x) for part in parts.values()], 1), **parts)


def counted(module: nn.Module, *inputs: torch.Tensor) -> Counts:
    """What torch counts, in a run on one example."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        made = module(*inputs)
    running = [x for name, x in module.named_buffers() if "running" in name]
    return Counts(
        sum(p.numel() for p in module.parameters()),
        sum(x.numel() for x in running),
        [channels_last(x) for x in (made if isinstance(made, tuple) else (made,))],
        counter.get_total_flops() // 2,
    )


def channels_last(tensor: torch.Tensor) -> list[int]:
    """A shape without the batch, as files have it: of an image, the channels at its end."""
    _, *shape = tensor.shape
    return shape if len(shape) < 3 else [*shape[1:], shape[0]]


def conv(c: int, f: int, k: int = 3, **how: Any) -> nn.Conv2d:
    """A convolution that keeps the size."""
    return nn.Conv2d(c, f, k, padding=k // 2, **how)


def pooled(*parts: nn.Module) -> nn.Sequential:
    """Layers, and the mean over the image after them."""
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def mnist() -> Counts:
    return symbols(k=3, f=32, n=100)


def symbols(k: int, f: int, n: int) -> Counts:
    side = (29 - k) // 2
    layers = [nn.Conv2d(1, f, k), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(side * side * f, n)]
    return counted(nn.Sequential(*layers, nn.Linear(n, 10)), torch.zeros(1, 1, 28, 28))


def convolutions(h: int, w: int, c: int, K: int) -> Counts:
    net = pooled(
        nn.Conv2d(3, c, 7, 2, 3, bias=False),
        nn.BatchNorm2d(c),
        nn.LeakyReLU(0.1),
        nn.Conv2d(c, 2 * c, (3, 5), padding="same", groups=c, dilation=2),
        nn.ZeroPad2d((0, 0, 1, 2)),
        nn.Conv2d(2 * c, 2 * c, 3),
        nn.Conv2d(2 * c, 4 * c, 3, groups=2 * c),
        nn.ConvTranspose2d(4 * c, c, 2, 2),
    )
    return counted(nn.Sequential(net, nn.Dropout(), nn.Linear(c, K)), torch.zeros(1, 3, h, w))


def two_heads() -> Counts:
    def forward(image: Any, extra: Any, features: Any, digit: Any, quality: Any) -> Any:
        seen = features(image.flatten(1))
        return digit(torch.cat([seen, extra], 1)), quality(seen)

    parts = {"features": nn.Linear(784, 64), "digit": nn.Linear(80, 10)}
    net = Net(forward, **parts, quality=nn.Linear(64, 1))
    return counted(net, torch.zeros(1, 1, 28, 28), torch.zeros(1, 16))


def shared() -> Counts:
    def forward(left: Any, right: Any, wide: Any, back: Any, head: Any) -> Any:
        return head(wide(back(wide(left).relu() - wide(right).relu())))

    net = Net(forward, wide=nn.Linear(128, 64), back=nn.Linear(64, 128), head=nn.Linear(64, 1))
    return counted(net, torch.zeros(1, 128), torch.zeros(1, 128))


def made_up_names(h: int, w: int) -> Counts:
    def forward(x: Any, one: Any, three: Any, norm: Any) -> Any:
        return torch.cat([norm(one(x) + three(x)), x], 1)

    net = Net(forward, one=conv(8, 8, 1), three=conv(8, 8), norm=nn.BatchNorm2d(8))
    return counted(net, torch.zeros(1, 8, h, w))


def branches() -> Counts:
    inception = beside(
        nn.Identity(),
        conv(192, 64, 1),
        nn.Sequential(conv(192, 96, 1), conv(96, 128)),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(192, 32, 1), nn.ReLU()),
    )
    net = nn.Sequential(inception, around(conv(416, 416, 1)))
    return counted(net, torch.zeros(1, 192, 28, 28))


def tower(h: int, w: int, c: int, L: int) -> Counts:
    blocks = [around(nn.BatchNorm2d(c), nn.ReLU(), conv(c, c, bias=False)) for _ in range(L)]
    wider = around(conv(c, 2 * c, stride=2), shortcut=nn.Conv2d(c, 2 * c, 1, 2))
    last = [around(conv(2 * c, 2 * c, 1)) for _ in range(2)]
    net = pooled(conv(3, c), *blocks, wider, *last)
    return counted(nn.Sequential(net, nn.Linear(2 * c, 10)), torch.zeros(1, 3, h, w))


def growing(h: int, w: int, c: int, g: int, L: int) -> Counts:
    widths = [c + g * i for i in range(L)]
    made = [nn.Sequential(nn.BatchNorm2d(n), nn.ReLU(), conv(n, g, bias=False)) for n in widths]
    net = nn.Sequential(*(beside(nn.Identity(), new) for new in made))
    return counted(net, torch.zeros(1, c, h, w))


def doubling(h: int, w: int, c: int, L: int) -> Counts:
    widths = [3, *(c * 2**i for i in range(L))]
    net = pooled(*(conv(a, b, stride=2) for a, b in pairwise(widths)))
    return counted(net, torch.zeros(1, 3, h, w))


def ladder(h: int, w: int, c: int, L: int) -> Counts:
    def level(i: int, channels: int) -> nn.Module:
        width = c * 2**i
        if i == L:
            return conv(channels, width)
        below = nn.Sequential(
            nn.MaxPool2d(2), level(i + 1, width), nn.ConvTranspose2d(2 * width, width, 2, 2)
        )
        rungs = beside(nn.Identity(), below)
        return nn.Sequential(conv(channels, width), rungs, conv(2 * width, width), nn.ReLU())

    return counted(nn.Sequential(level(0, 3), conv(c, 2, 1)), torch.zeros(1, 3, h, w))


def sequences(t: int, u: int) -> Counts:
    import keras  # the biases of recurrent layers are Keras' here

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((t, 64)),
            layers.Bidirectional(layers.LSTM(u, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(u, activation="relu")),
            layers.GRU(u, return_sequences=True),
            layers.SimpleRNN(5),
        ]
    )
    return Counts(model.count_params(), 0, [list(model.output_shape[1:])])


def transformer(t: int, V: int, d: int, L: int) -> Counts:
    """The width is a multiple of the number of heads, 4."""

    def attending(x: Any, norm: Any, attention: Any) -> Any:
        seen = norm(x)
        return x + attention(seen, seen, seen)[0]

    def block() -> nn.Module:
        attention = nn.MultiheadAttention(d, 4, batch_first=True)
        widened = [nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d)]
        return nn.Sequential(
            Net(attending, norm=nn.LayerNorm(d), attention=attention), around(*widened)
        )

    blocks = [block() for _ in range(L)]
    net = nn.Sequential(nn.Embedding(V, d), *blocks, nn.LayerNorm(d), nn.Linear(d, V, bias=False))
    return counted(net, torch.zeros(1, t, dtype=torch.long))


def torch_names(n: int) -> Counts:
    before = [nn.Conv2d(1, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    after = [nn.Linear(5408, n), nn.Linear(n, 10, bias=False), nn.Linear(10, 10)]
    return counted(nn.Sequential(*before, *after), torch.zeros(1, 1, 28, 28))


def alone() -> Counts:
    net = around(nn.Linear(128, 512), nn.ReLU(), nn.Linear(512, 128))
    return counted(net, torch.zeros(1, 128))


def nested() -> Counts:
    def forward(x: Any, first: Any, left: Any, right: Any, last: Any) -> Any:
        x = first(x)
        return last(left(left(x) * right(x)) + x)

    sizes = {"first": (32, 16), "left": (16, 16), "right": (16, 16), "last": (16, 4)}
    net = Net(forward, **{name: nn.Linear(*size) for name, size in sizes.items()})
    return counted(net, torch.zeros(1, 32))


BY_HAND: dict[str, Callable[..., Counts]] = {
    made.__name__: made
    for made in (
        mnist, symbols, convolutions, two_heads, shared, made_up_names, branches, tower, growing,
        doubling, ladder, sequences, transformer, torch_names, alone, nested,
    )
}  # fmt: skip
