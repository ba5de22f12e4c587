"""What a sweep over random models of timm found: `tests/data/sweep_torch_models.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "sweep_torch_models.json"
FOUND: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
MODELS = {name: one for name, one in FOUND.items() if name != "made with"}


def differs(one: Any) -> bool:
    pairs = [one[what] for what in ("parameters", "flops", "outputs") if what in one]
    return "error" in one or any(theirs != ours for theirs, ours in pairs)


OPAQUE = {
    "torchvision/raft_large": "samples an image at places that are computed",
    "torchvision/raft_small": "samples an image at places that are computed",
    "timm/mobilenetv5_base": "one head of keys and values for several of queries, by broadcasting",
    "timm/sequencer2d_m": "a recurrent layer over rows that are folded into the batch",
    "timm/gcvit_base": "a global query repeated for each window of the batch",
    "timm/efficientvit_l1": "pads rows of a tensor with axes before them",
}
"""Models with rows that no layer says, whose numbers are torch's all the same."""


def test_nearly_all_are_read_to_the_unit() -> None:
    assert {"torch", "torchvision", "timm"} <= FOUND["made with"].keys()
    assert len(MODELS) >= 150
    unequal = [name for name, one in MODELS.items() if differs(one)]
    assert len(unequal) <= 0.02 * len(MODELS), unequal
    assert {name for name, one in MODELS.items() if one["input"] and one["opaque"]} == {*OPAQUE}


def test_every_model_of_torchvision_is_equal() -> None:
    names = [name for name in MODELS if name.startswith("torchvision/")]
    assert len(names) >= 109
    assert [name for name in names if differs(MODELS[name])] == []
