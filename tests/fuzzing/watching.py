"""Hands many inputs over, one after the other, and watches: what is raised, done, used and waited.

It runs in a process of its own, as ``python -m tests.fuzzing DOOR COUNT SEED JOURNAL``: an input
that takes for ever ends the process, and stands in the journal.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from random import Random
from typing import Any

from archcalc.symbolic.errors import ArchcalcError, shorten
from tests.counting import at_most
from tests.fuzzing.doors import DOORS, Door
from tests.fuzzing.inputs import shortest

__all__ = ["raised", "shown", "watch"]

SECONDS = 0.5
"""Of computing after which it is counted what an input makes the process do: a loaded machine is
slower, and does not do more."""

CALLS = 5_000_000
"""Functions, of Python or of C, that one input may call."""

ENDLESS = 30.0
"""Seconds of computing after which the process is ended."""

MEGABYTES = 200
"""That one input may use."""

MESSAGE = 2_000
"""Characters that a message may have."""

_DEEDS = (
    "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.remove",
    "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.ch", "os.kill",
    "subprocess.", "socket.", "shutil.", "ctypes.", "pty.", "webbrowser.", "urllib.", "pickle.",
    "code.__new__",
)  # fmt: skip
"""What no input may make the process do, as the interpreter's audit events are called."""


_WRITERS = (
    "dataclasses.py", "collections/__init__.py", "typing.py", "inspect.py",
    "sympy/polys/monomials.py",
)  # fmt: skip
"""Who writes code of its own, in which nothing stands that was read."""


class Deeds:
    """Notes what the process does that it should not; an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.watching = False
        self.known = {name.partition(".")[0] for name in sys.modules} | sys.stdlib_module_names
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and self._is_bad(event, arguments):
            self.watching = False
            by = sys._getframe(1).f_code.co_filename
            self.seen.append(f"{event} by {by}: {arguments!r}"[:300])
            self.watching = True

    def _is_bad(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            _, mode, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return bool(writes) or any(c in str(mode or "") for c in "wax+")
        if event == "import":
            return str(arguments[0]).partition(".")[0] not in self.known
        if event == "exec":
            by = sys._getframe(2).f_code.co_filename
            return not by.endswith(_WRITERS) and not os.path.exists(arguments[0].co_filename)
        return event.startswith(_DEEDS)


class Watch:
    """One input after another, each looked at."""

    def __init__(self, door: Door, journal: str) -> None:
        self.door = door
        self.deeds = Deeds()
        self.journal = os.open(journal, os.O_RDWR | os.O_CREAT)

    def problem(self, given: Any) -> str:
        """What is wrong with what happens to an input; empty if nothing is."""
        self._note(given)
        before, most = _memory()
        what, seconds = self._entered(given)
        if what:
            return what
        if seconds > SECONDS and self._works(given):
            return f"it makes more than {CALLS:,} calls"
        now_most = _memory()[1]
        used = now_most - before if now_most > most else 0.0
        return f"it uses {used:.0f} MB" if used > MEGABYTES else ""

    def _entered(self, given: Any) -> tuple[str, float]:
        signal.setitimer(signal.ITIMER_PROF, ENDLESS)
        self.deeds.watching = True
        start = time.process_time()
        what = raised(self.door.enter, given)
        seconds = time.process_time() - start
        self.deeds.watching = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        if self.deeds.seen:
            what = f"it does {self.deeds.seen.pop()}"
            self.deeds.seen.clear()
        return what, seconds

    def _works(self, given: Any) -> bool:
        with at_most(CALLS) as count:
            raised(self.door.enter, given)
        return count.calls > CALLS

    def _note(self, given: Any) -> None:
        data = (given if isinstance(given, str) else shorten(given, 2_000)).encode(
            "utf-8", "surrogatepass"
        )
        os.pwrite(self.journal, len(data).to_bytes(8, "big") + data, 0)


def raised(enter: Callable[[Any], object], given: Any) -> str:
    """What is wrong with what `enter` raises; empty where it is an error of ours, or none."""
    try:
        enter(given)
    except ArchcalcError as error:
        return "its message is long" if len(str(error)) > MESSAGE else ""
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if "archcalc" in f.filename] or frames
        at = f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}"
        return f"{type(error).__name__} at {at}: {shorten(str(error), 100)}"
    return ""


def _memory() -> tuple[float, float]:
    """What this process has now, and the most that it has had, in megabytes.

    Linux keeps both.  `ru_maxrss` would begin with what the process that started this one had.
    """
    with open("/proc/self/status", encoding="ascii") as status:
        said = dict(line.split(":", 1) for line in status)
    now, most = (int(said[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, most


def watch(name: str, count: int, seed: int, journal: str) -> int:
    """Hand `count` inputs over to one door and print what is wrong; how many are.

    A failing text is shown as short as it can be made.
    """
    door = DOORS[name]
    sys.dont_write_bytecode = True  # it is Python that keeps what is loaded late, and no input
    for number in range(50):  # what is loaded when first used is loaded now
        raised(door.enter, door.made(Random(f"first {number}")))
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
    watch = Watch(door, journal)
    found: dict[str, Any] = {}
    slowest = 0.0
    for number in range(count):
        given = door.made(Random(f"{seed} {number}"))
        start = time.process_time()
        problem = watch.problem(given)
        slowest = max(slowest, time.process_time() - start)
        kind = problem.partition(":")[0]
        if problem and kind not in found:
            found[kind] = given
            if isinstance(given, str):
                given = shortest(given, lambda text, kind=kind: _same(watch, text, kind))
            print(f"{name}, seed {seed}, input {number}: {shown(given)}: {problem}", flush=True)
    print(f"{name}: {count:,} inputs, seed {seed}: {len(found)} problems; "
          f"the slowest took {slowest:.2f} s, all of them {_memory()[1]:.0f} MB")  # fmt: skip
    return len(found)


def shown(given: Any) -> str:
    """An input as it can be put into code, where it is a text."""
    return repr(given) if isinstance(given, str) else shorten(given, 3_000)


def _same(watch: Watch, text: str, kind: str) -> bool:
    """Whether a text has the same problem; slow ones are not made shorter for ever."""
    start = time.process_time()
    same = watch.problem(text).partition(":")[0] == kind
    return same and time.process_time() - start < 5
