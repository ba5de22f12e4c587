"""What notebooks show of everything that has no document of its own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import singledispatch
from typing import Any

from archcalc.costs import Convention, ConventionEffect
from archcalc.explain.counting_choices import Conventions
from archcalc.explain.derivation import derive
from archcalc.explain.document import Amount, Block, Code, Document, Inlines, Paragraph, Table
from archcalc.explain.html import styled
from archcalc.explain.summary import Summary
from archcalc.formula import Sensitivity
from archcalc.layers import Layer
from archcalc.network import Network, Row, Trace

__all__ = ["document_of", "html"]


def html(thing: Any) -> str:
    """`thing` as a fragment of HTML with its style."""
    own = getattr(thing, "document", None)
    return styled(own() if own is not None else document_of(thing))


@singledispatch
def document_of(thing: Any) -> Document:
    """The document of a thing that has none: by default what the prompt shows of it.

    >>> from archcalc.symbolic import symbol
    >>> document_of(symbol("k")).blocks
    (Paragraph(content=('k',), kind=''),)
    """
    lines = repr(thing).split("\n")
    return Document(type(thing).__name__, tuple(Paragraph((line,)) for line in lines))


@document_of.register
def _(trace: Trace) -> Document:
    return Summary(trace).document()


@document_of.register
def _(layer: Layer) -> Document:
    return Document(type(layer).__name__, (Paragraph((Code(repr(layer)),)),))


@document_of.register
def _(network: Network) -> Document:
    if network.own_inputs() is None:
        return Document(type(network).__name__, (Paragraph((Code(repr(network)),)),))
    return Summary(network.trace()).document()


@document_of.register
def _(row: Row) -> Document:
    fed = tuple(-1 - place for place in range(len(row.inputs)))
    alone = replace(row, sources=fed, outputs_of=(), rounds=(), carried=())
    return derive(Trace(row.layer, row.inputs, (alone,), ())).steps[0].document()


@document_of.register
def _(convention: Convention) -> Document:
    return Conventions((convention,)).document()


@document_of.register
def _(counted: ConventionEffect) -> Document:
    return Conventions((counted.convention,), (counted,)).document()


@document_of.register
def _(found: Sensitivity) -> Document:
    at: list[Any] = []
    for name, value in found.at.items():
        at.extend([", " if at else "at ", Code(name), " = ", Amount(value)])
    at.extend([": " if at else "", _number(found.result)])
    rows: list[tuple[Inlines, ...]] = []
    for effect in found.effects:
        step: Inlines = (Amount(effect.value), " → ", Amount(effect.value + 1))
        more, share = effect.one_more, effect.elasticity
        change = (effect.obstacle,) if more is None else (_number(more, signed=True),)
        shown = () if share is None else (_number(share),)
        rows.append(((Code(effect.symbol),), step, change, shown))
    table = Table(("symbol", "one more", "change", "elasticity"), "lrrr", tuple(rows))
    blocks: list[Block] = [Paragraph(tuple(at)), table]
    return Document("Sensitivity", tuple(blocks))


def _number(value: int | Fraction, *, signed: bool = False) -> Amount | str:
    if isinstance(value, int):
        return Amount(value, signed)
    return f"{float(value):{'+' if signed else ''},.4g}".replace("-", "−")
