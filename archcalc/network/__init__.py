"""Networks: layers composed, followed, and repeated."""

from archcalc.network import model, repeat, sequential, transformer, wrappers
from archcalc.network.base import Network
from archcalc.network.model import Model
from archcalc.network.repeat import Repeat
from archcalc.network.sequential import Residual, Sequential
from archcalc.network.spec.files import dumps, load, loads, save
from archcalc.network.spec.reader import from_dict
from archcalc.network.tensor import Input, Tensor
from archcalc.network.trace import Notice, Trace
from archcalc.network.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from archcalc.network.values import with_values
from archcalc.network.walk import Row
from archcalc.network.wrappers import RNN, Bidirectional, StackedRNNCells, TimeDistributed, Wrapper

FAMILIES = (sequential, model, repeat, wrappers, transformer)
"""The modules of networks, in the order in which the documentation shows them."""

__all__ = [
    "RNN",
    "Bidirectional",
    "Input",
    "Model",
    "Network",
    "Notice",
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
    "with_values",
]
