"""torch's spelling of the catalogue; torch itself is not imported."""

from archcalc.torch import nn

__all__ = ["nn"]
