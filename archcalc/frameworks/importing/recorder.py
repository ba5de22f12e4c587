"""What records a run: modules through hooks, functions through torch's function mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import get_ident
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from archcalc.frameworks.importing.answers import answered, within_layer
from archcalc.frameworks.importing.graph import Call, Made, Ref, Scope
from archcalc.frameworks.importing.nests import mapped, tensors_in
from archcalc.frameworks.importing.restoring import WrittenTensors
from archcalc.frameworks.importing.worlds import BATCH, World, as_sizes

__all__ = ["NeedsDataError", "Recorder"]

_MOST_POSITIONS = 64
"""How often one position of the batch may be taken before it counts as a loop over samples."""

_QUESTIONS = frozenset(
    ("size", "dim", "stride", "is_floating_point", "is_complex", "device", "shape", "numel",
     "dtype", "ndim", "__len__", "requires_grad", "is_meta", "is_cuda", "layout", "dim_order")
)  # fmt: skip
"""What gives no tensor."""

_OF_NO_ACCOUNT = _QUESTIONS | frozenset(
    ("__set__", "grad", "_assert", "item", "tolist", "new_zeros", "new_ones", "new_full",
     "new_empty", "new_tensor", "requires_grad_", "zeros_like", "ones_like", "full_like",
     "empty_like", "rand_like", "randn_like")
)  # fmt: skip
"""What gives a tensor, if it gives one, that depends on no numbers of another."""


_MADE_OF_PRODUCTS = frozenset(
    ("linear", "matmul", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
     "conv_transpose3d", "einsum", "bilinear", "tensordot", "scaled_dot_product_attention")
)  # fmt: skip
"""Operators of torch that its counter counts by the products they are made of."""


class NeedsDataError(RuntimeError):
    """The model looks at the numbers of a tensor, or at its samples one by one."""


class Counter(TorchDispatchMode):  # type: ignore[misc]  # torch has no types here
    """What torch's own counter counts since it was last set to 0, and operators that no function
    called.

    Args:
        unseen: told of every operator: its name, arguments and what it made.
        written: told of every operator that writes into tensors, before it does.
    """

    def __init__(
        self, unseen: Callable[[str, Any, Any, Any], None], written: Callable[[Any, Any, Any], None]
    ) -> None:
        super().__init__()
        self.flops: Any = 0
        self._unseen = unseen
        self._written = written

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        packet = func._overloadpacket
        if packet.__name__ in _MADE_OF_PRODUCTS:
            with self:  # as torch's counter does
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        if func._schema.is_mutable:
            self._written(func, args, kwargs)
        made = func(*args, **kwargs)
        count = flop_registry.get(packet)
        if count is not None:
            self.flops += count(*args, **kwargs, out_val=made)
        self._unseen(packet.__name__, args, kwargs, made)
        return made


class Recorder(TorchFunctionMode):  # type: ignore[misc]  # torch has no types here
    """A run while it lasts.

    Args:
        module: the model.
        is_layer: whether a module is one call.
        held: its weights, by every name.
        parameters: which of them are parameters.
        world: where it runs.
    """

    def __init__(
        self, module: nn.Module, is_layer: Callable[[nn.Module], bool],
        held: Mapping[str, Tensor], parameters: set[str], world: World,
    ) -> None:  # fmt: skip
        super().__init__()
        self.made: list[Made] = []
        self.root = Scope("", module)
        self.world = world
        self.written = WrittenTensors()
        self.counter = Counter(self._operator, self.written.before)
        self._is_layer = is_layer
        self._kept: list[Tensor] = []  # so that no identity is given twice
        self._numbers: dict[int, int] = {}
        self._names = {id(part): name for name, part in module.named_modules()}
        self._weights = {id(weight): name for name, weight in reversed(list(held.items()))}
        self._learned = {n for n, w in held.items() if w.requires_grad and n in parameters}
        self._parameters = parameters
        self._open: list[Scope] = []
        self._entered_with: list[tuple[Any, Any]] = []
        self._inside: list[nn.Module] = []  # the layer that is running, whose inside is its own
        self._busy = False  # a function runs, whose operators are its own
        self._asked = 0
        self._positions: dict[int, int] = {}
        self._real: dict[int, tuple[Tensor, Tensor]] = {}
        self._whole: set[str] = set()
        self._thread = get_ident()

    # Tensors

    def add(self, tensor: Tensor, kind: Any) -> int:
        """A new tensor, or one that was changed in place; its number."""
        name = self._weights.get(id(tensor), "") if kind != "input" else ""
        if name and kind == "constant":
            kind = "parameter" if name in self._parameters else "buffer"
        shape = as_sizes(tensor.shape, self.world)
        self.made.append(Made(shape, kind, name, name in self._learned))
        self._kept.append(tensor)
        self._numbers[id(tensor)] = len(self.made) - 1
        return len(self.made) - 1

    def number(self, tensor: Tensor) -> int:
        """Which tensor this is; one that nothing recorded has made is a constant, or a weight."""
        known = self._numbers.get(id(tensor))
        return self.add(tensor, "constant") if known is None else known

    def tensor(self, number: int) -> Tensor:
        """A tensor by its number."""
        return self._kept[number]

    def open_ends(self) -> list[int]:
        """The tensors that calls or the model's call made and that nothing took yet."""
        taken = {n for call in self.root.calls() for n in call.inputs()}
        last = [n for n, made in enumerate(self.made) if made.kind in ("made", "input")]
        return [n for n in last if n not in taken] or last[-1:]

    def _refs(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return Ref(self.number(value))
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, torch.SymInt):
            return self.world.size(value)
        if isinstance(value, Mapping):
            return {key: self._refs(held) for key, held in value.items()}
        if isinstance(value, list | tuple):
            return tuple(self._refs(held) for held in value)
        if isinstance(value, slice):
            return slice(*map(self._refs, (value.start, value.stop, value.step)))
        return value

    # Modules

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """While this lasts, modules tell that they are called."""
        handles = (
            register_module_forward_pre_hook(self._entered),
            register_module_forward_hook(self._left, with_kwargs=True),
        )
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def place(self) -> str:
        """The innermost module that has not come to its end."""
        if self._inside:
            return self._path(self._inside[0])
        return self._open[-1].path if self._open else ""

    def entered_with(self, place: str) -> Any:
        """What an open module was called with."""
        if self._inside and self._path(self._inside[0]) == place:
            return self._entered_with[-1]
        return self._entered_with[[scope.path for scope in self._open].index(place)]

    def instead(self, place: str, tail: Any) -> Callable[..., Any]:
        """A `forward` that gives what a module gave when it was run for real."""

        def forward(*args: Any, **kwargs: Any) -> Any:
            made = tail.empty(self.world)
            self.counter.flops = tail.flops
            return made

        self._whole.add(place)
        return forward

    def _entered(self, module: nn.Module, args: Any) -> None:
        if get_ident() != self._thread:  # another model that runs meanwhile
            return
        if self._inside:
            self._inside.append(module)
            return
        scope = Scope(self._path(module), module) if self._open else self.root
        self._entered_with.append((args, {}))
        if scope is self.root:
            self._open.append(scope)
        if scope.path in self._whole or self._is_layer(module):
            self.counter.flops = 0
            self._asked = self.world.asked()
            self._inside.append(module)
        elif scope is not self.root:
            self._open[-1].inside.append(scope)
            self._open.append(scope)

    def _left(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if get_ident() != self._thread:
            return
        if not self._inside:
            self._open.pop()
            self._entered_with.pop()
            return
        self._inside.pop()
        if not self._inside:
            self._entered_with.pop()
            self.world.not_of_the_model(self._asked)
            self._busy = True  # what is asked of tensors here is no call of the model's
            try:
                with torch._C.DisableTorchFunction():
                    self._write(module, args, kwargs, output, self._path(module))
            finally:
                self._busy = False

    def _path(self, module: nn.Module) -> str:
        return str(self._names.get(id(module), type(module).__name__))

    # Functions

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._inside:
            return within_layer(func, args, kwargs, self.world.plain)
        if self._busy or not self._open:
            return func(*args, **kwargs)
        name = _name_of(func)
        if name in _QUESTIONS and self.world.plain:
            return func(*args, **kwargs)
        given = tensors_in((args, kwargs))
        if self.world.plain and len({x.is_meta for x in given}) > 1:
            args, kwargs = self._without_data(args, kwargs)
            given = tensors_in((args, kwargs))
        self._check_samples(name, args, kwargs)
        self.counter.flops, self._busy = 0, True
        asked = self.world.asked()
        try:
            made = answered(func, args, kwargs) if not self.world.plain else None
            if made is None:
                made = func(*args, **kwargs)
        finally:
            self._busy = False
            if name != "_assert":  # which is the model's own
                self.world.not_of_the_model(asked)
        made = self._simple(made, given)
        if name == "__setitem__":
            if self._matters(given):
                self._changed(args[0], name, args, kwargs)
        elif name not in _OF_NO_ACCOUNT and tensors_in(made) and self._matters(given):
            if name.endswith("_") and not name.endswith("__") and made is args[0]:
                self._changed(args[0], name.removesuffix("_"), args, kwargs)
            elif made is given[0] and name.startswith("__i"):
                self._changed(made, name, args, kwargs)
            else:
                self._write(name, args, kwargs, made)
        return made

    def _simple(self, made: Any, given: Sequence[Tensor]) -> Any:
        """What a function made, its sizes in few words; what it was given stays what it is."""
        if self.world.plain:
            return made
        old = {id(tensor) for tensor in given}

        def simple(x: Tensor) -> Tensor:
            return x if id(x) in old or id(x) in self._numbers else self.world.simple(x)

        with torch._C.DisableTorchFunction():
            return mapped(made, Tensor, simple)

    def _without_data(self, args: Any, kwargs: Any) -> Any:
        """Real tensors that a model holds as plain attributes, as tensors without data."""

        def moved(tensor: Tensor) -> Tensor:
            if tensor.is_meta:
                return tensor
            if id(tensor) not in self._real:
                self._real[id(tensor)] = tensor, self.world.own(tensor)
            return self._real[id(tensor)][1]

        return mapped(args, Tensor, moved), mapped(kwargs, Tensor, moved)

    def _check_samples(self, name: str, args: Any, kwargs: Mapping[str, Any]) -> None:
        """Refuse a loop over the samples, which would have as many turns as the batch is long.

        Raises:
            NeedsDataError: there is one.
        """
        if name in ("__iter__", "unbind") and args and isinstance(args[0], Tensor) and args[0].ndim:
            axis = args[1] if len(args) > 1 else kwargs.get("dim", 0)
            if int(args[0].shape[axis]) % BATCH == 0:
                raise NeedsDataError("the model takes its samples one by one")
        elif name == "__getitem__":  # one position at a time
            first = args[1][0] if isinstance(args[1], tuple) and args[1] else args[1]
            if isinstance(first, int) and not isinstance(first, bool):
                place = id(args[0])
                self._positions[place] = self._positions.get(place, 0) + 1
                many = self._positions[place] > _MOST_POSITIONS
                if many and int(args[0].shape[0]) % BATCH == 0:
                    raise NeedsDataError("the model takes its samples one by one")

    def _operator(self, name: str, args: Any, kwargs: Any, made: Any) -> None:
        """An operator that no function of torch's called: one of another library."""
        if self._busy or self._inside or not self._open or name == "detach":
            return
        given = tensors_in((args, kwargs))
        if given and tensors_in(made) and self._matters(given):
            self._write(name, args, kwargs, made)

    def _matters(self, given: Sequence[Tensor]) -> bool:
        """Whether an input or a weight goes in: anything else gives a constant."""
        return any(self.made[self.number(x)].kind != "constant" for x in given)

    def _changed(self, tensor: Tensor, name: str, args: Any, kwargs: Any) -> None:
        """A tensor that was changed in place is another one from here on."""
        given, named = self._refs(args), self._refs(kwargs)
        self._open[-1].inside.append(Call(name, given, named, (self.add(tensor, "made"),)))

    def _write(self, what: Any, args: Any, kwargs: Any, made: Any, path: str = "") -> None:
        outputs = tensors_in(made)
        if not path and all(id(tensor) in self._numbers for tensor in outputs):
            return  # a function that gave back what it was given
        given, named = self._refs(args), self._refs(kwargs)
        numbers = tuple(self.add(tensor, "made") for tensor in outputs)
        flops = self.world.size(self.counter.flops)
        self._open[-1].inside.append(Call(what, given, named, numbers, path, flops))


@lru_cache(maxsize=4096)
def _name_of(func: Any) -> str:
    """The name of a function without its library; of a property, its own."""
    name = (resolve_name(func) or getattr(func, "__name__", "")).rpartition(".")[2]
    if name == "__get__":
        return str(getattr(getattr(func, "__self__", None), "__name__", "shape"))
    return "unfold_axis" if func is Tensor.unfold else str(name)
