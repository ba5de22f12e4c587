"""The calls of a plan, each after those that feed it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from archcalc.frameworks.importing.keras.configs import broken
from archcalc.frameworks.importing.keras.plan import Part, Plan
from archcalc.symbolic.errors import CycleError, quoted

__all__ = ["in_order"]


def in_order(plan: Plan) -> Iterator[tuple[Part, int]]:
    """Every call, in the order of the config as far as that can be.

    Raises:
        CycleError: calls feed one another in a circle.
        SpecificationError: a call takes what nothing gives.
    """
    waiting: dict[tuple[str, int], int] = {}
    feeds: dict[tuple[str, int], list[tuple[Part, int]]] = {}
    ready: deque[tuple[Part, int]] = deque()
    for part in plan.parts.values():
        for count, call in enumerate(part.calls):
            needed = {(at.layer, at.call) for at in call.inputs()}
            for layer, number in needed:
                known = plan.parts.get(layer)
                if known is None or number >= len(known.calls):
                    raise broken(part.name, f"it takes call {number} of {quoted(layer, 60)}, "
                                 "which is not there")  # fmt: skip
                feeds.setdefault((layer, number), []).append((part, count))
            waiting[part.name, count] = len(needed)
            if not needed:
                ready.append((part, count))
    for at in plan.outputs:
        if (at.layer, at.call) not in waiting:
            raise broken("output_layers", f"there is no call {at.call} of {quoted(at.layer, 60)}")
    while ready:
        part, count = ready.popleft()
        del waiting[part.name, count]
        yield part, count
        for fed, number in feeds.get((part.name, count), ()):
            waiting[fed.name, number] -= 1
            if not waiting[fed.name, number]:
                ready.append((fed, number))
    if waiting:
        names = ", ".join(dict.fromkeys(quoted(name, 40) for name, _ in list(waiting)[:4]))
        raise CycleError(
            f"layers feed one another in a circle: {names}", code="broken-graph",
            hint="save the model again",
        )  # fmt: skip
