"""Formulas between dollar signs, as Markdown and LaTeX both set them."""

from __future__ import annotations

from collections.abc import Iterable

from archcalc.explain import text
from archcalc.explain.document import Amount, Math
from archcalc.symbolic.printing import to_latex
from archcalc.symbolic.shape import Shape

__all__ = ["inline_math", "joined"]


def inline_math(part: Math | Amount | Shape) -> str:
    r"""A formula, a result or a shape as LaTeX between dollar signs.

    >>> print(inline_math(Amount(542230)), inline_math(Shape((28, 28, 1))))
    $542{,}230$ $28 \times 28 \times 1$
    >>> from archcalc.symbolic import symbol
    >>> print(inline_math(Amount(2 * symbol("u"), signed=True)))
    $+2 \cdot u$
    """
    match part:
        case Math(expression, values, order):
            return f"${to_latex(expression, values, order)}$"
        case Amount(value) if isinstance(value, int):
            return f"${text.inline(part).replace(',', '{,}').replace('−', '-')}$"
        case Amount(value):
            return f"${text.plus(part)}{to_latex(value)}$"
        case Shape():
            return f"${_shape(part)}$"


def _shape(shape: Shape) -> str:
    return r" \times ".join(shape.factors(to_latex, r"\left({}\right)")) or r"\text{scalar}"


def joined(parts: Iterable[str]) -> str:
    """The parts of a line; formulas that an equals sign joins become one formula.

    >>> joined(["$k$", " = ", "$3$", ", ", "`$ = $`"])
    '$k = 3$, `$ = $`'
    """
    line: list[str] = []
    for part in parts:
        if part.startswith("$") and len(line) > 1 and line[-1] == " = " and line[-2].endswith("$"):
            line[-2:] = [f"{line[-2][:-1]} = {part[1:]}"]
        else:
            line.append(part)
    return "".join(line)
