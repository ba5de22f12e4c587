"""Between which integers the result of every step lies, worked out before any of it is computed.

IntegerInterval arithmetic in Python integers, all of whose ends are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from archcalc.formula.compiling.program import ArrayProgram, Body, Kind, Step
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.interval import (
    IntegerInterval,
    added,
    extreme,
    floored,
    multiplied,
    negated,
)
from archcalc.symbolic.limits import LIMITS

__all__ = ["bounds_of", "fits", "is_safe", "terms_of"]


def bounds_of(
    program: ArrayProgram, given: Mapping[str, IntegerInterval], wanted: Iterable[int]
) -> dict[int, IntegerInterval]:
    """Bounds of the steps `wanted`, and of all that they need, by their place in the program.

    Args:
        program: the steps.
        given: the bounds of the symbols.
        wanted: the steps to bound.

    Raises:
        EvaluationError: a power is too large to compute.
    """
    found: dict[int, IntegerInterval] = {}
    for at in program.needed_for(wanted):
        step = program.steps[at]
        if step.kind is Kind.INPUT:
            found[at] = given[step.name]
        elif step.kind is Kind.CONSTANT:
            found[at] = (step.value, step.value)
        else:
            found[at] = _of(step, [found[a] for a in step.args])
    return found


def fits(span: IntegerInterval, bits: int = 64) -> bool:
    """Whether so many bits hold every integer of `span`.

    >>> fits((-(2**63), 2**63 - 1)), fits((0, 2**31), 32)
    (True, False)
    """
    return span[0] >= -(1 << bits - 1) and span[1] < 1 << bits - 1


def is_safe(program: ArrayProgram, bounds: Mapping[int, IntegerInterval]) -> bool:
    """Whether nothing can go wrong within `bounds`: no divisor is zero, no exponent a fraction."""
    return all(_step_is_safe(program.steps[at], bounds) for at in bounds)


def _step_is_safe(step: Step, bounds: Mapping[int, IntegerInterval]) -> bool:
    if step.body is not None:
        body, args = step.body, [bounds[a] for a in step.args]
        return all(is_safe(body.program, inner) for inner in terms_of(body, args))
    if step.kind in (Kind.FLOOR, Kind.QUOTIENT):
        return not _holds_zero(bounds[step.args[1]])
    return step.kind is not Kind.WHOLE


def terms_of(body: Body, args: Sequence[IntegerInterval]) -> Iterator[dict[int, IntegerInterval]]:
    """Bounds of the steps of each term of a sum, as many as there may be.

    Raises:
        EvaluationError: there are too many to add up.
    """
    count, *rest = args
    if count[1] > LIMITS.summed:
        raise EvaluationError(
            f"a sum of {count[1]:,} terms is too long to compute",
            code="too-large",
            hint=f"{LIMITS.summed:,} terms are the most",
        )
    given = dict(zip(body.names, rest, strict=True))
    for number in range(count[1]):
        spans = {**given, body.index: (number, number)}
        yield bounds_of(body.program, spans, body.program.outputs)


def _sum(body: Body, args: Sequence[IntegerInterval]) -> IntegerInterval:
    (at,) = body.program.outputs
    surely = args[0][0]
    low = high = 0
    for number, bounds in enumerate(terms_of(body, args)):
        least, most = bounds[at]
        low += least if number < surely else min(least, 0)
        high += most if number < surely else max(most, 0)
    return low, high


def _holds_zero(span: IntegerInterval) -> bool:
    return span[0] <= 0 <= span[1]


def _of(step: Step, args: Sequence[IntegerInterval]) -> IntegerInterval:
    if step.body is not None:
        return _sum(step.body, args)
    if step.kind is Kind.MULTIPLY and step.args[0] == step.args[1]:
        return _square(args[0])
    return _RULES[step.kind](*args)


def _square(a: IntegerInterval) -> IntegerInterval:
    least = 0 if _holds_zero(a) else min(abs(a[0]), abs(a[1]))
    return least**2, max(a[0] ** 2, a[1] ** 2)


def _power(base: IntegerInterval, exponent: IntegerInterval) -> IntegerInterval:
    low, high = max(exponent[0], 0), max(exponent[1], 0)
    size = max(abs(base[0]), abs(base[1]))
    if size > 1 and high * size.bit_length() > LIMITS.power_bits:
        raise EvaluationError(
            f"a power of {size:,} with exponents up to {high:,} is too large to compute"
            if size.bit_length() < LIMITS.power_bits // 1000
            else "a power is too large to compute",
            code="too-large",
            hint="use smaller values",
        )
    if base[0] >= 1:
        return base[0] ** low, base[1] ** high
    largest = max(size**high, 1)
    return (0 if base[0] == 0 else -largest), largest


def _floor(a: IntegerInterval, b: IntegerInterval) -> IntegerInterval:
    found = floored(a, b)
    # without a divisor there is no result; running the program raises, if the step is needed
    return (0, 0) if found[0] is None else found


def _quotient(a: IntegerInterval, b: IntegerInterval) -> IntegerInterval:
    least, _ = _floor(a, b)
    return least, -_floor((-a[1], -a[0]), b)[0]


_RULES: Mapping[Kind, Callable[[IntegerInterval, IntegerInterval], IntegerInterval]] = {
    Kind.ADD: lambda a, b: added((a, b)),
    Kind.SUBTRACT: lambda a, b: added((a, negated(b))),
    Kind.MULTIPLY: multiplied,
    Kind.POWER: _power,
    Kind.FLOOR: _floor,
    Kind.MAXIMUM: lambda a, b: extreme((a, b), max),
    Kind.MINIMUM: lambda a, b: extreme((a, b), min),
    Kind.WHOLE: _quotient,
    Kind.QUOTIENT: _quotient,
}
