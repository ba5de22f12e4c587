"""Which tests are asked about a module: the quick ones first, and what looks from further away."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["ASKED", "ROOMS", "Stage", "stages", "targets"]

Stage = tuple[str, ...]
"""Arguments of pytest, for one run."""

ROOMS = ("archcalc/symbolic", "archcalc/layers", "archcalc/costs")
"""Where the formulas are."""


def _symbolic(*names: str) -> Stage:
    return tuple(f"tests/symbolic/test_{name}.py" for name in names)


_OWN = _symbolic("dims", "requirement", "ordered")
_NUMBERS = _symbolic("compare", "recurrence", "evaluate", "sums")
_DIVISION: Stage = (*_symbolic("division"), "tests/layers/test_window.py")
_TEXTS = _symbolic("printing", "parser", "sums")
_COPIES: Stage = ("tests/network/test_repeat.py", "tests/network/test_ladder.py")
_FORMULAS: Stage = ("tests/formula/test_formula.py", "tests/formula/test_assume.py")
_SIGNATURES: Stage = ("tests/api/test_public.py",)
_ALL: Stage = ("tests/test_experience.py", "tests/network", "tests/explain", "tests/cli")

_FRAMEWORKS: Stage = tuple(
    f"tests/frameworks/test_{name}.py"
    for name in ("torch", "keras", "symbols_first", "torch_names", "torch_limits", "attention",
                 "encoding", "preprocessing", "values", "recorded", "equations")
)  # fmt: skip

ASKED: dict[str, tuple[Stage, ...]] = {
    "archcalc/symbolic/printing": (_TEXTS, _FORMULAS, _ALL),
    "archcalc/symbolic/lexer": (_TEXTS, _FORMULAS, _ALL),
    "archcalc/symbolic/parser": (_TEXTS, _FORMULAS, _ALL),
    "archcalc/symbolic/errors": (_OWN, _TEXTS, _FORMULAS, _ALL),
    "archcalc/symbolic/sizes": (_OWN, _TEXTS, ("tests/docs/test_limits.py",), _ALL),
    "archcalc/symbolic/ordered": (_OWN, _TEXTS, _FORMULAS, _COPIES, _ALL),
    "archcalc/symbolic/factors": (_DIVISION, _NUMBERS, _FORMULAS, _TEXTS, _ALL),
    "archcalc/symbolic/division": (_DIVISION, _NUMBERS, _FORMULAS, _TEXTS, _ALL),
    "archcalc/symbolic/compare": (_NUMBERS, _OWN, _DIVISION, _COPIES, _FORMULAS, _TEXTS, _ALL),
    "archcalc/symbolic/recurrence": (_NUMBERS, _COPIES, _FORMULAS, _ALL),
    "archcalc/symbolic/sums": (_NUMBERS, _OWN, _COPIES, _FORMULAS, _TEXTS, _ALL),
    "archcalc/symbolic": (_OWN, _NUMBERS, _DIVISION, _COPIES, _FORMULAS, _TEXTS, _ALL),
    "archcalc/layers": (_SIGNATURES, ("tests/layers", "tests/costs")),
    "archcalc/costs": (
        _SIGNATURES,
        ("tests/costs",),
        (*_COPIES, "tests/network/test_networks.py"),
        _ALL,
    ),
}
"""The stages by the beginning of a module's name; a mutant that one kills is not shown the next."""


def targets() -> list[str]:
    """All modules with formulas in them."""
    found = (path for room in ROOMS for path in Path(room).rglob("*.py"))
    return sorted(path.as_posix() for path in found if path.name != "__init__.py")


def stages(file: str) -> tuple[Stage, ...]:
    """The stages for a module: its own examples come first."""
    asked = next(stages for start, stages in ASKED.items() if file.startswith(start))
    return ((file,), *asked, *(_built(file) if file.startswith("archcalc/layers") else ()))


def _built(file: str) -> tuple[Stage, ...]:
    """The layers that a module defines, in the frameworks; all, where it is about every layer."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    names = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    return ((*_FRAMEWORKS, "-k", " or ".join(names)), (*_FRAMEWORKS, *_ALL))
