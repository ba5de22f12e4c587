"""Networks: layers composed, followed, and repeated.

Each part is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded, names_from
from archcalc.layers.registry import declare, families

if TYPE_CHECKING:
    from archcalc.network.base import Network
    from archcalc.network.branches import Parallel, Residual
    from archcalc.network.experts import Experts
    from archcalc.network.generalizing import Generalization
    from archcalc.network.ladder import Ladder
    from archcalc.network.model import Model
    from archcalc.network.parameter import Constant, Parameter
    from archcalc.network.repeat import Repeat
    from archcalc.network.sequential import Sequential
    from archcalc.network.spec.files import dumps, load, loads, save, traced
    from archcalc.network.spec.reader import from_dict
    from archcalc.network.stacks import RecurrentStack
    from archcalc.network.substitution import substitute
    from archcalc.network.tensor import Input, InputLayer, Tensor
    from archcalc.network.trace import Notice, Trace
    from archcalc.network.tracer import Row
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


_HOMES = {
    "base": "Network",
    "branches": "Parallel Residual",
    "experts": "Experts",
    "generalizing": "Generalization",
    "ladder": "Ladder",
    "model": "Model",
    "parameter": "Constant Parameter",
    "repeat": "Repeat",
    "sequential": "Sequential",
    "spec.files": "dumps load loads save traced",
    "spec.reader": "from_dict",
    "stacks": "RecurrentStack",
    "substitution": "substitute",
    "tensor": "Input InputLayer Tensor",
    "trace": "Notice Trace",
    "tracer": "Row",
    "transformer": "Transformer TransformerDecoder TransformerDecoderLayer"
    " TransformerEncoder TransformerEncoderLayer",
    "wrappers": "RNN Bidirectional StackedRNNCells TimeDistributed Wrapper",
}
"""Where its names stand: each module is loaded when one of its names is first used."""

_named, _names = names_from(__name__, _HOMES)


def _found(name: str) -> Any:
    return tuple(map(loaded, families(__name__))) if name == "FAMILIES" else _named(name)


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = _found, _names
