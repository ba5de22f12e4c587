"""What a module of torch calls while it runs: parts, functions, and tensors of parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archcalc.layers.base import Layer
from archcalc.testing.matching.parts import Ran
from archcalc.testing.matching.reading import read_torch
from archcalc.testing.matching.steps import HARMLESS, Between, Step, group_of, named_function, plain

__all__ = ["Watch"]


class Watch:
    """Keeps in `ran` what happens between the layers that own weights.

    Args:
        module: what is run.
        owners: what owns weights, by name: the module that gives the result, and the one with the
            weights.
        ran: what is added to.
        state: the tensors that the run is given, by name.
    """

    def __init__(
        self, module: Any, owners: Mapping[str, Any], ran: Ran, state: Mapping[str, Any]
    ) -> None:
        self._module = module
        self._owners = owners
        self._ran = ran
        self._names = {id(tensor): name for name, tensor in state.items()}
        self._here = ran.between[""]
        self._stack: list[str] = []
        self._inside = 0

    def hooks(self) -> Iterator[Any]:
        """The hooks that watch; each can be removed."""
        cores = {id(core) for _, core in self._owners.values()}
        held = {id(p) for _, core in self._owners.values() for p in core.modules()} - cores
        around = {id(part) for part, _ in self._owners.values()}  # what is in it is seen
        for name, (part, _) in self._owners.items():
            yield part.register_forward_pre_hook(self._arriving(name))
        for name, part in self._module.named_modules():
            yield part.register_forward_pre_hook(self._entering(name))
            apart = id(part) in cores or (id(part) in held and not _is_open(part))
            known = None if apart or id(part) in around else read_torch(part)
            shut = (id(part) in cores and not _is_open(part)) or known is not None or _is_ours(part)
            yield part.register_forward_hook(self._leaving(name, part, known, shut))
            if shut:
                yield part.register_forward_pre_hook(self._shutting)

    def _arriving(self, name: str) -> Any:
        def hook(*_: Any) -> None:
            self._here = self._ran.between.setdefault(name, Between())

        return hook

    def _entering(self, name: str) -> Any:
        def hook(*_: Any) -> None:
            self._stack.append(name)
            self._ran.failed = name

        return hook

    def _shutting(self, *_: Any) -> None:
        self._inside += 1

    def _leaving(self, name: str, part: Any, known: Layer | None, shut: bool) -> Any:
        def hook(_: Any, args: Any, result: Any) -> None:
            self._stack.pop()
            self._ran.failed = self._stack[-1] if self._stack else ""
            self._inside -= shut
            if self._inside:
                return
            if known is not None:
                self._did(name, known, result)
            elif _is_ours(part) and type(part).__name__ not in _MOVING:
                self._here.opaque = self._here.opaque or not _weighs(part)
            self._here.pads = self._here.pads or type(part).__name__ == "Pad"

        return hook

    def _did(self, name: str, known: Layer, result: Any) -> None:
        made = plain(known)
        if "Padding" in type(known).__name__:
            self._here.pads = True
        if made is not None and group_of(made):
            shape = tuple(getattr(result, "shape", ()))[1:]
            output = tuple(sorted(int(dim) for dim in shape if dim != 1))
            self._here.steps.append(Step(name, made, output=output))

    def mode(self) -> Any:
        """The context in which functions are seen."""
        from torch.overrides import TorchFunctionMode

        watch = self

        class Mode(TorchFunctionMode):  # type: ignore[misc]
            def __torch_function__(
                self, function: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                result = function(*args, **(kwargs or {}))
                watch.function(getattr(function, "__name__", ""), args, kwargs or {}, result)
                return result

        return Mode()

    def function(self, name: str, args: Any, kwargs: Mapping[str, Any], result: Any) -> None:
        """Keep what a function was called with."""
        if not self._inside:
            given = [*args, *kwargs.values()]
            self._ran.used |= {self._names[id(x)] for x in given if id(x) in self._names}
            self._step(name, args, kwargs, result)

    def _step(self, name: str, args: Any, kwargs: Mapping[str, Any], result: Any) -> None:
        step = named_function(name, _arguments(name, args, kwargs))
        if step is not None:
            self._here.steps.append(step)
        elif name == "pad":
            self._here.pads = True
        elif name not in HARMLESS and hasattr(result, "shape") and result.dtype.is_floating_point:
            self._here.opaque = True


def _arguments(name: str, args: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a function by name, as ``torch.nn.functional`` calls them."""
    names = _BY_PLACE.get(name, ())
    return {**dict(zip(names, args[1:], strict=False)), **kwargs}


_POOL = ("kernel_size", "stride", "padding")
_BY_PLACE: Mapping[str, tuple[str, ...]] = {
    **{f"max_pool{n}d": (*_POOL, "dilation", "ceil_mode") for n in (1, 2, 3)},
    **{f"avg_pool{n}d": (*_POOL, "ceil_mode", "count_include_pad") for n in (1, 2, 3)},
    **{f"adaptive_{how}_pool{n}d": ("output_size",) for how in ("avg", "max") for n in (1, 2, 3)},
    "dropout": ("p",),
    "softmax": ("dim",),
    "log_softmax": ("dim",),
    "leaky_relu": ("negative_slope",),
    "elu": ("alpha",),
}
"""Arguments after the input, in the order in which functions take them."""

_MOVING = ("Each", "Net", "Pad", "Permute", "RepeatVector", "Reshape")
"""Modules that archcalc brings and that only move numbers, or call others."""


def _is_ours(part: Any) -> bool:
    return type(part).__module__.startswith("archcalc.") and type(part).__name__ != "Net"


def _is_open(part: Any) -> bool:
    """Whether what happens inside of a module is to be seen: whether it is none of torch's own."""
    return not type(part).__module__.startswith(("torch.nn.", "archcalc.")) or type(
        part
    ).__name__ in ("Net", "Sequential", "ModuleList", "ModuleDict")


def _weighs(part: Any) -> bool:
    return bool(part.state_dict())
