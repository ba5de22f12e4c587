"""What takes input from outside, each with valid inputs to begin from."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import archcalc as ac
from archcalc.cli import main
from archcalc.network.spec.yaml_text import read_yaml
from tests.fuzzing.inputs import mutated_object, mutated_text

__all__ = ["DOORS", "Door"]

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@dataclass(frozen=True)
class Door:
    """One way in.

    Attributes:
        made: an input, from random numbers.
        enter: hands it over; what it raises is what is looked at.
    """

    made: Callable[[Random], Any]
    enter: Callable[[Any], object]


def _door(seeds: Sequence[str], words: Sequence[str], enter: Callable[[str], object]) -> Door:
    return Door(lambda random: mutated_text(random, seeds, words), enter)


def _words(text: str) -> list[str]:
    return text.split()


# --- Formulas and conditions ----------------------------------------------------------------------

FORMULAS = (
    "k", "42", "(k² + 1)·f + (⌊(29 − k)/2⌋²·f + 1)·n + 10·(n + 1)", "⌈h/2^L⌉", "h % s",
    "c**2*(17*n1 + 68*n2 + 505) + 12*c*n1", "max(h - k, 0)//s + 1", "min(a, b*c)",
    "sum(h//2**i for i in range(L))", "∑(⌊h/2^i⌋ for i < L)", "∑(⌈h/2^i⌉·⌈w/2^i⌉ for i < L − 1)",
    "sum(sum(i*j for j in range(i)) for i in range(n))", "6·c²·(4^L − 1) + 2·c·(2^L − 1) + 5·L",
    "∑(∑(max(i, j)//2 for j < i + 1)·c^i for i < L)", "floor((h + 2*p - d*(k - 1) - 1)/s + 1)",
    "1/2*n*(n + 1)", "(a**20 - b**20)//(a - b)", "ceil(h//2 + 1/2)", "2**(k + 2**(k + 1))",
    "-(h + 1)*(w - 1)**3//(s + 1)//2 % 7", "((h + 1)//2 + 1)//2", "λ + c_in2*∑(i for i < 3)",
    "L·(12·d² + 13·d) + 2·d + (V + S)·d", "4^L/3 - 1/3", "2^(L-1)//2^(i+1)",
)  # fmt: skip
FORMULA_WORDS = (
    *_words("0 1 2 3 7 9 10 60 64 600 h k s w L i j n f c + - * / // % ** ^ · − × ² ³ ( ) ⌊ ⌋ ⌈ ⌉"),
    *_words(", < for in range sum( max( min( floor( ceil( ∑( ceiling range(L)) )) //( **( and if"),
    "for i in range(", "for i < ", "for j < i", "**-1", "//0", "/2", "**2", "*k", " ", "\n", "1/3",
)  # fmt: skip
CONDITIONS = (
    "h % 32 == 0", "k <= 7", "8 <= f <= 64", "h % s = 1", "k < n", "n ≥ 2·k + 1", "f > 3",
    "h is a multiple of 32", "h ≡ 0", "h//2 >= k", "1 <= k < 8", "max(h, k) <= 9", "f == 2**k",
    "∑(⌊h/2^i⌋ for i < 3) <= 99", "k - h//3 >= 2",
)  # fmt: skip
ROWS = (
    "parameters <= 1_000_000 and k != 3", "macs/parameters > 1.5 or f % 32 == 0", "not k == 1",
    "(k <= 3 or f > 2) and not (macs > 1e6)", "1 <= k < 3 <= f", "k*(f + 1) >= 2.5e1",
    "parameters//1000 == f or (k + 1)*2 = 4", "min(k, f) ≠ 1", "parameters % 2 == 0",
)  # fmt: skip
CONDITION_WORDS = (
    *FORMULA_WORDS, *_words("== <= >= != = < > ≤ ≥ ≠ and or not macs 1e6 2.5 1e300 %"),
    " and ", " or ", " not ", "is a multiple of", " == ", " <= ",
)  # fmt: skip

_MNIST = ac.load(EXAMPLES / "mnist_symbols.yaml")
_P = _MNIST.trace().parameters
_ASKED = ac.Formula("⌊(h + 2)/s⌋·f + max(h − k, 3)·n + ⌈h/32⌉ + ∑(⌊h/2^i⌋ for i < k)")
_TABLE = ac.sweep({"parameters": _P, "macs": _MNIST.trace().macs}, k=[1, 3], f=[2, 64], n=[1, 9])

# --- Files ----------------------------------------------------------------------------------------

_TEXTS = tuple(
    EXAMPLES.joinpath(name).read_text(encoding="utf-8")
    for name in ("mnist_cnn.yaml", "mnist_symbols.yaml", "repeat_symbolic.yaml", "lenet5.yaml")
)
YAML = (
    *_TEXTS,
    "input: [1, 28, 28]\nlayers:\n  - Conv2d: [1, 32, 3]\n  - nn.ReLU\n  - torch.nn.MaxPool2d: 2\n"
    "  - Flatten\n  - Linear: {in_features: 5408, out_features: n}\n  - nn.LSTM: [4, h, 2]\n",
    "archcalc: 1\ninput: {left: [100], right: [100]}\nlayers:\n"
    "  - Dense: {units: 64, name: encoder, inputs: left}\n"
    "  - Shared: {layer: encoder, inputs: right, name: again}\n"
    "  - Subtract: {inputs: [encoder, again]}\n  - Dense: 1\noutputs: [dense]\n",
    "input: [h, w, c]\nlayers:\n- Repeat: {block: [{Conv2D: [c*2**(i + 1), 3, 2, same]}, "
    "{BatchNormalization: {}}], times: L, index: i}\n- GlobalAveragePooling2D\n- Dense: 'K'\n",
    "input: [s, d]\nlayers:\n- Residual: [{MultiHeadAttention: {num_heads: 8, key_dim: d//8}}]\n"
    "- Residual: {body: [{Dense: 4*d}, {Dense: d}], shortcut: null}\n- LayerNormalization\n",
    "input: [32, 32, 3]\nlayers: [{Parallel: {branches: [[{Conv2D: [8, 1]}], []], merge: "
    "Concatenate}}, {Conv2D: {filters: 8, kernel_size: [3, 3], padding: [[1, 1], [1, 1]]}}]",
    "input: 7\nlayers: [[{Dense: 0x1F}, Flatten], {Dense: 1_0}, {Activation: relu}]\n",
)  # fmt: skip
_NETWORKS = tuple(map(ac.loads, YAML))
JSON = tuple(ac.dumps(network, "json") for network in _NETWORKS)
TOML = (
    *(ac.dumps(network, "toml") for network in _NETWORKS),
    "input = [784]\n[[layers]]\nDense = 10\n[[layers]]\nDense = {units = 'n', name = 'd'}\n",
)
FILE_WORDS = (
    *_words("input layers outputs archcalc name inputs Dense Conv2D Conv2d nn.Linear torch.nn.GRU"),
    *_words("Repeat Residual Shared Parallel Model Sequential Lambda RNN Bidirectional Flatten"),
    *_words("same valid causal null none true .inf .nan 0x10 0o7 ~ & * ! | > % @ ` --- ... ? <<"),
    *_words("[ ] { } , : = \" ' # - [[ ]] 1979-05-27 &a *a !!python/name:os !!set [[layers]]"),
    "\n", "\n\n", "\n  - ", ": ", "  ", "\n    ", "'h//2'", "2*k", "{Dense: h}", "-1", "\t", "{}",
    "EinsumDense", "TimeDistributed", "nn.Conv2d", "nn.TransformerEncoderLayer", "torch.os.system",
)  # fmt: skip


def _read(text: str, format: str) -> None:
    network = ac.loads(text, format)
    if network.own_inputs() is not None:
        network.trace()


def _built(value: Any) -> None:
    network = ac.from_dict(value)
    if network.own_inputs() is not None:
        network.trace()


# --- The command line -----------------------------------------------------------------------------

_FILE = str(EXAMPLES / "mnist_symbols.yaml")
OPTIONS = ("k=3", "f=2*f", "n=h//2", "k=1:3", "f=8:64:8", "n=1,3,5", "parameters <= 1e6", "k=k+1",
           "conv2d=288", "dense=540,988", "k=∑(i for i < 3)", "macs")  # fmt: skip
_COMMANDS = (
    ("summary", "--set"), ("derive", "--set"), ("summary", "--set", "k=3", "--set"),
    ("sweep", "--over", "k=1,3", "--over", "f=2:4", "--over"),
    ("sweep", "--over", "k=1", "--over", "f=2:9", "--over", "n=1:3", "--where"),
    ("reconcile", "--set", "k=3", "--set", "f=2", "--set", "n=5", "--running"),
)  # fmt: skip


class FaultError(Exception):
    """The command line says itself that what went wrong is its fault."""


def _typed(given: tuple[int, str]) -> None:
    command, *options = _COMMANDS[given[0]]
    out, complaints = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(complaints):
        code = main([command, _FILE, *options, given[1]])
    said = complaints.getvalue()
    if code not in (0, 1, 2) or "please report it" in said or (code and not said + out.getvalue()):
        raise FaultError(f"{code}: {said}")


def _typing(random: Random) -> tuple[int, str]:
    words = (*FORMULA_WORDS, *CONDITION_WORDS, ":", ",", "=", "k=", "n=", "f=", "--set", "-")
    return random.randrange(len(_COMMANDS)), mutated_text(random, OPTIONS, words)


DOORS: dict[str, Door] = {
    "formula": _door(FORMULAS, FORMULA_WORDS, ac.parse),
    "assume": _door(CONDITIONS, CONDITION_WORDS, _ASKED.assume),
    "where": _door(ROWS, CONDITION_WORDS, _TABLE.where),
    "yaml": _door(YAML, FILE_WORDS, lambda text: _read(text, "yaml")),
    "toml": _door(TOML, FILE_WORDS, lambda text: _read(text, "toml")),
    "json": _door(JSON, FILE_WORDS, lambda text: _read(text, "json")),
    "mapping": Door(
        lambda random: mutated_object(random, _VALUES),
        _built,
    ),
    "options": Door(_typing, _typed),
}
_VALUES = tuple(read_yaml(text)[0] for text in YAML)

warnings.simplefilter("ignore", ac.ArchcalcWarning)
