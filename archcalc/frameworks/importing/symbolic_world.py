"""Tensors whose sizes may be symbols: torch's fake tensors, and its expressions as ours.

torch answers every question about a size for the sizes that the symbols stand for, and keeps the
question.  Questions that torch itself asks are about what layers require anyway; those of the
model's own code are conditions of what was recorded.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sympy
import torch
from torch import Tensor
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv

from archcalc.frameworks.importing.graph import Condition
from archcalc.frameworks.importing.sizes import Size
from archcalc.frameworks.importing.torch_sizes import UntranslatedError, condition, translated
from archcalc.frameworks.importing.values import number
from archcalc.frameworks.importing.worlds import BATCH
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.printing.code import to_python
from archcalc.symbolic.requirement import Relation
from archcalc.symbolic.shape import Shape

__all__ = ["Symbols"]

_STEPS = (1, 32, -1, 5, 64, 17, 224, -32, 128, 11)
_POINTS = 2
"""How far from the sizes of the run others are, and at how many the lowered shapes are compared."""


class Symbols:
    """Fake tensors with symbols among their sizes.

    Args:
        sizes: what each symbol stands for.
    """

    plain = False

    def __init__(self, sizes: Mapping[Any, int]) -> None:
        self._sizes = dict(sizes)
        self._env = ShapeEnv(duck_shape=False)
        self._mode = FakeTensorMode(shape_env=self._env, allow_non_fake_inputs=True)
        self._mode.cache_enabled = False  # which asks more about symbols than it saves
        self._ours: dict[Any, Any] = {}
        self._values: dict[Any, Any] = {}
        self._theirs: dict[Any, Any] = {}
        self._of_torch: set[int] = set()
        self._known: dict[Any, int] = {}
        self._simple: dict[Any, Any] = {}
        self._fixed: dict[Any, int] = {}
        for symbol, size in self._sizes.items():
            self._stands_for(symbol, size, symbol.name)

    def _stands_for(self, dim: Any, size: int, name: str, **more: Any) -> Any:
        """A symbol of torch's for a dimension of ours."""
        made = self._env.create_symbol(
            size, source=ConstantSource(name), dynamic_dim=DimDynamic.DYNAMIC, **more
        )
        self._ours[made], self._theirs[dim], self._values[made] = dim, made, sympy.Integer(size)
        return made

    def _node(self, expression: Any) -> Any:
        """An expression of torch's symbols as a size."""
        return self._env.create_symintnode(expression, hint=int(self._value(expression)))

    def input(self, shape: Shape, dtype: Any) -> Tensor:
        sizes = {symbol.name: self._node(self._theirs[symbol]) for symbol in self._sizes}
        dims = [d if isinstance(d, int) else eval(to_python(d), dict(sizes)) for d in shape]
        with self._mode:
            return torch.empty((BATCH, *dims), dtype=dtype)

    def weight(self, weight: Tensor) -> Tensor:
        with self._mode:
            made = torch.empty(weight.shape, dtype=weight.dtype)
        return made.requires_grad_(weight.requires_grad) if weight.requires_grad else made

    def empty(self, shape: Any, dtype: Any = None) -> Tensor:
        with self._mode:
            return torch.empty(tuple(shape), dtype=dtype)

    def strided(self, shape: Any, stride: Any, dtype: Any) -> Tensor:
        with self._mode:
            return torch.empty_strided(shape, stride, dtype=dtype)

    def like(self, tensor: Tensor) -> Tensor:
        return torch.empty_like(tensor)

    def simple(self, tensor: Tensor) -> Tensor:
        shape = tuple(tensor.shape)
        sizes = tuple(map(self._simplified, shape))
        if all(new is old for new, old in zip(sizes, shape, strict=True)):
            return tensor
        return self.strided(sizes, tuple(map(self._simplified, tensor.stride())), tensor.dtype)

    def _simplified(self, size: Any) -> Any:
        """A size with a symbol of torch's own in the place of every quotient.

        torch looks at its formulas again with every question, which takes the longer the more
        quotients stand in one another.
        """
        if type(size) is int or not size.node.expr.atoms(sympy.Function):
            return size
        expression = size.node.expr
        if expression not in self._simple:
            self._simple[expression] = self._without_quotients(expression)
        made = self._simple[expression]
        return size if made is None else made

    def _without_quotients(self, expression: Any) -> Any:
        try:
            dim = translated(expression, self._ours)
        except UntranslatedError:
            return None
        if isinstance(dim, int):
            return dim
        for quotient in dim.atoms(FloorDiv):
            if quotient not in self._theirs:
                value = number(quotient, self._sizes)
                name = f"quotient{len(self._theirs)}"
                self._stands_for(quotient, value, name, do_not_specialize_zero_one=True)
        made = dim.xreplace(self._theirs)
        return None if made.atoms(sympy.Function) else self._node(made)

    def own(self, tensor: Tensor) -> Tensor:
        return tensor

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._mode:
            yield

    def size(self, size: Any) -> int:
        if type(size) is int:
            return size
        node = getattr(size, "node", None)
        if node is None:
            return int(size)
        expression = node.expr
        if expression not in self._known:
            self._known[expression] = self._read(expression, node)
        return self._known[expression]

    def by_value(self, size: Any) -> Hashable:
        return size if type(size) is int else size.node.expr

    def _read(self, expression: Any, node: Any) -> int:
        number = int(self._value(expression))
        try:
            return Size(number, translated(expression, self._ours))  # type: ignore[no-any-return]
        except UntranslatedError:
            self._fix(expression)
            return number

    def _value(self, expression: Any) -> Any:
        return expression.xreplace(self._values)

    def _fix(self, expression: Any) -> None:
        """A size without a formula stays the number it is, and so do the symbols in it."""
        for symbol in expression.free_symbols & set(self._ours):
            self._fixed[self._ours[symbol]] = int(self._values[symbol])

    def asked(self) -> int:
        return len(self._env.guards)

    def not_of_the_model(self, first: int) -> None:
        self._of_torch.update(range(first, len(self._env.guards)))

    def conditions(self) -> tuple[Condition, ...]:
        found: dict[Any, Condition] = {}
        for place, guard in enumerate(self._env.guards):
            if place in self._of_torch:
                continue
            try:
                asked = condition(guard.expr, self._ours)
            except UntranslatedError:
                self._fix(guard.expr)
                continue
            if asked is not None:
                found.setdefault((asked.left, asked.relation, asked.right), asked)
        replaced = {
            self._ours[t]: int(n) for t, n in self._env.replacements.items()
            if t in self._ours and n.is_Integer
        }  # fmt: skip
        for symbol, size in {**replaced, **self._fixed}.items():
            asked = Condition(symbol, Relation.EQUAL, size)
            found.setdefault((asked.left, asked.relation, asked.right), asked)
        return tuple(found.values())

    def points(self) -> tuple[Mapping[Any, int], ...]:
        found = []
        for step in _STEPS:
            sizes = {symbol: size + step for symbol, size in self._sizes.items()}
            if min(sizes.values()) > 0 and self._holds(sizes):
                found.append(sizes)
            if len(found) == _POINTS:
                break
        return tuple(found)

    def _holds(self, sizes: Mapping[Any, int]) -> bool:
        values = {t: sympy.Integer(number(ours, sizes)) for t, ours in self._ours.items()}
        try:
            return all(bool(guard.expr.xreplace(values)) for guard in self._env.guards)
        except (TypeError, ZeroDivisionError):
            return False
