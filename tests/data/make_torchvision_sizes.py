"""FLOPs of torchvision's models as formulas in height and width, beside torch's own figures at ten
sizes: written to ``torchvision_sizes.json`` beside this file.

Run it where torchvision is installed, which the tests do not need::

    pip install torch==2.14.1 torchvision==0.29.1
    PYTHONPATH=. python tests/data/make_torchvision_sizes.py

Of every model and size: what `torch.utils.flop_counter.FlopCounterMode` counts of one sample on the
meta device, or what the model says where it refuses the size; and what archcalc's formula gives, or
the words of its refusal.  The formula stands there too, so that it can be evaluated anew.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

import archcalc as ac

FILE = Path(__file__).with_name("torchvision_sizes.json")

NAMES = ("resnet50", "convnext_tiny", "efficientnet_b0", "swin_t", "vit_b_16")
SIZES = 10


def main() -> None:
    """Write the file."""
    made: dict[str, Any] = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    rng = random.Random(2414)
    sizes = [(224, 224), *((rng.randint(33, 500), rng.randint(33, 500)) for _ in range(SIZES - 1))]
    found: dict[str, Any] = {"made with": made}
    for name in NAMES:
        with torch.device("meta"):
            module = getattr(models, name)(weights=None).eval()
        flops = formula(name, module)
        found[name] = {
            "flops": str(flops),
            "sizes": [[h, w, counted(module, h, w), computed(flops, h, w)] for h, w in sizes],
        }
    FILE.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def formula(name: str, module: nn.Module) -> Any:
    """The FLOPs that archcalc reads."""
    sizes = {"h": 224, "w": 224} if name.startswith("vit") else {}
    return ac.from_torch(module, (3, "h", "w"), sizes=sizes).trace().flops


def counted(module: nn.Module, h: int, w: int) -> int | str:
    """What torch counts, or why the model refuses the size."""
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), counter:
            module(torch.empty(1, 3, h, w, device="meta"))
    except (AssertionError, RuntimeError) as error:
        return str(error)
    return int(counter.get_total_flops())


def computed(flops: Any, h: int, w: int) -> int | str:
    """What archcalc computes, or why it refuses the size."""
    try:
        return int(flops(h=h, w=w))
    except ac.errors.RequirementError as error:
        return str(error)


if __name__ == "__main__":
    main()
