"""Equal blocks in a row as one that is repeated, in models of torch, Keras and ONNX."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

import archcalc as ac
from archcalc.network.code import everything
from tests.frameworks.architectures import ResNet, ViT


def repeats(net: Any) -> list[tuple[str, Any, bool]]:
    """Each `Repeat`: its name, how often, and whether with the same weights."""
    found = [part for part in everything(net) if isinstance(part, ac.Repeat)]
    return sorted((part.name or "", part.times, part.shared) for part in found)


def assert_folded(module: nn.Module, shape: Any, **more: Any) -> ac.Network:
    plain, folded = (ac.from_torch(module, shape, fold=fold, **more) for fold in (False, True))
    before, after = plain.trace(), folded.trace()
    for what in ("parameters", "trainable_parameters", "statistics", "total_params", "flops"):
        assert getattr(before, what) == getattr(after, what), what
    assert before.outputs == after.outputs
    assert before.parameters == sum(p.numel() for p in module.parameters())
    shown = [line.split()[0] for line in after.summary().splitlines()]
    assert all(row.path in shown for row in after)
    return folded


class Block(nn.Module):
    def __init__(self, d: int, ratio: int = 4) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, 2, batch_first=True)
        self.fc, self.proj = nn.Linear(d, ratio * d), nn.Linear(ratio * d, d)
        self.scale = nn.Parameter(torch.ones(d))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.ln1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0] * self.scale
        return x + self.proj(functional.gelu(self.fc(self.ln2(x))))


class GPT(nn.Module):
    """https://github.com/karpathy/minGPT in short: blocks in a ModuleList, a tied head."""

    def __init__(self, blocks: list[nn.Module], d: int = 8, shared: int = 1) -> None:
        super().__init__()
        self.wte, self.ln = nn.Embedding(50, d), nn.LayerNorm(d)
        self.h, self.shared = nn.ModuleList(blocks), shared
        self.head = nn.Linear(d, 50, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.wte(ids)
        for block in self.h:
            for _ in range(self.shared):
                x = block(x)
        return self.head(self.ln(x))


def test_the_blocks_of_a_stage_that_keep_its_shape() -> None:
    net = assert_folded(ResNet([2, 4, 1, 3], 10), (3, 64, 64))
    assert repeats(net) == [("1-2", 2, False), ("1-3", 3, False)]
    paths = {row.path for row in net.trace()}
    assert {"layer1/0/conv1", "layer1/1/conv1", "layer2/1-3/block/conv2"} <= paths
    (loop,) = net.trace().row("layer2/1-3/block/conv2").loops
    assert (loop.kind, loop.count) == ("copies", 3)


def test_sizes_may_be_symbols() -> None:
    convs = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(4))
    net = assert_folded(nn.Sequential(*convs, nn.Conv2d(4, 2, 1)), (4, "h", "w"))
    assert repeats(net) == [("0-3", 4, False)]


@pytest.mark.parametrize("depth", [2, 5])
def test_blocks_in_a_list(depth: int) -> None:
    net = assert_folded(GPT([Block(8) for _ in range(depth)]), (7,))
    assert repeats(net) == [("h", depth, False)]
    assert len(net.trace()) == 3 + len({row.path for row in net.trace() if "h/" in row.path})


def test_layers_of_an_encoder() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net = assert_folded(nn.TransformerEncoder(layer, 6), (10, 8))
    assert repeats(net) == [("layers", 6, False)]
    assert_folded(ViT(16, 4, 3, 2, 8, 16, 10), (3, 16, 16))


def test_blocks_that_are_not_equal_stay() -> None:
    net = assert_folded(GPT([Block(8, 4), Block(8, 2), Block(8, 4)]), (7,))
    assert repeats(net) == []
    between = assert_folded(GPT([Block(8), Block(8), Block(8, 2), Block(8), Block(8)]), (7,))
    assert [times for _, times, _ in repeats(between)] == [2, 2]
    frozen = GPT([Block(8), Block(8)])
    frozen.h[0].fc.weight.requires_grad_(False)
    frozen.h[0].fc.bias.requires_grad_(False)
    assert repeats(assert_folded(frozen, (7,))) == []


def test_one_block_called_again_is_repeated_with_its_weights() -> None:
    net = assert_folded(GPT([Block(8)], shared=4), (7,))
    assert [(times, shared) for _, times, shared in repeats(net)] == [(4, True)]


def test_a_weight_that_two_blocks_share_keeps_them_apart() -> None:
    blocks = [Block(8) for _ in range(3)]
    blocks[2].fc.weight = blocks[0].fc.weight
    assert repeats(assert_folded(GPT(blocks), (7,))) == []


def test_what_is_folded_is_built_again() -> None:
    net = ac.from_torch(GPT([Block(8) for _ in range(3)]), (7,), fold=True)
    made = net.to_torch()
    assert sum(p.numel() for p in made.parameters()) == net.trace().parameters
    assert made(torch.zeros(2, 7, dtype=torch.int64)).shape == (2, 7, 50)


def test_models_of_keras_and_onnx() -> None:
    keras, onnx = pytest.importorskip("keras"), pytest.importorskip("onnx")
    model = keras.Sequential([keras.Input((8,)), *(keras.layers.Dense(8) for _ in range(5))])
    net = ac.from_keras(model, fold=True)
    assert [times for _, times, _ in repeats(net)] == [5]
    assert net.trace().parameters == model.count_params()

    helper, floating = onnx.helper, onnx.TensorProto.FLOAT
    names = [f"x{i}" for i in range(6)]
    nodes = [
        helper.make_node("Gemm", [a, f"w{a}", f"b{a}"], [b], name=f"/h.{i}/Gemm")
        for i, (a, b) in enumerate(pairwise(names))
    ]
    weights = [
        helper.make_tensor(f"{kind}{name}", floating, shape, [0.0] * (64 if kind == "w" else 8))
        for name in names[:-1]
        for kind, shape in (("w", [8, 8]), ("b", [8]))
    ]
    ends = [helper.make_tensor_value_info(n, floating, ["N", 8]) for n in (names[0], names[-1])]
    graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], weights)
    net = ac.from_onnx(helper.make_model(graph), fold=True)
    assert [times for _, times, _ in repeats(net)] == [5]
    assert net.trace().parameters == 5 * 72
