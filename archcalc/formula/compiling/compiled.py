"""A formula compiled: called with arrays of integers it gives an array of exact integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
from sympy import Expr

from archcalc.formula.compiling.bounds import bounds_of, fits
from archcalc.formula.compiling.building import build
from archcalc.formula.compiling.forms import cheapest_form
from archcalc.formula.compiling.inputs import aligned, read_array, read_with_span, span_of
from archcalc.formula.compiling.operations import Array, NotWholeError
from archcalc.formula.compiling.program import ArrayProgram
from archcalc.formula.compiling.running import Runner
from archcalc.formula.optional import optional
from archcalc.formula.values import read_values
from archcalc.symbolic.errors import EvaluationError, shorten
from archcalc.symbolic.interval import IntegerInterval
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.symbols import symbol

__all__ = ["Compiled", "Kept", "read_dtype"]

Kept: TypeAlias = Literal["int64", "float64", "object"]
"""How numbers are kept in arrays."""


def read_dtype(dtype: object) -> Kept | None:
    """How numbers are to be kept, as NumPy spells it; ``None`` as it is.

    Raises:
        EvaluationError: it is none of ``int64``, ``float64`` and ``object``.

    >>> read_dtype(float), read_dtype("O"), read_dtype(None)
    ('float64', 'object', None)
    """
    if dtype is None:
        return None
    try:
        return _KEPT[np.dtype(dtype).name]  # type: ignore[call-overload]
    except (KeyError, TypeError) as error:
        raise EvaluationError(
            f"{shorten(dtype, 40)} is not a dtype that results are kept in", code="bad-dtype",
            hint="give 'int64', 'float64', 'object', or none: the one that is exact and fits",
        ) from error  # fmt: skip


_KEPT: Mapping[str, Kept] = {"int64": "int64", "float64": "float64", "object": "object"}


_LARGE = 1 << 20
"""From so many results on it is worth a few milliseconds to look for the form with least work."""


class Compiled(Shown):
    """A formula as a function of whole arrays; `Formula.compile` makes it.

    Called with integers, NumPy arrays of integers that broadcast against one another, or Dask
    arrays, it gives what the formula gives at each place.

    - Results are exact.  Before anything is computed, the least and the largest value of every
      intermediate is worked out from those of the arrays: what surely fits 64 bits is computed in
      64 bits, anything else in Python integers, in arrays of objects.
    - A part that depends on some of the arrays only is computed on these alone, and a part that
      occurs twice is computed once.
    - Where a result is not whole, the array holds `Fraction` objects there.

    Attributes:
        symbols: the names of the values that it takes.
        dtype: how results are kept: ``None`` for what is exact and fits.
        program: the steps that compute it.
    """

    def __init__(
        self, expression: Expr, requirements: Sequence[Requirement] = (), dtype: object = None
    ) -> None:
        self.expression = expression
        self.requirements = tuple(requirements)
        self.dtype = read_dtype(dtype)
        self.symbols = tuple(sorted(s.name for s in expression.free_symbols))
        self.program: ArrayProgram = build([expression], self.requirements)

    def __repr__(self) -> str:
        kept = f", as {self.dtype}" if self.dtype else ""
        return f"{to_text(self.expression)}, compiled for arrays of {', '.join(self.symbols)}{kept}"

    def __call__(self, /, **values: Any) -> Any:
        """The formula at every place of the arrays in `values`.

        Args:
            values: for each symbol an integer, a list, a NumPy array or a Dask array.

        Returns:
            An ``int`` (a ``Fraction`` where it is not whole) where all values are integers; else an
            array of the shape to which they broadcast: a Dask array, not yet computed, where one
            of them is such.

        Raises:
            UnknownSymbolError: a name that the formula does not have.
            EvaluationError: a symbol is left out, a value is not a positive integer, or shapes do
                not fit one another.
            RequirementError: the architecture does not exist at some of the values; it names the
                first of them.
            ArithmeticRuleError: a divisor is zero at some of the values.

        >>> from archcalc.formula import Formula
        >>> parameters = Formula("(k**2 + 1)*f").compile()
        >>> parameters(k=[[1], [3]], f=[8, 16, 32])
        array([[ 16,  32,  64],
               [ 80, 160, 320]])
        >>> parameters(k=3, f=10**30)
        10000000000000000000000000000000
        """
        self._check_names(values)
        if any(_is_lazy(value) for value in values.values()):
            return self._lazily(values)
        read = {name: read_with_span(name, v) for name, v in values.items()}
        arrays, shape = aligned({name: array for name, (array, _) in read.items()})
        if 0 in shape:
            return np.empty(shape, self.dtype or "int64")
        spans = {name: span for name, (_, span) in read.items()}
        self._check_needs(arrays, spans)
        result = self._computed(arrays, spans)
        if not shape:
            return result.item()
        return result if result.shape == shape else np.broadcast_to(result, shape).copy()

    def bounds(self, /, **values: Any) -> tuple[int, int]:
        """Two integers between which every result lies, worked out without computing any.

        They hold always, and are not always the tightest.

        Args:
            values: for each symbol an integer, a range, a list or a NumPy array.

        Raises:
            UnknownSymbolError: a name that the formula does not have.
            EvaluationError: a symbol is left out, or a value is not a positive integer.

        >>> from archcalc.formula import Formula
        >>> Formula("(29 - k)//2*f").compile().bounds(k=range(1, 8), f=[16, 32])
        (176, 448)
        """
        self._check_names(values)
        spans = {name: span_of(_not_empty(name, v)) for name, v in values.items()}
        (at,) = self.program.outputs
        return bounds_of(self.program, spans, [at])[at]

    def _check_names(self, values: Mapping[str, Any]) -> None:
        needed = {s for r in self.requirements for s in r.symbols}
        known = {name: symbol(name) for name in self.symbols}
        known |= {s.name: s for s in sorted(needed, key=lambda s: s.name)}
        read_values(dict.fromkeys(values, 1), known)
        missing = [name for name in self.symbols if name not in values]
        if missing:
            raise EvaluationError(
                f"there is no value for {', '.join(missing)}", code="symbols-left",
                hint=f"the symbols are {', '.join(self.symbols)}",
            )  # fmt: skip

    def _check_needs(
        self, arrays: Mapping[str, Array], spans: Mapping[str, IntegerInterval]
    ) -> None:
        for requirement, need in zip(self.requirements, self.program.needs, strict=True):
            if not {s.name for s in requirement.symbols} <= arrays.keys():
                continue  # as when a formula is called: what cannot be decided is left
            bounds = bounds_of(self.program, spans, [need.step])
            if need.holds_within(bounds[need.step]):
                continue
            runner = Runner(self.program, arrays, bounds)
            holds = need.holds_at(runner.results([need.step])[0])
            if not holds.all():
                index = np.unravel_index(np.argmin(holds), holds.shape)
                at = runner.values_at([need.step], (slice(None),) * holds.ndim, index)
                raise requirement.at({symbol(name): v for name, v in at.items()}).error()

    def _computed(self, arrays: Mapping[str, Array], spans: Mapping[str, IntegerInterval]) -> Array:
        program = self._program_for(arrays, spans)
        (at,) = program.outputs
        bounds = bounds_of(program, spans, [at])
        if self.dtype == "int64" and not fits(bounds[at]):
            raise _refused(f"results up to {max(map(abs, bounds[at])):.3e}")
        try:
            return Runner(program, arrays, bounds, self.dtype or "int64").results([at])[0]
        except NotWholeError:
            if self.dtype == "int64":
                raise _refused("a fraction") from None
            return Runner(program, arrays, bounds, "object").results([at])[0]

    def _program_for(
        self, arrays: Mapping[str, Array], spans: Mapping[str, IntegerInterval]
    ) -> ArrayProgram:
        """The program, in another form for arrays where that saves work."""
        used = {name: array.size for name, array in arrays.items() if name in self.symbols}
        if prod(np.broadcast_shapes(*(arrays[name].shape for name in used))) < _LARGE:
            return self.program
        longest_last = sorted(used, key=used.__getitem__)
        sizes = {name: used[name] for name in longest_last}
        form = cheapest_form(self.expression, sizes, spans)
        return build([form], (), sizes)

    def _lazily(self, values: Mapping[str, Any]) -> Any:
        """A Dask array, each block of which is computed by itself."""
        da: Any = optional("dask.array", "archcalc[dask]")

        numbers = {name: v for name, v in values.items() if not getattr(v, "shape", ())}
        arrays = {name: da.asarray(v) for name, v in values.items() if name not in numbers}
        for name, array in arrays.items():
            if array.dtype.kind not in "iuO":
                raise EvaluationError(
                    f"{name} is an array of {array.dtype}, not of integers",
                    values={name: str(array.dtype)},
                )
        dtype = self.dtype or "int64"
        rank = max(array.ndim for array in arrays.values())
        return da.map_blocks(
            _Block(Compiled(self.expression, self.requirements, dtype), tuple(arrays), numbers),
            *arrays.values(),
            dtype=dtype,
            meta=np.empty((0,) * rank, dtype),
        )


class _Block:
    """What computes one block of a Dask array."""

    __name__ = "formula"  # what Dask calls its tasks

    def __init__(
        self, compiled: Compiled, names: Sequence[str], numbers: Mapping[str, Any]
    ) -> None:
        self.compiled = compiled
        self.names = names
        self.numbers = numbers

    def __call__(self, *arrays: Array) -> Array:
        values = dict(zip(self.names, arrays, strict=True))
        return np.asarray(self.compiled(**values, **self.numbers), self.compiled.dtype)


def _is_lazy(value: object) -> bool:
    return hasattr(value, "__dask_graph__") and hasattr(value, "map_blocks")


def _not_empty(name: str, values: Any) -> Array:
    array = read_array(name, values)
    if not array.size:
        raise EvaluationError(f"{name} has no values", code="empty", values={name: values})
    return array


def _refused(what: str) -> EvaluationError:
    return EvaluationError(
        f"64-bit integers do not hold {what}",
        code="not-64-bit",
        hint="compile with dtype='object' for Python integers, or 'float64' for floats",
    )
