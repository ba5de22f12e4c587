"""Well-known models against torchvision's figures, at one size and with sizes as symbols.

The figures come from torch's counter (tests/data/make_torchvision.py); the models are written anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import archcalc as ac
from archcalc.frameworks.torch_reading import from_torch
from archcalc.layers.opaque import Opaque
from tests.frameworks.architectures import ConvNeXt, ResNet, Swin, ViT
from tests.sampling import slow

FIGURES = json.loads(
    (Path(__file__).parents[1] / "data" / "torchvision.json").read_text(encoding="utf-8")
)

SMALL: dict[str, Callable[[], nn.Module]] = {
    "resnet": lambda: ResNet([2, 1, 1, 1], 10),
    "convnext": lambda: ConvNeXt([16, 32], [2, 2], 10),
    "swin": lambda: Swin(24, [2, 2], [2, 4], 7, 10),
    "vit": lambda: ViT(64, 16, 2, 4, 32, 64, 10),
}

WHOLE: dict[str, Callable[[], nn.Module]] = {
    "resnet50": lambda: ResNet([3, 4, 6, 3]),
    "convnext_tiny": lambda: ConvNeXt([96, 192, 384, 768], [3, 3, 9, 3]),
    "swin_t": lambda: Swin(96, [2, 2, 6, 2], [3, 6, 12, 24]),
    "vit_b_16": lambda: ViT(224, 16, 12, 12, 768, 3072),
}


def on_meta(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return make()


def assert_totals(trace: Any, figures: Any) -> None:
    assert trace.parameters == figures["parameters"]
    assert trace.statistics == figures["buffers"]
    assert not [row.path for row in trace if isinstance(row.layer, Opaque)]


@pytest.mark.parametrize("name", WHOLE)
def test_whole_models(name: str) -> None:
    figures = FIGURES["whole"][name]
    trace = from_torch(on_meta(WHOLE[name]), (3, 224, 224)).trace()
    assert_totals(trace, figures)
    assert trace.flops == figures["flops"]


@slow
@pytest.mark.parametrize("name", SMALL)
def test_sizes_as_symbols(name: str) -> None:
    """FLOPs as formulas in height and width; where the model refuses a size, in its own words."""
    figures = FIGURES["small"][name]
    sizes = {"h": 64, "w": 64} if name == "vit" else {}
    trace = from_torch(on_meta(SMALL[name]), (3, "h", "w"), sizes=sizes).trace()
    assert_totals(trace, figures)
    for h, w, flops in figures["flops"]:
        if isinstance(flops, int):
            assert trace.flops(h=h, w=w) == flops, (h, w)
        else:
            with pytest.raises(ac.errors.RequirementError) as refused:
                trace.flops(h=h, w=w)
            assert flops in str(refused.value)


@slow
def test_a_condition_of_the_model_is_shown() -> None:
    """Swin does not shift windows where one is all there is: its products are the same then."""
    trace = from_torch(on_meta(SMALL["swin"]), (3, "h", "w")).trace()
    assert any("as many products" in str(notice) for notice in trace.notices)


SIZES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "torchvision_sizes.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", [name for name in SIZES if name != "made with"])
def test_formulas_of_torchvisions_own_models(name: str) -> None:
    """What `tests/data/make_torchvision_sizes.py` read of them, at sizes that torch counted at."""
    flops = ac.Formula(SIZES[name]["flops"])
    assert len(SIZES[name]["sizes"]) == 10
    for h, w, counted, computed in SIZES[name]["sizes"]:
        if isinstance(counted, int):
            asked = {s: n for s, n in {"h": h, "w": w}.items() if s in map(str, flops.symbols)}
            assert counted == computed == flops(**asked), (h, w)
        else:
            assert counted in computed
