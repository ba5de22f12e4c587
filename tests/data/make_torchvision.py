"""What torchvision's models are, by torch itself: written to ``torchvision.json`` beside this file.

Run it where torchvision is installed, which the tests do not need::

    pip install torch==2.14.1 torchvision==0.29.1
    python tests/data/make_torchvision.py

FLOPs are those of `torch.utils.flop_counter.FlopCounterMode`, two a multiply-accumulate, of one
sample, forward in evaluation mode on the meta device; buffers leave out the counts of batches.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.resnet import Bottleneck

FILE = Path(__file__).with_name("torchvision.json")

SMALL: dict[str, Callable[[], nn.Module]] = {
    "resnet": partial(models.ResNet, Bottleneck, [2, 1, 1, 1], num_classes=10),
    "convnext": partial(
        models.ConvNeXt,
        [CNBlockConfig(16, 32, 2), CNBlockConfig(32, None, 2)],
        num_classes=10,
    ),
    "swin": partial(models.SwinTransformer, [4, 4], 24, [2, 2], [2, 4], [7, 7], num_classes=10),
    "vit": partial(models.VisionTransformer, 64, 16, 2, 4, 32, 64, num_classes=10),
}
"""Small ones, at sizes that are drawn: the tests write them anew and read them with symbols."""

WHOLE = ("resnet50", "resnet152", "convnext_tiny", "swin_t", "vit_b_16")
"""Those that everybody knows, at 224."""

SIZES = 10


def main() -> None:
    """Write the file."""
    found = {
        "made with": {"torch": torch.__version__, "torchvision": torchvision.__version__},
        "small": {name: small(make) for name, make in SMALL.items()},
        "whole": {name: whole(getattr(models, name)) for name in WHOLE},
    }
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def small(make: Callable[[], nn.Module]) -> dict[str, Any]:
    """Totals, and FLOPs at ten sizes; what the model says where it refuses one."""
    module, rng = on_meta(make), random.Random(14)
    sizes = [(64, 64), *((rng.randint(33, 230), rng.randint(33, 230)) for _ in range(SIZES - 1))]
    return {**totals(module), "flops": [[h, w, flops(module, h, w)] for h, w in sizes]}


def whole(make: Callable[..., nn.Module]) -> dict[str, Any]:
    """Totals, and FLOPs at 224."""
    module = on_meta(partial(make, weights=None))
    return {**totals(module), "flops": flops(module, 224, 224)}


def on_meta(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return make().eval()


def totals(module: nn.Module) -> dict[str, int]:
    named = module.named_buffers()
    return {
        "parameters": sum(p.numel() for p in module.parameters()),
        "buffers": sum(b.numel() for n, b in named if not n.endswith("num_batches_tracked")),
    }


def flops(module: nn.Module, h: int, w: int) -> int | str:
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), counter:
            module(torch.empty(1, 3, h, w, device="meta"))
    except AssertionError as error:
        return str(error)
    return int(counter.get_total_flops())


if __name__ == "__main__":
    main()
