"""A module of torch, taken apart: its layers with weights, what they give, what they multiply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from archcalc.frameworks.records import TORCH
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.unroll import Unrolled
from archcalc.symbolic.errors import FrameworkError, shorten
from archcalc.testing.matching.parts import ITSELF, Built, Owners, Ran, Weights
from archcalc.testing.matching.reading import read_torch
from archcalc.testing.matching.stacks import is_recurrent, is_stack, stack_parts
from archcalc.testing.matching.watching import Watch
from archcalc.testing.oracles import BATCH, shapes_of, weights_in_torch

__all__ = ["input_kinds", "made_whole", "run_torch", "torch_parts"]


def is_module(model: object) -> bool:
    """Whether `model` is a module of torch; torch is not loaded to find out."""
    return any(cls.__module__ == "torch.nn.modules.module" for cls in type(model).__mro__)


def _names(layer: type[Layer]) -> set[str]:
    """torch's and our own classes that a layer is there."""
    entry = TORCH.entry(layer)
    return {name.removeprefix(".") for name in entry.classes()} if entry else set()


def _wholes(made: Unrolled) -> set[str]:
    """The classes that stand for a layer of ours as a whole: layers, and networks that are there.

    A transformer of torch is taken apart, unless the network has one too.
    """
    there = {type(call.layer) for call in made.calls}
    kinds = there | {kind for kind in TORCH if not issubclass(kind, Network)}
    return {name for kind in kinds for name in _names(kind)}


Inputs: TypeAlias = tuple[tuple[int, ...], ...]
"""The shape of every input, without the batch."""


def torch_parts(
    module: Any, made: Unrolled, input_shape: Sequence[Sequence[int]] | None
) -> tuple[list[Built], Ran]:
    """The layers of a module that own weights, in the order of their calls, and how it ran."""
    ours = tuple(tuple(map(int, x)) for x in made.inputs)
    tries = [ours, tuple(map(_channels_first, ours))]
    if input_shape is not None:
        tries = [tuple(tuple(x) for x in input_shape)]
    kinds = input_kinds(made)
    module = made_whole(module, tries, kinds)
    wholes = _wholes(made)
    own = _is_ours(module)
    owners = _called(module) if own else _owners(module, wholes)
    ran = _run(module, owners, tries, kinds)
    places = {name: i for i, name in enumerate(owners if own else ran.order)}
    names = sorted(owners, key=lambda name: places.get(name, len(places)))
    first = Owners()
    built = [_built(name, owners[name][1], ran, wholes, own, first) for name in names]
    return [part for whole in built for part in _layers_of(whole, owners, ran)], ran


def _layers_of(whole: Built, owners: Mapping[str, Any], ran: Ran) -> list[Built]:
    """A recurrent module as the layers of ours that it stacks; everything else as it is."""
    core = owners["" if whole.name == ITSELF else whole.name][1]
    if is_recurrent(core) or type(core).__name__ == "MultiheadAttention":
        first = None if whole.outputs is None else whole.outputs[:1]
        # the batch comes second in states, and in all where it is not first; scores may be a mean
        whole = replace(whole, outputs=first if getattr(core, "batch_first", True) else None)
    return stack_parts(whole, core, ran) if is_stack(core) else [whole]


def _owners(module: Any, wholes: set[str]) -> dict[str, tuple[Any, Any]]:
    """What owns weights: by name, the module that gives the result, and the one with the weights.

    What archcalc builds around torch's class (`torch_layers`) has that class as its ``core``.
    """
    found: dict[str, tuple[Any, Any]] = {}
    pending = [("", module)]
    while pending:
        name, here = pending.pop(0)
        core = getattr(here, "core", None)
        if type(here).__name__ in wholes and _state(here):
            found[name] = (here, here)
        elif type(here).__name__ == "Sequential" and core is not None:
            if _state(core):
                found[name] = (here, core)
        else:
            if any("." not in key for key in _state(here)):
                found[name] = (here, here)
            pending = [
                *((f"{name}.{key}".lstrip("."), part) for key, part in here.named_children()),
                *pending,
            ]
    return found


def _is_ours(module: Any) -> bool:
    """Whether archcalc built a module from a network: it then knows what it calls."""
    return type(module).__module__ == "archcalc.frameworks.torch_modules.net"


def _called(module: Any) -> dict[str, tuple[Any, Any]]:
    """What owns weights in a module that archcalc built."""
    parts = {name: module.get_submodule(name) for name, _ in module.calls}
    return {
        name: (part, getattr(part, "core", part)) for name, part in parts.items() if _state(part)
    }


_BATCHES = "num_batches_tracked"


def _state(module: Any) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter and buffer; torch's count of batches is no weight."""
    return {
        name: tuple(value.shape)
        for name, value in module.state_dict().items()
        if name.rpartition(".")[2] != _BATCHES
    }


def _built(name: str, core: Any, ran: Ran, wholes: set[str], own: bool, owners: Owners) -> Built:
    """What `core` owns; where archcalc built it, it is a layer of ours, whatever its class."""
    outputs, flops = ran.seen.get(name, (None, None))
    kind = type(core).__name__
    alone = own or kind in wholes or not list(core.children())

    def ours(applied: Applied) -> Weights | None:
        layer = applied.layer
        if not own and kind not in _names(type(layer)):
            return None
        return weights_in_torch(core, layer)

    raw = _state(core)
    if not alone:
        raw = {name: shape for name, shape in raw.items() if "." not in name}
    macs = flops // (2 * BATCH) if alone and flops is not None else None
    called = name or ITSELF
    tensors = core.state_dict(keep_vars=True)
    parameters = {key: value for key, value in core.named_parameters() if key in raw}
    return Built(
        called,
        kind,
        raw,
        outputs if alone else None,
        macs,
        ours,
        tied=owners.tied(called, ((key, tensors[key]) for key in raw)),
        trained=own or kind in wholes or not raw.keys().isdisjoint(dict(core.named_parameters())),
        read=read_torch(core),
        learns={key: bool(value.requires_grad) for key, value in parameters.items()},
        unused=_is_unused(name, core, ran),
    )


def _is_unused(name: str, core: Any, ran: Ran) -> bool:
    """Whether a run to the end called no part of a module, and computed with none of its tensors.

    Its tensors may be another module's too, which then was called.
    """
    if ran.refused or name in ran.seen:
        return False
    inside = [*(f"{name}.{key}".lstrip(".") for key, _ in core.named_modules() if key)]
    return not ran.used & {f"{name}.{key}".lstrip(".") for key in core.state_dict()} and not any(
        key in ran.seen for key in inside
    )


def _run(
    module: Any, owners: Mapping[str, Any], tries: Sequence[Inputs], kinds: Sequence[str]
) -> Ran:
    """Forward on the meta device: nothing is computed, and nothing of the module is changed.

    Where it fails on every input, what was seen of the run that went furthest is kept.
    """
    refused: list[str] = []
    furthest = Ran()
    for attempt in dict.fromkeys(tries):
        ran = Ran()
        try:
            _forward(module, _zeros(attempt, kinds), owners, ran)
        except _FAILS as error:
            inside = f" in {ran.failed!r}" if ran.failed else ""
            shown = " and ".join(map(str, attempt))
            refused.append(f"{shown}{inside}: {shorten(str(error), 120)}")
            furthest = max(furthest, ran, key=lambda one: len(one.order))
        else:
            return ran
    furthest.refused = "; nor on ".join(refused)
    return furthest


_FAILS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, NotImplementedError)
"""What a module raises on an input that it does not take."""


def made_whole(module: Any, tries: Sequence[Inputs], kinds: Sequence[str]) -> Any:
    """A module whose weights all have shapes: a lazy one is run on the meta device, as a copy.

    Raises:
        FrameworkError: it does not run on these inputs.
    """
    if not _is_lazy(module):
        return module
    import torch

    refused: list[str] = []
    for attempt in dict.fromkeys(tries):
        copy = _copied(module)
        try:
            with _evaluating(copy), torch.no_grad(), torch.device("meta"):
                copy(*_zeros(attempt, kinds))
            return copy
        except _FAILS as error:
            refused.append(f"{' and '.join(map(str, attempt))}: {shorten(str(error), 120)}")
    raise FrameworkError(
        "the module has lazy parts, which have no shapes until it is run"
        + (f", and it does not run on {'; nor on '.join(refused)}" if refused else ""),
        code="not-built",
        hint="give input_shape=, or run it once on an input that it takes",
    )


def _copied(module: Any) -> Any:
    """A copy on the meta device; torch copies no tensor that has no shape yet."""
    from copy import deepcopy

    from torch.nn.parameter import Parameter, is_lazy

    memo: dict[int, Any] = {}
    for tensor in [*module.parameters(), *module.buffers()]:
        if is_lazy(tensor):
            lazy: Any = type(tensor)
            made = lazy(device="meta", dtype=tensor.dtype)
        else:
            made = tensor.detach().to("meta")
            if isinstance(tensor, Parameter):
                made = Parameter(made, requires_grad=tensor.requires_grad)
        memo[id(tensor)] = made
    return deepcopy(module, memo)


def _is_lazy(module: Any) -> bool:
    from torch.nn.parameter import is_lazy

    return any(map(is_lazy, [*module.parameters(), *module.buffers()]))


def run_torch(module: Any, shapes: Sequence[Sequence[int]]) -> Ran:
    """A module run on the meta device, on inputs of these shapes; on indices if on nothing else."""
    given = tuple(tuple(x) for x in shapes)
    ran = _run(module, {}, [given], ["numbers"] * len(given))
    if not ran.refused:
        return ran
    indexed = _run(module, {}, [given], ["indices"] * len(given))
    return ran if indexed.refused else indexed


def _channels_first(x: tuple[int, ...]) -> tuple[int, ...]:
    return (x[-1], *x[:-1]) if len(x) > 1 else x


def _zeros(shapes: Inputs, kinds: Sequence[str]) -> list[Any]:
    import torch

    types = {"numbers": torch.float32, "indices": torch.int64, "strings": torch.int64}
    return [
        torch.zeros(BATCH, *x, dtype=types[kind], device="meta")
        for x, kind in zip(shapes, kinds, strict=True)
    ]


def input_kinds(made: Unrolled) -> list[str]:
    """What each input holds: what the layers take that it feeds."""
    kinds = ["numbers"] * len(made.inputs)
    for call in made.calls:
        for place, source in enumerate(call.inputs):
            if source.call < 0 and call.layer.input_kind(place) != "numbers":
                kinds[-1 - source.call] = call.layer.input_kind(place)
    return kinds


def _forward(module: Any, inputs: list[Any], owners: Mapping[str, Any], ran: Ran) -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from archcalc.frameworks.importing.recording import held_once

    counter = FlopCounterMode(display=False)
    before: dict[str, int] = {}
    state = held_once(module)
    made = {id(value): value.detach().to("meta") for value in state.values()}
    there = {name: made[id(value)] for name, value in state.items()}
    watch = Watch(module, owners, ran, there)
    hooks = list(watch.hooks())
    for name, (part, _) in owners.items():

        def start(_: Any, args: Any, name: str = name) -> None:
            before[name] = counter.get_total_flops()

        def end(_: Any, args: Any, result: Any, name: str = name) -> None:
            if name not in ran.seen:
                flops = counter.get_total_flops() - before[name]
                ran.seen[name] = (shapes_of(_tensors(result)), flops)
                ran.order.append(name)

        hooks += [part.register_forward_pre_hook(start), part.register_forward_hook(end)]
    try:
        with _evaluating(module), watch.mode(), counter, torch.no_grad(), torch.device("meta"):
            result = torch.func.functional_call(module, there, tuple(inputs), tie_weights=False)
    finally:
        for hook in hooks:
            hook.remove()
    ran.outputs, ran.flops = shapes_of(_tensors(result)), counter.get_total_flops()


def _tensors(result: Any) -> list[Any]:
    """The tensors of what a module gives, however deep."""
    if isinstance(result, list | tuple):
        return [tensor for part in result for tensor in _tensors(part)]
    if isinstance(result, Mapping):
        return _tensors(list(result.values()))
    return [result] if hasattr(result, "shape") else []


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Without dropout, and each part afterwards as it was."""
    training = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, was in training:
            part.training = was
