"""``python -m archcalc``: the same as ``archcalc``."""

from __future__ import annotations

import sys

from archcalc.cli import main

if __name__ == "__main__":
    sys.exit(main())
