"""What must hold for an architecture to exist, kept while symbols have no numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from math import prod

from sympy import Expr, Integer, Rational, Symbol

from archcalc.symbolic.compare import at_least, equal
from archcalc.symbolic.dims import Dim, lower
from archcalc.symbolic.division import FloorDiv, floor_div, is_whole
from archcalc.symbolic.errors import RequirementError
from archcalc.symbolic.limits import LIMITS
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.printing.text import to_text
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.substitution import substitute
from archcalc.symbolic.sums import Copies

__all__ = ["Relation", "Requirement", "undecided"]


class Relation(Enum):
    """How the two sides of a requirement stand to one another."""

    AT_LEAST = "≥"
    EQUAL = "="
    MULTIPLE_OF = "is a multiple of"


@dataclass(frozen=True, slots=True, repr=False)
class Requirement(Shown):
    """``left ≥ right``, ``left = right`` or ``left is a multiple of right``, and why.

    Attributes:
        left, relation, right: the statement.
        message: what is wrong when it does not hold, with ``{names}`` of `details` in it.
        code: the stable code of the error.
        hint: what would mend it.
        details: the dimensions that the message names.
        path: the layer that asks for it.
        each: the copies of repeated blocks that it is asked of, each with its number.
        words: the statement in words with ``{names}`` of `details`, where the sides say it badly.

    >>> from archcalc.symbolic import symbols
    >>> k = symbols("k")
    >>> r = Requirement(28, Relation.AT_LEAST, k, "kernel {k} does not fit input height 28",
    ...                 code="kernel-exceeds-input", details=(("k", k),), path="conv2d")
    >>> print(r), print(r.holds())
    k ≤ 28 (conv2d)
    None
    (None, None)
    >>> r.at({k: 29}).error()
    RequirementError('kernel 29 does not fit input height 28')
    """

    left: Dim
    relation: Relation
    right: Dim
    message: str
    code: str
    hint: str = ""
    details: tuple[tuple[str, Dim], ...] = field(default=())
    path: str = ""
    each: tuple[Copies, ...] = ()
    words: str = ""

    def holds(self) -> bool | None:
        """Whether it holds for all values of the symbols; ``None`` where that depends on them."""
        if self.each and self.counted:
            answers = {one.holds() for one in self.copies()}
            return False if False in answers else None if None in answers else True
        holds = self._holds()
        inhabited = all(at_least(copies.count, 1) for copies in self.each)
        return holds if holds or inhabited else None

    def _holds(self) -> bool | None:
        match self.relation:
            case Relation.AT_LEAST:
                return at_least(self.left, self.right, by_classes=True)
            case Relation.EQUAL:
                return equal(self.left, self.right)
            case Relation.MULTIPLE_OF:
                if self.right == 0:  # its only multiple is itself
                    return equal(self.left, 0)
                if self.right == 1 and isinstance(self.left, Expr) and is_whole(self.left):
                    return True
                return equal(floor_div(self.left, self.right) * self.right, self.left)

    def at(self, values: Mapping[Symbol, Dim]) -> Requirement:
        """The same requirement with `values` substituted for symbols."""

        def put(dim: Dim) -> Dim:
            return dim if isinstance(dim, int) else lower(substitute(dim, values))

        details = tuple((name, put(dim)) for name, dim in self.details)
        each = tuple(copies.at(_sympified(values)) for copies in self.each)
        return replace(self, left=put(self.left), right=put(self.right), details=details, each=each)

    @property
    def key(self) -> tuple[object, ...]:
        """What it asks, whichever layer asks it and however it is phrased."""
        return self.left, self.relation, self.right, self.each

    def of_each(self, copies: Iterable[Copies]) -> Requirement:
        """The same requirement, asked of each of `copies` where it depends on their number."""
        free = self._free
        return replace(self, each=tuple(c for c in copies if c.index in free))

    @property
    def counted(self) -> bool:
        """Whether it can be asked of every copy by itself."""
        counts = [copies.count for copies in self.each]
        return all(isinstance(n, int) for n in counts) and prod(map(int, counts)) <= LIMITS.copies

    def copies(self) -> Iterator[Requirement]:
        """The requirement for every copy by itself, where their numbers are known."""
        if not self.each:
            yield self
            return
        *outer, inner = self.each
        for number in range(int(inner.count)):
            yield from replace(self, each=tuple(outer)).at({inner.index: number}).copies()

    def under(self, path: str) -> Requirement:
        """The same requirement, asked for by the layer at `path`."""
        return replace(self, path=path)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The symbols that decide it."""
        counts = [copies.count for copies in self.each]
        free = frozenset().union(*(n.free_symbols for n in counts if isinstance(n, Expr)))
        return (self._free | free) - {copies.index for copies in self.each}

    @property
    def _free(self) -> frozenset[Symbol]:
        sides = [side for side in (self.left, self.right) if isinstance(side, Expr)]
        return frozenset().union(*(side.free_symbols for side in sides))

    def error(self) -> RequirementError:
        """The error to raise when it does not hold."""
        if self.each and self.counted:
            return next((one for one in self.copies() if one.holds() is False), self)._error()
        return self._error()

    def _error(self) -> RequirementError:
        return RequirementError(
            self._said(),
            code=self.code,
            path=self.path,
            values=dict(self.details),
            hint=self.hint,
        )

    def _said(self) -> str:
        """The message with its dimensions in it."""
        return self._filled(self.message)

    def _filled(self, text: str) -> str:
        return text.format(**{name: to_text(dim) for name, dim in self.details})

    def statement(self) -> str:
        """The statement alone, solved for the symbol where there is one and it stands alone."""
        asked = [f"{copies.index.name} < {to_text(copies.count)}" for copies in self.each]
        return self._bare() + (f" for each {', '.join(asked)}" if asked else "")

    def _bare(self) -> str:
        if self.words:
            return self._filled(self.words)
        if self.relation is Relation.AT_LEAST:
            room = _undone((plain(self.left) - plain(self.right)).expand())
            constant, term = room.as_coeff_Add()
            if term.is_Symbol:
                return f"{term.name} ≥ {to_text(-constant)}"
            if (-term).is_Symbol:
                return f"{(-term).name} ≤ {to_text(constant)}"
            if isinstance(self.left, int):
                return f"{to_text(self.right)} ≤ {to_text(self.left)}"
        if self.relation is Relation.MULTIPLE_OF and self.right == 1:
            return f"{to_text(self.left)} is a whole number"
        return f"{to_text(self.left)} {self.relation.value} {to_text(self.right)}"

    def __str__(self) -> str:
        return f"{self.statement()} ({visible(self.path)})" if self.path else self.statement()

    __repr__ = __str__


def _undone(room: Expr) -> Expr:
    """An expression that is at least 0 just where `room` is, with floors and a factor undone.

    ``⌊c/16⌋ ≥ 1`` is ``c ≥ 16``, and ``2·k ≥ 3`` is ``k ≥ 2``, for what is whole.

    >>> from archcalc.symbolic import symbols
    >>> k = symbols("k")
    >>> _undone(floor_div(k, 16) - 1), _undone(7 - 2*k)
    (k - 16, 3 - k)
    """
    while True:
        constant, term = room.as_coeff_Add()
        factor, rest = term.as_coeff_Mul()
        if not (isinstance(constant, Rational) and isinstance(factor, Rational)) or factor == 0:
            return room
        rises = factor > 0
        ratio = constant / (factor if rises else -factor)
        whole = Integer(ratio.p // ratio.q)  # sympy's own // rounds fractions toward zero
        bound = -whole if rises else whole
        if isinstance(rest, FloorDiv) and isinstance(rest.divisor, Integer) and rest.divisor > 0:
            inside, q = rest.numerator, rest.divisor
            room = (inside - bound * q if rises else (bound + 1) * q - 1 - inside).expand()
        elif rest.is_Symbol:
            return rest - bound if rises else bound - rest
        else:
            return room


def undecided(needs: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Those that cannot be decided while symbols have no numbers.

    Raises:
        RequirementError: one does not hold, whatever the symbols.
    """
    found = []
    for needed in needs:
        holds = needed.holds()
        if holds is False:
            raise needed.error()
        if holds is None:
            found.append(needed)
    return tuple(found)


def _sympified(values: Mapping[Symbol, Dim]) -> dict[Expr, Expr]:
    return {s: Integer(v) if isinstance(v, int) else v for s, v in values.items()}
