"""Layers and functions on tensors while code is read: the lowering of torch's functions, unrun.

Functions are lowered as those of a recorded model are, by the same table.  What a recorded run
would say of shapes follows here from the layers themselves, and from `importing.shapes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from archcalc.frameworks.importing.batch import Batch, without_batch
from archcalc.frameworks.importing.functions import FUNCTIONS
from archcalc.frameworks.importing.graph import Call, Graph, Made, Ref, Scope
from archcalc.frameworks.importing.shapes import SHAPES
from archcalc.frameworks.importing.sizes import Size
from archcalc.frameworks.importing.values import NotLoweredError, OfAllSamplesError, Value, number
from archcalc.frameworks.importing.workbench import Workbench, has_places, place_of
from archcalc.frameworks.source.values import Unknown
from archcalc.layers import Dense
from archcalc.layers.base import Layer
from archcalc.network.parameter import Constant
from archcalc.network.tensor import Input, called
from archcalc.network.wrappers import TimeDistributed
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.symbols import symbol

__all__ = ["BATCH", "Bench", "SourceBench", "reached", "replaced", "tensors_in"]

BATCH = 10_007
"""How long the batch is while code is read: a prime that is no other size."""

_OF_TWO = frozenset(
    ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "floor_divide", "remainder")
)
"""Functions of two tensors, or of a tensor and a number."""

_STANDS_FOR = (224, 256, 320, 384, 448, 512)
"""What symbols are while the code is read, unless that is said; later ones are multiples of 64."""


def tensors_in(value: Any) -> list[Value | Ref]:
    """The tensors in lists and mappings, in order."""
    if isinstance(value, Value | Ref):
        return [value]
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return (
        [x for held in value for x in tensors_in(held)] if isinstance(value, list | tuple) else []
    )


class Bench(Workbench):
    """What puts layers on tensors, and keeps weights that the code makes by itself.

    Args:
        sizes: what symbols are while the code is read, by name.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        super().__init__(Graph(Scope("", None), [], (), (), BATCH, (), {}), {})
        self._given = dict(sizes)
        self.fresh: Callable[[str], str] = str

    # Sizes

    def symbol(self, name: str) -> int:
        """The number that stands for a symbol."""
        known: dict[Any, int] = self._sizes  # type: ignore[assignment]
        made = symbol(name)
        if made not in known:
            count = len(known)
            later = 64 * (3 + count)
            stands = _STANDS_FOR[count] if count < len(_STANDS_FOR) else later
            known[made] = self._given.get(made.name, stands)
        return Size(known[made], made)  # type: ignore[no-any-return]

    def sized(self, dim: Any) -> int:
        """A dimension as a number that remembers it."""
        for free in getattr(dim, "free_symbols", ()):
            self.symbol(free.name)
        return Size(number(dim, self._sizes), dim)  # type: ignore[no-any-return]

    # Tensors from nowhere

    def input(self, shape: Sequence[Dim], name: str | None = None) -> Value:
        """What goes into a model."""
        tensor = Input(Shape(shape), name)
        return Value(tensor, (BATCH, *map(self.sized, tensor.shape)), Batch(), BATCH)

    def again(self, value: Value) -> Value:
        """An input of the shape of a tensor, for a network around which that tensor is."""
        return Value(Input(Shape(value.tensor.shape)), value.shape, value.at, BATCH)

    def weight(self, name: str, shape: Sequence[int], learned: bool) -> Ref:
        """A weight that the code makes by itself."""
        kept = self.graph.tensors
        unique = f"{len(kept)}.{name}"
        kept.append(Made(tuple(shape), "parameter" if learned else "buffer", unique, learned))
        return Ref(len(kept) - 1)

    def rename(self, weight: Ref, name: str) -> None:
        """Call a weight as the attribute that holds it."""
        kept = self.graph.tensors
        number = weight.number
        kept[number] = replace(kept[number], name=f"{number}.{name}")

    def claim(self, weight: str, layer: Layer, name: str) -> None:
        """Say that a weight is this layer's, unless it is another's already."""
        self._claim(weight, layer, name)

    def owner(self, weight: str) -> tuple[Layer, str] | None:
        """The layer that has a weight, and what it calls it; ``None`` where none has."""
        return self._owner.get(weight)

    def called_so(self, name: str) -> str:
        return self.fresh(name.rpartition(".")[2])

    def constant(self, shape: Sequence[int]) -> Value:
        """A tensor that depends on no input."""
        at = place_of(tuple(shape), BATCH)
        own = without_batch(tuple(shape), at, BATCH)
        return Value(Constant(own).tensor(), tuple(shape), at, BATCH)

    def is_constant(self, argument: Any) -> bool:
        """Whether a tensor depends on no input and no weight."""
        return isinstance(argument, Value) and isinstance(argument.tensor.layer, Constant)

    # Calls

    def function(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A function of torch's on tensors: one of them, or several in a tuple.

        Raises:
            NotLoweredError: no layer says it.
        """
        lowering = FUNCTIONS.get(name)
        if lowering is None:
            raise NotLoweredError(f"archcalc has no layer for the function {name}")
        given = _frozen(tuple(args))
        if name in _OF_TWO and not all(isinstance(x, Value | Ref | int | float) for x in given[:2]):
            raise NotLoweredError("what stands beside the tensor is not known")
        if name == "matmul" and self._is_row_by_weight(*given):
            return self._by_weight(*given)
        self.call = Call(name, given, dict(kwargs), ())
        made = lowering(self, *given, **{key: _frozen(value) for key, value in kwargs.items()})
        if all(map(self.is_constant, tensors_in((given, dict(kwargs))))):
            fixed = [self.constant(self.shape_of(value)) for value in tensors_in(made)]
            return fixed[0] if isinstance(made, Value) else tuple(fixed)
        return made if isinstance(made, Value) else tuple(made)

    def _is_row_by_weight(self, row: Any, weight: Any) -> bool:
        two = self.is_weight(weight) and len(self.shape_of(weight)) == 2
        return two and isinstance(row, Value) and len(row.own) == 1

    def _by_weight(self, row: Value, weight: Ref) -> Value:
        """A product of a row with a weight is a Dense."""
        self.call = Call("matmul", (row, weight), {}, ())
        layer = Dense(self.shape_of(weight)[1], use_bias=False)
        return self.layer(self.held(layer, weight), [row])[0]

    def is_used(self, output: int) -> bool:
        """Whether something takes what comes out at a place, which is not known yet."""
        return True

    def layer(self, layer: Layer, values: Sequence[Value]) -> list[Value]:
        """What a layer gives, one an output."""
        first = values[0] if values else None
        if first is not None and _is_folded(first) and has_places(layer):
            layer = TimeDistributed(layer)
        at = next((value.at for value in values if value.at is not None), None)
        return self._given_by(layer, values, lambda index: (at, None))

    def on_many(
        self,
        values: Value | Sequence[Value],
        layer: Layer,
        at: Sequence[Batch | None],
        shapes: Sequence[tuple[int, ...] | None],
    ) -> list[Value]:
        given = [values] if isinstance(values, Value) else list(values)
        return self._given_by(layer, given, lambda index: (at[index], shapes[index]))

    def _given_by(self, layer: Layer, values: Sequence[Value], known: Any) -> list[Value]:
        batched = next((value for value in values if value.at is not None), None)
        folded = batched is not None and not batched.is_free
        made = []
        for index, tensor in enumerate(called(layer, tuple(value.tensor for value in values))):
            at, shape = known(index)
            real = shape if shape is not None else self._batched(tensor, at, folded)
            made.append(Value(tensor, tuple(real), at, BATCH))
        return made

    def _batched(self, tensor: Any, at: Batch | None, folded: bool) -> tuple[int, ...]:
        own = [self.sized(dim) for dim in tensor.shape]
        if at is None:
            return tuple(own)
        if folded:
            own[at.axis] *= BATCH
            return tuple(own)
        return (*own[: at.axis], BATCH, *own[at.axis :])

    # What a recorded run would say

    def shapes(self) -> list[Any]:
        rule = SHAPES.get(self.call.what)
        if rule is None:
            return [None]
        args = [self._shape_in(value) for value in self.call.args]
        kwargs = {key: self._shape_in(value) for key, value in self.call.kwargs.items()}
        return list(rule(*args, **kwargs))

    def _shape_in(self, value: Any) -> Any:
        """A tensor as its shape, also in a list."""
        if isinstance(value, Value | Ref):
            return self.shape_of(value)
        return tuple(map(self._shape_in, value)) if isinstance(value, list | tuple) else value

    def shape_of(self, argument: Any) -> tuple[int, ...]:
        return argument.shape if isinstance(argument, Value) else super().shape_of(argument)

    def is_tensor(self, argument: Any) -> bool:
        return isinstance(argument, Value | Ref)

    def _fits(self, layer: Layer) -> tuple[Any, ...]:
        first, *_ = tensors_in((self.call.args, dict(self.call.kwargs)))
        return tuple(self.tensor_of(first).tensor.shape)


class SourceBench(Bench):
    """A bench for code as people write it, with losses that their models add."""

    def function(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """As `Bench.function`; what is computed of all samples at once is not known."""
        try:
            return super().function(name, args, kwargs)
        except OfAllSamplesError:
            return Unknown()


def _is_folded(value: Value) -> bool:
    """Whether something else is in the first axis beside the batch."""
    return value.at is not None and value.at.axis == 0 and not value.is_free


def _frozen(value: Any) -> Any:
    """Lists as tuples, as a recorded call has them."""
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def replaced(value: Any, by: Mapping[int, Value]) -> Any:
    """A value with other tensors in the place of some, by the identity of these."""
    if isinstance(value, Value):
        return by.get(id(value.tensor), value)
    if isinstance(value, list | tuple):
        return type(value)(replaced(held, by) for held in value)
    if isinstance(value, dict):
        return {key: replaced(held, by) for key, held in value.items()}
    return value


def reached(tensors: Sequence[Any]) -> set[int]:
    """The inputs that tensors are made from, by identity."""
    seen: set[int] = set()
    found: set[int] = set()
    pending = list(tensors)
    while pending:
        tensor = pending.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        if tensor.layer is None:
            found.add(id(tensor))
        pending.extend(tensor.inputs)
    return found
