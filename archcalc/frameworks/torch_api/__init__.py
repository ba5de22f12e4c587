"""torch's names for our layers."""

from archcalc.frameworks.torch_api.classes import TORCH_CLASSES, TorchClass

__all__ = ["TORCH_CLASSES", "TorchClass"]
