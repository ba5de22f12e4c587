"""What type checkers know of networks: blocks, graphs, families, files, and what they come to."""

from __future__ import annotations

from typing import Any, assert_type

import archcalc as ac
from archcalc.symbolic import Shape

conv = ac.Conv2D("c*2**i", 3, padding="same")

# Blocks
assert_type(ac.Repeat(conv, "L", index="i"), ac.Repeat)
assert_type(ac.Repeat([conv, ac.ReLU()], 3, name="stage"), ac.Repeat)
rungs = ac.Ladder(conv, ac.MaxPooling2D(2), conv, ac.UpSampling2D(2), [conv], "L", index="i")
assert_type(rungs, ac.Ladder)
assert_type(ac.Residual(conv, shortcut=ac.Conv2D(8, 1)), ac.Residual)
assert_type(ac.Parallel([[], conv]), ac.Parallel)
assert_type(ac.Bidirectional(ac.LSTM(8, return_sequences=True)), ac.Bidirectional)

# Graphs
x = ac.Input(("h", "w", 3), "image")
assert_type(x, ac.network.Tensor)
assert_type(x.shape, Shape)
y = ac.Conv2D("c", 7, strides=2, padding=3)(x)
model = ac.Model(x, ac.Concatenate()([y, y]))
assert_type(model, ac.Model)
assert_type(ac.substitute(model, {"h": 8}), ac.Network)

# Operations
assert_type(ac.Split(3), ac.Split)
assert_type(ac.Split(["k", "c - k"], axis=1), ac.Split)
assert_type(ac.Slice(1, "i", -1, "s"), ac.Slice)
assert_type(ac.Select(1, "i"), ac.Select)
assert_type(ac.Reduce("mean", axis=[1, 2], keepdims=True), ac.Reduce)
assert_type(ac.Tile("m", 1, each=True), ac.Tile)
assert_type(ac.Compare("less", 0), ac.Compare)
assert_type(ac.Einsum("bqd,bkd->bqk"), ac.Einsum)

# Families and comparison
assert_type(ac.families.resnet(depths=("n1", 2, 2, "n4"), width="c", classes="K"), ac.Sequential)
assert_type(ac.families.densenet((6, 12, "n", 16), growth="g").trace(), ac.Trace)
assert_type(ac.families.densenet121(classes=10), ac.Network)
difference = ac.compare(ac.families.resnet18(), ac.families.resnet34())
assert_type(difference, ac.explain.Comparison)
assert_type(difference.to_text(), str)

# Files
assert_type(ac.load("net.yaml"), ac.Network)
assert_type(ac.loads("layers: [Flatten]", "yaml"), ac.Network)
assert_type(ac.dumps(model, "toml"), str)
assert_type(model.to_dict(), dict[str, Any])
assert_type(ac.from_dict(model.to_dict()), ac.Network)

# Traces
trace = model.trace()
assert_type(trace.rows, tuple[ac.network.Row, ...])
assert_type(trace.summary(), str)
assert_type(trace.outputs, tuple[Shape, ...])
assert_type(trace.warnings, tuple[str, ...])
