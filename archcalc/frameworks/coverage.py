"""Which classes of Keras and torch archcalc knows, and what is tested of each.

Nothing is listed by hand but what is out of scope, with its reason: the classes are those of the
installed framework, what they are here is read from the tables, and what is tested follows from
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from archcalc.frameworks.keras import import_keras
from archcalc.frameworks.table import Entry, Table
from archcalc.frameworks.tables import KERAS, TORCH
from archcalc.layers.base import Layer, layer_class
from archcalc.symbolic.errors import FrameworkError

__all__ = ["OUT_OF_SCOPE", "Coverage", "Framework", "classes_of", "coverage", "names_there"]

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
        layers: our layers that it is, by name; none where it is out of scope or not known.
        alias: the class of which it is another name, or that it is built as.
        tested: the facts that property tests compare with the framework.
        why: why it is out of scope.
    """

    name: str
    layers: tuple[str, ...] = ()
    alias: str = ""
    tested: tuple[str, ...] = ()
    why: str = ""

    @property
    def known(self) -> bool:
        """Whether it is one of our layers, or there is a reason why not."""
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
    return tuple(_row(framework, name, cls) for name, cls in classes_of(framework).items())


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


def names_there(kind: str, framework: Framework) -> tuple[str, ...]:
    """The framework's classes that our layer `kind` is built as; none where it has no such class.

    >>> names_there("BatchNormalization", "torch")
    ('BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d')
    """
    entry = _TABLES[framework].get(kind)
    if not isinstance(entry, Entry):
        return ()
    names = [entry.cls] if isinstance(entry.cls, str) else entry.cls.values()
    return tuple(dict.fromkeys(name for name in names if not name.startswith(".")))


def _row(framework: Framework, name: str, cls: type) -> Coverage:
    """A class by the name in the tables, else by the name it has itself, else as an alias."""
    own = cls.__name__
    table = _TABLES[framework]
    layers = [kind for kind in table if name in names_there(kind, framework)]
    alias = ""
    if not layers and own != name:
        layers, alias = [kind for kind in table if own in names_there(kind, framework)], own
    tested = dict.fromkeys(
        fact for kind in layers for fact in _tested(layer_class(kind), framework)
    )
    why = OUT_OF_SCOPE[framework].get(name, "")
    return Coverage(name, tuple(layers), alias, tuple(tested), why)


def _tested(kind: type[Layer], framework: Framework) -> tuple[str, ...]:
    """What is compared for random layers of a kind that the framework has."""
    facts = ["output shape", "weights"]
    if kind.work is not Layer.work:
        facts.append("MACs")
    if all(isinstance(table.get(kind.__name__), Entry) for table in _TABLES.values()):
        facts.append("values")
    return tuple(facts)


def installed(framework: Framework) -> str:
    """The version that is installed."""
    return version(framework)


def _import_torch() -> Any:
    try:
        return import_module("torch")
    except ImportError as error:
        raise FrameworkError(
            "torch is not installed", code="not-installed", hint="pip install torch"
        ) from error
