"""Networks: layers composed, followed, and repeated.

What frameworks have as layers (recurrent wrappers, transformers) is loaded when it is first used.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, missing
from archcalc.layers.registry import declare, families, homes
from archcalc.network.base import Network
from archcalc.network.generalizing import Generalization
from archcalc.network.ladder import Ladder
from archcalc.network.model import Model
from archcalc.network.parameter import Constant, Parameter
from archcalc.network.repeat import Repeat
from archcalc.network.sequential import Parallel, Residual, Sequential
from archcalc.network.spec.files import dumps, load, loads, save, traced
from archcalc.network.spec.reader import from_dict
from archcalc.network.substitution import substitute
from archcalc.network.tensor import Input, InputLayer, Tensor
from archcalc.network.trace import Notice, Trace
from archcalc.network.tracer import Row

if TYPE_CHECKING:
    from archcalc.network.experts import Experts
    from archcalc.network.stacks import RecurrentStack
    from archcalc.network.transformer import (
        Transformer,
        TransformerDecoder,
        TransformerDecoderLayer,
        TransformerEncoder,
        TransformerEncoderLayer,
    )
    from archcalc.network.wrappers import (
        RNN,
        Bidirectional,
        StackedRNNCells,
        TimeDistributed,
        Wrapper,
    )

    FAMILIES: tuple[ModuleType, ...]
    """The modules of networks."""

declare(__name__, __path__[0])

__all__ = [
    "RNN",
    "Bidirectional",
    "Constant",
    "Experts",
    "Generalization",
    "Input",
    "InputLayer",
    "Ladder",
    "Model",
    "Network",
    "Notice",
    "Parallel",
    "Parameter",
    "RecurrentStack",
    "Repeat",
    "Residual",
    "Row",
    "Sequential",
    "StackedRNNCells",
    "Tensor",
    "TimeDistributed",
    "Trace",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Wrapper",
    "dumps",
    "from_dict",
    "load",
    "loads",
    "save",
    "substitute",
    "traced",
]


def _found(name: str) -> Any:
    if name == "FAMILIES":
        return tuple(map(loaded, families(__name__)))
    home = homes().get(name, "")
    if not home.startswith(f"{__name__}."):
        raise missing(__name__, name)
    value = globals()[name] = getattr(loaded(home), name)
    return value


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found
