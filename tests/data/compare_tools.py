"""What other tools count of the same models: writes ``tests/data/tools.json``.

It is run by hand, since these tools are no dependency of archcalc::

    pip install torch torchvision torchinfo fvcore ptflops calflops torchview transformers
    python -m tests.data.compare_tools

Every figure is what the tool itself returns, and every time that of one call in this process.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

import archcalc as ac

FILE = Path(__file__).parent / "tools.json"

MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "ResNet-50": (torchvision.models.resnet50, (3, 224, 224)),
    "MobileNetV3-Large": (torchvision.models.mobilenet_v3_large, (3, 224, 224)),
    "ViT-B/16": (torchvision.models.vit_b_16, (3, 224, 224)),
    "LSTM": (lambda: nn.LSTM(128, 256, 2, batch_first=True), (50, 128)),
    "Transformer layer": (lambda: nn.TransformerEncoderLayer(512, 8, batch_first=True), (128, 512)),
}


def torchinfo(model: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    from torchinfo import summary

    found = summary(model, (1, *shape), verbose=0)
    return {"parameters": found.total_params, "mult-adds": found.total_mult_adds}


def fvcore(model: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    from fvcore.nn import FlopCountAnalysis, parameter_count

    counted = FlopCountAnalysis(model, torch.zeros(1, *shape))
    return {"parameters": parameter_count(model)[""], "flops (a MAC is 1)": int(counted.total())}


def ptflops(model: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    from ptflops import get_model_complexity_info

    macs, parameters = get_model_complexity_info(
        model, shape, as_strings=False, print_per_layer_stat=False, verbose=False
    )
    return {"parameters": int(parameters), "MACs": int(macs)}


def calflops(model: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    from calflops import calculate_flops

    flops, macs, parameters = calculate_flops(
        model, (1, *shape), output_as_string=False, print_results=False
    )
    return {"parameters": int(parameters), "FLOPs": int(flops), "MACs": int(macs)}


def flop_counter(model: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        model(torch.zeros(1, *shape))
    return {"FLOPs": counter.get_total_flops()}


def archcalc(model: nn.Module, shape: tuple[int, ...]) -> dict[str, int]:
    trace = ac.from_torch(model, shape).trace()
    return {"parameters": trace.parameters(), "MACs": trace.macs()}


TOOLS = {
    "archcalc": archcalc,
    "torchinfo": torchinfo,
    "fvcore": fvcore,
    "ptflops": ptflops,
    "calflops": calflops,
    "torch's FlopCounterMode": flop_counter,
}


def told(tool: Callable[..., dict[str, int]], name: str) -> dict[str, Any]:
    """What a tool returns of a model, or why it returns nothing."""
    make, shape = MODELS[name]
    model = make().eval()
    began = time.process_time()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return {**tool(model, shape), "seconds": round(time.process_time() - began, 2)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"}


def main() -> None:
    """Ask every tool about every model."""
    warnings.simplefilter("ignore")
    packages = ("torch", "torchvision", "torchinfo", "fvcore", "ptflops", "calflops")
    told_by = {name: {tool: told(ask, name) for tool, ask in TOOLS.items()} for name in MODELS}
    made = {"versions": {name: version(name) for name in packages}, "models": told_by}
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
