"""What torch's names are here: modules, functions, tensors made from nothing, and their methods."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.importing.functions import FUNCTIONS
from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.source.arguments import for_a_layer
from archcalc.frameworks.source.backbones import torchvision_model
from archcalc.frameworks.source.defaults import torch_layer
from archcalc.frameworks.source.listing import not_defined
from archcalc.frameworks.source.tensors import tensors_in
from archcalc.frameworks.source.values import Bound, Children, Imported, Made, Unknown, WeightOf

__all__ = ["call", "tensor_attribute", "tensor_method"]

_LISTS = ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
_FROM_SIZES = frozenset(
    [
        "zeros",
        "ones",
        "rand",
        "randn",
        "empty",
        "full",
        "normal",
        "FloatTensor",
        "LongTensor",
        "Tensor",
        "IntTensor",
    ]
)
_ALIKE = frozenset(
    [
        "zeros_like",
        "ones_like",
        "rand_like",
        "randn_like",
        "empty_like",
        "full_like",
        "normal_",
        "bernoulli",
    ]
)

_NO_CHANGE = frozenset(
    [
        "to",
        "cpu",
        "cuda",
        "contiguous",
        "detach",
        "clone",
        "float",
        "double",
        "half",
        "long",
        "int",
        "bool",
        "type",
        "type_as",
        "requires_grad_",
        "data",
        "numpy",
        "tolist",
        "backward",
        "retain_grad",
        "pin_memory",
    ]
)


_NEVER_SO = frozenset(
    ["torch.jit.is_scripting", "torch.jit.is_tracing", "torch.compiler.is_compiling",
     "torch.onnx.is_in_onnx_export", "torch.is_grad_enabled"]
)  # fmt: skip
"""What is asked about how a model is run, and is not so while it is read."""


def call(reader: Any, node: Any, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A class or function of torch; ``NotImplemented`` where it is none that is read."""
    home, _, name = path.rpartition(".")
    if home in ("numpy", "numpy.random") and name in _FROM_SIZES:  # as torch names them
        return _from_sizes(reader, name, args, kwargs)
    if not path.startswith("torch"):
        return NotImplemented
    if home.startswith("torchvision.models"):
        return _of_torchvision(reader, node, name, args, kwargs)
    if path in _NEVER_SO:
        return False
    if path == "torch.hub.load" and len(args) > 1 and "pytorch/vision" in str(args[0]):
        return _of_torchvision(reader, node, str(args[1]), args[2:], kwargs)
    if home == "torch.nn":
        return _module(reader, node, name, args, kwargs)
    if home == "torch.nn.utils" or home.startswith("torch.nn.utils."):
        return _utility(name, args)
    if home.startswith("torch.nn.init"):
        return args[0] if args else None
    if path in ("torch.autograd.Variable", "torch.nn.Parameter"):
        return args[0]
    if home in ("torch", "torch.nn.functional", "torch.special", "torch.linalg", "torch.Tensor"):
        return _function(reader, name, args, kwargs)
    return NotImplemented


def _of_torchvision(
    reader: Any, node: Any, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    if name == "get_model" and args and isinstance(args[0], str):
        name, args = args[0], args[1:]
    made = torchvision_model(reader, node, name, args, kwargs)
    if made is NotImplemented and name[:1].islower():
        reader.refuse(
            node,
            f"torchvision.models.{name} is a model of torchvision's own, and its definition is not "
            "in this source",
            code="not-in-source",
            hint=f"archcalc summary torchvision.models:{name} --input 3,h,w reads it where "
            "torchvision is installed",
        )
    return made


def _module(reader: Any, node: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if name in _LISTS:
        return _listed(reader, name, args)
    if name in ("Parameter", "parameter.Parameter"):
        return _parameter(reader, args, kwargs)
    if name in ("DataParallel", "SyncBatchNorm"):
        return args[0] if args else Unknown()
    spelt = torch_layer(f"torch.nn.{name}")
    if spelt is None and (name.endswith("Loss") or name in ("Module",)):
        return Unknown()
    if spelt is None:
        reader.refuse(
            node,
            f"archcalc has no layer for torch.nn.{name}",
            code="unknown-layer",
            hint="a module that is called may be read by from_torch, which shows what it saw",
        )
    given = [for_a_layer(reader, "", value) for value in args]
    named = {key: for_a_layer(reader, key, value) for key, value in kwargs.items()}
    reader.another_layer()
    layer = spelt(*given, **named)
    return Made(layer, name, True, _bound(spelt, args, kwargs))


def _bound(spelt: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments by name, those that were left out at their defaults."""
    try:
        bound = spelt.signature.bind(*args, **kwargs)
    except TypeError:  # a device or a type of numbers among them
        return dict(kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def _listed(reader: Any, name: str, args: list[Any]) -> Any:
    made = Children(name.replace("Parameter", "Module"), True)
    if len(args) == 1 and isinstance(args[0], dict):
        made.parts = {str(key): part for key, part in args[0].items()}
        return made
    one_list = name != "Sequential" and len(args) == 1
    for part in reader.items(args[0]) if one_list else args:
        if isinstance(part, Unknown | Imported):
            raise not_defined(part.last if isinstance(part, Imported) else part.call or part.name)
        made.append(part)
    return made


def _parameter(reader: Any, args: list[Any], kwargs: Mapping[str, Any]) -> Any:
    given = args[0] if args else kwargs.get("data")
    learned = kwargs.get("requires_grad", args[1] if len(args) > 1 else True)
    if not isinstance(given, Value):
        raise NotLoweredError("a Parameter of a tensor whose shape is not known")
    return reader.bench.weight("parameter", given.shape, learned is not False)


def _utility(name: str, args: list[Any]) -> Any:
    """Packed sequences are sequences; what clips gradients is passed over."""
    if name == "pack_padded_sequence":
        return args[0]
    if name == "pad_packed_sequence":
        return (args[0], Unknown())
    return Unknown() if name.startswith("clip_") else NotImplemented


# Functions


def _function(reader: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    given = tensors_in((args, kwargs))
    if name in _FROM_SIZES:
        return _from_sizes(reader, name, args, kwargs)
    if name in ("tensor", "as_tensor", "from_numpy"):
        return _from_values(reader, args)
    if name in ("arange", "linspace", "eye", "randperm", "range", "randint", "hann_window"):
        return _counting(reader, name, args, kwargs)
    if name in _ALIKE:
        return reader.bench.constant(reader.bench.shape_of(args[0]))
    if not given:
        numbers = [x for x in args if isinstance(x, int | float)]
        if name in ("sqrt", "exp", "log") and numbers:
            return getattr(math, name)(numbers[0])
        return Unknown()
    if name == "cat" and "dim" not in kwargs and "axis" in kwargs:
        kwargs = {**kwargs, "dim": kwargs["axis"]}
    return _lowered(reader, name, args, kwargs)


def _lowered(reader: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A function on tensors."""
    bench = reader.bench
    if name == "meshgrid" and all(map(bench.is_constant, tensors_in(args))):
        grid = tuple(bench.shape_of(axis)[0] for axis in tensors_in(args))
        return tuple(bench.constant(grid) for _ in grid)
    if name not in FUNCTIONS and all(map(bench.is_constant, tensors_in((args, dict(kwargs))))):
        return bench.constant(bench.shape_of(tensors_in(args)[0]))
    sizes = [for_a_size(reader, value) for value in args]
    return bench.function(name, sizes, {k: for_a_size(reader, v) for k, v in kwargs.items()})


def for_a_size(reader: Any, value: Any) -> Any:
    """An argument of a function: a name without a value is the symbol that it becomes."""
    if isinstance(value, Unknown) and value.name:
        return reader.size_of(value)
    if isinstance(value, WeightOf):
        return reader.borrowed.ref(value)
    if isinstance(value, Unknown | Imported):
        return None
    if isinstance(value, list | tuple):
        return tuple(for_a_size(reader, held) for held in value)
    return value


def _from_sizes(reader: Any, name: str, args: list[Any], kwargs: Mapping[str, Any]) -> Any:
    sizes = kwargs.get("size", kwargs.get("shape", args))
    if sizes is args and name in ("full", "normal"):
        sizes = next((a for a in args if isinstance(a, tuple | list)), (Unknown(),))
    if isinstance(sizes, tuple | list) and len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        sizes = sizes[0]
        if name.endswith("Tensor"):
            return _from_values(reader, [sizes])
    read = for_a_size(reader, tuple(sizes))
    if any(not isinstance(size, int) for size in read):
        return Unknown()
    return reader.bench.constant(read)


def _from_values(reader: Any, args: list[Any]) -> Any:
    if isinstance(args[0], Value | Ref):
        return args[0]
    shape: list[int] = []
    value = args[0]
    while isinstance(value, list | tuple):
        shape.append(len(value))
        value = value[0] if value else None
    return Unknown() if isinstance(value, Unknown | None) else reader.bench.constant(shape)


def _counting(reader: Any, name: str, args: list[Any], kwargs: Mapping[str, Any]) -> Any:
    sizes = [reader.size_of(arg) for arg in args if not isinstance(arg, float)]
    if name == "randint":
        return _from_sizes(reader, name, [kwargs.get("size", args[-1])], {})
    if None in sizes or not sizes:
        return Unknown()
    if name == "arange" or name == "range":
        start, stop, step = (0, sizes[0], 1) if len(sizes) == 1 else (*sizes, 1)[:3]
        return reader.bench.constant([(stop - start + step - 1) // step])
    if name == "eye":
        return reader.bench.constant([sizes[0], sizes[-1]])
    return reader.bench.constant([sizes[-1]])


# Tensors


def tensor_attribute(reader: Any, owner: Value | Ref, name: str) -> Any:
    """An attribute of a tensor."""
    if name == "shape":
        return tuple(reader.bench.shape_of(owner))
    if name in ("T", "mT"):
        return reader.bench.function("transpose", (owner, -2, -1), {})
    if name == "ndim":
        return len(reader.bench.shape_of(owner))
    if name in ("device", "dtype", "grad", "requires_grad", "is_cuda"):
        return Unknown()
    return owner if name == "data" else Bound(owner, name)


def tensor_method(
    reader: Any, node: Any, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """A method of a tensor."""
    shape = reader.bench.shape_of(owner)
    if name == "size":
        return shape[args[0]] if args else tuple(shape)
    if name in ("dim", "ndimension"):
        return len(shape)
    if name in ("numel", "nelement"):
        return math.prod(shape)
    if name == "item":
        return Unknown()
    if name in _NO_CHANGE:
        return owner
    if name.startswith("new_"):
        kind = name.removeprefix("new_")
        return _from_sizes(reader, kind if kind in _FROM_SIZES else "zeros", args, kwargs)
    if name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
        if name not in FUNCTIONS:
            return owner
    return _lowered(reader, name, [owner, *args], kwargs)
