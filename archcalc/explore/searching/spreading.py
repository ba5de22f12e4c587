"""Running a search: here, or on the workers of a Dask cluster."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from archcalc.explore.progress import Progress
from archcalc.explore.searching.exploring import Branch, Exploration
from archcalc.explore.searching.plan import SearchPlan
from archcalc.explore.searching.tally import Found, Tally
from archcalc.symbolic.errors import EvaluationError, shorten
from archcalc.symbolic.limits import LIMITS

__all__ = ["explored"]

_BRANCHES = 8
"""So many boxes for each thread of the cluster, as some take longer than others."""

_AHEAD = 2
"""So many boxes for each thread are under way: the later one starts, the more is known."""


def explored(plan: SearchPlan, client: Any = None) -> Exploration:
    """What a search comes to, on this machine or on a cluster."""
    exploration = Exploration.of(plan)
    with Progress(plan.size, "configurations") as progress:
        try:
            if client is None:
                exploration.run(progress, most_work=LIMITS.search_work)
            else:
                _spread_out(exploration, client, progress)
        except KeyboardInterrupt:
            pass  # what was found so far is the answer, and says that it is incomplete
    return exploration


def _spread_out(exploration: Exploration, client: Any, progress: Progress) -> None:
    """Go on with a search to its end on a cluster; interrupted, it holds what was found so far.

    Args:
        exploration: the search.
        client: a ``dask.distributed.Client``.
        progress: what to tell how far it is.

    Raises:
        EvaluationError: `client` is none.
    """
    if not (hasattr(client, "submit") and hasattr(client, "nthreads")):
        raise EvaluationError(
            f"{shorten(client, 60)} is no client of a cluster",
            code="bad-client",
            hint="give a dask.distributed.Client",
        )
    threads = sum(client.nthreads().values()) or 1
    exploration.divide(_BRANCHES * threads)
    # under a name of its own: what another search has scattered goes when that one ends
    plan = client.scatter(exploration.plan, broadcast=True, hash=False)
    under_way: dict[Any, Branch] = {}
    waiting = list(exploration.pending)
    arriving = import_module("distributed").as_completed()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < _AHEAD * threads:
                branch = waiting.pop()
                future = client.submit(_searched, plan, branch, exploration.best, pure=False)
                under_way[future] = branch
                arriving.add(future)
            future = next(arriving)
            tally, best = future.result()
            exploration.take(under_way.pop(future), tally, best)
            progress.done = exploration.tally.total
            progress.advance(0)
    finally:
        client.cancel(list(under_way))


def _searched(plan: SearchPlan, branch: Branch, best: Found | None) -> tuple[Tally, Found | None]:
    """What comes of one box; run by a worker."""
    own = Exploration(plan, [branch], best)
    own.run(Progress(plan.size, "configurations"))
    return own.tally, own.best
