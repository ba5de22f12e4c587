"""Which tests are asked about a module: the quick ones first, and what looks from further away."""

from __future__ import annotations

__all__ = ["COVERED", "TARGETS", "stages"]

Stage = tuple[str, ...]

_SYMBOLIC: tuple[Stage, ...] = (
    ("tests/symbolic/test_compare.py", "tests/symbolic/test_recurrence.py",
     "tests/symbolic/test_evaluate.py", "tests/symbolic/test_sums.py"),
    ("tests/symbolic/test_division.py", "tests/layers/test_window.py"),
    ("tests/network/test_repeat.py", "tests/network/test_ladder.py"),
    ("tests/formula/test_formula.py", "tests/formula/test_assume.py",
     "tests/symbolic/test_printing.py", "tests/symbolic/test_parser.py"),
)  # fmt: skip
_LAYERS: tuple[Stage, ...] = (("tests/layers", "tests/costs"),)
_COSTS: tuple[Stage, ...] = (
    ("tests/costs",),
    ("tests/network/test_repeat.py", "tests/network/test_networks.py", "tests/explain"),
)


def _built(words: str) -> tuple[Stage, ...]:
    """Layers of some kinds, built in both frameworks."""
    names = ("torch", "keras", "symbols_first", "torch_names", "torch_limits", "attention")
    files = [f"tests/frameworks/test_{name}.py" for name in names]
    return ((*files, "-k", words),)


COVERED: dict[str, tuple[Stage, ...]] = {
    "symbolic/sums": _SYMBOLIC,
    "symbolic/recurrence": _SYMBOLIC,
    "symbolic/division": (("tests/symbolic/test_division.py",), *_SYMBOLIC),
    "symbolic/compare": _SYMBOLIC,
    "symbolic/evaluate": _SYMBOLIC,
    "layers/convolution": (*_LAYERS, *_built("Conv")),
    "layers/window": (*_LAYERS, *_built("Conv or Pool")),
    "layers/recurrent": (*_LAYERS, *_built("RNN or LSTM or GRU or Bidirectional or known")),
    "layers/attention": (*_LAYERS, *_built("ttention or known or refused or equal")),
    "layers/normalization": (*_LAYERS, *_built("Norm")),
    "costs/activations": _COSTS,
    "costs/base": _COSTS,
    "costs/choice": _COSTS,
    "costs/conventions": _COSTS,
    "costs/memory": _COSTS,
    "costs/parameters": _COSTS,
    "costs/receptive": _COSTS,
    "costs/time": _COSTS,
    "costs/work": _COSTS,
}
"""The stages of tests by module; a mutant that one stage kills is not shown to the next."""

TARGETS = tuple(f"archcalc/{module}.py" for module in COVERED)


def stages(file: str) -> tuple[Stage, ...]:
    """The stages for a module: its own examples come first."""
    return ((file,), *COVERED[file.removeprefix("archcalc/").removesuffix(".py")])
