"""torch's names for our layers."""

from archcalc.frameworks.torch_names import layers, recurrent
from archcalc.frameworks.torch_names.spelling import Spelling

__all__ = ["SPELLINGS", "Spelling"]

SPELLINGS: dict[str, Spelling] = {**layers.SPELLINGS, **recurrent.SPELLINGS}
"""Every class of ``torch.nn`` that is a layer of ours, by torch's name."""
