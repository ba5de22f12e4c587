"""The way back from vectors to words."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.lookup import arguments_of, entry_of
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.torch_cores.base import Parts
from archcalc.layers.applied import Applied
from archcalc.symbolic.shape import Shape

__all__ = ["log_probabilities"]


def log_probabilities(layer: Any, x: Shape, applied: Applied) -> Parts:
    """torch's class, called for the scores of all classes rather than for a loss."""
    arguments = arguments_of(entry_of(TORCH, layer), layer, x)
    return [("core", modules.LogProbabilities(**arguments))]
