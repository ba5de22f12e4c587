"""Models of deep-learning frameworks, built from ours.

One table a framework says which of its classes and arguments a layer and its fields are.  Importing
this package imports no framework; building a model imports the one that is asked for.
"""

from archcalc.frameworks.keras import to_keras
from archcalc.frameworks.torch import to_torch

__all__ = ["to_keras", "to_torch"]
