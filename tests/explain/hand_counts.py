"""Public hand counts: the data, the networks, and how an answer is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import archcalc as ac
from tests.explain.miscounts.judging import explanations, names
from tests.explain.miscounts.mistakes import Cause

__all__ = ["CLAIMS", "HandCount", "judged", "network"]

_DATA = Path(__file__).parents[1] / "data" / "hand_counts_more.json"


@dataclass(frozen=True)
class HandCount:
    """One claim of one page."""

    case: dict[str, Any]
    claim: dict[str, Any]
    name: str

    @property
    def arguments(self) -> dict[str, Any]:
        """What `archcalc.reconcile` is called with."""
        claim, value = self.claim, self.claim["value"]
        found: dict[str, Any] = {} if claim["of"] == "params" else {"of": claim["of"]}
        if "where" in claim:
            found["where"] = claim["where"]
        value = tuple(value) if isinstance(value, list) else value
        if claim["how"] == "total":
            return {**found, "total": value}
        return {**found, claim["how"]: {claim["layer"]: value} if claim["layer"] else value}

    @property
    def causes(self) -> tuple[Cause, ...]:
        found = []
        for cause in self.claim["causes"]:
            layers = tuple(cause["layer"].split("|")) if cause["layer"] else ()
            anywhere = not layers or "total" in layers
            found.append(Cause(self.name, layers, cause["words"], None, anywhere))
        return tuple(found)


def _claims() -> Iterator[HandCount]:
    for case in json.loads(_DATA.read_text())["cases"]:
        for i, claim in enumerate(case["claims"]):
            yield HandCount(case, claim, f"{case['id']}-{i}")


CLAIMS = list(_claims())


def network(case: dict[str, Any]) -> ac.Sequential:
    """The network of a case."""
    shape = tuple(ac.symbols(x) if isinstance(x, str) else x for x in case["input"])
    return ac.Sequential([_layer(x) for x in case["layers"]], input_shape=shape)


def _layer(described: Any) -> Any:
    kind, fields = described
    fields = dict(fields)
    if kind == "Repeat":
        block = ac.Sequential([_layer(x) for x in fields["block"]])
        return ac.Repeat(block, fields["times"], name=fields["name"])
    if "layer" in fields:
        fields["layer"] = _layer(fields["layer"])
    return getattr(ac, kind)(**fields)


def judged(count: HandCount) -> tuple[str, Any]:
    """``complete``, ``incomplete`` (unexplained) or ``false``; and the answer."""
    found = ac.reconcile(network(count.case), **count.arguments)
    verdict, causes = count.claim["verdict"], count.causes
    if verdict == "right":
        return ("complete" if found.right else "false"), found
    if found.explained is False:
        return ("incomplete" if verdict == "explained" else "complete"), found
    if verdict == "unexplained":
        return "false", found
    offered = explanations(found)
    fits = [any(_named(e, causes, verdict) for e in offered)]
    return ("complete" if all(fits) else "false"), found


def _named(findings: tuple[Any, ...], causes: tuple[Cause, ...], verdict: str) -> bool:
    if verdict == "open":
        return names(findings, causes[:1])
    return names(findings, causes)
