"""``python -m tests.fuzzing formula 1000000 7``: that many inputs, made from that seed."""

from __future__ import annotations

import os
import sys

from tests.fuzzing.watching import watch

if __name__ == "__main__":
    door, count, seed, journal = (*sys.argv[1:], os.devnull)[:4]
    sys.exit(min(watch(door, int(count), int(seed), journal), 1))
