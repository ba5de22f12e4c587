"""What a torch model is called with: shapes, or examples, in the places of tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from archcalc.symbolic.dims import as_expr
from archcalc.symbolic.errors import FrameworkError, shorten
from archcalc.symbolic.shape import Shape, as_shape
from archcalc.symbolic.symbols import symbol

__all__ = ["Asked", "Inputs", "read_inputs"]

_MOST_MIXTURES = 8
"""How many ways of floats and integers are tried where nothing says what the inputs hold."""


@dataclass(frozen=True)
class Asked:
    """A tensor that goes in.

    Attributes:
        shape: without the batch, numbers or symbols.
        dtype: what numbers it holds; ``None`` where that is not said.
        name: what the model calls it.
    """

    shape: Shape
    dtype: Any = None
    name: str = ""


@dataclass(frozen=True)
class Inputs:
    """A call of the model, with `Asked` in the places of tensors."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    @property
    def every(self) -> list[Asked]:
        """The tensors, in order."""
        return list(_asked((self.args, dict(self.kwargs))))

    def text(self) -> str:
        """Their shapes, for messages."""
        return ", ".join(str(tuple(one.shape)) for one in self.every)

    def tensors(
        self, world: Any, dtypes: Sequence[Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any], list[Tensor]]:
        """The arguments with tensors, those by name, and the tensors."""
        made = [world.input(one.shape, kind) for one, kind in zip(self.every, dtypes, strict=True)]
        rest = iter(made)
        return _filled(self.args, rest), _filled(dict(self.kwargs), rest), made

    def mixtures(self, module: nn.Module) -> Iterator[tuple[Any, ...]]:
        """What the tensors may hold, the likely first: the model's own floats, then integers."""
        floating = next((p.dtype for p in module.parameters() if p.is_floating_point()), None)
        kinds = (floating or torch.float32, torch.int64)
        known = [one.dtype for one in self.every]
        free = [i for i, kind in enumerate(known) if kind is None]
        for number, drawn in enumerate(sorted(product((0, 1), repeat=len(free)), key=_mixed)):
            if number == _MOST_MIXTURES:
                return
            places = dict(zip(free, drawn, strict=True))
            yield tuple(kinds[places[i]] if i in places else kind for i, kind in enumerate(known))


def _mixed(drawn: tuple[int, ...]) -> tuple[bool, tuple[int, ...]]:
    return len(set(drawn)) > 1, drawn


def read_inputs(
    module: nn.Module, given: Any, dtype: Any, kwargs: Mapping[str, Any], dynamic: Mapping[str, Any]
) -> tuple[Inputs, dict[Any, int]]:
    """The call, and what symbols stand for where an example says it.

    Args:
        module: the model.
        given: a shape, a list of shapes or a mapping from names to shapes; or tensors in the place
            of shapes, of which the first axis is the batch.
        dtype: what numbers go in: one for all, or a list or mapping like that of the shapes.
        kwargs: further arguments by name.
        dynamic: symbols, and the axis that each is, the batch counted as 0; or several, each as
            (input, axis), the input by its place or name.
    """
    taken = _parameters(module)
    reader = _Reader(dict(dynamic))
    if isinstance(given, Mapping):
        named = {n: reader.read(v, n, _one(dtype, n), n) for n, v in given.items()}
        args: tuple[Any, ...] = ()
    else:
        several = [given] if not _is_several(given) else list(given)
        names = [taken[i] if i < len(taken) else "" for i in range(len(several))]
        args = tuple(
            reader.read(v, i, _one(dtype, i), n)
            for i, (v, n) in enumerate(zip(several, names, strict=True))
        )
        named = {}
    tensors = {n: reader.read(v, n, None, n) if _holds_tensors(v) else v for n, v in kwargs.items()}
    inputs = Inputs(args, {**named, **tensors})
    if not inputs.every:
        raise FrameworkError(
            "no tensor goes into the model", code="no-input-shape",
            hint="give input_shape, such as (3, 224, 224)",
        )  # fmt: skip
    reader.check_used()
    return inputs, reader.sizes


class _Reader:
    """Shapes and examples as `Asked`, with the axes that are to be symbols."""

    def __init__(self, dynamic: dict[str, Any]) -> None:
        self._places = {name: _places(where) for name, where in dynamic.items()}
        self._used: set[str] = set()
        self.sizes: dict[Any, int] = {}

    def read(self, value: Any, key: int | str, dtype: Any, name: str) -> Any:
        """`Asked` in the place of what is a tensor or a shape; anything else as it is."""
        if isinstance(value, Tensor):
            if not value.ndim:
                raise FrameworkError(
                    f"the example for {name or key!r} has no batch axis", code="not-read",
                    hint="the first axis of an example is the batch",
                )  # fmt: skip
            shape: Any = tuple(value.shape[1:])
            return Asked(self._with_symbols(shape, key, name), _dtype(dtype) or value.dtype, name)
        if isinstance(value, Mapping):
            return {n: self.read(v, n, dtype, n) for n, v in value.items()}
        if isinstance(value, list | tuple) and _holds_tensors(value):
            return type(value)(self.read(v, key, dtype, name) for v in value)
        if value is None or isinstance(value, bool | float):
            return value
        return Asked(self._with_symbols(as_shape(value), key, name), _dtype(dtype), name)

    def _with_symbols(self, shape: Any, key: int | str, name: str) -> Shape:
        dims = list(shape)
        for said, places in self._places.items():
            for which, axis in places:
                if which not in (None, key, name) or (which is None and axis > len(dims)):
                    continue
                if not 0 < axis <= len(dims):
                    raise FrameworkError(
                        f"dynamic: {said!r} is axis {axis} of an input of {len(dims) + 1} axes, "
                        "the batch among them", code="invalid-argument",
                        hint="axes are counted with the batch as 0, which needs no symbol",
                    )  # fmt: skip
                self._used.add(said)
                letter = symbol(said)
                if isinstance(dims[axis - 1], int):
                    self.sizes.setdefault(letter, dims[axis - 1])
                dims[axis - 1] = letter
        return Shape(as_expr(dim) for dim in dims)

    def check_used(self) -> None:
        """Refuse symbols that are nowhere."""
        unused = [name for name in self._places if name not in self._used]
        if unused:
            raise FrameworkError(
                f"dynamic: no input has the axis of {unused[0]!r}", code="invalid-argument",
                hint="give the axis, counted with the batch as 0, or (input, axis)",
            )  # fmt: skip


def _places(where: Any) -> list[tuple[Any, int]]:
    """Where a symbol is: (input, axis), the input ``None`` for every one that has the axis."""
    if isinstance(where, int):
        return [(None, where)]
    if isinstance(where, tuple) and len(where) == 2 and isinstance(where[1], int):
        return [(where[0], where[1])]
    return [place for one in where for place in _places(one)]


def _is_several(given: Any) -> bool:
    """Whether it is a sequence of inputs, not a shape of numbers and symbols."""
    if not isinstance(given, list | tuple) or not given:
        return False
    return any(isinstance(one, list | tuple | Tensor | Mapping) or one is None for one in given)


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, Tensor):
        return True
    inside = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, list | tuple | Mapping) and any(map(_holds_tensors, inside))


def _one(dtype: Any, key: int | str) -> Any:
    """The type of one input, where they are said one by one."""
    if isinstance(dtype, Mapping):
        return dtype.get(key)
    if isinstance(dtype, list | tuple):
        return dtype[key] if isinstance(key, int) and key < len(dtype) else None
    return dtype


def _dtype(said: Any) -> Any:
    if said is None or isinstance(said, torch.dtype):
        return said
    found = getattr(torch, str(said).removeprefix("torch."), None)
    if not isinstance(found, torch.dtype):
        raise FrameworkError(
            f"{shorten(repr(said), 40)} is no type of numbers", code="invalid-argument",
            hint="such as 'int64', 'float32' or torch.bfloat16",
        )  # fmt: skip
    return found


def _parameters(module: nn.Module) -> list[str]:
    """The names of what `forward` takes by position."""
    try:
        taken = signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    by_place = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in taken if parameter.kind in by_place]


def _asked(value: Any) -> Iterator[Asked]:
    if isinstance(value, Asked):
        yield value
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from _asked(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _asked(held)


def _filled(value: Any, made: Iterator[Tensor]) -> Any:
    if isinstance(value, Asked):
        return next(made)
    if isinstance(value, Mapping):
        return {key: _filled(held, made) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_filled(held, made) for held in value)
    return value
