"""What a name stands for while code is read, beside Python's own numbers, texts and lists."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archcalc.layers.base import Layer
from archcalc.symbolic.errors import ArchcalcError

__all__ = [
    "Bound", "Builtin", "Children", "Class", "Frame", "Function", "Imported", "Instance", "Joined",
    "Made", "Module", "Parser", "Partial", "Poison", "Record", "Super", "Unknown", "WeightOf",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """Something of another module, by its full name: ``keras.layers.Dense``."""

    path: str

    @property
    def last(self) -> str:
        """The name without the modules it is in."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function or type of Python's own."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that reading does not know: a data set, an optimizer, a name without a value.

    Attributes:
        name: what it may be called as a size; empty where it has no name.
        call: what was called to give it, where that is no function of the source.
    """

    name: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Poison:
    """What a statement would have given that cannot be read; whoever needs it gets the error.

    Attributes:
        error: why it cannot be read.
        called: the class or the function that would have given it, so that no other model is taken
            in the place of one that cannot be read.
    """

    error: ArchcalcError
    called: str = ""


@dataclass(slots=True)
class Frame:
    """The names of a function that runs, and of those around it."""

    names: dict[str, Any] = field(default_factory=dict)
    around: Frame | None = None
    cls: Class | None = None


@dataclass(slots=True, eq=False)
class Function:
    """A function that the source defines."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    defaults: list[Any]
    named_defaults: list[Any]
    cls: Class | None = None
    kind: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return getattr(self.node, "name", "lambda")


@dataclass(slots=True, eq=False)
class Class:
    """A class that the source defines.

    Attributes:
        name: what it is called.
        bases: other such classes, and classes of other modules.
        names: what its body defines.
        fields: names with annotations, in order, where it is a dataclass.
    """

    name: str
    bases: tuple[Any, ...]
    names: dict[str, Any]
    fields: tuple[str, ...] | None = None

    def order(self) -> list[Class | Imported]:
        """It and its bases, in the order in which names are looked up."""
        found: list[Class | Imported] = [self]
        for base in self.bases:
            more = base.order() if isinstance(base, Class) else [base]
            found += [one for one in more if one not in found]
        return found

    def declared(self) -> tuple[str, ...]:
        """The fields of a dataclass, those of its bases first."""
        classes = [one for one in reversed(self.order()) if isinstance(one, Class)]
        return tuple(dict.fromkeys(name for one in classes for name in one.fields or ()))

    def find(self, name: str, after: Class | None = None) -> Any:
        """What a name is in it or a base; ``None`` where it is nothing."""
        order = self.order()
        for one in order[order.index(after) + 1 if after else 0 :]:
            if isinstance(one, Class) and name in one.names:
                return one.names[name]
        return None

    def foreign(self, after: Class | None = None) -> list[str]:
        """The full names of its bases that are of other modules."""
        order = self.order()
        rest = order[order.index(after) + 1 if after else 0 :]
        return [one.path for one in rest if isinstance(one, Imported)]


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class that the source defines."""

    cls: Class
    names: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    called_on: tuple[Any, ...] = ()
    built: bool = False

    @property
    def parts(self) -> Any:
        """The layer or the layers that it is, where its class is made from such a class."""
        return self.names.get("parts")

    @property
    def framework(self) -> str:
        """``"torch"`` or ``"keras"`` where it is a module or a layer; else nothing."""
        for path in self.cls.foreign():
            if path.startswith("torch.nn"):
                return "torch"
            if path.startswith("keras.layers.") or path in _KERAS_BASES:
                return "keras"
        return ""


_KERAS_BASES = ("keras.Model", "keras.Layer", "keras.Sequential", "keras.Functional")


@dataclass(slots=True, eq=False)
class Bound:
    """A method, and the object that it is of."""

    owner: Any
    name: str
    function: Function | None = None


@dataclass(slots=True, eq=False)
class Super:
    """``super()``: the methods of the classes after one."""

    instance: Instance
    after: Class


@dataclass(slots=True, eq=False)
class Made:
    """A layer that the source makes; it may be named, frozen and tied until it is called.

    Attributes:
        layer: the layer.
        cls: its class there.
        torch: whether that is torch's.
        arguments: what its class was given, by torch's names.
        name: the name of what holds it.
        body: of a layer that is a function, the function.
    """

    layer: Layer
    cls: str
    torch: bool
    arguments: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    body: Any = None
    called: bool = False


@dataclass(frozen=True, slots=True)
class WeightOf:
    """A weight of a layer, by torch's name."""

    made: Made
    name: str


@dataclass(slots=True, eq=False)
class Children:
    """Layers in order: a `Sequential`, a ``ModuleList`` or a ``ModuleDict``.

    Attributes:
        kind: which of these.
        torch: whether it is torch's.
        parts: the layers by name.
        shape: of a Sequential of Keras, what goes in.
        name: the name of what holds it, or that it was given.
        trainable: whether it is trained.
        listed: its layers as its library lists them, where those are others.
    """

    kind: str
    torch: bool
    parts: dict[str, Any] = field(default_factory=dict)
    shape: Any = None
    name: str = ""
    trainable: bool = True
    network: Any = None
    called_on: tuple[Any, ...] = ()
    listed: Any = None

    def append(self, part: Any, name: str = "") -> None:
        """One more at the end."""
        self.network = None
        self.parts[name or str(len(self.parts))] = part

    def renumbered(self, parts: list[Any]) -> None:
        """Other parts, named by their numbers."""
        self.network = None
        self.parts = {str(number): part for number, part in enumerate(parts)}


@dataclass(slots=True, eq=False)
class Record:
    """An object with names alone: what arguments of the command line become."""

    names: dict[str, Any]


@dataclass(slots=True, eq=False)
class Parser:
    """A parser of the command line, whose defaults are read."""

    names: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Joined:
    """A functional model of Keras: what lies between tensors."""

    network: Any
    inputs: list[Any]
    outputs: list[Any]
    single: bool
    name: str = ""
    trainable: bool = True


@dataclass(slots=True, eq=False)
class Partial:
    """A function with some of its arguments."""

    function: Any
    args: list[Any]
    kwargs: dict[str, Any]


Module = Made | Children | Instance | Joined
"""What is called on tensors and has layers."""
