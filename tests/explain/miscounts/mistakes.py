"""Mistakes that people make, each applied to a network counted by hand.

A mistake is another network (`Wrong.net`), another input, another reading of a rule, or another
written number.  It knows what an explanation of it must name: the layers, the words, the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import prod
from random import Random
from typing import Any

from tests.explain.miscounts.networks import (
    Counted,
    Factor,
    ImpossibleError,
    Reading,
    Shape,
    Spec,
    Weights,
    count,
    flat,
    leaf,
)

__all__ = ["KINDS", "Cause", "Claims", "Wrong", "claims", "mistake", "together"]


@dataclass(frozen=True)
class Cause:
    """What must be named: one of the layers, one of the words, and the number."""

    kind: str
    layers: tuple[str, ...]
    words: str
    number: int | None = None
    everywhere: bool = False


Written = Callable[[str, int], int]


@dataclass(frozen=True)
class Wrong:
    """A network as a person counted it."""

    causes: tuple[Cause, ...]
    net: tuple[Spec, ...]
    shape: Shape
    weights: tuple[Callable[[str, Spec, Shape, Shape, Weights], Weights], ...] = ()
    extents: tuple[Callable[[str, Spec, int, int], int], ...] = ()
    once: bool = False

    def counted(self) -> list[Counted]:
        def weights(path: str, s: Spec, x: Shape, y: Shape, w: Weights) -> Weights:
            for read in self.weights:
                w = read(path, s, x, y, w)
            return w

        def extent(path: str, s: Spec, n: int, right: int) -> int:
            for read in self.extents:
                right = read(path, s, n, right)
            return right

        copies: Callable[[Spec], int] = (lambda s: 1) if self.once else (lambda s: int(s["times"]))
        return count(self.net, self.shape, Reading(weights, extent, copies))


def together(one: Wrong, other: Wrong, right: tuple[Spec, ...], shape: Shape) -> Wrong:
    """Two mistakes at once: the second is made on what the first made."""
    net = other.net
    if one.net != right:
        if other.net != right:
            raise ImpossibleError("both change the network")
        net = one.net
    if one.shape != shape and other.shape != shape:
        raise ImpossibleError("both change the input")
    return Wrong(
        one.causes + other.causes,
        net,
        one.shape if one.shape != shape else other.shape,
        one.weights + other.weights,
        one.extents + other.extents,
        one.once or other.once,
    )


# -- the kinds ------------------------------------------------------------------------------------

Kind = Callable[[tuple[Spec, ...], Shape, Random], Iterator[Wrong]]
KINDS: dict[str, Kind] = {}


def _kind(make: Kind) -> Kind:
    KINDS[make.__name__.lstrip("_")] = make
    return make


def _fields(
    kind: str,
    net: tuple[Spec, ...],
    shape: Shape,
    change: Callable[[Spec], Iterator[tuple[Spec, int | None]]],
    words: str,
) -> Iterator[Wrong]:
    for path, spec in flat(net):
        for changed, number in change(spec):
            edited = leaf(net, path, lambda _, c=changed: (c,))  # type: ignore[misc]
            yield Wrong((Cause(kind, (path,), words, number),), edited, shape)


_WINDOWED = ("conv2d", "conv1d", "depthwise", "separable", "transposed", "maxpool2d", "maxpool1d")
_SLID = _WINDOWED[:4]


@_kind
def kernel(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in _WINDOWED:
            for k in {s["k"] - 2, s["k"] - 1, s["k"] + 1, s["k"] + 2} - {0, -1}:
                yield s.with_(k=k, **({"s": s["s"]} if "s" in s.fields else {})), k

    return _fields("kernel", net, shape, change, r"kernel|window|pool|\bk\b")


@_kind
def stride(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in _WINDOWED:
            yield s.with_(s=1 if _stride(s) > 1 else 2), None

    return _fields("stride", net, shape, change, r"stride|\bs\b")


@_kind
def padding(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in _WINDOWED:
            yield s.with_(pad="same" if s["pad"] == "valid" else "valid"), None

    return _fields("padding", net, shape, change, r"padd|same|valid")


@_kind
def dilation(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in ("conv2d", "conv1d") and s["s"] == 1 and s["k"] > 1:
            yield s.with_(dil=1 if s["dil"] > 1 else 2), None

    return _fields("dilation", net, shape, change, r"dilat")


def _others(net: tuple[Spec, ...], name: str, value: int) -> set[int]:
    """Other widths that a person may have in mind: those in sight, twice, half."""
    seen = {s[name] for _, s in flat(net) if s[name]}
    return ({*seen, 2 * value, value // 2}) - {value, 0}


@_kind
def filters(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in ("conv2d", "conv1d", "separable", "transposed"):
            for f in sorted(_others(net, "f", s["f"])):
                yield s.with_(f=f), f

    return _fields("filters", net, shape, change, r"filter|\bf\b|channel|width")


@_kind
def units(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in ("dense", "lstm", "gru", "rnn"):
            for u in sorted(_others(net, "u", s["u"])):
                yield s.with_(u=u), u

    return _fields("units", net, shape, change, r"unit|\bu\b|n_out|width|output")


@_kind
def multiplier(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in ("depthwise", "separable"):
            yield s.with_(m=1 if s["m"] > 1 else 2), None

    return _fields("multiplier", net, shape, change, r"multipl|\bm\b")


@_kind
def groups(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in ("conv2d", "conv1d") and s["k"] > 1:
            for g in (2, 4):
                if s["f"] % g == 0:
                    yield s.with_(g=g), None

    return _fields("groups", net, shape, change, r"group")


@_kind
def bias_off(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in _BIASED and s["bias"]:
            yield s.with_(bias=False), None

    return _fields("bias_off", net, shape, change, r"bias")


_PLAIN = ("conv2d", "conv1d", "depthwise", "separable", "transposed", "dense")
_BIASED = (*_PLAIN, "lstm", "gru", "rnn", "mha")


@_kind
def bias_on(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in _BIASED and not s["bias"]:
            yield s.with_(bias=True), None

    return _fields("bias_on", net, shape, change, r"bias")


@_kind
def sequences(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """return_sequences counted the other way: the last layer keeps its time, then it is flat."""
    names = [path for path, s in flat(net) if s.op in ("lstm", "gru", "rnn") and not s["rs"]]
    for path in names:
        words = r"sequence|time|step|length|last|taken for its input"
        edited = leaf(net, path, lambda s: (s.with_(rs=True), Spec("flatten", "flat+")))
        yield Wrong((Cause("sequences", (path,), words),), edited, shape)


@_kind
def directions(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op in ("lstm", "gru", "rnn"):
            yield s.with_(bi=not s["bi"]), None

    return _fields("directions", net, shape, change, r"direction|\bbi\b")


@_kind
def heads(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec) -> Iterator[tuple[Spec, int | None]]:
        if s.op == "mha":
            for h in {s["h"] // 2, s["h"] * 2, 1} - {0, s["h"]}:
                yield s.with_(h=h), h

    return _fields("heads", net, shape, change, r"head|\ba\b|\bh\b")


@_kind
def swapped(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    pairs = {"lstm": ("gru", "rnn"), "gru": ("lstm", "rnn"), "rnn": ("lstm", "gru")}
    names = {"lstm": "lstm|gate", "gru": "gru|gate", "rnn": "simple|rnn|gate"}
    for path, spec in flat(net):
        for op in pairs.get(spec.op, ()):
            edited = leaf(net, path, lambda s, o=op: (replace(s, op=o),))  # type: ignore[misc]
            yield Wrong((Cause("swapped", (path,), names[op]),), edited, shape)
        if spec.op == "separable" or (spec.op == "conv2d" and spec["k"] > 1 and spec["dil"] == 1):
            op = "conv2d" if spec.op == "separable" else "separable"
            words = r"separable|depthwise|pointwise|ordinary|plain|full|convolution"
            edited = leaf(net, path, lambda s, o=op: (replace(s, op=o),))  # type: ignore[misc]
            yield Wrong((Cause("swapped", (path,), words),), edited, shape)


@_kind
def forgotten(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """A pool, a Flatten or a normalization left out, and what follows counted without it."""
    ops = ("maxpool2d", "maxpool1d", "flatten", "batchnorm", "layernorm", "gap2d", "gap1d")
    for path, spec in flat(net):
        if spec.op in ops:
            words = r"forgot|left out|without|missing|skipp|taken for its input|not counted|norm"
            edited = leaf(net, path, lambda s: ())
            yield Wrong((Cause("forgotten", (path,), words),), edited, shape)


@_kind
def forgotten_product(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """A convolution or a Dense left out; the next takes its input."""
    for path, spec in flat(net):
        if spec.op in (*_SLID, "dense") and path != net[-1].name:
            words = r"forgot|left out|without|missing|skipp|taken for its input|not counted"
            edited = leaf(net, path, lambda s: ())
            yield Wrong((Cause("forgotten_product", (path,), words),), edited, shape)


@_kind
def added(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """A pool counted that is not there."""
    for path, spec in flat(net):
        if spec.op in ("conv2d", "conv1d") and "/" not in path:
            pool = Spec(f"maxpool{spec.op[-2:]}", "pool+", {"k": 2})
            words = r"pool|added|halv|extra|not there|stride"
            edited = leaf(net, path, lambda s, p=pool: (s, p))  # type: ignore[misc]
            yield Wrong((Cause("added", (path,), words),), edited, shape)


@_kind
def added_norm(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    for path, spec in flat(net):
        if spec.op in ("conv2d", "conv1d", "dense") and "/" not in path:
            norm = Spec("batchnorm", "bn+")
            edited = leaf(net, path, lambda s, n=norm: (s, n))  # type: ignore[misc]
            yield Wrong((Cause("added_norm", (path,), r"norm"),), edited, shape)


@_kind
def input_size(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    if len(shape) == 3:
        n = shape[0]
        for other in {n + 3, n - 1, n + 4, n * 2, n // 2, 224, 28, 32} - {n}:
            words = r"input|image|size"
            cause = Cause("input_size", ("input", net[0].name), words, other)
            yield Wrong((cause,), net, (other, other, shape[2]))


@_kind
def input_channels(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    if len(shape) == 3 and shape[2] in (1, 3):
        words = r"channel|c_in|input|grey|gray|colou?r"
        cause = Cause("input_channels", ("input", net[0].name), words)
        yield Wrong((cause,), net, (*shape[:2], 4 - shape[2]))


@_kind
def channels_first(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    if len(shape) == 3:
        words = r"channel|axis|axes|first|order|input"
        cause = Cause("channels_first", ("input", net[0].name), words)
        yield Wrong((cause,), net, (shape[2], *shape[:2]))


# -- rules read otherwise -------------------------------------------------------------------------

_Change = Callable[[Spec, Shape, Shape, Weights], Weights | None]


def _read(
    kind: str, net: tuple[Spec, ...], shape: Shape, change: _Change, words: str
) -> Iterator[Wrong]:
    """One layer's rule read otherwise, for each layer where it makes a difference."""
    for path, spec in flat(net):
        if spec.body:
            continue

        def read(p: str, s: Spec, x: Shape, y: Shape, w: Weights, here: str = path) -> Weights:
            if p != here:
                return w
            return change(s, x, y, w) or w

        yield Wrong((Cause(kind, (path,), words),), net, shape, (read,))


def _factor(w: Weights, name: str, make: Callable[[Factor], Factor | None]) -> Weights | None:
    """A factor of that name in every weight made another, or dropped; once in each weight."""
    found, changed = {}, False
    for weight, factors in w.items():
        out, done = [], False
        for f in factors:
            if f[0] == name and not done:
                done = changed = True
                made = make(f)
                if made is not None:
                    out.append(made)
            else:
                out.append(f)
        found[weight] = tuple(out)
    return found if changed else None


@_kind
def k_not_squared(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("conv2d", "depthwise", "separable", "transposed") and s["k"] > 1:
            return _factor(w, "k", lambda f: None)
        return None

    words = r"\bk\b|kernel|square|squared|height|width"
    return _read("k_not_squared", net, shape, change, words)


@_kind
def no_input_channels(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("conv2d", "conv1d", "transposed") and x[-1] > 1:
            return {**w, "kernel": tuple(f for f in w["kernel"] if f[0] != "c")}
        return None

    words = r"channel|c_in|depth"
    return _read("no_input_channels", net, shape, change, words)


@_kind
def kernel_once(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """One filter for all."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("conv2d", "conv1d", "transposed") and s["f"] > 1:
            return {**w, "kernel": tuple(f for f in w["kernel"] if f[0] != "f")}
        return None

    words = r"filter|once|\bf\b"
    return _read("kernel_once", net, shape, change, words)


@_kind
def one_bias(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in _PLAIN and prod(v for _, v in w.get("bias", ())) > 2:
            return {**w, "bias": (("one", 1),)}
        return None

    return _read("one_bias", net, shape, change, r"bias")


@_kind
def two_biases(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """Both bias vectors of torch, or one where Keras' GRU has two."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("lstm", "rnn"):
            return {**w, "bias": (("biases", 2), *w["bias"])} if "bias" in w else None
        if s.op == "gru" and "bias" in w:
            return {**w, "bias": tuple(f for f in w["bias"] if f[0] != "biases")}
        return None

    return _read("two_biases", net, shape, change, r"bias|reset")


@_kind
def gates_once(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("lstm", "gru"):
            return _factor(w, "gates", lambda f: None)
        return None

    return _read("gates_once", net, shape, change, r"gate|simple")


@_kind
def gates_three(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """Three gates where an LSTM has four, four where a GRU has three."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("lstm", "gru"):
            return _factor(w, "gates", lambda f: ("gates", 7 - f[1]))
        return None

    return _read("gates_three", net, shape, change, r"gate|gru|lstm")


@_kind
def recurrent_left_out(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        return {n: f for n, f in w.items() if n != "recurrent"} if "recurrent" in w else None

    return _read("recurrent_left_out", net, shape, change, r"recurrent|weight|hidden")


@_kind
def time_for_features(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("lstm", "gru", "rnn") and x[0] != x[1]:
            return _factor(w, "n", lambda f: ("n", x[0]))
        return None

    return _read("time_for_features", net, shape, change, r"time|step|length|sequence|axis|read as")


@_kind
def length_for_vocabulary(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        return _factor(w, "v", lambda f: ("v", x[0])) if s.op == "embedding" else None

    words = r"length|vocab|time|step|position|read as|input_dim"
    return _read("length_for_vocabulary", net, shape, change, words)


@_kind
def filters_for_channels(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """The output's channels where the input's belong."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("conv2d", "conv1d", "transposed") and s["f"] != x[-1] and s["f"] > 1:
            return _factor(w, "c", lambda f: ("c", s["f"]))
        return None

    return _read("filters_for_channels", net, shape, change, r"channel|c_in|filter|read as")


@_kind
def per_position(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """Weights counted at each position, as if they were not shared."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in _SLID and prod(y[:-1]) > 1:
            many: Factor = ("p", prod(y[:-1]))
            return {name: (many, *f) for name, f in w.items()}
        return None

    words = r"position|shared|local|each|pixel|places|output"
    return _read("per_position", net, shape, change, words)


@_kind
def half_a_norm(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """A scale and no offset, or the statistics too: one or four a channel, and not two."""

    def one(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        return {"gamma": w["gamma"]} if "beta" in w else None

    def four(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op != "batchnorm":
            return None
        return {name: (("two", 2), *f) for name, f in w.items()}

    yield from _read("half_a_norm", net, shape, one, r"offset|beta|gamma|scale|left out")
    yield from _read("half_a_norm", net, shape, four, r"statistic|moving|running|mean|varian")


@_kind
def projection_left_out(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op == "mha":
            return {n: f for n, f in w.items() if not n.startswith("output")}
        return None

    return _read("projection_left_out", net, shape, change, r"output|projection|left out")


@_kind
def one_head(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """A head's width counted where all heads' belongs."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        return _factor(w, "h", lambda f: None) if s.op == "mha" and s["h"] > 1 else None

    return _read("one_head", net, shape, change, r"head|\ba\b|\bh\b")


@_kind
def full_width_heads(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """Every head as wide as the model."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op == "mha" and s["h"] > 1:
            return _factor(w, "e", lambda f: ("e", x[-1]))
        return None

    return _read("full_width_heads", net, shape, change, r"head|key_dim|\be\b|read as|width")


# -- the same everywhere --------------------------------------------------------------------------


def _category(
    kind: str, net: tuple[Spec, ...], shape: Shape, change: _Change, words: str
) -> Iterator[Wrong]:
    touched = []
    for row in count(net, shape):
        if (made := change(row.spec, row.x, row.y, row.weights)) and made != row.weights:
            touched.append(row.path)
    if len(touched) > 1:

        def read(p: str, s: Spec, x: Shape, y: Shape, w: Weights) -> Weights:
            made = change(s, x, y, w)
            return w if made is None else made

        yield Wrong((Cause(kind, tuple(touched), words, None, True),), net, shape, (read,))


@_kind
def all_biases(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        return {n: f for n, f in w.items() if "bias" not in n} if w else None

    return _category("all_biases", net, shape, change, r"bias")


@_kind
def all_norms(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        return {"none": (("none", 1), ("zero", 1))} if s.op in ("batchnorm", "layernorm") else None

    found = list(_category("all_norms", net, shape, change, r"norm|gamma|beta|scale"))

    def nothing(p: str, s: Spec, x: Shape, y: Shape, w: Weights) -> Weights:
        return {} if s.op in ("batchnorm", "layernorm") else w

    return iter([replace(f, weights=(nothing,)) for f in found])


@_kind
def all_squares(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("conv2d", "depthwise", "separable", "transposed") and s["k"] > 1:
            return _factor(w, "k", lambda f: None)
        return None

    return _category("all_squares", net, shape, change, r"\bk\b|kernel|square|height|width")


@_kind
def all_statistics(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    """Keras' total: the running statistics of every batch normalization counted."""

    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op != "batchnorm":
            return None
        return {name: (("two", 2), *f) for name, f in w.items()}

    return _category("all_statistics", net, shape, change, r"statistic|moving|running|mean")


@_kind
def all_one_bias(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in _PLAIN and prod(v for _, v in w.get("bias", ())) > 1:
            return {**w, "bias": (("one", 1),)}
        return None

    return _category("all_one_bias", net, shape, change, r"bias")


@_kind
def all_input_channels(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, x: Shape, y: Shape, w: Weights) -> Weights | None:
        if s.op in ("conv2d", "conv1d", "transposed") and x[-1] > 1:
            return {**w, "kernel": tuple(f for f in w["kernel"] if f[0] != "c")}
        return None

    return _category("all_input_channels", net, shape, change, r"channel|c_in|depth")


@_kind
def one_copy(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    for path, spec in flat(net):
        if spec.op == "repeat":
            names = tuple(p for p, s in flat(net) if p.startswith(f"{path}/") and not s.body)
            words = r"cop(y|ies)|once|times|repeat|block"
            cause = Cause("one_copy", (path, *names), words, None, True)
            yield Wrong((cause,), net, shape, once=True)


# -- window rules ---------------------------------------------------------------------------------


def _window(
    kind: str,
    net: tuple[Spec, ...],
    shape: Shape,
    change: Callable[[Spec, int, int], int],
    words: str,
) -> Iterator[Wrong]:
    """A layer's size computed by another rule."""
    for path, spec in flat(net):
        if spec.op in _SLID or spec.op.startswith("maxpool"):

            def extent(p: str, s: Spec, n: int, right: int, here: str = path) -> int:
                return change(s, n, right) if p == here else right

            yield Wrong((Cause(kind, (path,), words),), net, shape, (), (extent,))


def _stride(s: Spec) -> int:
    return int(s.fields.get("s", s["k"] if s.op.startswith("max") else 1))


@_kind
def floor_raised(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, n: int, right: int) -> int:
        room = n - s["dil"] * (s["k"] - 1) - 1
        return right if s["pad"] == "same" else -(-room // _stride(s)) + 1

    words = r"floor|ceil|round|⌈|same"
    return _window("floor_raised", net, shape, change, words)


@_kind
def plus_one_dropped(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, n: int, right: int) -> int:
        return right if s["pad"] == "same" else right - 1

    return _window("plus_one_dropped", net, shape, change, r"\+ ?1|plus|one (was|less)|dropped")


@_kind
def padded_one_side(net: tuple[Spec, ...], shape: Shape, r: Random) -> Iterator[Wrong]:
    def change(s: Spec, n: int, right: int) -> int:
        if s["pad"] != "same" or s["k"] % 2 == 0 or s["dil"] > 1:
            return right
        return int((n + (s["k"] - 1) // 2 - s["k"]) // _stride(s) + 1)

    return _window("padded_one_side", net, shape, change, r"side|pad|half")


# -- all of them, and what was claimed ------------------------------------------------------------


def mistake(net: tuple[Spec, ...], shape: Shape, r: Random, kind: str) -> Wrong | None:
    """A mistake of a kind that changes a count and gives a network that can be."""
    right = _summary(count(net, shape))
    options = list(KINDS[kind](net, shape, r))
    r.shuffle(options)
    for wrong in options[:_TRIES]:
        try:
            rows = wrong.counted()
        except ImpossibleError:
            continue
        if _summary(rows) != right:
            return wrong
    return None


_TRIES = 12


def _summary(rows: list[Counted]) -> Any:
    return [(row.path, row.params, row.y, row.macs) for row in rows]


@dataclass(frozen=True)
class Claims:
    """What a person claims, and by which argument of `archcalc.reconcile`."""

    how: str
    arguments: dict[str, Any] = field(default_factory=dict)


def claims(net: tuple[Spec, ...], shape: Shape, wrong: list[Counted], how: str) -> Claims | None:
    """The person's numbers, by layer, as running totals or by total; none where all are right."""
    right = {row.path: row for row in count(net, shape)}
    read = {row.path: row for row in wrong}
    if how == "shape":
        shapes = {p: row.y for p, row in read.items() if p in right}
        if all(right[p].y == y for p, y in shapes.items()):
            return None
        return Claims(how, {"of": "shape", "layers": shapes})
    quantity = "work" if how.startswith("macs") else "params"
    mine = {p: getattr(row, quantity) for p, row in right.items()}
    theirs = {p: getattr(read[p], quantity) if p in read else 0 for p in right}
    extra: dict[str, Any] = {"of": "macs"} if quantity == "work" else {}
    if how in ("total", "macs total"):
        total = sum(getattr(row, quantity) for row in wrong)
        return Claims(how, {**extra, "total": total}) if total != sum(mine.values()) else None
    each = {p: n for p, n in theirs.items() if n or mine[p]}
    if all(mine[p] == n for p, n in each.items()):
        return None
    if how in ("layers", "macs layers"):
        return Claims(how, {**extra, "layers": each})
    running, so_far = {}, 0
    for p, n in each.items():
        so_far += n
        running[p] = so_far
    return Claims(how, {**extra, "running": running})
