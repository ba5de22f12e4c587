"""The answer of a search: the best configuration, and what shows that it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from os import PathLike
from random import Random
from typing import TYPE_CHECKING, Any

from archcalc._loading import loaded
from archcalc.explain.document import Block, Document, Paragraph
from archcalc.explain.renderable import Renderable
from archcalc.explore.searching.certificate import Certificate
from archcalc.explore.searching.combined import Combined
from archcalc.explore.searching.question import Question
from archcalc.formula.constraint import Constraint
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.numbers import shown
from archcalc.symbolic.ordered import plain
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shown import Shown
from archcalc.symbolic.symbols import symbol

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ConstraintValue", "Optimum", "met_at", "value_at"]

_DRAWN = 500
"""So many configurations are drawn to see whether one of them is better."""


@dataclass(frozen=True, slots=True, repr=False)
class ConstraintValue(Shown):
    """A constraint, and both of its sides at the best configuration.

    Attributes:
        text: the constraint.
        left, right: the values of its sides; of one with ``or``, ``not`` or ``!=`` a number that is
            not negative where it holds, and 0.
        moving: those of the two that are no plain numbers; none where there is more than one
            comparison.
    """

    text: str
    left: int | Fraction
    right: int | Fraction
    moving: tuple[int | Fraction, ...]

    def __str__(self) -> str:
        return f"{self.text}: {self.against}" if self.moving else self.text

    __repr__ = __str__

    @property
    def against(self) -> str:
        """Those values that are no plain numbers, against one another."""
        return " against ".join(map(shown, self.moving))


@dataclass(frozen=True, repr=False, eq=False)
class Optimum(Renderable):
    """The best configuration that meets every constraint.

    Of several that are as good it is the first, in the order of the ranges: that with the value of
    the first symbol that was given first, of these that of the second, and so on.

    Attributes:
        best: the value of each symbol, to be put into formulas, as in ``P(**found.best)``; ``None``
            where the search was interrupted before it found any.
        value: the objective there.
        constraints: the constraints there.
        certificate: what became of every configuration.
        bound: what the objective cannot pass; the value itself where the search is complete, and
            ``None`` where nothing is known.
        question: what was asked.
    """

    best: Mapping[str, int] | None
    value: int | Fraction | None
    constraints: tuple[ConstraintValue, ...]
    certificate: Certificate
    bound: int | Fraction | None
    question: Question = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether the search came to its end, so that nothing is better."""
        return self.certificate.left == 0

    def verify(self) -> bool:
        """Check the answer by other means than those that found it.

        The objective and all constraints are computed at the best configuration, number by
        number; so are they at its neighbours and at some hundred configurations elsewhere, none
        of which may be better; and the certificate must add up.
        """
        if self.best is None or self.value is None or not self.certificate.adds_up:
            return False
        if value_at(self.question, self.best) != self.value:
            return False
        others = [value_at(self.question, values) for values in self._others(self.best)]
        found = [self.value, *(value for value in others if value is not None)]
        best = max(found) if self.question.largest else min(found)
        return best == self.value or not self.complete

    def _others(self, best: Mapping[str, int]) -> Iterator[dict[str, int]]:
        axes = self.question.axes
        for axis in axes:
            place = axis.place_of(best[axis.name])
            for near in (place - 1, place + 1):
                if 0 <= near < axis.size:
                    yield {**best, axis.name: axis.at(near)}
        drawing = Random(0)
        for _ in range(_DRAWN):
            yield {axis.name: axis.at(drawing.randrange(axis.size)) for axis in axes}

    def plot(self, path: str | PathLike[str] | None = None, *, title: str = "") -> Figure:
        """The objective along each symbol through the best configuration, drawn by matplotlib.

        What breaks a constraint is drawn faintly.

        Args:
            path: the file to write, as ``.png``, ``.svg`` or ``.pdf``; without it pyplot shows the
                figure.
            title: what the objective counts.

        Raises:
            PictureError: no symbol varies, nothing was found, or the file cannot be written.
            FrameworkError: matplotlib is not installed.
        """
        drawing = loaded("archcalc.explore.searching.drawing")  # so is matplotlib, and not before
        figure: Figure = drawing.draw_optimum(self, title=title, path=path)
        return figure

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for JSON; a fraction is text."""
        return {
            "best": None if self.best is None else dict(self.best),
            "value": _plain(self.value),
            "complete": self.complete,
            "bound": _plain(self.bound),
            "constraints": [
                {"text": met.text, "left": _plain(met.left), "right": _plain(met.right)}
                for met in self.constraints
            ],
            "certificate": {
                "total": self.certificate.total,
                "evaluated": self.certificate.evaluated,
                "excluded": [asdict(reason) for reason in self.certificate.excluded],
                "left": self.certificate.left,
            },
        }

    def __repr__(self) -> str:
        superlative = "largest" if self.question.largest else "smallest"
        if self.best is None:
            lines = [f"interrupted: the {superlative} is not known yet"]
        else:
            at = ", ".join(f"{name} = {value:,}" for name, value in self.best.items())
            begun = "" if self.complete else "interrupted: so far, "
            lines = [f"{begun}{superlative} {shown(self.value or 0)} at {at}"]
        if not self.complete and self.bound is not None:
            lines.append(
                f"  nothing is {superlative.replace('est', 'er')} than {shown(self.bound)}"
            )
        return "\n".join([*lines, *(f"  {met}" for met in self.constraints), str(self.certificate)])

    __str__ = __repr__

    def document(self) -> Document:
        """The answer as a document."""
        first, *others = repr(self).split("\n")
        blocks: list[Block] = [Paragraph((first,), "total")]
        blocks.extend(Paragraph((line.strip(),)) for line in others)
        return Document("Search", tuple(blocks))


def value_at(question: Question, values: Mapping[str, int]) -> int | Fraction | None:
    """The objective at a configuration; ``None`` where it is no network or breaks a constraint."""
    known = question.objective.known_symbols
    try:
        own = {name: v for name, v in values.items() if name in known}
        value: int | Fraction = question.objective(**own)
        met = all(_holds(each, values) for each in question.constraints)
    except ArchcalcError:
        return None
    return value if met else None


def _holds(constraint: Constraint | Requirement, values: Mapping[str, int]) -> bool:
    if isinstance(constraint, Constraint):
        names = {n for side in (constraint.left, constraint.right) for n in side.known_symbols}
        return constraint.holds(**{n: v for n, v in values.items() if n in names})
    return bool(constraint.at({symbol(n): v for n, v in values.items()}).holds())


def met_at(question: Question, values: Mapping[str, int]) -> tuple[ConstraintValue, ...]:
    """The constraints at a configuration."""
    return tuple(_met(each, values) for each in question.constraints)


def _met(constraint: Constraint | Requirement, values: Mapping[str, int]) -> ConstraintValue:
    sides = (constraint.left, constraint.right)
    left, right = (_side(side, values) for side in sides)
    both = () if isinstance(constraint, Combined) else zip(sides, (left, right), strict=True)
    return ConstraintValue(
        _text(constraint), left, right, tuple(v for side, v in both if _is_moving(side))
    )


def _is_moving(side: object) -> bool:
    return bool(getattr(side, "symbols", None) or getattr(side, "free_symbols", None))


def _text(constraint: Constraint | Requirement) -> str:
    return str(constraint) if isinstance(constraint, Constraint) else constraint.statement()


def _side(side: object, values: Mapping[str, int]) -> int | Fraction:
    expression: Dim = side if isinstance(side, int) else plain(getattr(side, "expr", side))
    return evaluate(expression, {symbol(n): v for n, v in values.items()})


def _plain(value: int | Fraction | None) -> int | str | None:
    return str(value) if isinstance(value, Fraction) else value
