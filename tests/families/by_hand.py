"""The families written by hand in torch, as their papers and torchvision have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archcalc.costs.loops import often, owned
from archcalc.network import Network

Shapes = Counter[tuple[int, ...]]


class Counts(NamedTuple):
    """What there is to agree about: learned tensors, all kept statistics, products, the output."""

    learned: Shapes
    statistics: int
    macs: int
    output: tuple[int, ...]


def of_torch(module: nn.Module, image: Sequence[int]) -> Counts:
    """What torch counts of a module, run on one image (height, width, channels)."""
    height, width, channels = image
    module = module.eval()
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        out = module(torch.zeros(1, channels, height, width, device="meta"))
    kept = [b for name, b in module.named_buffers() if not name.endswith("num_batches_tracked")]
    return Counts(
        Counter(tuple(p.shape) for p in module.parameters()),
        sum(b.numel() for b in kept),
        flops.get_total_flops() // 2,
        (*out.shape[2:], out.shape[1]) if out.dim() == 4 else tuple(out.shape[1:]),
    )


def of_archcalc(net: Network) -> Counts:
    """The same of a network of archcalc with numbers alone."""
    trace = net.trace()
    learned: Shapes = Counter()
    for row in trace.rows:
        for weight in row.weights:
            if weight.learned:
                learned[_as_torch(tuple(map(int, weight.shape)))] += int(often(owned(row.loops)))
    assert sum(prod(shape) * n for shape, n in learned.items()) == int(trace.parameters)
    return Counts(learned, int(trace.statistics), int(trace.macs), tuple(map(int, trace.output)))


def _as_torch(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A kernel ``(…, a, b)`` as torch stores it, ``(b, a, …)``; a bias as it is."""
    return (*shape[:-3:-1], *shape[:-2])


# ResNet


class _Residual(nn.Module):
    def __init__(self, branch: nn.Module, came: int, comes: int, stride: int) -> None:
        super().__init__()
        self.branch = branch
        same = stride == 1 and came == comes
        project = [nn.Conv2d(came, comes, 1, stride, bias=False), nn.BatchNorm2d(comes)]
        self.shortcut = nn.Identity() if same else nn.Sequential(*project)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.branch(x) + self.shortcut(x))


def resnet(
    depths: Sequence[int],
    width: int,
    classes: int,
    block: str,
    groups: int,
    widening: int,
    channels: int = 3,
) -> nn.Module:
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, 7, 2, 3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    came = width
    for stage, depth in enumerate(depths):
        planes = width << stage
        inner = planes * widening
        for i in range(depth):
            stride = 2 if stage > 0 and i == 0 else 1
            if block == "bottleneck":
                comes = planes * 4
                branch = nn.Sequential(
                    nn.Conv2d(came, inner, 1, bias=False),
                    nn.BatchNorm2d(inner),
                    nn.ReLU(),
                    nn.Conv2d(inner, inner, 3, stride, 1, groups=groups, bias=False),
                    nn.BatchNorm2d(inner),
                    nn.ReLU(),
                    nn.Conv2d(inner, comes, 1, bias=False),
                    nn.BatchNorm2d(comes),
                )
            else:
                comes = planes
                branch = nn.Sequential(
                    nn.Conv2d(came, inner, 3, stride, 1, groups=groups, bias=False),
                    nn.BatchNorm2d(inner),
                    nn.ReLU(),
                    nn.Conv2d(inner, comes, 3, 1, 1, bias=False),
                    nn.BatchNorm2d(comes),
                )
            layers.append(_Residual(branch, came, comes, stride))
            came = comes
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(came, classes)]
    return nn.Sequential(*layers)


# DenseNet


class _Joined(nn.Module):
    """What comes in, and what a module makes of it, side by side."""

    def __init__(self, made: nn.Module) -> None:
        super().__init__()
        self.made = made

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, self.made(x)], 1)


def densenet(
    depths: Sequence[int],
    growth: int,
    width: int,
    classes: int,
    bottleneck: int = 4,
    compression: int = 2,
    channels: int = 3,
) -> nn.Module:
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, 7, 2, 3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    features, inner = width, bottleneck * growth
    for i, depth in enumerate(depths):
        for _ in range(depth):
            layer = nn.Sequential(
                nn.BatchNorm2d(features),
                nn.ReLU(),
                nn.Conv2d(features, inner, 1, bias=False),
                nn.BatchNorm2d(inner),
                nn.ReLU(),
                nn.Conv2d(inner, growth, 3, 1, 1, bias=False),
            )
            layers.append(_Joined(layer))
            features += growth
        layers += [nn.BatchNorm2d(features), nn.ReLU()]
        if i < len(depths) - 1:
            less = features // compression
            layers += [nn.Conv2d(features, less, 1, bias=False), nn.AvgPool2d(2)]
            features = less
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes)]
    return nn.Sequential(*layers)


# VGG


def vgg(
    depths: Sequence[int],
    width: int,
    classes: int,
    hidden: int,
    normalized: bool,
    channels: int = 3,
) -> nn.Module:
    layers: list[nn.Module] = []
    for stage, depth in enumerate(depths):
        wide = width * min(1 << stage, 8)
        for _ in range(depth):
            layers.append(nn.Conv2d(channels, wide, 3, padding=1))
            layers += [nn.BatchNorm2d(wide)] if normalized else []
            layers.append(nn.ReLU())
            channels = wide
        layers.append(nn.MaxPool2d(2))
    layers += [nn.AdaptiveAvgPool2d(7), nn.Flatten()]
    layers += [nn.Linear(channels * 7 * 7, hidden), nn.ReLU(), nn.Dropout()]
    layers += [nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes)]
    return nn.Sequential(*layers)


def doubling(
    stages: int, depth: int, width: int, classes: int, normalized: bool, channels: int = 3
) -> nn.Module:
    layers: list[nn.Module] = []
    for stage in range(stages):
        wide = width << stage
        for _ in range(depth):
            layers.append(nn.Conv2d(channels, wide, 3, padding=1))
            layers += [nn.BatchNorm2d(wide)] if normalized else []
            layers.append(nn.ReLU())
            channels = wide
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)
    )


# U-Net


class _Level(nn.Module):
    """What is on both ways of a level, around what is below it."""

    def __init__(self, left: nn.Module, below: nn.Module, up: nn.Module, right: nn.Module) -> None:
        super().__init__()
        self.left, self.below, self.up, self.right = left, below, up, right
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        across = self.left(x)
        return self.right(torch.cat([across, self.up(self.below(self.pool(across)))], 1))


def _twice(came: int, comes: int, normalized: bool) -> nn.Module:
    layers: list[nn.Module] = []
    for channels in (came, comes):
        layers.append(nn.Conv2d(channels, comes, 3, padding=1, bias=not normalized))
        layers += [nn.BatchNorm2d(comes)] if normalized else []
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def unet(
    depth: int, width: int, classes: int, normalized: bool, up: str, channels: int = 3
) -> nn.Module:
    net = _twice(width << (depth - 1), width << depth, normalized)
    for level in reversed(range(depth)):
        wide = width << level
        came = channels if level == 0 else wide // 2
        rises: nn.Module = nn.ConvTranspose2d(2 * wide, wide, 2, stride=2)
        if up == "upsampling":
            rises = nn.Sequential(
                nn.Upsample(scale_factor=2), nn.Conv2d(2 * wide, wide, 2, padding="same")
            )
        left, right = _twice(came, wide, normalized), _twice(2 * wide, wide, normalized)
        net = _Level(left, net, rises, right)
    return nn.Sequential(net, nn.Conv2d(width, classes, 1))
