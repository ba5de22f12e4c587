"""Between which integers the result of every step lies, worked out before any of it is computed.

Interval arithmetic (Moore, *Interval Analysis*, 1966) in Python integers: what it says always
holds, and is not always the tightest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product

from archcalc.formula.compiling.program import Body, Kind, Program, Step
from archcalc.symbolic.errors import EvaluationError
from archcalc.symbolic.limits import LIMITS

__all__ = ["Span", "bounds_of", "fits", "is_safe", "terms_of"]

Span = tuple[int, int]
"""The least and the largest integer that a value may be."""


def bounds_of(
    program: Program, given: Mapping[str, Span], wanted: Iterable[int]
) -> dict[int, Span]:
    """Bounds of the steps `wanted`, and of all that they need, by their place in the program.

    Args:
        program: the steps.
        given: the bounds of the symbols.
        wanted: the steps to bound.

    Raises:
        EvaluationError: a power is too large to compute.
    """
    found: dict[int, Span] = {}
    for at in program.needed_for(wanted):
        step = program.steps[at]
        if step.kind is Kind.INPUT:
            found[at] = given[step.name]
        elif step.kind is Kind.CONSTANT:
            found[at] = (step.value, step.value)
        else:
            found[at] = _of(step, [found[a] for a in step.args])
    return found


def fits(span: Span, bits: int = 64) -> bool:
    """Whether so many bits hold every integer of `span`.

    >>> fits((-(2**63), 2**63 - 1)), fits((0, 2**31), 32)
    (True, False)
    """
    return span[0] >= -(1 << bits - 1) and span[1] < 1 << bits - 1


def is_safe(program: Program, bounds: Mapping[int, Span]) -> bool:
    """Whether nothing can go wrong within `bounds`: no divisor is zero, no exponent a fraction."""
    return all(_step_is_safe(program.steps[at], bounds) for at in bounds)


def _step_is_safe(step: Step, bounds: Mapping[int, Span]) -> bool:
    if step.body is not None:
        body, args = step.body, [bounds[a] for a in step.args]
        return all(is_safe(body.program, inner) for inner in terms_of(body, args))
    if step.kind in (Kind.FLOOR, Kind.QUOTIENT):
        return not _holds_zero(bounds[step.args[1]])
    return step.kind is not Kind.WHOLE


def terms_of(body: Body, args: Sequence[Span]) -> Iterator[dict[int, Span]]:
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


def _sum(body: Body, args: Sequence[Span]) -> Span:
    (at,) = body.program.outputs
    surely = args[0][0]
    low = high = 0
    for number, bounds in enumerate(terms_of(body, args)):
        least, most = bounds[at]
        low += least if number < surely else min(least, 0)
        high += most if number < surely else max(most, 0)
    return low, high


def _holds_zero(span: Span) -> bool:
    return span[0] <= 0 <= span[1]


def _of(step: Step, args: Sequence[Span]) -> Span:
    if step.body is not None:
        return _sum(step.body, args)
    if step.kind is Kind.MULTIPLY and step.args[0] == step.args[1]:
        return _square(args[0])
    return _RULES[step.kind](*args)


def _add(a: Span, b: Span) -> Span:
    return a[0] + b[0], a[1] + b[1]


def _subtract(a: Span, b: Span) -> Span:
    return a[0] - b[1], a[1] - b[0]


def _multiply(a: Span, b: Span) -> Span:
    corners = [x * y for x, y in product(a, b)]
    return min(corners), max(corners)


def _square(a: Span) -> Span:
    least = 0 if _holds_zero(a) else min(abs(a[0]), abs(a[1]))
    return least**2, max(a[0] ** 2, a[1] ** 2)


def _power(base: Span, exponent: Span) -> Span:
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


def _floor(a: Span, b: Span) -> Span:
    """A quotient is monotone in either argument as long as the divisor keeps its sign."""
    negative = (b[0], min(b[1], -1)) if b[0] < 0 else ()
    positive = (max(b[0], 1), b[1]) if b[1] > 0 else ()
    divisors = negative + positive
    if not divisors:
        return 0, 0  # there is no result; running the program raises, if the step is needed
    corners = [x // d for x, d in product(a, divisors)]
    return min(corners), max(corners)


def _quotient(a: Span, b: Span) -> Span:
    least, _ = _floor(a, b)
    return least, -_floor((-a[1], -a[0]), b)[0]


def _maximum(a: Span, b: Span) -> Span:
    return max(a[0], b[0]), max(a[1], b[1])


def _minimum(a: Span, b: Span) -> Span:
    return min(a[0], b[0]), min(a[1], b[1])


_RULES: Mapping[Kind, Callable[[Span, Span], Span]] = {
    Kind.ADD: _add,
    Kind.SUBTRACT: _subtract,
    Kind.MULTIPLY: _multiply,
    Kind.POWER: _power,
    Kind.FLOOR: _floor,
    Kind.MAXIMUM: _maximum,
    Kind.MINIMUM: _minimum,
    Kind.WHOLE: _quotient,
    Kind.QUOTIENT: _quotient,
}
