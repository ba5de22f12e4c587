"""Models of deep-learning frameworks, built from ours and read as ours.

One record a layer says which class and arguments of each framework it is.  Importing
this package imports no framework; building a model imports the one that is asked for.
"""

from archcalc.frameworks.code.writing import to_source
from archcalc.frameworks.from_keras import from_keras
from archcalc.frameworks.from_onnx import from_onnx
from archcalc.frameworks.from_source import from_source
from archcalc.frameworks.from_torch import from_torch
from archcalc.frameworks.huggingface import from_huggingface
from archcalc.frameworks.keras import to_keras
from archcalc.frameworks.opening import read_model
from archcalc.frameworks.torch import to_torch

__all__ = [
    "from_huggingface",
    "from_keras",
    "from_onnx",
    "from_source",
    "from_torch",
    "read_model",
    "to_keras",
    "to_source",
    "to_torch",
]
