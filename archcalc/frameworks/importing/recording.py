"""One run of a torch model on the meta device, written down call by call.

Nothing is computed and no memory is taken: the model's weights are replaced by tensors without data
for the length of the run.  A module that a record knows is one call, and its inside is not looked
at; between modules every function is seen, with its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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

from archcalc.frameworks.importing.batch import BATCH
from archcalc.frameworks.importing.graph import Call, Graph, Held, Made, Ref, Scope
from archcalc.symbolic.errors import FrameworkError, shorten

__all__ = ["BATCH", "held_once", "record"]

_OF_NO_ACCOUNT = frozenset(
    (
        *("__get__", "__set__", "size", "dim", "stride", "is_floating_point"),
        *("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor"),
        *("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like"),
    )
)
"""What gives a tensor, if it gives one, that depends on no numbers of another."""


def record(
    module: nn.Module, inputs: Sequence[Tensor], is_layer: Callable[[nn.Module], bool]
) -> Graph:
    """Run `module` once, and write down what is called.

    Args:
        module: the model; it is left as it was.
        inputs: tensors on the meta device, with a batch of `BATCH`.
        is_layer: whether a module is one call, so that its inside is not looked at.

    Raises:
        FrameworkError: the model does not run on these inputs without data.
    """
    held = _weights(module)
    names = _first_names(held)
    made_once = {name: _empty(held[name]) for name in dict.fromkeys(names.values())}
    empty = {name: made_once[first] for name, first in names.items()}
    recorder = _Recorder(module, is_layer, empty)
    started = [recorder.add(x, "input") for x in inputs]
    with _evaluating(module), recorder.hooked(), torch.no_grad(), torch.device("meta"):
        try:
            with recorder.counter, recorder:
                put = {name: empty[name] for name in held_once(module)}
                made = torch.func.functional_call(module, put, tuple(inputs), tie_weights=False)
        except Exception as error:
            raise _not_run(module, inputs, error) from error
    ends = [recorder.number(x) for x in _tensors(made)]
    if not ends:
        raise FrameworkError(
            f"{type(module).__name__} gives no tensor",
            code="not-read",
            values={"output": str(made)},
        )
    every = tuple(Held(n, tuple(w.shape), w.requires_grad) for n, w in made_once.items())
    return Graph(recorder.root, recorder.made, tuple(started), tuple(ends), BATCH, every, names)


def _weights(module: nn.Module) -> dict[str, Tensor]:
    """Every parameter and buffer, under each of its names."""
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def held_once(module: nn.Module) -> dict[str, Tensor]:
    """Every parameter and buffer in each of its places, under one name of the place.

    A module may have several names: put there under two of them, a tensor is not taken back by
    torch's ``functional_call``.
    """
    return {
        f"{name}.{key}".lstrip("."): tensor
        for name, part in module.named_modules()
        for key, tensor in (*part._parameters.items(), *part._buffers.items())
        if tensor is not None
    }


def _empty(weight: Tensor) -> Tensor:
    if isinstance(weight, nn.parameter.UninitializedTensorMixin):
        raise FrameworkError(
            "the model has lazy modules that have not seen an input",
            code="not-read",
            hint="call it once on real data before it is read",
        )
    made = torch.empty(weight.shape, dtype=weight.dtype, device="meta")
    return made.requires_grad_(weight.requires_grad)


def _first_names(held: Mapping[str, Tensor]) -> dict[str, str]:
    """The first name of each weight by every name that it has: a tied one has several."""
    first: dict[int, str] = {}
    return {name: first.setdefault(id(weight), name) for name, weight in held.items()}


def _not_run(module: nn.Module, inputs: Sequence[Tensor], error: Exception) -> FrameworkError:
    shapes = ", ".join(str(tuple(x.shape[1:])) for x in inputs)
    return FrameworkError(
        f"{type(module).__name__} does not run on an input of shape {shapes} without data: "
        f"{shorten(str(error), 300)}",
        code="not-read",
        values={"input": shapes},
        hint="check input_shape; a model that looks at the numbers of a tensor cannot be read",
    )


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [x for held in value.values() for x in _tensors(held)]
    return [x for held in value for x in _tensors(held)] if isinstance(value, list | tuple) else []


class _Counter(TorchDispatchMode):  # type: ignore[misc]  # torch has no types here
    """What torch's own counter counts, so far."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        count = flop_registry.get(func.overloadpacket)
        if count is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=made)
        return made


class _Recorder(TorchFunctionMode):  # type: ignore[misc]  # torch has no types here
    """Writes down modules through hooks, and functions through torch's function mode."""

    def __init__(
        self, module: nn.Module, is_layer: Callable[[nn.Module], bool], held: Mapping[str, Tensor]
    ) -> None:
        super().__init__()
        self.made: list[Made] = []
        self.root = Scope("", module)
        self._is_layer = is_layer
        self._kept: list[Tensor] = []  # so that no identity is given twice
        self._numbers: dict[int, int] = {}
        self._names = {id(part): name for name, part in module.named_modules()}
        self._weights = {id(weight): name for name, weight in reversed(list(held.items()))}
        self._learned = {name for name, w in held.items() if w.requires_grad}
        self._parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
        self._open: list[Scope] = []
        self.counter = _Counter()
        self._before = 0
        self._inside: list[nn.Module] = []  # the layer that is running, whose inside is its own

    # Tensors

    def add(self, tensor: Tensor, kind: Any) -> int:
        """A new tensor, or one that was changed in place."""
        name = self._weights.get(id(tensor), "") if kind != "input" else ""
        if name and kind == "constant":
            kind = "parameter" if name in self._parameters else "buffer"
        self.made.append(Made(tuple(tensor.shape), kind, name, name in self._learned))
        self._kept.append(tensor)
        self._numbers[id(tensor)] = len(self.made) - 1
        return len(self.made) - 1

    def number(self, tensor: Tensor) -> int:
        """Which tensor this is; one that nothing recorded has made is a constant, or a weight."""
        known = self._numbers.get(id(tensor))
        return self.add(tensor, "constant") if known is None else known

    def _refs(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return Ref(self.number(value))
        if isinstance(value, Mapping):
            return {key: self._refs(held) for key, held in value.items()}
        if isinstance(value, torch.Size):
            return tuple(value)
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

    def _entered(self, module: nn.Module, args: Any) -> None:
        if self._inside:
            self._inside.append(module)
        elif self._open and self._is_layer(module):
            self._before = self.counter.flops
            self._inside.append(module)
        elif not self._open:
            self._open.append(self.root)
            if self._is_layer(module):
                self._before = self.counter.flops
                self._inside.append(module)
        else:
            scope = Scope(self._path(module), module)
            self._open[-1].inside.append(scope)
            self._open.append(scope)

    def _left(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if not self._inside:
            self._open.pop()
            return
        self._inside.pop()
        if not self._inside:
            self._write(module, args, kwargs, output, self._path(module))

    def _path(self, module: nn.Module) -> str:
        return str(self._names.get(id(module), type(module).__name__))

    # Functions

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._inside or not self._open:
            return func(*args, **kwargs)
        self._before = self.counter.flops
        made = func(*args, **kwargs)
        name = (resolve_name(func) or getattr(func, "__name__", "")).rpartition(".")[2]
        if name == "__setitem__":
            if self._matters(args, kwargs):
                self._changed(args[0], name, args, kwargs)
        elif name not in _OF_NO_ACCOUNT and _tensors(made) and self._matters(args, kwargs):
            if name.endswith("_") and not name.endswith("__") and made is args[0]:
                self._changed(args[0], name.removesuffix("_"), args, kwargs)
            else:
                self._write(name, args, kwargs, made)
        return made

    def _matters(self, args: Any, kwargs: Any) -> bool:
        """Whether an input or a weight goes in: anything else gives a constant."""
        given = [self.made[self.number(x)] for x in _tensors((args, dict(kwargs)))]
        return any(x.kind != "constant" for x in given)

    def _changed(self, tensor: Tensor, name: str, args: Any, kwargs: Any) -> None:
        """A tensor that was changed in place is another one from here on."""
        given, named = self._refs(args), self._refs(kwargs)
        self._open[-1].inside.append(Call(name, given, named, (self.add(tensor, "made"),)))

    def _write(self, what: Any, args: Any, kwargs: Any, made: Any, path: str = "") -> None:
        outputs = _tensors(made)
        if not path and all(id(tensor) in self._numbers for tensor in outputs):
            return  # a function that gave back what it was given
        given, named = self._refs(args), self._refs(kwargs)
        numbers = tuple(self.add(tensor, "made") for tensor in outputs)
        flops = self.counter.flops - self._before
        self._open[-1].inside.append(Call(what, given, named, numbers, path, flops))
