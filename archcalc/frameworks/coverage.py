"""Which classes of Keras and torch archcalc knows, and what is tested of each.

Nothing is listed by hand but what is out of scope, with its reason: the classes are those of the
installed framework, what they are here is read from the tables and from the names that torch gives
our layers, and what is tested follows from both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Literal, TypeAlias

from archcalc.frameworks.keras import import_keras
from archcalc.frameworks.record import Absent, Table
from archcalc.frameworks.records import KERAS, TORCH
from archcalc.frameworks.torch import import_torch
from archcalc.frameworks.torch_api import TORCH_CLASSES, arguments
from archcalc.frameworks.torch_api.classes import ANYWHERE
from archcalc.layers.kept import REFUSED
from archcalc.layers.registry import is_layer_class, layer_class

__all__ = [
    "FACTS",
    "OUT_OF_SCOPE",
    "Coverage",
    "Framework",
    "classes_of",
    "compared",
    "coverage",
    "covered",
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
            **_each("a chain of layers: archcalc.Sequential", "Pipeline"),
            **_each(
                "a wrapper around code of another framework, of which Keras itself knows no shape",
                "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
            ),
        },
        "torch": {
            **_each("the base class of all modules: archcalc.layers.Layer is ours", "Module"),
            **_each(
                "a base class that cannot be called: RNN, LSTM, GRU and their cells can",
                "RNNBase RNNCellBase",
            ),
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


FACTS = ("output shape", "weights", "MACs", "values")
"""What property tests compare with a framework."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a framework's class is in archcalc.

    Attributes:
        name: the class, as the framework calls it.
        layer: our layer that it is, by name; empty where it is out of scope.
        alias: the class that it is built as, where that is another.
        tested: the facts that property tests compare with the framework.
        why: why it is out of scope, or why nothing is tested.
        refused: its arguments that may be given only as they are when they are left out, and why.
        unbuilt: its arguments that are taken and not built again, and why.
    """

    name: str
    layer: str = ""
    alias: str = ""
    tested: tuple[str, ...] = ()
    why: str = ""
    refused: Mapping[str, str] = field(default_factory=dict, hash=False)
    unbuilt: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def known(self) -> bool:
        """Whether something of it is tested, or there is a reason why not; never both."""
        return bool(self.tested) != bool(self.why)


def coverage(framework: Framework) -> tuple[Coverage, ...]:
    """Every public layer class of the installed framework, and what it is in archcalc.

    Raises:
        FrameworkError: it is not installed.

    >>> rows = {row.name: row for row in coverage("torch")}
    >>> rows["LazyConv2d"].layer, rows["LazyConv2d"].alias, rows["LazyConv2d"].tested
    ('Conv2D', 'Conv2d', ('output shape', 'weights', 'MACs', 'values'))
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
        place = import_torch().nn
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
    layer = _layer(name, framework) or _layer(own_name, framework)
    if not layer:
        return Coverage(name, why=why)
    entry = _TABLES[framework][layer_class(layer)]
    absent = entry.why if isinstance(entry, Absent) else ""
    return Coverage(
        name,
        layer,
        _alias(name, layer, framework),
        compared(layer, framework),
        why or absent,
        *(_in_torch(name) if framework == "torch" else (_in_keras(layer), {})),
    )


def _in_keras(layer: str) -> dict[str, str]:
    """The arguments of Keras that our layer refuses."""
    return {name: why for name, why in REFUSED.items() if name in layer_class(layer).built_with}


def _in_torch(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The arguments of torch's class that are refused, and those that are not built again."""
    spelling = TORCH_CLASSES[name]
    has = (*spelling.signature.parameters, *ANYWHERE)
    refused = {a: known.why for a, known in arguments.REFUSED.items() if a in has}
    unbuilt = {a: why for a, why in arguments.NOT_BUILT.items() if a in has}
    return {**refused, **spelling.named.refused}, unbuilt


def _layer(name: str, framework: Framework) -> str:
    """Our layer that the class `name` is: in Keras that of the same name."""
    if framework == "torch":
        return TORCH_CLASSES[name].layer if name in TORCH_CLASSES else ""
    found = is_layer_class(name) and layer_class(name).__name__ == name
    return name if found and layer_class(name) in KERAS else ""


def _alias(name: str, layer: str, framework: Framework) -> str:
    """The class that a layer is built as, if it is not `name`."""
    built = _built_as(layer, framework)
    nearest = max(built, key=lambda cls: SequenceMatcher(None, cls, name).ratio(), default="")
    return "" if name in built else nearest


def names_there(kind: str, framework: Framework) -> tuple[str, ...]:
    """The framework's classes that our layer `kind` is, or else those that it is built as.

    >>> names_there("BatchNormalization", "torch")[:3], names_there("DepthwiseConv2D", "torch")
    (('BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d'), ('Conv2d',))
    """
    if framework == "torch":
        spelt = [name for name, spelling in TORCH_CLASSES.items() if spelling.layer == kind]
        return tuple(spelt) or _built_as(kind, framework)
    return _built_as(kind, framework)


def _built_as(kind: str, framework: Framework) -> tuple[str, ...]:
    """The framework's classes that the table names; none where it has no such class."""
    entry = _TABLES[framework].entry(layer_class(kind))
    return tuple(name for name in entry.classes() if name[0] != ".") if entry else ()


def compared(kind: str, framework: Framework) -> tuple[str, ...]:
    """What is compared with the framework for random layers of our kind.

    >>> compared("Bilinear", "torch")
    ('output shape', 'weights')
    """
    cls = layer_class(kind)
    entry = _TABLES[framework].entry(cls)
    if entry is None:
        return ()
    missing = {"MACs"} if entry.uncounted or entry.needs else set()
    if any(table.entry(cls) is None for table in _TABLES.values()):
        missing.add("values")
    return tuple(fact for fact in FACTS if fact not in missing)
