"""Training FLOPs of random torch modules, against torch's counter with gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import Phase, assume, given, reject, settings

import archcalc as ac
from archcalc.costs import TrainingFlops
from archcalc.frameworks.lookup import is_whole
from archcalc.frameworks.records import TORCH
from archcalc.layers import Layer
from archcalc.network import Network
from archcalc.network.unroll import Call, Unrolled, unroll
from archcalc.testing import networks
from archcalc.testing.matching.in_torch import input_kinds
from archcalc.testing.oracles import BATCH, counted
from tests.sampling import examples

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

_MANY = settings(examples(nightly=1_000), phases=[Phase.generate, Phase.shrink])
"""1,000 modules in ``nightly``."""


def _grouped(layer: Layer) -> bool:
    """torch counts the gradient of a grouped convolution's kernel as if it had no groups."""
    if isinstance(layer, Network):
        return any(_grouped(node.layer) for node in layer.graph().nodes)
    name = type(layer).__name__
    return getattr(layer, "groups", 1) != 1 or "wise" in name or name.startswith("Separable")


def _packed(call: Call) -> bool:
    """torch's attention projects keys and values of one input in one product, or queries as well.

    Where the scores alone go on, it takes the gradient of that product whole, values and all.
    """
    layer = call.layer
    scores = isinstance(layer, ac.MultiHeadAttention) and layer.return_attention_scores
    return scores and len(set(call.inputs[1:])) < 2


_UNTRAINED = ("inplace operation", "not supported with sparse gradients")
"""What torch says of a module that it cannot train: one that writes over what a gradient needs, and
tables with two arguments that exclude one another in training."""


@_MANY
@given(networks(8, frameworks="torch"))
def test_training_flops_are_what_torch_counts(net: Network) -> None:
    made = unroll(net, None, partial(is_whole, TORCH))
    assume(all(counted(call.applied) for call in made.calls))
    assume(not _grouped(net) and not any(map(_packed, made.calls)))
    with torch.device("meta"):
        module = net.to_torch()
    assert int(net.trace().cost(TrainingFlops(BATCH))) == _counted_in_torch(module, made)


def _counted_in_torch(module: Any, made: Unrolled) -> int:
    """The FLOPs of a forward and a backward pass on the meta device."""
    from torch.utils.flop_counter import FlopCounterMode

    types = {"numbers": torch.float32, "indices": torch.int64}
    kinds = input_kinds(made)
    inputs = [
        torch.zeros(BATCH, *shape, dtype=types[kind], device="meta")
        for shape, kind in zip(made.inputs, kinds, strict=True)
    ]
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        out = module(*inputs)
        results = [x for x in (out if isinstance(out, tuple) else (out,)) if x.requires_grad]
        try:
            torch.autograd.backward([x.sum() for x in results])
        except RuntimeError as error:
            if not any(word in str(error) for word in _UNTRAINED):
                raise
            reject()
    return int(counter.get_total_flops())


_X, _Y, _Z = (5, 8), (7, 8), (7, 6)


def _scores_of(attention: Layer, *shapes: tuple[int, ...]) -> ac.Model:
    """A network from which the scores go on alone, all inputs through a layer of their own."""
    inputs = [ac.Input(shape) for shape in shapes]
    _, scores = attention(
        *[ac.Dense(shape[-1])(x) for x, shape in zip(inputs, shapes, strict=True)]
    )
    return ac.Model(inputs, ac.ReLU()(scores))


def _compared(*layers: Layer) -> ac.Sequential:
    return ac.Sequential([ac.Dense(4), ac.Compare("less", 0.5), *layers], input_shape=(3,))


def _compared_in(*layers: Layer) -> list[Layer]:
    return [ac.Dense(2), ac.CELU(), ac.Compare("less", 0.5), *layers]


def _blocked(times: int | str, shared: bool = False) -> ac.Sequential:
    """A block through which no gradient passes: the last copy alone has any."""
    return ac.Sequential([ac.Repeat(_compared_in(ac.Dense(2)), times, shared=shared)], (2,))


def _in_two(times: int | str) -> ac.Sequential:
    """One block around another, and a gradient through the outer one past the inner one."""
    inner = ac.Repeat(_compared_in(ac.Dense(2)), times)
    outer = ac.Repeat([ac.Residual([ac.Dense(2), inner]), ac.Dense(2)], times)
    return ac.Sequential([outer, ac.Dense(2)], (2,))


def _tower(rungs: int | str) -> ac.Sequential:
    """No gradient comes from the lowest level: what is above is fed by what goes across."""
    bottom = ac.Sequential(_compared_in())
    tower = ac.Ladder(ac.Dense(2), ac.ReLU(), bottom, ac.Dense(2), ac.Dense(2), rungs, ac.Add())
    return ac.Sequential([tower, ac.Dense(2)], (2,))


def _decoded() -> ac.Model:
    """The memory is what the first layer takes, and stays so for the others."""
    x = ac.Input((4, 8))
    return ac.Model(x, ac.Repeat(ac.TransformerDecoderLayer(8, 2, 16), 3)(x, x))


def _stacked() -> ac.Model:
    """Layers of which each takes the sequence of the one before, and a state of its own."""
    x, state = ac.Input((4, 2)), ac.Input((3, 3))
    stack = ac.torch.nn.GRU(2, 3, num_layers=3, batch_first=True)
    return ac.Model([x, state], list(stack(x, ac.Dense(3)(state))))


def _crossing(times: int | str) -> ac.Model:
    """What is trained in a copy depends on how far the end is: one output of two is asked for."""
    x, y, a, b = (ac.Input((4,)) for _ in range(4))
    block = ac.Model([a, b], [ac.ReLU()(b), ac.Dense(4)(a)])
    return ac.Model([x, y], ac.Repeat(block, times)([x, y])[0])


@pytest.mark.parametrize("made", [_blocked, _in_two, _tower])
def test_a_formula_of_copies_is_what_each_number_of_them_gives(
    made: Callable[[int | str], Network],
) -> None:
    symbolic = made("n").trace().cost(TrainingFlops())
    fewer = made("n - 1").trace().cost(TrainingFlops())
    for n in range(1, 5):
        apart = made(n).trace().cost(TrainingFlops())
        assert symbolic(n=n) == fewer(n=n + 1) == apart


@pytest.mark.parametrize("times", [4, "n"])
def test_copies_between_others_that_are_not_alike_are_refused(times: int | str) -> None:
    with pytest.raises(ac.errors.EvaluationError, match=f"there {times} times") as caught:
        _crossing(times).trace().cost(TrainingFlops())
    assert caught.value.code == "turns-train-unlike"


def _state_of(layer: Layer, number: int) -> ac.Model:
    x = ac.Input((4, 3))
    return ac.Model(x, ac.Dense(2)(layer(x)[number]))


def _memory_of_projected() -> ac.Model:
    """The last state is projected and given to nobody."""
    x = ac.Input((4, 3))
    return ac.Model(x, ac.LSTM(2, proj_size=1, return_state=True)(x)[2])


@pytest.mark.parametrize(
    "net",
    [
        _scores_of(ac.MultiHeadAttention(2, 4, return_attention_scores=True), _X, _Z, _Y),
        _scores_of(ac.GroupQueryAttention(4, 4, 2, return_attention_scores=True), _X, _Y),
        _scores_of(ac.Attention(use_scale=True, return_attention_scores=True), _X, _Z, _Y),
        _scores_of(ac.AdditiveAttention(return_attention_scores=True), _X, _Y),
        _compared(),
        _compared(ac.Dense(5), ac.Dense(2)),
        ac.Sequential([ac.Dense(4), ac.Residual([ac.Dense(4), ac.Compare("less", 0.5)])], (3,)),
        _state_of(ac.Bidirectional(ac.GRU(3, return_state=True), merge_mode=None), 2),
        _state_of(ac.Bidirectional(ac.GRU(3, return_state=True), merge_mode=None), 3),
        _state_of(ac.LSTM(3, return_sequences=True, return_state=True), 2),
        ac.Sequential([ac.Repeat([ac.Repeat(ac.Dense(3), 3), ac.Dense(3)], 2)], (3,)),
        ac.Sequential([ac.TimeDistributed(ac.Conv1D(4, 3)), ac.Dense(2)], (3, 6, 2)),
        _blocked(3),
        _blocked(3, shared=True),
        _in_two(3),
        ac.Sequential([ac.Repeat(_blocked(3), 2), ac.Dense(3)], (2,)),
        _decoded(),
        _stacked(),
        *map(_crossing, range(1, 4)),
        _memory_of_projected(),
    ],
    ids=str,
)  # fmt: skip
def test_what_leads_to_no_end_has_no_gradient(net: Network) -> None:
    made = unroll(net, None, partial(is_whole, TORCH))
    with torch.device("meta"):
        module = net.to_torch()
    assert int(net.trace().cost(TrainingFlops(BATCH))) == _counted_in_torch(module, made)
