"""Networks counted without archcalc: shapes, weights and products, in plain Python.

The judge of `archcalc.reconcile` must not count with what it judges.  Here a network is a tuple of
`Spec`, a layer's weights are products of labelled factors, and a miscount is another `Spec`,
another factor or another window rule, after which everything is counted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from random import Random
from typing import Any

import archcalc as ac

__all__ = ["Counted", "Factor", "Reading", "Spec", "build", "count", "draw", "flat", "leaf"]

Factor = tuple[str, int]
"""What a factor stands for (``"k"``, ``"c"``, ``"f"``, ``"gates"``, …), and its value."""
Weights = dict[str, tuple[Factor, ...]]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Spec:
    """One layer (or a block, with a body): what it is, its name and its fields."""

    op: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    body: tuple[Spec, ...] = ()

    def with_(self, **changes: Any) -> Spec:
        return replace(self, fields={**self.fields, **changes})

    def __getitem__(self, name: str) -> Any:
        return self.fields.get(name, _DEFAULTS.get(name))


_DEFAULTS = {"s": 1, "pad": "valid", "dil": 1, "g": 1, "m": 1, "bias": True, "op": 0}


@dataclass(frozen=True)
class Counted:
    """What one layer was counted as."""

    path: str
    spec: Spec
    x: Shape
    y: Shape
    weights: Weights
    macs: int
    times: int = 1

    @property
    def params(self) -> int:
        return self.times * sum(prod(v for _, v in w) for w in self.weights.values())

    @property
    def work(self) -> int:
        return self.times * self.macs


@dataclass(frozen=True)
class Reading:
    """How a person reads the rules: the right way, unless a function here says otherwise."""

    weights: Callable[[str, Spec, Shape, Shape, Weights], Weights] = lambda path, s, x, y, w: w
    extent: Callable[[str, Spec, int, int], int] = lambda path, s, n, right: right
    copies: Callable[[Spec], int] = lambda s: int(s["times"])


class ImpossibleError(ValueError):
    """The shape does not fit the layer."""


def count(net: tuple[Spec, ...], shape: Shape, reading: Reading | None = None) -> list[Counted]:
    """Every layer with weights or windows, counted, in order."""
    rows: list[Counted] = []
    _walk(net, shape, reading or Reading(), "", 1, rows)
    return rows


def _walk(
    net: tuple[Spec, ...], x: Shape, how: Reading, where: str, times: int, rows: list[Counted]
) -> Shape:
    for spec in net:
        path = where + spec.name
        if spec.op == "residual":
            y = _walk(spec.body, x, how, f"{path}/", times, rows)
            if y != x:
                raise ImpossibleError(f"{y} + {x}")
        elif spec.op == "repeat":
            y = _walk(spec.body, x, how, f"{path}/", times * how.copies(spec), rows)
            if y != x:
                raise ImpossibleError(f"{y} repeated on {x}")
        else:
            y = _output(path, spec, x, how)
            weights = how.weights(path, spec, x, y, _weights(spec, x))
            if any(v < 1 for w in weights.values() for _, v in w):
                raise ImpossibleError(str(weights))
            rows.append(Counted(path, spec, x, y, weights, _macs(spec, x, y, weights), times))
        x = y
    return x


# -- shapes ---------------------------------------------------------------------------------------


def _output(path: str, s: Spec, x: Shape, how: Reading) -> Shape:
    need = _RANK.get(s.op)
    if need is not None and len(x) != need:
        raise ImpossibleError(f"{s.op} on {x}")
    if s.op in ("conv2d", "conv1d", "depthwise", "separable"):
        c = x[-1]
        if s.op in ("conv2d", "conv1d") and (c % s["g"] or s["f"] % s["g"]):
            raise ImpossibleError("groups")
        sizes = tuple(_extent(path, s, n, s["k"], how) for n in x[:-1])
        return (*sizes, c * s["m"] if s.op == "depthwise" else s["f"])
    if s.op in ("maxpool2d", "maxpool1d"):
        return (*(_extent(path, s, n, s["k"], how) for n in x[:-1]), x[-1])
    if s.op == "transposed":
        return (*(_grown(path, s, n, how) for n in x[:-1]), s["f"])
    if s.op in ("gap2d", "gap1d"):
        return x[-1:]
    if s.op == "flatten":
        return (prod(x),)
    if s.op == "dense":
        return (*x[:-1], s["u"])
    if s.op in _GATES:
        u = s["u"] * (2 if s["bi"] else 1)
        return (x[0], u) if s["rs"] else (u,)
    if s.op == "embedding":
        return (*x, s["d"])
    if s.op == "mha" and s["h"] < 1:
        raise ImpossibleError("heads")
    return x


_RANK = {"conv2d": 3, "depthwise": 3, "separable": 3, "transposed": 3, "maxpool2d": 3, "gap2d": 3}
_RANK |= {"conv1d": 2, "maxpool1d": 2, "gap1d": 2, "mha": 2, "lstm": 2, "gru": 2, "rnn": 2}
_RANK |= {"embedding": 1}


def _extent(path: str, s: Spec, n: int, k: int, how: Reading) -> int:
    stride = s["s"] if not s.op.startswith("maxpool") else s.fields.get("s", k)
    valid = (n - s["dil"] * (k - 1) - 1) // stride + 1
    right = -(-n // stride) if s["pad"] == "same" else valid
    read = how.extent(path, s, n, right)
    if right < 1 or read < 1:
        raise ImpossibleError(f"{s} on {n}")
    return read


def _grown(path: str, s: Spec, n: int, how: Reading) -> int:
    k, stride = s["k"], s["s"]
    right = n * stride if s["pad"] == "same" else n * stride + max(k - stride, 0)
    return how.extent(path, s, n, right)


# -- weights and products -------------------------------------------------------------------------

_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def _weights(s: Spec, x: Shape) -> Weights:
    found = _kernels(s, x)
    return {name: w for name, w in found.items() if s["bias"] or "bias" not in name}


def _kernels(s: Spec, x: Shape) -> Weights:
    c = x[-1] if x else 1
    if s.op in ("conv2d", "conv1d", "transposed"):
        k: tuple[Factor, ...] = (("k", s["k"]),) * (1 if s.op == "conv1d" else 2)
        return {"kernel": (*k, ("c", c // s["g"]), ("f", s["f"])), "bias": (("f", s["f"]),)}
    if s.op == "depthwise":
        kernel = (("k", s["k"]), ("k", s["k"]), ("c", c), ("m", s["m"]))
        return {"kernel": kernel, "bias": (("c", c), ("m", s["m"]))}
    if s.op == "separable":
        deep = (("k", s["k"]), ("k", s["k"]), ("c", c), ("m", s["m"]))
        point = (("c", c), ("m", s["m"]), ("f", s["f"]))
        return {"depthwise": deep, "pointwise": point, "bias": (("f", s["f"]),)}
    if s.op == "dense":
        return {"kernel": (("n", c), ("u", s["u"])), "bias": (("u", s["u"]),)}
    if s.op in _GATES:
        ways: tuple[Factor, ...] = (("dir", 2),) if s["bi"] else ()
        gates: tuple[Factor, ...] = (("gates", _GATES[s.op]),) if _GATES[s.op] > 1 else ()
        two: tuple[Factor, ...] = (("biases", 2),) if s.op == "gru" else ()
        u = ("u", s["u"])
        return {
            "kernel": (*ways, ("n", c), *gates, u),
            "recurrent": (*ways, ("r", s["u"]), *gates, u),
            "bias": (*ways, *two, *gates, u),
        }
    if s.op == "embedding":
        return {"table": (("v", s["v"]), ("d", s["d"]))}
    if s.op == "batchnorm" or s.op == "layernorm":
        return {"gamma": (("c", c),), "beta": (("c", c),)}
    if s.op == "mha":
        h, e = ("h", s["h"]), ("e", s["e"])
        found: Weights = {}
        for name in ("query", "key", "value"):
            found[f"{name}"] = (("d", c), h, e)
            found[f"{name} bias"] = (h, e)
        return {**found, "output": (h, e, ("d", c)), "output bias": (("d", c),)}
    return {}


def _macs(s: Spec, x: Shape, y: Shape, weights: Weights) -> int:
    """Multiply-accumulates of layers that slide or multiply once a position."""
    kernels = sum(prod(v for _, v in w) for name, w in weights.items() if "bias" not in name)
    if s.op in ("conv2d", "conv1d", "depthwise", "separable"):
        return prod(y[:-1]) * kernels
    if s.op == "transposed":
        return prod(x[:-1]) * kernels
    if s.op == "dense":
        return prod(x[:-1]) * kernels
    return 0


# -- archcalc's own layers ------------------------------------------------------------------------


def build(net: tuple[Spec, ...], shape: Shape) -> ac.Sequential:
    """The same network in archcalc."""
    return ac.Sequential([_layer(s) for s in net], input_shape=shape)


def _layer(s: Spec) -> Any:
    name, bias = s.name, bool(s["bias"])
    window = {"strides": s["s"], "padding": s["pad"], "name": name}
    make: dict[str, Callable[[], Any]] = {
        "conv2d": lambda: ac.Conv2D(
            s["f"], s["k"], groups=s["g"], dilation_rate=s["dil"], use_bias=bias, **window
        ),
        "conv1d": lambda: ac.Conv1D(
            s["f"], s["k"], groups=s["g"], dilation_rate=s["dil"], use_bias=bias, **window
        ),
        "depthwise": lambda: ac.DepthwiseConv2D(
            s["k"], depth_multiplier=s["m"], use_bias=bias, **window
        ),
        "separable": lambda: ac.SeparableConv2D(
            s["f"], s["k"], depth_multiplier=s["m"], use_bias=bias, **window
        ),
        "transposed": lambda: ac.Conv2DTranspose(s["f"], s["k"], use_bias=bias, **window),
        "maxpool2d": lambda: ac.MaxPooling2D(
            s["k"], strides=s.fields.get("s", s["k"]), padding=s["pad"], name=name
        ),
        "maxpool1d": lambda: ac.MaxPooling1D(
            s["k"], strides=s.fields.get("s", s["k"]), padding=s["pad"], name=name
        ),
        "gap2d": lambda: ac.GlobalAveragePooling2D(name=name),
        "gap1d": lambda: ac.GlobalAveragePooling1D(name=name),
        "flatten": lambda: ac.Flatten(name=name),
        "dense": lambda: ac.Dense(s["u"], use_bias=bias, name=name),
        "embedding": lambda: ac.Embedding(s["v"], s["d"], name=name),
        "batchnorm": lambda: ac.BatchNormalization(name=name),
        "layernorm": lambda: ac.LayerNormalization(name=name),
        "mha": lambda: ac.MultiHeadAttention(s["h"], s["e"], use_bias=bias, name=name),
        "residual": lambda: ac.Residual(ac.Sequential([_layer(b) for b in s.body]), name=name),
        "repeat": lambda: ac.Repeat(
            ac.Sequential([_layer(b) for b in s.body]), s["times"], name=name
        ),
    }
    if s.op in _GATES:
        kind = {"lstm": ac.LSTM, "gru": ac.GRU, "rnn": ac.SimpleRNN}[s.op]
        cell = kind(s["u"], return_sequences=bool(s["rs"]), use_bias=bias)
        if s["bi"]:
            return ac.Bidirectional(cell, name=name)
        return cell.model_copy(update={"name": name})
    return make[s.op]()


def flat(net: tuple[Spec, ...], where: str = "") -> Iterator[tuple[str, Spec]]:
    """Every layer with its path, blocks first and then what they hold."""
    for s in net:
        yield where + s.name, s
        yield from flat(s.body, f"{where}{s.name}/")


def leaf(
    net: tuple[Spec, ...], path: str, change: Callable[[Spec], tuple[Spec, ...]], where: str = ""
) -> tuple[Spec, ...]:
    """The network with what `change` makes of the layer at `path` in its place."""
    found: list[Spec] = []
    for s in net:
        here = where + s.name
        if here == path:
            found.extend(change(s))
        elif path.startswith(f"{here}/"):
            found.append(replace(s, body=leaf(s.body, path, change, f"{here}/")))
        else:
            found.append(s)
    return tuple(found)


# -- random networks ------------------------------------------------------------------------------


class _Namer:
    def __init__(self) -> None:
        self.used: dict[str, int] = {}

    def __call__(self, stem: str) -> str:
        n = self.used.get(stem, 0)
        self.used[stem] = n + 1
        return f"{stem}_{n}" if n else stem


def draw(r: Random, most: int = 50) -> tuple[tuple[Spec, ...], Shape]:
    """A random network of 3 to `most` layers, and its input."""
    while True:
        make = _FAMILIES[r.choice(sorted(_FAMILIES))]
        net, shape = make(r, _Namer())
        try:
            rows = count(net, shape)
        except ImpossibleError:
            continue
        if 3 <= len(rows) <= most and any(row.params for row in rows):
            return net, shape


_WIDTHS = (8, 10, 12, 16, 20, 24, 32, 48, 50, 64, 96, 100, 128, 256)


def _head(r: Random, name: _Namer) -> list[Spec]:
    head = [
        Spec("dense", name("dense"), {"u": r.choice((32, 64, 84, 100, 120, 128, 256, 500))})
        for _ in range(r.randint(0, 2))
    ]
    return [*head, Spec("dense", name("dense"), {"u": r.choice((1, 2, 5, 10, 26, 100))})]


def _conv(r: Random, name: _Namer, f: int, **more: Any) -> Spec:
    k = r.choice((1, 3, 3, 3, 5, 5, 7))
    pad, s = r.choice(("valid", "same", "same")), r.choice((1, 1, 1, 2))
    fields = {"f": f, "k": k, "pad": pad, "s": s, "bias": r.random() < 0.8, **more}
    return Spec("conv2d", name("conv"), fields)


def _cnn(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    side = r.choice((20, 28, 32, 48, 64, 96, 100, 128, 224))
    layers: list[Spec] = []
    for _ in range(r.choice((1, 2, 2, 3, 3, 4, 5, 6))):
        f = r.choice(_WIDTHS)
        for _ in range(r.choice((1, 1, 2, 3))):
            layers.append(_conv(r, name, f, dil=2 if r.random() < 0.1 else 1))
            if layers[-1]["dil"] > 1:
                layers[-1] = layers[-1].with_(s=1)
            if r.random() < 0.3:
                layers.append(Spec("batchnorm", name("bn")))
        if r.random() < 0.7:
            layers.append(Spec("maxpool2d", name("pool"), {"k": r.choice((2, 2, 2, 3))}))
    layers.append(Spec(r.choice(("flatten", "flatten", "gap2d")), name("flat")))
    return (*layers, *_head(r, name)), (side, side, r.choice((1, 3, 3)))


def _mlp(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    layers = [
        Spec("dense", name("dense"), {"u": r.choice(_WIDTHS), "bias": r.random() < 0.85})
        for _ in range(r.randint(2, 8))
    ]
    if r.random() < 0.4:
        layers = [x for s in layers for x in (s, Spec("batchnorm", name("bn")))][:-1]
    return (*layers, Spec("dense", name("dense"), {"u": 10})), (r.choice((13, 20, 64, 300, 784)),)


def _recurrent(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    layers: list[Spec] = []
    t = r.choice((10, 20, 28, 30, 50, 80, 100))
    shape: Shape = (t, r.choice((1, 3, 8, 13, 40, 127)))
    if r.random() < 0.5:
        shape = (t,)
        v, d = r.choice((500, 1000, 5000, 10000, 20000)), r.choice((8, 16, 32, 50, 64, 100, 128))
        layers.append(Spec("embedding", name("embedding"), {"v": v, "d": d}))
    for i in range(n := r.choice((1, 1, 2, 3))):
        op = r.choice(("lstm", "lstm", "gru", "rnn"))
        fields = {"u": r.choice((8, 16, 32, 48, 50, 64, 100, 128)), "bi": r.random() < 0.3}
        layers.append(Spec(op, name(op), {**fields, "rs": i < n - 1}))
    return (*layers, *_head(r, name)), shape


def _transformer(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    h, e = r.choice((2, 4, 8)), r.choice((8, 16, 32, 64))
    d, t = h * e, r.choice((16, 32, 64, 128))
    v = r.choice((1000, 5000, 8000, 30522))
    bias = r.random() < 0.7

    def block(attention: _Namer) -> tuple[Spec, ...]:
        mha = Spec("mha", "mha", {"h": h, "e": e, "bias": bias})
        up = Spec("dense", "up", {"u": 4 * d, "bias": bias})
        down = Spec("dense", "down", {"u": d, "bias": bias})
        return (
            Spec("residual", attention("attention"), {}, (Spec("layernorm", "ln"), mha)),
            Spec("residual", attention("mlp"), {}, (Spec("layernorm", "ln"), up, down)),
        )

    depth = r.choice((1, 2, 3, 4, 6))
    if r.random() < 0.4:
        body: tuple[Spec, ...] = (Spec("repeat", "blocks", {"times": depth + 1}, block(_Namer())),)
    else:
        body = tuple(s for _ in range(depth) for s in block(name))
    first = Spec("embedding", "embedding", {"v": v, "d": d})
    last = Spec("dense", "head", {"u": r.choice((v, v, 2, 10)), "bias": False})
    return (first, *body, Spec("layernorm", "norm"), last), (t,)


def _separable(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    side = r.choice((32, 48, 64, 96, 128, 224))
    layers = [_conv(r, name, r.choice((8, 16, 24, 32)), s=2, pad="same")]
    for _ in range(r.randint(1, 8)):
        f, s = r.choice((16, 24, 32, 48, 64, 96, 128)), r.choice((1, 1, 2))
        bias = r.random() < 0.5
        if r.random() < 0.4:
            fields = {"f": f, "k": r.choice((3, 3, 5)), "s": s, "pad": "same"}
            layers.append(Spec("separable", name("separable"), {**fields, "bias": bias}))
            continue
        deep = {"k": 3, "s": s, "pad": "same", "m": r.choice((1, 1, 1, 2)), "bias": bias}
        layers.append(Spec("depthwise", name("depthwise"), deep))
        if r.random() < 0.5:
            layers.append(Spec("batchnorm", name("bn")))
        layers.append(Spec("conv2d", name("pointwise"), {"f": f, "k": 1, "bias": bias}))
    layers.append(Spec("gap2d", name("gap")))
    return (*layers, *_head(r, name)), (side, side, 3)


def _residual(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    side = r.choice((32, 64, 128, 224))
    bias = r.random() < 0.4
    layers = [_conv(r, name, c := r.choice((16, 32, 64)), pad="same", bias=bias)]
    for _ in range(r.choice((1, 2, 3))):
        for _ in range(r.choice((1, 2, 3))):
            k = r.choice((3, 3, 5))
            body: list[Spec] = []
            for i in range(2):
                fields = {"f": c, "k": k, "pad": "same", "bias": bias}
                body += [Spec("conv2d", f"conv{i}", fields), Spec("batchnorm", f"bn{i}")]
            layers.append(Spec("residual", name("block"), {}, tuple(body)))
        c *= 2
        fields = {"f": c, "k": 3, "s": 2, "pad": "same", "bias": bias}
        layers.append(Spec("conv2d", name("down"), fields))
    layers.append(Spec("gap2d", name("gap")))
    return (*layers, *_head(r, name)), (side, side, 3)


def _sequence(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    layers: list[Spec] = []
    for _ in range(r.choice((1, 2, 3))):
        fields = {"f": r.choice(_WIDTHS), "k": r.choice((2, 3, 5, 7)), "bias": r.random() < 0.9}
        layers.append(Spec("conv1d", name("conv"), {**fields, "pad": r.choice(("valid", "same"))}))
        if r.random() < 0.6:
            layers.append(Spec("maxpool1d", name("pool"), {"k": r.choice((2, 2, 3))}))
    layers.append(Spec(r.choice(("flatten", "flatten", "gap1d")), name("flat")))
    return (*layers, *_head(r, name)), (r.choice((50, 100, 128, 200)), r.choice((1, 4, 9, 16)))


def _decoder(r: Random, name: _Namer) -> tuple[tuple[Spec, ...], Shape]:
    layers: list[Spec] = []
    for _ in range(r.choice((2, 3, 4))):
        fields = {"f": r.choice((8, 16, 32, 64, 128)), "k": r.choice((2, 3, 4, 5)), "s": 2}
        bias = r.random() < 0.6
        pad = r.choice(("same", "same", "valid"))
        layers.append(Spec("transposed", name("up"), {**fields, "pad": pad, "bias": bias}))
        if r.random() < 0.5:
            layers.append(Spec("batchnorm", name("bn")))
    layers.append(_conv(r, name, r.choice((1, 3)), pad="same", s=1))
    return tuple(layers), (r.choice((4, 7, 8)), r.choice((4, 7, 8)), r.choice((16, 64, 128, 256)))


_FAMILIES = {
    "cnn": _cnn,
    "mlp": _mlp,
    "recurrent": _recurrent,
    "transformer": _transformer,
    "separable": _separable,
    "residual": _residual,
    "sequence": _sequence,
    "decoder": _decoder,
}
