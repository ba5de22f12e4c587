"""Python's own functions, types and methods, as far as code that builds models uses them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.sizes import Size
from archcalc.frameworks.importing.values import Value
from archcalc.frameworks.source.sizes import OfSize, formula
from archcalc.frameworks.source.values import (
    Builtin,
    Children,
    Class,
    Function,
    Imported,
    Instance,
    Joined,
    Made,
    Parser,
    Partial,
    Record,
    Unknown,
)
from archcalc.symbolic.compare import largest, smallest
from archcalc.symbolic.dims import lower
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.limits import LIMITS

__all__ = ["METHODS", "call_builtin", "call_library", "call_method"]


def call_builtin(reader: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A function of Python's."""
    known = _FUNCTIONS.get(name)
    if known is not None:
        return known(reader, *args, **kwargs)
    if name in ("print", "id", "repr"):
        return None if name == "print" else Unknown()
    if any(isinstance(arg, Unknown) for arg in args):
        return Unknown()
    return Unknown()


def _length(reader: Any, value: Any) -> Any:
    if isinstance(value, Unknown):
        return Unknown()
    if isinstance(value, Value | Ref):
        return reader.bench.shape_of(value)[0]
    if isinstance(value, Instance) and isinstance(value.parts, Children):
        value = value.parts
    return len(value.parts if isinstance(value, Children) else value)


def _range(reader: Any, *args: Any) -> Any:
    ends = [reader.size_of(arg) for arg in args]
    if None in ends:
        return Unknown()
    for end in ends:
        if isinstance(end, Size):
            raise FrameworkError(
                f"a loop runs {end.dim} times, which is no number",
                code="undecided",
                hint=f'give {end.dim} a number, such as sizes={{"{end.dim}": 2}}',
            )
    return range(*ends)


def _listed(reader: Any, value: Any = ()) -> list[Any]:
    made: list[Any] = []
    for item in reader.items(value):
        made.append(item)
        if len(made) > LIMITS.source_items:
            raise FrameworkError("a list is too long", code="too-large")
    return made


def _zip(reader: Any, *args: Any, **_: Any) -> Any:
    return list(zip(*(_listed(reader, arg) for arg in args), strict=False))


def _enumerate(reader: Any, value: Any, start: int = 0) -> Any:
    return list(enumerate(_listed(reader, value), start))


def _int(reader: Any, value: Any = 0, *_: Any) -> Any:
    if isinstance(value, OfSize):
        raise FrameworkError(
            "a size was divided and made whole again: its formula is lost",
            hint="write // for whole division",
            code="not-read",
        )
    if isinstance(value, Size | Unknown):
        return value
    return int(value)


def _extreme(name: str) -> Callable[..., Any]:
    pick: Any = max if name == "max" else min
    compare = largest if name == "max" else smallest

    def compute(reader: Any, *args: Any, **kwargs: Any) -> Any:
        items = _listed(reader, args[0]) if len(args) == 1 else list(args)
        if any(isinstance(item, Unknown) for item in items):
            return Unknown()
        if not any(isinstance(item, Size) for item in items):
            return pick(items)
        dim = formula(items[0])
        for item in items[1:]:
            dim = lower(compare(dim, formula(item)))
        return Size(pick(map(int, items)), dim)

    return compute


def _sum(reader: Any, value: Any, start: Any = 0) -> Any:
    for item in _listed(reader, value):
        if isinstance(item, Unknown):
            return Unknown()
        start = reader.added(start, item)
    return start


def _isinstance(reader: Any, value: Any, kinds: Any) -> Any:
    each = kinds if isinstance(kinds, tuple) else (kinds,)
    answers = [_is(value, kind) for kind in each]
    return True if True in answers else Unknown() if None in answers else False


def _is(value: Any, kind: Any) -> bool | None:
    if isinstance(kind, Class):
        return isinstance(value, Instance) and kind in value.cls.order()
    if isinstance(kind, Builtin):
        types: Mapping[str, Any] = {
            "int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple,
            "dict": dict, "set": set,
        }  # fmt: skip
        return isinstance(value, types[kind.name]) if kind.name in types else None
    if isinstance(kind, Imported) and kind.path.startswith(_LIBRARY):
        known = _ABSTRACT.get(kind.last)
        return isinstance(value, known) if known else None
    if isinstance(kind, Imported):
        if isinstance(value, Partial):
            return kind.path == "functools.partial"
        if isinstance(value, Made):
            return value.cls == kind.last or kind.last in ("Module", "Layer")
        if isinstance(value, Children):
            return kind.last in (value.kind, "Module", "Layer")
        if isinstance(value, Instance):
            return kind.path in value.cls.foreign() or kind.last in ("Module", "Layer")
        if isinstance(value, Value | Ref):
            return kind.last == "Tensor"
        return False if isinstance(value, int | float | str | list | tuple | dict | None) else None
    return None


_LIBRARY = ("typing.", "collections.", "numbers.", "types.")
_ABSTRACT: Mapping[str, Any] = {
    "Sequence": (list, tuple, str, range), "Iterable": (list, tuple, str, range, dict, set),
    "Mapping": dict, "OrderedDict": dict, "Number": (int, float), "Integral": int,
    "Real": (int, float), "FunctionType": Function,
}  # fmt: skip
"""Classes of Python's library that stand for several types."""


def _getattr(reader: Any, owner: Any, name: str, *default: Any) -> Any:
    try:
        return reader.attribute(owner, name)
    except (FrameworkError, AttributeError):
        if default:
            return default[0]
        raise


def _hasattr(reader: Any, owner: Any, name: str) -> bool:
    missing = object()
    if isinstance(owner, Children) and name not in reader.module_methods:
        return name in owner.parts or name in ("training", "name", "layers")
    return _getattr(reader, owner, name, missing) is not missing


def _setattr(reader: Any, owner: Any, name: str, value: Any) -> None:
    reader.set_attribute(owner, name, value)


def _next(reader: Any, value: Any, *default: Any) -> Any:
    if isinstance(value, list) and value:
        return value.pop(0)
    return default[0] if default else Unknown()


def _map(reader: Any, function: Any, *lists: Any) -> Any:
    return [reader.call(None, function, list(args), {}) for args in _zip(reader, *lists)]


def _filter(reader: Any, function: Any, value: Any) -> Any:
    return [
        x for x in _listed(reader, value) if reader.true(reader.call(None, function, [x], {}), None)
    ]


def _sorted(reader: Any, value: Any, *, key: Any = None, reverse: Any = False) -> Any:
    ordered = None if key is None else lambda x: reader.call(None, key, [x], {})
    return sorted(_listed(reader, value), key=ordered, reverse=reader.true(reverse, None))


def class_of(value: Any) -> Any:
    """What ``type(value)`` is; not known of what stands for a value of another library."""
    if isinstance(value, Instance):
        return value.cls
    if isinstance(value, Made):
        return Imported(f"{'torch.nn' if value.torch else 'keras.layers'}.{value.cls}")
    if isinstance(value, Children):
        return Imported(f"{'torch.nn' if value.torch else 'keras'}.{value.kind}")
    if isinstance(value, Partial):
        return Imported("functools.partial")
    kinds = (bool, int, float, str, list, tuple, dict, set, NoneType)
    name = next((kind.__name__ for kind in kinds if isinstance(value, kind)), "")
    return Builtin(name) if name else Unknown()


def _callable(reader: Any, value: Any) -> bool:
    return isinstance(
        value, Function | Class | Builtin | Imported | Made | Children | Instance | Joined | Partial
    )


def _unary(compute: Callable[..., Any]) -> Callable[..., Any]:
    def call(reader: Any, *args: Any) -> Any:
        return Unknown() if any(isinstance(a, Unknown) for a in args) else compute(*args)

    return call


def _dict(reader: Any, value: Any = (), **named: Any) -> dict[Any, Any]:
    pairs = value.items() if isinstance(value, dict) else _listed(reader, value)
    return {**dict(pairs), **named}


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": _length, "range": _range, "list": _listed, "zip": _zip, "enumerate": _enumerate,
    "int": _int, "max": _extreme("max"), "min": _extreme("min"), "sum": _sum,
    "isinstance": _isinstance, "getattr": _getattr, "hasattr": _hasattr, "setattr": _setattr,
    "next": _next, "map": _map, "filter": _filter, "callable": _callable,
    "type": lambda r, value, *_: class_of(value),
    "tuple": lambda r, v=(): tuple(_listed(r, v)), "iter": _listed,
    "set": lambda r, v=(): set(_listed(r, v)), "dict": _dict,
    "reversed": lambda r, v: _listed(r, v)[::-1],
    "sorted": _sorted,
    "any": lambda r, v: any(r.true(x, None) for x in _listed(r, v)),
    "all": lambda r, v: all(r.true(x, None) for x in _listed(r, v)),
    "abs": _unary(abs), "float": _unary(float), "bool": _unary(bool), "str": _unary(str),
    "round": _unary(lambda v, *n: round(v, *n)), "divmod": _unary(lambda a, b: (a // b, a % b)),
    "super": lambda r, *_: Unknown(),
}  # fmt: skip


# Methods of texts, lists and mappings

METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(
        ["format", "join", "lower", "upper", "split", "strip", "startswith", "endswith", "replace",
         "title", "find", "count", "rsplit", "lstrip", "rstrip", "isdigit", "removeprefix",
         "removesuffix", "partition", "rpartition", "capitalize"]
    ),
    list: frozenset(
        ["tolist", "append", "extend", "insert", "index", "pop", "reverse", "copy", "count",
         "remove", "clear", "sort"]
    ),
    dict: frozenset(["get", "items", "keys", "values", "pop", "update", "setdefault", "copy"]),
    tuple: frozenset(("index", "count")),
    set: frozenset(("add", "update", "union", "intersection", "difference")),
    **dict.fromkeys((int, float, Size, OfSize), frozenset(("item", "numpy"))),
}  # fmt: skip
"""The methods that are called."""


def call_method(reader: Any, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A method of a text, a list or a mapping."""
    if isinstance(owner, list) and name in ("extend", "append", "insert"):
        args = [_listed(reader, args[0])] if name == "extend" else args
        if len(owner) + len(args[0] if name == "extend" else args) > LIMITS.source_items:
            raise FrameworkError("a list is too long", code="too-large")
    if isinstance(owner, str):
        return _of_text(reader, owner, name, args, kwargs)
    if name in ("tolist", "item", "numpy"):  # of an array, which is a list or a number here
        return owner
    made = getattr(owner, name)(*args, **kwargs)
    return list(made) if isinstance(owner, dict) and name in ("items", "keys", "values") else made


def _of_text(reader: Any, owner: str, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = [str(formula(arg)) if isinstance(arg, Size) else arg for arg in args]
    if name == "join":
        return owner.join(map(str, _listed(reader, args[0])))
    if any(not isinstance(x, str | int | float | None) for x in (*given, *kwargs.values())):
        return Unknown()
    if name == "format" and re.search(r"\{[^}]*[.\[!]|\d{4}|\{[^}]*\{", owner):
        raise FrameworkError("this format is not read", code="not-read")
    if name == "replace" and len(owner) * max(len(str(g)) for g in given) > LIMITS.source_items:
        raise FrameworkError("this text is too long", code="too-large")
    return getattr(owner, name)(*given, **kwargs)


# Other modules


def call_library(reader: Any, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A function of Python's library or of NumPy; ``NotImplemented`` where it is none of them."""
    home, _, name = path.rpartition(".")
    if home in ("math", "numpy") and name in _NUMERIC:
        if any(isinstance(x, Unknown) for x in args):
            return Unknown()
        return _NUMERIC[name](reader, *args)
    if path == "typing.cast":
        return args[1]
    if path == "functools.partial":
        return Partial(args[0], args[1:], kwargs)
    if path == "collections.OrderedDict":
        return _dict(reader, *args, **kwargs)
    if path in ("copy.deepcopy", "copy.copy"):
        return _copied(reader, args[0])
    if path == "argparse.ArgumentParser":
        return Parser()
    if path in ("types.SimpleNamespace", "argparse.Namespace"):
        return Record(dict(kwargs))
    if path.startswith("itertools."):
        if name == "chain":
            return [x for arg in args for x in _listed(reader, arg)]
        if name == "repeat" and len(args) == 2:
            return [args[0]] * args[1]
    return NotImplemented


def _product(reader: Any, value: Any, *_: Any) -> Any:
    made: Any = 1
    for item in _listed(reader, value) if isinstance(value, list | tuple) else [value]:
        made = reader.multiplied(made, item)
    return made


def _linspace(start: Any, stop: Any, num: Any = 50, **_: Any) -> Any:
    if any(isinstance(given, Unknown) for given in (start, stop, num)):
        return Unknown()
    if num > LIMITS.source_items:
        raise FrameworkError(f"{num:,} numbers are too many", code="too-large")
    return [start + (stop - start) * place / max(num - 1, 1) for place in range(num)]


def _real(compute: Callable[..., float]) -> Callable[..., Any]:
    def call(reader: Any, value: Any, *rest: Any) -> Any:
        if isinstance(value, list | tuple):
            return Unknown()  # numbers of an array, which are no size
        made = compute(value, *rest)
        return OfSize(made) if isinstance(value, Size | OfSize) else made

    return call


_NUMERIC: Mapping[str, Callable[..., Any]] = {
    "prod": _product, "sqrt": _real(math.sqrt), "log": _real(math.log), "log2": _real(math.log2),
    "log10": _real(math.log10), "exp": _real(math.exp), "ceil": _real(math.ceil),
    "floor": _real(math.floor), "pow": _real(math.pow), "sin": _real(math.sin),
    "cos": _real(math.cos), "gcd": lambda r, *a: math.gcd(*a),
    "arange": lambda r, *a: _range(r, *a), "linspace": lambda r, *a, **k: _linspace(*a, **k),
}  # fmt: skip


def _copied(reader: Any, value: Any) -> Any:
    """A copy whose layers are layers of their own."""
    if isinstance(value, Made):
        fresh = value.layer.model_copy()
        return Made(fresh, value.cls, value.torch, value.arguments, body=value.body)
    if isinstance(value, Children):
        parts = _copied(reader, value.parts)
        return Children(value.kind, value.torch, parts, value.shape, trainable=value.trainable)
    if isinstance(value, Instance):
        return Instance(value.cls, _copied(reader, value.names))
    if isinstance(value, Ref):
        kept = reader.bench.graph.tensors[value.number]
        name = kept.name.partition(".")[2]
        return reader.bench.weight(name, kept.shape, kept.learned)
    if isinstance(value, list | tuple):
        return type(value)(_copied(reader, held) for held in value)
    if isinstance(value, dict):
        return {name: _copied(reader, held) for name, held in value.items()}
    return value
