"""Facts name one another: training and biases of recurrent layers and of attention.

Truth is torch's `FlopCounterMode` around a forward and a backward pass on the meta device.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.costs import Flops, TrainingFlops
from archcalc.layers import Operand, Weight, Work
from archcalc.symbolic.shape import Shape
from archcalc.torch import nn


def trained(module: Any, *inputs: Any) -> int:
    """FLOPs of a forward and a backward pass."""
    with FlopCounterMode(display=False) as counter:
        out = module(*inputs)
        (out[0] if isinstance(out, tuple) else out).sum().backward()
    return int(counter.get_total_flops())


@pytest.mark.parametrize(("kind", "flops"), [("RNN", 1608), ("LSTM", 6432), ("GRU", 4824)])
def test_the_first_state_of_a_recurrent_layer_has_no_gradient(kind: str, flops: int) -> None:
    """The product with the state has a gradient in all steps but the first."""
    with torch.device("meta"):
        theirs = trained(getattr(torch.nn, kind)(5, 6, batch_first=True), torch.empty(1, 5, 5))
    ours = ac.Sequential([getattr(nn, kind)(5, 6)], input_shape=(5, 5))
    assert ours.trace().cost(TrainingFlops()) == flops == theirs


@given(
    kind=st.sampled_from(["RNN", "LSTM", "GRU"]),
    sizes=st.tuples(*[st.integers(1, 9)] * 4),
    first=st.booleans(),
)
def test_recurrent_layers_train_as_in_torch(
    kind: str, sizes: tuple[int, int, int, int], first: bool
) -> None:
    """First in the network, and behind something that is trained; formulas first, then numbers."""
    t, n, u, m = sizes
    with torch.device("meta"):
        before = torch.nn.Identity() if first else torch.nn.Linear(n, m)
        recurrent = getattr(torch.nn, kind)(m, u, batch_first=True)
        theirs = trained(lambda x: recurrent(before(x)), torch.empty(1, t, m if first else n))
    layers = [] if first else [nn.Linear("n", "m")]
    net = ac.Sequential([*layers, getattr(nn, kind)("m", "u")])
    formula = net.trace(("t", "m" if first else "n")).cost(TrainingFlops())
    values = {"t": t, "u": u, "m": m} | ({} if first else {"n": n})
    assert formula(**values) == theirs


def test_a_memory_that_nothing_trained_made_has_no_gradient() -> None:
    """Keys and values are projected from an input of the network."""
    width, heads = 12, 3
    with torch.device("meta"):
        attention = torch.nn.MultiheadAttention(width, heads, batch_first=True)
        before = torch.nn.Linear(5, width)
        x, given, raw = torch.empty(1, 4, 5), torch.empty(1, 7, width), torch.empty(1, 7, 5)
        alone = trained(lambda: attention(before(x), given, given))
        behind = trained(lambda: attention(before(x), *(before(raw),) * 2))

    def ours(memory_is_made: bool) -> int:
        x, m = ac.Input((4, 5)), ac.Input((7, 5 if memory_is_made else width))
        shared = ac.Dense(width)
        seen = shared(m) if memory_is_made else m
        made = ac.MultiHeadAttention(heads, width // heads)(shared(x), seen)
        return int(ac.Model([x, m], made).trace().cost(TrainingFlops()))

    assert ours(memory_is_made=False) == alone
    assert ours(memory_is_made=True) == behind


def test_a_bias_is_added_where_its_product_is() -> None:
    """Queries 10·64, keys and values 20·64 each, the output 10·64: by hand."""
    query, value = ac.Input((10, 64)), ac.Input((20, 64))
    trace = ac.Model([query, value], ac.MultiHeadAttention(8, 8)(query, value)).trace()
    assert trace.cost(Flops(bias=True)) - trace.cost(Flops()) == 10 * 64 + 2 * 20 * 64 + 10 * 64


def test_an_operand_says_what_it_was_made_from() -> None:
    """The head of a separable convolution multiplies what its first kernel made."""
    work = ac.SeparableConv2D(8, 3).work(Shape((9, 9, 2)), Shape((7, 7, 8)))
    assert [done.weight for done in work] == ["depthwise_kernel", "pointwise_kernel"]
    assert work[1].activations == (Operand((0,), ("depthwise_kernel",)),)
    assert (work[0].bias, work[1].bias) == ("", "bias")


@pytest.mark.parametrize("times", [3, "L"])
def test_later_copies_of_a_first_block_pass_gradients_on(times: Any) -> None:
    """Both operands are learned or follow from the copy before: 3,200 by torch's counter."""
    x = ac.Input((5, 8))
    block = ac.Model(x, ac.Matmul()([ac.Parameter((5, 5)), x]))
    flops = ac.Sequential([ac.Repeat(block, times)], input_shape=(5, 8)).trace()
    assert flops.cost(TrainingFlops())(**({} if times == 3 else {"L": 3})) == 3200


def test_a_reset_before_the_product_keeps_the_gradient_of_the_first_step() -> None:
    """The reset gate depends on the weights, and so does what it leaves of a state of zeros.

    3,296 by torch's counter, for a cell written by hand.
    """
    net = ac.Sequential([ac.GRU(4, reset_after=False)], input_shape=(5, 8))
    assert net.trace().cost(TrainingFlops()) == 3296


def _own(**stated: Any) -> type[ac.Layer]:
    class Own(ac.Layer, abstract=True):
        def output_shape(self, x: Shape) -> Shape:
            return x

        def weights(self, x: Shape) -> Any:
            return Weight("kernel", (x[-1], x[-1]), "kernel"), Weight("bias", (x[-1],), "bias")

        def work(self, x: Shape, y: Shape) -> Any:
            said = {"kind": "matmul", "operand": (x[-1], x[-1]), "weight": "kernel", "bias": "bias"}
            return (Work(**{**said, **stated}),)

    return Own


@pytest.mark.parametrize(
    "stated",
    [
        {"weight": "kernal"},
        {"bias": "bais"},
        {"kind": "matmull"},
        {"activations": (Operand((0,), ("nope",)),)},
        {"activations": (Operand((3,)),)},
    ],
)
def test_work_that_names_what_is_not_there_is_refused(stated: dict[str, Any]) -> None:
    assert ac.Sequential([_own()()], input_shape=(4,)).trace().macs == 16
    with pytest.raises(ac.errors.InvalidLayerError, match="which it has not got"):
        ac.Sequential([_own(**stated)()], input_shape=(4,)).trace().macs  # noqa: B018


def test_facts_that_are_no_sequence_are_refused() -> None:
    class Alone(_own()):  # type: ignore[misc]
        def weights(self, x: Shape) -> Any:
            return Weight("kernel", x, "kernel")

    with pytest.raises(ac.errors.InvalidLayerError, match="return a tuple of Weight"):
        ac.Sequential([Alone()], input_shape=(4,)).trace().parameters  # noqa: B018
    with pytest.raises(ac.errors.InvalidLayerError, match="no role"):
        Weight("kernel", (3,), "kernle")  # type: ignore[arg-type]
