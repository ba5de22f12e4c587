"""Whether an explanation names the cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import archcalc as ac
from tests.explain.miscounts.mistakes import Cause, Claims

__all__ = ["explanations", "judge", "names"]


def explanations(found: Any) -> list[tuple[Any, ...]]:
    """Every explanation that is offered: the first, and those that fit equally well."""
    first = tuple(found.findings)
    others = [tuple(a) for a in getattr(found, "alternatives", ())]
    return [first, *(a for a in others if a != first)]


def names(findings: Sequence[Any], causes: Iterable[Cause]) -> bool:
    """Whether the findings name every cause, and nothing else."""
    causes = tuple(causes)
    if not findings:
        return False
    met = set()
    for finding in findings:
        fitting = [i for i, cause in enumerate(causes) if _fits(finding, cause)]
        if not fitting:
            return False
        met.update(fitting)
    return len(met) == len(causes)


def _fits(finding: Any, cause: Cause) -> bool:
    kind = finding.kind.replace("-", " ")
    said = f"{kind} {finding.text}".lower()
    if not re.search(cause.words, said):
        return False
    here = (
        (not cause.layers)
        or finding.layer in cause.layers
        or any(
            finding.layer.startswith(f"{name}/") or _mentions(said, name) for name in cause.layers
        )
    )
    if not here and not (cause.everywhere and finding.layer in ("total", "")):
        return False
    if cause.number is None:
        return True
    return _mentions(said, f"{cause.number}") or _mentions(said, f"{cause.number:,}")


def _mentions(said: str, name: str) -> bool:
    return re.search(rf"(?<![\w/]){re.escape(name.lower())}(?![\w])", said) is not None


def judge(net: ac.Sequential, claims: Claims, causes: Iterable[Cause]) -> tuple[str, Any]:
    """The verdict, and the answer.

    ``right``; ``listed`` among equals; ``wrong``, where a wrong cause is told alone; ``unlisted``,
    where several are and the right one is not among them; ``unexplained``.
    """
    found: Any = ac.reconcile(net, **claims.arguments)
    causes = tuple(causes)
    if found.explained is False:
        return "unexplained", found
    offered = explanations(found)
    if found.explained == "ambiguous":
        return ("listed" if any(names(e, causes) for e in offered) else "unlisted"), found
    return ("right" if names(offered[0], causes) else "wrong"), found
