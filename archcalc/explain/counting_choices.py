"""Conventions: what a count chooses, and what other tools would count."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archcalc.costs import CONVENTIONS, Alternative, Choice, Convention, ConventionEffect
from archcalc.costs.choice import Quantity
from archcalc.explain.document import (
    Block,
    Document,
    Entry,
    Inline,
    Inlines,
    Paragraph,
    Rule,
    Table,
)
from archcalc.explain.renderable import Renderable
from archcalc.explain.summary import amount, plain_formula
from archcalc.network import Network, Trace, traced

__all__ = ["Conventions", "choices", "choices_data", "conventions", "who"]

_WORDS = {"parameters": "parameters", "macs": "MACs", "flops": "FLOPs"}


@dataclass(frozen=True, repr=False)
class Conventions(Renderable):
    """Conventions as a table: all there are, or those that change a count of a trace, with both.

    Attributes:
        listed: the conventions.
        found: what was counted, and what others would count; ``None`` where no trace was given.
    """

    listed: tuple[Convention, ...]
    found: tuple[ConventionEffect, ...] | None = None

    def document(self) -> Document:
        if self.found is None:
            return Document("Conventions", (_every(self.listed),))
        blocks = choices(self.found)
        return Document("Conventions", blocks or (Paragraph(("all tools count the same",)),))

    def to_dict(self) -> dict[str, Any]:
        if self.found is None:
            return {"conventions": [_listed_data(convention) for convention in self.listed]}
        return {"conventions": choices_data(self.found)}


def conventions(
    network: Network | Trace | str | os.PathLike[str] | None = None, **values: Any
) -> Conventions:
    """Every convention; or, of a network, those by which it would be counted differently.

    Args:
        network: the network, its trace, or a file that describes one.
        values: numbers, or formulas, for its symbols, as in ``k=3``.

    >>> from archcalc.layers import LSTM
    >>> from archcalc.network import Sequential
    >>> print(conventions(Sequential([LSTM(128, use_bias=False)], input_shape=(10, 128))))
    conventions
      FLOPs a MAC  2 (torch's FlopCounterMode, Kaplan et al. (2020)); 1 (He et al. (2015), fvcore) would be −1,310,720, 1,310,720 FLOPs
    """  # noqa: E501
    listed = tuple(CONVENTIONS.values())
    if network is None:
        return Conventions(listed)
    trace = traced(network, **values)
    return Conventions(listed, trace.conventions)


def _every(listed: Sequence[Convention]) -> Table:
    rows: list[tuple[Inlines, ...]] = []
    for convention in listed:
        for i, choice in enumerate(convention.choices):
            first = i == 0
            rows.append(
                (
                    (convention.name,) if first else (),
                    (_WORDS[convention.quantity],) if first else (),
                    (choice.name,),
                    (choice.meaning,),
                    (", ".join(choice.used_by),),
                )
            )
    return Table(("convention", "of", "choice", "meaning", "as"), "lllll", tuple(rows))


def choices(found: Sequence[ConventionEffect], *quantities: Quantity) -> tuple[Block, ...]:
    """What was chosen, one line a convention, as one entry; nothing where none matters.

    Args:
        found: the conventions that matter.
        quantities: of which quantities; all where none is named.
    """
    rules = [
        Rule(c.convention.name, _line(c))
        for c in found
        if not quantities or c.convention.quantity in quantities
    ]
    return (Entry(("conventions",), tuple(rules)),) if rules else ()


def _line(counted: ConventionEffect) -> Inlines:
    chosen = counted.choice
    said: list[Inline] = ["as each layer says" if chosen is None else str(chosen)]
    for other in counted.others:
        said.extend([f"; {other.choice} would be ", amount(other.difference, signed=True)])
        if other.amount.is_number:
            said.extend([", ", amount(other.amount), f" {_WORDS[counted.convention.quantity]}"])
    return tuple(said)


def who(choice: Choice) -> str:
    """The tools that count so, as a sentence names them.

    >>> who(CONVENTIONS["recurrent bias"]["two"])
    'torch and cuDNN'
    """
    *others, last = choice.used_by
    return f"{', '.join(others)} and {last}" if others else last


def choices_data(found: Sequence[ConventionEffect], *quantities: Quantity) -> list[dict[str, Any]]:
    """What was chosen, as data."""
    return [
        {
            "name": c.convention.name,
            "quantity": c.convention.quantity,
            "counted": c.choice.name if c.choice else None,
            "as": list(c.choice.used_by) if c.choice else [],
            "amount": plain_formula(c.amount),
            "others": [_other_data(other) for other in c.others],
        }
        for c in found
        if not quantities or c.convention.quantity in quantities
    ]


def _other_data(other: Alternative) -> dict[str, Any]:
    return {
        "choice": other.choice.name,
        "as": list(other.choice.used_by),
        "amount": plain_formula(other.amount),
        "difference": plain_formula(other.difference),
    }


def _listed_data(convention: Convention) -> dict[str, Any]:
    return {
        "name": convention.name,
        "question": convention.question,
        "quantity": convention.quantity,
        "default": convention.default.name,
        "choices": [
            {"name": c.name, "meaning": c.meaning, "as": list(c.used_by)}
            for c in convention.choices
        ],
    }
