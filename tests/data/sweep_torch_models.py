"""What torch and archcalc say of models that many people use: ``sweep_torch_models.json`` beside.

Run it where torchvision and timm are installed, which the tests do not need::

    pip install torch==2.14.1 torchvision==0.29.1 timm
    PYTHONPATH=. python tests/data/sweep_torch_models.py --torchvision --seconds 1800
    PYTHONPATH=. python tests/data/sweep_torch_models.py --timm 70 --seed 1

What the file says of other models stays in it.  Of every model: parameters, FLOPs of one sample as
torch's counter has them on the meta device, the shapes that come out, each as torch says and as
archcalc reads, and how many rows are opaque.  Of detection models, whose run depends on data, the
parameters alone are compared.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry
from torchvision import models

import archcalc as ac
from archcalc.layers.opaque import Opaque

FILE = Path(__file__).with_name("sweep_torch_models.json")

Asked = tuple[str, Callable[[], nn.Module], Any]


class Counter(TorchDispatchMode):
    """The FLOPs of torch's registry, without its tracker of modules, which needs gradients."""

    flops = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=made)
        return made


def of_torchvision() -> Iterator[Asked]:
    """Every model for images, segmentation, video, optical flow and detection."""
    where = {
        "": (models, (3, 224, 224)),
        "segmentation": (models.segmentation, (3, 224, 224)),
        "video": (models.video, (3, 16, 112, 112)),
        "optical_flow": (models.optical_flow, [(3, 128, 128)] * 2),
        "detection": (models.detection, None),
    }
    for module, shape in where.values():
        for name in models.list_models(module=module):
            given: Any = {"weights": None}
            if module in (models.segmentation, models.detection):
                given["weights_backbone"] = None
            if name in ("googlenet", "inception_v3"):
                given["init_weights"] = False
            size: Any = (3, 299, 299) if name == "inception_v3" else shape
            if name.startswith(("mvit", "swin3d", "s3d")):
                size = (3, 16, 224, 224)
            yield f"torchvision/{name}", partial(models.get_model, name, **given), size


def of_timm(seed: int, many: int, known: Collection[str]) -> Iterator[Asked]:
    """So many at random, at the sizes that they are made for: first of families without any."""
    names = [name for name in timm.list_models() if f"timm/{name}" not in known]
    random.Random(seed).shuffle(names)
    seen = {family(name.removeprefix("timm/")) for name in known if name.startswith("timm/")}
    fresh = {family(name): name for name in names if family(name) not in seen}
    for name in [*fresh.values(), *(n for n in names if n not in fresh.values())][:many]:
        yield f"timm/{name}", partial(timm.create_model, name, pretrained=False), "own"


def family(name: str) -> str:
    """The module of timm that a model is written in."""
    return str(timm.model_entrypoint(name).__module__)


def compared(make: Callable[[], nn.Module], shape: Any) -> dict[str, Any]:
    """What both say of one model."""
    try:
        with torch.device("meta"):
            module = make().eval()
    except NotImplementedError:  # it looks at numbers while it is made
        module = make().eval().to("meta")
    if shape == "own":
        shape = tuple(module.default_cfg["input_size"])
    made: dict[str, Any] = {
        "input": shape,
        "parameters": [sum(p.numel() for p in module.parameters())],
    }
    if shape is not None:
        several = shape if isinstance(shape, list) else [shape]
        counter = Counter()
        with torch.no_grad(), torch.device("meta"), counter:
            outputs = module(*(torch.zeros(1, *one) for one in several))
        made |= {"flops": [counter.flops], "outputs": [[list(x.shape[1:]) for x in flat(outputs)]]}
    trace = ac.from_torch(module, shape or (3, 320, 320)).trace()
    made["parameters"].append(int(trace.parameters))
    if shape is not None:
        made["flops"].append(int(trace.flops))
        made["outputs"].append([list(map(int, one)) for one in trace.outputs])
    made["opaque"] = sum(isinstance(row.layer, Opaque) and bool(row.layer.why) for row in trace)
    made["unused"] = sum(isinstance(row.layer, Opaque) and not row.layer.why for row in trace)
    return made


def flat(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in what a model gives."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from flat(one)


def main() -> None:
    """Write the file, with what was reached in the time that may be taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timm", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--torchvision", action="store_true")
    parser.add_argument("--again", nargs="*", default=[], help="models of the file, by their names")
    asked = parser.parse_args()
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    end = time.monotonic() + asked.seconds
    every = [*(of_torchvision() if asked.torchvision else ())]
    every += of_timm(asked.seed, asked.timm, found)
    every += [one for name in asked.again for one in named(name)]
    for name, make, shape in every:
        if time.monotonic() > end:
            break
        try:
            found[name] = compared(make, shape)
        except Exception as error:
            found[name] = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(name, found[name].get("error", ""), flush=True)
        found["made with"] = {m.__name__: m.__version__ for m in (torch, torchvision, timm)}
        lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in found.items()]
        FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def named(name: str) -> Iterator[Asked]:
    """A model by its name in the file."""
    if name.startswith("timm/"):
        yield name, partial(timm.create_model, name[5:], pretrained=False), "own"
    yield from (one for one in of_torchvision() if one[0] == name)


if __name__ == "__main__":
    main()
