"""Where torch counts other FLOPs of transformers' models than a network has, and how many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["counted_besides"]

_TURNED = {"phi": 0.5, "stablelm": 0.25}
"""What part of a head is turned, where a configuration does not say."""


def counted_besides(arguments: Mapping[str, Any], config: Mapping[str, Any], length: int) -> int:
    """FLOPs that torch counts of a forward pass, and that what comes out does not need.

    The convolution of Mamba is padded on both sides, and what it gives behind the end is dropped.
    A rotation that is one feature wide is turned into two, so that queries and keys have one more.

    >>> counted_besides({"layers": 2, "inner": 8, "kernel": 3}, {"model_type": "mamba"}, 7)
    192
    """
    kind, a = config["model_type"], arguments
    if kind in ("mamba", "falcon_mamba"):
        return int(2 * a["layers"] * a["inner"] * a["kernel"] * (a["kernel"] - 1))
    if kind in _TURNED:
        turned = int(a["head_dim"] * config.get("partial_rotary_factor", _TURNED[kind]))
        return int(2 * a["layers"] * a["heads"] * length**2) if turned == 1 else 0
    return 0
