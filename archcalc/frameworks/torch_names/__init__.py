"""torch's names for our layers."""

from archcalc.frameworks.torch_names.spelling import SPELLINGS, Spelling

__all__ = ["SPELLINGS", "Spelling"]
