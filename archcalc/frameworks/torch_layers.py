"""One layer as a torch module: its entry in the table, and what has to stand around it.

Inside, channels come first, padding is the same before and after, and there is no activation; what
the layer asks for beyond that becomes steps before and after the core.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

from torch import nn

from archcalc.frameworks import torch_modules as modules
from archcalc.frameworks.axis_order import spelt
from archcalc.frameworks.lookup import (
    arguments_of,
    class_of,
    entry_of,
    frozen_names,
    is_whole,
)
from archcalc.frameworks.origin import with_origin
from archcalc.frameworks.record import Entry, Tensor
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.torch_adapters import narrow_pair
from archcalc.frameworks.torch_cores import core_named
from archcalc.frameworks.torch_cores.base import Parts, made, torch_class
from archcalc.layers.adapters import LoRA
from archcalc.layers.applied import Applied
from archcalc.layers.axes import axis_index, axis_indices
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.experts import Experts
from archcalc.network.ties import TiedWeight
from archcalc.network.unroll import Call, Source, Unrolled, unroll
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["net", "torch_module"]


Built: TypeAlias = dict[int, nn.Module]
"""The modules that were built of layers, by the identity of each: one is there once."""


def torch_module(
    applied: Applied, built: Built | None = None, identity: int | None = None
) -> nn.Module:
    """The module of a layer; its weights are in itself, or in its part ``core``.

    Args:
        applied: the layer on its input shapes.
        built: the modules that there are already; what is built is added.
        identity: by what it stands there: the identity of the layer, where `applied` has another.

    Raises:
        FrameworkError: torch has not got this layer.
    """
    built = {} if built is None else built
    key = id(applied.layer) if identity is None else identity
    if key not in built:
        built[key] = _built(applied, built)
    elif not applied.layer.trainable:  # frozen here, and not where it was built
        built[key].requires_grad_(False)
    return built[key]


def _built(applied: Applied, built: Built) -> nn.Module:
    layer, x = applied.layer, (*applied.inputs, Shape())[0]
    entry = entry_of(TORCH, layer)
    _check_kept(layer)
    if isinstance(layer, Network):
        return _finished(_holding(entry, layer, applied.inputs, built), layer)
    if isinstance(layer, LoRA):
        return _finished(_adapted(layer, applied.inputs), layer)
    order = _order(entry, layer, x)
    moved = order != tuple(range(len(x)))
    parts = _core(entry, _channels_first(layer), Shape(x[axis] for axis in order), applied)
    if moved:
        parts.insert(0, ("first", modules.Permute([axis + 1 for axis in order])))
    if moved and len(applied.output) == len(x):
        back = [order.index(axis) + 1 for axis in range(len(x))]
        turned = modules.Permute(back)
        parts.append(("last", modules.Each(turned) if len(applied.outputs) > 1 else turned))
    function = getattr(layer, "activation", None) if "activation" in entry.applied_outside else None
    if function not in (None, "linear"):
        parts.append(("activation", modules.activation(function)))
    module = parts[0][1] if len(parts) == 1 else nn.Sequential(OrderedDict(parts))
    return _finished(module, layer)


def _check_kept(layer: Layer) -> None:
    """Refuse what Keras computes by an argument that torch's modules have not got.

    How weights begin, what holds them small and how steps are run is no part of a module there.
    """
    for name, value in layer.kept.items():
        if name in _COMPUTED and value not in _COMPUTED[name]:
            raise FrameworkError(
                f"{type(layer).__name__}: {name}={value!r}: torch's modules have no such argument",
                code="not-in-torch",
                values={"layer": layer},
                hint=f"leave {name} out",
            )


_COMPUTED: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "arguments": (None,),
        "data_format": (None, "channels_last"),
        "dropout": (0,),
        "mask": (None,),
        "mask_zero": (False,),
        "noise_shape": (None,),
        "recurrent_dropout": (0,),
        "rms_scaling": (False,),
        "renorm_clipping": (None,),
        "zero_output_for_mask": (False,),
    }
)
"""Kept arguments that say what is computed, and the values at which they change nothing."""


def _finished(module: nn.Module, layer: Layer) -> nn.Module:
    """Trained or not, and with its origin where its class and arguments do not say all of it."""
    if not layer.trainable:
        module = module.requires_grad_(False)
    elif layer.frozen:
        _freeze(module, layer)
    own = type(module).__module__.startswith("torch.") and type(module) is not nn.Sequential
    return module if own else with_origin(module, layer)


def _freeze(module: nn.Module, layer: Layer) -> None:
    """Keep those of a module's parameters as they are that are frozen weights of `layer`.

    Raises:
        FrameworkError: torch has a frozen weight and another that is not in one parameter.
    """
    kept: dict[str, bool] = {}
    for tensor in entry_of(TORCH, layer).tensors:
        frozen = tensor.ours in layer.frozen
        kept[tensor.theirs] = kept.get(tensor.theirs, True) and frozen
    for name, parameter in module.named_parameters():
        if kept.get(name.removeprefix("core."), False):
            parameter.requires_grad_(False)
    trained = {name.removeprefix("core."): p.requires_grad for name, p in module.named_parameters()}
    if set(frozen_names(TORCH, layer, trained) or ()) != set(layer.frozen):
        raise FrameworkError(
            f"{type(layer).__name__}: torch cannot train the rest of it while it keeps "
            f"{', '.join(layer.frozen)} as they are",
            code="not-in-torch",
            values={"layer": layer},
            hint="freeze all that torch has in one tensor, or leave frozen out",
        )


def _holding(entry: Entry, layer: Any, inputs: tuple[Shape, ...], built: Built) -> nn.Module:
    """A network that torch has as one layer; the layers that it holds are arguments there.

    What it calls at every step may be called elsewhere too; of anything else it has copies.
    """
    x, known = inputs[0], built if layer.per_step else None
    arguments = arguments_of(entry, layer, x)
    for name, value in arguments.items():
        if isinstance(value, Layer):
            inside = layer.inside(*inputs)
            many = int(layer.count) if isinstance(layer, Experts) else 0
            experts = [_held(value, inside) for _ in range(many)]  # each begins by itself
            arguments[name] = experts or _held(value, inside, known)
    module: nn.Module = torch_class(class_of(entry, layer, x))(**arguments)
    return module


def _held(layer: Layer, inputs: tuple[Shape, ...], built: Built | None = None) -> nn.Module:
    inputs = inputs[: layer.arity[1]]  # a norm after a decoder takes the target alone
    if isinstance(layer, Network) and not is_whole(TORCH, layer):
        return net(unroll(layer, list(inputs), partial(is_whole, TORCH)), built)
    return torch_module(Applied(layer, inputs), built)


def _adapted(layer: LoRA, inputs: tuple[Shape, ...]) -> nn.Module:
    """A frozen module with a narrow pair beside it, before its activation."""
    held: Any = layer.layer
    function = getattr(held, "activation", None)
    narrow, wide = narrow_pair(layer)
    if function is not None:
        held = held.model_copy(update={"activation": None})
    whole, down = (torch_module(Applied(part, inputs)) for part in (held, narrow))
    up = torch_module(Applied(wide, (narrow.output_shape(*inputs),)))
    after = None if function in (None, "linear") else modules.activation(function)
    table = type(held).__name__ == "Embedding"
    return modules.LoRA(whole, down, up, after, table, layer.bias)


# Where torch wants the axes


def _order(entry: Entry, layer: Any, x: Shape) -> tuple[int, ...]:
    """The axes of the input in the order in which torch's class takes them."""
    everything = tuple(range(len(x)))
    if layer.arity != (1, 1):
        return everything
    if entry.order == "axis last":
        last = sorted(axis_indices(layer.axis, x))
        return (*[axis for axis in everything if axis not in last], *last)
    if entry.order == "axis first":
        first = axis_index(layer.axis, x)
    elif entry.order == "features first" or _channels_last(layer):
        first = len(x) - 1
    else:
        return everything
    return (first, *[axis for axis in everything if axis != first])


def _channels_last(layer: Layer) -> bool:
    fields = type(layer).model_fields  # Flatten keeps an argument of this name for Keras alone
    return "data_format" in fields and getattr(layer, "data_format", "") == "channels_last"


def _channels_first(layer: Layer) -> Layer:
    if "data_format" not in type(layer).model_fields:
        return layer
    return layer.model_copy(update={"data_format": "channels_first"})


def _core(entry: Entry, layer: Any, x: Shape, applied: Applied) -> Parts:
    own = entry.core
    return core_named(own)(layer, x, applied) if own else [("core", made(layer, x))]


# Networks


def net(made: Unrolled, known: Built | None = None) -> nn.Module:
    """The module of a program; its submodules are named by the paths of the calls.

    Args:
        made: the program.
        known: the modules that there are already, of layers that it shares with others.
    """
    names: dict[int, str] = {}
    built: dict[tuple[int, ...], Built] = {} if known is None else {(): known}
    root = modules.Net((), made.outputs)
    calls: list[tuple[str, tuple[Source, ...]]] = []
    for number, call in enumerate(made.calls):
        if call.owner == number:
            try:
                module = torch_module(call.applied, built.setdefault(call.copy, {}), call.identity)
            except ArchcalcError as error:
                raise error.at(call.path) from None
            names[number] = _place(root, call.path, module)
        calls.append((names[call.owner], call.inputs))
    for call, (name, _) in zip(made.calls, calls, strict=True):
        for tie, owner in call.ties:
            theirs = made.calls[owner]
            given = root.get_submodule(names[theirs.owner])
            _tie(tie, (root.get_submodule(name), call), (given, theirs))
    root.calls = tuple(calls)
    return root


def _tie(tie: TiedWeight, own: tuple[nn.Module, Call], owner: tuple[nn.Module, Call]) -> None:
    """Let the parameter of a module be that of another.

    Raises:
        FrameworkError: torch lays out the two in different orders.
    """
    mine, theirs = _tensor(own[1], tie.weight), _tensor(owner[1], tie.of)
    (module, name), (given, known) = _held_by(own[0], mine), _held_by(owner[0], theirs)
    one = _one_tensor(mine, theirs, tie.transposed)
    if not (one and hasattr(module, name) and hasattr(given, known)):
        raise FrameworkError(
            f"torch lays out {tie.weight} unlike {tie}, so that one parameter cannot be both",
            code="tied-weights",
            path=own[1].path,
            hint="tie weights that torch keeps in one order, such as a Dense and an Embedding",
        )
    setattr(module, name, getattr(given, known))


def _one_tensor(mine: Tensor, theirs: Tensor, transposed: bool) -> bool:
    """Whether torch's two tensors have their axes in one order."""
    facts = [(spelt(t.order), t.split, t.part, t.row, t.gates) for t in (mine, theirs)]
    if facts[0] == facts[1]:
        return not (transposed or mine.part or mine.row)
    turns = [mine.turned, theirs.turned]
    return None not in turns and (sum(map(bool, turns)) + transposed) % 2 == 0


def _tensor(call: Call, weight: str) -> Tensor:
    entry = entry_of(TORCH, call.layer)
    return next(tensor for tensor in entry.tensors if tensor.ours == weight)


def _held_by(module: nn.Module, tensor: Tensor) -> tuple[nn.Module, str]:
    """The part of a module that has a tensor, and what it calls it."""
    inside = getattr(module, "core", module)
    path, _, name = tensor.theirs.rpartition(".")
    return inside.get_submodule(path), name


def _place(root: nn.Module, path: str, module: nn.Module) -> str:
    """Put `module` at `path` below `root`; its name there."""
    parts = [re.sub(r"\.", "_", part) or "_" for part in path.split("/")]
    here, name = root, []
    for part in parts[:-1]:
        free = _free(here, part) if not isinstance(getattr(here, part, None), nn.Module) else part
        if not hasattr(here, free):
            here.add_module(free, nn.Module())
        here = getattr(here, free)
        name.append(free)
    last = _free(here, parts[-1])
    here.add_module(last, module)
    return ".".join([*name, last])


def _free(module: nn.Module, name: str) -> str:
    """`name`, with underscores after it as long as the module has something of that name."""
    while hasattr(module, name):
        name += "_"
    return name
