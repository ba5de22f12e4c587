"""Which classes of Keras and torch archcalc knows, and what is tested of each.

Nothing is listed by hand but what is out of scope, with its reason: the classes are those of the
installed framework, what they are here is read from the tables, and what is tested follows from
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from archcalc.frameworks.keras import import_keras
from archcalc.frameworks.table import Entry, Table
from archcalc.frameworks.tables import KERAS, TORCH
from archcalc.symbolic.errors import FrameworkError

__all__ = [
    "OUT_OF_SCOPE",
    "Coverage",
    "Framework",
    "classes_of",
    "coverage",
    "covered",
    "layers_there",
    "names_there",
]

Framework: TypeAlias = Literal["keras", "torch"]

_TABLES: Mapping[Framework, Table] = {"keras": KERAS, "torch": TORCH}


def _each(why: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), why)


OUT_OF_SCOPE: Mapping[Framework, Mapping[str, str]] = MappingProxyType(
    {
        "keras": {
            **_each("the base class of all layers: archcalc.layers.Layer is ours", "Layer"),
            **_each("says what a layer takes; it computes nothing", "InputSpec"),
            **_each("the input of a network: archcalc.Input", "InputLayer"),
            **_each(
                "a wrapper around code of another framework, of which Keras itself knows no shape",
                "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
            ),
        },
        "torch": {
            **_each("the base class of all modules: archcalc.layers.Layer is ours", "Module"),
            **_each("a base class that computes nothing", "RNNBase RNNCellBase"),
            **_each("a container of modules: archcalc.Sequential", "Sequential"),
            **_each(
                "a container: it says nothing of how what it holds is called",
                "Container ModuleDict ModuleList ParameterDict ParameterList",
            ),
            **_each(
                "spreads a batch over devices: it computes what its module does", "DataParallel"
            ),
            **_each(
                "a loss: it reduces a batch to a number and owns no weights",
                "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss "
                "GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss "
                "MarginRankingLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss "
                "NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss "
                "TripletMarginWithDistanceLoss",
            ),
        },
    }
)
"""Classes that archcalc has no layer for, and why."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a framework's class is in archcalc.

    Attributes:
        name: the class, as the framework calls it.
        layers: our layers that it is, by name, the nearest first; none where it is out of scope.
        alias: the class of which it is another name.
        tested: the facts of the nearest layer that property tests compare with the framework.
        why: why it is out of scope.
    """

    name: str
    layers: tuple[str, ...] = ()
    alias: str = ""
    tested: tuple[str, ...] = ()
    why: str = ""

    @property
    def known(self) -> bool:
        """Whether it is one of our layers, or else there is a reason why not; never both."""
        return bool(self.layers) != bool(self.why)


def coverage(framework: Framework) -> tuple[Coverage, ...]:
    """Every public layer class of the installed framework, and what it is in archcalc.

    Raises:
        FrameworkError: it is not installed.

    >>> rows = {row.name: row for row in coverage("torch")}
    >>> rows["Conv2d"].layers, rows["Conv2d"].tested
    (('Conv2D', 'DepthwiseConv2D'), ('output shape', 'weights', 'MACs', 'values'))
    >>> rows["ModuleList"].why
    'a container: it says nothing of how what it holds is called'
    """
    found = classes_of(framework)
    return tuple(covered(name, framework, cls.__name__) for name, cls in found.items())


def classes_of(framework: Framework) -> dict[str, type]:
    """The public layer classes of the installed framework, by name.

    Raises:
        FrameworkError: it is not installed.
    """
    if framework == "keras":
        place, base = import_keras().layers, object
    else:
        place = _import_torch().nn
        base = place.Module
    found = {n: c for n, c in vars(place).items() if isinstance(c, type) and issubclass(c, base)}
    return {name: found[name] for name in sorted(found) if not name.startswith("_")}


def covered(name: str, framework: Framework, own_name: str = "") -> Coverage:
    """What the class called `name` is in archcalc.

    Args:
        own_name: what the class calls itself, where it is known by another name too.

    >>> covered("MaxPool2D", "keras", "MaxPooling2D").alias
    'MaxPooling2D'
    """
    why = OUT_OF_SCOPE[framework].get(name, "")
    for spelling in dict.fromkeys((name, own_name or name)):
        layers = layers_there(spelling, framework)
        if layers:
            alias = "" if spelling == name else spelling
            return Coverage(name, layers, alias, _tested(layers[0], framework), why)
    return Coverage(name, why=why)


def names_there(kind: str, framework: Framework) -> tuple[str, ...]:
    """The framework's classes that our layer `kind` is built as; none where it has no such class.

    >>> names_there("BatchNormalization", "torch")
    ('BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d')
    """
    entry = _TABLES[framework].get(kind)
    if not isinstance(entry, Entry):
        return ()
    cls = entry.cls
    names = [cls] if isinstance(cls, str) else cls.values() if isinstance(cls, Mapping) else ()
    return tuple(dict.fromkeys(name for name in names if not name.startswith(".")))


def layers_there(name: str, framework: Framework) -> tuple[str, ...]:
    """Our layers that are built as the framework's class `name`, that of the nearest name first.

    >>> layers_there("GELU", "torch")
    ('GELU', 'Activation')
    """

    def unlike(kind: str) -> float:
        return -SequenceMatcher(None, name.lower(), kind.lower()).ratio()

    found = [kind for kind in _TABLES[framework] if name in names_there(kind, framework)]
    return tuple(sorted(found, key=unlike))


def _tested(kind: str, framework: Framework) -> tuple[str, ...]:
    """What is compared for random layers of a kind that the framework has."""
    facts = ["output shape", "weights", "MACs"]
    if all(isinstance(table.get(kind), Entry) for table in _TABLES.values()):
        facts.append("values")
    return tuple(facts)


def _import_torch() -> Any:
    try:
        return import_module("torch")
    except ImportError as error:
        raise FrameworkError(
            "torch is not installed",
            code="framework-missing",
            hint="pip install 'archcalc[torch]'",
        ) from error
