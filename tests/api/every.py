"""Every layer of the catalogue by name, for type checkers, which load nothing and find no files.

``python -m tests.api.every > archcalc/layers/every.py`` writes them down.
"""

from __future__ import annotations

from archcalc.layers.registry import homes


def text() -> str:
    """The module that type checkers read."""
    found = {name: home for name, home in homes().items() if home.startswith("archcalc.layers.")}
    lines = [f"from {home} import *" for home in sorted(set(found.values()))]
    names = [f'    "{name}",' for name in sorted(found, key=lambda n: (not n.isupper(), n))]
    head = '"""Every layer, for type checkers: written by ``python -m tests.api.every``."""'
    return "\n".join([head, "", *lines, "", "__all__ = [", *names, "]", ""])


if __name__ == "__main__":
    print(text(), end="")
