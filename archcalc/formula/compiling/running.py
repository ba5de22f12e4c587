"""Running a program on arrays: each step at its own rank, the large ones in blocks.

All arrays have as many axes as the result, of length 1 where they do not vary, so that NumPy
broadcasts what meets.  A step with a small result is computed once and kept.  The others are
computed block by block, in buffers that stay in the cache.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from archcalc.formula.compiling.bounds import fits, is_safe, terms_of
from archcalc.formula.compiling.operations import UFUNCS, Array, apply, as_dtype
from archcalc.formula.compiling.program import ArrayProgram, Body, Kind, Step
from archcalc.symbolic.errors import ArithmeticRuleError
from archcalc.symbolic.interval import IntegerInterval

__all__ = ["BLOCK", "Region", "Runner", "blocks"]

Region: TypeAlias = tuple[slice, ...]
"""Part of an array: a slice of every axis."""

Shape: TypeAlias = tuple[int, ...]

BLOCK = 1 << 15
"""The elements of a block: three of them, of 64 bits, fill three quarters of a usual L2 cache."""

_ALL = slice(None)


def blocks(shape: Shape, size: int) -> Iterator[Region]:
    """Regions of about `size` elements that cover `shape` once, in the order of its elements.

    >>> [[s.start for s in region] for region in blocks((2, 3, 4), 8)]
    [[0, 0, 0], [0, 2, 0], [1, 0, 0], [1, 2, 0]]
    """
    if not shape:
        yield ()
        return
    inner = prod(shape[1:])
    step = max(1, size // max(inner, 1))
    whole = tuple(slice(0, n) for n in shape[1:])
    for start in range(0, shape[0], step):
        first = slice(start, min(start + step, shape[0]))
        if inner <= size:
            yield (first, *whole)
        else:
            yield from ((first, *rest) for rest in blocks(shape[1:], size))


class Runner:
    """One program on one set of inputs.

    Args:
        program: the steps.
        inputs: the values of every symbol, all with as many axes as the result.
        bounds: bounds of the steps to run (`archcalc.formula.compiling.bounds`).
        dtype: ``int64`` computes in 64 bits what surely fits and all else in Python integers;
            ``object`` all in Python integers; ``float64`` all in floats.
    """

    def __init__(
        self,
        program: ArrayProgram,
        inputs: Mapping[str, Array],
        bounds: Mapping[int, IntegerInterval],
        dtype: str = "int64",
    ) -> None:
        self.program = program
        self.inputs = inputs
        self.bounds = bounds
        self.kind = dtype
        self.rank = next((array.ndim for array in inputs.values()), 0)
        fitting, wide = np.dtype(dtype), np.dtype(object)
        self.dtypes = {
            at: wide if dtype == "int64" and not fits(span) else fitting
            for at, span in bounds.items()
        }
        self.shapes: dict[int, Shape] = {}
        for at in bounds:
            self.shapes[at] = self._shape(program.steps[at])
        self._kept: dict[int, Array] = {}
        self._terms: dict[int, list[dict[int, IntegerInterval]]] = {}

    def _shape(self, step: Step) -> Shape:
        if step.kind is Kind.INPUT:
            shape: Shape = self.inputs[step.name].shape
            return shape
        return np.broadcast_shapes((1,) * self.rank, *(self.shapes[a] for a in step.args))

    def results(self, wanted: Sequence[int]) -> list[Array]:
        """The results of the steps `wanted`, each on its own axes.

        Raises:
            NotWholeError: a quotient is a fraction, and 64-bit integers were to be computed.
            ArithmeticRuleError: a divisor is zero.
            EvaluationError: an exponent is not whole, or a float is too large.
        """
        into = {at: np.empty(self.shapes[at], self.dtypes[at]) for at in wanted}
        for _ in self.filling(into):
            pass
        return [into[at] for at in wanted]

    def filling(self, into: Mapping[int, Array]) -> Iterator[int]:
        """Compute the results of steps into arrays; after each block, how many elements it had."""
        large = [at for at in into if not self.is_small(at)]
        for at in into:
            if at not in large:
                into[at][...] = self.kept(at)
                yield into[at].size
        for shape in dict.fromkeys(self.shapes[at] for at in large):
            yield from self._in_blocks({at: into[at] for at in large if self.shapes[at] == shape})

    def _in_blocks(self, into: Mapping[int, Array]) -> Iterator[int]:
        """Compute the results of steps of one shape, block by block."""
        work = _Blockwise(self, list(into))
        for region in blocks(next(iter(into.values())).shape, BLOCK):
            work.compute(region, {at: array[region] for at, array in into.items()})
            yield len(into) * prod(s.stop - s.start for s in region)

    def parts(self, wanted: Sequence[int], shape: Shape) -> Iterator[tuple[Region, list[Array]]]:
        """The results of the steps `wanted`, for one block of `shape` after another.

        The regions are consecutive elements of `shape`; each part broadcasts to its region.
        """
        work = _Blockwise(self, wanted)
        for region in blocks(shape, BLOCK):
            now = work.compute(region, {})
            yield region, [now[at] for at in wanted]

    def is_kept(self, at: int) -> bool:
        """Whether the result of a step is kept: it is small, or took long to compute."""
        return self.is_small(at) or self.program.steps[at].body is not None

    def is_small(self, at: int) -> bool:
        """Whether a step is computed at once."""
        return prod(self.shapes[at]) <= BLOCK or not self.program.steps[at].args

    def kept(self, wanted: int) -> Array:
        """The result of a step that is kept, computed when it is first asked for."""
        pending = [wanted]
        while pending:
            at = pending[-1]
            step = self.program.steps[at]
            missing = [a for a in step.args if a not in self._kept and self.is_kept(a)]
            if at in self._kept or not missing:
                pending.pop()
                if at not in self._kept:
                    self._kept[at] = self._computed(at, step)
            pending.extend(missing)
        return self._kept[wanted]

    def _computed(self, at: int, step: Step) -> Array:
        if not step.args:
            return self._leaf(at, step)
        if self.is_small(at):
            args = [self._kept[a] for a in step.args]
            return self.done(at, args, (_ALL,) * self.rank, None)
        into = np.empty(self.shapes[at], self.dtypes[at])
        for _ in self._in_blocks({at: into}):
            pass
        return into

    def _leaf(self, at: int, step: Step) -> Array:
        if step.kind is Kind.INPUT:
            return as_dtype(self.inputs[step.name], self.dtypes[at])
        value = np.array(step.value, object).reshape((1,) * self.rank)
        return as_dtype(value, self.dtypes[at])

    def done(self, at: int, args: Sequence[Array], region: Region, out: Array | None) -> Array:
        """What a step makes of its arguments, which are those of a region."""
        step = self.program.steps[at]
        if step.body is not None:
            return as_dtype(self._sum(at, step.body, args), self.dtypes[at], out)
        left, right = args
        if step.kind in _DIVISIONS and self.may_be_zero(step.args[1]):
            self.check_divisor(at, right, region)
        return apply(step.kind, left, right, self.dtypes[at], out)

    def _sum(self, at: int, body: Body, args: Sequence[Array]) -> Array:
        """A sum over copies, term by term, where there are so many of them."""
        if at not in self._terms:
            spans = [self.bounds[a] for a in self.program.steps[at].args]
            self._terms[at] = list(terms_of(body, spans))
        terms = self._terms[at]
        (output,) = body.program.outputs
        wide = self.kind == "int64" and not all(fits(bounds[output]) for bounds in terms)
        count, *rest = args
        shape = np.broadcast_shapes(*(array.shape for array in args))
        total = np.zeros(shape, object if wide else self.dtypes[at])
        inputs = dict(zip(body.names, rest, strict=True))
        for number, bounds in enumerate(terms):
            inputs[body.index] = np.full((1,) * self.rank, number)
            there = count > number
            if there.all() or (there.any() and is_safe(body.program, bounds)):
                term = Runner(body.program, inputs, bounds, self.kind).results([output])[0]
                np.add(total, term, out=total, where=there, casting="unsafe")
            elif there.any():
                there = np.broadcast_to(there, shape)
                chosen = {n: np.broadcast_to(a, shape)[there] for n, a in inputs.items()}
                term = Runner(body.program, chosen, bounds, self.kind).results([output])[0]
                total[there] += term
        return total

    def may_be_zero(self, at: int) -> bool:
        """Whether the result of a step is not known to be no zero."""
        low, high = self.bounds[at]
        return low <= 0 <= high

    def check_divisor(self, at: int, divisor: Array, region: Region) -> None:
        """Refuse a divisor of zero.

        Raises:
            ArithmeticRuleError: there is one; the error says at which values.
        """
        if divisor.all():
            return
        step = self.program.steps[at]
        index = np.unravel_index(np.argmin(divisor != 0), divisor.shape)
        values = self.values_at(step.args, region, index)
        named = ", ".join(f"{name} = {value}" for name, value in values.items())
        raise ArithmeticRuleError(f"something is divided by zero at {named}", values=values)

    def values_at(
        self, steps: Sequence[int], region: Region, index: Sequence[Any]
    ) -> dict[str, int]:
        """The values of the symbols on which `steps` depend, at one place of a region."""
        names = {self.program.steps[at].name for at in self.program.needed_for(steps)} - {""}
        values = {}
        for name in sorted(names):
            array = part(self.inputs[name], region)
            lengths = zip(index, array.shape, strict=True)
            values[name] = int(array[tuple(i if n > 1 else 0 for i, n in lengths)])
        return values


_DIVISIONS = frozenset({Kind.FLOOR, Kind.QUOTIENT, Kind.WHOLE})


def part(array: Array, region: Region) -> Array:
    """What `region` of the result needs of `array`, which has length 1 where it does not vary."""
    return array[tuple(_ALL if n == 1 else s for n, s in zip(array.shape, region, strict=True))]


class _Blockwise:
    """The large steps behind some results, computed for one region after another.

    A buffer is used again as soon as nothing needs any more what is in it.  What surely fits 32
    bits is computed in 32 bits on the way, which is twice as quick, where there is enough to
    compute to make up for the conversion.
    """

    def __init__(self, runner: Runner, wanted: Sequence[int]) -> None:
        self.runner = runner
        self.large = self._behind(wanted)
        self.wanted = frozenset(wanted)
        taken = {a for at in self.large for a in runner.program.steps[at].args} | {*wanted}
        small = {at: runner.kept(at) for at in taken if at not in self.large}
        self.dtypes = self._narrowed(small)
        self.inputs = {
            at: array for at, array in small.items()
            if array.size > BLOCK and array.dtype != self.dtypes[at]
        }  # fmt: skip
        self.small = {
            at: array.astype(self.dtypes[at], copy=False)
            for at, array in small.items()
            if at not in self.inputs
        }
        self._slots = self._assigned()
        self._memory: dict[tuple[np.dtype[Any], int], Array] = {}
        self._views: dict[Shape, dict[int, Array]] = {}
        self._operations = [self._operation(at) for at in self.large]

    def _behind(self, wanted: Sequence[int]) -> list[int]:
        """The steps that are computed block by block for those `wanted`, in order."""
        runner = self.runner
        pending = [at for at in wanted if not runner.is_small(at)]
        found: set[int] = set()
        while pending:
            at = pending.pop()
            if at not in found:
                found.add(at)
                pending.extend(a for a in runner.program.steps[at].args if not runner.is_kept(a))
        return sorted(found)

    def _narrowed(self, small: Mapping[int, Array]) -> dict[int, np.dtype[Any]]:
        """How each step is kept on the way: those that are wanted as they are asked for."""
        runner, steps = self.runner, self.runner.program.steps
        dtypes = {at: runner.dtypes[at] for at in (*small, *self.large)}
        converted = sum(array.size > BLOCK for array in small.values())
        if runner.kind != "int64" or len(self.large) < _WORTH * converted:
            return dtypes
        awkward = {a for at in self.large if steps[at].kind not in UFUNCS for a in steps[at].args}
        for at in dtypes.keys() - awkward - self.wanted:
            usual = at in small or steps[at].kind in UFUNCS
            if usual and dtypes[at] == _WHOLE and fits(runner.bounds[at], 32):
                dtypes[at] = _NARROW
        return dtypes

    def _operation(self, at: int) -> _Operation:
        step, (own, *others) = self.runner.program.steps[at], self._dtypes_at(at)
        if step.kind not in UFUNCS or {own.kind, *(d.kind for d in others)} != {"i"}:
            return _Operation(at, step.args, None, None, checked=True)
        loop = max((own, *others), key=lambda dtype: dtype.itemsize)
        short = own == _WHOLE and fits(self.runner.bounds[at], 32)  # to be lengthened at the end
        alike = all(dtype == (_NARROW if short and _NARROW in others else own) for dtype in others)
        checked = step.kind in _DIVISIONS and self.runner.may_be_zero(step.args[1])
        return _Operation(at, step.args, UFUNCS[step.kind], None if alike else loop, checked)

    def _dtypes_at(self, at: int) -> list[np.dtype[Any]]:
        return [self.dtypes[at], *(self.dtypes[a] for a in self.runner.program.steps[at].args)]

    def _assigned(self) -> dict[int, int]:
        """A buffer for each step that needs one, by number."""
        steps, shapes, dtypes = self.runner.program.steps, self.runner.shapes, self.dtypes
        last = {a: at for at in self.large for a in steps[at].args}
        slots = dict(zip(self.inputs, range(len(self.inputs)), strict=True))
        made = len(slots)
        free: dict[np.dtype[Any], list[int]] = defaultdict(list)
        for at in self.large:
            dying = [a for a in set(steps[at].args) if a in slots and last[a] == at]
            if at not in self.wanted and dtypes[at] != np.dtype(object):
                alike = [a for a in dying if (shapes[a], dtypes[a]) == (shapes[at], dtypes[at])]
                if alike:
                    slots[at] = slots[alike[0]]
                    dying.remove(alike[0])
                elif free[dtypes[at]]:
                    slots[at] = free[dtypes[at]].pop()
                else:
                    slots[at], made = made, made + 1
            for a in dying:
                free[dtypes[a]].append(slots[a])
        return slots

    def compute(self, region: Region, out: Mapping[int, Array]) -> Mapping[int, Array]:
        """What lies in `region` of each step; what goes into the arrays `out` lies there."""
        runner = self.runner
        room = self._rooms(tuple(s.stop - s.start for s in region))
        now = {at: part(array, region) for at, array in self.small.items()}
        for at, array in self.inputs.items():
            now[at] = room[at]
            np.copyto(now[at], part(array, region), casting="same_kind")
        for at, args, function, loop, checked in self._operations:
            into = out[at] if at in out else room.get(at)
            if function is None:
                now[at] = runner.done(at, [now[a] for a in args], region, into)
                continue
            left, right = now[args[0]], now[args[1]]
            if checked:
                runner.check_divisor(at, right, region)
            if loop is None:
                now[at] = function(left, right, out=into)
            else:
                now[at] = function(left, right, out=into, dtype=loop, casting="same_kind")
        return now

    def _rooms(self, lengths: Shape) -> dict[int, Array]:
        """The buffers for a region of these lengths, made once."""
        if lengths not in self._views:
            if len(self._views) > _MOST_VIEWS:
                self._views.clear()
            self._views[lengths] = {at: self._room(at, lengths) for at in self._slots}
        return self._views[lengths]

    def _room(self, at: int, lengths: Shape) -> Array:
        slot, dtype = self._slots[at], self.dtypes[at]
        if (dtype, slot) not in self._memory:
            self._memory[dtype, slot] = np.empty(BLOCK, dtype)
        own = self.runner.shapes[at]
        fitted = [1 if n == 1 else length for n, length in zip(own, lengths, strict=True)]
        return self._memory[dtype, slot][: prod(fitted)].reshape(fitted)


class _Operation(NamedTuple):
    """One step of a block.

    Attributes:
        at: its place in the program.
        args: the places of what it takes.
        function: what does it on integers; ``None`` where it takes more than one function.
        loop: the dtype to compute in, where that is not the one of all arguments.
        checked: whether a divisor may be zero.
    """

    at: int
    args: tuple[int, ...]
    function: np.ufunc | None
    loop: np.dtype[Any] | None
    checked: bool


_WHOLE, _NARROW = np.dtype(np.int64), np.dtype(np.int32)

_WORTH = 2
"""So many steps for each array that is converted make up for it."""

_MOST_VIEWS = 64
"""Buffers are kept for so many lengths of regions; there are few."""
