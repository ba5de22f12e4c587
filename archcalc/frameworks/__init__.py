"""Models of deep-learning frameworks, built from ours and read as ours.

One record a layer says which class and arguments of each framework it is.  Importing
this package imports no framework; building a model imports the one that is asked for.
"""

from typing import TYPE_CHECKING

from archcalc._loading import names_from

if TYPE_CHECKING:
    from archcalc.frameworks.code.writing import to_source
    from archcalc.frameworks.huggingface.reading import from_huggingface
    from archcalc.frameworks.keras import to_keras
    from archcalc.frameworks.keras_reading import from_keras
    from archcalc.frameworks.onnx_reading import from_onnx
    from archcalc.frameworks.opening import read_model
    from archcalc.frameworks.source_reading import from_source
    from archcalc.frameworks.torch import to_torch
    from archcalc.frameworks.torch_reading import from_torch

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

_HOMES = {
    "code.writing": "to_source",
    "huggingface.reading": "from_huggingface",
    "keras": "to_keras",
    "keras_reading": "from_keras",
    "onnx_reading": "from_onnx",
    "opening": "read_model",
    "source_reading": "from_source",
    "torch": "to_torch",
    "torch_reading": "from_torch",
}
"""Where its names stand: each module is loaded when one of its names is first used."""

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = names_from(__name__, _HOMES)
