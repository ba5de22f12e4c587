"""Equations in Einstein's notation, of a dense layer and of inputs among one another.

Sources: https://keras.io/api/layers/core_layers/einsum_dense/ and, of inputs among one another,
https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NoReturn

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.shape import Shape

__all__ = [
    "Contraction",
    "Equation",
    "Lengths",
    "Step",
    "contraction",
    "equation",
    "explicit",
    "together",
]

_FORMS: dict[Literal["", "left", "right"], str] = {
    "": r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)",
    "left": r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)",
    "right": r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.",
}


@dataclass(frozen=True, slots=True)
class Lengths:
    """What the letters of an equation stand for, on one input.

    Attributes:
        named: the length of every letter but the batch's.
        given: the letters that come out and what was asked for them, in order.
        elided: the lengths of the axes that an ellipsis stands for, without the batch.
    """

    named: dict[str, Dim]
    given: tuple[tuple[str, Dim | None], ...]
    elided: tuple[Dim, ...]

    def of(self, letters: str) -> tuple[Dim, ...]:
        """The lengths of some letters, in order."""
        return tuple(self.named[letter] for letter in letters)


@dataclass(frozen=True, slots=True)
class Equation:
    """``x,kernel->out``, perhaps with an ellipsis before or after the letters of `x` and `out`."""

    x: str
    kernel: str
    out: str
    ellipsis: Literal["", "left", "right"]

    @property
    def summed(self) -> str:
        """The letters that products are summed over: of the input and the kernel alone."""
        return "".join(a for a in self.kernel if a in self.x and a not in self.out)

    @property
    def made(self) -> str:
        """The letters that a kernel makes of those it sums, where it is such a matrix.

        >>> equation("btd,dae->bate").made, equation("bad,dae->bae").made
        ('ae', '')
        """
        made = "".join(a for a in self.kernel if a not in self.x)
        plain = set(self.x) <= {*self.summed, *self.out}
        return made if plain and self.summed + made == self.kernel else ""

    def letters(self, rank: int) -> tuple[str, ...]:
        """What names each of the `rank` axes of the input; ``""`` for one in the ellipsis.

        Raises:
            ShapeError: the equation is for another number of axes.
        """
        elided = rank + 1 - len(self.x)
        if elided < 0 or (elided and not self.ellipsis):
            raise ShapeError(
                f"the equation names {len(self.x)} axes with the batch, and the input has "
                f"{rank + 1}",
                code="wrong-number-of-axes",
                hint="the first axis of an equation is the batch; '...' stands for any number",
            )
        before = elided if self.ellipsis == "left" else 0
        names = [*[""] * before, *self.x, *[""] * (elided - before)]
        if names[0] and (self.out[0] != names[0] or names[0] in self.kernel):
            raise ShapeError(
                f"{names[0]!r} stands for the batch, which must come out first and be no axis of "
                "the kernel",
                code="invalid-equation",
            )
        return tuple(names[1:])

    def results(self, rank: int) -> str:
        """The letters that come out, without the batch's."""
        return self.out if self.batch_elided(rank) else self.out[1:]

    def batch_elided(self, rank: int) -> bool:
        """Whether the ellipsis stands for the batch, and perhaps for more."""
        return self.ellipsis == "left" and rank + 1 > len(self.x)

    def lengths(self, x: Shape, target: tuple[Dim | None, ...]) -> Lengths:
        """What the letters stand for on an input of shape `x`.

        Args:
            x: the input shape, without the batch.
            target: what comes out for each letter; ``None`` where it is as in the input.

        Raises:
            ShapeError: the equation does not fit the input, or a letter has no length.
        """
        names = self.letters(len(x))
        results = self.results(len(x))
        if len(target) != len(results):
            raise ShapeError(
                f"the equation names {len(results)} axes of the output beside the batch, and there "
                f"are {len(target)} sizes",
                code="wrong-number-of-values",
                hint="give one for each letter; axes in an ellipsis have none",
            )
        named = {name: dim for name, dim in zip(names, x, strict=True) if name}
        given = tuple(zip(results, target, strict=True))
        for letter, size in given:
            if size is not None:
                named[letter] = size
            elif letter not in named:
                raise ShapeError(
                    f"nothing says how long {letter!r} is: it is no axis of the input",
                    code="no-length",
                    hint="give its size in place of None",
                )
        elided = tuple(dim for name, dim in zip(names, x, strict=True) if not name)
        return Lengths(named, given, elided)


@lru_cache(maxsize=256)
def equation(text: str) -> Equation:
    """`text` as an equation, in the forms that Keras takes.

    Raises:
        InvalidLayerError: it is none.

    >>> equation("...x,xy->...y")
    Equation(x='x', kernel='xy', out='y', ellipsis='left')
    """
    for ellipsis, form in _FORMS.items():
        found = re.fullmatch(form, text[:_LONGEST])
        if found:
            return _checked(Equation(found[1], found[2], found[3], ellipsis))
    _refuse(
        f"{text[:_LONGEST]!r} is not an equation",
        "write it as 'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'",
    )


_LONGEST = 200


def _checked(made: Equation) -> Equation:
    for part in (made.x, made.kernel, made.out):
        if len(set(part)) < len(part):
            _refuse(f"a letter stands twice in {part!r}", "give every axis a letter of its own")
    for letter in made.out:
        if letter not in made.x + made.kernel:
            _refuse(f"{letter!r} comes out, but is neither of the input nor of the kernel")
    for letter in made.kernel:
        if letter not in made.x + made.out:
            _refuse(f"{letter!r} is of the kernel, but neither of the input nor of the output")
    return made


def _refuse(message: str, hint: str = "") -> NoReturn:
    raise InvalidLayerError(message, code="invalid-equation", hint=hint)


# Inputs among one another


@dataclass(frozen=True, slots=True)
class Step:
    """One product of a contraction: of what the inputs before have made, and one input more.

    Attributes:
        first: how long each letter of what there is so far is, in order.
        second: the same of the next input.
        kept: the same of what comes out of the step.
    """

    first: Mapping[str, Dim]
    second: Mapping[str, Dim]
    kept: Mapping[str, Dim]

    @property
    def summed(self) -> tuple[str, ...]:
        """The letters that products are summed over: of both, and not kept.

        An axis that is stretched in one of the two is summed in the other, and copied nowhere.
        """
        both = (a for a in self.first if a in self.second and a not in self.kept)
        return tuple(a for a in both if (self.first[a] == 1) == (self.second[a] == 1))

    def alone(self, operand: Mapping[str, Dim]) -> tuple[str, ...]:
        """The letters of one of the two that are summed before: the other has not got them."""
        done = (*self.kept, *self.summed)
        return tuple(a for a, length in operand.items() if a not in done and length != 1)


@dataclass(frozen=True, slots=True)
class Contraction:
    """``x->out`` or ``x,y,…->out``, without the batch, which stands first in all of them.

    Attributes:
        terms: the letters of each input; an ellipsis is one letter, ``.``, for any number of axes.
        out: those of what comes out.
    """

    terms: tuple[str, ...]
    out: str

    def letters(self, ranks: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
        """What names each axis of the inputs, and last of the output: a letter, or ``.1`` for the
        last axis of an ellipsis, ``.2`` for the one before.

        Raises:
            ShapeError: the equation is for another number of axes.
        """
        elided = [
            rank - len(term.replace(".", "")) for term, rank in zip(self.terms, ranks, strict=True)
        ]
        for term, rank, left in zip(self.terms, ranks, elided, strict=True):
            if left < 0 or (left and "." not in term):
                raise ShapeError(
                    f"the equation names {len(term.replace('.', ''))} axes beside the batch, and "
                    f"the input has {rank}",
                    code="wrong-number-of-axes",
                    hint="the first axis of an equation is the batch; '...' stands for any number",
                )
        terms = [_spread(*pair) for pair in zip(self.terms, elided, strict=True)]
        return (*terms, _spread(self.out, max(elided)))

    def lengths(self, inputs: tuple[Shape, ...]) -> tuple[Mapping[str, Dim], ...]:
        """How long each letter is in every input, and last in the output.

        A letter that stands twice in an input is its diagonal: one axis, of which there is a view.

        Raises:
            ShapeError: the equation is for another number of axes.
        """
        *terms, out = self.letters(tuple(map(len, inputs)))
        found = [dict(zip(term, x, strict=True)) for term, x in zip(terms, inputs, strict=True)]
        every = together(*found)
        return (*found, {letter: every[letter] for letter in out})

    def steps(self, inputs: tuple[Shape, ...]) -> tuple[Step, ...]:
        """The products, from left to right: of the first two inputs, of that and the third, ….

        An axis is summed as soon as neither the output nor an input to come has it, but as 1.  This
        is the order of ``torch.einsum`` without a package that looks for another (opt_einsum),
        which may find one of fewer products.

        >>> chain = contraction("bij,bjk,bkl->bil")
        >>> steps = chain.steps((Shape((2, 3)), Shape((3, 4)), Shape((4, 5))))
        >>> [(step.summed, step.kept) for step in steps]
        [(('j',), {'i': 2, 'k': 4}), (('k',), {'i': 2, 'l': 5})]
        """
        first, *others, out = self.lengths(inputs)
        made = []
        for number, second in enumerate(others, 1):
            later = {*out, *(a for x in others[number:] for a, length in x.items() if length != 1)}
            every = together(first, second)
            kept = {letter: dim for letter, dim in every.items() if letter in later}
            made.append(Step(first, second, kept))
            first = kept
        return tuple(made)


def together(*named: Mapping[str, Dim]) -> dict[str, Dim]:
    """How long each letter is in several: one that is 1 is stretched."""
    lengths: dict[str, Dim] = {}
    for found in named:
        for letter, dim in found.items():
            if lengths.get(letter, 1) == 1:
                lengths[letter] = dim
    return lengths


def _spread(term: str, elided: int) -> tuple[str, ...]:
    """The letters of a term with those of its ellipsis, which are counted from the end."""
    several = [f".{i}" for i in range(elided, 0, -1)]
    return tuple(name for letter in term for name in (several if letter == "." else [letter]))


@lru_cache(maxsize=256)
def contraction(text: str) -> Contraction:
    """`text` as an equation of inputs, each with the batch as its first axis.

    Raises:
        InvalidLayerError: it is none.

    >>> contraction("bhqd, bhkd -> bhqk")
    Contraction(terms=('hqd', 'hkd'), out='hqk')
    >>> contraction("...qd,...kd").out
    '.kq'
    """
    plain = explicit(text[:_LONGEST])
    if not re.fullmatch(rf"{_TERM}(,{_TERM})*->{_TERM}", plain):
        _refuse(
            f"{text[:_LONGEST]!r} is not an equation of inputs",
            "write it as 'bij->bji' or 'bij,bjk->bik'; '...' stands for any number of axes",
        )
    terms = [term.replace("...", ".") for term in re.split(",|->", plain)]
    *inputs, out = _without_batch(terms)
    if len(set(out)) < len(out):
        _refuse(f"a letter stands twice in {out!r}", "an axis comes out once")
    for letter in out:
        if letter not in "".join(inputs):
            _refuse(f"{letter!r} comes out, but is of no input")
    if "." in "".join(inputs) and "." not in out:
        _refuse("an ellipsis of the input does not come out", "write '...' after '->' too")
    return Contraction(tuple(inputs), out)


_TERM = r"[a-zA-Z]*(?:\.\.\.)?[a-zA-Z]*"


def explicit(text: str) -> str:
    """An equation without spaces and with its output, which may be left out.

    The output then has the ellipsis, if there is one, and every letter that stands once, in order.

    >>> explicit("...ij, ...jk")
    '...ij,...jk->...ik'
    """
    plain = text.replace(" ", "")
    if "->" in plain:
        return plain
    once = sorted(letter for letter in set(plain) - {".", ","} if plain.count(letter) == 1)
    return f"{plain}->{'...' if '...' in plain else ''}{''.join(once)}"


def _without_batch(terms: list[str]) -> list[str]:
    """The terms without the batch: their first letter, or an axis of the ellipsis they begin with.

    What begins with an ellipsis in all of them keeps it, for the axes beside the batch.
    """
    firsts = {term[:1] for term in terms}
    if firsts == {"."}:
        return terms
    (batch,) = firsts if len(firsts) == 1 else ("",)
    if not batch or any(batch in term[1:] for term in terms):
        _refuse(
            "the batch, the first axis of every input, must come out first",
            "begin every part with the same letter, or every part with '...'",
        )
    return [term[1:] for term in terms]
