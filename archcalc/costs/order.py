"""The order of calls in which the least memory is in use at most, by exact search.

A state is the set of calls that are done; the largest sum on the way to it is to be as small as
can be, so that states are taken up from the smallest, as in Dijkstra's algorithm with maxima in the
place of sums.

Source: Sethi, *Complete register allocation problems* (1975), which shows it to be NP-complete;
Ahn et al., *Ordering Chaos* (SERENITY, 2020), for the search over sets of calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from archcalc.costs.schedule import Schedule
from archcalc.symbolic.errors import EvaluationError

__all__ = ["best_order"]

_MOST_STATES = 100_000
"""How many sets of calls that may be done are looked at before the search is given up."""


def best_order(done: Schedule) -> list[int]:
    """The numbers of the moments in an order in which the peak is the smallest that there is.

    Raises:
        EvaluationError: a size is a symbol, a block is repeated, or there are too many orders.
    """
    _check(done)
    search = _Search(done)
    before: dict[int, tuple[int, int]] = {}
    queue = [(0, 0, 0)]
    reached: dict[int, int] = {0: 0}
    finished: set[int] = set()
    while queue:
        peak, _, state = heappop(queue)
        if state in finished:
            continue
        finished.add(state)
        if state == search.all:
            return _back(before, state)
        if len(finished) > _MOST_STATES:
            break
        for call, after, amount in search.steps(state):
            most = max(peak, amount)
            if after not in reached or most < reached[after]:
                reached[after] = most
                before[after] = (state, call)
                heappush(queue, (most, -after.bit_count(), after))
    raise EvaluationError(
        f"there are too many orders of {len(done.moments)} calls to find the best of them",
        code="too-many-orders",
        hint="ask for the order of the network, or for a part of it",
    )


def _check(done: Schedule) -> None:
    symbolic = any(not isinstance(buffer.size, int) for buffer in done.buffers)
    repeated = len({moment.row for moment in done.moments}) < len(done.moments)
    if symbolic or repeated:
        what = "a size is a symbol" if symbolic else "a block is repeated"
        raise EvaluationError(
            f"the best order is searched for among numbers, call by call, and {what}",
            code="no-best-order",
            hint="give numbers, and write repeated blocks one by one",
        )


def _back(before: dict[int, tuple[int, int]], state: int) -> list[int]:
    order: list[int] = []
    while state:
        state, call = before[state]
        order.append(call)
    return order[::-1]


class _Search:
    """The calls as bits of a number, and for each buffer who makes it and who reads it."""

    def __init__(self, done: Schedule) -> None:
        self.all = (1 << len(done.moments)) - 1
        self.needs = [_bits(before) for before in _before(done)]
        made = [_bits([] if maker is None else [maker]) for maker in done.makers()]
        users = [_bits(found) for found in done.users()]
        sizes = [int(buffer.size) for buffer in done.buffers]
        stays = [self.all + 1 if n in done.outputs else 0 for n in range(len(sizes))]
        self.buffers = [
            (size, maker, used | stay)
            for size, maker, used, stay in zip(sizes, made, users, stays, strict=True)
        ]
        self.makes = [
            sum(size for size, maker in zip(sizes, made, strict=True) if maker == 1 << call)
            for call in range(len(done.moments))
        ]
        self.unread = sum(size for size, maker, used in self.buffers if not (maker or used))

    def steps(self, state: int) -> Iterator[tuple[int, int, int]]:
        """The calls that can be next, the state after each, and what is alive during it.

        What was made before and is read in a call or later is the same for each that can be next.
        """
        alive = sum(
            size
            for size, maker, used in self.buffers
            if (not maker or maker & state) and used & ~state
        )
        if not state:
            alive += self.unread
        for call, needed in enumerate(self.needs):
            if not state >> call & 1 and not needed & ~state:
                yield call, state | 1 << call, alive + self.makes[call]


def _before(done: Schedule) -> list[set[int]]:
    """For each call, those that must be done before it.

    What is written over must have been read by all that read it before, and by no other.
    """
    found = [set(before) for before in done.after]
    users = done.users()
    for call, buffer in enumerate(done.overwrites):
        if buffer is not None:
            found[call] |= {user for user in users[buffer] if user < call}
            for user in users[buffer]:
                if user > call:
                    found[user].add(call)
    return found


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)
