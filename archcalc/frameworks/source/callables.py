"""What is called: functions and classes of the source, and what belongs to values by name."""

from __future__ import annotations

import ast
from abc import abstractmethod
from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source import keras_names, torch_names
from archcalc.frameworks.source.builtin import (
    METHODS,
    call_builtin,
    call_library,
    call_method,
    class_of,
)
from archcalc.frameworks.source.defaults import full_name
from archcalc.frameworks.source.expressions import Expressions
from archcalc.frameworks.source.listing import not_defined
from archcalc.frameworks.source.modules import Modules
from archcalc.frameworks.source.states import State
from archcalc.frameworks.source.tensors import tensors_in
from archcalc.frameworks.source.values import (
    Bound,
    Builtin,
    Children,
    Class,
    Frame,
    Function,
    Imported,
    Instance,
    Joined,
    Made,
    Parser,
    Partial,
    Poison,
    Record,
    Super,
    Unknown,
    WeightOf,
)
from archcalc.symbolic.errors import FrameworkError

__all__ = ["Callables"]

_OF_PARTIAL = {"func": "function", "args": "args", "keywords": "kwargs"}
_NO_NAMES = frozenset(["shape", "size", "dtype", "device", "data", "ndim", "T", "names", "values"])
"""Attributes of what is not known that are no names for a size."""


_OF_TENSORS = frozenset(
    ["t", "transpose", "size", "dim", "view", "reshape", "mean", "sum", "permute", "unsqueeze"]
)
"""Methods of a weight that do not begin it."""


class Callables(Modules, Expressions):
    """Calls, and attributes."""

    def call(self, node: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call what is called."""
        self.tick(node)
        if not isinstance(function, Function | Builtin | Class):
            args, kwargs = self.forced_deep(args, function), self.forced_deep(kwargs, function)
        if isinstance(function, Function):
            return self.call_function(node, function, args, kwargs)
        if isinstance(function, Class):
            return self._instance(node, function, args, kwargs)
        if isinstance(function, Bound):
            return self._bound(node, function, args, kwargs)
        if isinstance(function, Builtin):
            return call_builtin(self, function.name, args, kwargs)
        if isinstance(function, Imported):
            return self._imported(node, function, args, kwargs)
        if isinstance(function, Partial):
            more = {**function.kwargs, **kwargs}
            return self.call(node, function.function, [*function.args, *args], more)
        if isinstance(function, Made | Children | Instance | Joined):
            return self.apply(node, function, args, kwargs)
        if isinstance(function, Unknown):
            what = function.name or function.call or "what is called here"
            return self._unknown(node, what, args, kwargs)
        self.refuse(node, f"{type(function).__name__} is called, which is no function")

    def forced_deep(self, value: Any, to: Any = None) -> Any:
        """States of recurrent layers as tensors, in lists too."""
        if isinstance(value, State):
            single = isinstance(to, Made) and value.count == 1
            try:
                return value.pick(0) if single else value.whole()
            except NotLoweredError as error:
                return Poison(FrameworkError(str(error), code="not-read"))
        if isinstance(value, list | tuple):
            return type(value)(self.forced_deep(held, to) for held in value)
        if isinstance(value, dict):
            return {key: self.forced_deep(held, to) for key, held in value.items()}
        return value

    def _unknown(self, node: Any, what: str, args: list[Any], kwargs: dict[str, Any]) -> Unknown:
        if any(not self.bench.is_constant(x) for x in tensors_in((args, kwargs))):
            raise self.at(node, not_defined(what))
        return Unknown("", what)

    def _imported(self, node: Any, what: Imported, args: list[Any], kwargs: dict[str, Any]) -> Any:
        made = call_library(self, what.path, args, kwargs)
        for names in (keras_names, torch_names):
            if made is NotImplemented:
                made = names.call(self, node, what.path, args, kwargs)
        if made is not NotImplemented:
            return made
        return self._unknown(node, what.path, args, kwargs)

    # Functions of the source

    def call_function(
        self, node: Any, function: Function, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Run a function that the source defines."""
        frame = Frame(self._arguments(function, args, kwargs), function.frame, function.cls)
        if isinstance(function.node, ast.Lambda):
            return self.eval(function.node.body, frame)
        self.deeper(node or function.node)
        try:
            return self.body(function.node.body, frame)
        finally:
            self.higher()

    @abstractmethod
    def body(self, statements: list[ast.stmt], frame: Frame) -> Any:
        """The statements of a function, and what they return."""

    def _arguments(
        self, function: Function, args: list[Any], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        spec = function.node.args
        ordered = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        made = dict(zip(ordered, args, strict=False))
        if len(args) > len(ordered) and spec.vararg is None:
            raise TypeError(f"{function.name} takes {len(ordered)} arguments, not {len(args)}")
        if spec.vararg is not None:
            made[spec.vararg.arg] = tuple(args[len(ordered) :])
        known = {*ordered, *(a.arg for a in spec.kwonlyargs)}
        more = {name: value for name, value in kwargs.items() if name not in known}
        if more and spec.kwarg is None:
            raise TypeError(f"{function.name} has no argument {next(iter(more))}")
        made |= {name: value for name, value in kwargs.items() if name in known}
        if spec.kwarg is not None:
            made[spec.kwarg.arg] = more
        last = ordered[len(ordered) - len(function.defaults) :]
        for name, value in zip(last, function.defaults, strict=True):
            made.setdefault(name, value)
        for arg, value in zip(spec.kwonlyargs, function.named_defaults, strict=True):
            made.setdefault(arg.arg, value)
        missing = [name for name in ordered if name not in made]
        if missing:
            raise TypeError(f"{function.name} is not given {', '.join(missing)}")
        return made

    def wanted_by(self, function: Function) -> list[str]:
        """The arguments that a function cannot be called without."""
        spec = function.node.args
        ordered = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        return ordered[: len(ordered) - len(function.defaults)]

    # Classes

    def _instance(self, node: Any, cls: Class, args: list[Any], kwargs: dict[str, Any]) -> Instance:
        made = Instance(cls)
        start = cls.find("__init__")
        if not isinstance(start, Function) and cls.declared():
            made.names |= _declared(cls, args, kwargs)
            return made
        if isinstance(start, Function):
            self.call_function(node, start, [made, *args], kwargs)
        else:
            self.start(made, cls.foreign(), args, kwargs)
        return made

    def own_super(self, node: ast.Call, frame: Frame) -> Any:
        here: Frame | None = frame
        while here is not None and here.cls is None:
            here = here.around
        if here is None or here.cls is None:
            self.refuse(node, "super() stands outside of a class")
        instance = next((v for v in here.names.values() if isinstance(v, Instance)), None)
        while instance is None and here is not None and here.around is not None:
            here = here.around
            instance = next((v for v in here.names.values() if isinstance(v, Instance)), None)
        if instance is None or frame_class(frame) is None:
            self.refuse(node, "super() stands outside of a method")
        return Super(instance, frame_class(frame))  # type: ignore[arg-type]

    def _bound(self, node: Any, what: Bound, args: list[Any], kwargs: dict[str, Any]) -> Any:
        owner, name = what.owner, what.name
        if what.function is not None:
            itself = owner.cls if isinstance(owner, Instance) else owner
            first = {"static": [], "class": [itself]}.get(what.function.kind, [owner])
            return self.call_function(node, what.function, [*first, *args], kwargs)
        if isinstance(owner, Super):
            return self._of_super(node, owner, name, args, kwargs)
        if isinstance(owner, Made | Children | Instance | Joined):
            return self.method(node, owner, name, args, kwargs)
        if isinstance(owner, State):
            if name == "squeeze":
                return owner.squeezed()
            owner = owner.whole()
        if isinstance(owner, Value | Ref):
            return torch_names.tensor_method(self, node, owner, name, args, kwargs)
        if isinstance(owner, Parser):
            return self._of_parser(owner, name, args, kwargs)
        if isinstance(owner, WeightOf) and name in _OF_TENSORS:
            owner = self.borrowed.ref(owner)
            return torch_names.tensor_method(self, node, owner, name, args, kwargs)
        if isinstance(owner, WeightOf | Record):
            return Unknown()
        return call_method(self, owner, name, args, kwargs)

    def _of_super(
        self, node: Any, owner: Super, name: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        instance = owner.instance
        found = instance.cls.find(name, owner.after)
        if isinstance(found, Function):
            return self.call_function(node, found, [instance, *args], kwargs)
        if name == "__init__":
            instance.names |= _declared(instance.cls, args, kwargs)
            self.start(instance, instance.cls.foreign(owner.after), args, kwargs)
            return None
        if name in ("forward", "call", "__call__") and "parts" in instance.names:
            return self.apply(node, instance.names["parts"], args, kwargs)
        return self.method(node, instance, name, args, kwargs)

    def _of_parser(self, owner: Parser, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The defaults of the command line, under the names that they get."""
        if name == "add_argument" and args:
            words = [word for word in args if isinstance(word, str)]
            long = next((word for word in words if word.startswith("--")), words[0])
            dest = str(kwargs.get("dest") or long.lstrip("-").replace("-", "_"))
            flag = {"store_true": False, "store_false": True}.get(str(kwargs.get("action")))
            owner.names[dest] = kwargs.get("default", Unknown(dest) if flag is None else flag)
        if name in ("parse_args", "parse_known_args"):
            made = Record(owner.names)
            return made if name == "parse_args" else (made, Unknown())
        return owner if name == "add_argument_group" else Unknown()

    # Attributes

    def attribute(self, owner: Any, name: str) -> Any:
        if name == "__class__":
            return class_of(owner)
        if isinstance(owner, Imported | Builtin) and name in ("__name__", "__qualname__"):
            return owner.last if isinstance(owner, Imported) else owner.name
        if isinstance(owner, Partial) and name in _OF_PARTIAL:
            return getattr(owner, _OF_PARTIAL[name])
        if isinstance(owner, Imported):
            return Imported(full_name(f"{owner.path}.{name}"))
        if isinstance(owner, Unknown):
            return Unknown("" if name in _NO_NAMES or name.startswith("_") else name)
        if isinstance(owner, Record):
            return self.known(owner.names.get(name, Unknown(name)))
        if name in ("__name__", "__qualname__", "__module__") and isinstance(
            owner, Class | Function | Instance
        ):
            return "__main__" if name == "__module__" else getattr(owner, "name", "")
        if isinstance(owner, Instance):
            return self.known(self._of_instance(owner, name))
        if isinstance(owner, Class):
            found = owner.find(name)
            if isinstance(found, Function) and found.kind == "class":
                return Bound(owner, name, found)
            return Unknown(name) if found is None else found
        if isinstance(owner, Super):
            return Bound(owner, name)
        if isinstance(owner, Made | Children | Joined):
            return self.module_attribute(owner, name)
        if isinstance(owner, Value | Ref):
            return torch_names.tensor_attribute(self, owner, name)
        if isinstance(owner, WeightOf):
            if name in ("T", "mT", "shape"):
                return torch_names.tensor_attribute(self, self.borrowed.ref(owner), name)
            return owner if name == "data" else Bound(owner, name)
        if isinstance(owner, State | Parser):
            return Bound(owner, name)
        if isinstance(owner, Function | Builtin | Bound | Partial):
            return Unknown()
        allowed: frozenset[str] = METHODS.get(type(owner), frozenset())
        if name not in allowed:
            raise AttributeError(f"{name} of {type(owner).__name__} is not read")
        return Bound(owner, name)

    def _of_instance(self, owner: Instance, name: str) -> Any:
        if name in owner.names:
            return owner.names[name]
        found = owner.cls.find(name)
        if isinstance(found, Function):
            if found.kind == "property":
                return self.call_function(None, found, [owner], {})
            return Bound(owner, name, found)
        if found is not None:
            return found
        if name in ("training", "__dict__"):
            return False if name == "training" else owner.names
        if isinstance(owner.parts, Made) and name not in self.module_methods:
            return self.module_attribute(owner.parts, name)
        if isinstance(owner.parts, Children) and name in owner.parts.parts:
            return owner.parts.parts[name]
        if owner.framework or owner.cls.foreign():
            return Bound(owner, name) if name in self.module_methods else Unknown()
        raise AttributeError(f"{owner.cls.name} has no attribute {name}")

    def added(self, first: Any, second: Any) -> Any:
        """Two values added."""
        return self.computed(ast.Add, first, second)

    def multiplied(self, first: Any, second: Any) -> Any:
        """Two values multiplied."""
        return self.computed(ast.Mult, first, second)


def _declared(cls: Class, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass, those of its bases first, with their values."""
    fields = cls.declared()
    defaults = {name: cls.find(name) for name in fields if cls.find(name) is not None}
    given = {**dict(zip(fields, args, strict=False)), **kwargs}
    return {**defaults, **given} if fields else {}


def frame_class(frame: Frame) -> Class | None:
    """The class in whose method a frame is."""
    here: Frame | None = frame
    while here is not None and here.cls is None:
        here = here.around
    return here.cls if here is not None else None
