"""The best configuration under constraints: ``search``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from typer import Exit, Option

from archcalc.cli.options import Calls, File, Inputs, Output, Values, pairs
from archcalc.cli.plots import PlotOption
from archcalc.cli.questions import Plain, Quantity

if TYPE_CHECKING:
    from archcalc.explore import Optimum
    from archcalc.formula import Constraint, Formula

__all__ = ["search"]

_INTERRUPTED = 130


def search(
    file: File,
    maximize: Annotated[
        str | None,
        Option(metavar="FORMULA", help="What is to be large: macs, or as macs/parameters."),
    ] = None,
    minimize: Annotated[
        str | None, Option(metavar="FORMULA", help="What is to be small.", show_default=False)
    ] = None,
    subject_to: Annotated[
        list[str] | None,
        Option(
            metavar="CONDITION",
            help="What must hold, as 'parameters <= 1e6' or 'f % 8 == 0'. May be repeated.",
        ),
    ] = None,
    over: Annotated[
        list[str] | None,
        Option(
            metavar="NAME=VALUES",
            help="The values of a symbol: 8:512 with both ends, 8:512:8 by steps, or 1,3,5. "
            "May be repeated.",
        ),
    ] = None,
    plot: PlotOption = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    output: Output = None,
    how: Annotated[Plain, Option("--format", help="How to write the answer.")] = Plain.text,
) -> None:
    """The configuration with the most, or the least, of something under constraints, exactly.

    Conditions and formulas are about parameters, macs, flops, activations and the symbols.  Exits
    with 1 where no configuration meets the conditions.
    """
    from archcalc.cli.answers import say
    from archcalc.cli.ranges import check_symbols, integers
    from archcalc.cli.reading import open_network
    from archcalc.explore import search as searched
    from archcalc.symbolic.errors import SpecificationError

    aims = {name: text for name, text in (("maximize", maximize), ("minimize", minimize)) if text}
    if len(aims) != 1:
        raise SpecificationError(
            "one objective is needed", code="bad-option",
            hint="give --maximize macs, or --minimize parameters",
        )  # fmt: skip
    ((aim, text),) = aims.items()
    given = pairs(over, "--over").items()
    ranges: Any = {name: integers(values, f"--over {name}") for name, values in given}
    opened = open_network(file, inputs, pairs(calls, "--call"))
    trace = opened.trace(pairs(values, "--set"))
    with opened.located():
        counts = {quantity.value: getattr(trace, quantity.value) for quantity in Quantity}
        objective = _formula(text, counts)
        conditions = [c for t in subject_to or [] for c in _conditions(t, counts, ranges)]
        check_symbols([objective], ranges)
        found = searched(**{aim: objective}, subject_to=conditions, **ranges)
        if plot is not None:
            found.plot(plot, title=text)
    say(_said(found, text, how), output)
    if not found.complete:
        raise Exit(_INTERRUPTED)


def _formula(text: str, counts: Mapping[str, Formula]) -> Formula:
    """A formula over what is counted and the symbols."""
    from archcalc.formula import Formula
    from archcalc.symbolic import parse

    if text in counts:
        return counts[text]
    return _substituted(Formula(parse(text)), counts)


def _substituted(formula: Formula, counts: Mapping[str, Formula]) -> Formula:
    from archcalc.formula import Formula

    used = [counts[name] for name in formula.known_symbols if name in counts]
    there = {s: counts[s.name].expr for s in formula.symbols if s.name in counts}
    asked = dict.fromkeys(r for count in used for r in count.requirements)
    return Formula(formula.expr.xreplace(there), asked)


def _conditions(
    text: str, counts: Mapping[str, Formula], ranges: Mapping[str, Any]
) -> list[Constraint | str]:
    """A condition with what is counted put in; one over the symbols alone stays as it is."""
    from archcalc.explore.searching.combined import read_constraints
    from archcalc.formula import Formula
    from archcalc.symbolic import Relation, symbol
    from archcalc.symbolic.errors import SpecificationError

    names = {*counts, *ranges, *(name for count in counts.values() for name in count.known_symbols)}
    read = read_constraints(text, {name: symbol(name) for name in sorted(names)})
    if not any(s.name in counts for condition in read for s in condition.symbols):
        return [text]
    if any(condition.relation is not Relation.AT_LEAST for condition in read):
        raise SpecificationError(
            f"--subject-to {text!r}: what is counted has a limit, and no exact value",
            code="bad-option", hint="write it with <= or >=",
        )  # fmt: skip
    return [
        (_substituted(Formula(c.left), counts) >= _substituted(Formula(c.right), counts)).named(
            _statement(text, c.statement(), len(read))
        )
        for c in read
    ]


def _statement(text: str, stated: str, parts: int) -> str:
    return " ".join(text.split()) if parts == 1 else stated


def _said(found: Optimum, title: str, how: Plain) -> str:
    from archcalc.symbolic.numbers import shown

    if how is Plain.json:
        from json import dumps

        return dumps({"objective": title, **found.to_dict()})
    lines: list[str] = []
    if found.best is not None and found.value is not None:
        lines.append(", ".join(f"{name} = {value:,}" for name, value in found.best.items()))
        lines.append(f"{title} = {shown(found.value)}")
    lines.extend(map(str, found.constraints))
    if not found.complete:
        known = "" if found.bound is None else f": nothing is better than {shown(found.bound)}"
        lines.append(f"interrupted{known}")
    return "\n".join([*lines, str(found.certificate)])
