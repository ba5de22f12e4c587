"""archcalc: neural-network arithmetic in closed form.

Give it an architecture, with numbers or with symbols, and it says what comes out of every layer,
how many weights each holds, what it costs to run and to train, and why.

Importing the package loads nothing but this list of names; each is loaded when it is first used
(PEP 562), and no framework before something asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from archcalc._hooks import (
    DRAWN,
    FILE_ENDINGS,
    FILE_NAMES,
    FILE_READERS,
    ON_NEW_LAYER,
    SHOWN_AS_HTML,
    SOLVED_TOGETHER,
)
from archcalc._loading import loaded, missing, moved
from archcalc._version import __version__ as __version__

if TYPE_CHECKING:
    from archcalc import (
        costs as costs,
        errors as errors,
        explain as explain,
        explore as explore,
        families as families,
        formula as formula,
        frameworks as frameworks,
        layers as layers,
        network as network,
        symbolic as symbolic,
        torch as torch,
    )
    from archcalc.explain import (
        account as account,
        compare as compare,
        conventions as conventions,
        deploy as deploy,
        derive as derive,
        picture as picture,
        reconcile as reconcile,
        report as report,
        summarize as summarize,
        widget as widget,
    )
    from archcalc.explore import search as search, sweep as sweep
    from archcalc.formula import (
        Formula as Formula,
        crossover as crossover,
        interpolate_formula as interpolate_formula,
    )
    from archcalc.frameworks.code.writing import to_source as to_source
    from archcalc.frameworks.keras_reading import from_keras as from_keras
    from archcalc.frameworks.onnx_reading import from_onnx as from_onnx
    from archcalc.frameworks.source_reading import from_source as from_source
    from archcalc.frameworks.huggingface.reading import from_huggingface as from_huggingface
    from archcalc.frameworks.torch_reading import from_torch as from_torch
    from archcalc.layers import Layer as Layer
    from archcalc.layers.every import *
    from archcalc.network import (
        RNN as RNN,
        Bidirectional as Bidirectional,
        Constant as Constant,
        Experts as Experts,
        Input as Input,
        InputLayer as InputLayer,
        Ladder as Ladder,
        Model as Model,
        Network as Network,
        Parallel as Parallel,
        Parameter as Parameter,
        Repeat as Repeat,
        Residual as Residual,
        Sequential as Sequential,
        StackedRNNCells as StackedRNNCells,
    )
    from archcalc.network import (
        RecurrentStack as RecurrentStack,
        TimeDistributed as TimeDistributed,
        Trace as Trace,
        Transformer as Transformer,
        TransformerDecoder as TransformerDecoder,
        TransformerDecoderLayer as TransformerDecoderLayer,
        TransformerEncoder as TransformerEncoder,
        TransformerEncoderLayer as TransformerEncoderLayer,
        Wrapper as Wrapper,
        dumps as dumps,
        from_dict as from_dict,
        load as load,
        loads as loads,
        save as save,
        substitute as substitute,
    )
    from archcalc.symbolic import (
        ArchcalcError as ArchcalcError,
        ArchcalcWarning as ArchcalcWarning,
        parse as parse,
        symbol as symbol,
        symbols as symbols,
    )


_ROOMS = (
    "symbolic", "formula", "layers", "costs", "network", "explain", "explore", "frameworks",
)  # fmt: skip
"""Where public names are looked up, from the ground up."""

_DOORS = ("costs", "errors", "explain", "explore", "families", "formula", "frameworks", "layers",
          "network", "symbolic", "torch")  # fmt: skip
"""Packages whose names stand behind their own."""

_NAMES = (
    "ArchcalcError", "ArchcalcWarning", "Formula", "Input", "InputLayer", "Trace",
    "account", "compare", "conventions", "crossover", "deploy", "derive", "dumps",
    "from_dict", "from_huggingface", "from_keras", "from_onnx", "from_source", "from_torch",
    "interpolate_formula", "load", "loads", "parse",
    "picture", "reconcile", "report", "save", "search", "summarize", "sweep", "symbol", "symbols",
    "to_source", "substitute", "widget",
)  # fmt: skip
"""What stands here beside the layers and the networks."""


def _found(name: str) -> Any:
    if name == "__all__":  # for ``from archcalc import *``
        return __dir__()
    if name in _DOORS:
        return loaded(f"{__name__}.{name}")
    for room in () if name.startswith("_") else _ROOMS:
        module = loaded(f"{__name__}.{room}")
        if name in module.__all__:
            value = getattr(module, name)
            if name not in _NAMES and not _is_layer(value):
                errors = loaded(f"{__name__}.errors").__all__
                raise moved(name, f"{__name__}.{'errors' if name in errors else room}")
            globals()[name] = value
            return value
    raise missing(__name__, name)


def _is_layer(value: object) -> bool:
    layer = loaded(f"{__name__}.layers").Layer
    return isinstance(value, type) and issubclass(value, layer)


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = _found


def _torchs_names() -> Mapping[str, Any]:
    names: Mapping[str, Any] = loaded(f"{__name__}.frameworks.torch_api").TORCH_CLASSES
    return names


def _endings() -> Any:
    return loaded(f"{__name__}._files").ENDINGS


def _reader_of(path: Any) -> Any:
    return loaded(f"{__name__}._files").reader_of(path)


def _tell_hypothesis(cls: type) -> None:
    if "hypothesis" in sys.modules:
        loaded(f"{__name__}.testing.registration").tell(cls)


def _drawn(trace: Any, **look: Any) -> Any:
    return loaded(f"{__name__}.explain.drawing").draw(trace, **look)


def _html(thing: Any) -> str:
    made: str = loaded(f"{__name__}.explain.notebook").html(thing)
    return made


def _several(*asked: Any) -> dict[str, int]:
    found: dict[str, int] = loaded(f"{__name__}.explore.searching.several").solve_several(*asked)
    return found


FILE_NAMES.append(_torchs_names)
FILE_ENDINGS.append(_endings)
FILE_READERS.append(_reader_of)
ON_NEW_LAYER.append(_tell_hypothesis)
DRAWN.append(_drawn)
SHOWN_AS_HTML.append(_html)
SOLVED_TOGETHER.append(_several)


def __dir__() -> list[str]:
    return list(_names())


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    rooms = [loaded(f"{__name__}.{room}") for room in ("layers", "network")]
    layers = {name for room in rooms for name in room.__all__ if _is_layer(getattr(room, name))}
    return tuple(sorted({*layers, *_NAMES, *_DOORS, "__version__"}))
