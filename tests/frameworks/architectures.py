"""Architectures that everybody knows, in plain torch, as their papers and torchvision have them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ConvNeXt", "ResNet", "Swin", "ViT"]


class Bottleneck(nn.Module):
    """https://arxiv.org/abs/1512.03385, the stride in the middle convolution."""

    def __init__(self, c_in: int, width: int, stride: int) -> None:
        super().__init__()
        c_out = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(c_in, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, c_out, 1, bias=False), nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if c_in != c_out or stride != 1:
            conv = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(c_out))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(y)))))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNet(nn.Module):
    def __init__(self, depths: Sequence[int], classes: int = 1000) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        c = 64
        for stage, depth in enumerate(depths):
            blocks = []
            for number in range(depth):
                stride = 2 if stage and not number else 1
                blocks.append(Bottleneck(c, 64 * 2**stage, stride))
                c = 256 * 2**stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(c, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


class ChannelNorm(nn.LayerNorm):
    """A layer norm over channels that come first."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        x = functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(c, c, 7, padding=3, groups=c), nn.LayerNorm(c)
        self.mlp = nn.Sequential(nn.Linear(c, 4 * c), nn.GELU(), nn.Linear(4 * c, c))
        self.scale = nn.Parameter(torch.ones(c, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.mlp(self.norm(self.depthwise(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        return x + self.scale * y


class ConvNeXt(nn.Module):
    """https://arxiv.org/abs/2201.03545."""

    def __init__(self, widths: Sequence[int], depths: Sequence[int], classes: int = 1000) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 4), ChannelNorm(widths[0], 1e-6)]
        for stage, (c, depth) in enumerate(zip(widths, depths, strict=True)):
            if stage:
                parts += [
                    ChannelNorm(widths[stage - 1], 1e-6),
                    nn.Conv2d(widths[stage - 1], c, 2, 2),
                ]
            parts += [ConvNeXtBlock(c) for _ in range(depth)]
        self.features = nn.Sequential(*parts)
        self.avgpool, self.norm = nn.AdaptiveAvgPool2d(1), ChannelNorm(widths[-1], 1e-6)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.avgpool(self.features(x))).flatten(1))


class WindowAttention(nn.Module):
    """Attention in windows that are shifted, with what is padded cut off again; torchvision's."""

    def __init__(self, c: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(c, 3 * c), nn.Linear(c, c)
        self.heads, self.window, self.shift = heads, window, shift
        self.table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("index", torch.zeros(window**4, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        m = self.window
        x = functional.pad(x, (0, 0, 0, (m - w % m) % m, 0, (m - h % m) % m))
        _, tall, wide, _ = x.shape
        shift = [0 if m >= tall else self.shift, 0 if m >= wide else self.shift]
        if sum(shift) > 0:
            x = torch.roll(x, (-shift[0], -shift[1]), (1, 2))
        many = (tall // m) * (wide // m)
        x = x.view(b, tall // m, m, wide // m, m, c).permute(0, 1, 3, 2, 4, 5)
        x = x.reshape(b * many, m * m, c)
        q, k, v = self.qkv(x).reshape(x.size(0), m * m, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = (q * (c // self.heads) ** -0.5).matmul(k.transpose(-2, -1))
        bias = self.table[self.index].view(m * m, m * m, -1).permute(2, 0, 1).unsqueeze(0)
        scores = scores + bias
        if sum(shift) > 0:
            mask = self._mask(x, tall, wide, shift)
            scores = scores.view(x.size(0) // many, many, self.heads, m * m, m * m)
            scores = (scores + mask.unsqueeze(1).unsqueeze(0)).view(-1, self.heads, m * m, m * m)
        x = functional.softmax(scores, -1).matmul(v).transpose(1, 2).reshape(-1, m * m, c)
        x = self.proj(x).view(b, tall // m, wide // m, m, m, c)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(b, tall, wide, c)
        if sum(shift) > 0:
            x = torch.roll(x, (shift[0], shift[1]), (1, 2))
        return x[:, :h, :w, :].contiguous()

    def _mask(self, x: Tensor, tall: int, wide: int, shift: Sequence[int]) -> Tensor:
        m, count = self.window, 0
        mask = x.new_zeros((tall, wide))
        for rows in ((0, -m), (-m, -shift[0]), (-shift[0], None)):
            for columns in ((0, -m), (-m, -shift[1]), (-shift[1], None)):
                mask[rows[0] : rows[1], columns[0] : columns[1]] = count
                count += 1
        mask = mask.view(tall // m, m, wide // m, m).permute(0, 2, 1, 3).reshape(-1, m * m)
        mask = mask.unsqueeze(1) - mask.unsqueeze(2)
        return mask.masked_fill(mask != 0, -100.0).masked_fill(mask == 0, 0.0)


class SwinBlock(nn.Module):
    def __init__(self, c: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(c), WindowAttention(c, heads, window, shift)
        self.norm2 = nn.LayerNorm(c)
        self.mlp = nn.Sequential(nn.Linear(c, 4 * c), nn.GELU(), nn.Linear(4 * c, c))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchMerging(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.reduction, self.norm = nn.Linear(4 * c, 2 * c, bias=False), nn.LayerNorm(4 * c)

    def forward(self, x: Tensor) -> Tensor:
        h, w, _ = x.shape[-3:]
        x = functional.pad(x, (0, 0, 0, w % 2, 0, h % 2))
        parts = [x[..., i::2, j::2, :] for j in (0, 1) for i in (0, 1)]
        return self.reduction(self.norm(torch.cat(parts, -1)))


class Swin(nn.Module):
    """https://arxiv.org/abs/2103.14030."""

    def __init__(
        self, c: int, depths: Sequence[int], heads: Sequence[int], window: int = 7,
        classes: int = 1000,
    ) -> None:  # fmt: skip
        super().__init__()
        self.patch, self.first = nn.Conv2d(3, c, 4, 4), nn.LayerNorm(c)
        stages: list[nn.Module] = []
        for stage, depth in enumerate(depths):
            if stage:
                stages.append(PatchMerging(c))
                c *= 2
            shifts = [0 if i % 2 == 0 else window // 2 for i in range(depth)]
            stages.append(nn.Sequential(*(SwinBlock(c, heads[stage], window, s) for s in shifts)))
        self.stages, self.norm = nn.Sequential(*stages), nn.LayerNorm(c)
        self.head = nn.Linear(c, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.first(self.patch(x).permute(0, 2, 3, 1)))
        x = functional.adaptive_avg_pool2d(self.norm(x).permute(0, 3, 1, 2), 1)
        return self.head(torch.flatten(x, 1))


class ViTBlock(nn.Module):
    def __init__(self, d: int, heads: int, wide: int) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attention = nn.MultiheadAttention(d, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(d, wide), nn.GELU(), nn.Linear(wide, d))

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class ViT(nn.Module):
    """https://arxiv.org/abs/2010.11929, which refuses other sizes as torchvision's does."""

    def __init__(
        self, image: int, patch: int, layers: int, heads: int, d: int, wide: int,
        classes: int = 1000,
    ) -> None:  # fmt: skip
        super().__init__()
        self.image, self.conv_proj = image, nn.Conv2d(3, d, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, d))
        length = (image // patch) ** 2 + 1
        self.pos_embedding = nn.Parameter(torch.zeros(1, length, d))
        self.layers = nn.Sequential(*(ViTBlock(d, heads, wide) for _ in range(layers)))
        self.ln, self.head = nn.LayerNorm(d), nn.Linear(d, classes)

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        torch._assert(h == self.image, f"Wrong image height! Expected {self.image} but got {h}!")
        torch._assert(w == self.image, f"Wrong image width! Expected {self.image} but got {w}!")
        x = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], 1) + self.pos_embedding
        return self.head(self.ln(self.layers(x))[:, 0])
