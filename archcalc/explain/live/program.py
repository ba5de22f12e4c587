"""Every formula of a page as JavaScript, printed once, with its value where the page begins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from string import Formatter

from sympy import Expr, Symbol

from archcalc.formula import Formula
from archcalc.network import Trace
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.evaluate import Exact, evaluate
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing import javascript_helpers, to_javascript
from archcalc.symbolic.requirement import Requirement

__all__ = ["Program", "as_script"]


class Program:
    """The formulas of a page.

    Args:
        values: every symbol with the number that it has first.

    >>> from archcalc.symbolic import symbols
    >>> f, k = symbols("f k")
    >>> program = Program({f: 32, k: 3})
    >>> program.number(k**2*f + f), program.number(f), program.number(k**2*f + f)
    (0, 1, 0)
    >>> program.start(k**2*f + f)
    320
    >>> print(program.javascript().splitlines()[1])
    () => $0*$1**2n + $0,
    """

    def __init__(self, values: Mapping[Symbol, int]) -> None:
        self.values = dict(values)
        self._names = {s.name: f"${i}" for i, s in enumerate(self.values)}
        self._numbers: dict[str, int] = {}
        self._printed: dict[Dim, int] = {}
        self._known: dict[Dim, Exact | None] = {}

    def moves(self, dim: Dim) -> bool:
        """Whether a dimension changes with the symbols, and has a number where they have."""
        return isinstance(dim, Expr) and bool(dim.free_symbols) and self._decided(dim)

    def _decided(self, dim: Expr) -> bool:
        return bool(dim.free_symbols <= self.values.keys())

    def number(self, dim: Dim) -> int:
        """Which formula of the program a dimension is; equal ones are one."""
        if dim not in self._printed:
            code = to_javascript(dim, self._names)
            self._printed[dim] = self._numbers.setdefault(code, len(self._numbers))
        return self._printed[dim]

    def start(self, dim: Dim) -> Exact | None:
        """The value where the page begins; ``None`` where there is none."""
        if dim not in self._known:
            try:
                self._known[dim] = evaluate(dim, self.values)
            except ArchcalcError:
                self._known[dim] = None
        return self._known[dim]

    def javascript(self) -> str:
        """A function of the symbols' values that gives a function for every formula."""
        lines = "\n".join(f"() => {code}," for code in self._numbers)
        return f"const FORMULAS = ([{', '.join(self._names.values())}]) => [\n{lines}\n];"

    def needs(self, trace: Trace) -> str:
        """A function that gives what must hold of a trace, in the order in which it is asked."""
        lines = "\n".join(f"{self._need(needed)}," for needed in trace.requirements)
        return f"([{', '.join(self._names.values())}]) => [\n{lines}\n]"

    def _need(self, needed: Requirement) -> str:
        """One requirement: its copies, its two sides, and what is said where it is broken."""
        indices = [copies.index.name for copies in needed.each]
        counts = [
            f"({', '.join(self._index(name) for name in indices[:i])}) => {self._code(c.count)}"
            for i, c in enumerate(needed.each)
        ]
        inside = ", ".join(map(self._index, indices))
        dims = dict(needed.details)
        said = [
            f"({inside}) => [{', '.join(self._parts(words, dims))}]" for words in (needed.message,)
        ]
        text = {"path": needed.path, "code": needed.code, "hint": needed.hint}
        return (
            f"{{relation: {as_script(needed.relation.name)}, counts: [{', '.join(counts)}], "
            f"sides: ({inside}) => [{self._code(needed.left)}, {self._code(needed.right)}], "
            f"said: {said[0]}, ...{as_script(text)}}}"
        )

    def _parts(self, words: str, dims: Mapping[str, Dim]) -> Iterable[str]:
        for literal, name, *_ in Formatter().parse(words):
            if literal:
                yield as_script(literal)
            if name is not None:
                yield self._code(dims[name])

    def _index(self, name: str) -> str:
        return to_javascript(Symbol(name), self._names)

    def _code(self, dim: Dim) -> str:
        return to_javascript(plain(dim) if isinstance(dim, Expr) else dim, self._names)

    def helpers(self) -> str:
        """What the formulas call."""
        return f"{javascript_helpers()}\nconst COPIES = {LIMITS.copies};\n"


def as_script(value: object) -> str:
    r"""Data as JavaScript that ends no script, whatever it says.

    >>> as_script("</script>")
    '"\\u003c/script>"'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def value_of(formula: Formula) -> Dim:
    """A formula as the program takes it: an int where it is a number."""
    value: Dim = formula() if formula.is_number else formula.ordered
    return value
